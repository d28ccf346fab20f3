"""Wrong answers to the exercises on sparse and linear attention, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"efficiency.{name}", what, function, (names or {}).get(what, ())))


def grid(n):
    return np.arange(n)[:, None], np.arange(n)[None, :]


def fixed(n, size, c, block=lambda i, j, s: i // s == j // s, place=lambda j, s, c: j % s >= s - c):
    i, j = grid(n)
    return (block(i, j, size) | place(j, size, c)) & (j <= i)


several("fixed_pattern", {
    "no own block": lambda n, s, c: fixed(n, s, c, block=lambda i, j, s: i == j),
    "no summaries": lambda n, s, c: fixed(n, s, 0),
    "blocks counted from 1": lambda n, s, c: fixed(n, s, c, block=lambda i, j, s: (i + 1) // s == (j + 1) // s),
    "one place more": lambda n, s, c: fixed(n, s, c, place=lambda j, s, c: j % s >= s - c - 1),
    "places of the query": lambda n, s, c: fixed(n, s, c).copy() | ((grid(n)[0] % s >= s - c) & (grid(n)[1] <= grid(n)[0])),
    "strided": lambda n, s, c: (grid(n)[0] >= grid(n)[1]) & (((grid(n)[0] - grid(n)[1]) < s) | ((grid(n)[0] - grid(n)[1]) % s == 0)),
    "all of the past": lambda n, s, c: np.tri(n, dtype=bool),
    "strictly past": lambda n, s, c: fixed(n, s, c) & ~np.eye(n, dtype=bool),
    "nothing": lambda n, s, c: np.zeros((n, n), dtype=bool),
})


def spread(mask, layers):
    known = np.eye(len(mask), dtype=int)
    for _ in range(layers):
        known = ((mask.astype(int) @ known + known) > 0).astype(int)
    return known


def modulo(mask, layers):
    known = np.eye(len(mask), dtype=int)
    for _ in range(layers):
        known = ((mask.astype(int) @ known) | known) & 1
    return known


several("reach_after", {
    "one layer whatever is asked": lambda m, t: spread(m, 1).sum(1),
    "to the end": lambda m, t: spread(m, len(m)).sum(1),
    "all tokens": lambda m, t: np.full(len(m), len(m)),
    "the mask's rows": lambda m, t: m.sum(1),
    "both ways": lambda m, t: spread(m | m.T, t).sum(1),
    "the last token alone": lambda m, t: np.full(len(m), spread(m, t)[-1].sum()),
    "the mean": lambda m, t: np.full(len(m), spread(m, t).sum() / len(m)),
    "doubled layers": lambda m, t: spread(m, 2 * t).sum(1),
    "ways modulo 2": lambda m, t: modulo(m, t).sum(1),
})


def read(w, own, n, worth=None, first=0):
    worth = np.asarray(w, dtype=float).sum(0) if worth is None else worth
    out = np.zeros(np.shape(w)[1], dtype=bool)
    out[[0, own]] = True
    inner = np.arange(1, own)
    out[inner[np.argsort(-worth[1:own])][: max(n - 2 + first, 0)]] = True
    return out


several("shared_blocks", {
    "one more": lambda w, own, n: read(w, own, n, first=1),
    "one fewer": lambda w, own, n: read(w, own, n, first=-1),
    "the last head": lambda w, own, n: read(w, own, n, worth=np.asarray(w, dtype=float)[-1]),
    "by the smallest weight": lambda w, own, n: read(w, own, n, worth=np.asarray(w, dtype=float).min(0)),
    "by the product": lambda w, own, n: read(w, own, n, worth=np.prod(np.asarray(w, dtype=float), axis=0)),
    "the nearest blocks": lambda w, own, n: read(w, own, n, worth=np.arange(np.shape(w)[1])),
    "only the two": lambda w, own, n: read(w, own, 2),
    "all of the past": lambda w, own, n: np.arange(np.shape(w)[1]) <= own,
    "everything": lambda w, own, n: np.ones(np.shape(w)[1], dtype=bool),
})


def work(n, k, h, d, hi, di, pairs=None, chosen=None, index=2, both=4):
    pairs = n * (n + 1) // 2 if pairs is None else pairs
    chosen = sum(min(i + 1, k) for i in range(n)) if chosen is None else chosen
    return index * pairs * hi * di, both * chosen * h * d, both * pairs * h * d


several("selection_work", {
    "multiply-adds": lambda *a: work(*a, index=1, both=2),
    "parts in another order": lambda *a: work(*a)[::-1],
    "one head": lambda n, k, h, d, hi, di: work(n, k, 1, d, hi, di),
    "the indexer as wide as the heads": lambda n, k, h, d, hi, di: work(n, k, h, d, hi, d),
    "as many index heads as heads": lambda n, k, h, d, hi, di: work(n, k, h, d, h, di),
    "one key more": lambda n, k, h, d, hi, di: work(n, k, h, d, hi, di, chosen=sum(min(i + 1, k + 1) for i in range(n))),
    "half of the square": lambda n, k, h, d, hi, di: work(n, k, h, d, hi, di, pairs=n * n // 2),
    "the indexer taken off": lambda *a: (work(*a)[0], work(*a)[1] - work(*a)[0], work(*a)[2]),
})


def phi(x):
    x = np.asarray(x, dtype=float)
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def lin(q, k, v, real, features=phi, weigh=None, keep=lambda r: r):
    keys = features(k) * keep(real)[..., None]
    state, total = keys.mT @ np.asarray(v, dtype=float), keys.sum(1)
    weight = features(q) @ total[..., None] if weigh is None else weigh(features(q), keys)
    return features(q) @ state / np.where(weight == 0, 1, weight)


several("padded_linear", {
    "the padding alone": lambda *a: lin(*a, keep=lambda r: ~r),
    "exponentials": lambda *a: lin(*a, features=np.exp),
    "relu": lambda *a: lin(*a, features=lambda x: np.maximum(x, 0)),
    "softmax attention": lambda q, k, v, r: (lambda w: w / np.where(w.sum(-1, keepdims=True) == 0, 1, w.sum(-1, keepdims=True)))(np.exp(np.asarray(q, float) @ np.asarray(k, float).mT) * r[:, None]) @ np.asarray(v, float),
    "the mean value": lambda q, k, v, r: np.broadcast_to(((v * r[..., None]).sum(1) / np.maximum(r.sum(1), 1)[:, None])[:, None], (*q.shape[:2], v.shape[-1])),
    "causal": lambda q, k, v, r: np.stack([lin(q[:, :1], k[:, : i + 1], v[:, : i + 1], r[:, : i + 1])[:, 0] for i in range(q.shape[1])], 1),
    "zeros": lambda q, k, v, r: np.zeros((*q.shape[:2], v.shape[-1])),
    "one normaliser a text": lambda *a: lin(*a, weigh=lambda q, k: (q @ k.sum(1)[..., None]).mean(1, keepdims=True)),
})


def step(m, z, q, k, v, table=np.tril, mm=None, zz=None):
    own = table(np.asarray(q, float) @ np.asarray(k, float).T)
    out = (own @ v + q @ m) / (own.sum(1) + q @ z)[:, None]
    return out, m + np.asarray(k, float).T @ v if mm is None else mm, z + np.sum(k, 0) if zz is None else zz


several("continue_linear", {
    "the upper half": lambda *a: step(*a, table=np.triu),
    "output and state changed over": lambda *a: (step(*a)[1], step(*a)[0], step(*a)[2]),
    "only the sum handed on": lambda m, z, q, k, v: step(m, z, q, k, v, mm=np.array(m, float)),
    "only the matrix handed on": lambda m, z, q, k, v: step(m, z, q, k, v, zz=np.array(z, float)),
    "the state divided": lambda m, z, q, k, v: (step(m, z, q, k, v)[0], (m + k.T @ v) / 2, (z + k.sum(0)) / 2),
    "the mean of the features": lambda m, z, q, k, v: step(m, z, q, k, v, zz=z + np.mean(k, 0)),
    "no normaliser": lambda m, z, q, k, v: (np.tril(q @ k.T) @ v + q @ m, m + k.T @ v, z + k.sum(0)),
    "a softmax inside": lambda m, z, q, k, v: ((np.tril(np.exp(q @ k.T / 50)) @ v + q @ m) / (np.tril(np.exp(q @ k.T / 50)).sum(1) + q @ z)[:, None], m + k.T @ v, z + k.sum(0)),
})


def tay(x, one=1.0, lin=1.0, sq=0.5**0.5, order=lambda p: p):
    x = np.asarray(x, dtype=float)
    return np.concatenate([np.full((len(x), 1), one), lin * x, sq * order(x[:, :, None] * x[:, None, :]).reshape(len(x), x.shape[1] ** 2)], 1)


several("taylor_features", {
    "the upper half alone": lambda x: tay(x, order=np.triu),
    "sums for products": lambda x: np.concatenate([np.ones((len(x), 1)), x, ((x[:, :, None] + x[:, None, :]) / 2**0.5).reshape(len(x), x.shape[1] ** 2)], 1),
    "the constant last": lambda x: np.roll(tay(x), -1, axis=1),
    "products first": lambda x: np.concatenate([tay(x)[:, 1 + x.shape[1]:], tay(x)[:, : 1 + x.shape[1]]], 1),
    "no linear part": lambda x: tay(x, lin=0.0),
    "a half for the constant": lambda x: tay(x, one=0.5),
    "a fourth root": lambda x: tay(x, sq=0.5**0.25),
    "twice": lambda x: 2 * tay(x),
})

several("linear_break_even", {
    "changed over": lambda a, b, f: (f * (b + 1) // (a + b) + 1, max(4 * f * b // (a + b), 1)),
    "twice the width": lambda a, b, f: (2 * a, a // 2 + 1),
    "only the score": lambda a, b, f: (max(2 * f * b // a, 1), f * (b + 1) // (a + b) + 1),
    "one more": lambda a, b, f: (max(4 * f * b // (a + b), 1) + 1, f * (b + 1) // (a + b) + 2),
    "keys in the state": lambda a, b, f: (max(4 * f * a // (a + b), 1), f * (a + 1) // (a + b) + 1),
    "two operations a pair": lambda a, b, f: (max(8 * f * b // (a + b), 1), f * (b + 1) // (a + b) + 1),
    "a sum for each value": lambda a, b, f: (max(4 * f * b // (a + b), 1), 2 * f * b // (a + b) + 1),
    "one": lambda a, b, f: (1, 1),
})
