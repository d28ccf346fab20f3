"""Right answers to the exercises on experts, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("variants")


@right("grouped_sigmoid_route")
def grouped_in_loops(logits, bias, k, n_groups, n_kept, total):
    n = len(logits[0])
    size = n // n_groups
    table = []
    for row in logits:
        s = [1 / (1 + math.exp(-float(z))) if z > -700 else 0.0 for z in row]
        want = {e: s[e] + float(bias[e]) for e in range(n)}
        groups = [range(g * size, (g + 1) * size) for g in range(n_groups)]
        groups.sort(key=lambda group: -sum(sorted((want[e] for e in group), reverse=True)[:2]))
        may = [e for group in groups[:n_kept] for e in group]
        chosen = sorted(may, key=lambda e: -want[e])[:k]
        whole = sum(s[e] for e in chosen)
        table.append([total * s[e] / whole if e in chosen else 0.0 for e in range(n)])
    return table


@right("grouped_sigmoid_route")
def grouped_by_places_with_logaddexp(logits, bias, k, n_groups, n_kept, total):
    s = np.exp(-np.logaddexp(0, -np.asarray(logits, dtype=np.float64)))
    w = (s + bias).reshape(len(s), n_groups, -1)
    two = np.partition(w, -2, axis=-1)[..., -2:].sum(-1)
    rank = np.argsort(np.argsort(-two, axis=1), axis=1)
    w[rank >= n_kept] = -np.inf
    w = w.reshape(s.shape)
    at = np.argpartition(-w, k - 1, axis=1)[:, :k]
    out = np.zeros(s.shape)
    rows = np.arange(len(s))[:, None]
    out[rows, at] = s[rows, at] / s[rows, at].sum(1)[:, None] * total
    return out


@right("balance_of_layers")
def balance_in_loops(logits, k, real):
    layers = []
    for layer in logits:
        rows = [row for text, there in zip(layer, real) for row, one in zip(text, there) if one]
        n = len(rows[0])
        counts, mean = [0] * n, [0.0] * n
        for row in rows:
            row = [float(z) for z in row]
            powers = [math.exp(z - max(row)) for z in row]
            for e in sorted(range(n), key=lambda e: -row[e])[:k]:
                counts[e] += 1
            for e in range(n):
                mean[e] += powers[e] / sum(powers) / len(rows)
        layers.append(n * sum(c / sum(counts) * p for c, p in zip(counts, mean)))
    return sum(layers) / len(layers)


@right("balance_of_layers")
def balance_with_einsum_and_weights(logits, k, real):
    z = np.asarray(logits, dtype=float)
    p = np.exp(z - z.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    border = np.sort(z, -1)[..., -k][..., None]
    hot, there = (z >= border).astype(float), np.asarray(real, dtype=float)
    n = there.sum()
    f = np.einsum("lbte,bt->le", hot, there) / n / k
    mean = np.einsum("lbte,bt->le", p, there) / n
    return z.shape[-1] * np.einsum("le,le->", f, mean) / len(z)


@right("admit_by_weight")
def admit_with_dictionaries(experts, weights, places):
    room, out = {}, [[0.0] * len(row) for row in weights]
    every = sorted(((float(w), t, c) for t, row in enumerate(weights) for c, w in enumerate(row)), reverse=True)
    for w, t, c in every:
        e = int(experts[t][c])
        if room.setdefault(e, 0) < places:
            room[e] += 1
            out[t][c] = w
    return out


@right("admit_by_weight")
def admit_by_a_border_for_each_expert(experts, weights, places):
    out = np.array(weights, dtype=float)
    for e in set(np.ravel(experts).tolist()):
        mine = np.sort(out[experts == e])[::-1]
        if len(mine) > places:
            out[(experts == e) & (out <= mine[places])] = 0
    return out
