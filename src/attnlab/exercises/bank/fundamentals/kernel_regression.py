"""Kernel regression: a weighted mean of the values, weighted by how near each key is."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference import scoring

EXERCISE = Exercise(
    id="fundamentals.kernel_regression",
    title="Attention of 1964",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/mathematics",
    headings=("Attention as kernel regression",),
    statement=r"""
    Return for every query the mean of the values, each weighted by a Gaussian bump around its key:

    $$o_i = \frac{\sum_j G_{ij}\, v_j}{\sum_j G_{ij}}, \qquad G_{ij} = e^{-\lVert q_i - k_j \rVert^2 / (2 w^2)} .$$

    Write it in NumPy, without `attnlab`. It must come out right for every width, also where all bumps of a query are too small for a number: then the nearest keys share the weight.

    A tiny example: the query `[[0]]`, keys `[[0], [2]]`, values `[[0], [1]]` and width 1 give `[[0.119]]`: the far key has $e^{-2} = 0.135$ against 1.
    """,
    slot='''
    def kernel_regression(q, k, v, width):
        """Mean of the values, weighted by Gaussian bumps around the keys.

        q: (queries, d), k: (keys, d), v: (keys, d_v), width: a number above 0
        result: (queries, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If query and keys are all moved by the same vector, nothing changes. If all values are equal, so is every output.",
        r"The differences of all pairs are an array of queries $\times$ keys $\times d$; square it and sum over the last axis. Subtracting one number from a row of squared distances multiplies all its bumps by one factor, and that cancels.",
        "```python\ngaps = q[:, None, :] - ____\nsquared = (gaps**2).sum(axis=____)\nnearest = squared.min(axis=____, keepdims=True)\nbumps = np.exp(____)\n"
        "weights = bumps / ____\nreturn weights @ v\n```",
    ),
    parsons=("kernel_width_not_squared", "kernel_distance_not_squared"),
    why=r"""
    It is a softmax over the scores $-\lVert q - k \rVert^2 / 2w^2$. The width plays the part of the temperature: small widths look up, large ones average.

    **The two most common mistakes.** The width not squared, which shows only where the width is not 1. Forgetting to divide by the sum of the bumps.

    With the smallest distance subtracted no row of bumps can vanish, as no softmax overflows with the largest score subtracted.

    **Cost.** $n\,m\,d$ for the distances, $n\,m\,d_v$ for the means: that of attention.
    """,
    verified="equal to the formula at six widths from 0.001 to 1,000, for unequal sizes, a square case, one key, and a query far from all keys.",
    next_thought="a query far away from all keys gets the value of the nearest: would you want that?",
    reference=scoring.kernel_regression,
)

_rng = np.random.default_rng(9)
_q, _k, _v = _rng.normal(size=(3, 2)), _rng.normal(size=(7, 2)), _rng.normal(size=(7, 5)) * 3
EXERCISE.probe("3 queries, 7 keys, width 0.8", _q, _k, _v, 0.8)
EXERCISE.probe("one query, 5 keys, width 2", *(_rng.normal(size=s) for s in ((1, 3), (5, 3), (5, 2))), 2.0)
EXERCISE.probe("5 queries, 5 keys, all widths 5", *_rng.normal(size=(3, 5, 5)), 1.5)
EXERCISE.probe("3 queries, 7 keys, width 0.3", _q, _k, _v, 0.3)
EXERCISE.probe("one key", _q, _k[:1], _v[:1], 0.8)
EXERCISE.probe("3 queries, 7 keys, width 1,000", _q, _k, _v, 1000.0)
EXERCISE.probe("whole numbers as keys", np.array([[0], [3]]), np.array([[0], [2], [5]]), np.array([[0], [1], [4]]), 1)
EXERCISE.probe("3 queries, 7 keys, width 0.001", _q, _k, _v, 0.001, extreme=True)
EXERCISE.probe("queries 300 away from all keys, width 0.5", _q + 300, _k, _v, 0.5, extreme=True)


def _squared(q, k):
    return ((q[:, None, :] - k[None, :, :]) ** 2).sum(axis=-1)


def _mean(scores, v, axis=-1):
    bumps = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return bumps / bumps.sum(axis=axis, keepdims=True) @ v


@EXERCISE.solve
def kernel_regression_solution(q, k, v, width):
    gaps = q[:, None, :] - k[None, :, :]
    squared = (gaps**2).sum(axis=-1)
    nearest = squared.min(axis=-1, keepdims=True)
    bumps = np.exp((nearest - squared) / (2 * width**2))
    weights = bumps / bumps.sum(axis=-1, keepdims=True)
    return weights @ v


@EXERCISE.mutant
def kernel_distance_not_squared(q, k, v, width):
    gaps = q[:, None, :] - k[None, :, :]
    distance = np.sqrt((gaps**2).sum(axis=-1))
    nearest = distance.min(axis=-1, keepdims=True)
    bumps = np.exp((nearest - distance) / (2 * width**2))
    weights = bumps / bumps.sum(axis=-1, keepdims=True)
    return weights @ v


@EXERCISE.mutant
def kernel_half_forgotten(q, k, v, width):
    return _mean(-_squared(q, k) / width**2, v)


@EXERCISE.mutant
def kernel_width_not_squared(q, k, v, width):
    gaps = q[:, None, :] - k[None, :, :]
    squared = (gaps**2).sum(axis=-1)
    nearest = squared.min(axis=-1, keepdims=True)
    bumps = np.exp((nearest - squared) / (2 * width))
    weights = bumps / bumps.sum(axis=-1, keepdims=True)
    return weights @ v


@EXERCISE.mutant
def kernel_sign_forgotten(q, k, v, width):
    return _mean(_squared(q, k) / (2 * width**2), v)


@EXERCISE.mutant
def kernel_not_normalised(q, k, v, width):
    return np.exp(-_squared(q, k) / (2 * width**2)) @ v


@EXERCISE.mutant
def kernel_normalised_over_queries(q, k, v, width):
    return _mean(-_squared(q, k) / (2 * width**2), v, axis=0)


@EXERCISE.mutant
def kernel_dot_product(q, k, v, width):
    return _mean(q @ k.T / width**2, v)


@EXERCISE.mutant
def kernel_nearest_only(q, k, v, width):
    return v[_squared(q, k).argmin(axis=-1)]


@EXERCISE.mutant(evidence=text.not_finite)
def kernel_bumps_underflow(q, k, v, width):
    bumps = np.exp(-_squared(q, k) / (2 * width**2))
    return bumps / bumps.sum(axis=-1, keepdims=True) @ v


@EXERCISE.mutant
def kernel_bumps_underflow_to_nothing(q, k, v, width):
    bumps = np.exp(-_squared(q, k) / (2 * width**2))
    return bumps / np.maximum(bumps.sum(axis=-1, keepdims=True), 1e-300) @ v


@EXERCISE.mutant
def kernel_mean_of_the_gaps(q, k, v, width):
    return _mean(-_squared(q, k) / q.shape[-1] / (2 * width**2), v)


@EXERCISE.mutant
def kernel_without_width(q, k, v, width):
    return _mean(-_squared(q, k) / 2, v)


@EXERCISE.mutant
def kernel_distance_along_the_axes(q, k, v, width):
    return _mean(-np.abs(q[:, None, :] - k[None, :, :]).sum(axis=-1) ** 2 / (2 * width**2), v)


@EXERCISE.holds("equal values come out as they are")
def equal_values(call):
    out = call(_q, _k, np.full((7, 2), 3.0), 0.8)
    return None if np.allclose(out, 3, atol=1e-4) else f"values of 3 come out as {text.numbers(out, 3)}"


@EXERCISE.holds("moving queries and keys together changes nothing")
def moved_together(call):
    gap = np.abs(call(_q + 2, _k + 2, _v, 0.8) - call(_q, _k, _v, 0.8)).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("stretching queries, keys and width together changes nothing")
def stretched_together(call):
    gap = np.abs(call(3 * _q, 3 * _k, _v, 2.4) - call(_q, _k, _v, 0.8)).max()
    return None if gap < 1e-4 else f"an entry moves by {text.number(gap)}"


EXERCISE.holds("the query 0 between the keys 0 and 2 gets 0.119 of the value of the second, at width 1")(
    comes_out([[0.119]], np.array([[0.0]]), np.array([[0.0], [2.0]]), np.array([[0.0], [1.0]]), 1.0))
EXERCISE.holds("a key at a distance of twice the width counts 0.135 of one at no distance, at width 3 as well")(
    comes_out([[0.119]], np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 6.0]]), np.array([[0.0], [1.0]]), 3.0))
EXERCISE.holds("two features of 1 and 1 are a squared distance of 2")(
    comes_out([[0.269]], np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0]]), 1.0))
EXERCISE.holds("a query far from all keys gets the value of the nearest")(
    comes_out([[7.0]], np.array([[1e4]]), np.array([[0.0], [2.0]]), np.array([[5.0], [7.0]]), 1.0))


@EXERCISE.holds("each query is answered as if it were alone")
def queries_are_independent(call):
    for i, query in enumerate(np.concatenate([_q, _q + 40])):
        gap = np.abs(call(query[None], _k, _v, 0.8)[0] - call(np.concatenate([_q, _q + 40]), _k, _v, 0.8)[i]).max()
        if not gap < 1e-3:
            return f"query {i} of 6, alone, differs by {text.number(gap)}"
    return None
