"""Activations and their gradients, number by number."""

from __future__ import annotations

import math

import numpy as np

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite


def relu(x: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """max(0, x)."""
    return np.maximum(finite("x", x), 0.0)


def relu_gradient(x: Real[Array, "*shape"], d_output: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """d_output where x is above 0, and 0 elsewhere."""
    x, d_output = _pair(x, d_output)
    return d_output * (x > 0)


def gelu(x: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """x Φ(x), with Φ the probability that a standard normal number lies below x.

    Source: [hendrycks2016].
    """
    x = finite("x", x)
    return x * _below(x)


def gelu_gradient(x: Real[Array, "*shape"], d_output: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """d_output · (Φ(x) + x φ(x)), with φ the density of a standard normal number."""
    x, d_output = _pair(x, d_output)
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return d_output * (_below(x) + x * density)


def gelu_tanh(x: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2: an approximation of `gelu`, off by less than 0.0005.

    Source: [hendrycks2016].
    """
    x = finite("x", x)
    return x * (1 + np.tanh(_inner(x))) / 2


def gelu_tanh_gradient(x: Real[Array, "*shape"], d_output: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """d_output · ((1 + t) + x (1 - t²) √(2/π) (1 + 0.134145 x²)) / 2, with t the tanh."""
    x, d_output = _pair(x, d_output)
    t = np.tanh(_inner(x))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return d_output * ((1 + t) + x * (1 - t**2) * slope) / 2


def silu(x: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """x / (1 + exp(-x)), also called swish.

    Source: [hendrycks2016], where it is named; [ramachandran2017].
    """
    x = finite("x", x)
    return x * _sigmoid(x)


def silu_gradient(x: Real[Array, "*shape"], d_output: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """d_output · σ(x) (1 + x (1 - σ(x))), with σ the logistic function."""
    x, d_output = _pair(x, d_output)
    gate = _sigmoid(x)
    return d_output * gate * (1 + x * (1 - gate))


def _pair(x: Array, d_output: Array) -> tuple[Array, Array]:
    x, d_output = finite("x", x), finite("d_output", d_output)
    if d_output.shape != x.shape:
        raise ValueError(f"d_output has shape {d_output.shape} but the output has shape {x.shape}")
    return x, d_output


def _below(x: Array) -> Array:
    """Φ(x) = erfc(-x / √2) / 2. NumPy has no error function; Python has one, for one number at a time."""
    return np.array([math.erfc(-number * math.sqrt(0.5)) / 2 for number in x.ravel().tolist()]).reshape(x.shape)


def _inner(x: Array) -> Array:
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without a power that overflows."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1.0) / (1 + small)
