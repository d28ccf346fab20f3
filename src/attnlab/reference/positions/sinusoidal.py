"""Speeds, angles, and the signal of sines and cosines that is added to the tokens."""

from __future__ import annotations

import numpy as np

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite, finite_number
from attnlab.reference.positions._doors import need_even


def frequencies(width: int, base: float = 10000.0) -> Float[Array, "pairs"]:
    """base^(-2i / width) for i = 0 ... width / 2 - 1, in radians per position: the first pair turns fastest.

    Errors: ValueError for a width that is odd or below 2, or a base that is not above 1.
    Source: [vaswani2017, section 3.5]; [su2024, section 3.2.2].
    """
    width = need_even("width", width)
    if not finite_number("base", base) > 1:
        raise ValueError(f"base must be above 1 but is {base}")
    return base ** (-np.arange(0, width, 2) / width)


def angles(positions: Real[Array, "*tokens"], speeds: Float[Array, "pairs"]) -> Float[Array, "*tokens pairs"]:
    """position · speed, in radians. Errors: ValueError for NaN or infinity in either."""
    return np.multiply.outer(finite("positions", positions), finite("speeds", speeds))


def sinusoidal(
    positions: Real[Array, "*tokens"], width: int, base: float = 10000.0
) -> Float[Array, "*tokens width"]:
    """sin(p w_i) in feature 2i and cos(p w_i) in feature 2i + 1, with w_i of `frequencies`.

    Errors: those of `frequencies`; ValueError for positions that are not finite.
    Source: [vaswani2017, section 3.5].
    """
    turned = angles(positions, frequencies(width, base))
    return np.stack([np.sin(turned), np.cos(turned)], axis=-1).reshape(*turned.shape[:-1], width)
