"""Fixed sparse patterns as masks, and how far a token reaches through several layers of one; loops that define."""

from __future__ import annotations

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Bool, Float, Integer


def local(n: int, radius: int) -> Bool[Array, "n n"]:
    """True where |i - j| <= radius: each token sees itself and `radius` neighbours on either side.

    Source: [beltagy2020, section 3.1].
    """
    radius = count("radius", radius)
    return _pattern(n, lambda i, j: abs(i - j) <= radius)


def strided(n: int, stride: int) -> Bool[Array, "n n"]:
    """True where 0 <= i - j < stride, and where i - j is a multiple of `stride` and at least 0.

    Source: [child2019, section 4.3]; there the two halves belong to two heads or two layers, here they are one mask.
    """
    stride = count("stride", stride, at_least=1)
    return _pattern(n, lambda i, j: 0 <= i - j and (i - j < stride or (i - j) % stride == 0))


def leading(n: int, n_global: int) -> Bool[Array, "n n"]:
    """True where i or j is among the first `n_global` tokens: those see all, and all see them.

    Source: [zaheer2020, section 2], there called global tokens.
    """
    n_global = count("n_global", n_global)
    return _pattern(n, lambda i, j: min(i, j) < n_global)


def drawn(chosen: Integer[Array, "n n_random"]) -> Bool[Array, "n n"]:
    """True where j is one of the keys that were drawn for query i.

    Source: [zaheer2020, section 2], there called random attention.
    """
    mask = np.zeros((len(chosen), len(chosen)), dtype=bool)
    for i, keys in enumerate(chosen):
        for j in keys:
            mask[i, j] = True
    return mask


def big_bird(
    n_blocks: int, size: int, radius: int, n_global: int, chosen: Integer[Array, "n_blocks n_random"]
) -> Bool[Array, "n n"]:
    """local | leading | drawn, in blocks of `size` tokens: n = n_blocks * size.

    radius, n_global and chosen count blocks.
    Source: [zaheer2020, section 2 and appendix D].
    """
    n_blocks = count("n_blocks", n_blocks)
    blocks = local(n_blocks, radius) | leading(n_blocks, n_global) | drawn(chosen)
    return blocks.repeat(count("size", size, at_least=1), axis=0).repeat(size, axis=1)


def hops(mask: Bool[Array, "n n"]) -> Float[Array, "n n"]:
    """How many layers it takes until token i can depend on token j: 0 for itself, infinite where it never can.

    Between layers the residual keeps what a token has: after each, it knows what it knew and what those it sees knew.
    """
    steps = np.where(np.eye(len(mask), dtype=bool), 0.0, np.inf)
    for layer in range(1, len(mask)):
        before = np.isfinite(steps)
        for i in range(len(mask)):
            now = before[mask[i]].any(axis=0) & ~before[i]
            steps[i, now] = layer
        if (np.isfinite(steps) == before).all():
            break
    return steps


def occupied(mask: Bool[Array, "n n"], size: int) -> Bool[Array, "blocks blocks"]:
    """True for the blocks of size x size in which at least one pair may look: what a blocked kernel has to compute.

    Errors: ValueError unless `size` divides the number of tokens.
    """
    n, size = len(mask), count("size", size, at_least=1)
    if n % size:
        raise ValueError(f"size = {size} does not divide the {n} tokens")
    return mask.reshape(n // size, size, n // size, size).any(axis=(1, 3))


def _pattern(n: int, sees) -> Bool[Array, "n n"]:
    """The matrix of sees(i, j) for all pairs of `n` tokens."""
    n = count("n", n)
    return np.array([[sees(i, j) for j in range(n)] for i in range(n)], dtype=bool).reshape(n, n)
