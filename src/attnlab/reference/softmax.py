"""Softmax with a temperature."""

from __future__ import annotations

import numpy as np

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import below_infinity, finite_number


def softmax(x: Real[Array, "*shape"], axis: int = -1, temperature: float = 1.0) -> Float[Array, "*shape"]:
    """exp(x_i / T) / sum_j exp(x_j / T) along `axis`.

    The largest entry is subtracted first. That changes nothing (numerator and denominator shrink by one
    factor) and keeps every exponent at or below zero, so nothing overflows. A low temperature T sharpens, a
    high one flattens.

    An entry of -inf gets weight 0. A slice that holds nothing but -inf has nobody to give weight to: zeros,
    not NaN. Always float64; integers are welcome.
    Errors: TypeError for booleans and complex numbers; ValueError for NaN, +inf, a temperature not above 0.
    Source: [hinton2015, section 2, equation 1]; the shift by the maximum: [milakov2018, section 2].
    """
    x = below_infinity("x", x)
    temperature = finite_number("temperature", temperature)
    if temperature <= 0:
        raise ValueError(f"temperature must be above 0 but is {temperature}")
    largest = x.max(axis=axis, keepdims=True, initial=np.finfo(np.float64).min)
    with np.errstate(over="ignore"):  # a gap too wide for float64 becomes -inf: weight 0, as it should
        powers = np.exp((x - largest) / temperature)
    total = powers.sum(axis=axis, keepdims=True)
    return powers / np.maximum(total, 1.0)  # the largest adds exp(0) = 1: a total below 1 is an empty slice
