"""LayerNorm and RMSNorm as definitions, and their gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite, finite_number


class Norm(NamedTuple):
    """What a LayerNorm has learned: a gain and a bias for every feature."""

    gain: Array
    bias: Array


def layer_norm(
    x: Real[Array, "*tokens d_model"],
    gain: Real[Array, " d_model"] | None = None,
    bias: Real[Array, " d_model"] | None = None,
    epsilon: float = 1e-5,
) -> Float[Array, "*tokens d_model"]:
    """gain * (x - mean) / sqrt(variance + epsilon) + bias, each row by itself.

    mean and variance are those of the d_model features of one token; the variance is the mean of the squared
    deviations, divided by d_model and not by d_model - 1.
    Computed and returned in float64; integers are welcome. Nothing is changed in place.
    Errors: ValueError for a gain or bias of another shape, an epsilon that is not above 0, NaN or infinity.
    Source: [ba2016, section 3], which has no epsilon.
    """
    normed, _ = _standardised(x, epsilon)
    return normed * _vector("gain", gain, 1, normed) + _vector("bias", bias, 0, normed)


def layer_norm_gradient(
    x: Real[Array, "*tokens d_model"],
    d_output: Real[Array, ...],
    gain: Real[Array, " d_model"] | None = None,
    epsilon: float = 1e-5,
) -> tuple[Float[Array, "*tokens d_model"], Float[Array, " d_model"], Float[Array, " d_model"]]:
    """(dx, d_gain, d_bias): how the loss moves with each argument, given how it moves with the output.

    With u = (x - mean) / s, s = sqrt(variance + epsilon) and g = gain * d_output, for each row
    dx = (g - mean(g) - u · mean(u g)) / s;  d_gain = sum_tokens(u * d_output),  d_bias = sum_tokens(d_output).
    The two means are what g has along the directions that the norm throws away: all features up, and the row longer.
    Errors: those of `layer_norm`, and ValueError if `d_output` has not the shape of x.
    """
    normed, spread = _standardised(x, epsilon)
    d_output = _like("d_output", d_output, normed)
    g = d_output * _vector("gain", gain, 1, normed)
    d_x = (g - _mean(g) - normed * _mean(normed * g)) / spread
    return d_x, _over_tokens(normed * d_output), _over_tokens(d_output)


def rms_norm(
    x: Real[Array, "*tokens d_model"],
    gain: Real[Array, " d_model"] | None = None,
    epsilon: float = 1e-6,
) -> Float[Array, "*tokens d_model"]:
    """gain * x / sqrt(mean of x² + epsilon), each row by itself: no mean is subtracted, no bias added.

    Precision and errors are those of `layer_norm`.
    Source: [zhang2019], which has no epsilon.
    """
    normed, _ = _divided(_tokens(x), epsilon)
    return normed * _vector("gain", gain, 1, normed)


def rms_norm_gradient(
    x: Real[Array, "*tokens d_model"],
    d_output: Real[Array, ...],
    gain: Real[Array, " d_model"] | None = None,
    epsilon: float = 1e-6,
) -> tuple[Float[Array, "*tokens d_model"], Float[Array, " d_model"]]:
    """(dx, d_gain), given how the loss moves with the output.

    With u = x / r, r = sqrt(mean of x² + epsilon) and g = gain * d_output, for each row
    dx = (g - u · mean(u g)) / r;  d_gain = sum_tokens(u * d_output).
    Errors: those of `rms_norm`, and ValueError if `d_output` has not the shape of x.
    """
    normed, size = _divided(_tokens(x), epsilon)
    d_output = _like("d_output", d_output, normed)
    g = d_output * _vector("gain", gain, 1, normed)
    return (g - normed * _mean(normed * g)) / size, _over_tokens(normed * d_output)


def _standardised(x: Array, epsilon: float) -> tuple[Array, Array]:
    x = _tokens(x)
    return _divided(x - _mean(x), epsilon)


def _divided(x: Array, epsilon: float) -> tuple[Array, Array]:
    """x / sqrt(mean of x² + epsilon), and the denominator."""
    if not finite_number("epsilon", epsilon) > 0:
        raise ValueError(f"epsilon must be above 0 but is {epsilon}")
    size = np.sqrt(_mean(x**2) + epsilon)
    return x / size, size


def _tokens(x: Array) -> Array:
    x = finite("x", x)
    if x.ndim < 1 or x.shape[-1] < 1:
        raise ValueError(f"x needs at least one feature in its last axis but has shape {x.shape}")
    return x


def _mean(x: Array) -> Array:
    return x.mean(axis=-1, keepdims=True)


def _over_tokens(x: Array) -> Array:
    return x.sum(axis=tuple(range(x.ndim - 1)))


def _vector(name: str, vector, default: float, x: Array) -> Array:
    if vector is None:
        return np.full(x.shape[-1], float(default))
    vector = finite(name, vector)
    if vector.shape != x.shape[-1:]:
        raise ValueError(f"{name} has shape {vector.shape} but x has {x.shape[-1]} features")
    return vector


def _like(name: str, d_output, x: Array) -> Array:
    d_output = finite(name, d_output)
    if d_output.shape != x.shape:
        raise ValueError(f"{name} has shape {d_output.shape} but the output has shape {x.shape}")
    return d_output
