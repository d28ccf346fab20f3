"""Queries and keys turned pair by pair: scores depend on the offset alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab._shapes import Array, Float, Integer, Real
from attnlab.reference._numbers import finite
from attnlab.reference.positions._doors import need_even
from attnlab.reference.positions.sinusoidal import angles, frequencies


def rotate_adjacent(
    x: Float[Array, "*batch tokens width"], turned: Float[Array, "*#batch tokens pairs"]
) -> Float[Array, "*batch tokens width"]:
    """Features (2i, 2i + 1) turned by angle i: (a cos - b sin, a sin + b cos).

    Errors: ValueError unless there are half as many angles as features.
    Source: [su2024, section 3.4.2, equation 34].
    """
    x = _fits(x, turned)
    a, b, cos, sin = x[..., 0::2], x[..., 1::2], np.cos(turned), np.sin(turned)
    return np.stack([a * cos - b * sin, a * sin + b * cos], axis=-1).reshape(x.shape)


def rotate_halves(
    x: Float[Array, "*batch tokens width"], turned: Float[Array, "*#batch tokens pairs"]
) -> Float[Array, "*batch tokens width"]:
    """Features (i, i + width / 2) turned by angle i; `rotate_adjacent` after the features changed places.

    Errors: those of `rotate_adjacent`.
    """
    x = _fits(x, turned)
    (a, b), cos, sin = np.split(x, 2, axis=-1), np.cos(turned), np.sin(turned)
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def adjacent_to_halves(width: int) -> Integer[Array, "width"]:
    """0, 2, 4, ..., 1, 3, 5, ...: rotate_halves(x[..., p]) equals rotate_adjacent(x)[..., p].

    Errors: ValueError for an odd width.
    """
    width = need_even("width", width)
    return np.r_[0:width:2, 1:width:2]


def rotary(
    x: Float[Array, "*batch tokens width"],
    positions: Real[Array, "tokens"],
    speeds: Float[Array, "pairs"] | None = None,
    rotate: Callable = rotate_adjacent,
) -> Float[Array, "*batch tokens width"]:
    """Every pair of features turned by position · speed; for queries and keys, never for values.

    `speeds` are `frequencies(width)` unless given. Errors: ValueError for counts that disagree.
    Source: [su2024, section 3.2.2, equation 14].
    """
    x = finite("x", x)
    return rotate(x, angles(positions, frequencies(x.shape[-1]) if speeds is None else speeds))


def _fits(x, turned) -> Float[Array, "*batch tokens width"]:
    x = finite("x", x)
    if x.shape[-1] != 2 * turned.shape[-1]:
        raise ValueError(f"x has {x.shape[-1]} features, not two for each of {turned.shape[-1]} angles")
    if x.shape[-2] != turned.shape[-2]:
        raise ValueError(f"x has {x.shape[-2]} tokens but there are angles for {turned.shape[-2]}")
    return x
