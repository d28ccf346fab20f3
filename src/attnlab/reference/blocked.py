"""Attention block by block: the same numbers as `attention`, without ever holding the score matrix.

A softmax needs the sum over a whole row, yet a row can be read piece by piece if three things are carried
along: the largest score so far, the sum of the weights relative to it, and the values mixed with those
weights. A new peak only rescales the other two. Backwards, the weights are computed again, tile by tile,
from the one number that was saved for each row: its log-sum-exp.

One number holds two, the peak and the log of the total. Beside a peak of -1e30, which a bias may bring, no
digit is left for the total; the backward pass then adds it up again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from attnlab._counts import count, counts
from attnlab._shapes import Array, Bool, Float


LARGE = 1e3  # a log-sum-exp beyond it has lost three digits of its total, or all of them


class Masking(NamedTuple):
    """Who may look at whom. The last query stands beside the last key; a window of n sees n keys, its own
    included."""

    causal: bool = False
    window: int | None = None
    key_mask: Bool[Array, "*batch keys"] | None = None


class Running(NamedTuple):
    """What is known of some rows after a few blocks of keys. Changed in place by `absorb`."""

    peak: Float[Array, "rows 1"]
    total: Float[Array, "rows 1"]
    mix: Float[Array, "rows d_v"]


@counts("n_rows", "d_v")
def start(n_rows: int, d_v: int, dtype: type | np.dtype = np.float64) -> Running:
    """Rows that have seen nothing. The peak starts at the smallest number, not -inf, as -inf - -inf is
    NaN."""
    lowest = np.finfo(dtype).min
    return Running(
        np.full((n_rows, 1), lowest, dtype), np.zeros((n_rows, 1), dtype), np.zeros((n_rows, d_v), dtype)
    )


def absorb(
    state: Running, scores: Float[Array, "rows block"], values: Float[Array, "block d_v"]
) -> Float[Array, "rows block"]:
    """Take one block of keys into the running rows; the scores become their weights, and are returned.

    peak' = max(peak, max scores),  r = exp(peak - peak'),  p = exp(scores - peak'),
    total' = r total + sum p,  mix' = r mix + p values.
    Source: [milakov2018, algorithm 3]; with values [dao2022, algorithm 1].
    """
    peak = np.maximum(state.peak, scores.max(axis=-1, keepdims=True))
    with np.errstate(over="ignore"):  # a gap too wide for the precision becomes -inf: weight 0, as it should
        rescale = np.exp(state.peak - peak)
        scores -= peak
    weights = np.exp(scores, out=scores)
    state.total[:] = rescale * state.total + weights.sum(axis=-1, keepdims=True)
    state.mix[:] = rescale * state.mix + weights @ values
    state.peak[:] = peak
    return weights


def finish(state: Running) -> tuple[Float[Array, "rows d_v"], Float[Array, "rows"]]:
    """(mix / total, peak + log total): the output and the log-sum-exp; (0, -inf) for a row that saw no
    key."""
    seen = state.total > 0
    total = np.where(seen, state.total, 1)
    lse = np.where(seen, state.peak + np.log(total), -np.inf)
    return state.mix / total, lse[:, 0]


def blocked_attention(
    q: Float[Array, "*batch queries d_k"],
    k: Float[Array, "*batch keys d_k"],
    v: Float[Array, "*batch keys d_v"],
    blocks: tuple[int, int] = (256, 512),
    masking: Masking = Masking(),
    bias: Float[Array, "*#scores"] | None = None,
    scale: float | None = None,
) -> tuple[Float[Array, "*batch queries d_v"], Float[Array, "*batch queries"]]:
    """(output, log-sum-exp) of softmax(q kᵀ · scale + bias) v, in blocks of (queries, keys).

    Computed in the precision of `q`. A query that may look at no key gets output 0 and log-sum-exp -inf.
    Errors: ValueError for sizes that disagree and for blocks below 1.
    Source: [dao2023, algorithm 1].
    """
    bias = _check(q, k, v, blocks, masking, bias)
    kind = q.dtype if q.dtype.kind == "f" else np.dtype(np.float64)  # whole numbers have no exponentials
    out, lse = np.zeros((*q.shape[:-1], v.shape[-1]), kind), np.zeros(q.shape[:-1], kind)
    for i in np.ndindex(q.shape[:-2]):
        for rows in _slices(q.shape[-2], blocks[0]):
            state = start(rows.stop - rows.start, v.shape[-1], kind)
            for keys, scores in _tiles(q, k, bias, scale, masking, i, rows, blocks[1]):
                absorb(state, scores, v[i][keys])
            out[i][rows], lse[i][rows] = finish(state)
    return out, lse


def blocked_gradient(
    q: Float[Array, "*batch queries d_k"],
    k: Float[Array, "*batch keys d_k"],
    v: Float[Array, "*batch keys d_v"],
    out: Float[Array, "*batch queries d_v"],
    lse: Float[Array, "*batch queries"],
    d_out: Float[Array, "*batch queries d_v"],
    blocks: tuple[int, int] = (256, 512),
    masking: Masking = Masking(),
    bias: Float[Array, "*#scores"] | None = None,
    scale: float | None = None,
) -> tuple[
    Float[Array, "*batch queries d_k"], Float[Array, "*batch keys d_k"], Float[Array, "*batch keys d_v"]
]:
    """(dq, dk, dv) from what `blocked_attention` returned and the gradient of its output.

    P = exp(scores - lse) again, tile by tile. With D = sum(d_out · out) of each row, which is the sum of P
    dP over the row without the row:  dv += Pᵀ d_out,  dS = P (d_out vᵀ - D),  dq += scale · dS k,  dk +=
    scale · dSᵀ q.  Where a log-sum-exp is beyond 1,000 on either side, rounding has cost P its sum of 1: it
    is added up first, and divided by.
    Source: [dao2023, algorithm 2].
    """
    bias = _check(q, k, v, blocks, masking, bias)
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    factor = _factor(q, scale)
    level = np.where(np.isneginf(lse), 0, lse)[..., None]
    drift = (d_out * out).sum(axis=-1, keepdims=True)
    for i in np.ndindex(q.shape[:-2]):
        for rows in _slices(q.shape[-2], blocks[0]):
            tiles = (q, k, bias, scale, masking, i, rows, blocks[1])
            total = _total(level[i][rows], *tiles)
            for keys, scores in _tiles(*tiles):
                weights = _relative(scores, level[i][rows]) / total
                d_scores = weights * (d_out[i][rows] @ v[i][keys].T - drift[i][rows])
                dv[i][keys] += weights.T @ d_out[i][rows]
                dq[i][rows] += factor * d_scores @ k[i][keys]
                dk[i][keys] += factor * d_scores.T @ q[i][rows]
    return dq, dk, dv


def merge(
    out_1: Float[Array, "*rows d_v"], lse_1: Float[Array, "*rows"],
    out_2: Float[Array, "*rows d_v"], lse_2: Float[Array, "*rows"],
) -> tuple[Float[Array, "*rows d_v"], Float[Array, "*rows"]]:  # fmt: skip
    """lse = log(exp(lse_1) + exp(lse_2));  out = exp(lse_1 - lse) out_1 + exp(lse_2 - lse) out_2.

    Joins two results over different keys of the same queries. Associative and commutative; (0, -inf), a row
    that saw no key, changes nothing.
    Source: [milakov2018, section 3.1].
    """
    peak = np.maximum(lse_1, lse_2)
    peak = np.where(np.isneginf(peak), 0, peak)
    weight_1, weight_2 = np.exp(lse_1 - peak), np.exp(lse_2 - peak)
    total = weight_1 + weight_2
    share = np.where(total > 0, total, 1)
    lse = np.where(total > 0, peak + np.log(share), -np.inf)
    return (weight_1 / share)[..., None] * out_1 + (weight_2 / share)[..., None] * out_2, lse


def _tiles(
    q: Array, k: Array, bias: Array, scale: float | None, masking: Masking,
    index: tuple[int, ...], rows: slice, width: int,
) -> Iterator[tuple[slice, Array]]:  # fmt: skip
    """(keys, scores) of every tile in which some of the rows may look."""
    for keys in _slices(k.shape[-2], width):
        visible = _visible(rows, keys, q.shape[-2], k.shape[-2], index, masking)
        if visible.any():
            yield keys, _scores(q[index], k[index], bias[index], scale, rows, keys, visible)


def _total(level: Array, *tiles) -> Array:
    """The sum of exp(scores - level) of each row: 1, but where the level has no digit left for it."""
    if not (np.abs(level) > LARGE).any():
        return np.ones_like(level)
    total = sum(_relative(scores, level).sum(axis=-1, keepdims=True) for _, scores in _tiles(*tiles))
    return np.where(total > 0, total, 1)


def _relative(scores: Array, level: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(scores - level)


def _scores(
    q: Array, k: Array, bias: Array, scale: float | None, rows: slice, keys: slice, visible: Array
) -> Array:
    """One tile of scores, -inf where the query may not look. A tile that sees everything needs no mask."""
    scores = (q[rows] * _factor(q, scale)) @ k[keys].T
    if bias.size:
        scores += bias[rows, keys]
    return scores if visible.all() else np.where(visible, scores, scores.dtype.type(-np.inf))


def _visible(
    rows: slice, keys: slice, n_queries: int, n_keys: int, index: tuple[int, ...], masking: Masking
) -> Array:
    """Which keys of the tile its queries may look at: True alone stands for all of them, False for none."""
    offset = n_keys - n_queries  # the last query stands beside the last key
    last = rows.stop - 1 + offset
    if (masking.causal or masking.window is not None) and keys.start > last:
        return np.array(False)
    visible = np.array(True)
    position, key = np.arange(rows.start, rows.stop)[:, None] + offset, np.arange(keys.start, keys.stop)
    if (masking.causal or masking.window is not None) and keys.stop - 1 > rows.start + offset:
        visible = visible & (key <= position)
    if masking.window is not None:
        visible = visible & (key > position - masking.window)
    if masking.key_mask is not None:
        visible = visible & masking.key_mask[index[: masking.key_mask.ndim - 1]][keys]
    return visible


def _slices(length: int, size: int) -> list[slice]:
    return [slice(i, min(i + size, length)) for i in range(0, length, size)]


def _factor(q: Array, scale: float | None) -> float:
    return float(q.shape[-1] ** -0.5 if scale is None else scale)


def _check(
    q: Array, k: Array, v: Array, blocks: tuple[int, int], masking: Masking, bias: Array | None
) -> Array:
    """ValueError unless everything fits; the bias as wide as the scores, or with no rows if there is none."""
    for name, size in (("block of queries", blocks[0]), ("block of keys", blocks[1]), ("window", masking.window)):
        if size is not None:
            count(name, size, at_least=1)
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ValueError(f"leading axes differ: q {q.shape[:-2]}, k {k.shape[:-2]}, v {v.shape[:-2]}")
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"q has d_k = {q.shape[-1]} but k has d_k = {k.shape[-1]}")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"k has {k.shape[-2]} keys but v has {v.shape[-2]}")
    if masking.key_mask is not None and masking.key_mask.shape[-1] != k.shape[-2]:
        raise ValueError(f"key_mask has {masking.key_mask.shape[-1]} keys but k has {k.shape[-2]}")
    if bias is None:
        return np.zeros((*q.shape[:-2], 0, 0), q.dtype)
    with np.errstate(over="ignore"):  # beyond the precision of q lies -inf
        return np.broadcast_to(bias.astype(q.dtype), (*q.shape[:-1], k.shape[-2]))
