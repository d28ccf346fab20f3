"""Speeds, angles, and the signal of sines and cosines that is added to the tokens."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnlab._shapes import Float, Real
from attnlab.positions._doors import moved, need_even


def frequencies(width: int, base: float = 10000.0) -> Float[Tensor, "pairs"]:
    """base^(-2i / width) in radians per position, float64: the first pair turns fastest, the last slowest.

    Errors: ValueError for a width that is odd or below 2, or a base that is not above 1 and finite.
    Source: [vaswani2017, section 3.5]; [su2024, section 3.2.2].
    """
    width = need_even(width)
    if not 1 < base < math.inf:
        raise ValueError(f"base must be above 1 and finite but is {base}")
    exponents = torch.arange(width // 2, dtype=torch.float64, device="cpu") * (-2 / width)
    return torch.exp(exponents * math.log(base))


def angles(
    positions: Real[Tensor, "*tokens"], speeds: Float[Tensor, "pairs"]
) -> Float[Tensor, "*tokens pairs"]:
    """position · speed in radians, in the precision of `speeds` and where they are: float64, or far positions lose digits."""
    return positions.to(speeds.device).to(speeds.dtype)[..., None] * speeds


def sinusoidal(
    positions: Real[Tensor, "*tokens"], width: int, base: float = 10000.0
) -> Float[Tensor, "*tokens width"]:
    """Sines in the even features, cosines in the odd ones, pair by pair slower.

    Computed in float64 on the CPU, then moved to the device of `positions`: in float64, or in float32 where a
    device has no more. Cast it to the tokens' type where it is added.
    Errors: those of `frequencies`. Source: [vaswani2017, section 3.5].
    """
    turned = angles(positions, frequencies(width, base))
    signal = turned.new_empty(*positions.shape, width)
    signal[..., 0::2], signal[..., 1::2] = turned.sin(), turned.cos()
    return moved(signal, positions.device)
