"""Attention itself: score, scale, normalise, mix."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import APART, APART_WEIGHTS, with_scores
from attnlab.reference import softmax

EXERCISE = Exercise(
    id="self_attention.scaled_dot_product",
    title="Scaled dot-product attention",
    level="apply",
    minutes=15,
    difficulty=2,
    page="self_attention/scaled_dot_product",
    headings=("In NumPy, one step at a time",),
    statement=r"""
    Write *score*, *scale*, *normalise* and *mix* for queries $Q$ ($n \times d_k$), keys $K$ ($m \times d_k$) and values $V$
    ($m \times d_v$), with any batch axes in front:

    $$O = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V$$

    A softmax along the last axis is imported for you. A tiny example: with `q = [[0, 0]]` every score is 0, so the two values
    `v = [[2, 4], [4, 8]]` are averaged, whatever the keys: `[[3, 6]]`. Scores in the thousands, of either sign, must do no harm.
    """,
    slot='''
    def attention(q, k, v):
        """softmax(q k^T / sqrt(d_k)) v

        q: (..., n_queries, d_k), k: (..., n_keys, d_k), v: (..., n_keys, d_v)
        result: (..., n_queries, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import numpy as np", "from attnlab.reference import softmax"),
    hints=(
        "Row $i$ of the output belongs to query $i$ and is an average of the values: inside the range that the values "
        "span. So it has $n$ rows of width $d_v$, and its weights add up to one along the keys.",
        r"Scores $S = Q K^\top / \sqrt{d_k}$ have shape $n \times m$; weights $A$ are their softmax along the last axis; "
        r"$O = A V$. With batch axes in front, only the last two axes of $K$ change places.",
        "Three lines, one a step.\n\n```python\nscores = q @ ____ / ____\nweights = softmax(____)\nreturn ____\n```\n\n"
        "`np.swapaxes` exchanges two axes; the width $d_k$ is the last number of `q.shape`.",
    ),
    parsons=("no_scale", "softmax_over_queries", "weights_transposed"),
    why=r"""
    Each line is a step by name: *score and scale*, *normalise*, *mix*. `swapaxes(-1, -2)` instead of `.T` leaves the batch axes alone.

    **The two most common mistakes.** Leaving out $\sqrt{d_k}$: the output is still an average of the values, the shapes agree,
    and only training slows as the softmax saturates. Dividing by the square root of the wrong width ($d_{\text{model}}$, $d_v$, the number of keys):
    invisible wherever the two widths happen to be equal.

    **Cost.** $2nm\,d_k$ operations for the scores and $2nm\,d_v$ for the mixture, and $nm$ numbers of memory for the weights: the
    square in the length that efficient attention works around.
    """,
    verified="equal to the definition for different numbers of queries and keys, d_k unlike d_v, batch axes, and scores of 60 and of 1000.",
    next_thought="which of your lines would have to change if every query might see only some of the keys?",
    reference=lambda q, k, v: reference.attention(q, k, v),
)

_rng = np.random.default_rng(3)
_q, _k, _v = _rng.normal(size=(3, 5)), _rng.normal(size=(7, 5)), _rng.normal(size=(7, 2))
_square = tuple(_rng.normal(size=(5, 5)) for _ in range(3))
EXERCISE.probe("3 queries, 7 keys, d_k = 5, d_v = 2", _q, _k, _v)
EXERCISE.probe("5 queries, 5 keys, d_k = d_v = 5", *_square)
EXERCISE.probe("a batch of 2 x 3", _rng.normal(size=(2, 3, 5, 11)), _rng.normal(size=(2, 3, 7, 11)),
               _rng.normal(size=(2, 3, 7, 13)))
EXERCISE.probe("3 texts of 3 tokens, all widths 3", *_rng.normal(size=(3, 3, 3, 3)))
EXERCISE.probe("scores of plus and minus 60", _q * 12, _k * 12, _v)
EXERCISE.probe("scores from -3000 to 1001", *with_scores(APART), np.arange(15.0).reshape(3, 5), extreme=True)


def _scores(q, k):
    return q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])


@EXERCISE.solve
def attention_solution(q, k, v):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = softmax(scores)
    return weights @ v


@EXERCISE.mutant
def no_scale(q, k, v):
    scores = q @ k.swapaxes(-1, -2)
    weights = softmax(scores)
    return weights @ v


@EXERCISE.mutant
def all_axes_turned(q, k, v):
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(q, k, v):
    exponentials = np.exp(_scores(q, k))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ v


@EXERCISE.mutant(evidence=text.not_finite)
def one_maximum_for_all_rows(q, k, v):
    exponentials = np.exp(_scores(q, k) - _scores(q, k).max())
    return exponentials / exponentials.sum(axis=-1, keepdims=True) @ v


@EXERCISE.mutant
def divided_by_d_k(q, k, v):
    scores = q @ k.swapaxes(-1, -2) / q.shape[-1]
    weights = softmax(scores)
    return weights @ v


@EXERCISE.mutant
def multiplied_by_sqrt_d_k(q, k, v):
    scores = q @ k.swapaxes(-1, -2) * np.sqrt(q.shape[-1])
    weights = softmax(scores)
    return weights @ v


@EXERCISE.mutant(evidence=text.values)
def scale_after_softmax(q, k, v):
    return softmax(q @ k.swapaxes(-1, -2)) / np.sqrt(q.shape[-1]) @ v


@EXERCISE.mutant
def scaled_by_n_keys(q, k, v):
    return softmax(q @ k.swapaxes(-1, -2) / np.sqrt(k.shape[-2])) @ v


@EXERCISE.mutant
def scaled_by_d_v(q, k, v):
    return softmax(q @ k.swapaxes(-1, -2) / np.sqrt(v.shape[-1])) @ v


@EXERCISE.mutant
def softmax_over_queries(q, k, v):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = softmax(scores, axis=-2)
    return weights @ v


@EXERCISE.mutant(same_as="softmax_over_queries")
def softmax_over_first_axis(q, k, v):
    return softmax(_scores(q, k), axis=0) @ v


@EXERCISE.mutant
def softmax_over_everything(q, k, v):
    scores = _scores(q, k)
    return softmax(scores.ravel()).reshape(scores.shape) @ v


@EXERCISE.mutant
def softmax_twice(q, k, v):
    return softmax(softmax(_scores(q, k))) @ v


@EXERCISE.mutant
def sigmoid_instead(q, k, v):
    return 1 / (1 + np.exp(-_scores(q, k))) @ v


@EXERCISE.mutant
def queries_and_keys_swapped(q, k, v):
    return softmax(_scores(k, q)) @ v


@EXERCISE.mutant
def weights_transposed(q, k, v):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = softmax(scores).swapaxes(-1, -2)
    return weights @ v


@EXERCISE.mutant
def missing_transpose(q, k, v):
    return softmax(q @ k / np.sqrt(q.shape[-1])) @ v


@EXERCISE.mutant(evidence=text.shapes)
def keys_used_as_values(q, k, v):
    return softmax(_scores(q, k)) @ k


@EXERCISE.mutant
def values_times_weights(q, k, v):
    return v @ softmax(_scores(q, k))


@EXERCISE.mutant
def no_softmax(q, k, v):
    return _scores(q, k) @ v


@EXERCISE.mutant
def hard_lookup(q, k, v):
    best = _scores(q, k).argmax(axis=-1)
    return np.eye(k.shape[-2])[best] @ v


@EXERCISE.mutant(evidence=text.identical_rows)
def mean_of_values(q, k, v):
    return np.full(_scores(q, k).shape, 1 / k.shape[-2]) @ v


@EXERCISE.mutant(evidence=text.shapes)
def weights_returned(q, k, v):
    return softmax(_scores(q, k))


@EXERCISE.mutant
def elementwise_product(q, k, v):
    return softmax(q * k / np.sqrt(q.shape[-1])) @ v


@EXERCISE.mutant
def cosine_instead_of_dot(q, k, v):
    unit_q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    unit_k = k / np.linalg.norm(k, axis=-1, keepdims=True)
    return softmax(unit_q @ unit_k.swapaxes(-1, -2)) @ v


@EXERCISE.holds("one row for each query, as wide as the values")
def output_shape(call):
    out = call(_q, _k, _v)
    return None if out.shape == (3, 2) else f"{text.shape(out)} for 3 queries and values of width 2"


@EXERCISE.holds("every output lies between the smallest and the largest value")
def inside_the_values(call):
    out = call(_q, _k, _v)
    low, high = _v.min(axis=0), _v.max(axis=0)
    if (out >= low - 1e-4).all() and (out <= high + 1e-4).all():
        return None
    return f"column 0 runs from {text.number(out[:, 0].min())} to {text.number(out[:, 0].max())}, " \
           f"the values from {text.number(low[0])} to {text.number(high[0])}"


@EXERCISE.holds("equal values come back unchanged, so the weights add up to 1")
def equal_values(call):
    out = call(_q, _k, np.ones((7, 2)))
    return None if np.allclose(out, 1, atol=1e-4) else f"with all values 1 the output begins {text.numbers(out, 3)}"


@EXERCISE.holds("reordering keys together with their values changes nothing")
def reordering_keys(call):
    order = [3, 1, 6, 0, 5, 2, 4]
    gap = np.abs(call(_q, _k[order], _v[order]) - call(_q, _k, _v)).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("each query is answered by itself")
def queries_are_independent(call):
    gap = np.abs(call(_q[:1], _k, _v) - call(_q, _k, _v)[:1]).max()
    return None if gap < 1e-4 else f"query 0 alone gets an answer that differs by {text.number(gap)}"


@EXERCISE.holds("a query of zeros gets the plain mean of the values")
def zero_query(call):
    out, mean = call(np.zeros((1, 5)), _k, _v)[0, 0], _v.mean(axis=0)[0]
    return None if abs(out - mean) < 1e-4 else f"it gets {text.number(out)}, the mean is {text.number(mean)}"


@EXERCISE.holds("doubling the width by repeating q and k is the same as multiplying the scores by the square root of 2")
def width_enters_as_a_square_root(call):
    wide = call(np.tile(_q, 2), np.tile(_k, 2), _v)
    gap = np.abs(wide - call(_q * np.sqrt(2), _k, _v)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("scores of 1000 and -1000 do no harm")
def large_scores(call):
    out = call(*with_scores(APART), np.eye(3))
    good = np.allclose(out, APART_WEIGHTS, atol=1e-3)
    return None if good else f"scores of 1000 and 1001 get the weights {text.numbers(out[0])}, -1000 and -1001 get {text.numbers(out[1])}"


@EXERCISE.holds("a score higher by the logarithm of 3 makes a weight three times as large")
def by_hand(call):
    out = call(*with_scores(np.array([[0.0, np.log(3)]])), np.eye(2))[0]
    return None if np.allclose(out, [0.25, 0.75], atol=1e-4) else f"with the scores 0 and log 3 the weights are {text.numbers(out)}"


@EXERCISE.holds("each text of a batch is answered by itself")
def texts_are_independent(call):
    q, k, v = EXERCISE.probes[2].arguments
    gap = np.abs(call(q, k, v)[1, 2] - call(q[1, 2], k[1, 2], v[1, 2])).max()
    return None if gap < 1e-4 else f"one text alone gets an answer that differs by {text.number(gap)}"
