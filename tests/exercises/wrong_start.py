"""Wrong answers to the exercises of Start, other than their mutants: what is wrong, the answer, its true names."""

from __future__ import annotations

import numpy as np

WRONG: list[tuple] = []


def wrong(name, what, function, *names):
    WRONG.append((f"start.{name}", what, function, names))


# -- penalised_gradient ----------------------------------------------------------------------------------------------

def _both(x, y, w, b, decay, error=None):
    error = x @ w + b - y if error is None else error
    return 2 * error @ x / len(x) + 2 * decay * w, 2 * error.mean()


for _what, _answer in {
    "the penalty subtracted": lambda x, y, w, b, decay: _both(x, y, w, b, -decay),
    "the penalty of the sizes, not of the squares": lambda x, y, w, b, decay: (_both(x, y, w, b, 0)[0] + decay * np.sign(w), _both(x, y, w, b, 0)[1]),
    "divided by the inputs, not by the examples": lambda x, y, w, b, decay: (2 * (x @ w + b - y) @ x / len(w) + 2 * decay * w, 2 * (x @ w + b - y).mean()),
    "the mean absolute error": lambda x, y, w, b, decay: _both(x, y, w, b, decay, np.sign(x @ w + b - y) / 2),
    "squared errors for errors": lambda x, y, w, b, decay: _both(x, y, w, b, decay, (x @ w + b - y) ** 2),
    "the first example alone": lambda x, y, w, b, decay: _both(x[:1], y[:1], w, b, decay),
    "the bias's gradient summed": lambda x, y, w, b, decay: (_both(x, y, w, b, decay)[0], 2 * (x @ w + b - y).sum()),
    "one gradient for all inputs, their mean": lambda x, y, w, b, decay: (np.full(len(w), _both(x, y, w, b, decay)[0].mean()), _both(x, y, w, b, decay)[1]),
    "the parameters after a step": lambda x, y, w, b, decay: (w - 0.1 * _both(x, y, w, b, decay)[0], b - 0.1 * _both(x, y, w, b, decay)[1]),
    "whole numbers out": lambda x, y, w, b, decay: tuple(np.asarray(part).astype(int) for part in _both(x, y, w, b, decay)),
    "the bias subtracted": lambda x, y, w, b, decay: _both(x, y, w, -b, decay),
    "rounded": lambda x, y, w, b, decay: tuple(np.round(part, 2) for part in _both(x, y, w, b, decay)),
}.items():
    wrong("penalised_gradient", _what, _answer)

# -- warmup_cosine ---------------------------------------------------------------------------------------------------


def _pieces(steps, peak, warmup, rise, fall):
    t = np.arange(steps)
    with np.errstate(all="ignore"):
        return peak * np.where(t < warmup, rise(t), fall((t - warmup) / max(steps - warmup, 1)))


def _half(x):
    return (1 + np.cos(np.pi * x)) / 2


for _what, _answer in {
    "constant at the peak": lambda steps, peak, warmup: np.full(steps, float(peak)),
    "the rise over one step more, as in the course's recipe": lambda steps, peak, warmup: _pieces(steps, peak, warmup, lambda t: (t + 1) / (warmup + 1), _half),
    "degrees for radians": lambda steps, peak, warmup: _pieces(steps, peak, warmup, lambda t: (t + 1) / max(warmup, 1), lambda x: (1 + np.cos(180 * x)) / 2),
    "a sine": lambda steps, peak, warmup: _pieces(steps, peak, warmup, lambda t: (t + 1) / max(warmup, 1), lambda x: (1 + np.sin(np.pi * x)) / 2),
    "a whole wave": lambda steps, peak, warmup: _pieces(steps, peak, warmup, lambda t: (t + 1) / max(warmup, 1), lambda x: (1 + np.cos(2 * np.pi * x)) / 2),
    "a rise along a cosine": lambda steps, peak, warmup: _pieces(steps, peak, warmup, lambda t: _half(1 - (t + 1) / max(warmup, 1)), _half),
    "the fall one step late": lambda steps, peak, warmup: _pieces(steps, peak, warmup, lambda t: (t + 1) / max(warmup, 1), lambda x: _half(x - 1 / max(steps - warmup, 1))),
    "the peak left out": lambda steps, peak, warmup: _pieces(steps, 1, warmup, lambda t: (t + 1) / max(warmup, 1), _half),
    "in reverse": lambda steps, peak, warmup: _pieces(steps, peak, warmup, lambda t: (t + 1) / max(warmup, 1), _half)[::-1],
    "warm-up counted from the end": lambda steps, peak, warmup: _pieces(steps, peak, steps - warmup, lambda t: (t + 1) / max(steps - warmup, 1), _half),
}.items():
    wrong("warmup_cosine", _what, _answer)

# -- adamw -----------------------------------------------------------------------------------------------------------


def _adam(w, gradients, rate, decay, betas, epsilon, late=False, start=1, last=False, clip=False):
    w, m, v = np.array(w, dtype=float), 0.0, 0.0
    for t, g in enumerate(gradients, start=start):
        g = g / max(1.0, float(np.linalg.norm(g))) if clip else g
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + epsilon)
        w = (w - rate * step) * (1 - rate * decay) if late else w * (1 - rate * decay) - rate * step
    return w


for _what, _answer in {
    "the decay after the step": lambda *given: _adam(*given, late=True),
    "steps counted from two": lambda *given: _adam(*given, start=2),
    "gradients cut to length one": lambda *given: _adam(*given, clip=True),
    "plain descent": lambda w, gradients, rate, decay, betas, epsilon: w * (1 - rate * decay) ** len(gradients) - rate * gradients.sum(axis=0),
    "the sign of the gradient": lambda w, gradients, rate, decay, betas, epsilon: _adam(w, np.sign(gradients), rate, decay, (0, 0), epsilon),
    "the last gradient left out": lambda w, gradients, *rest: _adam(w, gradients[:-1], *rest),
    "the first gradient alone": lambda w, gradients, *rest: _adam(w, gradients[:1], *rest),
    "the usual betas whatever is given": lambda w, gradients, rate, decay, betas, epsilon: _adam(w, gradients, rate, decay, (0.9, 0.999), epsilon),
    "the usual epsilon whatever is given": lambda w, gradients, rate, decay, betas, epsilon: _adam(w, gradients, rate, decay, betas, 1e-8),
    "growth for decay": lambda w, gradients, rate, decay, *rest: _adam(w, gradients, rate, -decay, *rest),
    "the change, not the parameters": lambda w, *rest: _adam(w, *rest) - w,
    "one square for all parameters": lambda w, gradients, rate, decay, betas, epsilon: w - rate * len(gradients) * gradients.mean(axis=0) / (np.sqrt((gradients**2).mean()) + epsilon),
}.items():
    wrong("adamw", _what, _answer)

# -- early_stopping --------------------------------------------------------------------------------------------------


def _stop(losses, patience, less=lambda a, b: a < b, enough=lambda gap, patience: gap >= patience):
    best = 0
    for stop, loss in enumerate(losses):
        if less(loss, losses[best]):
            best = stop
        if enough(stop - best, patience):
            break
    return best, stop


for _what, _answer in {
    "never stops": lambda losses, patience: (int(np.argmin(losses)), len(losses) - 1),
    "the last of several lowest": lambda losses, patience: (_stop(losses, patience)[1] - int(np.argmin(losses[: _stop(losses, patience)[1] + 1][::-1])), _stop(losses, patience)[1]),
    "one measurement too early": lambda losses, patience: _stop(losses, patience, enough=lambda gap, patience: gap >= patience - 1),
    "highest for lowest": lambda losses, patience: _stop(losses, patience, less=lambda a, b: a > b),
    "a gain must be at least 0.2": lambda losses, patience: _stop(losses, patience, less=lambda a, b: a < b - 0.2),
    "the losses, not the places": lambda losses, patience: tuple(losses[i] for i in _stop(losses, patience)),
    "places from 1": lambda losses, patience: tuple(i + 1 for i in _stop(losses, patience)),
    "exchanged": lambda losses, patience: _stop(losses, patience)[::-1],
    "the stop one place late": lambda losses, patience: (_stop(losses, patience)[0], min(_stop(losses, patience)[1] + 1, len(losses) - 1)),
    "best of the last patience places": lambda losses, patience: (max(_stop(losses, patience)[1] - patience, 0), _stop(losses, patience)[1]),
    "smaller size for lower": lambda losses, patience: _stop(np.abs(losses), patience),
}.items():
    wrong("early_stopping", _what, _answer)

# -- broadcast_shape -------------------------------------------------------------------------------------------------


def _shape(a, b, fits=lambda i, j: i == j or 1 in (i, j), choose=lambda i, j: j if i == 1 else i, cut=None):
    n = max(len(a), len(b))
    pairs = list(zip((1,) * (n - len(a)) + tuple(a), (1,) * (n - len(b)) + tuple(b)))
    return tuple(choose(i, j) for i, j in pairs) if all(fits(i, j) for i, j in pairs) else (-1,)


for _what, _answer in {
    "the smaller size": lambda a, b: _shape(a, b, choose=min),
    "the first shape": lambda a, b: tuple(a),
    "multiples fit as well": lambda a, b: _shape(a, b, fits=lambda i, j: 0 in (i, j) or max(i, j) % min(i, j) == 0, choose=max),
    "sizes added": lambda a, b: _shape(a, b, choose=lambda i, j: i + j),
    "one may be stretched in the first shape only": lambda a, b: _shape(a, b, fits=lambda i, j: i in (j, 1)),
    "in reverse": lambda a, b: _shape(a, b)[::-1],
    "zero for what does not fit": lambda a, b: (0,) if _shape(a, b) == (-1,) else _shape(a, b),
    "never fits": lambda a, b: (-1,),
    "an empty axis never fits": lambda a, b: (-1,) if 0 in (*a, *b) else _shape(a, b),
    "the number of entries": lambda a, b: (int(np.prod(_shape(a, b))),),
    "at most two axes": lambda a, b: _shape(a, b)[-2:],
}.items():
    wrong("broadcast_shape", _what, _answer)

# -- scores_by_letters -----------------------------------------------------------------------------------------------


def _scores(q, w, k):
    return np.einsum("ibc,ce,bej->bij", q, w, k)


for _what, _answer in {
    "the matrix left out": lambda q, w, k: np.einsum("ibc,bcj->bij", q[..., : min(w.shape)], k[:, : min(w.shape)]),
    "a softmax on top": lambda q, w, k: np.exp(_scores(q, w, k)) / np.exp(_scores(q, w, k)).sum(axis=-1, keepdims=True),
    "texts in reverse": lambda q, w, k: _scores(q, w, k)[::-1],
    "keys of the text before": lambda q, w, k: _scores(q, w, np.roll(k, 1, axis=0)),
    "summed over the keys": lambda q, w, k: _scores(q, w, k).sum(axis=-1),
    "the mean over the width": lambda q, w, k: _scores(q, w, k) / q.shape[-1],
    "negative": lambda q, w, k: -_scores(q, w, k),
    "the matrix squared": lambda q, w, k: _scores(q, w**2, k),
    "all in one row": lambda q, w, k: _scores(q, w, k).ravel(),
    "the diagonal of the matrix alone": lambda q, w, k: _scores(q, w * np.eye(*w.shape), k),
}.items():
    wrong("scores_by_letters", _what, _answer)

# -- masked_fill -----------------------------------------------------------------------------------------------------

for _what, _answer in {
    "nothing filled": lambda x, mask, value: np.array(x, dtype=float),
    "filled with a large number": lambda x, mask, value: np.where(mask, -1e9, x),
    "infinity made finite": lambda x, mask, value: np.where(mask, max(value, -1e4), x),
    "the value everywhere": lambda x, mask, value: np.full(np.shape(x), float(value)),
    "zeros outside": lambda x, mask, value: np.where(mask, value, 0.0),
    "NaN for the value": lambda x, mask, value: np.where(mask, np.nan, x),
    "rounded": lambda x, mask, value: np.where(mask, value, np.round(np.asarray(x, dtype=float), 1)),
    "the mask": lambda x, mask, value: np.broadcast_to(mask, np.shape(x)).astype(float),
    "the first masked place alone": lambda x, mask, value: np.where(np.broadcast_to(mask, np.shape(x)) & (np.cumsum(np.broadcast_to(mask, np.shape(x))).reshape(np.shape(x)) == 1), value, x),
    "flat": lambda x, mask, value: np.where(mask, value, x).ravel(),
}.items():
    wrong("masked_fill", _what, _answer)

# -- accumulate ------------------------------------------------------------------------------------------------------


def _mean(gradients, weights):
    weights = np.asarray(weights, dtype=float)
    return weights @ np.asarray(gradients, dtype=float) / weights.sum()


def _short(g, clip):
    return g * min(1.0, clip / max(float(np.linalg.norm(g)), 1e-30))


for _what, _answer in {
    "weighted by the root of the sizes": lambda gradients, sizes, clip: _short(_mean(gradients, np.sqrt(sizes)), clip),
    "weighted by the squares of the sizes": lambda gradients, sizes, clip: _short(_mean(gradients, np.square(sizes)), clip),
    "the largest part alone": lambda gradients, sizes, clip: _short(np.asarray(gradients, dtype=float)[int(np.argmax(sizes))], clip),
    "the first part alone": lambda gradients, sizes, clip: _short(np.asarray(gradients, dtype=float)[0], clip),
    "cut by the sum of the sizes": lambda gradients, sizes, clip: _mean(gradients, sizes) * min(1.0, clip / np.abs(_mean(gradients, sizes)).sum()),
    "cut by the largest entry": lambda gradients, sizes, clip: _mean(gradients, sizes) * min(1.0, clip / np.abs(_mean(gradients, sizes)).max()),
    "cut to length one": lambda gradients, sizes, clip: _short(_mean(gradients, sizes), 1.0),
    "zero if too long": lambda gradients, sizes, clip: _mean(gradients, sizes) * (np.linalg.norm(_mean(gradients, sizes)) <= clip),
    "the sum over the tokens": lambda gradients, sizes, clip: _short(np.asarray(sizes) @ np.asarray(gradients), clip),
    "against the gradient": lambda gradients, sizes, clip: -_short(_mean(gradients, sizes), clip),
    "divided by one token more": lambda gradients, sizes, clip: _short(_mean(gradients, sizes) * sum(sizes) / (sum(sizes) + 1), clip),
}.items():
    wrong("accumulate", _what, _answer)

# -- borders: lengths of zero, ends, sizes, signs ------------------------------------------------------------------------


def _mean(gradients, sizes):
    return np.average(np.asarray(gradients, float), axis=0, weights=np.asarray(sizes, float))


def _long(g):
    return np.linalg.norm(g)


for _what, _answer in {
    "a unit vector first": lambda g, n, clip: _mean(g, n) / _long(_mean(g, n)) * min(_long(_mean(g, n)), clip),
    "a tenth added to the length": lambda g, n, clip: _mean(g, n) * min(1.0, clip / (_long(_mean(g, n)) + 0.1)),
    "cut by the largest number": lambda g, n, clip: _mean(g, n) * min(1.0, clip / max(np.abs(_mean(g, n)).max(), 1e-9)),
    "cut by the sum of the sizes": lambda g, n, clip: _mean(g, n) * min(1.0, clip / max(np.abs(_mean(g, n)).sum(), 1e-9)),
    "cut by the square of the length": lambda g, n, clip: _mean(g, n) * min(1.0, clip / max(_long(_mean(g, n)) ** 2, 1e-9)),
    "parts without tokens counted as one": lambda g, n, clip: _mean(g, np.maximum(n, 1)) * min(1.0, clip / max(_long(_mean(g, np.maximum(n, 1))), 1e-9)),
    "zero if too long": lambda g, n, clip: _mean(g, n) * (_long(_mean(g, n)) <= clip),
    "roots of the sizes": lambda g, n, clip: _mean(g, np.sqrt(n)) * min(1.0, clip / max(_long(_mean(g, np.sqrt(n))), 1e-9)),
    "the first part alone": lambda g, n, clip: np.asarray(g, float)[0] * min(1.0, clip / max(_long(g[0]), 1e-9)),
    "sums of all tokens": lambda g, n, clip: (np.asarray(n) @ np.asarray(g)) * min(1.0, clip / max(_long(np.asarray(n) @ np.asarray(g)), 1e-9)),
}.items():
    wrong("accumulate", f"{_what}, again", _answer)


def _log(z):
    z = np.asarray(z, float)
    return z - np.logaddexp.reduce(z, axis=-1)[..., None]


def _at_next(log, z, ids, pad):
    with np.errstate(all="ignore"):
        return -np.take_along_axis(log(np.asarray(z, float)[:, :-1]), ids[:, 1:, None], -1)[..., 0][ids[:, 1:] != pad].mean()


def _off(top):
    return lambda z: z - top(z) - np.log(np.exp(z - top(z)).sum(-1, keepdims=True))


for _what, _answer in {
    **{f"relative to the {name}": (lambda z, ids, pad, top=top: _at_next(_off(top), z, ids, pad)) for name, top in {
        "mean": lambda z: z.mean(-1, keepdims=True), "median": lambda z: np.median(z, -1, keepdims=True), "smallest": lambda z: z.min(-1, keepdims=True),
        "first": lambda z: z[..., -1:], "largest of all": lambda z: z.max(), "half of the largest": lambda z: z.max(-1, keepdims=True) / 2}.items()},
    "probabilities not below 1e-12": lambda z, ids, pad: _at_next(lambda s: np.log(np.maximum(np.exp(_log(s)), 1e-12)), z, ids, pad),
    "1e-9 added in the logarithm": lambda z, ids, pad: _at_next(lambda s: np.log(np.exp(_log(s)) + 1e-9), z, ids, pad),
    "logits cut at 500": lambda z, ids, pad: _at_next(lambda s: _log(np.clip(s, -500, 500)), z, ids, pad),
    "texts of one token count one more": lambda z, ids, pad: _at_next(_log, z, ids, pad) * (ids[:, 1:] != pad).sum() / ((ids[:, 1:] != pad).sum() + 1),
    "padding where the token before is padding": lambda z, ids, pad: _at_next(_log, z, np.where(ids == pad, 0, ids), -1),
}.items():
    wrong("next_token_loss", _what, _answer)


def _rise(steps, peak, u, first=1, last=0, full=None):
    t = np.arange(steps, dtype=float)
    with np.errstate(all="ignore"):
        fall = (1 + np.cos(np.pi * (t - u + last) / np.maximum(full or steps - u, 1))) / 2
        return peak * np.where(t < u, (t + first) / max(u, 1), fall)


for _what, _answer in {
    "the fall over all the steps": lambda n, e, u: _rise(n, e, u, full=n),
    "half a step further": lambda n, e, u: _rise(n, e, u, first=0.5),
    "the fall one step early": lambda n, e, u: _rise(n, e, u, last=1),
    "not below a tenth": lambda n, e, u: np.maximum(_rise(n, e, u), e / 10),
    "in whole numbers where the peak is one": lambda n, e, u: _rise(n, e, u).astype(np.asarray(e).dtype),
    "rounded to two digits": lambda n, e, u: _rise(n, e, u).round(2),
    "one rate too many": lambda n, e, u: np.append(_rise(n, e, u), 0.0),
    "one rate too few": lambda n, e, u: _rise(n, e, u)[:-1],
    "a rise of at least one step": lambda n, e, u: _rise(n, e, max(u, 1)) * np.where((u == 0) & (np.arange(n) == 0), 0.5, 1),
    "the square of the rate": lambda n, e, u: _rise(n, e, u) ** 2,
    "the last step 0": lambda n, e, u: _rise(n, e, u) * (np.arange(n) < n - 1),
}.items():
    wrong("warmup_cosine", f"{_what}, again", _answer)

for _what, _answer in {
    "a sum of products": lambda x, m, v: x * ~np.asarray(m) + np.asarray(m) * v,
    "the larger of both": lambda x, m, v: np.where(m, np.maximum(x, v), x) * 1.0,
    "where x is not zero": lambda x, m, v: np.where(np.asarray(m) & (np.asarray(x) != 0) & (np.asarray(x) < 1.5), v, x) * 1.0,
    "a finite number for infinity": lambda x, m, v: np.where(m, np.nan_to_num(v, neginf=-1e9), x) * 1.0,
    "the mask turned round": lambda x, m, v: np.where(np.asarray(m).T if np.ndim(m) == 2 and np.shape(m)[0] == np.shape(m)[1] == 3 else ~np.asarray(m), v, x) * 1.0,
    "the type of x": lambda x, m, v: np.where(m, v, x).astype(x.dtype),
    "one row of places": lambda x, m, v: np.where(m, v, x).ravel() * 1.0,
    "the size of the value": lambda x, m, v: np.where(m, abs(v), x) * 1.0,
    "zero stays out": lambda x, m, v: np.where(m, v, x) * 1.0 if v else np.asarray(x) * 1.0,
    "the mask as numbers added": lambda x, m, v: np.asarray(x) + np.where(m, v - 1, 0.0),
}.items():
    wrong("masked_fill", f"{_what}, again", _answer, *{"the type of x": ("filled_in_whole_numbers",)}.get(_what, ()))


def _near(table, row, k, by=lambda c: c, length=np.linalg.norm):
    t = np.asarray(table, float)
    sizes = length(t, axis=1)
    c = by(t @ t[row] / (sizes * sizes[row]))
    c[row] = -np.inf
    return np.argsort(-c, kind="stable")[:k]


for _what, _answer in {
    "lengths by the sum of the sizes": lambda t, r, k: _near(t, r, k, length=lambda a, axis: np.abs(a).sum(axis)),
    "lengths by the largest size": lambda t, r, k: _near(t, r, k, length=lambda a, axis: np.abs(a).max(axis)),
    "lengths not below one": lambda t, r, k: _near(t, r, k, length=lambda a, axis: np.maximum(np.linalg.norm(a, axis=axis), 1)),
    "rounded cosines": lambda t, r, k: _near(t, r, k, by=lambda c: c.round(1)),
    "negative ones as zero": lambda t, r, k: _near(t, r, k, by=lambda c: np.maximum(c, 0)),
    "squares": lambda t, r, k: _near(t, r, k, by=lambda c: c**2),
    "nearest to a right angle": lambda t, r, k: _near(t, r, k, by=lambda c: -np.abs(c)),
    "one neighbour too many": lambda t, r, k: _near(t, r, k + 1)[: k + 1],
    "one neighbour too few": lambda t, r, k: _near(t, r, k - 1),
    "cosines for ids": lambda t, r, k: np.sort(_near(t, r, k)) / len(t),
    "ids in ascending order": lambda t, r, k: np.sort(_near(t, r, k)),
    "row 0 left out": lambda t, r, k: np.argsort(-np.where(np.arange(len(t)) == 0, -np.inf, (np.asarray(t, float) @ t[r]) / np.linalg.norm(t, axis=1)))[:k],
}.items():
    wrong("nearest_rows", f"{_what}, again", _answer, *{"squares": ("nearest_whatever_the_sign",)}.get(_what, ()))


def _fits(a, b, left=False, empty=False):
    n = max(len(a), len(b))
    pad = (lambda s: tuple(s) + (1,) * (n - len(s))) if left else (lambda s: (1,) * (n - len(s)) + tuple(s))
    return list(zip(pad(a), pad(b)))


for _what, _answer in {
    "zeros never fit": lambda a, b: (-1,) if 0 in (*a, *b) else np.broadcast_shapes(a, b) if all(i == j or 1 in (i, j) for i, j in _fits(a, b)) else (-1,),
    "zeros always fit": lambda a, b: tuple(min(i, j) if 0 in (i, j) else max(i, j) for i, j in _fits(a, b)) if all(
        i == j or min(i, j) <= 1 for i, j in _fits(a, b)) else (-1,),
    "multiples fit": lambda a, b: tuple(max(i, j) for i, j in _fits(a, b)) if all(i == j or min(i, j) == 0 or max(i, j) % min(i, j) == 0 for i, j in _fits(a, b)) else (-1,),
    "equal lengths alone": lambda a, b: tuple(j if i == 1 else i for i, j in zip(a, b)) if len(a) == len(b) and all(i == j or 1 in (i, j) for i, j in zip(a, b)) else (-1,),
    "the last axis alone is compared": lambda a, b: tuple(max(i, j) for i, j in _fits(a, b)) if a[-1] == b[-1] or 1 in (a[-1], b[-1]) else (-1,),
    "only the second is stretched": lambda a, b: tuple(i for i, j in _fits(a, b)) if all(i == j or j == 1 for i, j in _fits(a, b)) else (-1,),
    "in reverse": lambda a, b: tuple(j if i == 1 else i for i, j in _fits(a, b))[::-1] if all(i == j or 1 in (i, j) for i, j in _fits(a, b)) else (-1,),
    "ones in front dropped": lambda a, b: tuple(j if i == 1 else i for i, j in _fits(a, b) if (i, j) != (1, 1)) if all(i == j or 1 in (i, j) for i, j in _fits(a, b)) else (-1,),
    "the size for the shape": lambda a, b: (int(np.prod([max(i, j) for i, j in _fits(a, b)])),),
    "never": lambda a, b: (-1,),
}.items():
    wrong("broadcast_shape", f"{_what}, again", _answer, *{"equal lengths alone": ("same_number_of_axes_demanded",)}.get(_what, ()))


def _go(scores_of, ids, stop, most, choose=np.argmax, show=lambda ids: ids, ends=lambda ids, n, stop: ids[-1] == stop, row=-1):
    ids, n = [int(i) for i in ids], len(ids)
    for _ in range(most):
        ids.append(int(choose(np.asarray(scores_of(show(ids)))[row])))
        if ends(ids, n, stop):
            break
    return np.array(ids)


for _what, _answer in {
    "the second best": lambda f, i, s, m: _go(f, i, s, m, choose=lambda r: np.argsort(r)[-2]),
    "the largest size": lambda f, i, s, m: _go(f, i, s, m, choose=lambda r: np.abs(r).argmax()),
    "the last eight shown": lambda f, i, s, m: _go(f, i, s, m, show=lambda ids: ids[-4:]),
    "the text shown in reverse": lambda f, i, s, m: _go(f, i, s, m, show=lambda ids: ids[::-1]),
    "stops at a repeated id": lambda f, i, s, m: _go(f, i, s, m, ends=lambda ids, n, s: ids[-1] == s or ids[-1] in ids[:-1]),
    "stops above the stop": lambda f, i, s, m: _go(f, i, s, m, ends=lambda ids, n, s: ids[-1] >= s),
    "the row before the last": lambda f, i, s, m: _go(f, i, s, m, row=-2 if len(i) > 1 else -1),
    "at least one id": lambda f, i, s, m: _go(f, i, s, max(m, 1)),
    "one id more": lambda f, i, s, m: _go(f, i, s, m + 1),
    "filled up with the stop": lambda f, i, s, m: np.append(_go(f, i, s, m), [s] * (len(i) + m - len(_go(f, i, s, m)))).astype(int),
    "most counts the whole text": lambda f, i, s, m: _go(f, i, s, max(m - len(i), 0)),
}.items():
    wrong("continue_text", f"{_what}, again", _answer, *{"most counts the whole text": ("prompt_counted_as_written",)}.get(_what, ()))


def _block(x, attend, feed, epsilon, norm=lambda x, e: (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + e)):
    x = norm(x + attend(x), epsilon)
    return norm(x + feed(x), epsilon)


def _normed(center, size):
    return lambda x, a, f, e: _block(x, a, f, e, lambda z, e: center(z) / size(z, e))


def _centre(z):
    return z - z.mean(-1, keepdims=True)


for _what, _answer in {
    "epsilon outside the root": _normed(_centre, lambda z, e: z.std(-1, keepdims=True) + e),
    "epsilon squared": _normed(_centre, lambda z, e: np.sqrt(z.var(-1, keepdims=True) + e**2)),
    "a fixed epsilon": _normed(_centre, lambda z, e: np.sqrt(z.var(-1, keepdims=True) + 1e-5)),
    "the mean of the sizes": _normed(_centre, lambda z, e: np.sqrt(np.abs(_centre(z)).mean(-1, keepdims=True) ** 2 + e)),
    "the root mean square": _normed(lambda z: z, lambda z, e: np.sqrt((z**2).mean(-1, keepdims=True) + e)),
    "the length of the row": _normed(_centre, lambda z, e: np.sqrt((_centre(z) ** 2).sum(-1, keepdims=True) + e)),
    "the median taken off": _normed(lambda z: z - np.median(z, -1, keepdims=True), lambda z, e: np.sqrt(z.var(-1, keepdims=True) + e)),
    "one mean for all rows": _normed(lambda z: z - z.mean(), lambda z, e: np.sqrt(z.var(-1, keepdims=True) + e)),
    "attention twice": lambda x, a, f, e: _block(x, a, a, e),
    "normed once, at the end": lambda x, a, f, e: _block(x + a(x), lambda z: 0 * z, f, e, lambda z, e: z) * 0 + _block(x, a, f, e, lambda z, e: z),
}.items():
    wrong("post_norm_block", f"{_what}, again", _answer, *{"epsilon outside the root": ("epsilon_outside_the_root",), "the root mean square": ("block_mean_not_subtracted",)}.get(_what, ()))

for _what, _answer in {
    "no bias in the feed-forward network": lambda v, p, d, f, n: v * d + p * d + n * (4 * (d * d + d) + 2 * d * f + 4 * d) + 2 * d,
    "the hidden width's bias twice": lambda v, p, d, f, n: v * d + p * d + n * (4 * (d * d + d) + 2 * d * f + 2 * f + 4 * d) + 2 * d,
    "norms counted once": lambda v, p, d, f, n: v * d + p * d + n * (4 * (d * d + d) + 2 * d * f + f + d) + 4 * d + 2 * d,
    "the last norm's gain alone": lambda v, p, d, f, n: v * d + p * d + n * (4 * (d * d + d) + 2 * d * f + f + d + 4 * d) + d,
    "an exit with a bias": lambda v, p, d, f, n: v * d + p * d + v + n * (4 * (d * d + d) + 2 * d * f + f + d + 4 * d) + 2 * d,
    "one of everything too many": lambda v, p, d, f, n: v * d + p * d + (n + 1) * (4 * (d * d + d) + 2 * d * f + f + d + 4 * d) + 2 * d,
    "one short": lambda v, p, d, f, n: v * d + p * d + n * (4 * (d * d + d) + 2 * d * f + f + d + 4 * d) + 2 * d - 1,
    "rounded to thousands": lambda v, p, d, f, n: round(v * d + p * d + n * (4 * (d * d + d) + 2 * d * f + f + d + 4 * d) + 2 * d, -3),
}.items():
    wrong("count_parameters", f"{_what}, again", _answer)

for _what, _answer in {
    "scaled by the width of the query": lambda q, w, k: np.einsum("ibc,ce,bej->bij", q, w, k) / np.sqrt(q.shape[-1]),
    "the first text for all": lambda q, w, k: np.einsum("ic,ce,bej->bij", q[:, 0], w, k),
    "the first text's keys for all": lambda q, w, k: np.einsum("ibc,ce,ej->bij", q, w, k[0]),
    "batches summed": lambda q, w, k: np.einsum("ibc,ce,aej->bij", q, w, k),
    "the diagonal of w": lambda q, w, k: np.einsum("ibc,ce,bej->bij", q, w * np.eye(*w.shape), k),
    "queries in reverse": lambda q, w, k: np.einsum("ibc,ce,bej->bij", q[::-1], w, k),
    "the texts in reverse": lambda q, w, k: np.einsum("ibc,ce,bej->bij", q, w, k)[::-1],
    "weights": lambda q, w, k: (lambda s: np.exp(s - s.max(-1, keepdims=True)) / np.exp(s - s.max(-1, keepdims=True)).sum(-1, keepdims=True))(
        np.einsum("ibc,ce,bej->bij", q, w, k)),
    "an axis of one lost": lambda q, w, k: np.squeeze(np.einsum("ibc,ce,bej->bij", q, w, k)),
    "the sums of both taken first": lambda q, w, k: np.einsum("ibc,bej->bij", q, k) * w.sum(),
}.items():
    wrong("scores_by_letters", f"{_what}, again", _answer)


def _early(losses, patience, better=lambda loss, losses, stop, best: loss < losses[best], done=lambda stop, best, patience: stop - best == patience):
    best = 0
    for stop, loss in enumerate(losses):
        if better(loss, losses, stop, best):
            best = stop
        if done(stop, best, patience):
            break
    return best, stop


for _what, _answer in {
    "a gain of a tenth at least": lambda a, n: _early(a, n, lambda loss, losses, stop, best: loss < losses[best] - 0.1),
    "a gain of one per cent at least": lambda a, n: _early(a, n, lambda loss, losses, stop, best: loss < losses[best] * 0.9),
    "better than the first": lambda a, n: _early(a, n, lambda loss, losses, stop, best: loss < losses[0]),
    "better than the mean so far": lambda a, n: _early(a, n, lambda loss, losses, stop, best: stop > 0 and loss < np.mean(losses[:stop])),
    "more than patience": lambda a, n: _early(a, n, done=lambda stop, best, n: stop - best > n),
    "always after patience": lambda a, n: (int(np.argmin(a[: n + 1])), min(n, len(a) - 1)),
    "patience at most three": lambda a, n: _early(a, min(n, 3)),
    "patience at least two": lambda a, n: _early(a, max(n, 2)),
    "the best of all seen, the last of them": lambda a, n: (_early(a, n)[1] - int(np.argmin(np.asarray(a)[: _early(a, n)[1] + 1][::-1])), _early(a, n)[1]),
    "the length where it never stops": lambda a, n: (_early(a, n)[0], _early(a, n)[1] if _early(a, n)[1] - _early(a, n)[0] == n else len(a)),
}.items():
    wrong("early_stopping", f"{_what}, again", _answer, *{"more than patience": ("patience_one_too_long",)}.get(_what, ()))


def _adam_like(step, shrink=lambda w, rate, decay: rate * decay * w):
    def walk(w, gradients, rate, decay, betas, epsilon):
        w, m, v = np.array(w, float), 0.0, 0.0
        for t, g in enumerate(np.asarray(gradients, float), start=1):
            m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
            with np.errstate(all="ignore"):
                w = w - shrink(w, rate, decay) - rate * step(m, v, t, betas, epsilon, g)
        return w
    return walk


def _fair(m, v, t, betas):
    return m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)


for _what, _answer in {
    "only the first average corrected": _adam_like(lambda m, v, t, b, e, g: _fair(m, v, t, b)[0] / (np.sqrt(v) + e)),
    "only the second average corrected": _adam_like(lambda m, v, t, b, e, g: m / (np.sqrt(_fair(m, v, t, b)[1]) + e)),
    "corrected as in step one always": _adam_like(lambda m, v, t, b, e, g: _fair(m, v, 1, b)[0] / (np.sqrt(_fair(m, v, 1, b)[1]) + e)),
    "epsilon added before the correction": _adam_like(lambda m, v, t, b, e, g: _fair(m, v, t, b)[0] / (np.sqrt((np.sqrt(v) + e) ** 2 / (1 - b[1] ** t)))),
    "epsilon left out": _adam_like(lambda m, v, t, b, e, g: np.nan_to_num(_fair(m, v, t, b)[0] / np.sqrt(_fair(m, v, t, b)[1]))),
    "the plain gradient above": _adam_like(lambda m, v, t, b, e, g: g / (np.sqrt(_fair(m, v, t, b)[1]) + e)),
    "the average alone": _adam_like(lambda m, v, t, b, e, g: _fair(m, v, t, b)[0]),
    "looking ahead": _adam_like(lambda m, v, t, b, e, g: (b[0] * _fair(m, v, t, b)[0] + (1 - b[0]) * g) / (np.sqrt(_fair(m, v, t, b)[1]) + e)),
    "decay by the sign": _adam_like(lambda m, v, t, b, e, g: _fair(m, v, t, b)[0] / (np.sqrt(_fair(m, v, t, b)[1]) + e), lambda w, r, d: r * d * np.sign(w)),
    "decay twice": _adam_like(lambda m, v, t, b, e, g: _fair(m, v, t, b)[0] / (np.sqrt(_fair(m, v, t, b)[1]) + e), lambda w, r, d: 2 * r * d * w),
    "decay of the square of the rate": _adam_like(lambda m, v, t, b, e, g: _fair(m, v, t, b)[0] / (np.sqrt(_fair(m, v, t, b)[1]) + e), lambda w, r, d: r * r * d * w),
}.items():
    wrong("adamw", f"{_what}, again", _answer)


def _pull(x, y, w, b, decay, weigh=lambda e: 2 * e / len(e), penalty=lambda w, decay: 2 * decay * w):
    e = weigh(np.asarray(x) @ w + b - y)
    return e @ x + penalty(np.asarray(w, float), decay), e.sum()


for _what, _answer in {
    "one example fewer in the mean": lambda x, y, w, b, d: _pull(x, y, w, b, d, lambda e: 2 * e / max(len(e) - 1, 1)),
    "errors cut at one": lambda x, y, w, b, d: _pull(x, y, w, b, d, lambda e: 2 * np.clip(e, -1, 1) / len(e)),
    "the root of the mean square": lambda x, y, w, b, d: _pull(x, y, w, b, d, lambda e: e / len(e) / np.sqrt((e**2).mean() + 1e-12)),
    "the length of w": lambda x, y, w, b, d: _pull(x, y, w, b, d, penalty=lambda w, d: d * w / np.linalg.norm(w)),
    "the penalty's square": lambda x, y, w, b, d: _pull(x, y, w, b, d, penalty=lambda w, d: 2 * d * d * w),
    "the penalty on the first input alone": lambda x, y, w, b, d: _pull(x, y, w, b, d, penalty=lambda w, d: 2 * d * w * (np.arange(len(w)) == 0)),
    "the mean of w": lambda x, y, w, b, d: _pull(x, y, w, b, d, penalty=lambda w, d: 2 * d * w.mean()),
    "the penalty where the error is": lambda x, y, w, b, d: (_pull(x, y, w, b, d)[0], _pull(x, y, w, b, d)[1] + d),
    "the last example left out": lambda x, y, w, b, d: _pull(x, y, w, b, d, lambda e: 2 * e * (np.arange(len(e)) < max(len(e) - 1, 1)) / len(e)),
}.items():
    wrong("penalised_gradient", f"{_what}, again", _answer)


def _merged(ids, merges, first, at=lambda i: True, ids_of=lambda j: j, passes=1, both=False):
    ids = [int(i) for i in ids]
    for j, (left, right) in enumerate(merges):
        for _ in range(passes):
            out, i = [], 0
            while i < len(ids):
                pair = tuple(ids[i:i + 2])
                found = (pair == (left, right) or both and pair == (right, left)) and at(i)
                out.append(first + ids_of(j) if found else ids[i])
                i += 2 if found else 1
            ids = out
    return np.array(ids)


for _what, _answer in {
    "either order of the pair": lambda a, m, f: _merged(a, m, f, both=True), "at even places alone": lambda a, m, f: _merged(a, m, f, at=lambda i: i % 2 == 0),
    "not at the start": lambda a, m, f: _merged(a, m, f, at=lambda i: i > 0), "ids above all that were": lambda a, m, f: _merged(a, m, f, ids_of=lambda j: j + 2),
    "the first three merges": lambda a, m, f: _merged(a, m[:3], f), "the first two merges": lambda a, m, f: _merged(a, m[:2], f),
    "the newest merge first": lambda a, m, f: _merged(a, m[::-1], f, ids_of=lambda j: len(m) - 1 - j),
    "new ids from the largest in the text": lambda a, m, f: _merged(a, m, int(max(a)) + 1), "the right id kept": lambda a, m, f: np.array(
        [i if i < f else m[i - f][1] for i in _merged(a, m, f).tolist()]), "all merges twice": lambda a, m, f: _merged(_merged(a, m, f), m, f)}.items():
    wrong("apply_merges", f"{_what}, again", _answer, *{"the newest merge first": ("merges_in_reverse_order",), "all merges twice": ("merges_repeated_until_nothing_changes",),
                                                       "the first two merges": ()}.get(_what, ()))

wrong("masked_fill", "axes of one dropped", lambda x, m, v: np.squeeze(np.where(m, v, x) * 1.0))
wrong("accumulate", "a number for one parameter", lambda g, n, clip: np.squeeze(_mean(g, n) * min(1.0, clip / max(_long(_mean(g, n)), 1e-9))))
wrong("post_norm_block", "whole numbers out of whole numbers", lambda x, a, f, e: _block(x, a, f, e).astype(np.asarray(x).dtype))
