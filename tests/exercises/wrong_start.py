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
