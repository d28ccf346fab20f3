"""Right answers written differently: the backward pass of the blocked kernel, and its tricks."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("efficiency")


@right("lse_gradient")
def lse_gradient_with_a_smaller_d(q, k, v, out, lse, d_out, d_lse):
    """The gradient of the log-sum-exp goes into D, before the loop over the rows."""
    scale, less = q.shape[1] ** -0.5, np.einsum("ie,ie->i", d_out, out) - d_lse
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    for i, row in enumerate(q):
        p = np.exp(scale * (k @ row) - lse[i])
        d_s = scale * p * (v @ d_out[i] - less[i])
        dq[i], dk, dv = d_s @ k, dk + np.outer(d_s, row), dv + np.outer(p, d_out[i])
    return dq.tolist(), dk.tolist(), dv.tolist()


@right("sink_gradient")
def sink_gradient_row_by_row(out, lse, sink, d_out):
    return sum(-math.exp(sink - level) * float(o @ g) for o, level, g in zip(out, lse, d_out))


@right("trick_gains")
def trick_gains_by_differences(milliseconds):
    times = list(map(float, milliseconds))
    saved = -np.diff(times)
    return [a / b for a, b in zip(times, times[1:])], saved / saved.sum()


@right("score_bounds")
def score_bounds_row_by_row(q, k, bias):
    upper, lower = [], []
    for row, b in zip(q, bias):
        seen = [j for j in range(len(k)) if not np.isneginf(b[j])]
        reach = max(math.sqrt(float(row @ row) * float(k[j] @ k[j]) / len(row)) for j in seen)
        upper.append(max(b[seen]) + reach)
        lower.append(min(b[seen]) - reach)
    return upper, lower


@right("fold_columns")
def fold_columns_in_place(q, k, bound):
    wide_q, wide_k = np.empty((len(q), q.shape[1] + 1)), np.ones((len(k), k.shape[1] + 1))
    wide_q[:, :-1], wide_q[:, -1] = q / math.sqrt(q.shape[1]), -bound
    wide_k[:, :-1] = k
    return wide_q / math.log(2), wide_k
