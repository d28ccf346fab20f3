"""Wrong answers to the exercises on several heads, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

from attnlab.reference import attention
from attnlab.reference.heads import merge_heads, split_heads

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"multi_head.{name}", what, function, names))


def soft(z, axis=-1):
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def several(name, answers, names=None):
    for what, function in answers.items():
        wrong(name, what, function, *(names or {}).get(what, ()))


# -- absorb ----------------------------------------------------------------------------------------------------------


def absorbed(q, w_up):
    return q @ split_heads(w_up, len(q)).swapaxes(-1, -2)


several("absorb", {
    "heads moved on by one": lambda q, w_up: q @ np.roll(split_heads(w_up, len(q)), 1, axis=0).swapaxes(-1, -2),
    "the heads' matrices averaged": lambda q, w_up: q @ split_heads(w_up, len(q)).mean(axis=0).T,
    "the last head's columns for all": lambda q, w_up: q @ split_heads(w_up, len(q))[-1].T,
    "averaged over the heads": lambda q, w_up: np.broadcast_to(absorbed(q, w_up).mean(axis=0), absorbed(q, w_up).shape),
    "queries averaged over the tokens": lambda q, w_up: absorbed(q, w_up).mean(axis=1, keepdims=True).repeat(q.shape[1], 1),
    "divided by the root of the latent": lambda q, w_up: absorbed(q, w_up) / np.sqrt(len(w_up)),
    "the sign turned": lambda q, w_up: -absorbed(q, w_up),
    "latent features in reverse": lambda q, w_up: absorbed(q, w_up)[..., ::-1],
    "tokens in reverse": lambda q, w_up: absorbed(q, w_up)[:, ::-1],
    "columns made unit vectors": lambda q, w_up: absorbed(q, w_up / (np.linalg.norm(w_up, axis=0) + 1e-9)),
    "a softmax": lambda q, w_up: soft(absorbed(q, w_up)),
    "the first head alone, the others zero": lambda q, w_up: absorbed(q, w_up) * (np.arange(len(q)) == 0)[:, None, None]
    if len(q) > 1 else absorbed(q, w_up) + 1,
    "whole numbers": lambda q, w_up: absorbed(q, w_up).round(),
})

# -- contributions ---------------------------------------------------------------------------------------------------


def parts(mixed, w_o):
    return mixed @ w_o.reshape(len(mixed), mixed.shape[-1], -1)


several("contributions", {
    "heads moved on by one": lambda m, w: m @ np.roll(w.reshape(len(m), m.shape[-1], -1), 1, axis=0),
    "the last rows for all": lambda m, w: m @ w[-m.shape[-1]:],
    "the rest without the head": lambda m, w: parts(m, w).sum(axis=0) - parts(m, w),
    "sums from the first head on": lambda m, w: np.cumsum(parts(m, w), axis=0),
    "the output for every head": lambda m, w: np.broadcast_to(parts(m, w).sum(axis=0), parts(m, w).shape),
    "an equal share for every head": lambda m, w: np.broadcast_to(parts(m, w).mean(axis=0), parts(m, w).shape),
    "the sizes": lambda m, w: np.abs(parts(m, w)),
    "scaled by the root of the heads": lambda m, w: parts(m, w) / np.sqrt(len(m) + 1),
    "tokens in front": lambda m, w: parts(m, w).swapaxes(0, 1),
    "rows of each head in reverse": lambda m, w: m[..., ::-1] @ w.reshape(len(m), m.shape[-1], -1),
    "tokens in reverse": lambda m, w: parts(m, w)[:, ::-1],
    "the mean over the tokens": lambda m, w: np.broadcast_to(parts(m, w).mean(axis=1, keepdims=True), parts(m, w).shape),
    "the rows' mean for all": lambda m, w: m @ w.reshape(len(m), m.shape[-1], -1).mean(axis=0),
})

# -- count_weights ---------------------------------------------------------------------------------------------------

several("count_weights", {
    "biases counted": lambda d, h, g: 2 * d * d + 2 * d * g * (d // h) + 2 * d + 2 * g * (d // h),
    "one bias": lambda d, h, g: 2 * d * d + 2 * d * g * (d // h) + d,
    "three matrices": lambda d, h, g: d * d + 2 * d * g * (d // h),
    "one of keys and values": lambda d, h, g: 2 * d * d + d * g * (d // h),
    "the groups for the shared heads": lambda d, h, g: 2 * d * d + 2 * d * (h // g) * (d // h),
    "the shared width squared": lambda d, h, g: 2 * d * d + 2 * (g * (d // h)) ** 2,
    "no output matrix": lambda d, h, g: d * d + 2 * d * g * (d // h) + d * (d // h),
    "shared heads as wide as the model": lambda d, h, g: 2 * d * d + 2 * d * d * g,
    "the heads' squares": lambda d, h, g: 4 * h * (d // h) ** 2,
    "always 12": lambda d, h, g: 12,
    "one too many": lambda d, h, g: 2 * d * d + 2 * d * g * (d // h) + 1,
    "widths rounded up": lambda d, h, g: 2 * d * d + 2 * d * g * (d // h + 1),
    "a feed-forward layer added": lambda d, h, g: 2 * d * d + 2 * d * g * (d // h) + 8 * d * d,
    "a share of a quarter": lambda d, h, g: 2 * d * d + 2 * d * d // 4,
}, {"three matrices": ("output_weights_forgotten",), "the heads' squares": ("one_narrow_head",)})

# -- grouped_attention -----------------------------------------------------------------------------------------------


def grouped(order, values=None):
    def attend(q, k, v):
        place = order(q.shape[-3], k.shape[-3])
        return attention(q, k[..., place, :, :], v[..., place if values is None else values(q.shape[-3], k.shape[-3]), :, :])
    return attend


def in_runs(h, g):
    return np.arange(h) * g // h


several("grouped_attention", {
    "the last shared head for all": grouped(lambda h, g: np.full(h, g - 1)),
    "runs moved on by one": grouped(lambda h, g: np.roll(in_runs(h, g), 1)),
    "groups as large as there are shared heads": grouped(lambda h, g: np.minimum(np.arange(h) // g, g - 1)),
    "one head more in the first group": grouped(lambda h, g: np.maximum(in_runs(h, g) - (np.arange(h) % (h // g) == 0), 0)),
    "the first values for all": grouped(in_runs, lambda h, g: np.zeros(h, int)),
    "the first keys for all": grouped(lambda h, g: np.zeros(h, int), in_runs),
    "values in reverse": grouped(in_runs, lambda h, g: in_runs(h, g)[::-1]),
    "queries in reverse": lambda q, k, v: grouped(in_runs)(q[..., ::-1, :, :], k, v),
    "the output averaged within a group": lambda q, k, v: np.repeat(grouped(in_runs)(q, k, v).reshape(
        *q.shape[:-3], k.shape[-3], -1, q.shape[-2], v.shape[-1]).mean(axis=-3), q.shape[-3] // k.shape[-3], axis=-3),
    "scaled by the width of the values": lambda q, k, v: grouped(in_runs)(q * np.sqrt(q.shape[-1] / v.shape[-1]), k, v),
    "scale applied twice": lambda q, k, v: grouped(in_runs)(q / np.sqrt(q.shape[-1]), k, v),
    "causal": lambda q, k, v: attention(q, k[..., in_runs(q.shape[-3], k.shape[-3]), :, :], v[
        ..., in_runs(q.shape[-3], k.shape[-3]), :, :], np.tri(q.shape[-2], k.shape[-2], dtype=bool)),
    "keys summed over the groups": lambda q, k, v: attention(
        q, k.sum(axis=-3, keepdims=True), v[..., in_runs(q.shape[-3], k.shape[-3]), :, :]),
    "the first text for all": lambda q, k, v: grouped(in_runs)(q, np.broadcast_to(k[:1], k.shape) if k.ndim > 3 else k, v),
    "too few heads": lambda q, k, v: attention(q[..., : k.shape[-3], :, :], k, v),
})

# -- head_importance -------------------------------------------------------------------------------------------------


def slopes(mixed, d_mixed):
    return (mixed * d_mixed).sum(axis=(2, 3))


several("head_importance", {
    "the largest of the texts": lambda m, d: np.abs(slopes(m, d)).max(axis=0),
    "the median": lambda m, d: np.median(np.abs(slopes(m, d)), axis=0),
    "the squares": lambda m, d: (slopes(m, d) ** 2).mean(axis=0),
    "positive slopes alone": lambda m, d: np.maximum(slopes(m, d), 0).mean(axis=0),
    "the mean over the heads": lambda m, d: np.abs(slopes(m, d)).mean(axis=1),
    "the first text": lambda m, d: np.abs(slopes(m, d))[0],
    "the last token": lambda m, d: np.abs((m * d)[:, :, -1].sum(axis=-1)).mean(axis=0),
    "absolute values of each feature": lambda m, d: np.abs((m * d).sum(axis=2)).sum(axis=2).mean(axis=0),
    "the sizes multiplied": lambda m, d: (np.abs(m).sum(axis=(2, 3)) * np.abs(d).sum(axis=(2, 3))).mean(axis=0),
    "a cosine": lambda m, d: np.abs(slopes(m, d) / np.sqrt((m**2).sum(axis=(2, 3)) * (d**2).sum(axis=(2, 3)))).mean(axis=0),
    "one less in the divisor": lambda m, d: np.abs(slopes(m, d)).sum(axis=0) / max(len(m) - 1, 1),
    "divided by the largest": lambda m, d: np.abs(slopes(m, d)).mean(axis=0) / np.abs(slopes(m, d)).mean(axis=0).max(),
    "ranks": lambda m, d: np.argsort(np.argsort(np.abs(slopes(m, d)).mean(axis=0))).astype(float),
    "the spread": lambda m, d: slopes(m, d).std(axis=0),
    "the length of the gradient": lambda m, d: np.sqrt((d**2).sum(axis=(2, 3))).mean(axis=0),
    "means multiplied": lambda m, d: np.abs((m.mean(axis=0) * d.mean(axis=0)).sum(axis=(1, 2))),
})

# -- head_windows ----------------------------------------------------------------------------------------------------


def tables(n, m, sizes, shift=None):
    return (np.arange(n) + (m - n if shift is None else shift))[:, None] - np.arange(m), np.asarray(sizes)[:, None, None]


def windows(rule):
    return lambda n, m, sizes: rule(*tables(n, m, sizes))


several("head_windows", {
    "the last size for all": windows(lambda d, s: (d >= 0) & (d < s[-1]) & (s > 0)),
    "the smallest size for all": windows(lambda d, s: (d >= 0) & (d < s.min()) & (s > 0)),
    "the mean size for all": windows(lambda d, s: (d >= 0) & (d < s.mean()) & (s > 0)),
    "sizes sorted": windows(lambda d, s: (d >= 0) & (d < np.sort(s, axis=0))),
    "twice the size": windows(lambda d, s: (d >= 0) & (d < 2 * s)),
    "half the size on each side": windows(lambda d, s: np.abs(d) <= s // 2),
    "a window into the future": windows(lambda d, s: (d <= 0) & (d > -s)),
    "sees the next": windows(lambda d, s: (d >= -1) & (d < s)),
    "blocks": lambda n, m, sizes: (np.asarray(sizes)[:, None, None] > 0) & (
        (np.arange(n) + m - n)[:, None] // np.asarray(sizes)[:, None, None] == np.arange(m) // np.asarray(sizes)[:, None, None]),
    "what lies behind the window": windows(lambda d, s: d >= s),
    "all pairs": windows(lambda d, s: (s > 0) & (d < 10**6)),
    "the first keys": windows(lambda d, s: (d >= 0) & (d + s > d[:, :1])),
    "queries and keys exchanged": lambda n, m, sizes: ((np.arange(n)[:, None] - np.arange(m) <= 0) & (
        np.arange(m) - np.arange(n)[:, None] < np.asarray(sizes)[:, None, None])),
    "three windows at most": windows(lambda d, s: ((d >= 0) & (d < s))[:3]),
    "numbers for truth values": windows(lambda d, s: ((d >= 0) & (d < s)).astype(float)),
    "windows of four at most": windows(lambda d, s: (d >= 0) & (d < np.minimum(s, 4))),
})

# -- latent_cache ----------------------------------------------------------------------------------------------------

several("latent_cache", {
    "twice as much": lambda t, n, h, d, c, r, s: 2 * t * n * (c + r) * s,
    "the rotary key twice": lambda t, n, h, d, c, r, s: t * n * (c + 2 * r) * s,
    "the latent and the rotary key multiplied": lambda t, n, h, d, c, r, s: t * n * c * r * s,
    "one layer less": lambda t, n, h, d, c, r, s: t * (n - 1) * (c + r) * s,
    "one token": lambda t, n, h, d, c, r, s: n * (c + r) * s,
    "a head's width added": lambda t, n, h, d, c, r, s: t * n * (c + r + d) * s,
    "divided by the heads": lambda t, n, h, d, c, r, s: t * n * (c + r) * s / h,
    "multiplied by the heads": lambda t, n, h, d, c, r, s: t * n * (c + r) * s * h,
    "two bytes whatever is said": lambda t, n, h, d, c, r, s: 2 * t * n * (c + r),
    "kilobytes": lambda t, n, h, d, c, r, s: t * n * (c + r) * s / 1024,
    "the rotary key once for all layers": lambda t, n, h, d, c, r, s: t * (n * c + r) * s,
    "the rotary key once for all tokens": lambda t, n, h, d, c, r, s: (t * c + r) * n * s,
    "the rotary key alone": lambda t, n, h, d, c, r, s: t * n * r * s,
    "always 8": lambda t, n, h, d, c, r, s: 8,
    "one shared head of keys and values": lambda t, n, h, d, c, r, s: 2 * t * n * d * s,
})

# -- match_heads -----------------------------------------------------------------------------------------------------


def products(layer, n_heads):
    q, k, v = (np.split(w, n_heads, axis=1) for w in layer[:3])
    return [(a @ b.T, c @ d) for a, b, c, d in zip(q, k, v, np.split(layer[3], n_heads))]


def nearest(mark):
    def match(first, second, n_heads):
        old, new = ([np.ravel(mark(*pair)) for pair in products(layer, n_heads)] for layer in (first, second))
        return np.array([int(np.argmin([np.round(((a - b) ** 2).sum(), 6) for b in old])) for a in new])
    return match


exact = nearest(lambda look, write: np.stack([look, write]))
several("match_heads", {
    "the largest entries": nearest(lambda look, write: [np.abs(look).max(), np.abs(write).max() * 0]),
    "the traces": nearest(lambda look, write: [np.trace(look), 0]),
    "singular values": nearest(lambda look, write: np.linalg.svd(np.stack([look, write]))[1]),
    "the singular values of where they look": nearest(lambda look, write: np.linalg.svd(look)[1]),
    "the ranks": nearest(lambda look, write: [np.linalg.matrix_rank(look), np.linalg.matrix_rank(write)]),
    "the farthest": lambda first, second, n: np.array([int(np.argmax([
        ((np.stack(a) - np.stack(b)) ** 2).sum() for b in products(first, n)])) for a in products(second, n)]),
    "counted from one": lambda first, second, n: exact(first, second, n) + 1,
    "in reverse": lambda first, second, n: exact(first, second, n)[::-1],
    "sorted": lambda first, second, n: np.sort(exact(first, second, n)),
    "a table of True and False": lambda first, second, n: np.eye(n)[exact(first, second, n)],
    "products multiplied": nearest(lambda look, write: (look @ write).round(6) * 0 + np.abs(look @ write).sum()),
    "moved on by one": lambda first, second, n: (exact(first, second, n) + 1) % n,
    "a ring": lambda first, second, n: np.roll(np.arange(n), -1),
    "the first head for all": lambda first, second, n: np.zeros(n, int),
    "the layers exchanged": lambda first, second, n: exact(second, first, n),
}, {"the layers exchanged": ("order_turned_round",), "the largest entries": ("only_where_heads_look",), "sorted": ("heads_never_exchanged",),
    "singular values": ("heads_matched_by_length_of_products",)})

# -- mean_pool -------------------------------------------------------------------------------------------------------


def pool(reduce):
    return lambda w, h, g: reduce(w.reshape(len(w), g, h // g, -1)).reshape(len(w), -1)


several("mean_pool", {
    "the median": pool(lambda c: np.median(c, axis=2) + 1e-3 * c.max(axis=2)),
    "the largest": pool(lambda c: c.max(axis=2)),
    "the last of each group": pool(lambda c: c[:, :, -1]),
    "the first and the last": pool(lambda c: (c[:, :, 0] + 2 * c[:, :, -1]) / 3),
    "divided by all heads": lambda w, h, g: pool(lambda c: c.sum(axis=2))(w, h, g) / h,
    "divided by the shared heads": lambda w, h, g: pool(lambda c: c.sum(axis=2))(w, h, g) / g if h != g else pool(
        lambda c: c.sum(axis=2))(w, h, g),
    "divided by the root of the group": lambda w, h, g: pool(lambda c: c.sum(axis=2))(w, h, g) / np.sqrt(h // g),
    "the group's mean one place on": lambda w, h, g: np.roll(pool(lambda c: c.mean(axis=2))(w, h, g), 1, axis=1),
    "rows for columns": lambda w, h, g: np.broadcast_to(w.mean(axis=0), w.shape)[:, : w.shape[1] * g // h],
    "cut off": lambda w, h, g: w[:, : w.shape[1] * g // h],
    "repeated to the old width": lambda w, h, g: np.repeat(w.reshape(len(w), g, h // g, -1).mean(2), h // g, axis=1).reshape(len(w), -1),
    "whole numbers": lambda w, h, g: pool(lambda c: c.mean(axis=2))(w, h, g).astype(w.dtype).round(1),
    "features in reverse": pool(lambda c: c.mean(axis=2)[..., ::-1]),
    "pairs of heads": lambda w, h, g: w.reshape(len(w), h, -1)[:, : 2 * g].reshape(len(w), g, -1, w.shape[1] // h).mean(2).reshape(len(w), -1),
})

# -- merge_heads, split_heads ----------------------------------------------------------------------------------------

several("merge_heads", {
    "tokens in reverse": lambda x: merge_heads(x[..., ::-1, :]),
    "features of each head in reverse": lambda x: merge_heads(x[..., ::-1]),
    "the last head only, repeated": lambda x: np.tile(x[..., -1, :, :], x.shape[-3]),
    "the first head repeated": lambda x: np.tile(x[..., 0, :, :], x.shape[-3]),
    "heads averaged and repeated": lambda x: np.tile(x.mean(axis=-3), x.shape[-3]),
    "heads moved on by one": lambda x: merge_heads(np.roll(x, 1, axis=-3)),
    "the largest of the heads": lambda x: x.max(axis=-3),
    "flat": lambda x: x.reshape(*x.shape[:-3], -1),
    "not merged": lambda x: x.swapaxes(-3, -2),
    "transposed": lambda x: merge_heads(x).swapaxes(-1, -2),
    "all axes turned": lambda x: x.transpose().reshape(*x.shape[:-3], x.shape[-2], -1),
    "axes 0 and 1 exchanged": lambda x: x.swapaxes(0, 1).reshape(*x.shape[:-3], x.shape[-2], -1),
    "scaled": lambda x: merge_heads(x) / np.sqrt(x.shape[-3]),
    "whole numbers": lambda x: merge_heads(x).round(),
    "the first text for all": lambda x: np.broadcast_to(merge_heads(x)[:1], merge_heads(x).shape) if x.ndim > 3 else merge_heads(x),
})

several("split_heads", {
    "heads moved on by one": lambda x, h: np.roll(split_heads(x, h), 1, axis=-3),
    "features in reverse": lambda x, h: split_heads(x, h)[..., ::-1],
    "tokens in reverse": lambda x, h: split_heads(x, h)[..., ::-1, :],
    "the first head for all": lambda x, h: np.broadcast_to(split_heads(x, h)[..., :1, :, :], split_heads(x, h).shape),
    "the mean of the heads": lambda x, h: np.broadcast_to(split_heads(x, h).mean(-3, keepdims=True), split_heads(x, h).shape),
    "the first head alone": lambda x, h: x[..., : x.shape[-1] // h],
    "features last but two": lambda x, h: np.moveaxis(split_heads(x, h), -1, -3),
    "axes 0 and 1 exchanged": lambda x, h: x.reshape(*x.shape[:-1], h, -1).swapaxes(0, 1),
    "copies with zeros": lambda x, h: x[..., None, :, :] * np.repeat(np.eye(h), x.shape[-1] // h, axis=1)[:, None, :],
    "scaled": lambda x, h: split_heads(x, h) / np.sqrt(h),
    "whole numbers": lambda x, h: split_heads(x, h).round(),
    "always three heads": lambda x, h: split_heads(x, 3) if x.shape[-1] % 3 == 0 else split_heads(x, h),
    "all heads in one column": lambda x, h: x[..., None],
    "the first text for all": lambda x, h: np.broadcast_to(split_heads(x, h)[:1], split_heads(x, h).shape) if x.ndim > 2 else split_heads(x, h),
}, {"axes 0 and 1 exchanged": ("heads_behind_tokens",)})

# -- multi_head ------------------------------------------------------------------------------------------------------


def layer(attend=attention, after=lambda mixed: mixed, end=lambda out, x: out):
    def run(x, w_q, w_k, w_v, w_o, n_heads):
        q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
        return end(merge_heads(after(attend(q, k, v))) @ w_o, x)
    return run


def score(q, k):
    return q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])


several("multi_head", {
    "causal": layer(lambda q, k, v: attention(q, k, v, np.tri(q.shape[-2], dtype=bool)) if q.shape[-2] > 1 else attention(q, k, v)),
    "softmax over the queries": layer(lambda q, k, v: soft(score(q, k), axis=-2) @ v),
    "divided by d_k": layer(lambda q, k, v: soft(score(q, k) / np.sqrt(q.shape[-1])) @ v),
    "scaled by d_v": layer(lambda q, k, v: soft(score(q, k) * np.sqrt(q.shape[-1] / v.shape[-1])) @ v),
    "the first head's weights for all": layer(lambda q, k, v: soft(score(q, k))[..., :1, :, :] @ v),
    "the mean of the weights for all": layer(lambda q, k, v: soft(score(q, k)).mean(axis=-3, keepdims=True) @ v),
    "scores added over the heads": layer(lambda q, k, v: soft(score(q, k).sum(axis=-3, keepdims=True)) @ v),
    "no softmax": layer(lambda q, k, v: score(q, k) @ v),
    "equal weights": layer(lambda q, k, v: np.broadcast_to(v.mean(axis=-2, keepdims=True), v.shape)),
    "the hardest choice": layer(lambda q, k, v: np.take_along_axis(v, score(q, k).argmax(-1)[..., None], axis=-2)),
    "the token itself left out": layer(lambda q, k, v: soft(score(q, k) - 1e9 * np.eye(q.shape[-2])) @ v if q.shape[-2] > 1 else v),
    "heads in reverse": layer(after=lambda mixed: mixed[..., ::-1, :, :]),
    "the last head dropped": layer(after=lambda mixed: mixed * (np.arange(mixed.shape[-3]) < max(mixed.shape[-3] - 1, 1))[:, None, None]),
    "divided by the heads": layer(after=lambda mixed: mixed / mixed.shape[-3]),
    "a residual": layer(end=lambda out, x: out + x.mean(axis=-1, keepdims=True)),
    "a normalised output": layer(end=lambda out, x: (out - out.mean(-1, keepdims=True)) / (out.std(-1, keepdims=True) + 0.1)),
    "the output matrix before mixing": lambda x, w_q, w_k, w_v, w_o, h: attention(x @ w_q, x @ w_k, x @ w_v @ w_o),
    "values by the keys' matrix": lambda x, w_q, w_k, w_v, w_o, h: layer()(x, w_q, w_k, w_k[:, np.arange(w_v.shape[1]) % w_k.shape[1]], w_o, h),
    "keys by the queries' matrix": lambda x, w_q, w_k, w_v, w_o, h: layer()(x, w_q, w_q, w_v, w_o, h),
    "the first text's for all": lambda x, w_q, w_k, w_v, w_o, h: np.broadcast_to(
        layer()(x[:1], w_q, w_k, w_v, w_o, h), (*x.shape[:-1], w_o.shape[1])) if x.ndim > 2 else layer()(x, w_q, w_k, w_v, w_o, h),
    "heads dealt out in turns": lambda x, w_q, w_k, w_v, w_o, h: layer()(x, *(
        w.reshape(len(w), -1, h).swapaxes(1, 2).reshape(w.shape) for w in (w_q, w_k, w_v)), w_o, h),
}, {"the output matrix before mixing": ("one_wide_head",)})

# -- permute_heads ---------------------------------------------------------------------------------------------------


def columns(w_o, order):
    return np.arange(len(w_o)).reshape(len(order), -1)[order].ravel()


def permuted(choose, out=None):
    def permute(w_q, w_k, w_v, w_o, order):
        c = choose(w_o, np.asarray(order))
        return w_q[:, c], w_k[:, c], w_v[:, c], w_o[c if out is None else out(w_o, np.asarray(order))]
    return permute


def inverse(w_o, order):
    return columns(w_o, np.argsort(order))


several("permute_heads", {
    "moved on by one": permuted(lambda w, o: columns(w, np.roll(np.arange(len(o)), -1))),
    "the first two exchanged": permuted(lambda w, o: columns(w, np.r_[1, 0, np.arange(2, len(o))])),
    "the output matrix the other way round": permuted(columns, inverse),
    "the three the other way round": permuted(inverse, columns),
    "features of each head in reverse": permuted(lambda w, o: columns(w, o).reshape(len(o), -1)[:, ::-1].ravel()),
    "order applied twice": permuted(lambda w, o: columns(w, o[o])),
    "single columns": permuted(lambda w, o: np.r_[o, np.arange(len(o), len(w))]),
    "queries and keys alone": lambda q, k, v, o, order: (q[:, columns(o, order)], k[:, columns(o, order)], v, o),
    "values and output alone": lambda q, k, v, o, order: (q, k, v[:, columns(o, order)], o[columns(o, order)]),
    "queries and keys exchanged": lambda q, k, v, o, order: permuted(columns)(k, q, v, o, order),
    "one matrix for three": lambda q, k, v, o, order: permuted(columns)(q, q, q, o, order),
    "tokens' features moved": lambda q, k, v, o, order: (*(w[np.roll(np.arange(len(w)), 1)] for w in (q, k, v)), o),
    "three matrices": lambda q, k, v, o, order: permuted(columns)(q, k, v, o, order)[:3],
    "zeros": lambda q, k, v, o, order: (0 * q, 0 * k, 0 * v, 0 * o),
})

# -- prune_heads -----------------------------------------------------------------------------------------------------


def pruned(choose, scale=lambda o, gates: 1.0):
    def prune(w_q, w_k, w_v, w_o, gates):
        c = choose(w_o, np.asarray(gates))
        return w_q[:, c], w_k[:, c], w_v[:, c], w_o[c] * scale(w_o, np.asarray(gates))
    return prune


def staying(w_o, gates):
    return np.flatnonzero(np.repeat(gates, len(w_o) // len(gates)))


several("prune_heads", {
    "the last heads kept": pruned(lambda w, g: np.arange(len(w))[len(w) - int(g.sum()) * (len(w) // len(g)):]),
    "heads in reverse": pruned(lambda w, g: staying(w, g)[::-1]),
    "heads in reverse order": pruned(lambda w, g: staying(w, g).reshape(int(g.sum()), -1)[::-1].ravel()),
    "gates turned round": pruned(lambda w, g: staying(w, g[::-1])),
    "gates moved on by one": pruned(lambda w, g: staying(w, np.roll(g, 1))),
    "one head at most goes": pruned(lambda w, g: staying(w, np.where(np.arange(len(g)) == g.argmin(), g, 1))),
    "the output halved": pruned(staying, lambda o, g: g.mean()),
    "the output by the root of the share": pruned(staying, lambda o, g: np.sqrt(1 / g.mean())),
    "the output matrix whole": lambda q, k, v, o, g: (*(w[:, staying(o, g)] for w in (q, k, v)), o),
    "keys whole": lambda q, k, v, o, g: (q[:, staying(o, g)], k, v[:, staying(o, g)], o[staying(o, g)]),
    "the output zeroed": lambda q, k, v, o, g: (q, k, v, o * np.repeat(g, len(o) // len(g))[:, None]),
    "rows of the input cut": lambda q, k, v, o, g: (q[: len(staying(o, g))], k, v, o),
    "nothing cut": lambda q, k, v, o, g: (q, k, v, o),
    "queries and keys exchanged": lambda q, k, v, o, g: pruned(staying)(k, q, v, o, g),
    "three matrices": lambda q, k, v, o, g: pruned(staying)(q, k, v, o, g)[:3],
    "the number of heads for their width": pruned(lambda w, g: staying(w, g)[: len(staying(w, g)) // 2 * 2] if len(g) == 5 else staying(w, g)),
})

# -- sharp_enough ----------------------------------------------------------------------------------------------------


def factor(gap, n, p):
    return np.log((n - 1) * p / (1 - p)) / gap


several("sharp_enough", {
    "one key more": lambda g, n, p: factor(g, n + 1, p),
    "one key less": lambda g, n, p: factor(g, np.maximum(n - 1, 2), p),
    "two keys always": lambda g, n, p: factor(g, np.full(np.shape(n), 2), p),
    "the gap squared": lambda g, n, p: factor(g, n, p) / g,
    "the gap left out": lambda g, n, p: factor(g, n, p) * g,
    "the weight alone": lambda g, n, p: np.log(p) / g,
    "minus the logarithm of the miss": lambda g, n, p: -np.log(1 - p) / g,
    "logarithms multiplied": lambda g, n, p: np.log(np.maximum(n - 1, 1)) * np.log(p / (1 - p)) / g,
    "competitors subtracted": lambda g, n, p: (np.log(p / (1 - p)) - np.log(n - 1)) / g,
    "the sign turned": lambda g, n, p: -factor(g, n, p),
    "base 10": lambda g, n, p: factor(g, n, p) / np.log(10),
    "weights kept below 0.99": lambda g, n, p: factor(g, n, np.minimum(p, 0.99)),
    "keys kept below a thousand": lambda g, n, p: factor(g, np.minimum(n, 1000), p),
    "the exponential": lambda g, n, p: np.exp(factor(g, n, p)),
    "one factor for all": lambda g, n, p: np.full(np.shape(g), np.max(factor(g, n, p))) + 0 * np.asarray(g) if np.size(g) > 1 else factor(g, n, p),
    "rounded": lambda g, n, p: np.round(factor(g, n, p), 1),
    "the first alone": lambda g, n, p: np.ravel(factor(g, n, p))[0],
}, {"one key more": ("wanted_key_counted_twice",), "two keys always": ("keys_not_counted",)})

# -- two_relations ---------------------------------------------------------------------------------------------------


def asked(*steps, strength=lambda n: 10 * np.sqrt(n), key=np.eye):
    def ask(n):
        keys = key(n)
        return strength(n) * np.stack([np.roll(keys, step, axis=0) for step in steps]), np.stack([keys] * len(steps))
    return ask


def on_a_circle(n):
    return np.stack([np.cos(2 * np.pi * np.arange(n) / n), np.sin(2 * np.pi * np.arange(n) / n)], axis=1)


several("two_relations", {
    "the left neighbour and itself": asked(1, 0),
    "itself and the right neighbour": asked(0, -1),
    "two places away": asked(2, -2),
    "both look right": asked(-1, -1),
    "one head": asked(1),
    "three heads": asked(1, -1, 0),
    "weights of 0.8": asked(1, -1, strength=lambda n: np.sqrt(n) * np.log(4.0 * (n - 1))),
    "just below 0.9": asked(1, -1, strength=lambda n: np.sqrt(n) * np.log(8.9 * (n - 1))),
    "sharp up to 20 tokens": asked(1, -1, strength=lambda n: 10 * np.sqrt(n) if n < 20 else 3 * np.sqrt(n)),
    "a circle with short queries": asked(1, -1, strength=lambda n: 50.0, key=on_a_circle),
    "a line for the ring": lambda n: (np.stack([100 * n * np.eye(n, k=-1), 100 * n * np.eye(n, k=1)]), np.stack([np.eye(n)] * 2)),
    "keys of ones": lambda n: (np.ones((2, n, 3)), np.ones((2, n, 3))),
    "zeros": lambda n: (np.zeros((2, n, n)), np.zeros((2, n, n))),
    "infinite queries": lambda n: (np.stack([np.where(np.roll(np.eye(n), s, axis=0) > 0, np.inf, 0) for s in (1, -1)]), np.stack([np.eye(n)] * 2)),
    "five tokens always": lambda n: asked(1, -1)(5),
    "a table of weights for the queries": lambda n: (np.stack([np.roll(np.eye(n), s, axis=0) for s in (1, -1)]), np.stack([np.eye(n)] * 2)),
})
