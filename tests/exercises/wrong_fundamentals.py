"""Wrong answers to the exercises on the fundamentals, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"fundamentals.{name}", what, function, names))


def soft(z, axis=-1):
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def over(powers):
    return powers / powers.sum(axis=-1, keepdims=True)


def rows(table):
    return np.arange(len(table))


# -- additive_score --------------------------------------------------------------------------------------------------


def hidden(q, k, w_q, w_k):
    return (q @ w_q)[:, None, :] + (k @ w_k)[None, :, :]


for _what, _activation in {"a logistic function": lambda z: 1 / (1 + np.exp(-z)), "a clip at 1": lambda z: np.clip(z, -1, 1),
                           "a softsign": lambda z: z / (1 + np.abs(z)), "a sine": np.sin, "an arctangent": np.arctan,
                           "tanh of half": lambda z: np.tanh(z / 2), "tanh twice": lambda z: np.tanh(np.tanh(z)),
                           "a tanh without its sign": lambda z: np.abs(np.tanh(z))}.items():
    wrong("additive_score", f"{_what} for the tanh", lambda q, k, w_q, w_k, u, act=_activation: act(hidden(q, k, w_q, w_k)) @ u)
ADDITIVE = {
    "the key subtracted": lambda q, k, w_q, w_k, u: np.tanh(hidden(q, -k, w_q, w_k)) @ u,
    "divided by the root of the hidden width": lambda q, k, w_q, w_k, u: np.tanh(hidden(q, k, w_q, w_k)) @ u / np.sqrt(len(u)),
    "weights of a softmax": lambda q, k, w_q, w_k, u: soft(np.tanh(hidden(q, k, w_q, w_k)) @ u),
    "the size of u": lambda q, k, w_q, w_k, u: np.tanh(hidden(q, k, w_q, w_k)) @ np.abs(u),
    "u made a unit vector": lambda q, k, w_q, w_k, u: np.tanh(hidden(q, k, w_q, w_k)) @ u / np.linalg.norm(u),
    "the first query for all": lambda q, k, w_q, w_k, u: np.tanh(hidden(q[:1].repeat(len(q), 0), k, w_q, w_k)) @ u,
    "whole numbers out of whole numbers": lambda q, k, w_q, w_k, u: (np.tanh(hidden(q, k, w_q, w_k)) @ u).astype(q.dtype),
    "rounded to three places": lambda q, k, w_q, w_k, u: (np.tanh(hidden(q, k, w_q, w_k)) @ u).round(3),
    "constant": lambda q, k, w_q, w_k, u: np.full((len(q), len(k)), 0.5),
    "u inside": lambda q, k, w_q, w_k, u: np.tanh(hidden(q, k, w_q, w_k) * u).sum(axis=-1),
    "the hidden units reversed": lambda q, k, w_q, w_k, u: np.tanh(hidden(q, k, w_q, w_k)) @ u[::-1],
    "exponentials cut off at 5": lambda q, k, w_q, w_k, u: np.tanh(np.clip(hidden(q, k, w_q, w_k), -2, 2)) @ u,
}
for _what, _score in ADDITIVE.items():
    wrong("additive_score", _what, _score)

# -- bigram_perplexity -----------------------------------------------------------------------------------------------


def table(train, vocab, extra=1.0):
    counts = np.full((vocab, vocab), float(extra))
    np.add.at(counts, (np.asarray(train)[:-1], np.asarray(train)[1:]), 1)
    return counts


def perplexity(p, text):
    with np.errstate(divide="ignore"):
        return np.exp(-np.log(p[text[:-1], text[1:]]).mean())


BIGRAM = {
    "a half added": lambda train, text, vocab: perplexity(over(table(train, vocab, 0.5)), text),
    "two added": lambda train, text, vocab: perplexity(over(table(train, vocab, 2)), text),
    "added up to one in a row": lambda train, text, vocab: perplexity(over(table(train, vocab, 1 / vocab)), text),
    "the text counted as a ring": lambda train, text, vocab: perplexity(over(table(np.append(train, train[0]), vocab)), text),
    "predicted round a ring": lambda train, text, vocab: perplexity(over(table(train, vocab)), np.append(text, text[0])),
    "the last pair not counted": lambda train, text, vocab: perplexity(over(table(train[:-1], vocab)), text),
    "the last sign not predicted": lambda train, text, vocab: perplexity(over(table(train, vocab)), text[:-1])
    if len(text) > 2 else 1.0,
    "the rows transposed": lambda train, text, vocab: perplexity(over(table(train, vocab)).T, text),
    "the text read backwards": lambda train, text, vocab: perplexity(over(table(train, vocab)), text[::-1]),
    "counted backwards": lambda train, text, vocab: perplexity(over(table(train[::-1], vocab)), text),
    "a median for the mean": lambda train, text, vocab: np.exp(np.median(-np.log(over(table(train, vocab))[text[:-1], text[1:]]))),
    "ones where nothing was counted": lambda train, text, vocab: perplexity(over(np.maximum(table(train, vocab, 0), 1)), text),
    "a small number added": lambda train, text, vocab: perplexity(over(table(train, vocab, 1e-3)), text),
    "the size of the vocabulary": lambda train, text, vocab: float(vocab),
    "summed": lambda train, text, vocab: np.exp(-np.log(over(table(train, vocab))[text[:-1], text[1:]]).sum()),
    "bits": lambda train, text, vocab: np.exp(-np.log2(over(table(train, vocab))[text[:-1], text[1:]]).mean()),
    "both texts counted": lambda train, text, vocab: perplexity(over(table(train, vocab) + table(text, vocab, 0)), text),
    "never more than 500 signs": lambda train, text, vocab: perplexity(over(table(train, vocab)), text[:500]),
    "rounded to whole numbers": lambda train, text, vocab: np.round(perplexity(over(table(train, vocab)), text)),
}
for _what, _count in BIGRAM.items():
    wrong("bigram_perplexity", _what, _count)

# -- crossings -------------------------------------------------------------------------------------------------------


def count(places, cross):
    return sum(bool(cross(i, j, places)) for i in range(len(places)) for j in range(i + 1, len(places)))


LOOKS = {
    "the steps that have a crossing": lambda p: sum(any(p[i] > q for q in p[i + 1:]) for i in range(len(p))),
    "crossings with the first step": lambda p: sum(p[0] > q for q in p[1:]),
    "distance from the diagonal": lambda p: int(np.abs(p - np.arange(len(p))).sum()),
    "neighbouring words": lambda p: count(p, lambda i, j, p: p[i] == p[j] + 1),
    "how far they cross": lambda p: sum(max(p[i] - p[j], 0) for i in range(len(p)) for j in range(i, len(p))),
    "the share of all pairs": lambda p: count(p, lambda i, j, p: p[i] > p[j]) / max(len(p) * (len(p) - 1) // 2, 1),
    "whether any cross": lambda p: float(count(p, lambda i, j, p: p[i] > p[j]) > 0),
    "the last step left out": lambda p: count(p[:-1], lambda i, j, p: p[i] > p[j]),
    "each word once": lambda p: count(list(dict.fromkeys(p)), lambda i, j, p: p[i] > p[j]),
    "steps at most two apart": lambda p: count(p, lambda i, j, p: p[i] > p[j] and j - i < 3),
    "one too many": lambda p: count(p, lambda i, j, p: p[i] > p[j]) + 1,
    "swaps of a selection sort": lambda p: int((np.argsort(p, kind="stable") != np.arange(len(p))).sum() // 2),
    "cycles": lambda p: len(p) - len(set(p)),
    "all pairs less those in order": lambda p: len(p) ** 2 - count(p, lambda i, j, p: p[i] < p[j]),
}
for _what, _number in LOOKS.items():
    wrong("crossings", _what, lambda weights, number=_number: number(weights.argmax(axis=-1)),
          *(("cross_ties_counted",) if _what == "all pairs less those in order" else ()))
wrong("crossings", "only weights above one half", lambda weights: count(
    [int(row.argmax()) for row in weights if row.max() > 0.55], lambda i, j, p: p[i] > p[j]))
wrong("crossings", "the centre of the weights for the largest", lambda weights: count(
    weights @ np.arange(weights.shape[1]), lambda i, j, p: p[i] > p[j]))
wrong("crossings", "weighted crossings", lambda weights: float(sum(
    weights[i, a] * weights[j, b] for i in range(len(weights)) for j in range(i) for a in range(weights.shape[1]) for b in range(a + 1, weights.shape[1]))))
wrong("crossings", "places rounded to halves of the text", lambda weights: count(
    weights.argmax(axis=-1) // 2, lambda i, j, p: p[i] > p[j]))

# -- entropy ---------------------------------------------------------------------------------------------------------


def bits(p, log=np.log2):
    return -(p * log(np.where(p > 0, p, 1))).sum(axis=-1)


ENTROPY = {
    "ten as the base": lambda p: bits(p, np.log10),
    "one minus the sum of squares": lambda p: 1 - (p**2).sum(axis=-1),
    "minus the logarithm of the sum of squares": lambda p: -np.log2((p**2).sum(axis=-1)),
    "two to the power of the entropy": lambda p: 2 ** bits(p),
    "distance from equal weights": lambda p: np.log2(p.shape[-1]) - bits(p),
    "the logarithm of the number of keys with weight": lambda p: np.log2((p > 0).sum(axis=-1)),
    "the entropy of the mean row": lambda p: bits(p.mean(axis=-2)) * np.ones(p.shape[:-1]) if p.ndim > 1 else bits(p),
    "added up over all rows": lambda p: bits(p).sum(),
    "the axis of keys kept": lambda p: bits(p)[..., None],
    "axis 1": lambda p: -(p * np.log2(np.where(p > 0, p, 1))).sum(axis=1),
    "weights below 0.001 left out": lambda p: bits(np.where(p < 1e-3, 0, p)),
    "0.001 added to every weight": lambda p: -(p * np.log2(p + 1e-3)).sum(axis=-1),
    "weights raised to 0.0001": lambda p: bits(np.maximum(p, 1e-4)),
    "each side of yes and no": lambda p: bits(p) - ((1 - p) * np.log2(np.where(p < 1, 1 - p, 1))).sum(axis=-1),
    "zero for a row with a zero": lambda p: np.where((p == 0).any(axis=-1), 0, bits(p)),
    "the logarithm of one more": lambda p: -(p * np.log2(1 + p)).sum(axis=-1),
    "the first row for all": lambda p: np.full(p.shape[:-1], bits(p.reshape(-1, p.shape[-1])[0])),
    "rounded to one place": lambda p: bits(p).round(1),
}
for _what, _bits in ENTROPY.items():
    wrong("entropy", _what, _bits)
wrong("entropy", "the logarithm of the zeros", lambda p: -(p * np.log2(p)).sum(axis=-1), "entropy_of_zero_is_nan")

# -- kernel_regression -----------------------------------------------------------------------------------------------


def squares(q, k):
    return ((q[:, None, :] - k[None, :, :]) ** 2).sum(axis=-1)


KERNEL = {
    "a Cauchy bump": lambda q, k, v, w: over(1 / (1 + squares(q, k) / (2 * w**2))) @ v,
    "a triangle": lambda q, k, v, w: over(np.maximum(1 - np.sqrt(squares(q, k)) / (2 * w), 1e-9)) @ v,
    "the width cubed": lambda q, k, v, w: soft(-squares(q, k) / (2 * w**3)) @ v,
    "the width in the numerator": lambda q, k, v, w: soft(-squares(q, k) * w**2 / 2) @ v,
    "the first feature alone": lambda q, k, v, w: soft(-squares(q[:, :1], k[:, :1]) / (2 * w**2)) @ v,
    "the root of two forgotten twice": lambda q, k, v, w: soft(-squares(q, k) / (4 * w**2)) @ v,
    "divided by the number of keys": lambda q, k, v, w: np.exp(-squares(q, k) / (2 * w**2)) @ v / len(k),
    "divided by the largest": lambda q, k, v, w: np.exp(-squares(q, k) / (2 * w**2)) @ v
    / np.exp(-squares(q, k) / (2 * w**2)).max(axis=-1, keepdims=True),
    "a hundredth in the divisor": lambda q, k, v, w: np.exp(-squares(q, k) / (2 * w**2)) @ v
    / (np.exp(-squares(q, k) / (2 * w**2)).sum(axis=-1, keepdims=True) + 1e-2),
    "one maximum for all queries": lambda q, k, v, w: over(np.exp((squares(q, k).min() - squares(q, k)) / (2 * w**2))) @ v,
    "divided by all bumps": lambda q, k, v, w: np.exp(-squares(q, k) / (2 * w**2)) @ v / np.exp(-squares(q, k) / (2 * w**2)).sum(),
    "powers of two": lambda q, k, v, w: over(2 ** ((squares(q, k).min(-1, keepdims=True) - squares(q, k)) / (2 * w**2))) @ v,
    "the nearest key left out": lambda q, k, v, w: soft(np.where(
        squares(q, k) > squares(q, k).min(-1, keepdims=True), -squares(q, k) / (2 * w**2), -1e9)) @ v,
    "equal weights": lambda q, k, v, w: np.broadcast_to(v.mean(axis=0), (len(q), v.shape[1])),
    "the square root of the weights": lambda q, k, v, w: over(np.sqrt(soft(-squares(q, k) / (2 * w**2)))) @ v,
    "the first query for all": lambda q, k, v, w: soft(-squares(q[:1].repeat(len(q), 0), k) / (2 * w**2)) @ v,
    "a small number in the divisor": lambda q, k, v, w: np.exp(-squares(q, k) / (2 * w**2)) @ v
    / (np.exp(-squares(q, k) / (2 * w**2)).sum(axis=-1, keepdims=True) + 1e-12),
    "whole numbers out of whole numbers": lambda q, k, v, w: (soft(-squares(q, k) / (2 * w**2)) @ v).astype(v.dtype),
}
for _what, _regress in KERNEL.items():
    wrong("kernel_regression", _what, _regress, *{
        "a small number in the divisor": ("kernel_bumps_underflow_to_nothing",)}.get(_what, ()))

# -- leave_one_out ---------------------------------------------------------------------------------------------------


def left_out(x, width, fill=-np.inf):
    scores = -((x[:, None] - x) ** 2) / (2 * width**2)
    np.fill_diagonal(scores, fill)
    return scores


def error(weights, y):
    return ((weights @ y - y) ** 2).mean()


LEAVE = {
    **{f"its own score {fill:g}": lambda x, y, w, fill=fill: error(soft(left_out(x, w, fill)), y)
       for fill in (0.0, -2.0, -10.0, -30.0, -1e4, 1e-9)},
    "a median": lambda x, y, w: np.median((soft(left_out(x, w)) @ y - y) ** 2),
    "the largest error": lambda x, y, w: ((soft(left_out(x, w)) @ y - y) ** 2).max(),
    "half the error": lambda x, y, w: error(soft(left_out(x, w)), y) / 2,
    "divided by the variance": lambda x, y, w: error(soft(left_out(x, w)), y) / y.var(),
    "the mean of the predictions": lambda x, y, w: (soft(left_out(x, w)) @ y).mean(),
    "the mean of the others": lambda x, y, w: error((1 - np.eye(len(x))) / (len(x) - 1), y),
    "the neighbours in the list left out too": lambda x, y, w: error(soft(np.where(
        np.abs(np.subtract.outer(np.arange(len(x)), np.arange(len(x)))) < 2, -1e9, left_out(x, w))), y),
    "the first point left out for all": lambda x, y, w: error(soft(np.where(
        np.arange(len(x)) == 0, -np.inf, -((x[:, None] - x) ** 2) / (2 * w**2))), y),
    "points at one place left out too": lambda x, y, w: error(soft(np.where(
        x[:, None] == x, -1e9, -((x[:, None] - x) ** 2) / (2 * w**2))), y),
    "divided over the columns": lambda x, y, w: error(soft(left_out(x, w), axis=0), y),
    "one maximum for all points": lambda x, y, w: error(over(np.exp(left_out(x, w) - left_out(x, w).max())), y),
    "distances not squared": lambda x, y, w: error(soft(np.where(np.eye(len(x)) > 0, -np.inf, -np.abs(x[:, None] - x) / (2 * w**2))), y),
    "a small number in the divisor": lambda x, y, w: ((np.exp(left_out(x, w)) @ y / (np.exp(left_out(x, w)).sum(1) + 1e-9) - y) ** 2).mean(),
    "the error of the last point": lambda x, y, w: (soft(left_out(x, w)) @ y - y)[-1] ** 2,
    "the signed error": lambda x, y, w: (soft(left_out(x, w)) @ y - y).mean() ** 2,
}
for _what, _leave in LEAVE.items():
    wrong("leave_one_out", _what, _leave, *{
        "its own score 0": ("point_sees_itself",), "its own score 1e-09": ("point_sees_itself",),
        "its own score -10": ("left_out_by_a_modest_score",), "its own score -30": ("left_out_by_a_modest_score",),
        "its own score -10000": ("left_out_by_a_modest_score",),
        "a small number in the divisor": ("kernel_bumps_underflow_to_nothing",)}.get(_what, ()))

# -- last_states -----------------------------------------------------------------------------------------------------


def read(x, lengths, w_x, w_h, step=lambda z, h: np.tanh(z), first=0.0, end=None):
    h = np.full((len(x), len(w_h)), first)
    for t in range(x.shape[1]):
        h = np.where((t < (np.asarray(lengths) if end is None else end))[:, None], step(x[:, t] @ w_x + h @ w_h, h), h)
    return h


READERS = {
    "a state of ones to begin with": lambda x, n, a, b: read(x, n, a, b, first=1.0),
    "a logistic function": lambda x, n, a, b: read(x, n, a, b, lambda z, h: 1 / (1 + np.exp(-z))),
    "a relu": lambda x, n, a, b: read(x, n, a, b, lambda z, h: np.maximum(z, 0)),
    "the state added": lambda x, n, a, b: read(x, n, a, b, lambda z, h: h + np.tanh(z)),
    "half of the state kept": lambda x, n, a, b: read(x, n, a, b, lambda z, h: (h + np.tanh(z)) / 2),
    "no tanh at the end": lambda x, n, a, b: np.arctanh(np.clip(read(x, n, a, b), -0.999999, 0.999999)),
    "lengths sorted": lambda x, n, a, b: read(x, np.sort(n), a, b),
    "lengths reversed": lambda x, n, a, b: read(x, n[::-1], a, b),
    "all as long as the longest": lambda x, n, a, b: read(x, np.full(len(x), max(n)), a, b),
    "the last text's length for all": lambda x, n, a, b: read(x, np.full(len(x), n[-1]), a, b),
    "the largest of the states": lambda x, n, a, b: np.stack(
        [read(x, np.minimum(n, t), a, b) for t in range(1, x.shape[1] + 1)]).max(axis=0),
    "the word added after the tanh": lambda x, n, a, b: read(x, n, a, b, lambda z, h: np.tanh(h @ b) + (z - h @ b)),
    "the first word left out": lambda x, n, a, b: read(x[:, 1:], np.asarray(n) - 1, a, b),
    "padding with the size 1000 as the end": lambda x, n, a, b: read(x, (np.abs(x).max(axis=-1) < 40).sum(axis=1), a, b),
    "the state of the text before": lambda x, n, a, b: np.roll(read(x, n, a, b), 1, axis=0),
    "the sum of the words": lambda x, n, a, b: np.tanh(
        (x * (np.arange(x.shape[1]) < np.asarray(n)[:, None])[..., None]).sum(axis=1) @ a),
    "at least one word": lambda x, n, a, b: read(x, np.maximum(n, 1), a, b),
}
for _what, _read in READERS.items():
    wrong("last_states", _what, _read, *{
        "all as long as the longest": ("reader_reads_the_padding",),
        "padding with the size 1000 as the end": ("reader_reads_the_padding",)}.get(_what, ()))

# -- linear_backward -------------------------------------------------------------------------------------------------


def back(x, w, d_y):
    return d_y @ w.T, np.einsum("bti,bto->io", x, d_y)


LINEAR = {
    "the pair exchanged": lambda x, w, d_y: back(x, w, d_y)[::-1],
    "the input's gradient averaged over the batch": lambda x, w, d_y: (
        np.broadcast_to((d_y @ w.T).mean(axis=0), x.shape), back(x, w, d_y)[1]),
    "divided by the number of tokens": lambda x, w, d_y: (d_y @ w.T, back(x, w, d_y)[1] / x.shape[1]),
    "twice as much": lambda x, w, d_y: (2 * (d_y @ w.T), 2 * back(x, w, d_y)[1]),
    "the weights' gradient added to the weights": lambda x, w, d_y: (d_y @ w.T, w + back(x, w, d_y)[1]),
    "the input's gradient summed over the tokens": lambda x, w, d_y: (
        np.broadcast_to((d_y @ w.T).sum(axis=1, keepdims=True), x.shape), back(x, w, d_y)[1]),
    "the last text alone": lambda x, w, d_y: (d_y @ w.T, x[-1].T @ d_y[-1]),
    "whole numbers out of whole numbers": lambda x, w, d_y: (
        (d_y @ w.T).astype(x.dtype), back(x, w, d_y)[1].astype(w.dtype)),
    "zeros for the input": lambda x, w, d_y: (np.zeros(x.shape), back(x, w, d_y)[1]),
    "ones of the weights' shape": lambda x, w, d_y: (d_y @ w.T, np.ones(w.shape)),
    "the input's gradient times the input": lambda x, w, d_y: (x * (d_y @ w.T), back(x, w, d_y)[1]),
    "the output in place of its gradient": lambda x, w, d_y: (x @ w @ w.T, np.einsum("bti,bto->io", x, x @ w)),
    "an inverse for the transpose": lambda x, w, d_y: (d_y @ np.linalg.pinv(w), back(x, w, d_y)[1]),
    "tokens of other texts mixed in": lambda x, w, d_y: (d_y @ w.T, np.einsum("ati,bto->io", x, d_y)),
    "the first text's gradient for all": lambda x, w, d_y: (np.broadcast_to(d_y[:1] @ w.T, x.shape), back(x, w, d_y)[1]),
}
for _what, _back in LINEAR.items():
    wrong("linear_backward", _what, _back)
