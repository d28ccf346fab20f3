"""Wrong answers on the feed-forward network and the residual stream, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"architecture.{name}", what, function, names))


def _family(name, answers):
    for what, answer in answers.items():
        wrong(name, what, *(answer if isinstance(answer, tuple) else (answer,)))


# -- packed_gated ----------------------------------------------------------------------------------------------------

def _silu(z):
    return z * (1 + np.tanh(z / 2)) / 2


def _net(x, w_in, w_out, limit, act=_silu, low=-np.inf, ends=None):
    h = np.asarray(x, dtype=float) @ w_in
    f = h.shape[-1] // 2
    g, u = np.clip(h[..., :f], low, limit), np.clip(h[..., f:], *((-limit, limit) if ends is None else ends))
    return (act(g) * u) @ w_out


_family("packed_gated", {
    "nothing limited": lambda x, w_in, w_out, limit: _net(x, w_in, w_out, 1e9),
    "the gate alone is not limited": lambda x, w_in, w_out, limit: _net(x, w_in, w_out, 1e9, ends=(-limit, limit)),
    "the other half limited from above alone": lambda *a: _net(*a, ends=(-np.inf, a[3])),
    "the other half cut at zero": lambda *a: _net(*a, ends=(0, a[3])),
    "the gate cut at zero from below": (lambda *a: _net(*a, low=0),),
    "the limit always 7": lambda x, w_in, w_out, limit: _net(x, w_in, w_out, 7),
    "the output limited": lambda x, w_in, w_out, limit: np.clip(_net(x, w_in, w_out, 1e9), -limit, limit),
    "the product limited": lambda x, w_in, w_out, limit: np.clip(_silu((x @ w_in)[..., : len(w_out)]) * (x @ w_in)[..., len(w_out):], -limit, limit) @ w_out,
    "tanh for SiLU": lambda *a: _net(*a, act=np.tanh),
    "GELU for SiLU": lambda *a: _net(*a, act=lambda z: z * (1 + np.tanh(0.79788456 * (z + 0.044715 * z**3))) / 2),
    "SiLU with twice the slope": lambda *a: _net(*a, act=lambda z: z * (1 + np.tanh(z)) / 2),
    "SiLU with the sign of the exponent reversed": lambda *a: _net(*a, act=lambda z: z * (1 - np.tanh(z / 2)) / 2),
    "the input added": lambda x, w_in, w_out, limit: _net(x, w_in, w_out, limit) + (x if x.shape[-1] == w_out.shape[-1] else x.mean(-1, keepdims=True)),
    "tokens averaged": lambda *a: np.broadcast_to(_net(*a).mean(axis=-2, keepdims=True), _net(*a).shape) + 0 * _net(*a),
    "the gate alone goes on": lambda x, w_in, w_out, limit: _silu(np.minimum((x @ w_in)[..., : len(w_out)], limit)) @ w_out,
    "the other half alone goes on": lambda x, w_in, w_out, limit: np.clip((x @ w_in)[..., len(w_out):], -limit, limit) @ w_out,
    "the limit's sign is forgotten below": lambda *a: _net(*a, ends=(-1, a[3])),
    "rounded": lambda *a: np.round(_net(*a), 2),
    "the output halved": lambda *a: _net(*a) / 2,
})

# -- gated_width -----------------------------------------------------------------------------------------------------


def _width(d, f, m, b, top=None, per=None, less=0):
    top = 2 * d * f + b * f if top is None else top
    per = 3 * d + 2 * b if per is None else per
    return max(0, int((top - less) // per // m * m))


_family("gated_width", {
    "one multiple too few": lambda d, f, m, b: _width(d, f, m, b) - m,
    "one multiple too many": lambda d, f, m, b: _width(d, f, m, b) + m,
    "strictly fewer parameters": lambda d, f, m, b: _width(d, f, m, b, less=1),
    "the output's bias counted on the right alone": lambda d, f, m, b: _width(d, f, m, b, less=b * d),
    "the output's bias counted on the left alone": lambda d, f, m, b: _width(d, f, m, b, top=2 * d * f + b * (f + d)),
    "three biases a neuron": lambda d, f, m, b: _width(d, f, m, b, per=3 * d + 3 * b),
    "biases whatever is asked for": lambda d, f, m, b: _width(d, f, m, True),
    "four matrices": (lambda d, f, m, b: _width(d, f, m, b, per=4 * d + 2 * b), "width_halved_for_the_second_matrix"),
    "the widths exchanged": lambda d, f, m, b: _width(f, d, m, b),
    "multiples of 256 whatever is asked for": lambda d, f, m, b: _width(d, f, 256, b),
    "the number of parameters": lambda d, f, m, b: 3 * d * _width(d, f, m, b),
    "the number of multiples": lambda d, f, m, b: _width(d, f, m, b) // m,
    "three quarters": lambda d, f, m, b: 3 * f // 4 // m * m,
    "two thirds of the plain width when it is four times the model's": lambda d, f, m, b: (2 * f // 3 if f == 4 * d else f // 2) // m * m,
    "at least one multiple": lambda d, f, m, b: max(m, _width(d, f, m, b)),
    "rounded before it is divided": lambda d, f, m, b: _width(d, f // m * m, m, b),
    "nothing": lambda d, f, m, b: 0,
})

# -- memory_credit ---------------------------------------------------------------------------------------------------


def _credit(x, keys, bias, values, table, targets, bend=lambda z: np.maximum(0, z)):
    return bend(x @ keys + bias) * (table[targets] @ np.transpose(values))


_family("memory_credit", {
    "all bent to one": lambda *a: _credit(*a, bend=lambda z: (z > 0).astype(float)),
    "a leaky match": lambda *a: _credit(*a, bend=lambda z: np.where(z > 0, z, 0.1 * z)),
    "squared matches": lambda *a: _credit(*a, bend=lambda z: np.maximum(0, z) ** 2),
    "a sigmoid match": lambda *a: _credit(*a, bend=lambda z: 1 / (1 + np.exp(-z))),
    "matches below zero alone": lambda *a: _credit(*a, bend=lambda z: np.minimum(0, z)),
    "the bias after the bend": lambda x, keys, bias, *a: (np.maximum(0, x @ keys) + bias) * (a[1][a[2]] @ a[0].T),
    "the bias subtracted": lambda x, keys, bias, *a: _credit(x, keys, -bias, *a),
    "credit cut at zero": lambda *a: np.maximum(0, _credit(*a)),
    "sizes of credit": lambda *a: np.abs(_credit(*a)),
    "the next token's target": lambda x, k, b, v, t, targets: _credit(x, k, b, v, t, np.roll(targets, -1)),
    "the last word's row": lambda x, k, b, v, t, targets: _credit(x, k, b, v, t, np.full(len(x), len(t) - 1)),
    "shares of the logit": lambda *a: _credit(*a) / (np.abs(_credit(*a)).sum(axis=1, keepdims=True) + 1e-9),
    "divided by the root of the width": lambda *a: _credit(*a) / a[0].shape[1] ** 0.5,
    "values of length one": lambda x, k, b, v, t, g: _credit(x, k, b, v / np.linalg.norm(v, axis=1, keepdims=True), t, g),
    "the mean over the tokens": lambda *a: np.broadcast_to(_credit(*a).mean(axis=0), _credit(*a).shape) + 0,
    "values in reverse": lambda x, k, b, v, t, g: _credit(x, k, b, v[::-1], t, g),
    "the logits of all words": lambda x, k, b, v, t, g: np.maximum(0, x @ k + b) @ v @ t.T,
})

# -- parallel_block --------------------------------------------------------------------------------------------------


def _h(x, gain, epsilon):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon) * gain


_family("parallel_block", {
    "attention left out": lambda x, a, f, g, e: x + f(_h(x, g, e)),
    "the feed-forward network left out": lambda x, a, f, g, e: x + a(_h(x, g, e)),
    "attention of what the network made": lambda x, a, f, g, e: x + a(f(_h(x, g, e))),
    "attention reads what is not normalised": lambda x, a, f, g, e: x + a(x) + f(_h(x, g, e)),
    "nothing is normalised": lambda x, a, f, g, e: x + a(x) + f(x),
    "the writes averaged": lambda x, a, f, g, e: x + (a(_h(x, g, e)) + f(_h(x, g, e))) / 2,
    "the writes multiplied": lambda x, a, f, g, e: x + a(_h(x, g, e)) * f(_h(x, g, e)),
    "the writes subtracted": lambda x, a, f, g, e: x - a(_h(x, g, e)) - f(_h(x, g, e)),
    "the writes scaled for one block": lambda x, a, f, g, e: x + (a(_h(x, g, e)) + f(_h(x, g, e))) / 2**0.5,
    "the gain added": lambda x, a, f, g, e: x + a(_h(x, 1, e) + g) + f(_h(x, 1, e) + g),
    "the gain plus one": lambda x, a, f, g, e: x + a(_h(x, 1 + g, e)) + f(_h(x, 1 + g, e)),
    "epsilon always 1e-6": lambda x, a, f, g, e: x + a(_h(x, g, 1e-6)) + f(_h(x, g, 1e-6)),
    "not the root": lambda x, a, f, g, e: x + a(x / ((x**2).mean(-1, keepdims=True) + e) * g) + f(x / ((x**2).mean(-1, keepdims=True) + e) * g),
    "one size for all tokens": lambda x, a, f, g, e: x + a(x / np.sqrt((x**2).mean() + e) * g) + f(x / np.sqrt((x**2).mean() + e) * g),
    "the largest number for the size": lambda x, a, f, g, e: x + a(x / (np.abs(x).max(-1, keepdims=True) + e) * g) + f(x / (np.abs(x).max(-1, keepdims=True) + e) * g),
    "the gain in the stream": lambda x, a, f, g, e: x * g + a(_h(x, 1, e)) + f(_h(x, 1, e)),
    "the network in a row, attention normalised once": lambda x, a, f, g, e: x + a(_h(x, g, e)) + f(_h(x, g, e) + a(_h(x, g, e))),
    "the normalised rows added as well": lambda x, a, f, g, e: x + _h(x, g, e) + a(_h(x, g, e)) + f(_h(x, g, e)),
    "nothing at all": lambda x, a, f, g, e: x + 0.0,
})

# -- direct_effects --------------------------------------------------------------------------------------------------


def _effects(p, t, g, e, w, r, size=None, towards=None):
    size = np.sqrt((p.sum(axis=0) ** 2).mean(axis=-1, keepdims=True) + e) if size is None else size
    return (p / size * g) @ (t[w] - t[r] if towards is None else towards)


_family("direct_effects", {
    "the rival added": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, towards=t[w] + t[r]),
    "against the mean word": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, towards=t[w] - t.mean(axis=0)),
    "the rival alone": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, towards=t[r]),
    "words counted from one": lambda p, t, g, e, w, r: _effects(p, t, g, e, (w + 1) % len(t), (r + 1) % len(t)),
    "sizes": lambda *a: np.abs(_effects(*a)),
    "the gain squared": lambda p, t, g, e, w, r: _effects(p, t, g * g, e, w, r),
    "the gain plus one": lambda p, t, g, e, w, r: _effects(p, t, 1 + g, e, w, r),
    "no root": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, size=(p.sum(0) ** 2).mean(-1, keepdims=True) + e),
    "epsilon left out": lambda p, t, g, e, w, r: _effects(p, t, g, 0, w, r),
    "the divisor from the embedding alone": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, size=np.sqrt((p[0] ** 2).mean(-1, keepdims=True) + e)),
    "the divisor from the mean part": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, size=np.sqrt((p.mean(0) ** 2).mean(-1, keepdims=True) + e)),
    "the divisor from the summed squares of the parts": lambda p, t, g, e, w, r: _effects(p, t, g, e, w, r, size=np.sqrt((p**2).sum(0).mean(-1, keepdims=True) + e)),
    "tokens exchanged with parts": lambda p, t, g, e, w, r: np.swapaxes(_effects(np.swapaxes(p, 0, 1), t, g, e, w, r), 0, 1),
    "the mean over the tokens": lambda *a: np.broadcast_to(_effects(*a).mean(axis=1, keepdims=True), _effects(*a).shape) + 0,
    "parts in reverse": lambda *a: _effects(*a)[::-1],
    "less the mean over the parts": lambda *a: _effects(*a) - _effects(*a).mean(axis=0),
    "the difference of the cosines": lambda p, t, g, e, w, r: _effects(p, t / np.linalg.norm(t, axis=1, keepdims=True), g, e, w, r),
    "the whole difference for each part": lambda *a: np.broadcast_to(_effects(*a).sum(axis=0), _effects(*a).shape) + 0,
})

# -- attend_to_blocks ------------------------------------------------------------------------------------------------


def _look(rows, query, keys=None):
    rows = np.asarray(rows, dtype=float)
    keys = rows / np.sqrt((rows**2).mean(-1, keepdims=True)) if keys is None else keys
    s = keys @ np.asarray(query, dtype=float)
    a = np.exp(s - s.max())
    return a / a.sum() @ rows


def _rows(writes, size, first=1):
    writes = np.asarray(writes, dtype=float)
    return np.array([writes[0], *(writes[i : i + size].sum(0) for i in range(first, len(writes), size))])


_family("attend_to_blocks", {
    "blocks one layer longer": lambda w, q, s: _look(_rows(w, s + 1), q),
    "blocks one layer shorter": lambda w, q, s: _look(_rows(w, max(1, s - 1)), q),
    "the first layer forgotten": lambda w, q, s: _look(_rows(w, s, 2), q),
    "the embedding forgotten": lambda w, q, s: _look(_rows(w, s)[1:] if len(w) > 1 else w, q),
    "the embedding counted twice": lambda w, q, s: _look(np.vstack([w[:1], _rows(w, s)]), q),
    "the ordinary stream": lambda w, q, s: np.asarray(w, dtype=float).sum(axis=0),
    "the ordinary stream added": lambda w, q, s: _look(_rows(w, s), q) + np.sum(w, axis=0),
    "the query's sign reversed": lambda w, q, s: _look(_rows(w, s), -np.asarray(q)),
    "the query normed": lambda w, q, s: _look(_rows(w, s), q / (np.sqrt(np.mean(np.square(q))) + 1e-9)),
    "the query doubled": lambda w, q, s: _look(_rows(w, s), 2 * np.asarray(q)),
    "the mean subtracted from the keys": lambda w, q, s: _look(_rows(w, s), q, _rows(w, s) - _rows(w, s).mean(-1, keepdims=True)),
    "squares divided by one less": lambda w, q, s: _look(_rows(w, s), q, _rows(w, s) / np.sqrt((_rows(w, s) ** 2).sum(-1, keepdims=True) / (len(q) - 1))),
    "the average times the number of blocks": lambda w, q, s: _look(_rows(w, s), q) * len(_rows(w, s)),
    "each block weighted by its length in layers": lambda w, q, s: _look(np.repeat(_rows(w, s), [1, *(min(s, len(w) - i) for i in range(1, len(w), s))], axis=0), q),
    "blocks from the end": lambda w, q, s: _look(np.vstack([w[:1], *(np.sum(w[max(1, i - s) : i], axis=0, keepdims=True) for i in range(len(w), 1, -s))]), q),
    "number of blocks for size": lambda w, q, s: _look(_rows(w, max(1, -(-(len(w) - 1) // s))), q),
    "the last block alone": lambda w, q, s: _rows(w, s)[-1],
    "the scores' weights squared": lambda w, q, s: _look(_rows(w, s), q, 2 * _rows(w, s) / np.sqrt((_rows(w, s) ** 2).mean(-1, keepdims=True))),
    "output normed": lambda w, q, s: _look(_rows(w, s), q) / np.sqrt(np.mean(_look(_rows(w, s), q) ** 2)),
})

# -- composite_gain --------------------------------------------------------------------------------------------------


def _product(mixes):
    product = np.eye(np.shape(mixes)[-1])
    for mix in mixes:
        product = np.asarray(mix, dtype=float) @ product
    return product


def _both(p):
    return np.abs(p).sum(axis=1).max(), np.abs(p).sum(axis=0).max()


_family("composite_gain", {
    "the first layer left out": lambda m: _both(_product(m[1:]) if len(m) > 1 else np.eye(m.shape[-1])),
    "the last layer left out": lambda m: _both(_product(m[:-1]) if len(m) > 1 else np.eye(m.shape[-1])),
    "the first layer alone": lambda m: _both(np.asarray(m[0], dtype=float)),
    "the sum of the matrices": lambda m: _both(np.sum(m, axis=0)),
    "the mean matrix": lambda m: _both(np.mean(m, axis=0)),
    "absolute values before the product": lambda m: _both(_product(np.abs(m))),
    "squares for absolute values": lambda m: ((_product(m) ** 2).sum(1).max(), (_product(m) ** 2).sum(0).max()),
    "lengths of rows and columns": lambda m: (np.linalg.norm(_product(m), axis=1).max(), np.linalg.norm(_product(m), axis=0).max()),
    "the absolute value of the sums": lambda m: (np.abs(_product(m).sum(1)).max(), np.abs(_product(m).sum(0)).max()),
    "the first row and column": lambda m: (np.abs(_product(m))[0].sum(), np.abs(_product(m))[:, 0].sum()),
    "the smallest sums": lambda m: (np.abs(_product(m)).sum(1).min(), np.abs(_product(m)).sum(0).min()),
    "forward twice": lambda m: (_both(_product(m))[0],) * 2,
    "backward twice": lambda m: (_both(_product(m))[1],) * 2,
    "averages for sums": lambda m: (np.abs(_product(m)).mean(1).max(), np.abs(_product(m)).mean(0).max()),
    "the root for one layer": lambda m: tuple(x ** (1 / len(m)) for x in _both(_product(m))),
    "logarithms": lambda m: tuple(np.log(x) for x in _both(_product(m))),
    "one added": lambda m: tuple(x + 1 for x in _both(_product(m))),
    "the identity subtracted": lambda m: _both(_product(m) - np.eye(m.shape[-1])),
    "the largest gain of a layer": lambda m: tuple(np.max([_both(np.asarray(one, dtype=float)) for one in m], axis=0)),
})
