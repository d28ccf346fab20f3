"""Clipping: torch's own numbers to the last bit, one factor for all, nothing changed that was given."""

from __future__ import annotations

import math

import pytest
import torch
from compare import normal

from attnlab.training import clip

GRADIENTS = [torch.tensor(normal(0, 3, 5)), torch.tensor(normal(1, 7)), torch.tensor(1e-3 * normal(2, 2, 2))]


@pytest.mark.parametrize("largest", [0.3, 1.0, 1e6, math.inf])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_clip_grad_norm_to_the_last_bit(largest, dtype):
    given = [g.to(dtype) for g in GRADIENTS]
    parameters = [torch.zeros_like(g, requires_grad=True) for g in given]
    for p, g in zip(parameters, given):
        p.grad = g.clone()
    length = torch.nn.utils.clip_grad_norm_(parameters, largest)
    cut, ours = clip(given, largest)
    assert torch.equal(ours, length) and ours.dtype == dtype
    assert all(torch.equal(g, p.grad) for g, p in zip(cut, parameters, strict=True))


def test_one_factor_for_all_so_the_direction_stays():
    cut, length = clip(GRADIENTS, 0.5)
    factors = {round((c / g).mean().item(), 12) for c, g in zip(cut, GRADIENTS)}
    assert len(factors) == 1 and length.item() == pytest.approx(math.sqrt(sum((g**2).sum().item() for g in GRADIENTS)))
    assert math.sqrt(sum((g**2).sum().item() for g in cut)) == pytest.approx(0.5, rel=1e-5)


def test_short_gradients_and_zeros_stay_and_what_was_given_is_not_changed():
    before = [g.clone() for g in GRADIENTS]
    assert all(torch.equal(c, g) for c, g in zip(clip(GRADIENTS, 100.0)[0], before))
    clip(GRADIENTS, 0.1)
    assert all(torch.equal(g, b) for g, b in zip(GRADIENTS, before))
    zeros, length = clip(iter([torch.zeros(3)]), 1.0)
    assert zeros[0].tolist() == [0, 0, 0] and length == 0


def test_what_is_refused():
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=f"largest must be above 0 but is {wrong}"):
            clip(GRADIENTS, wrong)
    with pytest.raises(ValueError, match="there is no gradient to clip"):
        clip([], 1.0)
