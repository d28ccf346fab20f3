"""Right answers written differently: the exercises of the blocked kernel."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

from attnlab import reference

RIGHT, right = collector("efficiency")


@right("block_loop")
def block_loop_by_merging_partial_results(q, k, v, sinks, block_q, block_k):
    """Each block of keys by itself, joined by their log-sum-exps, in the reverse order."""
    out, lse = np.zeros((len(q), v.shape[1])), sinks.astype(float)
    for start in reversed(range(0, len(k), block_k)):
        s = q @ k[start : start + block_k].T / math.sqrt(q.shape[1])
        top = s.max(axis=1)
        part = top + np.log(np.exp(s - top[:, None]).sum(axis=1))
        both = np.logaddexp(lse, part)
        mine = np.exp(s - both[:, None]) @ v[start : start + block_k]
        out, lse = np.exp(lse - both)[:, None] * out + mine, both
    return out.tolist(), lse.tolist()


@right("block_loop")
def block_loop_row_by_row(q, k, v, sinks, block_q, block_k):
    out, lse = [], []
    for row, sink in zip(q.astype(np.longdouble), sinks):
        s = np.append(k @ row / np.sqrt(len(row)), sink)
        out.append(reference.softmax(s)[:-1] @ v)
        lse.append(s.max() + np.log(np.exp(s - s.max()).sum()))
    return np.array(out, float), np.array(lse, float)


@right("tiles_to_visit")
def tiles_to_visit_pair_by_pair(n_queries, n_keys, block_q, block_k, window):
    rows, columns = -(-n_queries // block_q), -(-n_keys // block_k)
    table = [[False] * columns for _ in range(rows)]
    for i in range(n_queries):
        for j in range(n_keys):
            table[i // block_q][j // block_k] |= 0 <= (i - n_queries) - (j - n_keys) < window
    return table


@right("tiles_to_visit")
def tiles_to_visit_by_counting(n_queries, n_keys, block_q, block_k, window):
    ends = [min(i + block_q, n_queries) + n_keys - n_queries for i in range(0, n_queries, block_q)]
    counts = [min(max(0, -(-end // block_k)), -(-n_keys // block_k)) for end in ends]
    skipped = [max(0, i + n_keys - n_queries - window + 1) // block_k for i in range(0, n_queries, block_q)]
    number = np.arange(-(-n_keys // block_k))
    return (number < np.array(counts)[:, None]) & (number >= np.array(skipped)[:, None])


@right("backward_tile")
def backward_tile_in_einsum(q, k, v, bias, out, lse, d_out):
    p = np.exp(np.einsum("ic,jc->ij", q, k) / math.sqrt(q.shape[-1]) + bias - lse[..., None])
    d_s = p * (np.einsum("ie,je->ij", d_out, v) - np.einsum("ie,ie->i", d_out, out)[:, None])
    c = 1 / math.sqrt(q.shape[-1])
    return c * np.einsum("ij,jc->ic", d_s, k), c * np.einsum("ij,ic->jc", d_s, q), np.einsum("ij,ie->je", p, d_out), d_s.tolist()


@right("window_detective")
def window_detective_by_moving_one_value(attend, size):
    """Change one value at a time and see which outputs move."""
    n = 3 * size + 4
    rng = np.random.default_rng(3)
    q, k, v = rng.normal(size=(3, n, 2))
    before, place = attend(q, k, v), 2 * size + 1
    seen = set()
    for j in range(n):
        moved = v.copy()
        moved[j] += 1
        if not np.allclose(attend(q, k, moved)[place], before[place]):
            seen.add(place - j)
    if -1 in seen:
        return "sees the future"
    names = {size: "correct", size + 1: "one too wide", size - 1: "one too narrow"}
    return names.get(len(seen), "no far end")


@right("block_loop")
def block_loop_keys_outside(q, k, v, sinks, block_q, block_k):
    """The loops the other way round, in single precision where it does no harm."""
    out, total, top = np.zeros((len(q), v.shape[1])), np.ones(len(q)), np.array(sinks, float)
    for j in range(0, len(k), block_k):
        for i in range(0, len(q), block_q):
            s = np.einsum("ic,jc->ij", q[i : i + block_q], k[j : j + block_k]) / math.sqrt(q.shape[1])
            new = np.maximum(top[i : i + block_q], s.max(axis=1))
            old, p = np.exp(top[i : i + block_q] - new), np.exp(s - new[:, None])
            total[i : i + block_q] = total[i : i + block_q] * old + p.sum(axis=1)
            out[i : i + block_q] = out[i : i + block_q] * old[:, None] + p @ v[j : j + block_k]
            top[i : i + block_q] = new
    return [(out / total[:, None]).astype(np.float32), top + np.log(total)]


@right("backward_tile")
def backward_tile_pair_by_pair(q, k, v, bias, out, lse, d_out):
    dq, dk, dv, d_bias = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v), np.zeros_like(bias)
    c = len(q[0]) ** -0.5
    for i, query in enumerate(q):
        for j, key in enumerate(k):
            p = math.exp(c * float(query @ key) + bias[i, j] - lse[i])
            d_bias[i, j] = p * float(d_out[i] @ (v[j] - out[i]))
            d_s = c * d_bias[i, j]
            dq[i] += d_s * key
            dk[j] += d_s * query
            dv[j] += p * d_out[i]
    return dq, dk, dv, d_bias
