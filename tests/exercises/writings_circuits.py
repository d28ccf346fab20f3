"""Right answers to the exercises on circuits, written differently from the solutions."""

from __future__ import annotations

import numpy as np
from right_ways import collector

RIGHT, right = collector("theory")


@right("induction_score")
def induction_in_loops(weights, ids):
    rows = []
    for t in range(len(ids)):
        found = [float(weights[t][j]) for j in range(1, t + 1) if ids[j - 1] == ids[t]]
        if found:
            rows.append(sum(found))
    return sum(rows) / len(rows) if rows else 0


@right("induction_score")
def induction_by_rolling(weights, ids):
    a, x = np.array(weights, dtype=np.float64), np.asarray(ids)
    before = np.roll(x, 1)
    counts = (before[None] == x[:, None]) & (np.arange(len(x)) > 0)[None]
    counts = np.tril(counts)
    number = counts.any(1).sum()
    return np.float64(np.einsum("tj,tj->", a, counts) / max(number, 1))


@right("copying_share")
def copying_token_by_token(embed, value, output, unembed):
    hits = 0
    for i, row in enumerate(embed):
        logits = np.dot(np.dot(np.dot(row, value), output), unembed)
        hits += int(max(range(len(logits)), key=lambda j: logits[j]) == i)
    return hits / len(embed)


@right("copying_share")
def copying_by_comparison(embed, value, output, unembed):
    m = np.linalg.multi_dot([np.asarray(x, dtype=float) for x in (embed, value, output, unembed)])
    return np.mean(np.diag(m) >= m.max(1))


@right("held_out_heads")
def held_in_loops(scores, drops, n_rank, k):
    texts, layers, heads = np.shape(scores)
    places = [(layer, head) for layer in range(layers) for head in range(heads)]
    places.sort(key=lambda p: -sum(float(scores[t][p[0]][p[1]]) for t in range(n_rank)))
    effect = {p: sum(float(drops[t][p[0]][p[1]]) for t in range(n_rank, texts)) / (texts - n_rank) for p in places}
    return [sum(effect[p] for p in places[:k]) / k, sum(effect[p] for p in places[k:]) / (len(places) - k)]


@right("held_out_heads")
def held_by_partition(scores, drops, n_rank, k):
    s = np.asarray(scores, float)[:n_rank].sum(0).reshape(-1)
    d = np.asarray(drops, float)[n_rank:].mean(0).reshape(-1)
    limit = np.sort(s)[-k]
    return d[s >= limit].mean(), d[s < limit].mean()
