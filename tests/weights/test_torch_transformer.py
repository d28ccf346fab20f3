from __future__ import annotations

import re

import pytest
import torch
from compare import assert_same
from torch import nn

from attnlab.weights.torch_transformer import from_torch, to_torch

with torch.random.fork_rng():
    torch.manual_seed(0)
    STATE = nn.Transformer(6, 2, 2, 1, 10, batch_first=True).state_dict()


def test_torch_transformer_there_and_back_is_every_number_in_its_place():
    back = to_torch(from_torch(STATE))
    assert set(back) == set(STATE)
    for name, part in STATE.items():
        assert_same(back[name], part, atol=0)


def test_from_torch_splits_what_is_stacked():
    ours = from_torch(STATE)
    stacked = STATE["decoder.layers.0.multihead_attn.in_proj_weight"]
    assert_same(ours["decoder.0.cross_attend.layer.key.weight"], stacked[6:12], atol=0)
    assert_same(ours["encoder.1.feed_forward.norm.gain"], STATE["encoder.layers.1.norm2.weight"], atol=0)
    assert_same(ours["encoder_last.bias"], STATE["encoder.norm.bias"], atol=0)
    assert sum(x.numel() for x in ours.values()) == sum(x.numel() for x in STATE.values())


def test_from_torch_copies():
    ours = from_torch(STATE)
    ours["encoder.0.attend.layer.query.weight"].zero_()
    assert STATE["encoder.layers.0.self_attn.in_proj_weight"][:6].abs().min() > 0


def test_to_torch_leaves_tables_out():
    tables = {"source.table": torch.ones(3, 6), "target.table": torch.ones(3, 6), "target_places.table.weight": torch.ones(2, 6)}
    assert set(to_torch(from_torch(STATE) | tables)) == set(STATE)


@pytest.mark.parametrize("direction", [from_torch, lambda state: to_torch({name: x for name, x in from_torch(STATE).items() if name in state})])
def test_missing_weights_are_named(direction):
    with pytest.raises(ValueError, match="the weights lack "):
        direction({name: x for name, x in STATE.items() if not name.endswith("norm.bias")})


def test_weights_too_many_are_named():
    with pytest.raises(ValueError, match=re.escape("the weights hold too much: decoder.layers.0.gate")):
        from_torch(STATE | {"decoder.layers.0.gate": torch.ones(1)})
    without = {name: x for name, x in STATE.items() if not name.endswith("bias")}
    with pytest.raises(ValueError, match="the weights lack decoder.layers.0.linear1.bias, .* and [0-9]+ more"):
        from_torch(without)
