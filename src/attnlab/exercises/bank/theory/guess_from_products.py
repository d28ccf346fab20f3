"""Gradient descent without a weight vector: residuals and dot products alone, as layers of attention do it."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _guess(products, question, labels, rate, steps, residual=None, sign=1.0):
    products, question, labels = (np.asarray(one, dtype=float) for one in (products, question, labels))
    left, out = labels.copy(), 0.0
    for _ in range(steps):
        out += sign * rate * (question @ left)
        left = residual(left, labels) if residual else left - rate * products @ left
    return out


def _reference(products, question, labels, rate, steps):
    return _guess(products, question, labels, rate, steps)


EXERCISE = Exercise(
    id="theory.guess_from_products",
    title="Descent that never sees its weights",
    level="apply",
    minutes=20,
    difficulty=3,
    page="theory/in_context",
    headings=("A layer is a step",),
    statement=r"""
    Layers of linear attention do not keep a vector $w$. Each token keeps what is still **wrong** with its label, and they meet in dot products alone.

    Given are the products of all examples, `products[i, j]` $= x_i \cdot x_j$, those with the new input, `question[i]` $= x_i \cdot x$, and the labels. Return the prediction $w \cdot x$ after so many steps of gradient descent on $\tfrac12 \sum_i (w \cdot x_i - y_i)^2$ from $w = 0$, without knowing a single $x$. With 0 steps it is 0.

    A tiny example: one example with $x_1 \cdot x_1 = 2$, $x_1 \cdot x = 1$, $y_1 = 3$ and a rate of 0.25 gives 0.75 after one step and 1.125 after two.
    """,
    slot='''
    def guess_from_products(products, question, labels, rate, steps):
        """The prediction for the question after so many steps.

        products: (n, n); question, labels: (n,); rate: a number; steps: a whole number, 0 or more
        result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With a small rate and many steps the prediction for an example itself (its row of products as the question) comes near its label, as long as there are more features than examples.",
        "A step adds $\\eta \\sum_i r_i x_i$ to $w$, where $r_i$ is what is left of label $i$. So the prediction grows by $\\eta \\sum_i r_i\\,(x_i \\cdot x)$, and $r_j$ loses $\\eta \\sum_i r_i\\,(x_i \\cdot x_j)$.",
        "```python\nleft, guess = labels * ____, 0.0\nfor _ in range(steps):\n    guess = guess + rate * ____\n    left = left - rate * ____\nreturn guess\n```",
    ),
    parsons=("guess_labels_never_used_up", "guess_after_the_residual"),
    why=r"""
    This is kernel gradient descent: with any other table of products it descends in the space of that kernel. It is also what the layers do: each token's residual is a value, each product a score.

    **The two most common mistakes.** Using the labels again in each step: that is one step with a larger rate. Taking the residuals after they were made smaller: the first step is then lost.

    **Cost.** $n^2$ a step for the residuals, $n$ for the question; with $w$ it would be $n\,d$.
    """,
    verified="equal to gradient descent on w for 1 to 9 examples, 1 to 6 features, 0 to 30 steps, whole numbers and float32.",
    next_thought="which table of products would make it descend with polynomials of second degree?",
    reference=_reference,
)


def _case(seed, n, d, rate, steps, dtype=float):
    rng = np.random.default_rng(seed)
    x, new, labels = rng.normal(size=(n, d)), rng.normal(size=d), rng.normal(size=n) * 2
    return (x @ x.T).astype(dtype), (x @ new).astype(dtype), labels.astype(dtype), rate, steps


for _n, _d, _rate, _steps in ((5, 3, 0.1, 1), (5, 3, 0.1, 2), (7, 2, 0.05, 3), (9, 6, 0.04, 30), (2, 5, 0.1, 4), (1, 4, 0.1, 3), (5, 5, 0.07, 5), (3, 2, 0.1, 0)):
    EXERCISE.probe(f"{_n} examples, {_d} features, {_steps} steps", *_case(_n + _steps, _n, _d, _rate, _steps))
EXERCISE.probe("whole numbers", np.array([[2, 1], [1, 3]]), np.array([1, -2]), np.array([3, 1]), 0.125, 2)
EXERCISE.probe("single precision", *_case(20, 6, 3, 0.05, 4, np.float32))
EXERCISE.probe("a large rate", *_case(21, 4, 3, 0.5, 3))


@EXERCISE.solve
def guess_from_products_solution(products, question, labels, rate, steps):
    left, guess = labels * 1.0, 0.0
    for _ in range(steps):
        guess = guess + rate * (question @ left)
        left = left - rate * (products @ left)
    return guess


@EXERCISE.mutant
def guess_labels_never_used_up(products, question, labels, rate, steps):
    left, guess = labels * 1.0, 0.0
    for _ in range(steps):
        guess = guess + rate * (question @ labels)
        left = left - rate * (products @ left)
    return guess


@EXERCISE.mutant
def guess_after_the_residual(products, question, labels, rate, steps):
    left, guess = labels * 1.0, 0.0
    for _ in range(steps):
        left = left - rate * (products @ left)
        guess = guess + rate * (question @ left)
    return guess


@EXERCISE.mutant
def guess_climbs(products, question, labels, rate, steps):
    return _guess(products, question, labels, -rate, steps)


@EXERCISE.mutant
def guess_minus_the_prediction(products, question, labels, rate, steps):
    return _guess(products, question, labels, rate, steps, sign=-1.0)


@EXERCISE.mutant
def guess_one_step_alone(products, question, labels, rate, steps):
    return _guess(products, question, labels, rate, min(steps, 1))


@EXERCISE.mutant
def guess_averaged_over_examples(products, question, labels, rate, steps):
    return _guess(products, question, labels, rate / len(labels), steps)


@EXERCISE.mutant
def guess_residual_without_the_rate(products, question, labels, rate, steps):
    products = np.asarray(products, dtype=float)
    return _guess(products, question, labels, rate, steps, lambda left, labels: left - products @ left)


@EXERCISE.mutant
def guess_residual_of_its_own_alone(products, question, labels, rate, steps):
    own = np.diag(np.asarray(products, dtype=float))
    return _guess(products, question, labels, rate, steps, lambda left, labels: left - rate * own * left)


EXERCISE.holds("the example of the statement comes out")(
    comes_out(1.125, np.array([[2.0]]), np.array([1.0]), np.array([3.0]), 0.25, 2))


@EXERCISE.holds("twice the labels give twice the prediction")
def linear(call):
    products, question, labels, rate, steps = _case(7, 5, 3, 0.1, 2)
    one, two = float(call(products, question, labels, rate, steps)), float(call(products, question, 2 * labels, rate, steps))
    return None if abs(two - 2 * one) < 1e-6 else f"the prediction goes from {text.number(one)} to {text.number(two)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(7, 5, 3, 0.1, 2)))
