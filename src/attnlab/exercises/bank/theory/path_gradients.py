"""Gradients along a straight way from a blank text to the text: shares that add up to what the answer has moved."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _shares(gradient, rows, blank, steps, places=lambda steps: (np.arange(steps) + 0.5) / steps, weigh=lambda change: change, mean=True, last=lambda x: x.sum(axis=-1)):
    rows, blank = np.asarray(rows, dtype=float), np.asarray(blank, dtype=float)
    change = rows - blank
    slopes = np.sum([np.asarray(gradient(blank + place * change), dtype=float) for place in places(steps)], axis=0)
    return last((slopes / steps if mean else slopes) * weigh(change))


def _reference(gradient, rows, blank, steps):
    return _shares(gradient, rows, blank, steps)


EXERCISE = Exercise(
    id="theory.path_gradients",
    title="Shares that add up: gradients along a path",
    level="apply",
    minutes=20,
    difficulty=3,
    page="theory/explanation",
    headings=("Four answers to one question", "What goes wrong"),
    statement=r"""
    The gradient at the text itself says what a *small* step would change, and taking a word away is no small step. So walk from a blank text $b$ to the text $x$ in a straight line, and average the gradient on the way: **integrated gradients**, as Sundararajan, Taly and Yan (2017) called it. For token $i$ with the row $x_i$,

    $$
    \text{share}_i = (x_i - b_i) \cdot \frac1S \sum_{s=1}^{S} \nabla_i f\Bigl(b + \tfrac{s - 1/2}{S}\,(x - b)\Bigr) ,
    $$

    with the midpoints of $S$ equal pieces and the dot product over the features. `gradient(rows)` returns the gradient of $f$ at any rows, (n × d); each call counts, so call it `steps` times.

    A tiny example: $f(x) = x^2$ for one token of one feature, so `gradient(rows)` is `2 * rows`. From `blank = [[0]]` to `rows = [[3]]` with one step: $3 \cdot (2 \cdot 1.5) =$ `[9]`, which is $f(3) - f(0)$.
    """,
    slot='''
    def path_gradients(gradient, rows, blank, steps):
        """The share of each token in f(rows) - f(blank).

        gradient: from (n, d) to (n, d); rows, blank: (n, d); steps: a whole number from 1 on
        result: (n,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "For a function that is linear every point has the same gradient, and the shares are exact with a single step.",
        r"Midpoints are $(s + 1/2)/S$ for $s = 0, \dots, S - 1$. Sum the gradients there, divide by $S$, multiply with the change, sum over features.",
        "```python\ntotal = np.zeros(rows.shape)\nfor s in range(steps):\n    total += gradient(blank + ____ / steps * (rows - blank))\nreturn (____ * total / steps).sum(axis=____)\n```",
    ),
    parsons=("ig_from_the_left_ends", "ig_gradient_at_the_text_alone"),
    why=r"""
    The shares add up to $f(x) - f(b)$, up to the error of the midpoints: the integral of the slope along a way is the height gained.

    **The two most common mistakes.** The ends of the pieces instead of their midpoints, which is far less accurate with few steps. The gradient at the text alone, multiplied by the change: the first order, whose shares add up to nothing in particular.

    **Cost.** $S$ gradients. And the shares depend on what is called blank: another blank, another explanation.
    """,
    verified="equal to loops for 1 to 9 tokens, 1 to 7 features, 1 to 50 steps, whole numbers and float32; the sum approaches the difference.",
    next_thought="what are the shares if the blank text is the text itself?",
    reference=_reference,
)


def _cubic(seed, n, d):
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    return lambda rows: one * np.asarray(rows, dtype=float) ** 2 + two * np.asarray(rows, dtype=float).sum() + np.cos(rows)


def _case(seed, n, d, steps):
    rng = np.random.default_rng(seed)
    return _cubic(seed, n, d), rng.normal(size=(n, d)), 0.5 * rng.normal(size=(n, d)), steps


EXERCISE.probe("5 tokens, 3 features, 7 steps", *_case(1, 5, 3, 7))
EXERCISE.probe("7 tokens, 2 features, 3 steps", *_case(2, 7, 2, 3))
EXERCISE.probe("one step", *_case(3, 3, 5, 1))
EXERCISE.probe("one token, one feature", *_case(4, 1, 1, 5))
EXERCISE.probe("as many tokens, features and steps", *_case(5, 4, 4, 4))
EXERCISE.probe("two steps, from nothing", _cubic(6, 5, 3), _case(6, 5, 3, 2)[1], np.zeros((5, 3)), 2)
EXERCISE.probe("whole numbers", _cubic(7, 2, 3), np.array([[1, 2, 0], [3, 1, 1]]), np.array([[0, 1, 0], [1, 0, 1]]), 4)
EXERCISE.probe("single precision", _cubic(8, 3, 2), _case(8, 3, 2, 3)[1].astype(np.float32), _case(8, 3, 2, 3)[2].astype(np.float32), 3)


@EXERCISE.solve
def path_gradients_solution(gradient, rows, blank, steps):
    total = np.zeros(rows.shape)
    for s in range(steps):
        total += gradient(blank + (s + 0.5) / steps * (rows - blank))
    return ((rows - blank) * total / steps).sum(axis=1)


@EXERCISE.mutant
def ig_from_the_left_ends(gradient, rows, blank, steps):
    total = np.zeros(rows.shape)
    for s in range(steps):
        total += gradient(blank + s / steps * (rows - blank))
    return ((rows - blank) * total / steps).sum(axis=1)


@EXERCISE.mutant
def ig_to_the_right_ends(gradient, rows, blank, steps):
    return _shares(gradient, rows, blank, steps, lambda steps: (np.arange(steps) + 1) / steps)


@EXERCISE.mutant
def ig_gradient_at_the_text_alone(gradient, rows, blank, steps):
    return ((rows - blank) * gradient(rows)).sum(axis=1)


@EXERCISE.mutant
def ig_multiplied_by_the_rows(gradient, rows, blank, steps):
    return _shares(gradient, rows, blank, steps, weigh=lambda change: np.asarray(rows, dtype=float))


@EXERCISE.mutant
def ig_gradients_added_and_not_averaged(gradient, rows, blank, steps):
    return _shares(gradient, rows, blank, steps, mean=False)


@EXERCISE.mutant
def ig_features_averaged(gradient, rows, blank, steps):
    return _shares(gradient, rows, blank, steps, last=lambda x: x.mean(axis=-1))


@EXERCISE.mutant
def ig_signs_lost(gradient, rows, blank, steps):
    return np.abs(_reference(gradient, rows, blank, steps))


@EXERCISE.mutant
def ig_length_for_the_product(gradient, rows, blank, steps):
    return _shares(gradient, rows, blank, steps, weigh=lambda change: 1.0, last=lambda x: np.linalg.norm(x, axis=-1))


EXERCISE.holds("the example of the statement comes out")(comes_out(np.array([9.0]), lambda rows: 2 * rows, np.array([[3.0]]), np.array([[0.0]]), 1))


@EXERCISE.holds("with many steps the shares add up to what the answer has moved")
def adds_up(call):
    rng = np.random.default_rng(0)
    rows, blank = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    total = float(np.sum(call(lambda x: 3 * np.asarray(x) ** 2 + np.asarray(x).sum(), rows, blank, 64)))
    moved = float((rows**3).sum() + rows.sum() ** 2 / 2 - (blank**3).sum() - blank.sum() ** 2 / 2)
    return None if abs(total - moved) < 0.01 else f"your shares add up to {text.number(total)}, the answer moved by {text.number(moved)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 5, 3, 7)))
