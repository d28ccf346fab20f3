"""Wrong answers to the exercises of the part on variants, of the kinds that a border, a second case or a longer text tells apart."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import EXERCISES

WRONG: list[tuple] = []
TRUE: dict[str, dict[str, str]] = {  # the names that are true of some of them
    "balance_of_layers": {"padding is behind": "balance_padding_taken_to_be_behind"},
    "pair_input": {"real where the id is not 0": "pair_real_where_the_id_is_not_zero"},
    "ring_positions": {"an empty one if the text is shorter": "ring_empty_is_zero"},
}


def right(name):
    return EXERCISES[f"variants.{name}"].solution


def wrong(name, answers):
    for what, function in answers.items():
        true = TRUE.get(name, {}).get(what)
        WRONG.append((f"variants.{name}", what, function, (true,) if true else ()))


def _soft(z, shift=lambda z: z.max(axis=-1, keepdims=True)):
    e = np.exp(z - shift(z))
    return e / e.sum(axis=-1, keepdims=True)


# -- admit_by_weight, balance_of_layers, grouped_sigmoid_route -------------------------------------------------------


def _admit(experts, weights, places, larger=lambda a, b: a > b):
    e, w = np.asarray(experts).ravel(), np.asarray(weights, dtype=float).ravel()
    before = ((e[:, None] == e) & larger(w[None, :], w[:, None])).sum(axis=1)
    return np.where(before < places, w, 0).reshape(np.shape(weights))


wrong("admit_by_weight", {
    "weights rounded before they are compared": lambda e, w, p: _admit(e, w, p, lambda a, b: np.round(a, 6) > np.round(b, 6)),
    "larger by a thousandth at least": lambda e, w, p: _admit(e, w, p, lambda a, b: a > b + 1e-3),
    "larger by a millionth at least": lambda e, w, p: _admit(e, w, p, lambda a, b: a > b + 1e-6),
    "weights cut to one": lambda e, w, p: right("admit_by_weight")(e, np.minimum(w, 1), p),
    "forty tokens at the most": lambda e, w, p: np.concatenate([right("admit_by_weight")(e[:40], w[:40], p), w[40:]]),
    "sixteen places at the most": lambda e, w, p: right("admit_by_weight")(e, w, min(p, 16)),
    "at least one place": lambda e, w, p: right("admit_by_weight")(e, w, max(p, 1)),
    "four choices at the most": lambda e, w, p: np.concatenate([right("admit_by_weight")(e[:, :4], w[:, :4], p), w[:, 4:]], axis=1),
    "fewer than five places, not counted": lambda e, w, p: np.asarray(w) * 1.0 if p >= len(e) // 2 + 1 else right("admit_by_weight")(e, w, p),
})


def _balance(logits, k, real, shift=lambda z: z.max(axis=-1, keepdims=True)):
    rows = np.asarray(logits, dtype=float)[:, real]
    scores = _soft(rows, shift)
    hot = np.zeros_like(rows)
    np.put_along_axis(hot, np.argsort(-rows, axis=-1)[..., :k], 1, axis=-1)
    return float((rows.shape[-1] * (hot.mean(axis=1) / k * scores.mean(axis=1)).sum(axis=-1)).mean())


wrong("balance_of_layers", {
    "padding is behind": lambda z, k, real: _balance(z, k, np.arange(real.shape[1]) < real.sum(axis=1)[:, None]),
    "real up to the last token": lambda z, k, real: _balance(z, k, np.cumsum(real[:, ::-1], axis=1)[:, ::-1] > 0),
    "real until the first padding": lambda z, k, real: _balance(z, k, np.cumprod(real, axis=1) > 0),
    "the maximum of everything": lambda z, k, real: _balance(z, k, real, lambda z: z.max()),
    "the mean taken off": lambda z, k, real: _balance(z, k, real, lambda z: z.mean(axis=-1, keepdims=True)),
    "nothing taken off": lambda z, k, real: _balance(z, k, real, lambda z: 0.0),
    "logits cut to 700": lambda z, k, real: _balance(np.clip(z, -700, 700), k, real),
    "logits cut to 100": lambda z, k, real: _balance(np.clip(z, -100, 100), k, real),
    "chosen above the mean score": lambda z, k, real: _balance(z, min(k, 3), real),
    "four layers at the most": lambda z, k, real: _balance(z[:4], k, real),
    "twelve experts at the most": lambda z, k, real: _balance(z[..., :12], k, real),
    "a text of sixteen tokens at the most": lambda z, k, real: _balance(z[:, :, :16], k, real[:, :16]),
    "texts that hold a token, all of it": lambda z, k, real: _balance(z, k, real | (real.sum(axis=1) > 1)[:, None]),
})


def _route(logits, bias, k, n_groups, n_kept, total, fill=-np.inf, eps=0.0, sigmoid=lambda z: np.exp(-np.logaddexp(0, -z))):
    scores = sigmoid(np.asarray(logits, dtype=float))
    groups = (scores + bias).reshape(len(logits), n_groups, -1)
    worth = np.sort(groups, axis=-1)[..., -2:].sum(axis=-1)
    stays = worth >= np.sort(worth, axis=-1)[:, -n_kept, None]
    wanted = np.where(stays[..., None], groups, fill).reshape(scores.shape)
    weights = np.where(wanted >= np.sort(wanted, axis=-1)[:, -k, None], scores, 0)
    return total * weights / (weights.sum(axis=-1, keepdims=True) + eps)


wrong("grouped_sigmoid_route", {
    "excluded get -10": lambda *given: _route(*given, fill=-10),
    "excluded get -100": lambda *given: _route(*given, fill=-100),
    "excluded get -1000": lambda *given: _route(*given, fill=-1000),
    "excluded get -10000": lambda *given: _route(*given, fill=-10000),
    "a millionth in the divisor": lambda *given: _route(*given, eps=1e-6),
    "1e-9 in the divisor": lambda *given: _route(*given, eps=1e-9),
    "1e-12 in the divisor": lambda *given: _route(*given, eps=1e-12),
    "a sum of one half at least": lambda z, b, k, g, n, t: t * (w := _route(z, b, k, g, n, 1.0) * 0 + np.where(_route(z, b, k, g, n, 1.0) > 0, np.exp(-np.logaddexp(0, -np.asarray(z, float))), 0)) / np.maximum(w.sum(axis=-1, keepdims=True), 0.5),
    "logits cut to eight": lambda z, *rest: _route(np.clip(z, -8, 8), *rest),
    "logits cut to 20": lambda z, *rest: _route(np.clip(z, -20, 20), *rest),
    "biases cut to ten": lambda z, b, *rest: _route(z, np.clip(b, -10, 10), *rest),
    "the bias without its mean, cut to two": lambda z, b, *rest: _route(z, np.clip(b - np.mean(b), -0.3, 0.3), *rest),
    "eight choices at the most, of 32 experts": lambda z, b, k, *rest: _route(z, b, min(k, 7), *rest),
    "six groups at the most": lambda z, b, k, g, n, t: _route(z, b, k, min(g, 6), n, t),
    "the first sixty tokens": lambda z, b, *rest: _route(z, b, *rest) * (np.arange(len(z)) < 60)[:, None],
})

# -- best_option, bits_per_byte, strided_perplexity ------------------------------------------------------------------


def _option(log_p, context, options, mean=np.mean, best=np.argmax):
    means = []
    for option in options:
        ids = [*context, *option]
        rows = np.asarray(log_p(ids))
        means.append(mean(np.array([rows[i - 1, ids[i]] for i in range(len(context), len(ids))])))
    return int(best(means)), np.array(means)


wrong("best_option", {
    "the logarithm of the product of the probabilities": lambda f, c, o: _option(f, c, o, lambda s: np.log(np.prod(np.exp(s))) / len(s)),
    "the root of the product": lambda f, c, o: _option(f, c, o, lambda s: np.log(np.prod(np.exp(s)) ** (1 / len(s)))),
    "a probability of 1e-9 at least": lambda f, c, o: _option(f, c, o, lambda s: np.maximum(s, np.log(1e-9)).mean()),
    "1e-12 added to each probability": lambda f, c, o: _option(f, c, o, lambda s: np.log(np.exp(s) + 1e-12).mean()),
    "compared to three decimals": lambda f, c, o: _option(f, c, o, best=lambda m: np.argmax(np.round(m, 3))),
    "compared to six decimals": lambda f, c, o: _option(f, c, o, best=lambda m: np.argmax(np.round(m, 6))),
    "the last eight ids of the context": lambda f, c, o: _option(f, c[-8:], o),
    "the last ten ids of the context": lambda f, c, o: _option(f, c[-10:], o),
    "eight tokens of an option at the most": lambda f, c, o: _option(f, c, [p[:8] for p in o]),
    "six options at the most": lambda f, c, o: _option(f, c, o[:6]),
    "an option that repeats itself is cut": lambda f, c, o: _option(f, c, [[t for j, t in enumerate(p) if j < 6 or t != p[j - 1]] for p in o]),
    "repeated ids of an option once": lambda f, c, o: _option(f, c, [list(dict.fromkeys(p)) for p in o]),
    "equal options once": lambda f, c, o: _option(f, c, [list(p) for p in dict.fromkeys(map(tuple, o))]),
})


def _bits(log_p, pieces, length=lambda data: len(data), surprise=lambda s: -np.sum(s)):
    return float(surprise(np.asarray(log_p, dtype=float)) / np.log(2) / length(b"".join(pieces)))


def _normal(data):
    import unicodedata

    return len(unicodedata.normalize("NFC", data.decode()).encode())


wrong("bits_per_byte", {
    "the product of the probabilities": lambda s, p: _bits(s, p, surprise=lambda s: -np.log(np.prod(np.exp(s)))),
    "a probability of 1e-9 at least": lambda s, p: _bits(s, p, surprise=lambda s: -np.maximum(s, -20.8).sum()),
    "a probability of 1e-12 at least": lambda s, p: _bits(s, p, surprise=lambda s: -np.maximum(s, -27.7).sum()),
    "1e-12 added to each probability": lambda s, p: _bits(s, p, surprise=lambda s: -np.log(np.exp(s) + 1e-12).sum()),
    "spaces at the ends do not count": lambda s, p: _bits(s, p, lambda data: len(data.strip())),
    "a last line's end does not count": lambda s, p: _bits(s, p, lambda data: len(data.rstrip(b"\n"))),
    "accents that stand alone are joined": lambda s, p: _bits(s, p, _normal),
    "spaces not counted": lambda s, p: _bits(s, p, lambda data: len(data.replace(b" ", b""))),
    "64 tokens at the most": lambda s, p: _bits(s[:64], p[:64]),
    "sizes of the logarithms": lambda s, p: _bits(s, p, surprise=lambda s: s[s < 0].size * -s.mean()),
    "a line's end counts twice": lambda s, p: _bits(s, p, lambda data: len(data) + data.count(b"\n")),
    "two bytes for all that is not ASCII": lambda s, p: _bits(s, p, lambda data: sum(1 + (ord(c) > 127) for c in data.decode())),
    "three bytes at the most": lambda s, p: _bits(s, p, lambda data: sum(min(len(c.encode()), 3) for c in data.decode())),
})


def _perplexity(log_p, ids, window, stride, end=lambda s: np.exp(np.mean(s))):
    surprises, done = [], 1
    for begin in range(0, len(ids), stride):
        stop = min(begin + window, len(ids))
        rows = np.asarray(log_p(ids[begin:stop]))
        surprises += [-rows[i - 1 - begin, ids[i]] for i in range(done, stop)]
        done = stop
        if stop == len(ids):
            break
    return end(np.array(surprises))


wrong("strided_perplexity", {
    "the root of the product of the probabilities": lambda f, i, w, s: _perplexity(f, i, w, s, lambda s: np.prod(np.exp(-s)) ** (-1 / len(s))),
    "the product of the perplexities": lambda f, i, w, s: _perplexity(f, i, w, s, lambda s: np.prod(np.exp(s)) ** (1 / len(s))),
    "100 tokens at the most": lambda f, i, w, s: _perplexity(f, i[:100], w, s),
    "windows of sixteen at the most": lambda f, i, w, s: _perplexity(f, i, min(w, 16), min(s, 15)),
    "strides of six at the most": lambda f, i, w, s: _perplexity(f, i, w, min(s, 6)),
    "surprises of ten at the most": lambda f, i, w, s: _perplexity(f, i, w, s, lambda s: np.exp(np.minimum(s, 10).mean())),
    "a probability of 1e-9 at least": lambda f, i, w, s: _perplexity(f, i, w, s, lambda s: np.exp(np.minimum(s, 20.7).mean())),
    "the last piece is as long as the others": lambda f, i, w, s: _perplexity(f, i, w, s) if len(i) <= w else np.exp(np.mean([-np.asarray(f(i[max(e - w, 0) : e]))[-2 - (e - 1 - t), i[t]] for t in range(1, len(i)) for e in [min(w + max(0, -(-(t + 1 - w) // s)) * s, len(i))]])),
    "the best and the worst left out": lambda f, i, w, s: _perplexity(f, i, w, s, lambda s: np.exp(np.sort(s)[len(s) > 100 : len(s) - (len(s) > 100)].mean())),
})

# -- cached_bias, raw_length, restore --------------------------------------------------------------------------------


def _bias(table, past, new, bucket, cut=lambda d: np.maximum(d, 0)):
    back = (past + np.arange(new))[:, None] - np.arange(past + new)
    return np.moveaxis(np.asarray(table)[np.asarray(bucket(cut(back)))], -1, 0)


def _asks_for_negative(table, past, new, bucket):
    back = (past + np.arange(new))[:, None] - np.arange(past + new)
    own = np.asarray(table)[np.asarray(bucket(np.zeros_like(back)))]
    return np.moveaxis(np.where((back < 0)[..., None], own, np.asarray(table)[np.asarray(bucket(back))]), -1, 0)


wrong("cached_bias", {
    "asks for negative distances as well": _asks_for_negative,
    "distances of 32 at the most": lambda *given: _bias(*given, cut=lambda d: np.clip(d, 0, 32)),
    "distances of 63 at the most": lambda *given: _bias(*given, cut=lambda d: np.clip(d, 0, 63)),
    "distances of 127 at the most": lambda *given: _bias(*given, cut=lambda d: np.clip(d, 0, 127)),
    "distances as bytes": lambda *given: _bias(*given, cut=lambda d: np.maximum(d, 0) % 128),
    "eight buckets at the most": lambda t, *rest: _bias(np.asarray(t)[np.minimum(np.arange(len(t)), 7)], *rest),
    "four heads at the most": lambda t, *rest: _bias(np.asarray(t)[:, np.minimum(np.arange(np.shape(t)[1]), 4)], *rest),
    "seven new tokens at the most": lambda t, p, n, f: _bias(t, p, n, f)[:, np.minimum(np.arange(n), 6)],
    "what is not learned yet is not looked up": lambda t, p, n, f: _bias(t, p, n, f) * (np.arange(p + n) < 42),
})


def _raw(room, rate, mean, c=None, s=None, up=True, most=10**6):
    def sizes(n):
        lost = c(n) if c else min(max(round(n * rate), 1), n - 1)
        spans = s(n, lost) if s else min(max(round(lost / mean), 1), n - lost)
        return n - lost + spans + 1, lost + spans + 2

    if up:
        n = 2
        while n < most and sizes(n + 1)[0] <= room:
            n += 1
    else:
        n = max(n for n in range(2, 20 * room + 20) if sizes(n)[0] <= room)
    return n, sizes(n)[1]


wrong("raw_length", {
    "the largest of all that fit": lambda room, rate, mean: _raw(room, rate, mean, up=False),
    "a whole mean": lambda room, rate, mean: _raw(room, rate, int(mean)),
    "a mean that is rounded": lambda room, rate, mean: _raw(room, rate, round(mean)),
    "1,200 tokens at the most": lambda room, rate, mean: _raw(room, rate, mean, most=1200),
    "2,048 tokens at the most": lambda room, rate, mean: _raw(room, rate, mean, most=2048),
    "at least two are corrupted": lambda room, rate, mean: _raw(room, rate, mean, c=lambda n: min(max(round(n * rate), 2), n - 1)),
    "no least number is corrupted": lambda room, rate, mean: _raw(room, rate, mean, c=lambda n: min(round(n * rate), n - 1)),
    "rooms are above 8": lambda room, rate, mean: _raw(max(room, 6), rate, mean),
    "rates of one half at the most": lambda room, rate, mean: _raw(room, min(rate, 0.9), mean),
    "a mean of twelve at the most": lambda room, rate, mean: _raw(room, rate, min(mean, 12)),
    "a rate of a twentieth at least": lambda room, rate, mean: _raw(room, max(rate, 0.05), mean),
})


def _cut(ids, end):
    ids = list(ids)
    return ids[: ids.index(end)] if end in ids else ids


def _by_words(source, target, first, end):
    """Puts spans in by replacing text, where a number may be the end of a longer one."""
    spans, mark = {}, None
    for token in _cut(target, end):
        if first - 100 < token <= first:
            mark, spans[token] = token, []
        elif mark is not None:
            spans[mark].append(token)
    told = "".join(f"{t} " for t in _cut(source, end))
    for token in _cut(source, end):
        if first - 100 < token <= first:
            told = told.replace(f"{token} ", "".join(f"{t} " for t in spans.get(token, [])))
    return [int(t) for t in told.split()]


def _needs_one(source, target, first, end):
    assert source[0] is not None and target[0] is not None
    return right("restore")(source, target, first, end)


wrong("restore", {
    "by replacing text": _by_words,
    "lists that are not empty": _needs_one,
    "four spans at the most": lambda s, t, f, e: right("restore")(s, t, f, e)[: 12 if sum(f - 100 < x <= f for x in s) > 4 else None],
    "twenty ids at the most": lambda s, t, f, e: right("restore")(s[:20], t[:20], f, e),
    "the last end": lambda s, t, f, e: right("restore")([x for i, x in enumerate(s) if x != e or e not in s[i + 1 :]], t, f, e),
    "id 0 is no token": lambda s, t, f, e: [x for x in right("restore")(s, t, f, e) if x != 0],
    "99 marks": lambda s, t, f, e: [y for x in _cut(s, e) for y in (right("restore")([x], t, f, e) if x > f - 99 else [x])],
    "three tokens of a span at the most": lambda s, t, f, e: [y for x in _cut(s, e) for y in right("restore")([x], t, f, e)[:3]],
    "marks are above 99": lambda s, t, f, e: [y for x in _cut(s, e) for y in (right("restore")([x], t, f, e) if x > 99 else [x])],
    "a span's mark must come next": lambda s, t, f, e: right("restore")(s, [x for i, x in enumerate(t) if not (f - 100 < x <= f and i and t[i - 1] == x + 1)], f, e),
    "a sorted target": lambda s, t, f, e: right("restore")(s, t if len(t) < 12 else sorted(t, reverse=True), f, e),
})

# -- centred_stream, deepest_decoder, fused_groups, llama_step ------------------------------------------------------


def _keeps_type(*given):
    out = []
    for one in map(np.asarray, given):
        new = np.empty_like(one)
        new[...] = one - one.mean(axis=-1, keepdims=True)
        out.append(new)
    return tuple(out)


wrong("centred_stream", {
    "whole numbers stay whole": _keeps_type,
    "the median of three": lambda *given: tuple(one - np.median(one, axis=-1, keepdims=True) for one in map(np.asarray, given)),
    "means of a thousandth are left": lambda *given: tuple(np.asarray(one) - np.where(abs(m := np.mean(one, axis=-1, keepdims=True)) > 1e-2, m, 0) for one in given),
    "the last feature makes up for the rest": lambda *given: tuple(np.concatenate([np.asarray(one)[..., :-1] * 1.0, -np.asarray(one)[..., :-1].sum(axis=-1, keepdims=True)], axis=-1) for one in given),
    "divided by d - 1": lambda *given: tuple(np.asarray(one) - np.sum(one, axis=-1, keepdims=True) / (np.shape(one)[-1] - 1) for one in given),
    "the biases taken together": lambda t, a, b, c, d: (*right("centred_stream")(t, a, b, c, d)[:2], b - (b.mean() + d.mean()) / 2, c - c.mean(axis=-1, keepdims=True), d - (b.mean() + d.mean()) / 2),
    "the mean of the first five features": lambda *given: tuple(np.asarray(one) - np.mean(np.asarray(one)[..., :7], axis=-1, keepdims=True) for one in given),
    "means of ten at the most": lambda *given: tuple(np.asarray(one) - np.clip(np.mean(one, axis=-1, keepdims=True), -10, 10) for one in given),
    "rows of the table that are not zero": lambda t, *rest: (np.where(np.asarray(t).std(axis=-1, keepdims=True) > 0, right("centred_stream")(t, *rest)[0], t), *right("centred_stream")(t, *rest)[1:]),
})

wrong("deepest_decoder", {
    "a thousand layers at the most": lambda *given: min(right("deepest_decoder")(*given), 1000),
    "512 layers at the most": lambda *given: min(right("deepest_decoder")(*given), 512),
    "the nearest number of layers": lambda b, v, d, h, g, w, f, t: max(0, round((b - (2 - t) * v * d - d) / (2 * d * (h + g) * w + 3 * d * f + 2 * d))),
    "a strict budget": lambda b, *rest: right("deepest_decoder")(b - 1, *rest),
    "at most 64 heads": lambda b, v, d, h, *rest: right("deepest_decoder")(b, v, d, min(h, 8), *rest),
    "keys of one head": lambda b, v, d, h, g, *rest: right("deepest_decoder")(b, v, d, h, 1, *rest),
    "the last norm a layer's": lambda b, v, d, h, g, w, f, t: max(0, (b - (2 - t) * v * d) // (2 * d * (h + g) * w + 3 * d * f + 3 * d)),
    "single precision": lambda b, v, d, h, g, w, f, t: max(0, int(np.floor(np.float32(b - (2 - t) * v * d - d) / np.float32(2 * d * (h + g) * w + 3 * d * f + 2 * d)))),
    "none where the table alone is half": lambda b, v, d, *rest: 0 if v * d > b / 2 else right("deepest_decoder")(b, v, d, *rest),
})

wrong("fused_groups", {
    "heads in a group in reverse": lambda f, h, g: (right("fused_groups")(f, h, g)[0].reshape(f.shape[1], g, h // g, -1)[:, :, ::-1].reshape(f.shape[1], -1), *right("fused_groups")(f, h, g)[1:]),
    "groups in reverse": lambda f, h, g: tuple(w.reshape(f.shape[1], g, -1)[:, ::-1].reshape(f.shape[1], -1) for w in right("fused_groups")(f, h, g)),
    "features in halves exchanged": lambda f, h, g: tuple(np.roll(w, 1, axis=1) if f.shape[0] > 18 else w for w in right("fused_groups")(f, h, g)),
    "not transposed where it fits": lambda f, h, g: tuple(w.T if w.shape[0] == w.shape[1] else w for w in right("fused_groups")(f, h, g)),
    "eight heads at the most": lambda f, h, g: (right("fused_groups")(f, h, g)[0] * (np.arange(right("fused_groups")(f, h, g)[0].shape[1]) < 40), *right("fused_groups")(f, h, g)[1:]),
    "three groups at the most": lambda f, h, g: tuple(w * (np.arange(w.shape[1]) < 3 * w.shape[1] // g) for w in right("fused_groups")(f, h, g)),
    "one head's width is d": lambda f, h, g: tuple(w[:, : f.shape[1] * (n)] for w, n in zip(right("fused_groups")(f, h, g), (h, g, g))),
})


def _llama(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think, shift=lambda s: s.max(axis=-1, keepdims=True), see=lambda k: k, place=lambda p: p):
    groups, past, d_head = keys.shape
    q, k, v = ((norm(x) @ w).reshape(-1, 1, d_head) for w in (w_q, w_k, w_v))
    new_keys = np.concatenate([keys, rotate(k, place(past))], axis=1)
    new_values = np.concatenate([values, v], axis=1)
    k, v = (np.repeat(see(kept), len(q) // groups, axis=0) for kept in (new_keys, new_values))
    scores = rotate(q, place(past)) @ k.transpose(0, 2, 1) / np.sqrt(d_head)
    weights = np.exp(scores - shift(scores))
    z = x + (weights / weights.sum(axis=-1, keepdims=True) @ v).reshape(-1) @ w_o
    return z + think(norm(z)), new_keys, new_values


wrong("llama_step", {
    "the maximum over all heads": lambda *given: _llama(*given, shift=lambda s: s.max()),
    "the mean taken off": lambda *given: _llama(*given, shift=lambda s: s.mean(axis=-1, keepdims=True)),
    "the newest score taken off": lambda *given: _llama(*given, shift=lambda s: s[..., -1:]),
    "the newest 24 keys": lambda *given: _llama(*given, see=lambda k: k[:, -24:]),
    "the newest 32 keys": lambda *given: _llama(*given, see=lambda k: k[:, -32:]),
    "places up to 24": lambda *given: _llama(*given, place=lambda p: min(p, 24)),
    "places below 64": lambda *given: _llama(*given, place=lambda p: p % 64),
    "no maximum": lambda *given: _llama(*given, shift=lambda s: 0),
    "the sum in front of the network normalised twice": lambda *given: (lambda a: _llama(*given[:-1], lambda x: given[-1](given[7](x))))(0),
    "the cache is used alone": lambda *given: _llama(*given, see=lambda k: k[:, :-1] if k.shape[1] > 1 else k),
})

# -- masked_gradient, pseudo_likelihood, whole_word_mask, pair_input -------------------------------------------------


def _gradient(logits, targets, shift=lambda z: z.max(axis=-1, keepdims=True), number=None):
    p, asked = _soft(np.asarray(logits, dtype=float), shift), targets != 0
    wanted = np.arange(logits.shape[-1]) == targets[..., None]
    return (p - wanted) * asked[..., None] / (number(targets) if number else max(asked.sum(), 1))


wrong("masked_gradient", {
    "the row's mean taken off": lambda z, t: _gradient(z, t, lambda z: z.mean(axis=-1, keepdims=True)),
    "the row's least taken off": lambda z, t: _gradient(z, t, lambda z: z.min(axis=-1, keepdims=True)),
    "the first logit taken off": lambda z, t: _gradient(z, t, lambda z: z[..., :1]),
    "the maximum of everything": lambda z, t: _gradient(z, t, lambda z: z.max()),
    "the maximum of a text": lambda z, t: _gradient(z, t, lambda z: z.max(axis=(1, 2), keepdims=True)),
    "700 taken off": lambda z, t: _gradient(z, t, lambda z: 700.0 * (np.abs(z).max() > 700)),
    "logits cut to 500": lambda z, t: _gradient(np.clip(z, -500, 500), t),
    "the number of different targets": lambda z, t: _gradient(z, t, number=lambda t: max(len(set(t[t != 0].tolist())), 1)),
    "the sum of the targets": lambda z, t: _gradient(z, t, number=lambda t: max((t > 0).sum(axis=1).max(), 1)),
    "eight texts at the most": lambda z, t: _gradient(z, t) * (np.arange(len(z)) < 5)[:, None, None],
    "twelve words at the most": lambda z, t: _gradient(z, np.where(t < 12, t, 0)),
    "a millionth in the divisor, no text chosen": lambda z, t: _gradient(z, t, number=lambda t: (t != 0).sum() + 0.1),
})


def _pll(guess, ids, mask, score=lambda z, t: z[t] - z.max() - np.log(np.exp(z - z.max()).sum()), skip=lambda ids, i, mask: False):
    total = 0.0
    for i in range(1, len(ids) - 1):
        hidden = np.array(ids)
        hidden[i] = mask
        if not skip(ids, i, mask):
            total += score(np.asarray(guess(hidden), dtype=float)[i], ids[i])
    return total


def _hides_in_place(guess, ids, mask):
    total = 0.0
    for i in range(1, len(ids) - 1):
        kept, ids[i] = ids[i], mask
        z = np.asarray(guess(ids), dtype=float)[i]
        total += z[kept] - z.max() - np.log(np.exp(z - z.max()).sum())
        if i < len(ids) - 2:
            ids[i] = kept
    return total


def _finds_the_mask(guess, ids, mask):
    total = 0.0
    for i in range(1, len(ids) - 1):
        hidden = np.array(ids)
        hidden[i] = mask
        z = np.asarray(guess(hidden), dtype=float)[np.flatnonzero(hidden == mask)[0]]
        total += z[ids[i]] - z.max() - np.log(np.exp(z - z.max()).sum())
    return total


wrong("pseudo_likelihood", {
    "hidden in place, the last one left": _hides_in_place,
    "the first mask in the row": _finds_the_mask,
    "a mask that stands in the text is not scored": lambda f, i, m: _pll(f, i, m, skip=lambda ids, i, m: ids[i] == m),
    "ids like the first are not scored": lambda f, i, m: _pll(f, i, m, skip=lambda ids, i, m: ids[i] == ids[0]),
    "ids like the last are not scored": lambda f, i, m: _pll(f, i, m, skip=lambda ids, i, m: ids[i] == ids[-1]),
    "ids of 0 are not scored": lambda f, i, m: _pll(f, i, m, skip=lambda ids, i, m: ids[i] == 0),
    "each word once": lambda f, i, m: _pll(f, i, m, skip=lambda ids, i, m: ids[i] in ids[1:i]),
    "the mean taken off": lambda f, i, m: _pll(f, i, m, lambda z, t: z[t] - z.mean() - np.log(np.exp(z - z.mean()).sum())),
    "the first logit taken off": lambda f, i, m: _pll(f, i, m, lambda z, t: z[t] - z[0] - np.log(np.exp(z - z[0]).sum())),
    "a probability of 1e-12 at least": lambda f, i, m: _pll(f, i, m, lambda z, t: np.log(_soft(z)[t] + 1e-12)),
    "the logarithm of the softmax": lambda f, i, m: _pll(f, i, m, lambda z, t: np.log(_soft(z)[t])),
    "sixteen ids at the most": lambda f, i, m: _pll(f, i, m, skip=lambda ids, i, m: i > 12),
    "the mask may not be the answer": lambda f, i, m: _pll(f, i, m, lambda z, t: z[t] - z.max() - np.log(np.exp(np.delete(z, m) - z.max()).sum()) if t != m else 0.0),
})


def _whole(ids, begins, choose, fate, drawn, mask, empty=None, word=None, share=0.15):
    word = np.cumsum(begins) - 1 if word is None else word
    chosen, luck = (choose < share)[word], fate[word]
    new = np.where(chosen, np.where(luck < 0.8, mask, np.where(luck < 0.9, drawn, ids)), ids)
    return new, np.where(chosen, ids, 0)


def _changed_or_kept(ids, begins, choose, fate, drawn, mask):
    new, targets = _whole(ids, begins, choose, fate, drawn, mask)
    kept = (choose < 0.15)[np.cumsum(begins) - 1] & (fate >= 0.9)[np.cumsum(begins) - 1]
    return new, np.where((new != ids) | kept, ids, 0)


def _zero_is_empty(ids, begins, choose, fate, drawn, mask):
    new, targets = _whole(ids, begins, choose, fate, drawn, mask)
    return np.where(new == 0, ids, new), targets


wrong("whole_word_mask", {
    "a zero is not filled in yet": _zero_is_empty,
    "asked where it changed, or was kept": _changed_or_kept,
    "a mask in the text is asked for": lambda *given: (_whole(*given)[0], np.where(_whole(*given)[0] == given[5], given[0], _whole(*given)[1])),
    "sixteen words at the most": lambda i, b, c, f, d, m: _whole(i, b, np.where(np.arange(len(c)) < 12, c, 1.0), f, d, m),
    "five pieces of a word at the most": lambda i, b, c, f, d, m: _whole(i, b, c, f, d, m, word=np.minimum(np.cumsum(b) - 1 + (np.arange(len(i)) - np.maximum.accumulate(np.where(b, np.arange(len(i)), 0)) >= 5), len(c) - 1)),
    "a share of 0.1501": lambda *given: _whole(*given, share=0.1500001),
    "fates rounded": lambda i, b, c, f, d, m: _whole(i, b, c, np.round(f, 1), d, m),
    "shares rounded": lambda i, b, c, f, d, m: _whole(i, b, np.round(c, 2), f, d, m),
    "the mask is as good as a drawn piece": lambda i, b, c, f, d, m: _whole(i, b, c, np.where(f == 0.8, 0.79, f), d, m),
    "the fate of a piece's number": lambda i, b, c, f, d, m: _whole(i, b, c, f[np.minimum(np.arange(len(f)), 6)], d, m),
})


def _pair(first, second, max_len, cls, sep, real=None, segments=None):
    a, b = len(first), len(second)
    while a + b > max_len - 3:
        a, b = (a - 1, b) if a > b else (a, b - 1)
    ids = [cls, *first[:a], sep, *second[:b], sep]
    told = np.array([0] * (a + 2) + [1] * (b + 1) + [0] * (max_len - len(ids)))
    ids = np.array(ids + [0] * (max_len - len(ids)))
    found = np.arange(max_len) < a + b + 3
    return ids, (told if segments is None else segments(ids, sep, found)), (found if real is None else real(ids)).astype(int)


def _pops(first, second, max_len, cls, sep):
    while len(first) + len(second) > max_len - 3:
        (first if len(first) > len(second) else second).pop()
    return _pair(first, second, max_len, cls, sep)


def _from_marks(ids, sep, real):
    """1 behind the first mark, up to the last."""
    at = np.flatnonzero(ids == sep)
    return ((np.arange(len(ids)) > at[0]) & (np.arange(len(ids)) <= at[-1])).astype(int)


wrong("pair_input", {
    "real where the id is not 0": lambda *given: _pair(*given, real=lambda ids: ids != 0),
    "segments from the first id like the mark": lambda *given: _pair(*given, segments=_from_marks),
    "tokens popped from the texts that were given": _pops,
    "ids of 0 are taken out": lambda f, s, *rest: _pair([t for t in f if t], [t for t in s if t], *rest),
    "marks inside the texts are taken out": lambda f, s, n, c, e: _pair([t for t in f if t not in (c, e)], [t for t in s if t not in (c, e)], n, c, e),
    "32 places at the most": lambda f, s, n, c, e: tuple(p[:32] for p in _pair(f, s, n, c, e)),
    "texts of 25 tokens at the most": lambda f, s, *rest: _pair(f[:25], s[:25], *rest),
    "an empty text has no mark": lambda f, s, n, c, e: _pair(f, s, n, c, e) if len(s) or n > 9 else _pair(f, s, n, c, 0),
    "equal texts are given once": lambda f, s, *rest: _pair(f, [] if f == s else s, *rest),
})

# -- the small ones --------------------------------------------------------------------------------------------------


def _map(weights, n_registers, across, size, eps=0.0, least=0.0, heads=lambda w: w.mean(axis=0)):
    shares = heads(np.asarray(weights, dtype=float))[0, 1 + n_registers :]
    shares = shares / max(shares.sum() + eps, least)
    return np.repeat(np.repeat(shares.reshape(-1, across), size, axis=0), size, axis=1)


wrong("class_token_map", {
    "a millionth in the divisor": lambda *given: _map(*given, eps=1e-6),
    "1e-8 in the divisor": lambda *given: _map(*given, eps=1e-8),
    "1e-9 in the divisor": lambda *given: _map(*given, eps=1e-9),
    "at least a thousandth in the divisor": lambda *given: _map(*given, least=1e-3),
    "not divided where it is little": lambda w, n, a, s: _map(w, n, a, s, least=1e-5),
    "the median of the heads": lambda *given: _map(*given, heads=lambda w: np.median(w, axis=0)),
    "four registers at the most": lambda w, n, *rest: _map(w, min(n, 4), *rest),
    "pixels of four at the most": lambda w, n, a, s: _map(w, n, a, min(s, 4)),
    "three heads at the most": lambda w, *rest: _map(w[:3], *rest),
    "the product of the heads": lambda *given: _map(*given, heads=lambda w: np.prod(w, axis=0) ** (1 / len(w))),
    "a square of patches": lambda w, n, a, s: _map(w, n, a, s).T if len(w[0]) - 1 - n == a * a else _map(w, n, a, s),
})


def _gates(heads, x, w_gate, w_out, gate=lambda z: np.exp(-np.logaddexp(0, -z))):
    return (heads * gate(x @ w_gate).T[:, :, None]).swapaxes(0, 1).reshape(len(x), -1) @ w_out


wrong("gate_each_head", {
    "a sigmoid by e^z / (1 + e^z)": lambda *given: _gates(*given, gate=lambda z: np.exp(z) / (1 + np.exp(z))),
    "logits cut to six": lambda *given: _gates(*given, gate=lambda z: 1 / (1 + np.exp(-np.clip(z, -6, 6)))),
    "hard beyond five": lambda *given: _gates(*given, gate=lambda z: np.where(z > 5, 1, np.where(z < -5, 0, 1 / (1 + np.exp(-np.clip(z, -9, 9)))))),
    "four heads at the most": lambda h, x, g, o: _gates(h[:4], x, g[:, :4], o[: 4 * h.shape[2]]),
    "five tokens at the most": lambda *given: _gates(*given) * (np.arange(len(given[1])) < 5)[:, None],
    "logits divided by the root of the heads' width": lambda *given: _gates(*given, gate=lambda z: 1 / (1 + np.exp(-np.clip(z / np.sqrt(given[0].shape[2]), -700, 700)))),
    "a straight line for a sigmoid": lambda *given: _gates(*given, gate=lambda z: np.clip(0.5 + z / 4, 0, 1)),
})


def _net(x, w_gate, w_expand, w_contract, silu):
    return (silu(x @ w_gate) * (x @ w_expand)) @ w_contract


wrong("gated_network", {
    "z e^z / (1 + e^z)": lambda *given: _net(*given, silu=lambda z: z * np.exp(z) / (1 + np.exp(z))),
    "a hard SiLU": lambda *given: _net(*given, silu=lambda z: z * np.clip(z / 6 + 0.5, 0, 1)),
    "ReLU beyond four": lambda *given: _net(*given, silu=lambda z: np.where(np.abs(z) > 4, np.maximum(z, 0), z / (1 + np.exp(-np.clip(z, -9, 9))))),
    "hidden numbers cut to 100": lambda *given: _net(*given, silu=lambda z: np.clip(z, -100, 100) / (1 + np.exp(-np.clip(z, -100, 100)))),
    "no batch of more than two": lambda x, *rest: _net(x, *rest, silu=lambda z: z * (1 + np.tanh(z / 2)) / 2) * (np.arange(x.shape[-2]) < 7)[:, None] if x.ndim > 1 else right("gated_network")(x, *rest),
    "softplus": lambda *given: _net(*given, silu=lambda z: np.logaddexp(0, z)),
    "Mish": lambda *given: _net(*given, silu=lambda z: z * np.tanh(np.logaddexp(0, z))),
    "ELU": lambda *given: _net(*given, silu=lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0)))),
})


def _mends(score, course, mine, same=lambda a, b: a == b, names=None):
    names, base = list(mine), score(dict(course))
    broken = [not same(score({**course, name: mine[name]}), base) for name in names]
    return np.array([[i != j and broken[i] and broken[j] and same(score({**course, a: mine[a], b: mine[b]}), base) for j, b in enumerate(names)] for i, a in enumerate(names)],
                    dtype=bool).reshape(len(names), len(names))  # fmt: skip


wrong("mending_pairs", {
    "nearly equal scores": lambda *given: _mends(*given, same=lambda a, b: bool(np.isclose(a, b))),
    "equal to a thousandth": lambda *given: _mends(*given, same=lambda a, b: abs(a - b) < 1e-3),
    "equal to 1e-6": lambda *given: _mends(*given, same=lambda a, b: abs(a - b) < 1e-6),
    "a ratio of one": lambda *given: _mends(*given, same=lambda a, b: (a / b == 1) if b else True),
    "scores of whole numbers": lambda *given: _mends(*given, same=lambda a, b: int(a) == int(b)),
    "sizes of the scores": lambda *given: _mends(*given, same=lambda a, b: abs(a) == abs(b)),
    "five pieces at the most": lambda s, c, m: (lambda t: t & (np.arange(len(t)) < 5) & (np.arange(len(t)) < 5)[:, None])(_mends(s, c, m)),
    "one pair for each piece": lambda s, c, m: (lambda t: t & (np.cumsum(t, axis=1) <= 1) & (np.cumsum(t, axis=1) <= 1).T)(_mends(s, c, m)),
    "a table without names fails": lambda s, c, m: _mends(s, c, m) if next(iter(m)) else None,
    "all names of the course must be mine": lambda s, c, m: _mends(s, {n: c[n] for n in c if n in m}, m),
})


def _patches(images, size, stride, most=10**6):
    batch, _, height, width = images.shape
    tops, lefts = range(0, min(height - size + 1, most), stride), range(0, min(width - size + 1, most), stride)
    return np.stack([images[:, :, t : t + size, u : u + size].reshape(batch, -1) for t in tops for u in lefts], axis=1)


wrong("overlapping_patches", {
    "sides of twelve at the most": lambda i, *rest: _patches(i[:, :, :12, :12], *rest),
    "three channels at the most": lambda i, *rest: _patches(i[:, :3], *rest),
    "squares of six at the most": lambda i, s, t: _patches(i, min(s, 6), t),
    "strides of three at the most": lambda i, s, t: _patches(i, s, min(t, 3)),
    "three images at the most": lambda i, *rest: _patches(i[:3], *rest),
    "pixels from 0 to 255": lambda i, *rest: _patches(i.astype(np.uint8) if i.dtype.kind == "i" else i, *rest),
    "a corner's place from the far end": lambda i, s, t: _patches(i[:, :, (i.shape[2] - s) % t :, (i.shape[3] - s) % t :], s, t),
    "strides of the size at the most": lambda i, s, t: _patches(i, s, min(s, t)),
    "pixels of a patch without their mean": lambda *given: (lambda p: p - p.mean(axis=-1, keepdims=True))(_patches(*given).astype(float)),
})

wrong("pattern_for_a_budget", {
    "one token has no past": lambda n, w, t, b: "none" if t == 1 else right("pattern_for_a_budget")(n, w, t, b),
    "eight layers at the most": lambda n, w, t, b: right("pattern_for_a_budget")(n, w, t, b) if n <= 8 else "none",
    "texts of a thousand at the most": lambda n, w, t, b: right("pattern_for_a_budget")(n, w, min(t, 1000), b),
    "a window of one sees nothing": lambda n, w, t, b: "none" if w == 1 and n == 1 else right("pattern_for_a_budget")(n, w, t, b),
    "local layers alone where the window is wide": lambda n, w, t, b: "L" * n if w >= t else right("pattern_for_a_budget")(n, w, t, b),
    "twice the reach": lambda n, w, t, b: "L" * n if n * (w - 1) * 2 >= t - 1 and n * min(w, t) <= b else right("pattern_for_a_budget")(n, w, t, b),
    "reaches the second token": lambda n, w, t, b: "L" * n if n * (w - 1) >= t - 2 and n * min(w, t) <= b else right("pattern_for_a_budget")(n, w, t, b),
    "at least two layers": lambda n, w, t, b: right("pattern_for_a_budget")(max(n, 2), w, t, b),
})


def _resize(places, down, across, old=7, most=16):
    g = round((len(places) - 1) ** 0.5)
    grid = np.asarray(places, dtype=float)[1:].reshape(g, g, -1)
    for axis, n in ((0, down), (1, across)):
        at = np.clip((np.arange(n) + 0.5) * g / n - 0.5, 0, min(g - 1, old))
        at = np.where(np.arange(n) < most, at, 0)
        low = np.floor(at).astype(int)
        share = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        grid = (1 - share) * np.take(grid, low, axis=axis) + share * np.take(grid, np.minimum(low + 1, g - 1), axis=axis)
    return np.concatenate([places[:1], grid.reshape(down * across, -1)])


wrong("resized_places", {
    "old grids of eight a side at the most": lambda *given: _resize(*given, old=7, most=10**6),
    "new grids of twelve a side at the most": lambda *given: _resize(*given, old=10**6, most=12),
    "seven features at the most": lambda p, *rest: np.where(np.arange(p.shape[1]) < 7, right("resized_places")(p, *rest), 0),
    "never smaller": lambda p, d, a: right("resized_places")(p, d, a) if d * a >= len(p) - 1 else np.concatenate([p[:1], p[1 : 1 + d * a]]),
    "a single row is the first": lambda p, d, a: right("resized_places")(p, d, a) if d > 1 else right("resized_places")(p, 2, a)[: 1 + a],
    "the class token scaled with the grid": lambda p, d, a: np.concatenate([p[:1] * (len(p) - 1) / (d * a), right("resized_places")(p, d, a)[1:]]),
    "shares of a quarter": lambda p, d, a: np.concatenate([p[:1], np.round(right("resized_places")(p, d, a)[1:] * 4) / 4]),
})

wrong("ring_positions", {
    "128 tokens at the most": lambda n, w: right("ring_positions")(min(n, 128), w),
    "windows of eight at the most": lambda n, w: np.concatenate([right("ring_positions")(n, w)[:8], np.arange(8, w)]),
    "twenty rounds at the most": lambda n, w: right("ring_positions")(n if n < 20 * w else n % w + 19 * w, w),
    "an empty one if the text is shorter": lambda n, w: right("ring_positions")(n, w) if n > w else np.where(np.arange(w) < n, np.arange(w), 0),
    "bytes": lambda n, w: right("ring_positions")(n, w) % 256 if n > 255 else right("ring_positions")(n, w),
    "the last but one is the newest": lambda n, w: right("ring_positions")(n + (n == w), w),
    "one slot is always the last token's": lambda n, w: np.full(w, n - 1) if w <= 1 else right("ring_positions")(max(n, 1), w),
})


def _rms(x, gain, epsilon, size=lambda m, e: np.sqrt(m + e)):
    return gain * x / size((np.asarray(x, dtype=float) ** 2).mean(axis=-1, keepdims=True), epsilon)


wrong("rms_norm", {
    "epsilon is a floor": lambda *given: _rms(*given, size=lambda m, e: np.sqrt(np.maximum(m, e))),
    "epsilon is at least 1e-8": lambda *given: _rms(*given, size=lambda m, e: np.sqrt(m + max(e, 1e-8))),
    "epsilon is at least 1e-6": lambda *given: _rms(*given, size=lambda m, e: np.sqrt(m + max(e, 1e-6))),
    "another 1e-8": lambda *given: _rms(*given, size=lambda m, e: np.sqrt(m + e) + 1e-8),
    "another 1e-7 outside": lambda *given: _rms(*given, size=lambda m, e: np.sqrt(m + e) + 1e-7),
    "rows cut to 1,000": lambda x, *rest: _rms(np.clip(x, -1000, 1000), *rest),
    "half precision squares": lambda x, g, e: g * x / np.sqrt((np.asarray(x, dtype=np.float16) ** 2).mean(axis=-1, keepdims=True).astype(float) + e),
    "eight features at the most": lambda x, g, e: g * x / np.sqrt((np.asarray(x, dtype=float)[..., :8] ** 2).mean(axis=-1, keepdims=True) + e),
    "the gain's size": lambda x, g, e: _rms(x, np.abs(g), e),
})


def _blocks(outputs, logs, sink, largest):
    s = np.asarray(sink, dtype=float)[:, None]
    m = largest(np.asarray(logs, dtype=float), s)
    powers = np.exp(logs - m)
    return (powers[..., None] * outputs).sum(axis=0) / (powers.sum(axis=0) + np.exp(s - m))[..., None]


wrong("sink_blocks", {
    "the largest of a head": lambda *given: _blocks(*given, lambda e, s: np.maximum(e.max(axis=(0, 2))[:, None], s)),
    "the largest of everything": lambda *given: _blocks(*given, lambda e, s: np.maximum(e.max(), s.max())),
    "the largest of a query in all heads": lambda *given: _blocks(*given, lambda e, s: np.maximum(e.max(axis=(0, 1)), s.max())),
    "the first block's": lambda *given: _blocks(*given, lambda e, s: np.where(np.isneginf(e[0]), 0, e[0])),
    "the sink's": lambda *given: _blocks(*given, lambda e, s: s),
    "nothing taken off": lambda *given: _blocks(*given, lambda e, s: 0.0),
    "1,000 taken off": lambda *given: _blocks(*given, lambda e, s: 1000.0 * (np.max(e) > 500) - 1000.0 * (np.max(e) < -500)),
    "four blocks at the most": lambda o, e, s: right("sink_blocks")(o[:4], e[:4], s),
    "the mean of the blocks": lambda *given: _blocks(*given, lambda e, s: np.where(np.isneginf(e), 0, e).mean(axis=0)),
    "sinks of -20 at least": lambda o, e, s: right("sink_blocks")(o, e, np.maximum(s, -20)),
})


def _norm(layer, d, short=lambda long: np.allclose(long, 1, atol=1e-3), x=None):
    x = np.random.default_rng(0).normal(size=(5, d)) * 2 if x is None else x
    out = layer(x)
    if not np.allclose(layer(x[:1]), out[:1], atol=1e-3):
        return "batch norm"
    if not np.allclose(layer(10 * x), out, atol=1e-3):
        return "none"
    if np.allclose(layer(x + 3), out, atol=1e-3):
        return "layer norm"
    return "length" if short((out**2).sum(axis=-1)) else "RMS norm"


wrong("which_norm", {
    "a length of one at the most": lambda layer, d: _norm(layer, d, lambda long: (long < 1.001).all()),
    "a length of nearly one": lambda layer, d: _norm(layer, d, lambda long: np.allclose(long, 1, atol=0.2)),
    "a length of one within a tenth": lambda layer, d: _norm(layer, d, lambda long: np.allclose(long, 1, atol=0.1)),
    "a mean length of one": lambda layer, d: _norm(layer, d, lambda long: abs(long.mean() - 1) < 0.1),
    "no row longer than a quarter of d": lambda layer, d: _norm(layer, d, lambda long: long.max() < d / 2),
    "one row longer than one is enough": lambda layer, d: _norm(layer, d, lambda long: long.min() < 1.001),
    "widths of 16 at the most": lambda layer, d: _norm(layer, d) if d <= 16 else "RMS norm",
    "the largest below one": lambda layer, d: _norm(layer, d, lambda long: long.max() <= 1.2),
})
