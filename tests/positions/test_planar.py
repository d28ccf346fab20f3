"""Rotary positions on a plane."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.attention import attention
from attnlab.positions.planar import PlanarRotary, planar_angles

SPEEDS = torch.tensor(normal(0, 3)).abs()


def test_angles_by_hand():
    turned = planar_angles(2, 5, SPEEDS)
    assert turned.shape == (10, 6) and turned.dtype == torch.float64
    places = [((2 * i + 1) / 2 - 1, (2 * j + 1) / 5 - 1) for i in range(2) for j in range(5)]
    by_hand = [[2 * np.pi * at * s for at in place for s in SPEEDS.tolist()] for place in places]
    assert_same(turned, torch.tensor(by_hand, dtype=torch.float64))


def test_one_patch_stands_in_the_middle_and_is_not_turned():
    assert_same(planar_angles(1, 1, SPEEDS), torch.zeros(1, 6, dtype=torch.float64))


def test_scores_of_patches_depend_on_the_offset_alone():
    """The same query and key at all places: scores are equal wherever the offset is."""
    attend = PlanarRotary(attention, planar_angles(4, 7, SPEEDS))
    q, k = torch.tensor(normal(1, 1, 1, 12)).expand(1, 28, 12), torch.tensor(normal(2, 1, 1, 12)).expand(1, 28, 12)
    scores = (attend._turn(q) @ attend._turn(k).mT)[0].reshape(4, 7, 4, 7)
    assert torch.allclose(scores[:3, :6, :3, :6], scores[1:, 1:, 1:, 1:], atol=1e-12)
    assert not torch.allclose(scores[0, 0, 0, 1], scores[0, 0, 1, 0], atol=1e-3)  # down is not across


def test_tokens_in_front_are_not_turned():
    attend = PlanarRotary(attention, planar_angles(2, 3, SPEEDS))
    q, k, v = (torch.tensor(normal(seed, 2, 9, 12)) for seed in (3, 4, 5))
    turned = attend._turn(q)
    assert_same(turned[:, :3], q[:, :3], 0)
    assert not torch.allclose(turned[:, 3:], q[:, 3:])
    assert_same(attend(q, k, v), attention(attend._turn(q), attend._turn(k), v))
    mask = torch.ones(9, 9, dtype=torch.bool).tril()
    assert_same(attend(q, k, v, mask), attention(attend._turn(q), attend._turn(k), v, mask))


def test_fewer_tokens_than_angles_are_refused():
    attend = PlanarRotary(attention, planar_angles(2, 3, SPEEDS))
    x = torch.zeros(1, 5, 12, dtype=torch.float64)
    with pytest.raises(ValueError, match="there are angles for 6 patches but only 5 tokens"):
        attend(x, x, x)
