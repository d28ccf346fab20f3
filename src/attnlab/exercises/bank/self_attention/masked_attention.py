"""Attention under a mask, a query that may look at nothing included."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import LARGE, LARGEST_HIDDEN, with_scores

EXERCISE = Exercise(
    id="self_attention.masked_attention",
    title="Masked attention without NaN",
    level="apply",
    minutes=20,
    difficulty=3,
    page="self_attention/masks",
    headings=("The mathematics", "A query with nothing to look at"),
    statement=r"""
    Write all steps in NumPy, without `attnlab.reference`: *score, scale, mask, normalise, mix*. The mask is boolean, true means **may look**, and it broadcasts to
    the scores' shape ($\dots, n, m$).

    $$a_{ij} = \frac{M_{ij}\, e^{s_{ij}}}{\sum_l M_{il}\, e^{s_{il}}}, \qquad o_i = \sum_j a_{ij} v_j$$

    A query that may look at **nothing** gets zeros. Scores may run into the thousands, of either sign, and a hidden one may be the largest. A tiny example: with one query, `v = [[1], [2], [6]]`, equal scores and
    the mask `[[True, True, False]]`, the output is `[[1.5]]`; with the mask all false it is `[[0]]`.
    """,
    slot='''
    def masked_attention(q, k, v, mask):
        """Attention over the permitted keys; a query without any gets zeros.

        q: (..., n, d_k), k: (..., m, d_k), v: (..., m, d_v), mask: boolean, True = may look
        result: (..., n, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A forbidden key has weight exactly 0 and the permitted ones add up to 1. So changing a forbidden key or its value "
        "changes nothing at all. And a row without permitted keys has no weights to normalise.",
        r"Set forbidden scores to $-\infty$, then take the softmax: $e^{-\infty} = 0$. In a row of nothing but $-\infty$ both the maximum to subtract "
        "and the sum to divide by need a replacement that is finite and not zero.",
        "```python\nscores = ____ / ____\nscores = np.where(mask, scores, ____)\n"
        "exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=____))\n"
        "total = exponentials.sum(____)\nreturn exponentials / np.where(total > 0, ____, ____) @ v\n```",
    ),
    parsons=("scores_times_mask", "dead_row_is_nan", "mask_inverted"),
    why=r"""
    `initial` gives the maximum of a dead row a finite value, so its exponentials are $e^{-\infty} = 0$ and not NaN; dividing by 1 where
    the total is 0 leaves the zeros alone. In every other row neither line changes anything.

    **The two most common mistakes.** Masking after the softmax: rows no longer add up to 1, and by how much depends on what was hidden.
    Filling with a large negative number: right until a row is all masked, which then becomes the average of everything it must not see.

    **Cost.** One choice for each of the $nm$ scores. The masked scores are computed and thrown away; skipping them is what block-sparse
    kernels are for.
    """,
    verified="equal to the definition under random, causal and padding masks, with dead rows, with one mask for a batch, and with scores of 60 and of 1000, hidden ones included.",
    next_thought="what is the gradient that flows into a query that may look at nothing?",
    reference=lambda q, k, v, mask: reference.attention(q, k, v, mask=mask),
)

_rng = np.random.default_rng(5)
_q, _k, _v = _rng.normal(size=(3, 5)), _rng.normal(size=(7, 5)), _rng.normal(size=(7, 2))
_mask = np.array([[1, 0, 1, 1, 0, 0, 1], [0, 1, 1, 0, 0, 1, 0], [1, 1, 1, 1, 1, 1, 1]], dtype=bool)
_dead = np.array([[0, 1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0], [1, 1, 0, 1, 1, 0, 1]], dtype=bool)
_batch = _rng.normal(size=(2, 3, 5)), _rng.normal(size=(2, 7, 5)), _rng.normal(size=(2, 7, 11))
_lengths = np.arange(7) < np.array([3, 7])[:, None, None]
EXERCISE.probe("3 queries, 7 keys", _q, _k, _v, _mask)
EXERCISE.probe("causal, 5 tokens", *(_rng.normal(size=(5, 3)) for _ in range(3)), np.tri(5, dtype=bool))
EXERCISE.probe("a batch of 2 with padding, the short text first", *_batch, _lengths)
EXERCISE.probe("query 1 may look at nothing", _q, _k, _v, _dead)
EXERCISE.probe("scores of plus and minus 60", _q * 12, _k * 12, _v, _mask)
EXERCISE.probe("one mask for a batch of 2, query 1 may look at nothing", *_batch, _dead)
EXERCISE.probe("one query, equal scores", np.zeros((1, 2)), np.ones((3, 2)), np.array([[1.0], [2.0], [6.0]]), np.array([[True, True, False]]))
EXERCISE.probe("nobody may look at anything", _q, _k, _v, np.zeros((3, 7), dtype=bool))
_wide = *with_scores(LARGE), np.arange(15.0).reshape(5, 3)
EXERCISE.probe("scores from -3000 to 2000, the largest hidden", *_wide, LARGEST_HIDDEN, extreme=True)
EXERCISE.probe("all visible scores near -3000", *with_scores(LARGE - 2000), _wide[2], LARGE < -900, extreme=True)


def _scores(q, k):
    return q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])


def _plain_softmax(scores):
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@EXERCISE.solve
def masked_attention_solution(q, k, v, mask):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-1e9))
    total = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / np.where(total > 0, total, 1) @ v


@EXERCISE.mutant
def no_mask(q, k, v, mask):
    return _plain_softmax(_scores(q, k)) @ v


@EXERCISE.mutant
def mask_inverted(q, k, v, mask):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(mask, -np.inf, scores)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-1e9))
    total = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / np.where(total > 0, total, 1) @ v


@EXERCISE.mutant(same_as="mask_inverted")
def mask_inverted_and_nan(q, k, v, mask):
    return _plain_softmax(np.where(mask, -np.inf, _scores(q, k))) @ v


@EXERCISE.mutant(same_as="mask_inverted")
def mask_inverted_with_large_fill(q, k, v, mask):
    return _plain_softmax(np.where(mask, -1e9, _scores(q, k))) @ v


@EXERCISE.mutant
def mask_after_softmax(q, k, v, mask):
    return _plain_softmax(_scores(q, k)) * mask @ v


@EXERCISE.mutant
def scores_times_mask(q, k, v, mask):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    scores = scores * mask
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ v


@EXERCISE.mutant(same_as="scores_times_mask")
def filled_with_tiny(q, k, v, mask):
    return _plain_softmax(np.where(mask, _scores(q, k), np.finfo(float).tiny)) @ v


@EXERCISE.mutant
def mask_added_as_numbers(q, k, v, mask):
    return _plain_softmax(_scores(q, k) + mask) @ v


@EXERCISE.mutant
def filled_with_minus_one(q, k, v, mask):
    return _plain_softmax(np.where(mask, _scores(q, k), -1.0)) @ v


@EXERCISE.mutant(evidence=text.not_finite)
def filled_with_plus_infinity(q, k, v, mask):
    return _plain_softmax(np.where(mask, _scores(q, k), np.inf)) @ v


@EXERCISE.mutant(evidence=text.not_finite)
def infinity_times_zero(q, k, v, mask):
    return _plain_softmax(_scores(q, k) + (1 - mask) * -np.inf) @ v


@EXERCISE.mutant
def renormalised_over_everything(q, k, v, mask):
    exponentials = np.exp(_scores(q, k)) * mask
    return exponentials / exponentials.sum() @ v


@EXERCISE.mutant(same_as="renormalised_over_everything")
def renormalised_over_all_scores(q, k, v, mask):
    weights = _plain_softmax(_scores(q, k)) * mask
    return weights / weights.sum() @ v


@EXERCISE.mutant(evidence=text.not_finite)
def dead_row_is_nan(q, k, v, mask):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ v


@EXERCISE.mutant
def dead_row_is_the_mean(q, k, v, mask):
    return _plain_softmax(np.where(mask, _scores(q, k), -1e9)) @ v


@EXERCISE.mutant
def filled_with_a_modest_number(q, k, v, mask):
    return _plain_softmax(np.where(mask, _scores(q, k), -100.0)) @ v


@EXERCISE.mutant(same_as="filled_with_a_modest_number")
def filled_with_minus_thousand(q, k, v, mask):
    return _plain_softmax(np.where(mask, _scores(q, k), -1000.0)) @ v


@EXERCISE.mutant(same_as="filled_with_a_modest_number")
def filled_with_minus_thirty(q, k, v, mask):
    return _plain_softmax(np.where(mask, _scores(q, k), -30.0)) @ v


def _relative_to(top, q, k, v, mask):
    exponentials = np.exp(np.where(mask, _scores(q, k), -np.inf) - top)
    total = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / np.where(total > 0, total, 1) @ v


@EXERCISE.mutant
def no_max_subtraction(q, k, v, mask):
    return _relative_to(0.0, q, k, v, mask)


@EXERCISE.mutant
def maximum_over_hidden_keys(q, k, v, mask):
    exponentials = np.exp(_scores(q, k) - _scores(q, k).max(axis=-1, keepdims=True)) * mask
    total = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / np.where(total > 0, total, 1) @ v


@EXERCISE.mutant(same_as="maximum_over_hidden_keys")
def maximum_over_hidden_keys_and_nan(q, k, v, mask):
    exponentials = np.exp(_scores(q, k) - _scores(q, k).max(axis=-1, keepdims=True)) * mask
    return np.nan_to_num(exponentials / exponentials.sum(axis=-1, keepdims=True)) @ v


@EXERCISE.mutant
def scaled_by_d_v(q, k, v, mask):
    return masked_attention_solution(q * np.sqrt(q.shape[-1] / v.shape[-1]), k, v, mask)


@EXERCISE.mutant
def first_mask_for_all(q, k, v, mask):
    return masked_attention_solution(q, k, v, mask[0] if mask.ndim > 2 else mask)


@EXERCISE.mutant
def mask_axes_swapped(q, k, v, mask):
    return masked_attention_solution(q, k, v, mask.swapaxes(-1, -2))


@EXERCISE.mutant
def no_scale(q, k, v, mask):
    return masked_attention_solution(q * np.sqrt(q.shape[-1]), k, v, mask)


@EXERCISE.holds("changing forbidden values changes nothing")
def hidden_values_stay_hidden(call):
    other = _v + 10 * ~_mask[1][:, None]
    gap = np.abs(call(_q, _k, other, _mask) - call(_q, _k, _v, _mask))[1].max()
    return None if gap < 1e-4 else f"query 1 moves by {text.number(gap)} when the values it may not see grow by 10"


@EXERCISE.holds("changing forbidden keys changes nothing")
def hidden_keys_stay_hidden(call):
    other = _k + ~_mask[1][:, None]
    gap = np.abs(call(_q, other, _v, _mask) - call(_q, _k, _v, _mask))[1].max()
    return None if gap < 1e-4 else f"query 1 moves by {text.number(gap)} when the keys it may not see grow by 1"


@EXERCISE.holds("a mask that is all true is no mask")
def all_true_is_no_mask(call):
    plain = reference.attention(_q, _k, _v)
    gap = np.abs(call(_q, _k, _v, np.ones((3, 7), dtype=bool)) - plain).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("permitted weights add up to 1")
def weights_sum_to_one(call):
    out = call(_q, _k, np.ones((7, 2)), _mask)
    return None if np.allclose(out, 1, atol=1e-4) else f"with all values 1 the output begins {text.numbers(out, 3)}"


@EXERCISE.holds("a query that may look at nothing gets zeros")
def dead_row_is_zero(call):
    for row in range(3):
        out = call(_q, _k, _v, _mask & (np.arange(3) != row)[:, None])[row]
        if not np.allclose(out, 0, atol=1e-6):
            return f"query {row} gets {text.numbers(out)}"
    out = call(*_batch, _dead)[:, 1]
    return None if np.allclose(out, 0, atol=1e-6) else f"in a batch it gets {text.numbers(out)}"


@EXERCISE.holds("scores of 1000 and -1000 do no harm, and a hidden one may be the largest")
def large_scores(call):
    q, k = with_scores(np.array([[1000.0, 1001.0, -3000.0, 3000.0], [-1000.0, -999.0, -3000.0, 1000.0]]))
    out = call(q, k, np.eye(4), np.array([True, True, True, False]))
    good = np.allclose(out, [[0.269, 0.731, 0, 0]] * 2, atol=1e-3)
    return None if good else f"scores of 1000 and 1001 get the weights {text.numbers(out[0])}, -1000 and -999 get {text.numbers(out[1])}"


@EXERCISE.holds("each query is masked by its own row")
def rows_are_independent(call):
    for row in range(3):
        gap = np.abs(call(_q[row:row + 1], _k, _v, _dead[row:row + 1]) - call(_q, _k, _v, _dead)[row]).max()
        if not gap < 1e-4:
            return f"query {row} alone gets an answer that differs by {text.number(gap)}"
    return None


@EXERCISE.holds("each text of a batch is answered by itself")
def texts_are_independent(call):
    q, k, v = _batch
    for i in range(2):
        gap = np.abs(call(q[i], k[i], v[i], _lengths[i]) - call(q, k, v, _lengths)[i]).max()
        if not gap < 1e-4:
            return f"text {i} alone gets an answer that differs by {text.number(gap)}"
    return None
