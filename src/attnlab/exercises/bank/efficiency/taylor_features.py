"""Features whose products are the first terms of the exponential."""

from __future__ import annotations

import math

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _features(x, one=1.0, linear=1.0, square=1 / math.sqrt(2), pairs=True):
    x = np.asarray(x, dtype=float)
    second = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1) if pairs else x**2
    return np.concatenate([np.full((len(x), 1), one), linear * x, square * second], axis=1)


def _reference(x):
    x = np.asarray(x, dtype=float)
    return np.array([[1.0, *row, *(a * b / math.sqrt(2) for a in row for b in row)] for row in x]).reshape(len(x), 1 + x.shape[1] + x.shape[1] ** 2)


EXERCISE = Exercise(
    id="efficiency.taylor_features",
    title="Features for the first terms of the exponential",
    level="apply",
    minutes=15,
    difficulty=2,
    page="efficiency/linear",
    headings=("Moving the brackets", "What it costs"),
    statement=r"""
    No map to finitely many features has the products $e^s$ for all $q$ and $k$. But a map can have the first terms of $e^s$ exactly: find $\phi$ such that for **all** $q$ and $k$

    $$\phi(q) \cdot \phi(k) = 1 + s + \tfrac 1 2 s^2, \qquad s = q \cdot k .$$

    For each row $x$ of $d$ numbers return $1 + d + d^2$ features in this order: a 1; the $d$ entries of $x$; and a multiple of the $d^2$ products $x_a x_b$, with $b$ running fastest. (The sum is never below $\frac 1 2$, so that the normaliser cannot vanish.)

    A tiny example: for `x = [[2, 0]]` the features are `[1, 2, 0, c, 0, 0, 0]`, where `c` is 4 times the multiple, which you have to find.
    """,
    slot='''
    def taylor_features(x):
        """Features with phi(q) . phi(k) = 1 + q.k + (q.k)^2 / 2.

        x: (tokens, d)
        result: (tokens, 1 + d + d * d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A product of sums is a sum over all pairs: write the square of $q \\cdot k$ as a product of something of $q$ alone and something of $k$ alone.",
        r"$(q \cdot k)^2 = \sum_{a, b} (q_a q_b)(k_a k_b)$. A factor in front of the features enters the product **twice**.",
        "```python\nones = np.ones((len(x), 1))\npairs = (x[:, :, None] * ____).reshape(len(x), ____)\nreturn np.concatenate([ones, x, pairs / ____], axis=1)\n```",
    ),
    parsons=("taylor_halved_twice", "taylor_not_halved"),
    why=r"""
    The state of such a layer has $(1 + d + d^2)\, d_v$ numbers: more terms, a better exponential, and a state that grows with a power of the width. For widths such as 16 that is affordable.

    **The two most common mistakes.** Dividing the products by 2: the factor is met once by the query and once by the key. The squares $x_a^2$ alone in place of all products.

    **Cost.** $d^2$ products a token; with $x_a x_b = x_b x_a$ about half of the features would do.
    """,
    verified="widths of 1 to 7, one row, zeros, large numbers, whole numbers, single precision.",
    next_thought="which of the d times d products could be left out, and what would the others have to be multiplied by?",
    reference=_reference,
)

_RNG = np.random.default_rng(5)
for _n, _d in ((5, 3), (1, 2), (7, 1), (4, 4), (3, 7), (2, 1)):
    EXERCISE.probe(f"{_n} rows of width {_d}", _RNG.normal(size=(_n, _d)))
EXERCISE.probe("zeros", np.zeros((2, 3)))
EXERCISE.probe("whole numbers", np.array([[1, -2, 3], [0, 4, -1]]))
EXERCISE.probe("single precision", _RNG.normal(size=(3, 2)).astype(np.float32))
EXERCISE.probe("large numbers", 100 * _RNG.normal(size=(2, 3)))


@EXERCISE.solve
def taylor_features_solution(x):
    ones = np.ones((len(x), 1))
    pairs = (x[:, :, None] * x[:, None, :]).reshape(len(x), x.shape[1] ** 2)
    return np.concatenate([ones, x, pairs / np.sqrt(2)], axis=1)


@EXERCISE.mutant
def taylor_halved_twice(x):
    ones = np.ones((len(x), 1))
    pairs = (x[:, :, None] * x[:, None, :]).reshape(len(x), x.shape[1] ** 2)
    return np.concatenate([ones, x, pairs / 2], axis=1)


@EXERCISE.mutant
def taylor_not_halved(x):
    ones = np.ones((len(x), 1))
    pairs = (x[:, :, None] * x[:, None, :]).reshape(len(x), x.shape[1] ** 2)
    return np.concatenate([ones, x, pairs], axis=1)


@EXERCISE.mutant
def taylor_squares_alone(x):
    return _features(x, pairs=False)


@EXERCISE.mutant
def taylor_without_the_one(x):
    return _features(x, one=0.0)


@EXERCISE.mutant
def taylor_linear_part_scaled(x):
    return _features(x, linear=1 / math.sqrt(2))


@EXERCISE.mutant
def taylor_minus_for_half(x):
    return _features(x, square=-1 / math.sqrt(2))


@EXERCISE.mutant
def taylor_all_scaled(x):
    return _features(x) / math.sqrt(2)


EXERCISE.holds("the example of the statement comes out")(comes_out([[1, 2, 0, 4 / math.sqrt(2), 0, 0, 0]], np.array([[2.0, 0]])))


@EXERCISE.holds("products of features are the first terms of the exponential")
def terms(call):
    q, k = np.random.default_rng(6).normal(size=(2, 5, 3))
    s = (q * k).sum(axis=1)
    found = (np.asarray(call(q), dtype=float) * np.asarray(call(k), dtype=float)).sum(axis=1)
    worst = np.abs(found - (1 + s + s * s / 2)).argmax()
    return None if np.allclose(found, 1 + s + s * s / 2, atol=1e-4) else f"for s = {text.number(float(s[worst]))} the product is {text.number(float(found[worst]))}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(np.random.default_rng(7).normal(size=(4, 3))))
