"""Looking into a decoder: the weights and the stream are those of its trace, silence and masks do what loops do, nothing stays."""

from __future__ import annotations

import pytest
import torch

from attnlab.masks import causal, positions
from attnlab.models.decoder import Config, Decoder, trace
from attnlab.models.families import llama
from attnlab.studies.observe import observed

SIZES = Config(vocab_size=31, d_model=20, n_layers=3, n_heads=4, n_kv_heads=2, d_head=6, d_ff=23)


@pytest.fixture
def model() -> Decoder:
    torch.manual_seed(5)
    made = llama(SIZES).double().eval()
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    return made


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(0, 31, (2, 7), generator=torch.Generator().manual_seed(1))


def test_what_is_seen_is_the_trace_layer_by_layer(model, ids):
    seen, right = [], trace(model, ids)
    logits = observed(model, ids, lambda *what: seen.append(what))
    assert logits.equal(model(ids)) and [layer for layer, _, _ in seen] == [0, 1, 2]
    for layer, weights, stream in seen:
        assert torch.allclose(weights, right.weights[layer], atol=1e-12)
        if layer < 2:
            assert torch.allclose(stream, right.hidden[layer + 1], atol=1e-12)
    assert torch.allclose(model.last(seen[2][2]), right.hidden[3], atol=1e-12)


def test_with_a_cache_the_new_rows_are_seen(model, ids):
    whole, seen, cache = [], [], model.start_cache()
    observed(model, ids, lambda layer, weights, stream: whole.append((weights, stream)))
    model(ids[:, :4], cache)
    logits = observed(model, ids[:, 4:], lambda layer, weights, stream: seen.append((weights, stream)), cache=cache)
    assert cache.length == 7 and torch.allclose(logits, model(ids)[:, 4:], atol=1e-12)
    for (weights, stream), (some, part) in zip(whole, seen):
        assert torch.allclose(weights[:, :, 4:], some, atol=1e-12) and torch.allclose(stream[:, 4:], part, atol=1e-12)


def test_a_silent_head_is_one_whose_columns_of_the_output_are_zero(model, ids):
    silent = [(1, 2), (2, 0), (2, 3)]
    found = observed(model, ids, silent=silent)
    before = model(ids)
    assert not torch.allclose(found, before)
    for layer, head in silent:
        model.blocks[layer].attend.layer.output.weight.data[:, 6 * head : 6 * head + 6] = 0
    assert torch.allclose(found, model(ids), atol=1e-12)


def test_a_hidden_key_is_looked_at_by_nobody_and_the_future_stays_hidden(model, ids):
    allowed = torch.ones(7, 7, dtype=torch.bool)
    allowed[3:, 0] = False
    seen = []
    observed(model, ids, lambda layer, weights, stream: seen.append(weights), mask=allowed)
    for weights in seen:
        assert not weights[:, :, 3:, 0].any() and (weights[:, :, 1:3, 0] > 0).all()
        assert not weights[:, :, ~causal(*positions(7, 7, ids))].any()
        assert torch.allclose(weights.sum(-1), torch.ones((), dtype=weights.dtype), atol=1e-12)
    assert observed(model, ids, mask=torch.ones(7, 7, dtype=torch.bool)).equal(model(ids))


def test_nothing_stays_on_the_model_even_after_an_error(model, ids):
    before = model(ids)
    observed(model, ids, lambda *what: None, silent=[(0, 1)], mask=torch.eye(7, dtype=torch.bool))
    with pytest.raises(ZeroDivisionError):
        observed(model, ids, lambda *what: 1 / 0, silent=[(0, 1)])
    assert model(ids).equal(before)
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in model.modules())


def test_a_head_that_is_not_there_is_named(model, ids):
    with pytest.raises(ValueError, match=r"there is no head \(3, 0\): 3 layers of 4 heads"):
        observed(model, ids, silent=[(3, 0)])
    with pytest.raises(ValueError, match=r"there is no head \(0, -1\)"):
        observed(model, ids, silent=[(0, -1)])
    model.blocks[1] = torch.nn.Identity()
    with pytest.raises(ValueError, match="layer 1 has 0 MultiHead and not one"):
        observed(model, ids)
