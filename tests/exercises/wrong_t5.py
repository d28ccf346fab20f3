"""Wrong answers to the exercises on T5 and on one's own GPT, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def several(name, answers, names=None):
    for what, function in answers.items():
        WRONG.append((f"variants.{name}", what, function, (names or {}).get(what, ())))


# -- rms_norm ----------------------------------------------------------------------------------------


def rms(x, g, e, axis=-1, power=2):
    x = np.asarray(x, dtype=float)
    return g * x / np.sqrt((np.abs(x) ** power).mean(axis=axis, keepdims=True) + e)


several("rms_norm", {
    "mean over the tokens": lambda x, g, e: rms(x, g, e, axis=-2 if np.ndim(x) > 1 else -1) if np.ndim(x) > 1 else np.asarray(x) * 0.0,
    "mean of sizes": lambda x, g, e: rms(x, g, e, power=1),
    "no epsilon": lambda x, g, e: rms(x, g, 1e-30),
    "epsilon fixed": lambda x, g, e: rms(x, g, 1e-6),
    "epsilon squared": lambda x, g, e: rms(x, g, e * e),
    "epsilon under the mean": lambda x, g, e: g * np.asarray(x, dtype=float) / np.sqrt(((np.asarray(x) ** 2 + e) ** 2).mean(axis=-1, keepdims=True)),
    "divided by the largest": lambda x, g, e: g * np.asarray(x, dtype=float) / (np.abs(x).max(axis=-1, keepdims=True) + e),
    "gain divided": lambda x, g, e: rms(x, 1 / np.asarray(g, dtype=float), e),
    "gain squared": lambda x, g, e: rms(x, np.asarray(g) ** 2, e),
    "gain added": lambda x, g, e: rms(x, 1, e) + g,
    "one feature too few in the mean": lambda x, g, e: g * np.asarray(x, dtype=float) / np.sqrt(
        (np.asarray(x, dtype=float) ** 2).sum(axis=-1, keepdims=True) / max(np.shape(x)[-1] - 1, 1) + e),
    "first row's size for all": lambda x, g, e: g * np.asarray(x, dtype=float) / np.sqrt((np.reshape(x, (-1, np.shape(x)[-1]))[0] ** 2.0).mean() + e),
    "the size of each text": lambda x, g, e: rms(x, g, e, axis=(-2, -1) if np.ndim(x) > 1 else -1) if np.ndim(x) > 2 else rms(x, g, e) * 1.01,
    "absolute values": lambda x, g, e: np.abs(rms(x, g, e)),
    "two digits": lambda x, g, e: rms(x, g, e).round(2),
    "as it was": lambda x, g, e: np.asarray(x, dtype=float),
    "the sizes": lambda x, g, e: np.sqrt((np.asarray(x, dtype=float) ** 2).mean(axis=-1) + e),
    "clipped at five": lambda x, g, e: np.clip(rms(x, g, e), -5, 1.5),
}, {"the size of each text": (), "mean over the tokens": ()})

# -- gated_network -----------------------------------------------------------------------------------


def silu(z):
    return z * (1 + np.tanh(z / 2)) / 2


def net(x, a, b, c, act=silu, join=np.multiply):
    x = np.asarray(x, dtype=float)
    return join(act(x @ a), x @ b) @ c


several("gated_network", {
    "tanh gate": lambda *g: net(*g, act=np.tanh),
    "sigmoid of twice": lambda *g: net(*g, act=lambda z: z * (1 + np.tanh(z)) / 2),
    "the slope 1.702": lambda *g: net(*g, act=lambda z: z * (1 + np.tanh(0.851 * z)) / 2),
    "SiLU of the size": lambda *g: net(*g, act=lambda z: silu(np.abs(z))),
    "one minus the gate": lambda *g: net(*g, act=lambda z: z - silu(z)),
    "expansion alone": lambda x, a, b, c: np.asarray(x, dtype=float) @ b @ c,
    "residual added": lambda x, a, b, c: np.asarray(x, dtype=float) + net(x, a, b, c),
    "clipped at ten": lambda *g: net(*g, act=lambda z: np.minimum(silu(z), 1.0)),
    "gate squared": lambda *g: net(*g, act=lambda z: silu(z) ** 2),
    "maximum": lambda *g: net(*g, join=np.maximum),
    "difference": lambda *g: net(*g, join=np.subtract),
    "normalised gate": lambda *g: net(*g, act=lambda z: silu(z) / (1e-9 + np.abs(silu(z)).sum(axis=-1, keepdims=True))),
    "softmax gate": lambda *g: net(*g, act=lambda z: np.exp(z - z.max(axis=-1, keepdims=True)) / np.exp(z - z.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True)),
    "halved": lambda *g: net(*g) / 2,
    "activated at the end": lambda *g: silu(net(*g)),
    "hidden numbers returned": lambda x, a, b, c: silu(np.asarray(x, dtype=float) @ a) * (np.asarray(x) @ b),
    "one digit": lambda *g: net(*g).round(1),
    "not for negative gates": lambda *g: net(*g, act=lambda z: np.where(z > -1, silu(z), 0)),
})

# -- mending_pairs -----------------------------------------------------------------------------------


def table(score, course, mine, decide):
    names, base = list(mine), score(dict(course))
    alone = {n: score({**course, n: mine[n]}) for n in names}
    out = np.zeros((len(names), len(names)), dtype=bool)
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            both = score({**course, a: mine[a], b: mine[b]})
            out[i, j] = decide(i, j, alone[a], alone[b], both, base)
    return out


several("mending_pairs", {
    "none at all": lambda s, c, m: np.zeros((len(m), len(m)), dtype=bool),
    "all pairs": lambda s, c, m: ~np.eye(len(m), dtype=bool),
    "only the diagonal": lambda s, c, m: np.eye(len(m), dtype=bool),
    "with the diagonal": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: i == j or (a != base and b != base and both == base)),
    "turned round": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: not (i != j and a != base and b != base and both == base)),
    "equal shifts": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: i != j and a != base and a - base == b - base),
    "first breaks, second does not": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: a != base and b == base and both != base),
    "the better of the two": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: i != j and a != base and b != base and both >= max(a, b)),
    "nearer than alone": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: i != j and a != base and b != base and abs(both - base) < min(abs(a - base), abs(b - base))),
    "within one": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: i != j and a != base and b != base and abs(both - base) <= 4),
    "greater on one side": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: a > base and b != base and both == base),
    "opposite shifts": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: i != j and (a - base) * (b - base) < 0),
    "compared with the first": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: i != j and a != base and b != base and both == a),
    "the names' order": lambda s, c, m: table(s, c, dict(sorted(m.items())), lambda i, j, a, b, both, base: i != j and a != base and b != base and both == base)
    if list(m) != sorted(m) else np.ones((len(m), len(m)), dtype=bool),
    "one row": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: a != base and b != base and both == base and i != j).any(axis=0),
    "a table of course's size": lambda s, c, m: np.zeros((len(c), len(c)), dtype=bool),
    "only larger": lambda s, c, m: table(s, c, m, lambda i, j, a, b, both, base: i != j and a > base and b > base and both == base),
}, {"opposite shifts": (), "nearer than alone": ()})

# -- restore -----------------------------------------------------------------------------------------


def split(ids, end):
    ids = [int(i) for i in ids]
    return ids[: ids.index(end)] if end in ids else ids


def spans(target, first, end, low=99):
    found, mark = {}, None
    for token in split(target, end):
        if first - low <= token <= first:
            mark = token
            found.setdefault(mark, [])
        elif mark is not None:
            found[mark].append(token)
    return found


def filled(source, found, first, end, low=99, other=()):
    return [t for token in split(source, end) for t in (found.get(token, list(other)) if first - low <= token <= first else [token])]


several("restore", {
    "98 marks": lambda s, t, f, e: filled(s, spans(t, f, e, 98), f, e, 98),
    "100 below": lambda s, t, f, e: filled(s, spans(t, f, e, 100), f, e, 100),
    "only the first mark": lambda s, t, f, e: filled(s, spans(t, f, e, 0), f, e, 0),
    "ten marks": lambda s, t, f, e: filled(s, spans(t, f, e, 9), f, e, 9),
    "the source alone": lambda s, t, f, e: split(s, e),
    "the target alone": lambda s, t, f, e: split(t, e),
    "the end kept": lambda s, t, f, e: [*filled(s, spans(t, f, e), f, e), e],
    "spans backwards": lambda s, t, f, e: filled(s, {m: x[::-1] for m, x in spans(t, f, e).items()}, f, e),
    "last token of a span": lambda s, t, f, e: filled(s, {m: x[-1:] for m, x in spans(t, f, e).items()}, f, e),
    "two tokens a span": lambda s, t, f, e: filled(s, {m: x[:2] for m, x in spans(t, f, e).items()}, f, e) if len(t) < 7 else filled(s, {}, f, e),
    "zero for a missing span": lambda s, t, f, e: filled(s, spans(t, f, e), f, e, other=(0,)),
    "stray tokens in front": lambda s, t, f, e: [*[x for x in split(t, e)[: next((i for i, v in enumerate(split(t, e)) if f - 99 <= v <= f), 0)]], *filled(s, spans(t, f, e), f, e)],
    "stray tokens to the first mark": lambda s, t, f, e: filled(s, {**spans(t, f, e), f: split(t, e)[: split(t, e).index(f)] + spans(t, f, e)[f]}
                                                                if f in split(t, e) else spans(t, f, e), f, e),
    "invented spans at the end": lambda s, t, f, e: filled(s, spans(t, f, e), f, e) + [x for m, p in spans(t, f, e).items() if m not in s for x in p],
    "the target read past its end": lambda s, t, f, e: filled(s, spans(t, f, -7), f, e),
    "the source read past its end": lambda s, t, f, e: filled(s, spans(t, f, e), f, -7),
    "sorted": lambda s, t, f, e: sorted(filled(s, spans(t, f, e), f, e)),
    "places for spans": lambda s, t, f, e: filled(s, dict(zip(range(f, f - 100, -1), spans(t, f, e).values())), f, e),
}, {"places for spans": ("restore_by_order_of_marks",)})

# -- raw_length --------------------------------------------------------------------------------------


def sizes(n, rate, mean):
    c = min(max(round(n * rate), 1), n - 1)
    s = min(max(round(c / mean), 1), n - c)
    return n - c + s + 1, c + s + 2


def longest(room, rate, mean, f=sizes):
    n = 2
    while f(n + 1, rate, mean)[0] <= room:
        n += 1
    return n


several("raw_length", {
    "divided by what stays": lambda r, p, m: (int(r / (1 - p)), sizes(max(int(r / (1 - p)), 2), p, m)[1]),
    "divided with marks": lambda r, p, m: (int((r - 1) / (1 - p + p / m)), sizes(max(int((r - 1) / (1 - p + p / m)), 2), p, m)[1]),
    "strictly below": lambda r, p, m: (longest(r - 1, p, m), sizes(longest(r - 1, p, m), p, m)[1]),
    "source for target": lambda r, p, m: (longest(r, p, m), sizes(longest(r, p, m), p, m)[0]),
    "source and target exchanged": lambda r, p, m: (sizes(longest(r, p, m), p, m)[1], longest(r, p, m)),
    "source's length returned": lambda r, p, m: (sizes(longest(r, p, m), p, m)[0], sizes(longest(r, p, m), p, m)[1]),
    "always 512's": lambda r, p, m: (568, 114),
    "the mean of 3": lambda r, p, m: (longest(r, p, 3), sizes(longest(r, p, 3), p, 3)[1]),
    "the rate of 15 %": lambda r, p, m: (longest(r, 0.15, m), sizes(longest(r, 0.15, m), 0.15, m)[1]),
    "no least span": lambda r, p, m: (lambda f: (longest(r, p, m, f), f(longest(r, p, m, f), p, m)[1]))(
        lambda n, p, m: (n - min(max(round(n * p), 1), n - 1) + round(round(n * p) / m) + 1, round(n * p) + round(round(n * p) / m) + 2)),
    "spans not limited": lambda r, p, m: (lambda f: (longest(r, p, m, f), f(longest(r, p, m, f), p, m)[1]))(
        lambda n, p, m: (lambda c: (n - c + max(round(c / m), 1) + 1, c + max(round(c / m), 1) + 2))(min(max(round(n * p), 1), n - 1))),
    "half rounded up": lambda r, p, m: (lambda f: (longest(r, p, m, f), f(longest(r, p, m, f), p, m)[1]))(
        lambda n, p, m: (lambda c: (lambda s: (n - c + s + 1, c + s + 2))(min(max(int(c / m + 0.5), 1), n - c)))(min(max(int(n * p + 0.5), 1), n - 1))),
    "one mark more in the source": lambda r, p, m: (lambda n: (n, sizes(n, p, m)[1]))(longest(r, p, m, lambda n, p, m: (sizes(n, p, m)[0] + 1, 0))),
    "both texts in the room": lambda r, p, m: (lambda n: (n, sizes(n, p, m)[1]))(longest(r, p, m, lambda n, p, m: (sum(sizes(n, p, m)), 0))),
    "a target of the rate": lambda r, p, m: (longest(r, p, m), round(longest(r, p, m) * p)),
    "a target without marks": lambda r, p, m: (longest(r, p, m), min(max(round(longest(r, p, m) * p), 1), longest(r, p, m) - 1) + 1),
    "the target alone fits": lambda r, p, m: (lambda n: (n, sizes(n, p, m)[1]))(longest(r, p, m, lambda n, p, m: (max(sizes(n, p, m)), 0))),
})

# -- cached_bias -------------------------------------------------------------------------------------


def bias(table, past, new, bucket, back=None, **options):
    q, k = past + np.arange(new)[:, None], np.arange(past + new)
    d = np.maximum(q - k, 0) if back is None else back(q, k)
    return np.moveaxis(np.asarray(table, dtype=float)[np.asarray(bucket(d))], -1, 0)


several("cached_bias", {
    "the future one further": lambda t, p, n, b: bias(t, p, n, b, lambda q, k: np.where(k > q, 1, np.maximum(q - k, 0))),
    "one place too near": lambda t, p, n, b: bias(t, p, n, b, lambda q, k: np.maximum(q - k - 1, 0)),
    "no keys of its own": lambda t, p, n, b: bias(t, p, n, b)[..., : max(p, 1)],
    "only the new keys": lambda t, p, n, b: bias(t, p, n, b)[..., p:],
    "queries backwards": lambda t, p, n, b: bias(t, p, n, b)[:, ::-1],
    "keys backwards": lambda t, p, n, b: bias(t, p, n, b)[..., ::-1],
    "heads backwards": lambda t, p, n, b: bias(t, p, n, b)[::-1],
    "mean of the heads": lambda t, p, n, b: bias(t, p, n, b).mean(axis=0),
    "mean of the heads, each": lambda t, p, n, b: np.broadcast_to(bias(t, p, n, b).mean(axis=0), bias(t, p, n, b).shape),
    "future hidden": lambda t, p, n, b: np.where(np.arange(p + n) > p + np.arange(n)[:, None], -1e9, bias(t, p, n, b)),
    "future zero": lambda t, p, n, b: np.where(np.arange(p + n) > p + np.arange(n)[:, None], 0.0, bias(t, p, n, b)),
    "distance clipped at three": lambda t, p, n, b: bias(t, p, n, b, lambda q, k: np.clip(q - k, 0, 3)),
    "buckets returned": lambda t, p, n, b: np.broadcast_to(np.asarray(b(np.maximum(p + np.arange(n)[:, None] - np.arange(p + n), 0)), dtype=float), (np.shape(t)[1], n, p + n)),
    "scaled by the root": lambda t, p, n, b: bias(t, p, n, b) / np.sqrt(2),
    "negative": lambda t, p, n, b: -bias(t, p, n, b),
    "past is one token": lambda t, p, n, b: bias(t, p, n, b, lambda q, k: np.maximum(q - k, 0) // (2 if p > 1 else 1)),
    "axes of queries and keys exchanged": lambda t, p, n, b: bias(t, p, n, b).swapaxes(1, 2),
    "the cache behind": lambda t, p, n, b: bias(t, p, n, b, lambda q, k: np.maximum((q - p) - (k - n), 0)),
})
