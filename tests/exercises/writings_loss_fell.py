"""Right answers to the exercises on testing attention, written differently from the solutions."""

from __future__ import annotations

import numpy as np
from right_ways import collector

RIGHT, right = collector("self_attention")


@right("future_leak")
def leak_in_loops(attend, q, k, v, t, noise):
    late = (np.arange(len(q)) >= t)[:, None]
    before, after = attend(q, k, v), attend(q, k + late * noise, v + late * noise)
    return max(abs(after[i, c] - before[i, c]) for i in range(t) for c in range(v.shape[1]))


@right("neighbour_gap")
def gap_by_maximum_norm(attend, x, lengths):
    batch = attend(x, lengths)
    alone = [attend(x[[i]][:, :n], np.array([n]))[0] for i, n in enumerate(lengths)]
    return [np.linalg.norm((batch[i, :len(a)] - a).ravel(), ord=np.inf) for i, a in enumerate(alone)]


@right("judge_attention")
def judged_by_properties(attend):
    """Rows, past, scale and roles, without any second writing."""
    rng = np.random.default_rng(5)
    q, k, v = rng.normal(size=(3, 13, 11))
    weights = np.log(np.maximum(attend(q, k, np.eye(13)).astype(float), 1e-30))
    scores = q @ k.T / np.sqrt(11)
    gaps = [weights[i, :i + 1] - weights[i, 0] - scores[i, :i + 1] + scores[i, 0] for i in range(13)]
    sums = attend(q, k, np.ones_like(v))
    mixed = np.tril(np.exp(weights)) @ v
    return bool(max(np.abs(gap).max() for gap in gaps) < 1e-3 and np.abs(sums - 1).max() < 1e-4
                and np.abs(attend(q, k, v) - mixed).max() < 1e-4)


@right("cross_attention")
def cross_attention_text_by_text(x, y, lengths, w_q, w_k, w_v):
    out = []
    for one, source, n in zip(x, y, lengths):
        scores = one @ w_q @ w_k.T @ source[:n].T / w_q.shape[1] ** 0.5
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        out.append(powers @ source[:n] @ w_v / powers.sum(axis=1)[:, None])
    return out


@right("dilated_mask")
def dilated_mask_by_lists(n, size, step):
    return [[j in [i - s * step for s in range(size)] for j in range(n)] for i in range(n)]


@right("without_one_key")
def without_one_key_by_weights(weights, values, j):
    rest = weights.copy()
    rest[:, j] = 0
    return np.einsum("ij,jc->ic", rest / rest.sum(axis=1)[:, None], values)
