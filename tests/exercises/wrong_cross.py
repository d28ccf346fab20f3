"""Wrong answers to the exercises on cross-attention, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import itertools

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"architecture.{name}", what, function, names))


def weights_of(q, k, real, top=lambda s: s.max(axis=-1, keepdims=True), scale=None, fill=-np.inf):
    scores = q @ k.swapaxes(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    scores = np.where(real, scores, fill)
    powers = np.exp(scores - top(scores))
    return powers / powers.sum(axis=-1, keepdims=True)


def real_of(lengths, m):
    return (np.arange(m) < np.asarray(lengths)[:, None])[:, None]


# -- one_memory --------------------------------------------------------------------------------------------------------

def stack(read=None, pick=lambda states: states[-1], layers_of=lambda layers: layers, lengths_of=lambda lengths, m: lengths, **soft):
    def answer(x, states, lengths, *matrices):
        y = pick(states)
        real = real_of(lengths_of(lengths, y.shape[1]), y.shape[1])
        for w in layers_of(list(zip(*matrices))):
            step = weights_of(x @ w[0], y @ w[1], real, **soft) @ (y @ w[2]) @ w[3]
            x = read(x, step, y) if read else x + step
        return x
    return answer


for _what, _answer in {
    "the mean of all states": stack(pick=lambda s: s.mean(axis=0)),
    "the sum of all states": stack(pick=lambda s: s.sum(axis=0)),
    "the state before the last": stack(pick=lambda s: s[-2 if len(s) > 1 else -1]),
    "layers in reverse": stack(layers_of=lambda layers: layers[::-1]),
    "the last layer alone": stack(layers_of=lambda layers: layers[-1:]),
    "the first layer alone": stack(layers_of=lambda layers: layers[:1]),
    "the answer subtracted": stack(lambda x, step, y: x - step),
    "half the answer added": stack(lambda x, step, y: x + step / 2),
    "the answer added twice": stack(lambda x, step, y: x + 2 * step),
    "no maximum subtracted": stack(top=lambda s: 0.0),
    "the mean for the maximum": stack(top=lambda s: np.where(np.isfinite(s), s, 0).mean(axis=-1, keepdims=True)),
    "filled with -100": stack(fill=-100.0),
    "filled with 0": stack(fill=0.0),
    "scaled by the root of the width": lambda x, states, lengths, *w: stack(scale=x.shape[-1] ** -0.5)(x, states, lengths, *w),
    "scaled by d_k": lambda x, states, lengths, *w: stack(scale=1 / w[0].shape[2])(x, states, lengths, *w),
    "one token too few, one at least": stack(lengths_of=lambda lengths, m: np.maximum(lengths - 1, 1)),
    "the longest length for all": stack(lengths_of=lambda lengths, m: np.full_like(lengths, lengths.max())),
    "nothing read": lambda x, states, lengths, *w: np.array(x),
    "normed at the end": lambda x, states, lengths, *w: (lambda z: z / np.linalg.norm(z, axis=-1, keepdims=True))(stack()(x, states, lengths, *w)),
    "matrices of keys and values exchanged": lambda x, states, lengths, w_q, w_k, w_v, w_o: stack()(
        x, states, lengths, w_q, w_v if w_v.shape == w_k.shape else w_k, w_k if w_v.shape == w_k.shape else w_v, w_o),
    "every layer reads a text further": lambda x, states, lengths, *w: stack(pick=lambda s: np.roll(s[-1], 1, axis=0))(x, states, lengths, *w),
}.items():
    wrong("one_memory", _what, _answer)

# -- one_source --------------------------------------------------------------------------------------------------------


def beams_read(belongs, lengths_of=lambda lengths, m: lengths, after=lambda out, texts: out, w=lambda q, k, v: (q, k, v), **soft):
    def answer(x, y, lengths, w_q, w_k, w_v):
        w_q, w_k, w_v = w(w_q, w_k, w_v)
        of = belongs(len(x), len(y))
        real = real_of(lengths_of(lengths, y.shape[1]), y.shape[1])[of]
        out = weights_of((x @ w_q)[:, None], y[of] @ w_k, real, **soft)[:, 0]
        return after((out[:, None] @ (y[of] @ w_v))[:, 0], len(y))
    return answer


def own(rows, texts):
    return np.arange(rows) // (rows // texts)


for _what, _answer in {
    "sources from behind": beams_read(lambda rows, texts: own(rows, texts)[::-1].copy()),
    "the last source for all": beams_read(lambda rows, texts: np.full(rows, texts - 1)),
    "the next text's source": beams_read(lambda rows, texts: (own(rows, texts) + 1) % texts),
    "two rows a text": beams_read(lambda rows, texts: np.minimum(np.arange(rows) // 2, texts - 1)),
    "one row a text": beams_read(lambda rows, texts: np.minimum(np.arange(rows), texts - 1)),
    "no maximum subtracted": beams_read(own, top=lambda s: 0.0),
    "one maximum for all": beams_read(own, top=lambda s: s.max()),
    "filled with -100": beams_read(own, fill=-100.0),
    "filled with 0": beams_read(own, fill=0.0),
    "one token too few, one at least": beams_read(own, lengths_of=lambda lengths, m: np.maximum(lengths - 1, 1)),
    "the shortest length for all": beams_read(own, lengths_of=lambda lengths, m: np.full_like(lengths, lengths.min())),
    "outputs averaged over the beams": beams_read(own, after=lambda out, texts: np.repeat(out.reshape(texts, -1, out.shape[-1]).mean(axis=1), len(out) // texts, axis=0)),
    "outputs in reverse": beams_read(own, after=lambda out, texts: out[::-1]),
    "scaled twice": lambda x, y, lengths, w_q, w_k, w_v: beams_read(own, scale=1 / w_q.shape[1])(x, y, lengths, w_q, w_k, w_v),
    "scaled by the root of the width": lambda x, y, lengths, w_q, w_k, w_v: beams_read(own, scale=x.shape[1] ** -0.5)(x, y, lengths, w_q, w_k, w_v),
    "the real tokens averaged": lambda x, y, lengths, w_q, w_k, w_v: np.stack(
        [(y[i, :lengths[i]] @ w_v).mean(axis=0) for i in own(len(x), len(y))]),
    "an axis left over": lambda x, y, lengths, w_q, w_k, w_v: beams_read(own)(x, y, lengths, w_q, w_k, w_v).reshape(len(y), -1, w_v.shape[1]),
}.items():
    wrong("one_source", _what, _answer)

# -- word_times --------------------------------------------------------------------------------------------------------


def tried(weights, gain=None, first=(0,)):
    """All ways tried with another sum."""
    weights = np.asarray(weights, dtype=float)
    n, m = weights.shape
    gain = gain or (lambda w, s, e: sum(row[a:b].sum() for row, a, b in zip(w, s, e)))
    if m > 20:
        return np.arange(n)
    ways = ((zero, *rest) for zero in first for rest in itertools.combinations(range(zero + 1, m), n - 1))
    return np.array(max(ways, key=lambda s: gain(weights, s, [*s[1:], m])))


def best_sum(weights):
    starts = tried(weights)
    return sum(row[a:b].sum() for row, a, b in zip(weights, starts, [*starts[1:], weights.shape[1]]))


for _what, _answer in {
    "even runs": lambda w: np.arange(len(w)) * w.shape[1] // len(w),
    "one frame each": lambda w: np.arange(len(w)),
    "means of the runs": lambda w: tried(w, lambda w, s, e: sum(row[a:b].mean() for row, a, b in zip(w, s, e))),
    "largest of the runs": lambda w: tried(w, lambda w, s, e: sum(row[a:b].max() for row, a, b in zip(w, s, e))),
    "weight at the start alone": lambda w: tried(w, lambda w, s, e: sum(row[a] for row, a in zip(w, s))),
    "weight at the end alone": lambda w: tried(w, lambda w, s, e: sum(row[b - 1] for row, b in zip(w, e))),
    "sum of logarithms": lambda w: tried(w, lambda w, s, e: sum(np.log(row[a:b] + 1e-9).sum() for row, a, b in zip(w, s, e))),
    "sum of squares": lambda w: tried(w, lambda w, s, e: sum((row[a:b] ** 2).sum() for row, a, b in zip(w, s, e))),
    "frames in front left out": lambda w: tried(w, lambda w, s, e: sum(row[a:b].sum() for row, a, b in zip(w, s, e)) - 0.2 * s[0] * 0, first=range(1, 2)) if w.shape[1] > len(w) else np.arange(len(w)),
    "words in reverse": lambda w: tried(w[::-1]),
    "frames in reverse": lambda w: tried(w[:, ::-1]),
    "peaks sorted": lambda w: np.sort(w.argmax(axis=1)),
    "centre of weight": lambda w: np.round((w * np.arange(w.shape[1])).sum(axis=1) / w.sum(axis=1)).astype(int),
    "starts behind the first": lambda w: tried(w)[1:],
    "all ways tried, small tables only": tried,
    "the sum itself for all": lambda w: np.full(len(w), best_sum(np.asarray(w, dtype=float)) if w.shape[1] < 20 else 0.0),
    "columns normed first": lambda w: tried(w / w.sum(axis=0, keepdims=True)),
    "rows normed by their largest": lambda w: tried(w / w.max(axis=1, keepdims=True)),
}.items():
    wrong("word_times", _what, _answer)

# -- packed_pairs ------------------------------------------------------------------------------------------------------


def packed(own=lambda s, t: (t[:, None] == t) & (t != 0) & np.tri(len(t), dtype=bool), cross=lambda s, t: (t[:, None] == s) & (s != 0)):
    return lambda source, target: (own(source, target), cross(source, target))


def own_right(t):
    return (t[:, None] == t) & (t != 0) & np.tri(len(t), dtype=bool)


for _what, _answer in {
    "cross with the future only": packed(cross=lambda s, t: (t[:, None] == s) & (s != 0) & ~np.tri(len(t), len(s), dtype=bool)),
    "later pairs in the source": packed(cross=lambda s, t: (t[:, None] <= s) & (s != 0) & (t != 0)[:, None]),
    "earlier pairs in the target": packed(own=lambda s, t: (t[:, None] >= t) & (t != 0) & (t[:, None] != 0) & np.tri(len(t), dtype=bool)),
    "padding sees itself": packed(own=lambda s, t: own_right(t) | (np.eye(len(t), dtype=bool) & (t == 0))),
    "padding sees its past": packed(own=lambda s, t: own_right(t) | (np.tri(len(t), dtype=bool) & (t == 0)[:, None] & (t != 0))),
    "padding reads the source": packed(cross=lambda s, t: ((t[:, None] == s) & (s != 0)) | ((t == 0)[:, None] & (s != 0))),
    "source padding visible": packed(cross=lambda s, t: (t[:, None] == s) & (t != 0)[:, None] | (s == 0)),
    "the first token of a pair alone": packed(own=lambda s, t: own_right(t) & (np.cumsum(own_right(t), axis=1) == 1)),
    "one token back only": packed(own=lambda s, t: own_right(t) & ~np.tri(len(t), k=-2, dtype=bool)),
    "one token too many": packed(own=lambda s, t: (t[:, None] == t) & (t != 0) & np.tri(len(t), k=1, dtype=bool)),
    "cross turned": lambda s, t: (own_right(t), ((t[:, None] == s) & (s != 0)).T),
    "the masks exchanged": lambda s, t: (((t[:, None] == s) & (s != 0)), own_right(t)),
    "one mask for both": lambda s, t: (own_right(t), own_right(t)),
    "cross all True": packed(cross=lambda s, t: np.ones((len(t), len(s)), dtype=bool)),
    "self all True": packed(own=lambda s, t: np.ones((len(t), len(t)), dtype=bool)),
    "numbers for truth values": lambda s, t: (own_right(t) * 1.0, ((t[:, None] == s) & (s != 0)) * 1.0),
    "the first pair only": packed(cross=lambda s, t: (t[:, None] == s) & (s == 1)),
}.items():
    wrong("packed_pairs", _what, _answer, "mask_of_numbers")

# -- read_the_layer ----------------------------------------------------------------------------------------------------

CASES = ("right", "own text", "keys from the asker", "values from the asker", "triangle", "padding")


def verdict(layer, x, y, real):
    out = layer(x, y, real)
    if not np.allclose(layer(x, np.where(real[:, None], y, 9.0), real), out):
        return "padding"
    if np.allclose(layer(x, 2 * y, real), out):
        return "own text"
    if not np.allclose(layer(x, 0 * y, real), 0):
        return "values from the asker"
    if np.allclose(layer(x, 2 * y, real), 2 * out):
        return "keys from the asker"
    return "right" if np.allclose(layer(x, np.vstack([y[real][::-1], y[~real]]), real), out) else "triangle"


for _case in CASES[1:4]:
    wrong("read_the_layer", f"always {_case}", lambda layer, x, y, real, case=_case: case)
wrong("read_the_layer", "always padding", lambda layer, x, y, real: "padding")
for _a, _b in (("right", "own text"), ("own text", "padding"), ("triangle", "padding"), ("right", "triangle"),
               ("keys from the asker", "own text"), ("values from the asker", "own text"), ("values from the asker", "keys from the asker")):
    wrong("read_the_layer", f"{_a} and {_b} exchanged", lambda *given, a=_a, b=_b: {a: b, b: a}.get(verdict(*given), verdict(*given)))
for _case in ("own text", "padding"):
    wrong("read_the_layer", f"{_case} called right", lambda *given, case=_case: "right" if verdict(*given) == case else verdict(*given), "padding_not_tried")
wrong("read_the_layer", "in capitals", lambda *given: verdict(*given).upper())
wrong("read_the_layer", "its number", lambda *given: str(CASES.index(verdict(*given))))
wrong("read_the_layer", "asked with the source as asker", lambda layer, x, y, real: verdict(layer, y, x, real) if len(x) != 7 else "right")
wrong("read_the_layer", "real rows and padding changed together", lambda layer, x, y, real: "padding" if not np.allclose(
    layer(x, 2 * y, real), layer(x, y, real)) else "own text")

# -- read_backwards ----------------------------------------------------------------------------------------------------


def parabola(wanted, places, factor=10.0, power=2):
    wanted, places = np.asarray(wanted, dtype=float), np.asarray(places, dtype=float)
    return factor * np.stack([2 * wanted, -np.ones_like(wanted)], axis=1), np.stack([places, places**power], axis=1)


for _what, _answer in {
    "one token before": lambda m: parabola(m - 2 - np.arange(m), np.arange(m)),
    "places from 1 in the keys": lambda m: parabola(m - 1 - np.arange(m), 1 + np.arange(m)),
    "the last token for all": lambda m: parabola(np.full(m, m - 1), np.arange(m)),
    "the first token for all": lambda m: parabola(np.zeros(m), np.arange(m)),
    "the middle for all": lambda m: parabola(np.full(m, (m - 1) / 2), np.arange(m)),
    "half as steep as needed": lambda m: parabola(m - 1 - np.arange(m), np.arange(m), factor=2.0),
    "a cube for the square": lambda m: parabola(m - 1 - np.arange(m), np.arange(m), power=3),
    "a factor of 2 forgotten": lambda m: parabola((m - 1 - np.arange(m)) / 2, np.arange(m)),
    "queries and keys exchanged": lambda m: parabola(m - 1 - np.arange(m), np.arange(m))[::-1],
    "noise": lambda m: tuple(np.random.default_rng(0).normal(size=(2, m, 4))),
    "zeros": lambda m: (np.zeros((m, 2)), np.zeros((m, 2))),
    "five features": lambda m: tuple(np.pad(part, ((0, 0), (0, 3))) for part in parabola(m - 1 - np.arange(m), np.arange(m))),
    "one-hot of 64": lambda m: (100 * np.eye(m, 64)[::-1], np.eye(m, 64)),
    "widths that differ": lambda m: (parabola(m - 1 - np.arange(m), np.arange(m))[0], np.arange(m)[:, None] * 1.0),
    "keys scaled by the length": lambda m: (lambda q, k: (q * m, k / m))(*parabola(m - 1 - np.arange(m), np.arange(m))),
    "keys centred on the middle": lambda m: parabola((m - 1) / 2 - np.arange(m), np.arange(m) - (m - 1) / 2),
    "infinities": lambda m: (np.full((m, 2), np.inf), np.ones((m, 2))),
    "good to 17 tokens": lambda m: parabola(m - 1 - np.arange(m), np.minimum(np.arange(m), 20)),
}.items():
    wrong("read_backwards", _what, _answer, "neighbours_too_close")
