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


# -- concat_score ----------------------------------------------------------------------------------------------------


def hidden(q, k, w):
    return (q @ w[: q.shape[1]])[:, None, :] + (k @ w[q.shape[1]:])[None, :, :]


for _what, _activation in {"a logistic function": lambda z: 1 / (1 + np.exp(-z)), "a clip at 1": lambda z: np.clip(z, -1, 1),
                           "a softsign": lambda z: z / (1 + np.abs(z)), "a sine": np.sin, "an arctangent": np.arctan,
                           "tanh of half": lambda z: np.tanh(z / 2), "tanh twice": lambda z: np.tanh(np.tanh(z)),
                           "a tanh without its sign": lambda z: np.abs(np.tanh(z))}.items():
    wrong("concat_score", f"{_what} for the tanh", lambda q, k, w, u, act=_activation: act(hidden(q, k, w)) @ u)
ADDITIVE = {
    "the key subtracted": lambda q, k, w, u: np.tanh(hidden(q, -k, w)) @ u,
    "divided by the root of the hidden width": lambda q, k, w, u: np.tanh(hidden(q, k, w)) @ u / np.sqrt(len(u)),
    "weights of a softmax": lambda q, k, w, u: soft(np.tanh(hidden(q, k, w)) @ u),
    "the size of u": lambda q, k, w, u: np.tanh(hidden(q, k, w)) @ np.abs(u),
    "u made a unit vector": lambda q, k, w, u: np.tanh(hidden(q, k, w)) @ u / np.linalg.norm(u),
    "the first query for all": lambda q, k, w, u: np.tanh(hidden(q[:1].repeat(len(q), 0), k, w)) @ u,
    "whole numbers out of whole numbers": lambda q, k, w, u: (np.tanh(hidden(q, k, w)) @ u).astype(q.dtype),
    "rounded to three places": lambda q, k, w, u: (np.tanh(hidden(q, k, w)) @ u).round(3),
    "constant": lambda q, k, w, u: np.full((len(q), len(k)), 0.5),
    "u inside": lambda q, k, w, u: np.tanh(hidden(q, k, w) * u).sum(axis=-1),
    "the hidden units reversed": lambda q, k, w, u: np.tanh(hidden(q, k, w)) @ u[::-1],
    "the halves taken the other way round": lambda q, k, w, u: np.tanh((q @ w[-q.shape[1]:])[:, None] + (k @ w[: k.shape[1]])[None]) @ u,
    "a bias of a tenth": lambda q, k, w, u: np.tanh(hidden(q, k, w) + 0.1) @ u,
    "exponentials cut off at 5": lambda q, k, w, u: np.tanh(np.clip(hidden(q, k, w), -2, 2)) @ u,
}
for _what, _score in ADDITIVE.items():
    wrong("concat_score", _what, _score, *(("additive_weights_exchanged",) if "other way" in _what else ()))

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
    "weights below 0.001 left out": lambda p: bits(np.where(p < 1e-3, 0, p)),
    "0.001 added to every weight": lambda p: -(p * np.log2(p + 1e-3)).sum(axis=-1),
    "weights raised to 0.0001": lambda p: bits(np.maximum(p, 1e-4)),
    "each side of yes and no": lambda p: bits(p) - ((1 - p) * np.log2(np.where(p < 1, 1 - p, 1))).sum(axis=-1),
    "zero for a row with a zero": lambda p: np.where((p == 0).any(axis=-1), 0, bits(p)),
    "the logarithm of one more": lambda p: -(p * np.log2(1 + p)).sum(axis=-1),
    "rounded to one place": lambda p: bits(p).round(1),
}
def disagree(entropy):
    """An answer from a function that takes rows to their entropies."""
    return lambda p: entropy(p.mean(axis=-2)) - entropy(p).mean(axis=-1)


for _what, _bits in ENTROPY.items():
    wrong("disagreement", _what, disagree(_bits), *{
        "distance from equal weights": ("disagreement_turned_round",)}.get(_what, ()))
DISAGREE = {
    "the largest difference": lambda p: bits(p.mean(axis=-2)) - bits(p).min(axis=-1),
    "the mean distance from the mean row": lambda p: np.abs(p - p.mean(axis=-2, keepdims=True)).sum(axis=-1).mean(axis=-1),
    "the first row left out": lambda p: bits(p[..., 1:, :].mean(axis=-2)) - bits(p[..., 1:, :]).mean(axis=-1) if p.shape[-2] > 1 else bits(p[..., 0, :]),
    "divided by the rows less one": lambda p: bits(p.mean(axis=-2)) - bits(p).sum(axis=-1) / max(p.shape[-2] - 1, 1),
    "a median of the rows": lambda p: bits(p.mean(axis=-2)) - np.median(bits(p), axis=-1),
    "the sum of the rows not divided": lambda p: bits(p.sum(axis=-2)) - bits(p).mean(axis=-1),
    "a geometric mean": lambda p: bits(over(np.exp(np.log(np.maximum(p, 1e-300)).mean(axis=-2)))) - bits(p).mean(axis=-1),
    "never below zero by force": lambda p: np.abs(disagree(bits)(p)) + 0.05,
    "one table for the whole batch": lambda p: disagree(bits)(p.reshape(-1, p.shape[-1])) * np.ones(p.shape[:-2]) if p.ndim > 2 else disagree(bits)(p) + 0.1,
}
for _what, _bits in DISAGREE.items():
    wrong("disagreement", _what, _bits)
wrong("disagreement", "the logarithm of the zeros", disagree(lambda p: -(p * np.log2(p)).sum(axis=-1)), "entropy_of_zero_is_nan")

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

# -- affine_backward -------------------------------------------------------------------------------------------------


def back(x, w, d_y):
    flat, d_flat = x.reshape(-1, x.shape[-1]), d_y.reshape(-1, d_y.shape[-1])
    return d_y @ w.T, flat.T @ d_flat, d_flat.sum(axis=0)


def texts(x, d_y):
    return x.reshape(-1, *x.shape[-2:]), d_y.reshape(-1, *d_y.shape[-2:])


AFFINE = {
    "the order turned round": lambda x, w, d_y: back(x, w, d_y)[::-1],
    "matrix and bias exchanged": lambda x, w, d_y: (back(x, w, d_y)[0], back(x, w, d_y)[2], back(x, w, d_y)[1]),
    "the input's gradient averaged over the tokens": lambda x, w, d_y: (
        np.broadcast_to((d_y @ w.T).mean(axis=-2, keepdims=True), x.shape), *back(x, w, d_y)[1:]),
    "divided by the number of tokens": lambda x, w, d_y: (d_y @ w.T, *(part / x.shape[-2] for part in back(x, w, d_y)[1:])),
    "twice as much": lambda x, w, d_y: tuple(2 * part for part in back(x, w, d_y)),
    "the matrix's gradient added to the matrix": lambda x, w, d_y: (d_y @ w.T, w + back(x, w, d_y)[1], back(x, w, d_y)[2]),
    "the input's gradient summed over the tokens": lambda x, w, d_y: (
        np.broadcast_to((d_y @ w.T).sum(axis=-2, keepdims=True), x.shape), *back(x, w, d_y)[1:]),
    "the last text alone": lambda x, w, d_y: (d_y @ w.T, *back(texts(x, d_y)[0][-1], w, texts(x, d_y)[1][-1])[1:]),
    "whole numbers out of whole numbers": lambda x, w, d_y: (
        (d_y @ w.T).astype(x.dtype), back(x, w, d_y)[1].astype(w.dtype), back(x, w, d_y)[2].astype(w.dtype)),
    "zeros for the input": lambda x, w, d_y: (np.zeros(x.shape), *back(x, w, d_y)[1:]),
    "ones of the matrix's shape": lambda x, w, d_y: (d_y @ w.T, np.ones(w.shape), back(x, w, d_y)[2]),
    "zeros for the bias": lambda x, w, d_y: (*back(x, w, d_y)[:2], np.zeros(w.shape[1])),
    "the bias through the matrix": lambda x, w, d_y: (*back(x, w, d_y)[:2], (back(x, w, d_y)[2] @ w.T @ w)),
    "the bias averaged over the texts": lambda x, w, d_y: (*back(x, w, d_y)[:2], back(x, w, d_y)[2] / len(texts(x, d_y)[0])),
    "the bias's axis kept": lambda x, w, d_y: (*back(x, w, d_y)[:2], back(x, w, d_y)[2][None]),
    "the input's gradient times the input": lambda x, w, d_y: (x * (d_y @ w.T), *back(x, w, d_y)[1:]),
    "the output in place of its gradient": lambda x, w, d_y: back(x, w, x @ w),
    "an inverse for the transpose": lambda x, w, d_y: (d_y @ np.linalg.pinv(w), *back(x, w, d_y)[1:]),
    "tokens of other texts mixed in": lambda x, w, d_y: (
        d_y @ w.T, np.einsum("ati,bto->io", *texts(x, d_y)), back(x, w, d_y)[2]),
    "the first text's gradient for all": lambda x, w, d_y: (
        np.broadcast_to((texts(x, d_y)[1][:1] @ w.T), texts(x, d_y)[0].shape).reshape(x.shape), *back(x, w, d_y)[1:]),
}
for _what, _back in AFFINE.items():
    wrong("affine_backward", _what, _back)

# -- look_again ------------------------------------------------------------------------------------------------------


def real_words(scores, lengths):
    return np.broadcast_to((np.arange(scores.shape[2]) < np.asarray(lengths)[:, None])[:, None], scores.shape)


def looking(weigh):
    """An answer from a function of the scores, padded ones at -inf, and of the marks of real words."""
    def look(scores, states, lengths):
        real = real_words(scores, lengths)
        weights = weigh(np.where(real, scores, -np.inf), real)
        return weights @ states, weights
    return look


def relative(top):
    return lambda s, real: over(np.exp(s - top(s)) * real)


LOOKING = {
    "relative to the lowest real score": relative(lambda s: np.where(np.isfinite(s), s, np.inf).min(-1, keepdims=True)),
    "relative to the mean": relative(lambda s: np.where(np.isfinite(s), s, 0).mean(-1, keepdims=True)),
    "relative to 700": relative(lambda s: 700.0),
    "relative to the first word": relative(lambda s: s[..., :1]),
    "a maximum that starts at 0": relative(lambda s: s.max(-1, keepdims=True, initial=0)),
    "clipped at 100": lambda s, real: soft(np.clip(s, -100, 100) - 1e9 * ~real),
    "filled with -30": lambda s, real: soft(np.where(real, s, -30.0)),
    "filled with the smallest real score": lambda s, real: soft(np.where(real, s, s[real].min())),
    "divided by the root of the number of words": lambda s, real: soft(s / np.sqrt(s.shape[-1])),
    "divided by all steps": lambda s, real: soft(s) / s.shape[1],
    "a hundredth in the divisor": lambda s, real: np.exp(s - s.max(-1, keepdims=True)) / (
        np.exp(s - s.max(-1, keepdims=True)).sum(-1, keepdims=True) + 1e-2),
    "the last word left out": lambda s, real: soft(np.where(real & (np.cumsum(real[..., ::-1], -1)[..., ::-1] > 1), s, -1e9)),
    "no later word than the step": lambda s, real: soft(np.where(np.tri(*s.shape[1:], dtype=bool), s, -1e9)),
    "twice the softmax": lambda s, real: soft(np.where(real, soft(s), -np.inf)),
    "weights in reverse": lambda s, real: soft(s)[..., ::-1],
    "one softmax over all steps": lambda s, real: np.exp(s - s.max((1, 2), keepdims=True)) / np.exp(
        s - s.max((1, 2), keepdims=True)).sum((1, 2), keepdims=True),
}
for _what, _weigh in LOOKING.items():
    wrong("look_again", _what, looking(_weigh), *{
        "filled with -30": ("look_padding_scores_low",)}.get(_what, ()))
wrong("look_again", "the contexts right, the weights before the mask", lambda s, h, n: (
    looking(lambda z, real: soft(z))(s, h, n)[0], soft(s)))
wrong("look_again", "the weights right, the contexts a mean", lambda s, h, n: (
    np.broadcast_to(h.mean(1, keepdims=True), (*s.shape[:2], h.shape[2])), looking(lambda z, real: soft(z))(s, h, n)[1]))
wrong("look_again", "the pair exchanged", lambda s, h, n: looking(lambda z, real: soft(z))(s, h, n)[::-1])
wrong("look_again", "the first text's states for all", lambda s, h, n: looking(lambda z, real: soft(z))(s, h[:1].repeat(len(h), 0), n))

# -- numerical_jacobian ----------------------------------------------------------------------------------------------


def slopes(formula):
    def jacobian(f, x, step):
        out = np.zeros((*np.shape(f(np.array(x, dtype=float))), *x.shape))
        for place in np.ndindex(x.shape):
            def at(by, place=place):
                moved = np.array(x, dtype=float)
                moved[place] += by
                return np.asarray(f(moved))
            out[(..., *place)] = formula(at, step)
        return out
    return jacobian


plain = slopes(lambda at, h: (at(h) - at(-h)) / (2 * h))


def outer(f, x):
    return np.ndim(f(np.array(x, dtype=float)))


SLOPES = {
    "five points": slopes(lambda at, h: (8 * at(h) - 8 * at(-h) - at(2 * h) + at(-2 * h)) / (12 * h)),
    "half a step": slopes(lambda at, h: (at(h / 2) - at(-h / 2)) / h),
    "two steps": slopes(lambda at, h: (at(2 * h) - at(-2 * h)) / (4 * h)),
    "up with two steps": slopes(lambda at, h: (at(2 * h) - at(0)) / (2 * h)),
    "a second difference": slopes(lambda at, h: (at(h) - 2 * at(0) + at(-h)) / h**2),
    "the size of the slope": slopes(lambda at, h: abs(at(h) - at(-h)) / (2 * h)),
    "divided by four steps": slopes(lambda at, h: (at(h) - at(-h)) / (4 * h)),
    "a step of 0.001": slopes(lambda at, h: (at(1e-3) - at(-1e-3)) / 2e-3),
    "a step of at most 0.1": slopes(lambda at, h: (at(min(h, 0.1)) - at(-min(h, 0.1))) / (2 * min(h, 0.1))),
    "multiplied by the step": slopes(lambda at, h: (at(h) - at(-h)) / 2 * h),
    "the first output alone": slopes(lambda at, h: (np.ravel(at(h))[0] - np.ravel(at(-h))[0]) / (2 * h)),
    "the mean of the outputs for each": slopes(lambda at, h: (at(h) - at(-h)).mean() / (2 * h)),
    "flat": lambda f, x, step: plain(f, x, step).reshape(-1, x.size) if x.ndim + outer(f, x) != 2 else plain(f, x, step) * 1.1,
    "the diagonal alone": lambda f, x, step: plain(f, x, step) * np.eye(x.size) if plain(f, x, step).shape == (x.size, x.size) else plain(f, x, step).sum(0),
    "summed over the inputs": lambda f, x, step: plain(f, x, step).sum(axis=tuple(range(outer(f, x), outer(f, x) + x.ndim))),
    "made a unit vector": lambda f, x, step: plain(f, x, step) / np.linalg.norm(plain(f, x, step)),
    "the sign alone": lambda f, x, step: np.sign(plain(f, x, step)),
    "rounded": lambda f, x, step: plain(f, x, step).round(2),
    "whole numbers out of whole numbers": lambda f, x, step: plain(f, x, step).astype(x.dtype),
    "all axes turned round": lambda f, x, step: plain(f, x, step).T if plain(f, x, step).ndim > 1 else plain(f, x, step) * 0.9,
}
for _what, _slope in SLOPES.items():
    wrong("numerical_jacobian", _what, _slope, *(("difference_step_ignored",) if _what == "a step of 0.001" else ()))

# -- key_gradient ----------------------------------------------------------------------------------------------------


def pulled(forward=soft, back=lambda a, g: a * (g - a @ g), last=lambda q, k, w: (q - k) / w**2, score=lambda z, w: -z / (2 * w**2)):
    def gradient(q, k, v, d_output, w):
        a = forward(score(((q - k) ** 2).sum(axis=1), w))
        return back(a, v @ d_output)[:, None] * last(q, k, w)
    return gradient


KEYS = {
    "relative to the mean": pulled(lambda s: over(np.exp(s - s.mean() + 800))),
    "equal weights": pulled(lambda s: np.full(len(s), 1 / len(s))),
    "the weight squared": pulled(back=lambda a, g: a**2 * (g - a @ g)),
    "the mean alone": pulled(back=lambda a, g: a * (a @ g)),
    "the largest gain subtracted": pulled(back=lambda a, g: a * (g - g.max())),
    "as a logistic function": pulled(back=lambda a, g: a * (1 - a) * (g - a @ g)),
    "a half too many": pulled(last=lambda q, k, w: (q - k) / (2 * w**2)),
    "twice": pulled(last=lambda q, k, w: 2 * (q - k) / w**2),
    "the key itself": pulled(last=lambda q, k, w: k / w**2),
    "the size of the gap": pulled(last=lambda q, k, w: np.abs(q - k) / w**2),
    "the length of the gap": pulled(last=lambda q, k, w: np.broadcast_to(np.linalg.norm(q - k, axis=1, keepdims=True), k.shape) / w**2),
    "a unit gap": pulled(last=lambda q, k, w: (q - k) / (np.linalg.norm(q - k, axis=1, keepdims=True) + 1e-9) / w**2),
    "divided by the root of the width of the keys": pulled(last=lambda q, k, w: (q - k) / np.sqrt(k.shape[1])),
    "a distance that is not squared": pulled(score=lambda z, w: -np.sqrt(z) / (2 * w**2)),
    "the width left out forward": pulled(score=lambda z, w: -z / 2),
    "step taken": lambda q, k, v, d, w: k + pulled()(q, k, v, d, w),
    "the first key for all": lambda q, k, v, d, w: np.broadcast_to(pulled()(q, k, v, d, w)[:1], k.shape),
    "averaged over the keys": lambda q, k, v, d, w: pulled()(q, k, v, d, w) / len(k),
    "each without the mean of all": lambda q, k, v, d, w: pulled()(q, k, v, d, w) - pulled()(q, k, v, d, w).mean(axis=0),
    "all output features alike": lambda q, k, v, d, w: pulled()(q, k, v, np.full(len(d), d.mean()), w),
    "the heaviest key alone": lambda q, k, v, d, w: pulled()(q, k, v, d, w) * (
        np.arange(len(k)) == ((q - k) ** 2).sum(axis=1).argmin())[:, None],
    "zeros": lambda q, k, v, d, w: np.zeros(k.shape),
}
for _what, _pull in KEYS.items():
    wrong("key_gradient", _what, _pull)

# -- temperature_gradient ----------------------------------------------------------------------------------------------


def gain(p, g, axis=-1):
    return (p * g).sum(axis=axis, keepdims=True)


BACKWARD = {
    "divided by T squared": lambda p, g, t: p * (g - gain(p, g)) / t**2,
    "divided by the root of T": lambda p, g, t: p * (g - gain(p, g)) / np.sqrt(t),
    "the weights squared": lambda p, g, t: p**2 * (g - gain(p, g)) / t,
    "the mean added": lambda p, g, t: p * (g + gain(p, g)) / t,
    "the mean divided by T": lambda p, g, t: p * (g - gain(p, g) / t),
    "the largest gain subtracted": lambda p, g, t: p * (g - g.max(-1, keepdims=True)) / t,
    "weights weighted twice": lambda p, g, t: p * (g - gain(p * p, g)) / t,
    "the softmax of the gains": lambda p, g, t: p * (soft(g) - gain(p, soft(g))) / t,
    "gains clipped at 1": lambda p, g, t: p * (np.clip(g, -1, 1) - gain(p, np.clip(g, -1, 1))) / t,
    "the softmax applied again": lambda p, g, t: soft(p / t) * (g - gain(soft(p / t), g)) / t,
    "axis 0 for the mean": lambda p, g, t: p * (g - gain(p, g, axis=0)) / t if p.ndim > 1 else p * (g - gain(p, g)) / t,
    "the first row's mean": lambda p, g, t: p * (g - gain(p, g).reshape(-1)[0]) / t,
    "temperatures below 1 as 1": lambda p, g, t: p * (g - gain(p, g)) / max(t, 1),
    "rounded": lambda p, g, t: (p * (g - gain(p, g)) / t).round(1),
    "halves": lambda p, g, t: p * (g - gain(p, g)) / t / 2,
    "as a logistic function for each": lambda p, g, t: p * (1 - p) * (g - gain(p, g)) / t,
    "the logarithm's": lambda p, g, t: (g - p * g.sum(-1, keepdims=True)) / t,
}
def cooled(down):
    """An answer from a function that takes weights, gains and T to the gradient of the scores."""
    return lambda s, g, t: -(down(soft(s / t), g, t) * s).sum() / t


for _what, _down in BACKWARD.items():
    wrong("temperature_gradient", _what, cooled(_down), *{
        "axis 0 for the mean": ("gradient_mixed_over_rows",), "the first row's mean": ()}.get(_what, ()))
COOLED = {
    "the scores' gradients for the temperature's": lambda s, g, t: (soft(s / t) * (g - gain(soft(s / t), g)) / t).sum(),
    "z for the scores": lambda s, g, t: -(soft(s / t) * (g - gain(soft(s / t), g)) * s).sum() / t**3,
    "the first row alone": lambda s, g, t: cooled(lambda p, h, u: p * (h - gain(p, h)) / u)(s.reshape(-1, s.shape[-1])[:1], g.reshape(-1, s.shape[-1])[:1], t),
    "the gains for the scores": lambda s, g, t: -(soft(s / t) * (g - gain(soft(s / t), g)) * g).sum() / t**2,
    "the entropy's slope": lambda s, g, t: (soft(s / t) * (s - gain(soft(s / t), s)) ** 2).sum() / t**3,
    "the size of it": lambda s, g, t: abs((soft(s / t) * (g - gain(soft(s / t), g)) * s).sum() / t**2),
    "relative to the mean score": lambda s, g, t: -(over(np.exp((s - s.mean() + 900) / t)) * (g - gain(soft(s / t), g)) * s).sum() / t**2,
    "divided by the number of keys": lambda s, g, t: cooled(lambda p, h, u: p * (h - gain(p, h)) / u)(s, g, t) / s.shape[-1],
}
for _what, _down in COOLED.items():
    wrong("temperature_gradient", _what, _down)

# -- distil ----------------------------------------------------------------------------------------------------------


def logs(z):
    return z - np.logaddexp.reduce(z, axis=-1)[..., None]


def costs(price):
    """An answer from a function of the teacher's and the student's logits, divided by T, and of T."""
    def surprised(teacher, student, temperatures):
        with np.errstate(all="ignore"):
            return np.array([price(teacher / t, student / t, t) for t in temperatures])
    return surprised


def each(r, z):
    return -(soft(r) * logs(z)).sum(axis=-1)


DISTIL = {
    "relative to the mean": costs(lambda r, z, t: -(soft(r) * np.log(over(np.exp(z - z.mean(-1, keepdims=True) + 750)))).sum(-1).mean()),
    "clipped at 500": costs(lambda r, z, t: each(r, np.clip(z, -500, 500)).mean()),
    "1e-3 added": costs(lambda r, z, t: -(soft(r) * np.log(soft(z) + 1e-3)).sum(-1).mean()),
    "the median": costs(lambda r, z, t: np.median(each(r, z))),
    "the worst example": costs(lambda r, z, t: each(r, z).max()),
    "the sign forgotten": costs(lambda r, z, t: -each(r, z).mean()),
    "multiplied by T": costs(lambda r, z, t: t * each(r, z).mean()),
    "multiplied by T squared": costs(lambda r, z, t: t**2 * each(r, z).mean()),
    "the least likely class": costs(lambda r, z, t: -logs(z)[rows(z), r.argmin(-1)].mean()),
    "the softmax over examples": costs(lambda r, z, t: -(soft(r, 0) * logs(z)).sum(-1).mean()),
    "the entropy of the student": costs(lambda r, z, t: each(z, z).mean()),
    "the entropy of the teacher": costs(lambda r, z, t: each(r, r).mean()),
    "both ways": costs(lambda r, z, t: (each(r, z).mean() + each(z, r).mean()) / 2),
    "the square of the difference": costs(lambda r, z, t: ((soft(r) - soft(z)) ** 2).sum(-1).mean()),
    "the difference of the logits": costs(lambda r, z, t: ((r - z) ** 2).mean() / 2),
    "the first example alone": costs(lambda r, z, t: each(r, z)[0]),
    "the perplexity": costs(lambda r, z, t: np.exp(each(r, z).mean())),
    "the teacher averaged over the examples": costs(lambda r, z, t: -(soft(r).mean(0) * logs(z)).sum(-1).mean()),
    "the teacher's logits for chances": costs(lambda r, z, t: -(r * logs(z)).sum(-1).mean()),
    "the student's logarithms averaged with equal chances": costs(lambda r, z, t: -logs(z).mean()),
    "one temperature for all": lambda r, z, temperatures: np.array([each(r / temperatures[0], z / temperatures[0]).mean()] * len(temperatures)),
    "averaged over the temperatures": lambda r, z, temperatures: np.mean([each(r / t, z / t).mean() for t in temperatures]),
    "temperatures below 1 as 1": lambda r, z, temperatures: np.array([each(r / max(t, 1), z / max(t, 1)).mean() for t in temperatures]),
}
for _what, _price in DISTIL.items():
    wrong("distil", _what, _price)

# -- temperature_for_bits --------------------------------------------------------------------------------------------


def searched(measure, low=1e-3, high=1e3, times=100, middle=lambda a, b: np.sqrt(a * b)):
    def search(scores, bits):
        a, b = low, high
        for _ in range(times):
            t = middle(a, b)
            with np.errstate(all="ignore"):
                a, b = (t, b) if measure(scores / t, bits) < 0 else (a, t)
        return t
    return search


def exact(z, b):
    return bits(soft(z)) - b


TEMPERATURES = {
    "from 0.1 to 10": searched(exact, 0.1, 10),
    "from 0.01 to 1000": searched(exact, 0.01, 1e3),
    "from 0.001 to 100": searched(exact, 1e-3, 100),
    "halved 10 times": searched(exact, times=10),
    "the plain middle, 15 times": searched(exact, times=15, middle=lambda a, b: (a + b) / 2),
    "without a maximum": searched(lambda z, b: bits(np.exp(z) / np.exp(z).sum()) - b),
    "relative to the mean": searched(lambda z, b: bits(over(np.exp(z - z.mean()))) - b),
    "a small number in the logarithm": searched(lambda z, b: -(soft(z) * np.log2(soft(z) + 1e-2)).sum() - b),
    "base 10": searched(lambda z, b: bits(soft(z), np.log10) - b),
    "temperature multiplied": searched(lambda z, b: exact(z, b), middle=lambda a, b: np.sqrt(a * b)) and (
        lambda scores, b: 1 / searched(exact)(scores, b)),
    "one minus the largest weight": searched(lambda z, b: 1 - soft(z).max() - b),
    "squares of the weights": searched(lambda z, b: -np.log2((soft(z) ** 2).sum()) - b),
    "a grid of 50": lambda scores, b: min(np.geomspace(1e-3, 1e3, 50), key=lambda t: abs(exact(scores / t, b))),
    "always 1": lambda scores, b: 1.0,
    "by the spread of the scores": lambda scores, b: scores.std() * b,
    "rounded to two places": lambda scores, b: round(float(searched(exact)(scores, b)), 2),
    "too little by a hundredth of a bit": searched(lambda z, b: exact(z, b) + 0.01),
    "half the bits": searched(lambda z, b: exact(z, b / 2)),
}
for _what, _search in TEMPERATURES.items():
    wrong("temperature_for_bits", _what, _search, *{"temperature multiplied": ("inverse_temperature_returned",),
                                                     "without a maximum": (), "from 0.01 to 1000": ("power_of_ten_too_few",)}.get(_what, ()))

# -- three_roads -----------------------------------------------------------------------------------------------------


def roads(combine):
    return lambda d_q, d_k, d_v, w_q, w_k, w_v: combine(d_q @ w_q.T, d_k @ w_k.T, d_v @ w_v.T)


ROADS = {
    "query and key halved": roads(lambda q, k, v: q / 2 + k / 2 + v),
    "the key counted twice": roads(lambda q, k, v: q + 2 * k + v),
    "the largest of the three": roads(lambda q, k, v: np.maximum(np.maximum(q, k), v)),
    "the sum of the squares": roads(lambda q, k, v: q**2 + k**2 + v**2),
    "the sizes added": roads(lambda q, k, v: np.abs(q) + np.abs(k) + np.abs(v)),
    "side by side": roads(lambda q, k, v: np.concatenate([q, k, v], axis=1)),
    "scaled": roads(lambda q, k, v: (q + k + v) / np.sqrt(q.shape[1])),
    "scaled by the root of three": roads(lambda q, k, v: (q + k + v) / np.sqrt(3)),
    "the key's alone": roads(lambda q, k, v: k),
    "summed over the tokens": roads(lambda q, k, v: np.broadcast_to((q + k + v).sum(0), q.shape)),
    "the mean of the tokens": roads(lambda q, k, v: np.broadcast_to((q + k + v).mean(0), q.shape)),
    "the tokens in reverse": roads(lambda q, k, v: (q + k + v)[::-1]),
    "the sign turned": roads(lambda q, k, v: -(q + k + v)),
    "a direct road added": roads(lambda q, k, v: q + k + v + 1),
    "key and value exchanged": lambda d_q, d_k, d_v, w_q, w_k, w_v: d_q @ w_q.T + d_v @ w_k.T + d_k @ w_v.T,
    "whole numbers out of whole numbers": lambda d_q, d_k, d_v, w_q, w_k, w_v: (
        d_q @ w_q.T + d_k @ w_k.T + d_v @ w_v.T).astype(d_q.dtype),
    "all gradients through all weights": lambda d_q, d_k, d_v, w_q, w_k, w_v: (d_q + d_k + d_v) @ (w_q + w_k + w_v).T / 3,
}
for _what, _road in ROADS.items():
    wrong("three_roads", _what, _road)

# -- hard_attention --------------------------------------------------------------------------------------------------


def drawn(place):
    """An answer from a function of weights and draws to places."""
    return lambda a, h, r: h[np.clip(place(a, r), 0, len(h) - 1)]


def passed(a, r):
    return (r[..., None] >= np.cumsum(a, axis=-1)).sum(axis=-1)


HARD = {
    "strictly above": drawn(lambda a, r: (r[..., None] > np.cumsum(a, axis=-1)).sum(axis=-1)),
    "one word too early": drawn(lambda a, r: passed(a, r) - 1),
    "the lightest word": drawn(lambda a, r: np.repeat(a.argmin(-1)[None], len(r), 0)),
    "draws turned round": drawn(lambda a, r: passed(a, 1 - r)),
    "the steps in reverse": drawn(lambda a, r: passed(a[::-1], r)),
    "the samples in reverse": drawn(lambda a, r: passed(a, r[::-1])),
    "sorted weights": drawn(lambda a, r: passed(np.sort(a, axis=-1), r)),
    "heaviest first": drawn(lambda a, r: np.take_along_axis(np.argsort(-a, axis=-1, kind="stable")[None].repeat(len(r), 0), passed(
        -np.sort(-a, axis=-1), r).clip(0, a.shape[1] - 1)[..., None], -1)[..., 0]),
    "half of it soft": lambda a, h, r: (drawn(passed)(a, h, r) + (a @ h)) / 2,
    "weights squared": drawn(lambda a, r: passed(a**2 / (a**2).sum(-1, keepdims=True), r)),
    "the first step's weights for all": drawn(lambda a, r: passed(a[:1].repeat(len(a), 0), r)),
    "places for states": lambda a, h, r: passed(a, r)[..., None].repeat(h.shape[1], -1),
    "the state times its weight": lambda a, h, r: drawn(passed)(a, h, r) * 0.5,
    "steps before samples": lambda a, h, r: drawn(passed)(a, h, r).swapaxes(0, 1),
    "one sample for all": drawn(lambda a, r: passed(a, r[:1].repeat(len(r), 0))),
    "one value too few of the sums": drawn(lambda a, r: (r[..., None] >= np.cumsum(a, axis=-1)[:, :1]).sum(axis=-1)),
}
for _what, _draw in HARD.items():
    wrong("hard_attention", _what, _draw)

# -- words_right -----------------------------------------------------------------------------------------------------


def wide(w, t):
    columns = max(w.shape[1], t.shape[1])
    return [np.pad(x, ((0, 0), (0, columns - x.shape[1]))) for x in (w, t)]


def share(w, t):
    w, t = wide(w, t)
    return ((w == t) & (t != 0)).sum() / (t != 0).sum()


def whole(w, t):
    w, t = wide(w, t)
    return (w == t).all(axis=1).mean()


RIGHT = {
    "the pair exchanged": lambda w, t: (whole(w, t), share(w, t)),
    "whole texts twice": lambda w, t: (whole(w, t), whole(w, t)),
    "words twice": lambda w, t: (share(w, t), share(w, t)),
    "texts with a majority right": lambda w, t: (share(w, t), np.mean([
        ((a == b) & (b != 0)).sum() > (b != 0).sum() / 2 for a, b in zip(*wide(w, t))])),
    "words squared for texts": lambda w, t: (share(w, t), share(w, t) ** 2),
    "counts for shares": lambda w, t: (share(w, t) * (t != 0).sum(), whole(w, t) * len(t)),
    "one place shifted": lambda w, t: (share(np.pad(w, ((0, 0), (1, 0))), t), whole(w, t)),
    "the last word not judged": lambda w, t: (share(w[:, :-1], t[:, :-1]) if t.shape[1] > 1 else 1.0, whole(w, t)),
    "the first word alone": lambda w, t: ((w[:, 0] == t[:, 0]).mean(), whole(w, t)),
    "percent": lambda w, t: (100 * share(w, t), 100 * whole(w, t)),
    "words of either table": lambda w, t: (((wide(w, t)[0] == wide(w, t)[1]) & (wide(w, t)[1] != 0)).sum() / (
        (wide(w, t)[0] != 0) | (wide(w, t)[1] != 0)).sum(), whole(w, t)),
    "as sets": lambda w, t: (np.mean([len(set(a[a > 0]) & set(b[b > 0])) / len(set(b[b > 0])) for a, b in zip(w, t)]), whole(w, t)),
    "the same length is enough": lambda w, t: (share(w, t), np.mean([(a != 0).sum() == (b != 0).sum() for a, b in zip(w, t)])),
    "always half": lambda w, t: (0.5, 0.5),
    "rounded": lambda w, t: (round(float(share(w, t)), 1), whole(w, t)),
}
for _what, _judge in RIGHT.items():
    wrong("words_right", _what, _judge)

# -- write_greedily --------------------------------------------------------------------------------------------------


def writer(read=lambda words: words[-1], choose=np.argmax, stop=lambda word, words, end: word == end, keep=True):
    def write(step, state, start, end, longest):
        words = [start]
        while len(words) <= longest:
            scores, after = step(state, read(words))
            state = after if keep else state
            word = int(choose(np.asarray(scores)))
            if stop(word, words, end):
                break
            words.append(word)
        return np.array(words[1:], dtype=int)
    return write


right_writer = writer()
GREEDY = {
    "the second best word": writer(choose=lambda s: np.argsort(s)[-2]),
    "the largest size of a score": writer(choose=lambda s: np.abs(s - s.mean()).argmax()),
    "the first word above the mean": writer(choose=lambda s: (s > s.mean()).argmax()),
    "the sum of the words read": writer(read=lambda words: sum(words)),
    "the number of words read": writer(read=lambda words: len(words) - 1),
    "stops at a repeated word": writer(stop=lambda word, words, end: word == end or word == words[-1]),
    "stops at any word seen": writer(stop=lambda word, words, end: word == end or word in words),
    "stops at the start": writer(stop=lambda word, words, end: word in (end, words[0])),
    "in reverse": lambda *a: right_writer(*a)[::-1],
    "the last word alone": lambda *a: right_writer(*a)[-1:],
    "padded with zeros": lambda step, state, start, end, longest: np.pad(
        right_writer(step, state, start, end, longest), (0, longest - len(right_writer(step, state, start, end, longest)) + 1)),
    "always from 0": lambda step, state, start, end, longest: right_writer(step, state, 0, end, longest),
    "another state to begin with": lambda step, state, start, end, longest: right_writer(step, state * 0 + 0.25, start, end, longest),
    "at most three words": lambda step, state, start, end, longest: right_writer(step, state, start, end, min(longest, 3)),
    "the end mark is 0": lambda step, state, start, end, longest: right_writer(step, state, start, 0, longest),
    "shifted by one": lambda *a: right_writer(*a) + 1,
    "nothing": lambda *a: np.array([], dtype=int),
    "every word twice": lambda *a: np.repeat(right_writer(*a), 2),
}
for _what, _write in GREEDY.items():
    wrong("write_greedily", _what, _write)

# -- borders: what is subtracted before the exponential, thresholds, ends ------------------------------------------------


def relative(top):
    """A softmax that takes off something other than the row's maximum."""
    def shares(z):
        with np.errstate(all="ignore"):
            return over(np.exp(z - top(z)))
    return shares


TOPS = {
    "relative to the smallest": lambda z: z.min(axis=-1, keepdims=True),
    "relative to the mean": lambda z: z.mean(axis=-1, keepdims=True),
    "relative to the median": lambda z: np.median(z, axis=-1, keepdims=True),
    "relative to the first": lambda z: z[..., :1],
    "relative to the last": lambda z: z[..., -1:],
    "relative to a fixed 700": lambda z: 700.0,
    "relative to half of the largest": lambda z: z.max(axis=-1, keepdims=True) / 2,
    "relative to the largest size": lambda z: np.abs(z).max(axis=-1, keepdims=True),
    "relative to the largest of the table": lambda z: z.max(),
}


def tempered(forward):
    def gradient(s, g, t):
        p = forward(s / t)
        return -(p * (g - gain(p, g)) * s).sum() / t**2
    return gradient


for _what, _top in TOPS.items():
    if _what not in ("relative to the largest of the table", "relative to a fixed 700"):
        wrong("key_gradient", f"{_what}, nothing added", pulled(relative(_top)))
    wrong("temperature_gradient", f"{_what}, nothing added", tempered(relative(_top)))
for _what, _shares in {"clipped at -500 and 500": lambda z: soft(np.clip(z, -500, 500)),
                       "without what is below a tenth": lambda z: over(soft(z) * (soft(z) >= min(0.1, soft(z).max()))),
                       "a hundredth added to every power": lambda z: over(np.exp(z - z.max(axis=-1, keepdims=True)) + 0.01),
                       "a hundredth added to the sum": lambda z: soft(z) / (1 + 0.01 * soft(z).max(axis=-1, keepdims=True))}.items():
    wrong("key_gradient", _what, pulled(_shares))
    wrong("temperature_gradient", _what, tempered(_shares))


def disagreeing(least, log=np.log2):
    return lambda a: apart(lambda p: -(p * log(np.where(p > least, p, 1.0))).sum(axis=-1), a)


def apart(entropy, a):
    return entropy(a.mean(axis=-2)) - entropy(a).mean(axis=-1)


for _least in (1e-2, 1e-4, 1e-5):
    wrong("disagreement", f"weights below {_least} left out", disagreeing(_least))
for _what, _tables in {
        "weights not below 1e-4 in the logarithm": lambda a: apart(lambda p: -(p * np.log2(np.clip(p, 1e-4, 1))).sum(axis=-1), a),
        "rounded to four places": lambda a: apart(lambda p: -(np.round(p, 4) * np.log2(np.where(np.round(p, 4) > 0, p, 1.0))).sum(axis=-1), a),
        "the share of one": lambda a: disagreeing(0)(a) / np.log2(max(a.shape[-2], 2)),
        "the largest distance from the mean": lambda a: (a * np.log2(np.where(a > 0, a / a.mean(axis=-2, keepdims=True), 1.0))).sum(axis=-1).max(axis=-1),
        "the median of the distances": lambda a: np.median((a * np.log2(np.where(a > 0, a / a.mean(axis=-2, keepdims=True), 1.0))).sum(axis=-1), axis=-1),
        "the first query left out": lambda a: disagreeing(0)(a[..., 1:, :]) if a.shape[-2] > 1 else disagreeing(0)(a),
        "to the power of two": lambda a: 2 ** disagreeing(0)(a)}.items():
    wrong("disagreement", _what, _tables)

for _what, _price in {
        "T squared for the first alone": lambda r, z, temperatures: np.array([(t**2 if i == 0 else 1) * each(r / t, z / t).mean() for i, t in enumerate(temperatures)]),
        "student relative to the smallest": costs(lambda r, z, t: -(soft(r) * np.log(relative(TOPS["relative to the smallest"])(z))).sum(-1).mean()),
        "logarithms not below -1000": costs(lambda r, z, t: -(soft(r) * np.maximum(logs(z), -1000)).sum(-1).mean()),
        "the teacher relative to the mean": costs(lambda r, z, t: -(relative(TOPS["relative to the mean"])(r) * logs(z)).sum(-1).mean()),
        "temperatures sorted": lambda r, z, temperatures: np.array([each(r / t, z / t).mean() for t in np.sort(temperatures)[::-1]]) + 1e-3,
        "the teacher's smallest class left out": costs(lambda r, z, t: -(soft(r) * (r > r.min(-1, keepdims=True)) * logs(z)).sum(-1).mean()),
        "half hard, half soft": costs(lambda r, z, t: (each(r, z).mean() - logs(z)[rows(z), r.argmax(-1)].mean()) / 2),
        "labels smoothed": costs(lambda r, z, t: -((0.9 * soft(r) + 0.1 / r.shape[-1]) * logs(z)).sum(-1).mean())}.items():
    wrong("distil", _what, _price)

for _what, _draw in {
        "without a last word": lambda a, h, r: h[passed(a, r)],
        "the first word if no sum is above": lambda a, h, r: h[(r[..., None] < np.cumsum(a, axis=-1)).argmax(axis=-1)],
        "back to the first behind the last": lambda a, h, r: h[passed(a, r) % len(h)],
        "sums rounded to one place": drawn(lambda a, r: (r[..., None] >= np.cumsum(a, axis=-1).round(1)).sum(axis=-1)),
        "draws rounded to one place": drawn(lambda a, r: passed(a, r.round(1))),
        "the nearest sum": drawn(lambda a, r: np.abs(r[..., None] - np.cumsum(a, axis=-1)).argmin(axis=-1)),
        "the draw compared with half of each word's weight": drawn(lambda a, r: (r[..., None] >= np.cumsum(a, axis=-1) - a / 2).sum(axis=-1)),
        "whole numbers out": lambda a, h, r: drawn(passed)(a, h, r).astype(int)}.items():
    wrong("hard_attention", _what, _draw)


def until():
    def write(step, state, start, end, longest):
        words, word = [], start
        while word != end and len(words) < longest:
            scores, state = step(state, word)
            word = int(np.argmax(scores))
            words.append(word)
        return np.array([w for w in words if w != end], dtype=int)
    return write


for _what, _write in {
        "nothing where start and end are one": until(),
        "the best word of the first step repeated": lambda step, state, start, end, longest: np.full(
            len(right_writer(step, state, start, end, longest)), int(np.argmax(step(state, start)[0]))),
        "the end never the first word": writer(stop=lambda word, words, end: word == end and len(words) > 1),
        "stops above the end, too": writer(stop=lambda word, words, end: word >= end),
        "the last of equal scores of a chain": writer(choose=lambda s: len(s) - 1 - np.argmax(s[::-1] ** 2)),
        "among the first seven words": writer(choose=lambda s: np.argmax(s[:7])),
        "not the end if another is possible": lambda step, state, start, end, longest: writer(
            choose=lambda s: np.argmax(np.where(np.arange(len(s)) == end, -9, s)))(step, state, start, -1, longest),
        "a float's size decides": writer(choose=lambda s: np.argmax(np.round(s, 0)))}.items():
    wrong("write_greedily", _what, _write, *{"not the end if another is possible": ("greedy_does_not_stop",)}.get(_what, ()))

for _what, _judge in {
        "cut to the target's width": lambda w, t: (share(w[:, :t.shape[1]], t), whole(w[:, :t.shape[1]], t)),
        "words of the written that are right": lambda w, t: (share(t, w), whole(w, t)),
        "texts without what is wrong behind": lambda w, t: (share(w, t), whole(wide(w, t)[0] * (wide(w, t)[1] != 0), t)),
        "texts by their sums": lambda w, t: (share(w, t), (w.sum(axis=1) == t.sum(axis=1)).mean()),
        "texts as sorted words": lambda w, t: (share(w, t), (np.sort(wide(w, t)[0]) == np.sort(wide(w, t)[1])).all(axis=1).mean()),
        "any text right": lambda w, t: (share(w, t), float(whole(w, t) > 0)),
        "divided by the longest text": lambda w, t: (share(w, t) * (t != 0).sum() / ((t != 0).sum(axis=1).max() * len(t)), whole(w, t)),
        "one more word in every text": lambda w, t: (share(w, t) * (t != 0).sum() / ((t != 0).sum() + len(t)), whole(w, t))}.items():
    wrong("words_right", _what, _judge, *{"words of the written that are right": ("right_where_something_was_written",),
                                          "texts without what is wrong behind": ("right_behind_the_end_ignored",)}.get(_what, ()))


def measured(columns):
    def jacobian(f, x, h):
        x = np.array(x, dtype=float)

        def at(place, by):
            moved = x.copy()
            moved[place] += by
            return np.asarray(f(moved), dtype=float)
        return np.stack([columns(lambda by: at(place, by), h, x[place]) for place in np.ndindex(x.shape)], axis=-1).reshape((*np.shape(f(x)), *x.shape))
    return jacobian


for _what, _columns in {
        "the second derivative": lambda at, h, x: (at(h) - 2 * at(0) + at(-h)) / h**2,
        "the larger of both sides": lambda at, h, x: np.maximum(at(h) - at(0), at(0) - at(-h)) / h,
        "a step of at least a hundredth": lambda at, h, x: (at(max(h, 0.01)) - at(-max(h, 0.01))) / (2 * max(h, 0.01)),
        "a step of at most one": lambda at, h, x: (at(min(h, 1)) - at(-min(h, 1))) / (2 * min(h, 1)),
        "a step that grows with x": lambda at, h, x: (at(h * (1 + abs(x))) - at(-h * (1 + abs(x)))) / (2 * h * (1 + abs(x))),
        "entries of zero have no slope": lambda at, h, x: (at(h) - at(-h)) / (2 * h) * (x != 0),
        "single precision": lambda at, h, x: (np.float16(at(h)) - np.float16(at(-h))).astype(float) / (2 * h)}.items():
    wrong("numerical_jacobian", _what, measured(_columns))
wrong("numerical_jacobian", "one long table", lambda f, x, h: measured(lambda at, h, x: (at(h) - at(-h)) / (2 * h))(f, x, h).reshape(np.size(f(np.array(x, float))), -1))


def backwards(x, w, d):
    return d @ w.T, x.reshape(-1, x.shape[-1]).T @ d.reshape(-1, d.shape[-1]), d.reshape(-1, d.shape[-1]).sum(axis=0)


for _what, _parts in {
        "in the order w, x, b": lambda x, w, d: (lambda a, b, c: (b, a, c))(*backwards(x, w, d)),
        "the bias as a row": lambda x, w, d: (*backwards(x, w, d)[:2], backwards(x, w, d)[2][None]),
        "the bias's gradient ones": lambda x, w, d: (*backwards(x, w, d)[:2], np.ones(w.shape[1])),
        "the first axis summed alone": lambda x, w, d: (*backwards(x, w, d)[:2], d.sum(axis=0)),
        "two axes, whatever stands in front": lambda x, w, d: (d @ w.T, np.einsum("bti,bto->io", x.reshape(-1, *x.shape[-2:])[:2], d.reshape(
            -1, *d.shape[-2:])[:2]), backwards(x, w, d)[2]),
        "divided by the input's width": lambda x, w, d: (backwards(x, w, d)[0], backwards(x, w, d)[1] / x.shape[-1], backwards(x, w, d)[2]),
        "whole numbers as x has them": lambda x, w, d: tuple(part.astype(x.dtype) for part in backwards(x, w, d)),
        "x's gradient added to x": lambda x, w, d: (x + d @ w.T, *backwards(x, w, d)[1:]),
        "the bias's gradient in x's too": lambda x, w, d: (d @ w.T + d.sum(axis=-1, keepdims=True), *backwards(x, w, d)[1:]),
        "tokens in reverse": lambda x, w, d: (d @ w.T, backwards(x[..., ::-1, :], w, d)[1], backwards(x, w, d)[2])}.items():
    wrong("affine_backward", _what, _parts)

for _what, _score in {
        "exponentials cut off at 20, by hand": lambda q, k, w, u: (lambda z: 1 - 2 / (np.exp(2 * np.minimum(z, 0.5)) + 1))(hidden(q, k, w)) @ u,
        "a polynomial": lambda q, k, w, u: (lambda z: z - z**3 / 3 + 2 * z**5 / 15)(hidden(q, k, w)) @ u,
        "key before query": lambda q, k, w, u: np.tanh(np.concatenate([np.repeat(k[None], len(q), 0), np.repeat(q[:, None], len(k), 1)], -1) @ w) @ u,
        "hard tanh for large ones": lambda q, k, w, u: np.where(np.abs(hidden(q, k, w)) > 1.5, np.sign(hidden(q, k, w)), np.tanh(hidden(q, k, w))) @ u,
        "the score halved": lambda q, k, w, u: np.tanh(hidden(q, k, w)) @ u / 2,
        "the last hidden unit left out": lambda q, k, w, u: np.tanh(hidden(q, k, w))[..., :-1] @ u[:-1],
        "queries cut at 10": lambda q, k, w, u: np.tanh(hidden(np.clip(q, -1.5, 1.5), k, w)) @ u,
        "each query with its own key alone": lambda q, k, w, u: np.tanh(hidden(q, k, w)) @ u * (np.arange(len(q))[:, None] % len(k) == np.arange(len(k))),
        "an axis of one more": lambda q, k, w, u: (np.tanh(hidden(q, k, w)) @ u)[..., None],
        "u squared": lambda q, k, w, u: np.tanh(hidden(q, k, w)) @ u**2}.items():
    wrong("concat_score", _what, _score, *{"key before query": ("additive_weights_exchanged",)}.get(_what, ()))

wrong("disagreement", "a batch of one lost", lambda a: np.squeeze(disagreeing(0)(a)))
