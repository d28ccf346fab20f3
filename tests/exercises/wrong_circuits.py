"""Wrong answers to the exercises on circuits, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers):
    for what, function in answers.items():
        WRONG.append((f"theory.{name}", what, function, ()))


def score(weights, ids, good, early=1):
    a, x = np.asarray(weights, dtype=float), np.asarray(ids)
    rows = [sum(a[t, j] for j in range(early, len(x)) if good(x, t, j)) for t in range(len(x)) if any(good(x, t, j) for j in range(early, len(x)))]
    return float(np.mean(rows)) if rows else 0.0


several("induction_score", {
    "the largest weight and not the sum": lambda w, x: float(np.mean([max(w[t][j] for j in range(1, t + 1) if x[j - 1] == x[t]) for t in range(len(x)) if any(x[j - 1] == x[t] for j in range(1, t + 1))] or [0])),
    "the first key wraps round to the last token": lambda w, x: score(w, x, lambda x, t, j: j <= t and x[j - 1] == x[t], early=0),
    "two places behind": lambda w, x: score(w, x, lambda x, t, j: 2 <= j <= t and x[j - 2] == x[t]),
    "the sum over queries, not their mean": lambda w, x: float(sum(w[t][j] for t in range(len(x)) for j in range(1, t + 1) if x[j - 1] == x[t])),
    "nothing": lambda w, x: 0.0,
    "the previous token": lambda w, x: float(np.mean([w[t][t - 1] for t in range(1, len(x))])) if len(x) > 1 else 0.0,
    "all keys but the first": lambda w, x: score(w, x, lambda x, t, j: j <= t),
})

table = lambda e, v, o, u: np.asarray(e, float) @ np.asarray(v, float) @ np.asarray(o, float) @ np.asarray(u, float)
several("copying_share", {
    "the smallest": lambda *g: float((table(*g).argmin(1) == np.arange(len(g[0]))).mean()),
    "among the best three": lambda *g: float(np.mean([i in np.argsort(-row)[:3] for i, row in enumerate(table(*g))])),
    "above the mean of its row": lambda *g: float((np.diag(table(*g)) > table(*g).mean(1)).mean()),
    "eigenvalues above 0": lambda *g: float((np.linalg.eigvals(table(*g)).real > 0).mean()),
    "all": lambda *g: 1.0,
    "columns taken down by their mean first": lambda *g: float(((table(*g) - table(*g).mean(0)).argmax(1) == np.arange(len(g[0]))).mean()),
})


def judged(scores, drops, n, k, choose=None, effect=None, give=None):
    s, d = np.asarray(scores, float), np.asarray(drops, float)
    mean = s[:n].mean(0).ravel() if choose is None else choose(s, n)
    e = d[n:].mean(0).ravel() if effect is None else effect(d, n)
    chosen = np.argsort(-mean, kind="stable")[:k]
    others = np.delete(e, chosen)
    return [e[chosen].mean(), others.mean()] if give is None else give(e, chosen, others)


several("held_out_heads", {
    "medians for means at the ranking": lambda s, d, n, k: judged(s, d, n, k, choose=lambda s, n: np.median(s[:n], 0).ravel()),
    "one head more": lambda s, d, n, k: judged(s, d, n, min(k + 1, np.asarray(s)[0].size - 1)),
    "the strongest of the others": lambda s, d, n, k: judged(s, d, n, k, give=lambda e, c, o: [e[c].mean(), o.max()]),
    "sums": lambda s, d, n, k: judged(s, d, n, k, give=lambda e, c, o: [e[c].sum(), o.sum()]),
    "the two exchanged": lambda s, d, n, k: judged(s, d, n, k, give=lambda e, c, o: [o.mean(), e[c].mean()]),
    "heads and layers exchanged": lambda s, d, n, k: judged(s, d, n, k, choose=lambda s, n: s[:n].mean(0).T.ravel()),
    "one text too few": lambda s, d, n, k: judged(s, d, n, k, effect=lambda d, n: d[min(n + 1, len(d) - 1):].mean(0).ravel()),
})

several("induction_score", {
    "keys after the query too": lambda w, x: score(w, x, lambda x, t, j: x[j - 1] == x[t]),
    "the mean over all pairs and not over queries": lambda w, x: float(np.mean([w[t][j] for t in range(len(x)) for j in range(1, t + 1) if x[j - 1] == x[t]] or [0])),
    "queries of the second half alone": lambda w, x: score(w, x, lambda x, t, j: t >= len(x) // 2 and j <= t and x[j - 1] == x[t]),
    "the token behind the query": lambda w, x: score(w, x, lambda x, t, j: j <= t and t + 1 < len(x) and x[j] == x[t + 1]),
})
several("copying_share", {
    "softmax above one half": lambda *g: float(np.mean([np.exp(row - row.max())[i] / np.exp(row - row.max()).sum() > 0.5 for i, row in enumerate(table(*g))])),
    "the unembedding without its signs": lambda e, v, o, u: float(((np.asarray(e, float) @ v @ o @ np.abs(u)).argmax(1) == np.arange(len(e))).mean()),
})
several("held_out_heads", {
    "scores taken relative to the best of their layer": lambda s, d, n, k: judged(s, d, n, k, choose=lambda s, n: (s[:n].mean(0) - s[:n].mean(0).max(axis=1, keepdims=True)).ravel()),
    "the best single text chooses": lambda s, d, n, k: judged(s, d, n, k, choose=lambda s, n: s[:n].max(0).ravel()),
    "the last texts judge, as many as chose": lambda s, d, n, k: judged(s, d, n, k, effect=lambda d, n: d[-n:].mean(0).ravel()),
    "the difference for the second number": lambda s, d, n, k: judged(s, d, n, k, give=lambda e, c, o: [e[c].mean(), e[c].mean() - o.mean()]),
    "scores by their size without sign": lambda s, d, n, k: judged(s, d, n, k, choose=lambda s, n: np.abs(s[:n].mean(0)).ravel()),
})
several("copying_share", {
    "only where the own logit rises": lambda *g: float(((table(*g).argmax(1) == np.arange(len(g[0]))) & (np.diag(table(*g)) > 0)).mean()),
    "best in its row and in its column": lambda *g: float(((table(*g).argmax(1) == np.arange(len(g[0]))) & (table(*g).argmax(0) == np.arange(len(g[0])))).mean()),
})
several("held_out_heads", {
    "mean places for mean scores": lambda s, d, n, k: judged(s, d, n, k, choose=lambda s, n: np.mean([one.ravel().argsort().argsort() for one in s[:n]], axis=0)),
    "the control on all texts": lambda s, d, n, k: judged(s, d, n, k, give=lambda e, c, o: [e[c].mean(), np.delete(np.asarray(d, float).mean(0).ravel(), c).mean()]),
})
