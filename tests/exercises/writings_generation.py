"""Right answers to the exercises on decoding, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("architecture")


@right("sampling_distribution")
def sampling_in_loops(logits, t, k, p):
    out = []
    for row in logits:
        ranked = sorted(range(len(row)), key=lambda i: -row[i])[:k]
        powers = {i: math.exp((float(row[i]) - float(row[ranked[0]])) / t) for i in ranked}
        total, mass, kept = sum(powers.values()), 0.0, {}
        for i in ranked:
            if mass >= p:
                break
            kept[i] = powers[i] / total
            mass += kept[i]
        out.append([kept.get(i, 0.0) / sum(kept.values()) for i in range(len(row))])
    return out


@right("sampling_distribution")
def sampling_by_thresholds_in_float32(logits, t, k, p):
    z = np.asarray(logits, dtype=np.float32) / np.float32(t)
    e = np.exp(z - z.max(-1, keepdims=True))
    e = np.where(e >= np.sort(e, -1)[:, -min(k, z.shape[1])][:, None], e, 0)
    e = e / e.sum(-1, keepdims=True)
    above = np.array([[e[b][e[b] > x].sum() for x in e[b]] for b in range(len(e))])
    e = np.where(above < p, e, 0)
    return e / e.sum(-1, keepdims=True)


@right("beam_step")
def beam_in_loops(scores, log_p, cache):
    every = [(scores[b] + log_p[b][w], b, w) for b in range(len(scores)) for w in range(len(log_p[0]))]
    best = sorted(every, reverse=True)[: len(scores)]
    return [s for s, _, _ in best], [w for _, _, w in best], np.array([cache[b] for _, b, _ in best])


@right("beam_step")
def beam_by_unravelling(scores, log_p, cache):
    total = np.add(log_p.T, scores).T.astype(float)
    where = np.argpartition(-total, len(scores) - 1, axis=None)[: len(scores)]
    where = where[np.argsort(total.ravel()[where])[::-1]]
    b, w = np.unravel_index(where, total.shape)
    return total[b, w], w, np.take(cache, b, axis=0)


@right("left_padded_step")
def padded_step_text_by_text(q, k_new, v_new, k_cache, v_cache, real):
    outs = []
    for b in range(len(q)):
        keys = np.vstack([k_cache[b][real[b]], k_new[b]]).astype(float)
        values = np.vstack([v_cache[b][real[b]], v_new[b]]).astype(float)
        s = keys @ q[b] / math.sqrt(len(q[b]))
        e = np.exp(s - s.max())
        outs.append(e @ values / e.sum())
    return np.array(outs), [int(row.sum()) for row in real]


@right("left_padded_step")
def padded_step_new_first_in_float32(q, k_new, v_new, k_cache, v_cache, real):
    keys = np.concatenate([k_new[:, None], k_cache], axis=1).astype(np.float32)
    values = np.concatenate([v_new[:, None], v_cache], axis=1).astype(np.float32)
    may = np.insert(real, 0, True, axis=1)
    s = (keys @ q[..., None].astype(np.float32))[..., 0] * q.shape[1] ** -0.5
    s[~may] = -np.inf
    w = np.exp(s - s.max(1, keepdims=True))
    return (w[:, None] @ values)[:, 0] / w.sum(1, keepdims=True), np.count_nonzero(real, axis=1)


@right("verify_draft")
def verify_at_once(p, q, draft, u):
    g = len(draft)
    at = np.arange(g)
    refused = np.flatnonzero(u * q[at, draft] >= p[at, draft])
    n = int(refused[0]) if len(refused) else g
    rest = p[n] * 1.0 if n == g else (p[n] - q[n]) * (p[n] > q[n])
    return n, rest / rest.sum()


@right("verify_draft")
def verify_with_a_while(p, q, draft, u):
    n = 0
    while n < len(draft) and u[n] < min(1.0, float(p[n][draft[n]]) / float(q[n][draft[n]])):
        n += 1
    if n == len(draft):
        return n, p[n]
    missing = [max(0.0, float(a) - float(b)) for a, b in zip(p[n], q[n])]
    return n, [x / sum(missing) for x in missing]
