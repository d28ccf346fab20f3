"""Telling attention the order of its tokens: signals added to them, rotations, biases of scores."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from attnlab._shapes import Array, Float, Integer, Real
from attnlab.reference._numbers import finite, finite_number


def frequencies(width: int, base: float = 10000.0) -> Float[Array, "pairs"]:
    """base^(-2i / width) for i = 0 ... width / 2 - 1, in radians per position: the first pair turns fastest.

    Errors: ValueError for a width that is odd or below 2, or a base that is not above 1.
    Source: [vaswani2017, section 3.5]; [su2024, section 3.2.2].
    """
    _even("width", width)
    if not finite_number("base", base) > 1:
        raise ValueError(f"base must be above 1 but is {base}")
    return base ** (-np.arange(0, width, 2) / width)


def sinusoidal(
    positions: Real[Array, "*tokens"], width: int, base: float = 10000.0
) -> Float[Array, "*tokens width"]:
    """sin(p w_i) in feature 2i and cos(p w_i) in feature 2i + 1, with w_i of `frequencies`.

    Errors: those of `frequencies`; ValueError for positions that are not finite.
    Source: [vaswani2017, section 3.5].
    """
    turned = angles(positions, frequencies(width, base))
    return np.stack([np.sin(turned), np.cos(turned)], axis=-1).reshape(*turned.shape[:-1], width)


def learned(
    table: Float[Array, "max_len d_model"], positions: Integer[Array, "*tokens"]
) -> Float[Array, "*tokens d_model"]:
    """Row p of the table for position p.

    Errors: ValueError for a position that the table has no row for. Source: [gehring2017, section 3.1].
    """
    positions, table = _whole("positions", positions), finite("table", table)
    _inside(positions, len(table))
    return table[positions]


def relative_index(
    q_pos: Integer[Array, "queries"], k_pos: Integer[Array, "keys"], reach: int
) -> Integer[Array, "queries keys"]:
    """clip(key position - query position, -reach, reach) + reach: a row of a table of 2 reach + 1 vectors.

    Errors: ValueError for a reach below 0. Source: [shaw2018, section 3.2].
    """
    if reach < 0:
        raise ValueError(f"reach must be at least 0 but is {reach}")
    return np.clip(_offsets(q_pos, k_pos), -reach, reach) + reach


def shaw_bias(
    q: Float[Array, "*batch queries d_k"],
    table: Float[Array, "rows d_k"],
    index: Integer[Array, "queries keys"],
) -> Float[Array, "*batch queries keys"]:
    """q_i · table[index_ij] / sqrt(d_k): what the offset adds to the score, to be passed on as `bias`.

    Errors: ValueError for widths or counts that disagree, and for an index without a row.
    Source: [shaw2018, section 3.3, equation 5], its second term.
    """
    q, rows = finite("q", q), _rows(table, index, np.shape(q)[-1])
    if q.shape[-2] != rows.shape[0]:
        raise ValueError(f"q has {q.shape[-2]} queries but index has {rows.shape[0]}")
    return np.einsum("...id,ijd->...ij", q, rows) / math.sqrt(q.shape[-1])


def shaw_mix(
    weights: Float[Array, "*batch queries keys"],
    table: Float[Array, "rows d_v"],
    index: Integer[Array, "queries keys"],
) -> Float[Array, "*batch queries d_v"]:
    """sum_j weights_ij table[index_ij]: what the offsets add to the output.

    Errors: ValueError for counts that disagree, and for an index without a row.
    Source: [shaw2018, section 3.1, equation 3], its second term.
    """
    weights, rows = finite("weights", weights), _rows(table, index, np.shape(table)[-1])
    if weights.shape[-2:] != rows.shape[:2]:
        raise ValueError(f"weights are {weights.shape[-2:]} but index is {rows.shape[:2]}")
    return np.einsum("...ij,ijd->...id", weights, rows)


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
    exact, offsets = side // 2, _offsets(q_pos, k_pos)
    distance = np.abs(offsets) if both_sides else np.maximum(-offsets, 0)
    share = np.arange(1, side - exact) / (side - exact)
    edges = exact * (max_distance / exact) ** share * (1 - 1e-9)  # rounding must not lift a whole edge
    wide = exact + np.searchsorted(edges, distance, side="right")
    return np.where(distance < exact, distance, wide) + (side * (offsets > 0) if both_sides else 0)


def angles(positions: Real[Array, "*tokens"], speeds: Float[Array, "pairs"]) -> Float[Array, "*tokens pairs"]:
    """position · speed, in radians. Errors: ValueError for NaN or infinity in either."""
    return np.multiply.outer(finite("positions", positions), finite("speeds", speeds))


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
    _even("width", width)
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


def alibi_slopes(n_heads: int) -> Float[Array, "n_heads"]:
    """2^(-8h / n) for head h = 1 ... n, if n is a power of two.

    Otherwise the slopes of the next smaller power of two, then every other slope of twice that power, as in
    the code published with the paper.
    Errors: ValueError for fewer than one head. Source: [press2022, section 3].
    """
    if n_heads < 1:
        raise ValueError(f"n_heads must be at least 1 but is {n_heads}")
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
    return -alibi_slopes(n_heads)[:, None, None] * np.abs(_offsets(q_pos, k_pos))


def interpolated(speeds: Float[Array, "pairs"], factor: float) -> Float[Array, "pairs"]:
    """speeds / factor, as if every position were divided by it.

    Errors: ValueError for a factor below 1. Source: [chen2023, section 2.3].
    """
    _factor(factor)
    return finite("speeds", speeds) / factor


def ntk_aware(speeds: Float[Array, "pairs"], factor: float) -> Float[Array, "pairs"]:
    """speeds · factor^(-i / (pairs - 1)): the fastest pair keeps its speed, the slowest is interpolated fully.

    The same as a base multiplied by factor^(width / (width - 2)).
    Errors: those of `interpolated`; ValueError for fewer than two pairs. Source: [peng2024, section 3.1].
    """
    _factor(factor)
    speeds = _two_pairs(speeds)
    return speeds * factor ** (-np.arange(speeds.size) / (speeds.size - 1))


def dynamic_ntk(
    speeds: Float[Array, "pairs"], factor: float, trained: int, length: int
) -> Float[Array, "pairs"]:
    """`ntk_aware` with factor · length / trained - (factor - 1): nothing changes up to `trained`, then it grows.

    Errors: those of `ntk_aware`; ValueError for a length below 1.
    Source: [peng2024, section 3.3], the idea; the formula is that of published code.
    """
    _factor(factor)
    _lengths(trained=trained, length=length)
    return ntk_aware(speeds, factor * max(length, trained) / trained - (factor - 1))


def kept_by_turns(
    speeds: Float[Array, "pairs"], trained: int, slow: float = 1, fast: float = 32
) -> Float[Array, "pairs"]:
    """Share of its own speed that each pair keeps: 0 up to `slow` turns in `trained` positions, 1 from `fast` on.

    In between it grows in proportion to the turns.
    Errors: ValueError unless `fast` is above `slow`.
    Source: [peng2024, section 3.2], where slow is alpha and fast is beta.
    """
    if fast <= slow:
        raise ValueError(f"fast must be above slow, {slow} turns, but is {fast}")
    turns = finite("speeds", speeds) * trained / (2 * np.pi)
    return np.clip((turns - slow) / (fast - slow), 0, 1)


def kept_by_index(speeds: Float[Array, "pairs"], trained: int) -> Float[Array, "pairs"]:
    """As `kept_by_turns`, but in proportion to the number of the pair, as in published code.

    The ends of the ramp are rounded outward to whole numbers. For speeds in geometric progression, as all are.
    Errors: ValueError for fewer than two pairs.
    """
    speeds = _two_pairs(speeds)
    step = np.log(speeds[0] / speeds[1])
    at_32, at_1 = (np.log(speeds[0] * trained / (2 * np.pi * turns)) / step for turns in (32, 1))
    low, high = max(np.floor(at_32), 0), min(np.ceil(at_1), 2 * speeds.size - 1)
    return 1 - np.clip((np.arange(speeds.size) - low) / max(high - low, 1e-3), 0, 1)


def yarn(
    speeds: Float[Array, "pairs"], factor: float, trained: int, kept: Callable = kept_by_turns
) -> Float[Array, "pairs"]:
    """kept · speed + (1 - kept) · speed / factor: fast pairs as they were, slow ones interpolated.

    `trained` is the length the model was trained on. Comes with `yarn_scale`.
    Errors: ValueError for a factor or a length below 1. Source: [peng2024, section 3.2].
    """
    _factor(factor)
    _lengths(trained=trained)
    share = kept(speeds, trained)
    return finite("speeds", speeds) * (share + (1 - share) / factor)


def yarn_scale(factor: float) -> float:
    """0.1 ln(factor) + 1: multiplies rotated queries and rotated keys, so scores grow by its square.

    Errors: ValueError for a factor below 1. Source: [peng2024, section 3.4].
    """
    _factor(factor)
    return 0.1 * math.log(factor) + 1


def llama3(
    speeds: Float[Array, "pairs"], factor: float, trained: int, slow: float = 1, fast: float = 4
) -> Float[Array, "pairs"]:
    """`yarn` without its scale, and with a steeper ramp: pairs that make `fast` turns or more are left alone.

    Errors: those of `yarn` and `kept_by_turns`. Source: the code published with Llama 3.1, in which slow is
    low_freq_factor and fast is high_freq_factor.
    """
    return yarn(speeds, factor, trained, lambda own, length: kept_by_turns(own, length, slow, fast))


def longrope(speeds: Float[Array, "pairs"], factors: Float[Array, "pairs"]) -> Float[Array, "pairs"]:
    """speeds / factors: every pair has a factor of its own, found by a search and published with the weights.

    Such a model has two lists, for texts up to the length trained on and for longer ones.
    Comes with `longrope_scale`.
    Errors: ValueError for a factor below 1, or unless there is one for each pair.
    Source: [ding2024, section 3.1].
    """
    speeds, factors = finite("speeds", speeds), finite("factors", factors)
    if factors.shape != speeds.shape:
        raise ValueError(f"there are {factors.size} factors for {speeds.size} pairs")
    _factor(factors.min(initial=1.0))
    return speeds / factors


def longrope_scale(factor: float, trained: int) -> float:
    """sqrt(1 + ln(factor) / ln(trained)): multiplies rotated queries and rotated keys.

    Errors: ValueError for a factor below 1 or fewer than 2 positions. Source: published code.
    """
    _factor(factor)
    if trained < 2:
        raise ValueError(f"trained must be at least 2 positions but is {trained}")
    return math.sqrt(1 + math.log(factor) / math.log(trained))


def proportional(
    speeds: Float[Array, "pairs"], share: float, factor: float = 1.0
) -> Float[Array, "pairs"]:
    """speeds / factor in the first `share` of the pairs, rounded down; the slower ones stand still.

    Errors: ValueError for a share outside 0 ... 1, or a factor below 1. Source: published code.
    """
    _factor(factor)
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie between 0 and 1 but is {share}")
    speeds = finite("speeds", speeds)
    return np.where(np.arange(speeds.size) < int(share * speeds.size), speeds / factor, 0.0)


def _even(name: str, n: int) -> None:
    if n < 2 or n % 2:
        raise ValueError(f"{name} must be even and at least 2 but is {n}")


def _whole(name: str, x) -> Integer[Array, "..."]:
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers but its dtype is {x.dtype}")
    return x.astype(np.int64)


def _offsets(q_pos, k_pos) -> Integer[Array, "queries keys"]:
    """Key position minus query position."""
    q_pos, k_pos = _whole("q_pos", q_pos), _whole("k_pos", k_pos)
    for name, pos in (("q_pos", q_pos), ("k_pos", k_pos)):
        if pos.ndim != 1:
            raise ValueError(f"{name} must be 1-D but has shape {pos.shape}")
    return k_pos - q_pos[:, None]


def _inside(rows: Array, n: int) -> None:
    if rows.size and (rows.min() < 0 or rows.max() >= n):
        wrong = rows.max() if rows.max() >= n else rows.min()
        raise ValueError(f"there is no row {wrong}: the table has {n}, numbered 0 to {n - 1}")


def _rows(table, index, width: int) -> Float[Array, "queries keys width"]:
    table, index = finite("table", table), _whole("index", index)
    _inside(index, len(table))
    if table.shape[-1] != width:
        raise ValueError(f"q has d_k = {width} but the table's vectors have {table.shape[-1]}")
    return table[index]


def _bucket_counts(n_buckets: int, max_distance: int, both_sides: bool) -> int:
    """Buckets of one side."""
    parts = 4 if both_sides else 2
    if n_buckets < parts or n_buckets % parts:
        raise ValueError(f"n_buckets must be a multiple of {parts} but is {n_buckets}")
    side = n_buckets // 2 if both_sides else n_buckets
    if max_distance <= side // 2:
        raise ValueError(f"max_distance must be above {side // 2}, the exact buckets, but is {max_distance}")
    return side


def _fits(x, turned) -> Float[Array, "*batch tokens width"]:
    x = finite("x", x)
    if x.shape[-1] != 2 * turned.shape[-1]:
        raise ValueError(f"x has {x.shape[-1]} features, not two for each of {turned.shape[-1]} angles")
    if x.shape[-2] != turned.shape[-2]:
        raise ValueError(f"x has {x.shape[-2]} tokens but there are angles for {turned.shape[-2]}")
    return x


def _factor(factor: float) -> None:
    if not finite_number("factor", factor) >= 1:
        raise ValueError(f"factor must be at least 1 but is {factor}")


def _lengths(**lengths: int) -> None:
    for name, length in lengths.items():
        if length < 1:
            raise ValueError(f"{name} must be at least 1 position but is {length}")


def _two_pairs(speeds) -> Float[Array, "pairs"]:
    speeds = finite("speeds", speeds)
    if speeds.size < 2:
        raise ValueError(f"at least 2 pairs are needed but there is {speeds.size}")
    return speeds
