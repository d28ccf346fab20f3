"""The small GPT in NumPy: what it is made of, that it is the torch model, and what it has learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same

from attnlab.models.gpt import GPT, Config, trace
from attnlab.reference import gpt

MODEL = gpt.load()


def as_torch(small: gpt.Gpt) -> GPT:
    """The same numbers in the package's torch model."""
    width, d_ff = small.table.shape[1], small.blocks[0].expand.bias.size
    model = GPT(Config(len(small.signs), len(small.places), width, small.n_heads, len(small.blocks), d_ff, 0.0)).double().eval()
    state = {"tokens.weight": small.table, "places.table.weight": small.places, "last.gain": small.last.gain, "last.bias": small.last.bias}
    for i, block in enumerate(small.blocks):
        parts = {"attend.layer.query": block.query, "attend.layer.key": block.key, "attend.layer.value": block.value,
                 "attend.layer.output": block.output, "feed_forward.layer.expand": block.expand, "feed_forward.layer.contract": block.contract}  # fmt: skip
        for name, layer in parts.items():
            state |= {f"blocks.{i}.{name}.weight": layer.matrix.T, f"blocks.{i}.{name}.bias": layer.bias}
        for name, norm in (("attend.norm", block.look_norm), ("feed_forward.norm", block.think_norm)):
            state |= {f"blocks.{i}.{name}.gain": norm.gain, f"blocks.{i}.{name}.bias": norm.bias}
    model.load_state_dict({name: torch.tensor(x) for name, x in state.items()})
    return model


def test_its_file_is_small_and_every_number_is_counted():
    assert gpt.FILE.stat().st_size < 60_000
    d, f, signs, places = 24, 48, len(MODEL.signs), len(MODEL.places)
    block = 4 * (d * d + d) + 2 * d * f + d + f + 4 * d
    assert gpt.n_parameters(MODEL) == (signs + places) * d + 2 * block + 2 * d == 10_872
    assert MODEL.signs[:3] == ("<pad>", "<start>", "<end>") and "".join(MODEL.signs[3:]) == "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("text", ["", "q", "katherine", "abcdefghijklmno"])
def test_it_is_the_torch_model(text):
    ids = gpt.encode(MODEL, text)
    logits, weights = gpt.run(MODEL, ids)
    model = as_torch(MODEL)
    assert_same(logits, model(torch.tensor([ids]))[0].detach().numpy(), atol=1e-11)
    assert_same(weights, trace(model, torch.tensor([ids])).weights[:, 0].numpy(), atol=1e-12)


def test_a_letter_changes_nothing_before_it():
    assert_same(gpt.run(MODEL, gpt.encode(MODEL, "maria"))[0][:4], gpt.run(MODEL, gpt.encode(MODEL, "marxy"))[0][:4])


def test_it_has_learned_what_names_look_like():
    after_q = gpt.following(MODEL, "q")
    assert MODEL.signs[int(after_q.argmax())] == "u" and after_q.sum() == pytest.approx(1, abs=1e-12)
    assert gpt.following(MODEL, "katherine")[gpt.END] > 0.3 > 0.05 > gpt.following(MODEL, "kath")[gpt.END]
    cost = lambda name: -np.log2([np.exp(row - row.max())[i] / np.exp(row - row.max()).sum() for row, i in zip(
        gpt.run(MODEL, gpt.encode(MODEL, name))[0], [*gpt.encode(MODEL, name)[1:], gpt.END])]).mean()
    assert cost("mariana") < 3 < 4 < cost("xqzvwkj")


def test_read_divides_by_the_scale():
    two = [[1, 2], [3, 4]]
    block = [two, *[[two, [5, 6]]] * 4, two, [two, [5, 6]], [two, [5, 6]]]
    model = gpt.read({"signs": ["<pad>", "<start>", "<end>"], "n_heads": 1, "scale": 4, "table": two, "places": two, "blocks": [block], "last": two})
    assert model.table.tolist() == [[0.25, 0.5], [0.75, 1.0]] and model.blocks[0].value.bias.tolist() == [1.25, 1.5]
    assert gpt.n_parameters(model) == 4 + 4 + 2 * 4 + 6 * 6 + 4


def test_what_it_cannot_read_is_named():
    with pytest.raises(ValueError, match="the model knows the signs abc.*xyz and not ' ', 'É'"):
        gpt.encode(MODEL, "mary É")
    with pytest.raises(ValueError, match="16 signs and a start mark do not fit into 16 places"):
        gpt.encode(MODEL, "a" * 16)


def test_its_parts_are_those_of_the_definition():
    x = np.random.default_rng(0).normal(size=(5, 24))
    block = MODEL.blocks[0]
    change, weights = gpt.look(x, block, 2)
    assert change.shape == (5, 24) and weights.shape == (2, 5, 5)
    assert np.allclose(weights.sum(-1), 1, atol=1e-12) and (np.triu(weights, 1) == 0).all()
    other = x.copy()
    other[3] += 1
    assert_same(gpt.think(other, block)[[0, 1, 2, 4]], gpt.think(x, block)[[0, 1, 2, 4]])
    assert_same(gpt.linear(x, block.query), x @ block.query.matrix + block.query.bias)
