"""The stack of `attnlab.studies.stream` against PyTorch's own gradients, and the power laws that the book tells of it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch

from attnlab.studies import stream as module
from attnlab.studies.stream import NORMS, TOKENS, WIDTH, slope, stream


def in_torch(depth: int, norm: str, scale: float, seed: int) -> tuple[list, list, list]:
    """Everything that `stream` measures, by automatic differentiation."""
    rms = lambda x: x / torch.sqrt(x.square().mean(-1, keepdim=True) + 1e-6)
    x, direction, layers = module._numbers(seed, depth, scale)
    x = torch.tensor(x, requires_grad=True)
    expand = [torch.tensor(layer.expand) for layer in layers]
    contract = [torch.tensor(layer.contract, requires_grad=True) for layer in layers]
    places = [x]
    for into, out in zip(expand, contract):
        x = places[-1]
        if norm == "pre":
            x = x + torch.relu(rms(x) @ into) @ out
        else:
            x = x + torch.relu(x @ into) @ out
            x = rms(x) if norm == "post" else x
        x.retain_grad()
        places.append(x)
    leaves = rms(x) if norm == "pre" else x
    (leaves * torch.tensor(direction)).sum().div(math.sqrt(direction.size)).backward()
    sizes = [place.detach().square().mean().sqrt().item() for place in places]
    return sizes, [place.grad.norm().item() for place in places], [w.grad.norm().item() for w in contract]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("depth", "scale", "seed"), [(1, 1.0, 1), (5, 0.3, 2), (11, 1.7, 3)])
def test_sizes_and_gradients_equal_those_of_torch(norm, depth, scale, seed):
    seen = stream(depth, norm, scale, seed)
    for ours, theirs in zip(seen, in_torch(depth, norm, scale, seed), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_the_numbers_have_variance_one_and_follow_from_the_seed():
    x, direction, layers = module._numbers(3, 9, 0.5)
    assert x.shape == direction.shape == (TOKENS, WIDTH) and len(layers) == 9
    assert abs(np.mean([layer.expand.var() * WIDTH for layer in layers]) - 2) < 0.05
    assert abs(np.mean([layer.contract.var() * WIDTH for layer in layers]) - 0.25) < 0.01
    assert (module._numbers(3, 2, 0.5)[2][1].expand == layers[1].expand).all()
    assert (module._numbers(4, 2, 0.5)[0] != x).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_power_laws_of_the_last_layer(seed):
    depths = np.array([8, 16, 32, 64])
    exponents = {
        n: slope(depths, np.array([stream(int(d), n, seed=seed).on_weights[-1] for d in depths])) for n in NORMS
    }
    assert -0.55 < exponents["pre"] < -0.4 and abs(exponents["post"]) < 0.2


def test_a_layer_of_scale_zero_changes_nothing():
    for norm in NORMS:
        seen = stream(7, norm, 0.0)
        np.testing.assert_allclose(seen.rms, seen.rms[0], rtol=0.05)
    assert (stream(7, "none", 0.0).rms == stream(7, "pre", 0.0).rms).all()


def test_the_exponent_of_a_power_law():
    x = np.array([1.0, 3.0, 7.0])
    assert abs(slope(x, 5 * x**-0.7) + 0.7) < 1e-12


def test_errors_at_the_door(as_readers_run_it):
    with pytest.raises(ValueError, match=re.escape('norm must be one of "pre", "post", "none" but is \'both\'')):
        stream(3, "both")
    with pytest.raises(ValueError, match="depth must be between 1 and 256 but is 0"):
        stream(0)
    with pytest.raises(ValueError, match="scale must be between 0 and 100 but is -1"):
        stream(3, scale=-1)
    with pytest.raises(ValueError, match="seed must be between 1 and 999 but is 0"):
        stream(3, seed=0)
