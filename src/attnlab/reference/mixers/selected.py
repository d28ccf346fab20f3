"""Learned selection: cheap scores say which keys a query looks at. Loops that define."""

from __future__ import annotations

import math

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Bool, Float, Real
from attnlab.reference._numbers import finite
from attnlab.reference.softmax import softmax


def index_scores(
    q: Real[Array, "queries index_heads d_index"],
    k: Real[Array, "keys d_index"],
    weights: Real[Array, "queries index_heads"],
) -> Float[Array, "queries keys"]:
    """sum over the heads h of weights[i, h] * max(0, q[i, h] . k[j]): the keys are shared by all heads.

    Source: [deepseek2025v32, section 2.1, equation 1].
    """
    q, k, weights = finite("q", q), finite("k", k), finite("weights", weights)
    scores = np.zeros((len(q), len(k)))
    for i, (heads, shares) in enumerate(zip(q, weights)):
        for j, key in enumerate(k):
            scores[i, j] = sum(share * max(0.0, head @ key) for head, share in zip(heads, shares))
    return scores


def best_keys(
    scores: Real[Array, "queries keys"], n_best: int, mask: Bool[Array, "queries keys"] | None = None
) -> Bool[Array, "queries keys"]:
    """True for the `n_best` keys of largest score among those that may be seen; all of them where there are fewer.

    Of equal scores the first key is taken.
    """
    scores, n_best = finite("scores", scores), count("n_best", n_best)
    mask = np.ones(scores.shape, dtype=bool) if mask is None else mask
    chosen = np.zeros(scores.shape, dtype=bool)
    for i in range(len(scores)):
        seen = [j for j in range(scores.shape[1]) if mask[i, j]]
        for j in sorted(seen, key=lambda j: -scores[i, j])[:n_best]:
            chosen[i, j] = True
    return chosen


def best_blocks(
    q: Real[Array, "tokens d_k"], k: Real[Array, "tokens d_k"], size: int, n_best: int
) -> Bool[Array, "tokens tokens"]:
    """Causal: a query sees its own block up to itself, and the n_best - 1 past blocks of largest q . (mean of the block's keys).

    `n_best` counts the query's own block.
    Source: [lu2025, section 2.2].
    """
    q, k = finite("q", q), finite("k", k)
    size, n_best = count("size", size, at_least=1), count("n_best", n_best, at_least=1)
    mask = np.zeros((len(q), len(k)), dtype=bool)
    for i, query in enumerate(q):
        own = i // size
        worth = [query @ k[b * size : (b + 1) * size].mean(axis=0) for b in range(own)]
        best = sorted(range(own), key=lambda b: -worth[b])[: n_best - 1]
        for block in [*best, own]:
            mask[i, block * size : min((block + 1) * size, i + 1)] = True
    return mask


def mass_kept(weights: Float[Array, "queries keys"], chosen: Bool[Array, "queries keys"]) -> Float[Array, " queries"]:
    """Sum of the full attention's weights on the chosen keys: 1 if nothing that mattered was left out."""
    return np.array([sum(w for w, c in zip(row, sees) if c) for row, sees in zip(weights, chosen)], dtype=float)


def indexer_loss(
    scores: Real[Array, "queries keys"],
    weights: Float[Array, "heads queries keys"],
    mask: Bool[Array, "queries keys"],
) -> float:
    """Mean over the queries of KL(p || softmax(scores)), p the heads' weights added and divided by their sum.

    Source: [deepseek2025v32, section 2.1, the dense warm-up stage], a sum over the queries there.
    """
    guess = softmax(np.where(mask, finite("scores", scores), -np.inf))
    total = 0.0
    for i, sees in enumerate(mask):
        p = weights[:, i].sum(axis=0) / weights[:, i].sum()
        total += sum(p[j] * math.log(p[j] / guess[i, j]) for j in np.flatnonzero(sees) if p[j] > 0)
    return total / len(mask)
