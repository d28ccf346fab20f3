"""Right answers to the exercises on sparse and linear attention, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("efficiency")


@right("fixed_pattern")
def fixed_in_loops(n, size, n_summary):
    rows = []
    for i in range(n):
        first = i - i % size
        rows.append([j <= i and (j >= first or j % size in range(size - n_summary, size)) for j in range(n)])
    return rows


@right("fixed_pattern")
def fixed_by_slices(n, size, n_summary):
    mask = np.zeros((n, n), dtype=bool)
    for start in range(0, n, size):
        mask[start : start + size, start : start + size] = True
        if n_summary:
            mask[:, start + size - n_summary : start + size] = True
    return np.tril(mask)


@right("reach_after")
def reach_by_search(mask, n_layers):
    counts = []
    for i in range(len(mask)):
        known = {i}
        for _ in range(n_layers):
            known |= {int(j) for one in known for j in np.flatnonzero(mask[one])}
        counts.append(len(known))
    return counts


@right("reach_after")
def reach_by_powers(mask, n_layers):
    sees = (np.asarray(mask) | np.eye(len(mask), dtype=bool)).astype(float)
    known = np.eye(len(mask))
    while n_layers:
        if n_layers & 1:
            known = np.minimum(known @ sees, 1)
        sees = np.minimum(sees @ sees, 1)
        n_layers >>= 1
    return known.sum(axis=1).astype(int)


@right("shared_blocks")
def shared_in_loops(weights, own, n_best):
    sums = [sum(float(row[b]) for row in weights) for b in range(len(weights[0]))]
    read = {0, own}
    for b in sorted(range(1, own), key=lambda b: sums[b], reverse=True):
        if len(read) < n_best:
            read.add(b)
    return [b in read for b in range(len(sums))]


@right("shared_blocks")
def shared_by_a_threshold(weights, own, n_best):
    worth = np.where(np.arange(weights.shape[1]) < own, np.asarray(weights, dtype=np.float64).sum(axis=0), -np.inf)
    worth[[0, own]] = np.inf
    order = np.argsort(worth)[::-1][: max(n_best, 2)]
    return np.isin(np.arange(len(worth)), order) & (worth > -np.inf)


@right("selection_work")
def work_in_loops(n, k, n_heads, d_head, index_heads, d_index):
    seen = np.arange(1, n + 1, dtype=np.int64)
    pairs, chosen = int(seen.sum()), int(np.minimum(seen, k).sum())
    return [pairs * index_heads * d_index * 2, chosen * n_heads * d_head * 4, pairs * n_heads * d_head * 4]


def elu(x):
    return [[a + 1 if a > 0 else math.exp(a) for a in map(float, row)] for row in x]


@right("padded_linear")
def padded_in_loops(q, k, v, real):
    out = []
    for texts in zip(q, k, v, real):
        asked, keys = elu(texts[0]), elu(texts[1])
        used = [j for j, there in enumerate(texts[3]) if there]
        rows = []
        for one in asked:
            weights = [sum(a * b for a, b in zip(one, keys[j])) for j in used]
            rows.append([sum(w * float(texts[2][j][c]) for w, j in zip(weights, used)) / sum(weights) if used else 0.0 for c in range(len(texts[2][0]))])
        out.append(rows)
    return out


@right("padded_linear")
def padded_by_the_table(q, k, v, real):
    phi = [np.where(x > 0, 1.0 + x, np.exp(np.clip(x, None, 0))) for x in (np.asarray(q, dtype=float), np.asarray(k, dtype=float))]
    table = np.einsum("bqd,bkd,bk->bqk", *phi, real.astype(float))
    return np.einsum("bqk,bkv->bqv", table, v) / np.clip(table.sum(-1, keepdims=True), 1e-300, None)


@right("continue_linear")
def continue_in_a_loop(memory, total, q, k, v):
    memory, total, rows = np.array(memory, dtype=float), np.array(total, dtype=float), []
    for i in range(len(q)):
        memory += k[i][:, None] * v[i]
        total += k[i]
        rows.append(q[i] @ memory / (q[i] @ total))
    return np.stack(rows), memory, total


@right("continue_linear")
def continue_with_running_sums(memory, total, q, k, v):
    memories = memory + np.cumsum(np.einsum("nd,nv->ndv", k, v), axis=0)
    totals = total + np.cumsum(k, axis=0)
    return np.einsum("nd,ndv->nv", q, memories) / (q * totals).sum(-1, keepdims=True), memories[-1], totals[-1]


@right("taylor_features")
def taylor_by_kron(x):
    return [np.concatenate([[1.0], row, np.kron(row, row) * 0.5**0.5]) for row in x]


@right("taylor_features")
def taylor_of_scaled_rows(x):
    half = np.asarray(x, dtype=np.float64) / 2**0.25
    return np.hstack([np.ones((len(half), 1)), np.asarray(x, dtype=np.float64), np.einsum("na,nb->nab", half, half).reshape(len(half), half.shape[1] ** 2)])


@right("linear_break_even")
def break_even_by_counting(d_k, d_v, d_features):
    work = kept = 1
    while (d_k + d_v) * (work + 1) <= 4 * d_features * d_v:
        work += 1
    while kept * (d_k + d_v) <= d_features * d_v + d_features:
        kept += 1
    return work, kept


@right("linear_break_even")
def break_even_by_floats(d_k, d_v, d_features):
    both = d_k + d_v
    work = np.floor(4 * d_features * d_v / both - 1 + 1e-9) + 1
    return max(1, int(work)), int(np.floor(d_features * (1 + d_v) / both + 1e-9)) + 1
