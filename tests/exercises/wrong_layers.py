"""Wrong answers to the exercises on normalisation, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"architecture.{name}", what, function, names))


# -- qk_norm_scores --------------------------------------------------------------------------------------------------


def _rms(x, gain, epsilon, axis=-1):
    return gain * x / np.sqrt((x**2).mean(axis=axis, keepdims=True) + epsilon)


def _scores(q, k, d=None):
    return q @ np.swapaxes(k, -1, -2) / np.sqrt(d or q.shape[-1])


def _as_keys(q, k, gain_q, gain_k, epsilon):
    return _scores(_rms(q, gain_k, epsilon), _rms(k, gain_k, epsilon))


for _what, _answer in {
    "keys left as they are, times their gain": lambda q, k, a, b, e: _scores(_rms(q, a, e), b * k),
    "divided by the width": lambda q, k, a, b, e: _scores(_rms(q, a, e), _rms(k, b, e)) / np.sqrt(q.shape[-1]),
    "divided by the root of the number of keys": lambda q, k, a, b, e: _scores(_rms(q, a, e), _rms(k, b, e), k.shape[-2]),
    "divided by the root of all heads' width": lambda q, k, a, b, e: _scores(_rms(q, a, e), _rms(k, b, e), q.shape[0] * q.shape[-1] + 1),
    "the gain under the root as well": lambda q, k, a, b, e: _scores(_rms(a * q, 1, e), _rms(b * k, 1, e)),
    "no epsilon": lambda q, k, a, b, e: _scores(_rms(q, a, 1e-30), _rms(k, b, 1e-30)),
    "a fixed epsilon": lambda q, k, a, b, e: _scores(_rms(q, a, 1e-6), _rms(k, b, 1e-6)),
    "epsilon twice": lambda q, k, a, b, e: _scores(_rms(q, a, 2 * e), _rms(k, b, 2 * e)),
    "the largest entry instead of the rms": lambda q, k, a, b, e: _scores(a * q / (np.abs(q).max(-1, keepdims=True) + e + 1e-30), b * k / (np.abs(k).max(-1, keepdims=True) + e + 1e-30)),
    "the mean size instead of the rms": lambda q, k, a, b, e: _scores(a * q / (np.abs(q).mean(-1, keepdims=True) + e + 1e-30), b * k / (np.abs(k).mean(-1, keepdims=True) + e + 1e-30)),
    "the gain of the keys for both": _as_keys,
    "the gain of the queries for both": lambda q, k, a, b, e: _scores(_rms(q, a, e), _rms(k, a, e)),
    "the gains added": lambda q, k, a, b, e: _scores(_rms(q, 1, e) + a, _rms(k, 1, e) + b),
    "one plus the gain": lambda q, k, a, b, e: _scores(_rms(q, 1 + a, e), _rms(k, 1 + b, e)),
    "transposed": lambda q, k, a, b, e: np.swapaxes(_scores(_rms(q, a, e), _rms(k, b, e)), -1, -2),
    "the weights, after a softmax": lambda q, k, a, b, e: np.exp(_scores(_rms(q, a, e), _rms(k, b, e))) / np.exp(_scores(_rms(q, a, e), _rms(k, b, e))).sum(-1, keepdims=True),
    "the first head for all": lambda q, k, a, b, e: np.repeat(_scores(_rms(q, a, e), _rms(k, b, e))[:1], len(q), axis=0),
    "clipped at the root of the width": lambda q, k, a, b, e: np.clip(_scores(q * a, k * b), -np.sqrt(q.shape[-1]), np.sqrt(q.shape[-1])),
    "one less than the width": lambda q, k, a, b, e: _scores(_rms(q, a, e) * np.sqrt(1 - 1 / q.shape[-1]), _rms(k, b, e) * np.sqrt(1 - 1 / q.shape[-1])),
}.items():
    wrong("qk_norm_scores", _what, _answer)

# -- layer_norm_gradient ---------------------------------------------------------------------------------------------


def _parts(x, d_output, gain, epsilon):
    mean = x.mean(axis=-1, keepdims=True)
    s = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    return (x - mean) / s, gain * d_output, s


def _right(x, d_output, gain, epsilon):
    u, g, s = _parts(x, d_output, gain, epsilon)
    return (g - g.mean(-1, keepdims=True) - u * (u * g).mean(-1, keepdims=True)) / s


def _plus(x, d, gain, e):
    u, g, s = _parts(x, d, gain, e)
    return (g + g.mean(-1, keepdims=True) + u * (u * g).mean(-1, keepdims=True)) / s


def _with(change):
    def answer(x, d, gain, e):
        return change(*_parts(x, d, gain, e), x, e)

    return answer


for _what, _answer in {
    "added instead of subtracted": _plus,
    "the sign turned round": lambda x, d, gain, e: -_right(x, d, gain, e),
    "the gradient of the output, untouched": lambda x, d, gain, e: gain * d * 1.0,
    "what the norm gives": lambda x, d, gain, e: gain * _parts(x, d, gain, e)[0],
    "not divided by the size": _with(lambda u, g, s, x, e: g - g.mean(-1, keepdims=True) - u * (u * g).mean(-1, keepdims=True)),
    "multiplied by the size": _with(lambda u, g, s, x, e: (g - g.mean(-1, keepdims=True) - u * (u * g).mean(-1, keepdims=True)) * s),
    "divided by the size twice": _with(lambda u, g, s, x, e: (g - g.mean(-1, keepdims=True) - u * (u * g).mean(-1, keepdims=True)) / s**2),
    "x for u": _with(lambda u, g, s, x, e: (g - g.mean(-1, keepdims=True) - x * (x * g).mean(-1, keepdims=True)) / s),
    "the deviations for u": _with(lambda u, g, s, x, e: (g - g.mean(-1, keepdims=True) - u * s * (u * s * g).mean(-1, keepdims=True)) / s),
    "u left out of its mean": _with(lambda u, g, s, x, e: (g - g.mean(-1, keepdims=True) - u * g.mean(-1, keepdims=True)) / s),
    "u left out before its mean": _with(lambda u, g, s, x, e: (g - g.mean(-1, keepdims=True) - (u * g).mean(-1, keepdims=True)) / s),
    "means over the tokens in the two terms": _with(lambda u, g, s, x, e: (g - g.mean(0, keepdims=True) - u * (u * g).mean(0, keepdims=True)) / s),
    "no epsilon": lambda x, d, gain, e: _right(x, d, gain, 1e-12),
    "the gain squared": lambda x, d, gain, e: _right(x, gain * d, gain, e),
    "divided by the gain": lambda x, d, gain, e: _right(x, d / gain**2, gain, e),
    "the first row's size for all": _with(lambda u, g, s, x, e: (g - g.mean(-1, keepdims=True) - u * (u * g).mean(-1, keepdims=True)) / s[0]),
    "the gradient of the gain": lambda x, d, gain, e: np.broadcast_to((_parts(x, d, gain, e)[0] * d).sum(0), x.shape),
}.items():
    wrong("layer_norm_gradient", _what, _answer)

wrong(  # the mean of u is 0, so it is the very mistake that has this name
    "layer_norm_gradient",
    "the mean of u for the mean of g",
    _with(lambda u, g, s, x, e: (g - u.mean(-1, keepdims=True) - u * (u * g).mean(-1, keepdims=True)) / s),
    "norm_mean_term_forgotten",
)

# -- fold_norm -------------------------------------------------------------------------------------------------------

for _what, _answer in {
    "in the other order": lambda g, t, w, b: (t @ w + b, g[:, None] * w),
    "the bias subtracted": lambda g, t, w, b: (g[:, None] * w, b - t @ w),
    "the bias through the gain alone": lambda g, t, w, b: (g[:, None] * w, b + (g * t).sum()),
    "the gain squared": lambda g, t, w, b: ((g**2)[:, None] * w, t @ w + b),
    "the size of the gain": lambda g, t, w, b: (np.abs(g)[:, None] * w, t @ w + b),
    "the gain added to the rows": lambda g, t, w, b: (g[:, None] + w, t @ w + b),
    "one plus the gain": lambda g, t, w, b: ((1 + g)[:, None] * w, t @ w + b),
    "the mean gain for all features": lambda g, t, w, b: (g.mean() * w, t @ w + b),
    "the bias added to every row of the matrix": lambda g, t, w, b: (g[:, None] * w + t[:, None], b * 1.0),
    "the matrix transposed": lambda g, t, w, b: ((g[:, None] * w).T, t @ w + b),
    "the bias through the transposed matrix": lambda g, t, w, b: (g[:, None] * w, (t @ w)[::-1] + b),
    "both biases through the gain": lambda g, t, w, b: (g[:, None] * w, (t @ w + b) * g.mean()),
    "nothing done": lambda g, t, w, b: (w * 1.0, b * 1.0),
    "the gain in reverse": lambda g, t, w, b: (g[::-1][:, None] * w, t @ w + b),
    "the bias in reverse": lambda g, t, w, b: (g[:, None] * w, t[::-1] @ w + b),
    "whole numbers": lambda g, t, w, b: ((g[:, None] * w).astype(int), (t @ w + b).astype(int)),
    "the old bias twice": lambda g, t, w, b: (g[:, None] * w, t @ w + 2 * b),
}.items():
    wrong("fold_norm", _what, _answer)

# -- norm_on_both_sides ----------------------------------------------------------------------------------------------


def _each(step):
    def answer(x, attend, feed, norm_in, norm_out):
        for layer in (attend, feed):
            x = step(x, layer, norm_in, norm_out)
        return x

    return answer


def _old_rows(x, attend, feed, norm_in, norm_out):
    looked = x + norm_out(attend(norm_in(x)))
    return looked + norm_out(feed(norm_in(looked))) - x


def _from_the_start(x, attend, feed, norm_in, norm_out):
    return x + norm_out(feed(norm_in(x + norm_out(attend(norm_in(x))))))


def _second_unnormed(x, attend, feed, norm_in, norm_out):
    looked = x + norm_out(attend(norm_in(x)))
    return looked + norm_out(feed(looked))


for _what, _answer in {
    "both norms before": _each(lambda x, layer, a, b: x + layer(b(a(x)))),
    "both norms behind": _each(lambda x, layer, a, b: x + b(a(layer(x)))),
    "the first norm on both sides": _each(lambda x, layer, a, b: x + a(layer(a(x)))),
    "the second norm on both sides": _each(lambda x, layer, a, b: x + b(layer(b(x)))),
    "subtracted": _each(lambda x, layer, a, b: x - b(layer(a(x)))),
    "half of it added": _each(lambda x, layer, a, b: x + b(layer(a(x))) / 2),
    "the stream normalised and added": _each(lambda x, layer, a, b: b(x) + b(layer(a(x)))),
    "the sum normalised first": _each(lambda x, layer, a, b: a(x + b(layer(a(x))))),
    "the normed rows added inside": _each(lambda x, layer, a, b: x + b(a(x) + layer(a(x)))),
    "the sum of stream and layer normed, and added": _each(lambda x, layer, a, b: x + b(x + layer(a(x)))),
    "attention alone": lambda x, attend, feed, a, b: x + b(attend(a(x))),
    "the feed-forward network alone": lambda x, attend, feed, a, b: x + b(feed(a(x))),
    "attention twice": lambda x, attend, feed, a, b: _each(lambda x, layer, a, b: x + b(attend(a(x))))(x, attend, feed, a, b),
    "one after the other, added once": lambda x, attend, feed, a, b: x + b(feed(attend(a(x)))),
    "the first rows subtracted": _old_rows,
    "the second sum begins with the first rows": _from_the_start,
    "no norm at all": _each(lambda x, layer, a, b: x + layer(x)),
    "the second layer without its first norm": _second_unnormed,
}.items():
    wrong("norm_on_both_sides", _what, _answer)
