"""A stack of feed-forward layers at initialisation, seen from its residual stream: sizes forwards, gradients backwards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Real
from attnlab.reference._numbers import finite_number
from attnlab.reference.layers import (
    FeedForward,
    feed_forward,
    feed_forward_gradient,
    rms_norm,
    rms_norm_gradient,
)

NORMS = ("pre", "post", "none")
TOKENS, WIDTH = 4, 32


class Stream(NamedTuple):
    """What is seen of one stack of `depth` layers.

    rms: (depth + 1,), the root mean square of the stream before the first layer and after each.
    on_stream: (depth + 1,), the length of the loss's gradient with respect to the stream at the same places.
    on_weights: (depth,), the length of the gradient with respect to each layer's second matrix.
    """

    rms: Array
    on_stream: Array
    on_weights: Array


def stream(depth: int, norm: str = "pre", scale: float = 1.0, seed: int = 1) -> Stream:
    """One forward and one backward pass through `depth` layers x -> relu(x W₁) W₂ in their residual connections.

    norm: "pre" x + layer(norm(x)) and one more norm at the end, "post" norm(x + layer(x)), "none" x + layer(x);
        the norm is RMSNorm without a gain.
    scale: every entry of W₂ is multiplied by it; with 1, and rows of size 1 that enter, a layer adds rows of size about 1.
    The loss is the product of what leaves with a fixed random direction of length 1. 4 tokens of width 32; all numbers
    are uniform and follow from the `seed`, as they do in the explorable `stream_by_layer`.
    Errors: ValueError for an unknown norm, a depth that is not 1 to 256, a scale that is not 0 to 100.
    """
    depth, seed = count("depth", depth, 1, 256), count("seed", seed, 1, 999)
    if norm not in NORMS:
        raise ValueError(f'norm must be one of "pre", "post", "none" but is {norm!r}')
    if not 0 <= finite_number("scale", scale) <= 100:
        raise ValueError(f"scale must be between 0 and 100 but is {scale}")
    x, direction, layers = _numbers(seed, depth, scale)
    passed = [x]
    for layer in layers:
        x = passed[-1]
        x = x + feed_forward(rms_norm(x) if norm == "pre" else x, layer)
        passed += [x, rms_norm(x)] if norm == "post" else [x]
    return _backward(passed, direction / math.sqrt(direction.size), layers, norm)


def _backward(passed: list[Array], gradient: Array, layers: list[FeedForward], norm: str) -> Stream:
    """`passed` is the stream at every place; with "post" each layer has two, before and after its norm."""
    entered = passed[::2] if norm == "post" else passed
    if norm == "pre":
        gradient, _ = rms_norm_gradient(entered[-1], gradient)
    on_stream, on_weights = [_length(gradient)], []
    for i in reversed(range(len(layers))):
        if norm == "post":
            gradient, _ = rms_norm_gradient(passed[2 * i + 1], gradient)
        x = entered[i]
        back, weights = feed_forward_gradient(rms_norm(x) if norm == "pre" else x, layers[i], gradient)
        gradient = gradient + (rms_norm_gradient(x, back)[0] if norm == "pre" else back)
        on_stream.append(_length(gradient))
        on_weights.append(_length(weights.contract))
    rms = np.array([math.sqrt(np.mean(x**2)) for x in entered])
    return Stream(rms, np.array(on_stream[::-1]), np.array(on_weights[::-1]))


def _length(x: Array) -> float:
    return math.sqrt(np.sum(x**2))


def _numbers(seed: int, depth: int, scale: float) -> tuple[Array, Array, list[FeedForward]]:
    """The rows that enter, the direction of the loss, and the layers, drawn one number after another."""
    draw = _uniform(seed)
    take = lambda rows, columns: np.array([[next(draw) for _ in range(columns)] for _ in range(rows)])
    x, direction = take(TOKENS, WIDTH), take(TOKENS, WIDTH)
    expand, contract, nothing = math.sqrt(2 / WIDTH), scale * math.sqrt(1 / WIDTH), np.zeros(WIDTH)
    layers = [
        FeedForward(expand * take(WIDTH, WIDTH), nothing, contract * take(WIDTH, WIDTH), nothing) for _ in range(depth)
    ]
    return x, direction, layers


def _uniform(seed: int) -> Iterator[float]:
    """Numbers between -√3 and √3, of variance 1: s <- 16807 s mod (2^31 - 1), the first three left out."""
    s, largest = seed, 2**31 - 1
    for i in range(2**31):
        s = 16807 * s % largest
        if i > 2:
            yield math.sqrt(3) * (2 * s / largest - 1)


def slope(x: Real[Array, " points"], y: Real[Array, " points"]) -> float:
    """The exponent p of the power law y = c · x^p that fits best: least squares of the logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
