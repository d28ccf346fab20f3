"""Queries and keys turned pair by pair: scores depend on the offset alone."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from attnlab._shapes import Float, Integer, Real
from attnlab.positions._doors import need_even
from attnlab.positions.sinusoidal import angles, frequencies


def rotate_adjacent(
    x: Float[Tensor, "*batch tokens width"], turned: Float[Tensor, "*#batch tokens pairs"]
) -> Float[Tensor, "*batch tokens width"]:
    """Features (2i, 2i + 1) as one complex number, times e^(i angle).

    Errors: ValueError unless there are half as many angles as features.
    Source: [su2024, section 3.2.1, equation 12].
    """
    _need_angles(x, turned)
    wide = torch.promote_types(x.dtype, torch.float32)
    pairs = torch.view_as_complex(x.to(wide).unflatten(-1, (-1, 2)).contiguous())
    turn = torch.polar(torch.ones_like(turned), turned).to(pairs.dtype).to(x.device)
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)


def rotate_halves(
    x: Float[Tensor, "*batch tokens width"], turned: Float[Tensor, "*#batch tokens pairs"]
) -> Float[Tensor, "*batch tokens width"]:
    """x cos + (-second half, first half) sin, the angles written out for both halves.

    Errors: those of `rotate_adjacent`.
    """
    _need_angles(x, turned)
    first, second = x.chunk(2, dim=-1)
    both = torch.cat([turned, turned], dim=-1)
    cos, sin = (wave.to(x.dtype).to(x.device) for wave in (both.cos(), both.sin()))
    return x * cos + torch.cat([-second, first], dim=-1) * sin


def adjacent_to_halves(width: int) -> Integer[Tensor, "width"]:
    """0, 2, 4, ..., 1, 3, 5, ...: the order in which the halves hold the features of adjacent pairs.

    The rows of a trained query or key projection, so permuted, serve the other pairing.
    Errors: ValueError for an odd width.
    """
    width = need_even(width)
    return torch.arange(width).view(-1, 2).T.flatten()


def rotary(
    x: Float[Tensor, "*batch tokens width"],
    positions: Real[Tensor, "tokens"],
    speeds: Float[Tensor, "pairs"] | None = None,
    rotate: Callable = rotate_adjacent,
) -> Float[Tensor, "*batch tokens width"]:
    """Every pair of features turned by position · speed; for queries and keys, never for values.

    `speeds` are `frequencies(width)` unless given. Angles, cosines and sines are computed on the CPU if the speeds
    are there, in float64, and cast to the type of `x` before they are moved to its device.
    Errors: ValueError for counts that disagree.
    Source: [su2024, section 3.2.2, equation 14].
    """
    speeds = frequencies(x.shape[-1]) if speeds is None else speeds
    return rotate(x, angles(positions, speeds))


def _need_angles(x: Tensor, turned: Tensor) -> None:
    if x.shape[-1] != 2 * turned.shape[-1]:
        raise ValueError(f"x has {x.shape[-1]} features, not two for each of {turned.shape[-1]} angles")
    if x.shape[-2] != turned.shape[-2]:
        raise ValueError(f"x has {x.shape[-2]} tokens but there are angles for {turned.shape[-2]}")
