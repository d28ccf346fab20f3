"""Wrong answers to the exercises on experts, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"variants.{name}", what, function, (names or {}).get(what, ())))


def sig(z):
    return 1 / (1 + np.exp(-np.clip(np.asarray(z, dtype=float), -700, 700)))


def soft(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# -- grouped_sigmoid_route -------------------------------------------------------------------------------------------


def grouped(z, b, k, g, m, total, score=sig, fill=-np.inf, best=2, weigh=None, largest=True, groups=None, k_of=lambda k: k, m_of=lambda m, g: m):
    s = score(z)
    w = (s + b) if groups is None else groups(s + b)
    parts = w.reshape(len(s), g, -1)
    worth = np.sort(parts, -1)[..., -min(best, parts.shape[-1]):].sum(-1)
    stays = np.argsort(-worth if largest else worth, axis=-1)[:, :m_of(m, g)]
    may = np.zeros(worth.shape, bool)
    np.put_along_axis(may, stays, True, -1)
    w = np.where(np.repeat(may, parts.shape[-1], -1), s + b, fill)
    at = np.argsort(-w, -1)[:, :k_of(k)]
    out = np.zeros(s.shape)
    c = np.take_along_axis(s, at, -1)
    np.put_along_axis(out, at, total * c / c.sum(-1, keepdims=True) if weigh is None else weigh(c, total), -1)
    return out


several("grouped_sigmoid_route", {
    "one expert too many": lambda *a: grouped(*a, k_of=lambda k: k + 1),
    "one expert too few": lambda *a: grouped(*a, k_of=lambda k: max(k - 1, 1)),
    "one group too many": lambda *a: grouped(*a, m_of=lambda m, g: min(m + 1, g)),
    "one group alone": lambda *a: grouped(*a, m_of=lambda m, g: 1),
    "three best of a group": lambda *a: grouped(*a, best=3),
    "the worst groups": lambda *a: grouped(*a, largest=False),
    "the bias subtracted": lambda z, b, *a: grouped(z, -np.asarray(b), *a),
    "the bias in the logits": lambda z, b, *a: grouped(np.asarray(z) + b, 0 * np.asarray(b), *a),
    "the bias doubled": lambda z, b, *a: grouped(z, 2 * np.asarray(b), *a),
    "strided groups": lambda z, b, k, g, m, t: grouped(np.asarray(z)[:, np.argsort(np.arange(len(b)) % g, kind="stable")], np.asarray(b)[np.argsort(np.arange(len(b)) % g, kind="stable")], k, g, m, t)[:, np.argsort(np.argsort(np.arange(len(b)) % g, kind="stable"))],
    "softmax over the chosen logits": lambda z, b, k, g, m, t: (lambda o: np.where(o > 0, t * np.exp(np.clip(z, -60, 60)) / np.where(o > 0, np.exp(np.clip(z, -60, 60)), 0).sum(-1, keepdims=True), 0))(grouped(z, b, k, g, m, t)),
    "equal weights": lambda *a: grouped(*a, weigh=lambda c, t: np.full(c.shape, t / c.shape[-1])),
    "divided by the largest": lambda *a: grouped(*a, weigh=lambda c, t: t * c / c.max(-1, keepdims=True)),
    "squares shared out": lambda *a: grouped(*a, weigh=lambda c, t: t * c**2 / (c**2).sum(-1, keepdims=True)),
    "divided by the length": lambda *a: grouped(*a, weigh=lambda c, t: t * c / np.sqrt((c**2).sum(-1, keepdims=True))),
    "true and false": lambda *a: (grouped(*a) > 0).astype(float),
    "excluded get -1": lambda *a: grouped(*a, fill=-1.0),
    "tanh for sigmoid": lambda *a: grouped(*a, score=lambda z: np.abs(np.tanh(z)) + 1e-9),
    "weights of the first token for all": lambda *a: np.repeat(grouped(*a)[:1], len(a[0]), 0) if len(a[0]) > 1 else grouped(*a) * 1.01,
    "rounded to two places": lambda *a: grouped(*a).round(2),
    "the total added": lambda *a: (lambda o: np.where(o > 0, o / a[5] + a[5] - 1 + 1e-3, 0))(grouped(*a)),
})

# -- balance_of_layers -----------------------------------------------------------------------------------------------


def balance(z, k, real, score=soft, f_of=None, p_of=None, over=np.mean, choose=lambda r, k: np.argsort(-r, -1)[..., :k], times=None):
    r = np.asarray(z, dtype=float)[:, real]
    s, hot = score(r), np.zeros(r.shape)
    np.put_along_axis(hot, choose(r, k), 1.0, -1)
    f = hot.sum(1) / (r.shape[1] * k) if f_of is None else f_of(hot, s)
    p = s.mean(1) if p_of is None else p_of(hot, s)
    n = r.shape[-1] if times is None else times(r)
    return float(over(n * (f * p).sum(-1)))


several("balance_of_layers", {
    "the first layer alone": lambda z, k, r: balance(z[:1], k, r) if len(z) > 1 else balance(z, k, r) + 0.01,
    "the largest layer": lambda z, k, r: balance(z, k, r, over=np.max),
    "the median layer": lambda z, k, r: balance(z, k, r, over=np.median) if len(z) > 2 else balance(z, k, r) * 1.001,
    "sigmoid scores": lambda z, k, r: balance(z, k, r, score=sig),
    "sigmoid scores shared out": lambda z, k, r: balance(z, k, r, score=lambda x: sig(x) / sig(x).sum(-1, keepdims=True)),
    "shares times shares": lambda z, k, r: balance(z, k, r, p_of=lambda hot, s: hot.mean(1) / hot.sum(-1).max()),
    "k ignored": lambda z, k, r: balance(z, 1, r) if k > 1 else balance(z, 2 if z.shape[-1] > 1 else 1, r),
    "the worst k": lambda z, k, r: balance(z, k, r, choose=lambda x, k: np.argsort(x, -1)[..., :k]),
    "one choice more": lambda z, k, r: balance(z, min(k + 1, z.shape[-1]), r) if k < z.shape[-1] else balance(z, k - 1, r),
    "over the texts with their padding": lambda z, k, r: balance(z, k, r, p_of=lambda hot, s: s.sum(1) / r.size),
    "the number of tokens for that of experts": lambda z, k, r: balance(z, k, r, times=lambda x: x.shape[1] + 1e-3),
    "experts squared": lambda z, k, r: balance(z, k, r, times=lambda x: x.shape[-1] ** 2),
    "less 1": lambda z, k, r: balance(z, k, r) - 1,
    "the square": lambda z, k, r: balance(z, k, r) ** 2 + 1e-3,
    "the variance of the shares": lambda z, k, r: balance(z, k, r, p_of=lambda hot, s: hot.mean(1) / k),
    "text by text": lambda z, k, r: float(np.mean([balance(z[:, b:b + 1], k, r[b:b + 1]) for b in range(len(r)) if r[b].any()])) + (0.01 if (r.any(1).sum() < 2) else 0),
    "softmax over the tokens": lambda z, k, r: balance(z, k, r, score=lambda x: np.exp(x - x.max(1, keepdims=True)) / np.exp(x - x.max(1, keepdims=True)).sum(1, keepdims=True)),
    "padding taken for words": lambda z, k, r: balance(z, k, ~r) if (~r).any() else balance(z, k, r) * 2,
    "rounded": lambda z, k, r: round(balance(z, k, r), 1),
    "the entropy": lambda z, k, r: balance(z, k, r, p_of=lambda hot, s: -np.log(s.mean(1) + 1e-300)),
}, {"text by text": ()})

# -- admit_by_weight -------------------------------------------------------------------------------------------------


def admit(e, w, places, key=lambda w, t, c: -w[t, c], value=lambda w, t, c: w[t, c]):
    w, out = np.asarray(w, dtype=float), np.zeros(np.shape(w))
    for one in np.unique(e):
        at = sorted(map(tuple, np.argwhere(e == one)), key=lambda p: key(w, *p))
        for t, c in at[:places]:
            out[t, c] = value(w, t, c)
    return out


several("admit_by_weight", {
    "nothing dropped": lambda e, w, p: w * 1.0,
    "all dropped when one is full": lambda e, w, p: np.where([[(np.asarray(e) == x).sum() <= p for x in row] for row in e], w, 0.0),
    "the last come kept": lambda e, w, p: admit(e, w, p, key=lambda w, t, c: (-t, -c)),
    "the last choices first": lambda e, w, p: admit(e, w, p, key=lambda w, t, c: (-c, -w[t, c])) if w.shape[1] > 1 else admit(e, w, p + 1),
    "true and false": lambda e, w, p: (admit(e, w, p) > 0).astype(float),
    "what is dropped": lambda e, w, p: w - admit(e, w, p),
    "rows scaled to 1": lambda e, w, p: (lambda o: o / np.where(o.sum(1, keepdims=True) > 0, o.sum(1, keepdims=True), 1))(admit(e, w, p)),
    "places as a share": lambda e, w, p: admit(e, w, int(np.ceil(p * e.size / 20))),
    "twice the places": lambda e, w, p: admit(e, w, 2 * p + 1),
    "half the places": lambda e, w, p: admit(e, w, p // 2),
    "tokens dropped whole": lambda e, w, p: (lambda o: np.where((o > 0).all(1, keepdims=True), o, 0))(admit(e, w, p)) if w.shape[1] > 1 else admit(e, w, p + 2),
    "tokens kept whole": lambda e, w, p: (lambda o: np.where((o > 0).any(1, keepdims=True), w * 1.0, 0))(admit(e, w, p)) if w.shape[1] > 1 else admit(e, w, p + 2),
    "by the token's largest weight": lambda e, w, p: admit(e, w, p, key=lambda w, t, c: -w[t].max()) if w.shape[1] > 1 else admit(e, w, p + 1),
    "by the margin over the other": lambda e, w, p: admit(e, w, p, key=lambda w, t, c: -(2 * w[t, c] - w[t].sum())) if w.shape[1] > 1 else admit(e, w, p, key=lambda w, t, c: w[t, c]),
    "places for each token": lambda e, w, p: np.where(np.argsort(np.argsort(-w, 1), 1) < p, w, 0.0),
    "the expert's number subtracted": lambda e, w, p: admit(e, w, p, key=lambda w, t, c: t % 3),
    "rounded": lambda e, w, p: admit(e, w, p).round(1),
    "dropped to the smallest weight": lambda e, w, p: np.where(admit(e, w, p) > 0, w, 1e-2),
    "sorted and not put back": lambda e, w, p: -np.sort(-admit(e, w, p), axis=0),
}, {"tokens kept whole": ()})
