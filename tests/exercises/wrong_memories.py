"""Wrong answers to the exercises on memories of fixed size, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None, part="efficiency"):
    for what, function in answers.items():
        WRONG.append((f"{part}.{name}", what, function, (names or {}).get(what, ())))


def squared(k):
    return float(np.dot(k, k)) or 1.0


several("overwrite", {
    "the rows of large entries replaced": lambda S, k, v: np.where(np.abs(k)[:, None] > 0.5, v, S),
    "divided by the width": lambda S, k, v: S + np.outer(k, v - k @ S) / len(k),
    "divided by one more": lambda S, k, v: S + np.outer(k, v - k @ S) / (squared(k) + 1),
    "two steps": lambda S, k, v: S + 2 * np.outer(k, v - k @ S) / squared(k),
    "signs of the key": lambda S, k, v: S + np.outer(np.sign(k), v - k @ S) / max(float(np.abs(k).sum()), 1e-9),
    "the memory as it is": lambda S, k, v: S * 1.0,
    "rounded": lambda S, k, v: (S + np.outer(k, v - k @ S) / squared(k)).round(1),
    "the missing part alone": lambda S, k, v: np.outer(k, v - k @ S) / squared(k),
    "with the absolute key": lambda S, k, v: S + np.outer(np.abs(k), v - k @ S) / squared(k),
})


def between(decay):
    n = len(decay)
    left = np.eye(n)
    for i in range(1, n):
        left[i, :i] = decay[i] * left[i - 1, :i]
    return left


def by_logarithms(decay):
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.log(np.asarray(decay, dtype=float)).cumsum()
        return np.nan_to_num(np.tril(np.exp(np.minimum(total[:, None] - total, 0))))


several("decay_between", {
    "the smallest on the way": lambda a: np.array([[min(a[j + 1 : i + 1], default=1.0) if j <= i else 0 for j in range(len(a))] for i in range(len(a))]).reshape(len(a), len(a)),
    "the mean on the way": lambda a: np.array([[np.mean(a[j + 1 : i + 1]) if j < i else float(i == j) for j in range(len(a))] for i in range(len(a))]).reshape(len(a), len(a)),
    "logarithms": by_logarithms,
    "the diagonal left out": lambda a: between(a) - np.eye(len(a)),
    "one step further": lambda a: np.tril(between(a) * np.asarray(a, dtype=float)[:, None]),
    "true and false": lambda a: (between(a) > 0).astype(float),
    "rows that add up to 1": lambda a: between(a) / between(a).sum(-1, keepdims=True) if len(a) else between(a),
    "the past within a window": lambda a: np.triu(between(a), -2),
    "rounded": lambda a: between(a).round(1),
})


def table(q, k, rate, diagonal=-1, read=0, scale=1.0):
    n = len(k)
    new = np.linalg.solve(np.eye(n) + np.tril(k @ k.T, diagonal) * rate[:, None], np.diag(rate))
    return scale * np.tril(q @ k.T, read) @ new


several("delta_weights", {
    "softmax": lambda q, k, r: np.tril(np.exp(q @ k.T)) / np.tril(np.exp(q @ k.T)).sum(-1, keepdims=True),
    "transposed": lambda q, k, r: table(q, k, r).T,
    "scaled by the width": lambda q, k, r: table(q, k, r, scale=1 / np.sqrt(k.shape[1])) if k.shape[1] > 1 else 2 * table(q, k, r),
    "keys for queries": lambda q, k, r: table(k, k, r) + 0.01,
    "queries take out": lambda q, k, r: np.tril(q @ k.T) @ np.linalg.solve(np.eye(len(k)) + np.tril(q @ k.T, -1) * r[:, None], np.diag(r)),
    "keys normalised": lambda q, k, r: table(q, k / np.linalg.norm(k, axis=1, keepdims=True), r),
    "the neighbour alone taken out": lambda q, k, r: np.tril(q @ k.T) @ np.linalg.solve(np.eye(len(k)) + np.diag(np.diag(k @ k.T, -1) * r[1:], -1), np.diag(r)),
    "all rates 1": lambda q, k, r: table(q, k, np.ones(len(k))),
    "rates squared": lambda q, k, r: table(q, k, r) * r,
    "later keys read": lambda q, k, r: q @ k.T @ np.linalg.solve(np.eye(len(k)) + np.tril(k @ k.T, -1) * r[:, None], np.diag(r)),
})


def kept(t, p, kv, d, h, dk, dv, b, full=None, cache=2, state=1):
    full = p.count("A") if full is None else full
    return b * (full * cache * t * kv * d + (len(p) - full) * state * h * dk * dv)


several("hybrid_bytes", {
    "one layer of each": lambda t, p, kv, d, h, dk, dv, b: b * (2 * t * kv * d * ("A" in p) + h * dk * dv * ("M" in p)),
    "two matrices a head": lambda *sizes: kept(*sizes, state=2),
    "bytes forgotten": lambda t, p, kv, d, h, dk, dv, b: kept(t, p, kv, d, h, dk, dv, 1),
    "square matrices": lambda t, p, kv, d, h, dk, dv, b: kept(t, p, kv, d, h, dk, dk, b),
    "the first letter decides": lambda t, p, kv, d, h, dk, dv, b: kept(t, p, kv, d, h, dk, dv, b, full=len(p) if p[:1] == "A" else 0),
    "one token more": lambda t, *rest: kept(t + 1, *rest),
    "one head": lambda t, p, kv, d, h, dk, dv, b: kept(t, p, 1, d, h, dk, dv, b),
    "shared among layers": lambda *sizes: kept(*sizes) // max(len(sizes[1]), 1),
})


def undone(M, w, e, a):
    kept = 1 - np.outer(w, e)
    return np.where(kept == 0, 0.0, (M - np.outer(w, a)) / np.where(kept == 0, 1.0, kept))


several("undo_write", {
    "written again": lambda M, w, e, a: M * (1 - np.outer(w, e)) + np.outer(w, a),
    "added instead of taken out": lambda M, w, e, a: undone(M, w, e, -a),
    "the memory as it is": lambda M, w, e, a: M * 1.0,
    "erase and add exchanged": lambda M, w, e, a: M - np.outer(w, e),
    "ones where nothing is known": lambda M, w, e, a: np.where(np.outer(w, e) == 1, 1.0, undone(M, w, e, a)),
    "rounded": lambda M, w, e, a: undone(M, w, e, a).round(1),
    "capped": lambda M, w, e, a: np.clip(undone(M, w, e, a), -1, 1),
    "weights squared": lambda M, w, e, a: undone(M, w**2, e, a) + 1e-2,
}, part="theory")


def aligned(X, scale=1.0):
    W = X.T @ X / X.shape[1]
    return scale * X * (X @ (W - np.diag(np.diag(W))))


several("alignments", {
    "absolute": lambda X: np.abs(aligned(X)) + 0.01,
    "negated": lambda X: -aligned(X),
    "halved": lambda X: aligned(X, 0.5),
    "the weights": lambda X: np.resize(X.T @ X / X.shape[1], X.shape),
    "means of the rows": lambda X: np.broadcast_to(aligned(X).mean(1, keepdims=True), X.shape) + 0.01,
    "true and false": lambda X: (aligned(X) > 0).astype(float),
    "overlaps of patterns for those of units": lambda X: np.resize(X @ X.T / X.shape[1], X.shape),
    "rounded": lambda X: aligned(X).round(1),
}, part="theory")


def counted(x, P, c, beta, shift=0.0, half=0.5):
    s = beta * P @ x + np.log(c)
    p = np.exp(s - s.max())
    return p @ P / p.sum(), -(s.max() + np.log(p.sum())) / beta + half * x @ x + shift


several("counted_patterns", {
    "the energy less one": lambda x, P, c, b: counted(x, P, c, b, shift=-1.0),
    "the energy negated": lambda x, P, c, b: (counted(x, P, c, b)[0], -counted(x, P, c, b)[1]),
    "no square": lambda x, P, c, b: (counted(x, P, c, b)[0], counted(x, P, c, b, half=0.0)[1]),
    "the nearest pattern": lambda x, P, c, b: (P[(b * P @ x + np.log(c)).argmax()], counted(x, P, c, b)[1]),
    "two steps": lambda x, P, c, b: (counted(counted(x, P, c, b)[0], P, c, b)[0] + 0.01, counted(x, P, c, b)[1]),
    "counts as shares": lambda x, P, c, b: (counted(x, P, c, b)[0], counted(x, P, c / c.sum(), b)[1] + 0.01),
    "the rest of the step": lambda x, P, c, b: (x - counted(x, P, c, b)[0], counted(x, P, c, b)[1]),
    "scaled by the width": lambda x, P, c, b: counted(x, P, c, b / np.sqrt(len(x)) + 0.1),
}, part="theory")


several("least_sharpness", {
    "never below 0": lambda b, o, n, p: max(np.log(n * p / (1 - p)) / (b - o), 0.0),
    "the odds themselves": lambda b, o, n, p: n * p / (1 - p) / (b - o),
    "negative": lambda b, o, n, p: -np.log(n * p / (1 - p)) / (b - o),
    "the sum of both": lambda b, o, n, p: np.log(n * p / (1 - p)) / (abs(b) + abs(o)),
    "a root of the others": lambda b, o, n, p: np.log(n**0.5 * p / (1 - p)) / (b - o),
    "a little more": lambda b, o, n, p: np.log(n * p / (1 - p)) / (b - o) + 0.01,
    "always one": lambda b, o, n, p: 1.0,
}, part="theory")


several("undo_write", {
    "nearly whole taken for whole": lambda M, w, e, a: np.where(np.outer(w, e) > 0.9, 0.0, undone(M, w, e, a)),
    "whole where the weight is 1": lambda M, w, e, a: np.where(np.asarray(w)[:, None] == 1, 0.0, undone(M, w, e, a)),
    "divided by at least a millionth": lambda M, w, e, a: (M - np.outer(w, a)) / np.maximum(1 - np.outer(w, e), 1e-6),
}, part="theory")
several("counted_patterns", {
    "at most twenty of each": lambda x, P, c, b: counted(x, P, np.minimum(c, 20), b),
    "counts plus one": lambda x, P, c, b: counted(x, P, c + 1, b),
    "the energy without counts": lambda x, P, c, b: (counted(x, P, c, b)[0], counted(x, P, np.ones(len(c)), b)[1]),
}, part="theory")
several("alignments", {"noise alone": lambda X: aligned(X) - (X.shape[1] - 1) / X.shape[1]}, part="theory")
