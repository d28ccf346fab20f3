"""The gradient measured by central differences: the check that every derivation has to pass."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _at(f, x, i, step):
    moved = np.array(x, dtype=float)
    moved.flat[i] += step
    return float(f(moved))


def _slopes(f, x, step, formula):
    return np.array([formula(i) for i in range(x.size)], dtype=float).reshape(x.shape)


def _reference(f, x, step):
    return _slopes(f, x, step, lambda i: (_at(f, x, i, step) - _at(f, x, i, -step)) / (2 * step))


EXERCISE = Exercise(
    id="fundamentals.numerical_gradient",
    title="Trust, but measure",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/from_scratch",
    headings=("Is the gradient right?",),
    statement=r"""
    `f` takes an array and returns one number. Measure its gradient at `x` by **central differences**: for every entry $i$, with all others as they are,

    $$\frac{f(x + h e_i) - f(x - h e_i)}{2 h}, \qquad h = \texttt{step}.$$

    A tiny example: for `f(x) = (x**2).sum()`, `x = [3, 0]` and any step the result is `[6, 0]`, also where the entries of `x` are whole numbers.
    """,
    slot='''
    def numerical_gradient(f, x, step):
        """The slope of f along every entry of x.

        f: array -> number, x: an array of any shape, step: a small number; result: the shape of x
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Each slope needs two calls of f. Between two entries nothing may be left changed.",
        r"Work on a copy, and on one that can hold fractions: an entry of an array of whole numbers drops them. `np.ndindex(x.shape)` runs through the places of all entries, whatever the number of axes.",
        "```python\nx = np.asarray(x, dtype=____)\ngradient = np.zeros(x.shape)\nfor place in np.ndindex(x.shape):\n    up, down = x.copy(), x.copy()\n    up[place] += ____\n"
        "    down[place] -= ____\n    gradient[place] = (f(up) - f(down)) / ____\nreturn gradient\n```",
    ),
    parsons=("difference_one_sided", "difference_width_forgotten"),
    why=r"""
    The errors of second order of the two sides cancel, so halving the step divides the error by four.

    **The two most common mistakes.** Dividing by one step in place of two. Changing an entry in place and not putting it back.

    **Cost.** Two forward passes for every parameter: fine for a test of a hundred numbers, hopeless for training.
    """,
    verified="equal to the central differences of three functions, for arrays of none to three axes, whole numbers, and steps from 0.001 to 2.",
    next_thought="why does a smaller step not always give a better answer?",
    reference=_reference,
)


def cubic(x):
    """A function with a different slope at every entry, and curvature of odd and even order."""
    weights = np.arange(1, x.size + 1).reshape(x.shape)
    return (weights * x**3).sum() + (x**2).sum()


def coupled(x):
    """A function in which the entries act on one another."""
    return np.exp(x.mean()) + (x * x[::-1]).sum() + x.flat[0] ** 2


def quintic(x):
    """A function whose slope no difference of few points gives exactly."""
    return (x**5).sum()


_rng = np.random.default_rng(14)
EXERCISE.probe("a cubic function of 3 numbers, step 0.1", cubic, _rng.normal(size=3), 0.1)
EXERCISE.probe("entries that act on one another, 2 by 3, step 0.2", coupled, _rng.normal(size=(2, 3)), 0.2)
EXERCISE.probe("a cubic function of 2 by 3 by 2 numbers, step 0.3", cubic, _rng.normal(size=(2, 3, 2)), 0.3)
EXERCISE.probe("a cubic function of one number without axes, step 2", cubic, np.array(1.5), 2.0)
EXERCISE.probe("a cubic function of 5 numbers, step 0.001", cubic, _rng.normal(size=5), 0.001)
EXERCISE.probe("the fifth powers of 2 numbers, step 0.7", quintic, np.array([1.2, -0.4]), 0.7)
EXERCISE.probe("a cubic function of 3 whole numbers, step 0.5", cubic, np.array([3, 0, -2]), 0.5)


@EXERCISE.solve
def numerical_gradient_solution(f, x, step):
    x = np.asarray(x, dtype=float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        gradient[place] = (f(up) - f(down)) / (2 * step)
    return gradient


@EXERCISE.mutant
def difference_one_sided(f, x, step):
    x = np.asarray(x, dtype=float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        gradient[place] = (f(up) - f(x)) / step
    return gradient


@EXERCISE.mutant
def difference_width_forgotten(f, x, step):
    x = np.asarray(x, dtype=float)
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        gradient[place] = (f(up) - f(down)) / step
    return gradient


@EXERCISE.mutant
def difference_all_at_once(f, x, step):
    return np.full(x.shape, (f(x + step) - f(x - step)) / (2 * step))


@EXERCISE.mutant
def difference_not_undone(f, x, step):
    moved, slopes = np.array(x, dtype=float), np.zeros(x.shape)
    for i in range(x.size):
        moved.flat[i] += step
        up = f(moved)
        moved.flat[i] -= 2 * step
        slopes.flat[i] = (up - f(moved)) / (2 * step)
    return slopes


@EXERCISE.mutant
def difference_sign_reversed(f, x, step):
    return -_reference(f, x, step)


@EXERCISE.mutant
def difference_not_divided(f, x, step):
    return _reference(f, x, step) * 2 * step


@EXERCISE.mutant
def difference_of_the_neighbours(f, x, step):
    return np.roll(_reference(f, x, step), 1)


@EXERCISE.mutant
def difference_of_whole_numbers(f, x, step):
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        gradient[place] = (f(up) - f(down)) / (2 * step)
    return gradient


@EXERCISE.mutant
def difference_step_ignored(f, x, step):
    return _reference(f, x, 1e-5)


@EXERCISE.mutant
def difference_relative_step(f, x, step):
    x = np.array(x, dtype=float)
    steps = step * np.maximum(np.abs(x), 1e-8)
    return _slopes(f, x, step, lambda i: (_at(f, x, i, steps.flat[i]) - _at(f, x, i, -steps.flat[i])) / (2 * steps.flat[i]))


@EXERCISE.mutant(same_as="difference_one_sided")
def difference_one_sided_downwards(f, x, step):
    return _slopes(f, x, step, lambda i: (_at(f, x, i, 0) - _at(f, x, i, -step)) / step)


@EXERCISE.holds("a linear function gives its coefficients, at any step")
def linear(call):
    coefficients = np.array([2.0, -1.0, 0.5])
    out = call(lambda x: (coefficients * x).sum(), np.array([1.0, 2.0, 3.0]), 0.5)
    gap = np.abs(out - coefficients).max()
    return None if gap < 1e-4 else f"coefficients 2, -1 and 0.5 come out as {text.numbers(out, 3)}"


@EXERCISE.holds("a quadratic function is measured exactly")
def quadratic(call):
    out = call(lambda x: float((x**2).sum()), np.array([3.0, 0.0]), 0.5)
    return None if np.abs(out - [6, 0]).max() < 1e-4 else f"6 and 0 come out as {text.numbers(out, 2)}"


@EXERCISE.holds("the shape is that of x")
def same_shape(call):
    out = call(lambda x: float(x.sum()), np.zeros((2, 3)), 0.1)
    return None if out.shape == (2, 3) else f"{text.shape(out)} for x (2, 3)"


EXERCISE.holds("the squares of the whole numbers 3 and 0 have the slopes 6 and 0, at steps of 0.1 and of 5")(
    lambda call: comes_out([6, 0], lambda x: float((x**2).sum()), np.array([3, 0]), 0.1)(call)
    or comes_out([6, 0], lambda x: float((x**2).sum()), np.array([3, 0]), 5.0)(call))
EXERCISE.holds("a cube is measured with the error that the step makes: at 1, with the step 0.5, its slope is 3.25")(
    comes_out([3.25], lambda x: float((x**3).sum()), np.array([1.0]), 0.5))
EXERCISE.holds("the product of 2 and 5 has the slopes 5 and 2")(
    comes_out([5, 2], lambda x: float(x[0] * x[1]), np.array([2.0, 5.0]), 0.5))
