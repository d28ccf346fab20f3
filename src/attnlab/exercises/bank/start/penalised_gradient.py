"""The gradient of a linear model with several inputs, under a penalty on large parameters."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _made(x, y, w, b, decay, *, two=2.0, share=None, error=None, penalty=None, on_bias=0.0):
    """Both gradients with one ingredient exchanged."""
    x, y, w = (np.asarray(part, dtype=float) for part in (x, y, w))
    error = x @ w + b - y if error is None else error(x, y, w, b)
    share = 1 / len(x) if share is None else share
    penalty = 2 * decay * w if penalty is None else penalty(w, len(x))
    return two * share * error @ x + penalty, two * share * error.sum() + on_bias


def _reference(x, y, w, b, decay):
    d_w = [2 * sum(e * row[i] for e, row in zip(x @ w + b - y, x)) / len(x) + 2 * decay * w[i] for i in range(len(w))]
    return np.array(d_w), 2 * np.mean(x @ w + b - y)


EXERCISE = Exercise(
    id="start.penalised_gradient",
    title="Several inputs, and a penalty",
    level="apply",
    minutes=15,
    difficulty=2,
    page="start/what_training_is",
    headings=("By hand: two parameters, three examples",),
    statement=r"""
    A linear model with $d$ inputs predicts $x \cdot w + b$. Its loss over $n$ examples is the mean squared error plus a penalty that keeps $w$ small:

    $$L(w, b) = \frac1n \sum_{i=1}^{n} (x_i \cdot w + b - y_i)^2 + \lambda \sum_{l=1}^{d} w_l^2 .$$

    Return the pair `(d_w, d_b)`: the gradient with respect to `w`, shape ($d$,), and with respect to `b`, one number. `decay` is $\lambda$.

    A tiny example: `x = [[1], [2]]`, `y = [0, 3]`, `w = [1]`, `b = 1` and `decay = 0.5` give `d_w = [3]` and `d_b = 2`.
    """,
    slot='''
    def penalised_gradient(x, y, w, b, decay):
        """Gradients of the penalised mean squared error with respect to w and b.

        x: (n, d), y: (n,), w: (d,), b and decay: numbers; result: an array (d,) and a number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Only one of the two parameters is in the penalty. Each gradient has the shape of what it belongs to.",
        r"With $e_i = x_i \cdot w + b - y_i$: the derivative of $e_i^2$ is $2 e_i$ times that of $e_i$, which is $x_{il}$ for $w_l$ and 1 for $b$. The derivative of $\lambda w_l^2$ is $2 \lambda w_l$.",
        "```python\nerror = x @ w + b - ____\nd_w = 2 * ____ @ x / len(x) + ____\nd_b = 2 * ____\nreturn d_w, d_b\n```",
    ),
    parsons=("penalty_not_doubled", "error_without_the_bias"),
    why=r"""
    Each input's parameter collects error times input, averaged over the examples; the bias is a parameter whose input is always 1. The penalty pulls every $w_l$ towards 0, the harder the larger it is.

    **The two most common mistakes.** Penalising the bias too: it only shifts all predictions, and nothing is gained by keeping it small. Dividing the penalty by $n$ along with the sum: it stands outside the mean.

    **Cost.** Two products with $x$: $2nd$ multiplications, whatever the penalty.
    """,
    verified="equal to the sums written out, for one input and several, one example and several, without a penalty, and for whole numbers.",
    next_thought="without data, what does descent on the penalty alone do to w in each step?",
    reference=_reference,
    parts=("d_w", "d_b"),
)

_rng = np.random.default_rng(41)


def _case(n, d):
    return _rng.normal(size=(n, d)), _rng.normal(size=n), _rng.normal(size=d)


_first = _case(7, 3)
EXERCISE.probe("7 examples of 3 inputs", *_first, 0.7, 0.3)
EXERCISE.probe("5 examples of 2 inputs, without a penalty", *_case(5, 2), -0.4, 0.0)
EXERCISE.probe("one example of 2 inputs", *_case(1, 2), 0.9, 0.2)
EXERCISE.probe("3 examples of 3 inputs, a strong penalty", *_case(3, 3), -1.1, 5.0)
EXERCISE.probe("2 examples of 5 inputs, no bias", *_case(2, 5), 0.0, 0.6)
EXERCISE.probe("whole numbers", np.array([[1, 0], [2, -1], [0, 3]]), np.array([1, 4, -2]), np.array([2, -1]), 1, 2)


@EXERCISE.solve
def penalised_gradient_solution(x, y, w, b, decay):
    error = x @ w + b - y
    d_w = 2 * error @ x / len(x) + 2 * decay * w
    d_b = 2 * error.mean()
    return d_w, d_b


@EXERCISE.mutant
def penalty_not_doubled(x, y, w, b, decay):
    error = x @ w + b - y
    d_w = 2 * error @ x / len(x) + decay * w
    d_b = 2 * error.mean()
    return d_w, d_b


@EXERCISE.mutant
def error_without_the_bias(x, y, w, b, decay):
    error = x @ w - y
    d_w = 2 * error @ x / len(x) + 2 * decay * w
    d_b = 2 * error.mean()
    return d_w, d_b


@EXERCISE.mutant
def penalty_on_the_bias(x, y, w, b, decay):
    return _made(x, y, w, b, decay, on_bias=2 * decay * b)


@EXERCISE.mutant
def penalty_left_out(x, y, w, b, decay):
    return _made(x, y, w, b, 0.0)


@EXERCISE.mutant
def penalty_averaged_too(x, y, w, b, decay):
    return _made(x, y, w, b, decay, penalty=lambda w, n: 2 * decay * w / n)


@EXERCISE.mutant
def errors_summed_not_averaged(x, y, w, b, decay):
    return _made(x, y, w, b, decay, share=1.0)


@EXERCISE.mutant
def square_not_doubled(x, y, w, b, decay):
    return _made(x, y, w, b, decay, two=1.0)


@EXERCISE.mutant
def error_the_wrong_way_round(x, y, w, b, decay):
    return _made(x, y, w, b, decay, error=lambda x, y, w, b: y - x @ w - b)


@EXERCISE.mutant
def input_not_multiplied(x, y, w, b, decay):
    _, d_b = _reference(x, y, w, b, 0.0)
    return np.full(len(w), d_b) + 2 * decay * np.asarray(w, dtype=float), d_b


EXERCISE.holds("the example of the statement comes out")(
    comes_out(([3], 2), np.array([[1], [2]]), np.array([0, 3]), np.array([1]), 1, 0.5))


@EXERCISE.holds("the same examples twice give the same gradients")
def twice(call):
    x, y, w = _first
    once, both = call(x, y, w, 0.7, 0.3), call(np.concatenate([x, x]), np.concatenate([y, y]), w, 0.7, 0.3)
    for name, one, two in zip(("d_w", "d_b"), once, both):
        gap = np.abs(np.asarray(one) - np.asarray(two)).max()
        if gap > 1e-4:
            return f"{name} moves by {text.number(gap)}"


@EXERCISE.holds("a step of 0.001 against the gradients lowers the loss by 0.001 times their squared length")
def downhill(call):
    x, y, w = _first
    d_w, d_b = (np.asarray(part, dtype=float) for part in call(x, y, w, 0.7, 0.3))
    loss = lambda w, b: ((x @ w + b - y) ** 2).mean() + 0.3 * (w**2).sum()
    fell, promised = loss(w, 0.7) - loss(w - 1e-3 * d_w, 0.7 - 1e-3 * float(d_b)), 1e-3 * float((d_w**2).sum() + d_b**2)
    if not abs(fell / promised - 1) < 0.02:
        return f"it falls by {text.number(1000 * fell)} thousandths, promised are {text.number(1000 * promised)}"
