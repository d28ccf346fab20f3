from __future__ import annotations

import pytest
import torch
from compare import assert_same, normal

from attnlab.attention import MultiHead, OutputGate, merge_heads

X = torch.tensor(normal(0, 2, 5, 12))


def gate(*sizes) -> OutputGate:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return OutputGate(*sizes).double()


@pytest.mark.parametrize(("given", "run"), [(None, 1), (4, 1), (2, 2), (1, 4)])
def test_each_gate_serves_its_run_of_features(given, run):
    part = gate(12, 3, 4, given)
    out = part(X)
    assert out.shape == (2, 5, 12) and ((0 < out) & (out < 1)).all()
    assert part.project.weight.shape == (12 // run, 12)
    logits = X @ part.project.weight.T
    for feature in range(12):
        assert_same(out[..., feature], 1 / (1 + torch.exp(-logits[..., feature // run])))


def test_in_a_layer_the_merged_heads_are_multiplied_before_the_output_projection():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        layer = MultiHead(12, 3, gate=OutputGate(12, 3, 4, 1)).double()
    merged = merge_heads(layer.attend(*layer.project(X)))
    by_head = torch.sigmoid(X @ layer.gate.project.weight.T)
    assert_same(layer(X), (merged * by_head.repeat_interleave(4, dim=-1)) @ layer.output.weight.T)
    with torch.no_grad():
        layer.gate.project.weight.zero_()
    assert_same(layer(X), 0.5 * merged @ layer.output.weight.T)  # every gate starts at one half where W is zero


def test_the_gate_hangs_on_the_token_alone():
    part = gate(12, 3, 4)
    changed = X.clone()
    changed[:, 3] += 1
    same = (part(changed) == part(X)).all(dim=-1)
    assert same[:, [0, 1, 2, 4]].all() and not same[:, 3].any()


def test_bad_sizes(as_readers_run_it):
    with pytest.raises(ValueError, match="gates_per_head = 3 does not divide d_head = 4"):
        OutputGate(12, 3, 4, 3)
    with pytest.raises(ValueError, match="d_model must be at least 1 but is 0"):
        OutputGate(0, 3, 4)
