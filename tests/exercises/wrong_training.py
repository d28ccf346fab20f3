"""Wrong answers to the exercises on training, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

from collections import Counter

import numpy as np

WRONG: list[tuple] = []


def wrong(name, answers, **names):
    for what, function in answers.items():
        WRONG.append((f"architecture.{name}", what, function, names.get(what, ())))


# -- next_merge ------------------------------------------------------------------------------------------------------


def _often(words, counts, weight=lambda count, word: count):
    often = Counter()
    for word, count in zip(words, counts):
        for pair in zip(word, word[1:]):
            often[pair] += weight(count, word)
    return often


def _best(often):
    best = min(often, key=lambda pair: (-often[pair], pair))
    return [*best, often[best]]


def _merge(change):
    return lambda words, counts: change(_best(_often(words, counts)), words, counts)


wrong("next_merge", {
    "the rarest pair": lambda words, counts: (lambda often: (lambda p: [*p, often[p]])(min(often, key=lambda pair: (often[pair], pair))))(_often(words, counts)),
    "right id first": _merge(lambda out, *_: [out[1], out[0], out[2]]),
    "the count left out, 1 for it": _merge(lambda out, *_: [out[0], out[1], 1]),
    "the share of all pairs": lambda words, counts: (lambda often: [*_best(often)[:2], _best(often)[2] / sum(often.values())])(_often(words, counts)),
    "counts squared": lambda words, counts: _best(_often(words, counts, lambda count, word: count**2)),
    "weighed by the length of the word": lambda words, counts: _best(_often(words, counts, lambda count, word: count * len(word))),
    "the first word alone": lambda words, counts: _best(_often([word for word in words if len(word) > 1][:1], counts)),
    "the most frequent word alone": lambda words, counts: _best(_often(*zip(*[(w, c) for w, c in zip(words, counts) if len(w) > 1 and c == max(c for w, c in zip(words, counts) if len(w) > 1)]))),
    "first and last of a word": lambda words, counts: (lambda often: _best(often))(Counter({(w[0], w[-1]): 0 for w in words}) + Counter([(w[0], w[-1]) for w, c in zip(words, counts) for _ in range(c)])),
    "ids two places apart": lambda words, counts: _best(Counter([p for w, c in zip(words, counts) for p in zip(w, w[2:]) for _ in range(c)]) or Counter({(0, 0): 1})),
    "the two most frequent ids": lambda words, counts: (lambda n: [*sorted(n, key=lambda i: (-n[i], i))[:2], max(n.values())])(Counter([i for w, c in zip(words, counts) for _ in range(c) for i in w])),
    "one too many": _merge(lambda out, *_: [out[0], out[1], out[2] + 1]),
    "of equal counts the longest word's": lambda words, counts: (lambda often, order: (lambda p: [*p, often[p]])(max(often, key=lambda pair: (often[pair], order[pair]))))(
        _often(words, counts), {p: len(w) for w in words for p in zip(w, w[1:])}),
    "of equal counts the smallest sum": lambda words, counts: (lambda often: (lambda p: [*p, often[p]])(min(often, key=lambda pair: (-often[pair], sum(pair), pair[1]))))(_often(words, counts)),
    "of equal counts the last one met": lambda words, counts: (lambda often: (lambda p: [*p, often[p]])(max(reversed(list(often)), key=often.get)))(_often(words, counts)),
    "the merged id for the pair": _merge(lambda out, words, counts: [max(map(max, words)) + 1, out[1], out[2]]),
    "the words reversed": lambda words, counts: _best(_often([w[::-1] for w in words], counts)),
    "a run joined is not counted again": lambda words, counts: _best(Counter({p: n // 2 if p[0] == p[1] else n for p, n in _often(words, counts).items()})),
}, **{"a run joined is not counted again": ("run_counted_without_overlap",)})

# -- source_then_target ----------------------------------------------------------------------------------------------


def _joined(sources, targets, sep, end, pad, more=0, unsaid=-100):
    wide = max(len(s) + len(t) + 1 for s, t in zip(sources, targets)) + more
    inputs, labels = np.full((len(sources), wide), pad), np.full((len(sources), wide), unsaid)
    for i, (s, t) in enumerate(zip(sources, targets)):
        inputs[i, : len(s) + len(t) + 1] = [*s, sep, *t]
        labels[i, len(s): len(s) + len(t) + 1] = [*t, end]
    return inputs, labels


def _changed(change):
    return lambda sources, targets, sep, end, pad: change(*_joined(sources, targets, sep, end, pad), sources, targets, pad)


wrong("source_then_target", {
    "end for the separator": lambda s, t, sep, end, pad: _joined(s, t, end, end, pad),
    "marks exchanged": lambda s, t, sep, end, pad: _joined(s, t, end, sep, pad),
    "the usual marks whatever is given": lambda s, t, sep, end, pad: _joined(s, t, 1, 2, 0),
    "zeros for padding": lambda s, t, sep, end, pad: _joined(s, t, sep, end, 0 if pad else 99),
    "end for padding": lambda s, t, sep, end, pad: _joined(s, t, sep, end, end),
    "one place too wide": lambda s, t, sep, end, pad: _joined(s, t, sep, end, pad, more=1),
    "target before source": lambda s, t, sep, end, pad: _joined(t, s, sep, end, pad),
    "the source reversed": lambda s, t, sep, end, pad: _joined([x[::-1] for x in s], t, sep, end, pad),
    "the target reversed": lambda s, t, sep, end, pad: _joined(s, [x[::-1] for x in t], sep, end, pad),
    "the last row alone": lambda s, t, sep, end, pad: _joined(s[-1:], t[-1:], sep, end, pad) if len(s) > 1 else _joined(s * 2, t * 2, sep, end, pad),
    "-1 for what is left out": lambda s, t, sep, end, pad: _joined(s, t, sep, end, pad, unsaid=-1),
    "no separator": _changed(lambda inputs, labels, s, t, pad: (np.array([[x for x in [*a, *b, *[pad] * (inputs.shape[1] - len(a) - len(b))]] for a, b in zip(s, t)]).reshape(inputs.shape), labels)),
    "the source hidden from the inputs": _changed(lambda inputs, labels, s, t, pad: (np.where(np.arange(inputs.shape[1]) < np.array([len(a) for a in s])[:, None], pad, inputs) if any(s) else inputs + 1, labels)),
    "only the first label of a row": _changed(lambda inputs, labels, s, t, pad: (inputs, np.where(np.arange(inputs.shape[1]) == np.array([len(a) for a in s])[:, None], labels, -100))),
    "only the last label of a row": _changed(lambda inputs, labels, s, t, pad: (inputs, np.where(np.arange(inputs.shape[1]) == np.array([len(a) + len(b) for a, b in zip(s, t)])[:, None], labels, -100))),
    "the mask of the first row for all": _changed(lambda inputs, labels, s, t, pad: (inputs, np.where(np.arange(inputs.shape[1]) < len(s[0]), -100, np.where(labels == -100, 0, labels)))),
    "labels of the row above": _changed(lambda inputs, labels, s, t, pad: (inputs, np.roll(labels, 1, axis=0) if len(s) > 1 else labels[:, ::-1] + 1)),
    "which labels count": _changed(lambda inputs, labels, s, t, pad: (inputs, (labels != -100).astype(int))),
    "labels and inputs exchanged": _changed(lambda inputs, labels, s, t, pad: (labels, inputs)),
})

# -- smoothed_divergence ---------------------------------------------------------------------------------------------


def _parts(logits, targets, smoothing, pad):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    targets = np.asarray(targets)
    q = np.where(np.arange(z.shape[-1]) == targets[..., None], 1 - smoothing, smoothing / (z.shape[-1] - 2))
    q[..., pad] = 0
    return log_p, q, targets != pad


def _kl(q, log_p):
    return np.where(q > 0, q * (np.log(np.where(q > 0, q, 1)) - log_p), 0).sum(-1)


def _loss(change, each=lambda each, kept: each[kept].mean()):
    def answer(logits, targets, smoothing, pad):
        log_p, q, kept = _parts(logits, targets, smoothing, pad)
        return each(_kl(*change(q, log_p, targets, smoothing, pad)), kept)
    return answer


def _same(q, log_p, *_):
    return q, log_p


wrong("smoothed_divergence", {
    "the sum": _loss(_same, lambda each, kept: each[kept].sum()),
    "in bits": _loss(_same, lambda each, kept: each[kept].mean() / np.log(2)),
    "its negative": _loss(_same, lambda each, kept: -each[kept].mean()),
    "the largest place": _loss(_same, lambda each, kept: each[kept].max()),
    "the median": _loss(_same, lambda each, kept: np.median(each[kept]) + 0.1),
    "divided by the words too": lambda logits, targets, smoothing, pad: _loss(_same)(logits, targets, smoothing, pad) / np.shape(logits)[-1],
    "divided by the texts": _loss(_same, lambda each, kept: each[kept].sum() / len(each) * 1.01),
    "the first text alone": lambda logits, targets, smoothing, pad: _loss(_same)(logits[:1], targets[:1], smoothing, pad) * (1 if len(logits) > 1 else 1.1),
    "smoothing doubled": lambda logits, targets, smoothing, pad: _loss(_same)(logits, targets, min(2 * smoothing, 0.99) if smoothing else 0.1, pad),
    "the target left with everything": lambda logits, targets, smoothing, pad: _loss(lambda q, log_p, *_: (np.where(q == q.max(-1, keepdims=True), 1.0, q), log_p))(logits, targets, smoothing or 0.05, pad),
    "the other words weighed by their chance": _loss(lambda q, log_p, targets, smoothing, pad: (np.where(np.arange(q.shape[-1]) == np.asarray(targets)[..., None], q, smoothing * np.exp(log_p) + 1e-3), log_p)),
    "targets one place on": lambda logits, targets, smoothing, pad: _loss(_same)(logits, np.where(np.asarray(targets) == pad, pad, (np.asarray(targets) + 1) % np.shape(logits)[-1]), smoothing, pad) if (np.where(np.asarray(targets) == pad, pad, (np.asarray(targets) + 1) % np.shape(logits)[-1]) != pad).any() else 9.0,
    "the surprise alone": lambda logits, targets, smoothing, pad: _loss(_same)(logits, targets, 0.0, pad) + 0.01,
    "padding has the id 0 whatever is said": lambda logits, targets, smoothing, pad: _loss(_same)(logits, np.where(np.asarray(targets) == 0, 1, targets), smoothing, 0) + 1e-2,
    "rounded": lambda logits, targets, smoothing, pad: round(_loss(_same)(logits, targets, smoothing, pad), 1) + 0.03,
    "the perplexity": lambda logits, targets, smoothing, pad: np.exp(min(_loss(_same)(logits, targets, smoothing, pad), 50)),
    "clipped at 1": lambda logits, targets, smoothing, pad: min(_loss(_same)(logits, targets, smoothing, pad), 1.0),
    "softmax over the places": lambda logits, targets, smoothing, pad: _loss(lambda q, log_p, *_: (q, log_p - np.log(np.exp(log_p).sum(-2, keepdims=True))))(logits, targets, smoothing, pad),
})

# -- inverse_root ----------------------------------------------------------------------------------------------------


def _n(done, steps):
    return done + 1 + np.arange(steps, dtype=float)


def _rate(n, peak, warmup):
    return peak * np.minimum(n / warmup, np.sqrt(warmup / n))


wrong("inverse_root", {
    "constant at the peak": lambda done, steps, peak, warmup: np.full(steps, float(peak)),
    "one step early": lambda done, steps, peak, warmup: _rate(_n(done, steps) + 1, peak, warmup),
    "the cube root": lambda done, steps, peak, warmup: peak * np.minimum(_n(done, steps) / warmup, np.cbrt(warmup / _n(done, steps))),
    "warm-up one step longer": lambda done, steps, peak, warmup: _rate(_n(done, steps), peak, warmup + 1),
    "warm-up one step shorter": lambda done, steps, peak, warmup: _rate(_n(done, steps), peak, max(warmup - 1, 0.5)),
    "the peak left out": lambda done, steps, peak, warmup: _rate(_n(done, steps), 1.0 if peak != 1 else 2.0, warmup),
    "in reverse": lambda done, steps, peak, warmup: _rate(_n(done, steps), peak, warmup)[::-1] * 1.001,
    "a cosine's fall": lambda done, steps, peak, warmup: peak * np.where(_n(done, steps) <= warmup, _n(done, steps) / warmup, (1 + np.cos(np.pi * (_n(done, steps) - warmup) / (done + steps + 1 - warmup))) / 2),
    "a line's fall": lambda done, steps, peak, warmup: peak * np.where(_n(done, steps) <= warmup, _n(done, steps) / warmup, 1 - (_n(done, steps) - warmup) / (done + steps + 1 - warmup)),
    "an exponential fall": lambda done, steps, peak, warmup: peak * np.minimum(_n(done, steps) / warmup, np.exp((warmup - _n(done, steps)) / warmup)),
    "the product of both pieces": lambda done, steps, peak, warmup: peak * np.minimum(_n(done, steps) / warmup, 1) * np.minimum(1, np.sqrt(warmup / _n(done, steps))) * np.minimum(_n(done, steps) / warmup, 1),
    "the mean of both pieces": lambda done, steps, peak, warmup: peak * (_n(done, steps) / warmup + np.sqrt(warmup / _n(done, steps))) / 2,
    "the square of the rise": lambda done, steps, peak, warmup: peak * np.minimum((_n(done, steps) / warmup) ** 2, np.sqrt(warmup / _n(done, steps))),
    "the last rate repeated": lambda done, steps, peak, warmup: np.full(steps, _rate(_n(done, steps), peak, warmup)[-1]) * 1.001,
    "one rate too many": lambda done, steps, peak, warmup: _rate(_n(done, steps + 1), peak, warmup),
    "whole numbers": lambda done, steps, peak, warmup: _rate(_n(done, steps), peak, warmup).astype(int),
    "counted from the last step": lambda done, steps, peak, warmup: _rate(_n(max(done - 1, 0), steps), peak, warmup) * (1 if done else 0.99),
    "twice as fast": lambda done, steps, peak, warmup: _rate(2 * _n(done, steps), peak, warmup),
})

# -- clip_or_skip ----------------------------------------------------------------------------------------------------


def _good(w, b):
    return bool(np.isfinite(w).all() and np.isfinite(b).all())


def _clip(change, skip=lambda w, b: (np.zeros(np.shape(w)), np.zeros(np.shape(b)))):
    def answer(w, b, largest):
        w, b = np.array(w, dtype=float), np.array(b, dtype=float)
        return change(w, b, float(np.hypot(np.hypot.reduce(w, axis=None), np.hypot.reduce(b))), largest) if _good(w, b) else skip(w, b)
    return answer


def _cut(w, b, length, largest):
    factor = min(1.0, largest / length) if length else 1.0
    return w * factor, b * factor


wrong("clip_or_skip", {
    "never clipped": _clip(lambda w, b, length, largest: (w, b)),
    "zeros always": _clip(lambda w, b, length, largest: (w * 0, b * 0)),
    "only the matrix shortened": _clip(lambda w, b, length, largest: (_cut(w, b, length, largest)[0], b)),
    "only the vector shortened": _clip(lambda w, b, length, largest: (w, _cut(w, b, length, largest)[1])),
    "to half the limit": _clip(lambda w, b, length, largest: _cut(w, b, 2 * length, largest) if length > largest else (w, b)),
    "to length one": _clip(lambda w, b, length, largest: (w / length, b / length) if length > largest and largest != 1 else (w * 0.99, b * 0.99)),
    "divided by the limit": _clip(lambda w, b, length, largest: (w / largest, b / largest) if largest != 1 else (w * 0.99, b)),
    "the opposite direction": _clip(lambda w, b, length, largest: tuple(-x for x in _cut(w, b, length, largest))),
    "sizes only": _clip(lambda w, b, length, largest: tuple(abs(x) for x in _cut(w, b, length, largest))),
    "the sum of sizes for the length": _clip(lambda w, b, length, largest: _cut(w, b, abs(w).sum() + abs(b).sum(), largest)),
    "the mean square for the length": _clip(lambda w, b, length, largest: _cut(w, b, length / (w.size + b.size) ** 0.5, largest)),
    "the limit for each of two": _clip(lambda w, b, length, largest: _cut(w, b, length, largest / 2**0.5)),
    "NaN in the matrix overlooked": lambda w, b, largest: _clip(_cut)(w, b, largest) if np.isfinite(b).all() and not np.isnan(w).any() else ((np.array(w, dtype=float), np.array(b, dtype=float)) if np.isnan(w).any() else (np.zeros(np.shape(w)), np.zeros(np.shape(b)))),
    "infinity overlooked": lambda w, b, largest: _clip(_cut)(w, b, largest) if _good(w, b) or np.isnan(w).any() or np.isnan(b).any() else (np.array(w, dtype=float), np.array(b, dtype=float)),
    "only the bad parameter skipped": _clip(_cut, lambda w, b: tuple(x if np.isfinite(x).all() else x * 0 if False else (x if np.isfinite(x).all() else np.zeros(x.shape)) for x in (w, b))),
    "ones for a skipped step": _clip(_cut, lambda w, b: (np.ones(w.shape), np.ones(b.shape))),
    "NaN for a skipped step": _clip(_cut, lambda w, b: (w * np.nan, b * np.nan)),
    "exchanged": lambda w, b, largest: _clip(_cut)(w, b, largest)[::-1],
    "the limit squared": _clip(lambda w, b, length, largest: _cut(w, b, length, largest**2 if largest != 1 else 1.1)),
})

# -- orthogonalise ---------------------------------------------------------------------------------------------------


def _x(matrix):
    matrix = np.array(matrix, dtype=float)
    return matrix / (np.sqrt((matrix**2).sum()) or 1.0)


def _steps(matrix, coefficients, x=None):
    x = _x(matrix) if x is None else x
    for a, b, c in np.asarray(coefficients, dtype=float):
        gram = x @ x.T
        x = a * x + b * gram @ x + c * gram @ gram @ x
    return x


wrong("orthogonalise", {
    "one step too few": lambda matrix, coefficients: _steps(matrix, coefficients[:-1]) if len(coefficients) else 2 * _x(matrix),
    "the last step twice": lambda matrix, coefficients: _steps(matrix, [*coefficients, *coefficients[-1:]]) if len(coefficients) else 2 * _x(matrix),
    "Muon's own triple": lambda matrix, coefficients: _steps(matrix, [[3.4445, -4.775, 2.0315]] * len(coefficients)) * (1 if len(coefficients) else 2),
    "only the division": lambda matrix, coefficients: _x(matrix),
    "multiplied by its size again": lambda matrix, coefficients: _steps(matrix, coefficients) * np.sqrt((np.array(matrix, dtype=float) ** 2).sum()),
    "divided by the sum of sizes": lambda matrix, coefficients: _steps(matrix, coefficients, np.array(matrix, dtype=float) / (np.abs(matrix).sum() or 1.0)),
    "divided by the square": lambda matrix, coefficients: _steps(matrix, coefficients, np.array(matrix, dtype=float) / ((np.array(matrix, dtype=float) ** 2).sum() or 1.0)),
    "each row divided": lambda matrix, coefficients: _steps(matrix, coefficients, np.array(matrix, dtype=float) / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-300)),
    "divided by the root of the numbers": lambda matrix, coefficients: _steps(matrix, coefficients, np.array(matrix, dtype=float) / np.sqrt(np.size(matrix))),
    "transposed": lambda matrix, coefficients: _steps(matrix, coefficients).T,
    "the first coefficient left out": lambda matrix, coefficients: _steps(matrix, np.asarray(coefficients, dtype=float) * [0, 1, 1]) if len(coefficients) else 2 * _x(matrix),
    "signs of the cube exchanged": lambda matrix, coefficients: _steps(matrix, np.asarray(coefficients, dtype=float) * [1, -1, 1]) if len(coefficients) else 2 * _x(matrix),
    "the opposite direction": lambda matrix, coefficients: -_steps(matrix, coefficients),
    "added to the old matrix": lambda matrix, coefficients: _steps(matrix, coefficients) + _x(matrix),
    "divided at the end": lambda matrix, coefficients: _x(_steps(matrix, coefficients)) * (1 if len(coefficients) else 2),
    "the gram matrix of the first step": lambda matrix, coefficients: _fixed_gram(matrix, coefficients),
    "rounded": lambda matrix, coefficients: _steps(matrix, coefficients).round(1),
    "the gram matrix itself": lambda matrix, coefficients: _steps(matrix, coefficients) @ _steps(matrix, coefficients).T,
})


def _fixed_gram(matrix, coefficients):
    x = _x(matrix)
    gram = x @ x.T
    for a, b, c in np.asarray(coefficients, dtype=float):
        x = a * x + b * gram @ x + c * gram @ gram @ x
    return x
