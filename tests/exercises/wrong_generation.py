"""Wrong answers to the exercises on decoding, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"architecture.{name}", what, function, (names or {}).get(what, ())))


def over(powers):
    return powers / powers.sum(axis=-1, keepdims=True)


def soft(z):
    return over(np.exp(z - z.max(axis=-1, keepdims=True)))


def top(z, k, fill=-np.inf):
    return np.where(z < np.sort(z, axis=-1)[:, max(z.shape[1] - k, 0), None], fill, z)


def nucleus(p, mass):
    order = np.argsort(-p, axis=-1, kind="stable")
    fallen = np.take_along_axis(p, order, axis=-1)
    out = np.zeros_like(p)
    np.put_along_axis(out, order, np.where(np.cumsum(fallen, axis=-1) - fallen < mass, fallen, 0.0), axis=-1)
    return out


# -- sampling_distribution -------------------------------------------------------------------------------------------


def drawn(z, t, k, p):
    return over(nucleus(soft(top(np.asarray(z, dtype=float) / t, k)), p))


several("sampling_distribution", {
    "temperature ignored": lambda z, t, k, p: drawn(z, 1, k, p),
    "the root of the temperature": lambda z, t, k, p: drawn(z, np.sqrt(t), k, p),
    "no top-k": lambda z, t, k, p: drawn(z, t, z.shape[1], p),
    "no nucleus": lambda z, t, k, p: drawn(z, t, k, 1.0),
    "only the first text filtered": lambda z, t, k, p: np.vstack([drawn(z[:1], t, k, p), soft(np.asarray(z[1:], dtype=float) / t)]) if len(z) > 1
    else soft(np.asarray(z, dtype=float) / t),
    "min-p in place of top-p": lambda z, t, k, p: (lambda q: over(np.where(q >= p * q.max(axis=-1, keepdims=True), q, 0)))(soft(top(z / t, k))),
    "tokens above p": lambda z, t, k, p: (lambda q: over(np.where((q > p) | (q == q.max(axis=-1, keepdims=True)), q, 0)))(soft(top(z / t, k))),
    "one token more than the nucleus": lambda z, t, k, p: (lambda q: over(nucleus(q, p + np.sort(nucleus(q, p), axis=-1).max(axis=-1).min() * 0.3)))(
        soft(top(z / t, k))),
    "uniform over what is kept": lambda z, t, k, p: over((drawn(z, t, k, p) > 0).astype(float)),
    "the likeliest alone": lambda z, t, k, p: np.eye(z.shape[1])[np.argmax(z, axis=-1)],
    "filled with -5": lambda z, t, k, p: over(nucleus(soft(top(z / t, k, -5.0)), p)),
    "filled with -1000": lambda z, t, k, p: soft(np.where(drawn(z, t, k, p) > 0, np.asarray(z, dtype=float) / t, -1000.0)),
    "no maximum subtracted": lambda z, t, k, p: over(nucleus(over(np.where(top(z / t, k) > -np.inf, np.exp(np.minimum(z / t, 700)), 0)) * 1.0, p)),
    "sorted and not put back": lambda z, t, k, p: -np.sort(-drawn(z, t, k, p), axis=-1),
    "k for p": lambda z, t, k, p: drawn(z, t, max(int(p * k), 1), 1.0),
    "two digits": lambda z, t, k, p: drawn(z, t, k, p).round(2),
    "log probabilities": lambda z, t, k, p: np.log(np.maximum(drawn(z, t, k, p), 1e-30)),
    "the least likely kept": lambda z, t, k, p: drawn(-np.asarray(z, dtype=float), t, k, p),
})

# -- beam_step -------------------------------------------------------------------------------------------------------


def step(scores, log_p, cache, total=None, width=None, order=None):
    v = log_p.shape[1]
    total = (scores[:, None] + log_p if total is None else total).reshape(-1)
    best = np.argsort(-total, kind="stable")[: len(scores) if width is None else width]
    best = best if order is None else best[order]
    return total[best], best % v, cache[best // v]


several("beam_step", {
    "worst of the best first": lambda s, l, c: step(s, l, c, order=slice(None, None, -1)) if len(s) > 1 else (s - 1, np.zeros(1, int), c),
    "places in place of tokens": lambda s, l, c: (lambda t: (np.sort(-t)[: len(s)] * -1, np.argsort(-t)[: len(s)], c[np.argsort(-t)[: len(s)] // l.shape[1]]))(
        (s[:, None] + l).reshape(-1)),
    "probabilities returned": lambda s, l, c: (lambda r: (np.exp(r[0]), r[1], r[2]))(step(s, l, c)),
    "scores of the tokens alone returned": lambda s, l, c: (lambda t: (l.reshape(-1)[t], t % l.shape[1], c[t // l.shape[1]]))(
        np.argsort(-(s[:, None] + l).reshape(-1))[: len(s)]),
    "the first beam alone": lambda s, l, c: (s[0] + np.sort(l[0])[::-1][np.arange(len(s)) % l.shape[1]], np.argsort(-l[0])[np.arange(len(s)) % l.shape[1]],
                                             c[np.zeros(len(s), int)]),
    "averaged scores": lambda s, l, c: step(s, l, c, total=(s[:, None] + l) / 2),
    "normalised by the length": lambda s, l, c: step(s, l, c, total=(s[:, None] + l) / (c.shape[1] + 1)),
    "multiplied": lambda s, l, c: step(s, l, c, total=s[:, None] * l),
    "subtracted": lambda s, l, c: step(s, l, c, total=s[:, None] - l),
    "the cache in reverse": lambda s, l, c: (lambda r: (r[0], r[1], r[2][::-1]))(step(s, l, c)) if len(s) > 1 else (s, np.zeros(1, int), c + 1),
    "the best row of the cache for all": lambda s, l, c: (lambda r: (r[0], r[1], np.repeat(r[2][:1], len(s), 0)))(step(s, l, c)),
    "the cache without its last token": lambda s, l, c: (lambda r: (r[0], r[1], r[2][:, :-1]))(step(s, l, c)),
    "one token later": lambda s, l, c: (lambda r: (r[0], (r[1] + 1) % l.shape[1], r[2]))(step(s, l, c)),
    "never two of one beginning": lambda s, l, c: (lambda t: (t.max(1)[np.argsort(-t.max(1))], t.argmax(1)[np.argsort(-t.max(1))], c[np.argsort(-t.max(1))]))(
        np.where(np.isfinite(s[:, None] + l), s[:, None] + l, -1e9)),
    "rounded scores": lambda s, l, c: (lambda r: (np.asarray(r[0]).round(1), r[1], r[2]))(step(s, l, c)),
    "columns first": lambda s, l, c: (lambda t, w: (np.sort(-t)[:w] * -1, np.argsort(-t)[:w] // w, c[np.argsort(-t)[:w] // w % w]))((s[:, None] + l).T.reshape(-1), len(s)),
}, {"never two of one beginning": ("beam_best_token_of_each",), "columns first": ("beam_cache_ordered_by_tokens",)})

# -- left_padded_step ------------------------------------------------------------------------------------------------


def attend(q, kn, vn, kc, vc, may, scale=None, new=True, shift=0.0):
    keys, values = np.concatenate([kc, kn[:, None]], 1).astype(float), np.concatenate([vc, vn[:, None]], 1).astype(float)
    may = np.concatenate([may, np.full((len(q), 1), new)], 1)
    s = np.einsum("bd,bnd->bn", q.astype(float), keys) * (q.shape[1] ** -0.5 if scale is None else scale) + shift
    s = np.where(may, s, -np.inf)
    e = np.exp(s - np.where(np.isfinite(s.max(1, keepdims=True)), s.max(1, keepdims=True), 0))
    return np.einsum("bn,bnd->bd", e / np.maximum(e.sum(1, keepdims=True), 1e-300), values)


several("left_padded_step", {
    "scaled by d_k": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r, 1 / q.shape[1]), r.sum(1)),
    "scaled by the width of the values": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r, b.shape[1] ** -0.5), r.sum(1)),
    "the new value alone": lambda q, a, b, c, d, r: (b * 1.0, r.sum(1)),
    "the mean of what is seen": lambda q, a, b, c, d, r: (attend(0 * q, a, b, c, d, r), r.sum(1)),
    "mask turned round": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, ~r), r.sum(1)),
    "position of the padding": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r), (~r).sum(1)),
    "the longest text's position for all": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r), np.full(len(q), r.sum(1).max(initial=0))),
    "the first text's position for all": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r), np.full(len(q), r[0].sum())),
    "one position short": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r), np.maximum(r.sum(1) - 1, 0)),
    "positions as a running number": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r), np.arange(len(q))),
    "keys used as values": lambda q, a, b, c, d, r: (attend(q, a, b, c, np.resize(c, d.shape) if d.size else d, r), r.sum(1)),
    "the next text's values": lambda q, a, b, c, d, r: (attend(q, a, b, c, np.roll(d, 1, 0), r) + (len(q) == 1), r.sum(1)),
    "the last two columns only": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r & (np.arange(r.shape[1]) >= r.shape[1] - 1)), r.sum(1)),
    "padding filled with -5": lambda q, a, b, c, d, r: (attend(q, a, b, np.where(r[..., None], c, 0), np.where(r[..., None], d, 0), np.ones_like(r)), r.sum(1)),
    "weights not normalised by the new token": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r) * 0.9, r.sum(1)),
    "one decimal": lambda q, a, b, c, d, r: (attend(q, a, b, c, d, r).round(1), r.sum(1)),
    "sign of the scores turned": lambda q, a, b, c, d, r: (attend(-q, a, b, c, d, r), r.sum(1)),
})

# -- verify_draft ----------------------------------------------------------------------------------------------------


def verified(p, q, draft, u, stands=lambda p, q, u: u * q < p):
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    for i, token in enumerate(draft):
        if not stands(p[i, token], q[i, token], u[i]):
            rest = np.clip(p[i] - q[i], 0, None)
            return i, rest / rest.sum() if rest.sum() > 0 else p[i]
    return len(draft), p[-1]


several("verify_draft", {
    "all accepted": lambda p, q, d, u: (len(d), p[-1] * 1.0),
    "none accepted": lambda p, q, d, u: (0, p[0] * 1.0),
    "one too many": lambda p, q, d, u: (lambda r: (r[0] + 1, r[1]))(verified(p, q, d, u)),
    "one too few": lambda p, q, d, u: (lambda r: (max(r[0] - 1, 0), r[1]))(verified(p, q, d, u)),
    "accepted above the ratio": lambda p, q, d, u: verified(p, q, d, u, lambda p, q, u: u * q > p),
    "accepted below one half": lambda p, q, d, u: verified(p, q, d, u, lambda p, q, u: u < 0.5),
    "the square root of the ratio": lambda p, q, d, u: verified(p, q, d, u, lambda p, q, u: u * u * q < p),
    "the difference in place of the ratio": lambda p, q, d, u: verified(p, q, d, u, lambda p, q, u: u > q - p),
    "u shared by all tokens": lambda p, q, d, u: verified(p, q, d, np.full(len(d), u[0]) if len(d) else u),
    "the last row of p after a refusal": lambda p, q, d, u: (verified(p, q, d, u)[0], p[-1] * 1.0),
    "the mean of the two after a refusal": lambda p, q, d, u: (lambda n: (n, p[n] * 1.0 if n == len(d) else (p[n] + q[n]) / 2))(verified(p, q, d, u)[0]),
    "the draft's distribution after a refusal": lambda p, q, d, u: (lambda n: (n, p[n] * 1.0 if n == len(d) else q[n] * 1.0))(verified(p, q, d, u)[0]),
    "p without the refused token": lambda p, q, d, u: (lambda n: (n, p[n] * 1.0 if n == len(d) else (lambda r: r / r.sum() if r.sum() else r)(
        np.where(np.arange(p.shape[1]) == d[n], 0, p[n]))))(verified(p, q, d, u)[0]),
    "the rest's largest alone": lambda p, q, d, u: (lambda r: (r[0], np.eye(p.shape[1])[np.argmax(r[1])]))(verified(p, q, d, u)),
    "uniform over the rest": lambda p, q, d, u: (lambda r: (r[0], over((np.asarray(r[1]) > 0).astype(float))))(verified(p, q, d, u)),
    "a softmax of the difference": lambda p, q, d, u: (lambda n: (n, p[n] * 1.0 if n == len(d) else soft((p[n] - q[n])[None])[0]))(verified(p, q, d, u)[0]),
    "two decimals": lambda p, q, d, u: (lambda r: (r[0], np.asarray(r[1]).round(2)))(verified(p, q, d, u)),
})
