"""Numbers added to the scores by distance: buckets of T5, straight lines of ALiBi."""

from __future__ import annotations

import math

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Float, Integer
from attnlab.reference.positions._doors import offsets_between


def t5_buckets(
    q_pos: Integer[Array, "queries"],
    k_pos: Integer[Array, "keys"],
    n_buckets: int = 32,
    max_distance: int = 128,
    both_sides: bool = True,
) -> Integer[Array, "queries keys"]:
    """Bucket of each pair: one for each small distance, then wider and wider ones, equal in the logarithm.

    With both sides the upper half of the buckets stands for later keys; with one side every later key shares
    bucket 0 with the query's own. Half of the buckets of a side hold exactly one distance; everything from
    `max_distance` on shares the last.

    Errors: ValueError for counts that cannot be halved so, or a `max_distance` within the exact half.
    Source: [raffel2020, section 2.1]; the formula itself is only in the code published with the paper.
    """
    side = _bucket_counts(n_buckets, max_distance, both_sides)
    exact, offsets = side // 2, offsets_between(q_pos, k_pos)
    distance = np.abs(offsets) if both_sides else np.maximum(-offsets, 0)
    share = np.arange(1, side - exact) / (side - exact)
    edges = exact * (max_distance / exact) ** share * (1 - 1e-9)  # rounding must not lift a whole edge
    wide = exact + np.searchsorted(edges, distance, side="right")
    return np.where(distance < exact, distance, wide) + (side * (offsets > 0) if both_sides else 0)


def alibi_slopes(n_heads: int) -> Float[Array, "n_heads"]:
    """2^(-8h / n) for head h = 1 ... n, if n is a power of two.

    Otherwise the slopes of the next smaller power of two, then every other slope of twice that power, as in
    the code published with the paper.
    Errors: ValueError for fewer than one head. Source: [press2022, section 3].
    """
    n_heads = count("n_heads", n_heads, at_least=1)
    whole = 2 ** int(math.log2(n_heads))
    slopes = 2.0 ** (-8 * np.arange(1, whole + 1) / whole)
    between = 2.0 ** (-8 * np.arange(1, 2 * whole, 2) / (2 * whole))
    return np.concatenate([slopes, between[: n_heads - whole]])


def alibi(
    n_heads: int, q_pos: Integer[Array, "queries"], k_pos: Integer[Array, "keys"]
) -> Float[Array, "n_heads queries keys"]:
    """-slope · |query position - key position|: the further, the lower; a `bias`, added after the scale.

    The paper uses it with a causal mask, which is a separate argument. Source: [press2022, section 3].
    """
    return -alibi_slopes(n_heads)[:, None, None] * np.abs(offsets_between(q_pos, k_pos))


def _bucket_counts(n_buckets: int, max_distance: int, both_sides: bool) -> int:
    """Buckets of one side."""
    n_buckets, max_distance = count("n_buckets", n_buckets), count("max_distance", max_distance)
    parts = 4 if both_sides else 2
    if n_buckets < parts or n_buckets % parts:
        raise ValueError(f"n_buckets must be a multiple of {parts} but is {n_buckets}")
    side = n_buckets // 2 if both_sides else n_buckets
    if max_distance <= side // 2:
        raise ValueError(f"max_distance must be above {side // 2}, the exact buckets, but is {max_distance}")
    return side
