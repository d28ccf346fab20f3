"""Attention that may say no: score, scale, normalise beside one score that has no value, mix."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import APART, APART_WEIGHTS, with_scores
from attnlab.reference import softmax


def _scores(q, k):
    return q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])


def _shares(scores, nobody, axis=-1):
    """Softmax along an axis beside one more score; the share of that score is left out."""
    top = np.maximum(scores.max(axis=axis, keepdims=True), nobody)
    powers = np.exp(scores - top)
    return powers / (np.exp(nobody - top) + powers.sum(axis=axis, keepdims=True))


EXERCISE = Exercise(
    id="self_attention.scaled_dot_product",
    title="A dictionary that may say no",
    level="apply",
    minutes=20,
    difficulty=2,
    page="self_attention/scaled_dot_product",
    headings=("In NumPy, one step at a time",),
    statement=r"""
    In plain attention every query gets an average of values, even if no key fits. Give it a way out: one more score, `nobody`, which stands beside the scaled scores in **every** row and has no value. Its share of the weight brings nothing:

    $$o_i = \sum_{j} \frac{e^{s_{ij}}}{e^{\text{nobody}} + \sum_{l} e^{s_{il}}}\, v_j, \qquad s_{ij} = \frac{q_i \cdot k_j}{\sqrt{d_k}}$$

    with $Q$ ($n \times d_k$), $K$ ($m \times d_k$), $V$ ($m \times d_v$) and any batch axes in front; `nobody` is one number, and is not scaled. A softmax along the last axis is imported. Scores in the thousands, of either sign, must do no harm, and neither must `nobody`.

    A tiny example: `q = [[0, 0]]` makes both scores 0. With `nobody = 0` three shares are equal, so the values `[[3], [6]]` give `(3 + 6) / 3 = 3`.
    """,
    slot='''
    def attention_or_nobody(q, k, v, nobody):
        """Attention with one more score in every row, which has no value.

        q: (..., n_queries, d_k), k: (..., n_keys, d_k), v: (..., n_keys, d_v), nobody: a number
        result: (..., n_queries, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    hints=(
        "If `nobody` is far below all scores, the output is that of plain attention; far above, it is zero. In between the weights "
        "of the keys add up to *less* than one.",
        r"Put one more column behind the scaled scores, filled with `nobody`. Take the softmax along the last axis, of $m + 1$ numbers, and drop the last column again. "
        "With batch axes in front, only the last two axes of $K$ change places.",
        "```python\nscores = q @ ____ / ____\nempty = np.full((*scores.shape[:-1], 1), ____)\n"
        "weights = softmax(np.concatenate([____, ____], axis=____))\nreturn weights[..., ____] @ v\n```",
    ),
    parsons=("no_scale", "nobody_scaled", "weights_transposed"),
    why=r"""
    An extra column is an extra key whose value is zero. Since the softmax does the rest, large scores are safe as well.

    **The two most common mistakes.** Adding `nobody` to the denominator as it is, without an exponential. Letting it count once in each row but scaling it like a product of $d_k$ terms, which it is not.

    **Cost.** One number more for each query. With `nobody` fixed at 0 this is known as *softmax plus one*; in the model gpt-oss it is a *learned sink*, one learned number for each head. Without it, trained models
    make a place for unused weight themselves: they look at the first token, [an attention sink](../self_attention/patterns.ipynb).
    """,
    verified="equal to the definition for different numbers of queries and keys, d_k unlike d_v, batch axes, scores of 60 and of 1000, and `nobody` far above and far below.",
    next_thought="if `nobody` is learned, which way does its gradient point when the values that a query finds do harm?",
    reference=lambda q, k, v, nobody: _shares(_scores(q, k), nobody) @ v,
)

_rng = np.random.default_rng(3)
_q, _k, _v = _rng.normal(size=(3, 5)), _rng.normal(size=(7, 5)), _rng.normal(size=(7, 2))
_square = tuple(_rng.normal(size=(5, 5)) for _ in range(3))
EXERCISE.probe("3 queries, 7 keys, d_k = 5, d_v = 2, nobody 0.7", _q, _k, _v, 0.7)
EXERCISE.probe("5 queries, 5 keys, d_k = d_v = 5, nobody -0.5", *_square, -0.5)
EXERCISE.probe("a batch of 2 x 3, nobody 1.2", _rng.normal(size=(2, 3, 5, 11)), _rng.normal(size=(2, 3, 7, 11)),
               _rng.normal(size=(2, 3, 7, 13)), 1.2)
EXERCISE.probe("3 texts of 3 tokens, all widths 3, nobody 0.4", *_rng.normal(size=(3, 3, 3, 3)), 0.4)
EXERCISE.probe("scores of plus and minus 60, nobody 20", _q * 12, _k * 12, _v, 20.0)
EXERCISE.probe("scores from -3000 to 1001, nobody -3000", *with_scores(APART), np.arange(15.0).reshape(3, 5), -3000.0, extreme=True)
EXERCISE.probe("scores from -3000 to 1001, nobody 1000", *with_scores(APART), np.arange(15.0).reshape(3, 5), 1000.0, extreme=True)


@EXERCISE.solve
def attention_or_nobody_solution(q, k, v, nobody):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    empty = np.full((*scores.shape[:-1], 1), nobody)
    weights = softmax(np.concatenate([scores, empty], axis=-1))
    return weights[..., :-1] @ v


@EXERCISE.mutant
def no_scale(q, k, v, nobody):
    scores = q @ k.swapaxes(-1, -2)
    empty = np.full((*scores.shape[:-1], 1), nobody)
    weights = softmax(np.concatenate([scores, empty], axis=-1))
    return weights[..., :-1] @ v


@EXERCISE.mutant
def nobody_scaled(q, k, v, nobody):
    scores = q @ k.swapaxes(-1, -2)
    empty = np.full((*scores.shape[:-1], 1), nobody)
    weights = softmax(np.concatenate([scores, empty], axis=-1) / np.sqrt(q.shape[-1]))
    return weights[..., :-1] @ v


@EXERCISE.mutant
def nobody_ignored(q, k, v, nobody):
    return softmax(_scores(q, k)) @ v


@EXERCISE.mutant(same_as="nobody_ignored")
def nobody_taken_out_before_the_weights_are_divided(q, k, v, nobody):
    shares = _shares(_scores(q, k), nobody)
    return shares / np.maximum(shares.sum(axis=-1, keepdims=True), 1e-300) @ v


@EXERCISE.mutant
def nobody_without_exponential(q, k, v, nobody):
    scores = _scores(q, k)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / (powers.sum(axis=-1, keepdims=True) + nobody) @ v


@EXERCISE.mutant
def nobody_always_zero(q, k, v, nobody):
    return _shares(_scores(q, k), 0.0) @ v


@EXERCISE.mutant
def all_axes_turned(q, k, v, nobody):
    return _shares(q @ k.T / np.sqrt(q.shape[-1]), nobody) @ v


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(q, k, v, nobody):
    exponentials = np.exp(_scores(q, k))
    return exponentials / (np.exp(nobody) + exponentials.sum(axis=-1, keepdims=True)) @ v


@EXERCISE.mutant(evidence=text.not_finite)
def one_maximum_for_all_rows(q, k, v, nobody):
    top = max(_scores(q, k).max(), nobody)
    exponentials = np.exp(_scores(q, k) - top)
    return exponentials / (np.exp(nobody - top) + exponentials.sum(axis=-1, keepdims=True)) @ v


@EXERCISE.mutant
def divided_by_d_k(q, k, v, nobody):
    return _shares(q @ k.swapaxes(-1, -2) / q.shape[-1], nobody) @ v


@EXERCISE.mutant
def multiplied_by_sqrt_d_k(q, k, v, nobody):
    return _shares(q @ k.swapaxes(-1, -2) * np.sqrt(q.shape[-1]), nobody) @ v


@EXERCISE.mutant(evidence=text.values)
def scale_after_softmax(q, k, v, nobody):
    return _shares(q @ k.swapaxes(-1, -2), nobody) / np.sqrt(q.shape[-1]) @ v


@EXERCISE.mutant
def scaled_by_n_keys(q, k, v, nobody):
    return _shares(q @ k.swapaxes(-1, -2) / np.sqrt(k.shape[-2]), nobody) @ v


@EXERCISE.mutant
def scaled_by_d_v(q, k, v, nobody):
    return _shares(q @ k.swapaxes(-1, -2) / np.sqrt(v.shape[-1]), nobody) @ v


@EXERCISE.mutant
def softmax_over_queries(q, k, v, nobody):
    return _shares(_scores(q, k), nobody, axis=-2) @ v


@EXERCISE.mutant(same_as="softmax_over_queries")
def softmax_over_first_axis(q, k, v, nobody):
    return _shares(_scores(q, k), nobody, axis=0) @ v


@EXERCISE.mutant
def softmax_over_everything(q, k, v, nobody):
    return _shares(_scores(q, k), nobody, axis=None) @ v


@EXERCISE.mutant
def softmax_twice(q, k, v, nobody):
    scores = _scores(q, k)
    empty = np.full((*scores.shape[:-1], 1), nobody)
    return softmax(softmax(np.concatenate([scores, empty], axis=-1)))[..., :-1] @ v


@EXERCISE.mutant
def sigmoid_instead(q, k, v, nobody):
    return 1 / (1 + np.exp(nobody - _scores(q, k))) @ v


@EXERCISE.mutant
def queries_and_keys_swapped(q, k, v, nobody):
    return _shares(_scores(k, q), nobody) @ v


@EXERCISE.mutant
def weights_transposed(q, k, v, nobody):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    empty = np.full((*scores.shape[:-1], 1), nobody)
    weights = softmax(np.concatenate([scores, empty], axis=-1))
    return weights[..., :-1].swapaxes(-1, -2) @ v


@EXERCISE.mutant
def missing_transpose(q, k, v, nobody):
    return _shares(q @ k / np.sqrt(q.shape[-1]), nobody) @ v


@EXERCISE.mutant(evidence=text.shapes)
def keys_used_as_values(q, k, v, nobody):
    return _shares(_scores(q, k), nobody) @ k


@EXERCISE.mutant
def values_times_weights(q, k, v, nobody):
    return v @ _shares(_scores(q, k), nobody)


@EXERCISE.mutant
def no_softmax(q, k, v, nobody):
    return _scores(q, k) @ v


@EXERCISE.mutant
def hard_lookup(q, k, v, nobody):
    scores = _scores(q, k)
    best = np.eye(k.shape[-2])[scores.argmax(axis=-1)]
    return best * (scores.max(axis=-1, keepdims=True) > nobody) @ v


@EXERCISE.mutant(evidence=text.identical_rows)
def mean_of_values(q, k, v, nobody):
    return np.full(_scores(q, k).shape, 1 / k.shape[-2]) @ v


@EXERCISE.mutant(evidence=text.shapes)
def weights_returned(q, k, v, nobody):
    return _shares(_scores(q, k), nobody)


@EXERCISE.mutant
def elementwise_product(q, k, v, nobody):
    return _shares(q * k / np.sqrt(q.shape[-1]), nobody) @ v


@EXERCISE.mutant
def cosine_instead_of_dot(q, k, v, nobody):
    unit_q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    unit_k = k / np.linalg.norm(k, axis=-1, keepdims=True)
    return _shares(unit_q @ unit_k.swapaxes(-1, -2), nobody) @ v


@EXERCISE.holds("one row for each query, as wide as the values")
def output_shape(call):
    out = call(_q, _k, _v, 0.7)
    return None if out.shape == (3, 2) else f"{text.shape(out)} for 3 queries and values of width 2"


@EXERCISE.holds("with nobody at -1000 equal values come back unchanged")
def equal_values(call):
    out = call(_q, _k, np.ones((7, 2)), -1000.0)
    return None if np.allclose(out, 1, atol=1e-4) else f"with all values 1 the output begins {text.numbers(out, 3)}"


@EXERCISE.holds("with nobody at 1000 nothing comes back")
def nothing(call):
    out = call(_q, _k, _v, 1000.0)
    return None if np.allclose(out, 0, atol=1e-4) else f"the output begins {text.numbers(out, 3)}"


@EXERCISE.holds("reordering keys together with their values changes nothing")
def reordering_keys(call):
    order = [3, 1, 6, 0, 5, 2, 4]
    gap = np.abs(call(_q, _k[order], _v[order], 0.7) - call(_q, _k, _v, 0.7)).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("each query is answered by itself")
def queries_are_independent(call):
    gap = np.abs(call(_q[:1], _k, _v, 0.7) - call(_q, _k, _v, 0.7)[:1]).max()
    return None if gap < 1e-4 else f"query 0 alone gets an answer that differs by {text.number(gap)}"


@EXERCISE.holds("a query of zeros meets 7 keys and nobody at 0: an eighth of the sum of the values")
def zero_query(call):
    out, wanted = call(np.zeros((1, 5)), _k, _v, 0.0)[0, 0], _v.sum(axis=0)[0] / 8
    return None if abs(out - wanted) < 1e-4 else f"it gets {text.number(out)}, an eighth of the sum is {text.number(wanted)}"


@EXERCISE.holds("doubling the width by repeating q and k is the same as multiplying the scores by the square root of 2")
def width_enters_as_a_square_root(call):
    wide = call(np.tile(_q, 2), np.tile(_k, 2), _v, 0.7)
    gap = np.abs(wide - call(_q * np.sqrt(2), _k, _v, 0.7)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("scores of 1000 and -1000 do no harm, with nobody at -3000")
def large_scores(call):
    out = call(*with_scores(APART), np.eye(3), -3000.0)
    good = np.allclose(out, APART_WEIGHTS, atol=1e-3)
    return None if good else f"scores of 1000 and 1001 get the weights {text.numbers(out[0])}, -1000 and -1001 get {text.numbers(out[1])}"


@EXERCISE.holds("with the scores 0 and log 3 and nobody at log 4 the weights are an eighth and three eighths")
def by_hand(call):
    out = call(*with_scores(np.array([[0.0, np.log(3)]])), np.eye(2), float(np.log(4)))[0]
    return None if np.allclose(out, [0.125, 0.375], atol=1e-4) else f"the weights are {text.numbers(out)}"


@EXERCISE.holds("each text of a batch is answered by itself")
def texts_are_independent(call):
    q, k, v, nobody = EXERCISE.probes[2].arguments
    gap = np.abs(call(q, k, v, nobody)[1, 2] - call(q[1, 2], k[1, 2], v[1, 2], nobody)).max()
    return None if gap < 1e-4 else f"one text alone gets an answer that differs by {text.number(gap)}"
