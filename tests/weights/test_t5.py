from __future__ import annotations

import pytest
import torch

from attnlab.weights.t5 import from_transformers

STATE = {
    "shared.weight": torch.arange(6.0).reshape(3, 2),
    "encoder.embed_tokens.weight": torch.arange(6.0).reshape(3, 2),
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": torch.full((4, 1), 7.0),
    "decoder.block.2.layer.1.EncDecAttention.q.weight": torch.full((2, 2), 8.0),
    "decoder.block.2.layer.2.DenseReluDense.wi_0.weight": torch.full((2, 2), 9.0),
    "decoder.block.2.layer.2.layer_norm.weight": torch.full((2,), 10.0),
}


def test_from_transformers_gives_every_part_our_name():
    ours = from_transformers(STATE)
    assert {name: float(part.flatten()[0]) for name, part in ours.items()} == {
        "head.weight": 0, "table.weight": 0, "encoder_bias.table": 7, "decoder.2.cross_attend.layer.query.weight": 8,
        "decoder.2.feed_forward.layer.gate.weight": 9, "decoder.2.feed_forward.norm.gain": 10,
    }  # fmt: skip


def test_from_transformers_copies_and_keeps_a_head_of_its_own():
    ours = from_transformers(STATE | {"lm_head.weight": torch.full((3, 2), 5.0)})
    assert float(ours["head.weight"][0, 0]) == 5
    ours["table.weight"].zero_()
    assert STATE["shared.weight"].max() == 5


@pytest.mark.parametrize("name", ["encoder.block.0.layer.7.SelfAttention.q.weight", "decoder.block.0.layer.0.SelfAttention.z.weight", "h.0.attn", "pooler"])
def test_what_is_no_part_of_t5_is_named(name):
    with pytest.raises(ValueError, match=f"{name} is no part of T5"):
        from_transformers(STATE | {name: torch.ones(1)})


def test_without_a_table_there_is_no_model():
    with pytest.raises(ValueError, match="lack shared.weight"):
        from_transformers({name: part for name, part in STATE.items() if name != "shared.weight"})
