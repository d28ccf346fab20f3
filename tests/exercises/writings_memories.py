"""Right answers to the exercises on memories of fixed size, written differently from the solutions."""

from __future__ import annotations

import numpy as np
from right_ways import collector

RIGHT, right = collector("efficiency")
THEORY, of_theory = collector("theory")


@right("overwrite")
def overwrite_by_projection(memory, k, v):
    memory, k, v = (np.array(x, dtype=float) for x in (memory, k, v))
    length = np.linalg.norm(k)
    if length == 0:
        return memory.tolist()
    unit = k / length
    return ((np.eye(len(k)) - np.outer(unit, unit)) @ memory + np.outer(unit, v) / length).tolist()


@right("overwrite")
def overwrite_with_a_pseudo_inverse(memory, k, v):
    k = np.asarray(k, dtype=float)[None]
    return memory + np.linalg.pinv(k) @ (np.asarray(v, dtype=float)[None] - k @ memory)


@right("decay_between")
def between_by_products(decay):
    n = len(decay)
    return [[float(np.prod(decay[j + 1 : i + 1])) if j <= i else 0.0 for j in range(n)] for i in range(n)] if n else np.zeros((0, 0))


@right("decay_between")
def between_by_cumulated_columns(decay):
    left = np.zeros((len(decay), len(decay)))
    for j in range(len(decay)):
        left[j:, j] = np.cumprod(np.concatenate([[1.0], np.asarray(decay, dtype=float)[j + 1 :]]))
    return left


@right("delta_weights")
def weights_by_running_the_rule(q, k, rate):
    n, d = np.shape(k)
    memory, rows = np.zeros((d, n)), []
    for t in range(n):
        memory = memory + rate[t] * np.outer(k[t], np.eye(n)[t] - k[t] @ memory)
        rows.append(q[t] @ memory)
    return rows


@right("delta_weights")
def weights_by_products_of_householders(q, k, rate):
    n, d = np.shape(k)
    table = np.zeros((n, n))
    for j in range(n):
        state = rate[j] * np.asarray(k[j], dtype=float)
        for i in range(j, n):
            if i > j:
                state = state - rate[i] * np.asarray(k[i]) * (k[i] @ state)
            table[i, j] = q[i] @ state
    return table


@right("hybrid_bytes")
def bytes_layer_by_layer(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    total = 0
    for letter in pattern:
        total += bytes_each * (sum(kv_heads * d_head for _ in range(2)) * tokens if letter == "A" else heads * d_k * d_v)
    return total


@of_theory("undo_write")
def undo_entry_by_entry(memory, w, erase, add):
    out = []
    for slot, weight in zip(memory, w):
        kept = [1 - float(weight) * float(e) for e in erase]
        out.append([(float(m) - float(weight) * float(a)) / g if g else 0.0 for m, a, g in zip(slot, add, kept)])
    return out


@of_theory("alignments")
def alignments_pair_by_pair(patterns):
    X = [[int(x) for x in row] for row in patterns]
    d = len(X[0])
    return [[sum(x[i] * x[j] * y[i] * y[j] for y in X for j in range(d) if j != i) / d for i in range(d)] for x in X]


@of_theory("counted_patterns")
def counted_with_logaddexp(x, patterns, counts, beta):
    s = [float(np.dot(x, p)) * beta + float(np.log(c)) for p, c in zip(patterns, counts)]
    total = np.logaddexp.reduce(s)
    step = sum(np.exp(one - total) * np.asarray(p, dtype=float) for one, p in zip(s, patterns))
    return step, 0.5 * float(np.sum(np.square(x))) - total / beta


@of_theory("least_sharpness")
def sharpness_by_halving(best, others, n, share):
    low, high = -100.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        weight = 1 / (1 + n * np.exp(np.clip(-middle * (best - others), -700, 700)))
        low, high = (middle, high) if weight < share else (low, middle)
    return middle


RIGHT += THEORY
