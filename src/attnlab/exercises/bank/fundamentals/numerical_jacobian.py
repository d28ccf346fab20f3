"""The Jacobian measured by central differences: every output against every input."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _at(f, x, i, step):
    moved = np.array(x, dtype=float)
    moved.flat[i] += step
    return np.array(f(moved), dtype=float)


def _columns(f, x, formula):
    """The derivatives along each entry of x, which formula(i) gives, put together: the axes of f(x), then those of x."""
    shape = np.shape(f(np.array(x, dtype=float)))
    return np.stack([np.broadcast_to(formula(i), shape) for i in range(np.size(x))], axis=-1).reshape((*shape, *np.shape(x)))


def _reference(f, x, step):
    return _columns(f, x, lambda i: (_at(f, x, i, step) - _at(f, x, i, -step)) / (2 * step))


EXERCISE = Exercise(
    id="fundamentals.numerical_jacobian",
    title="Trust, but measure",
    level="apply",
    minutes=20,
    difficulty=2,
    page="fundamentals/from_scratch",
    headings=("Is the gradient right?",),
    statement=r"""
    `f` takes an array and returns an **array**. Measure by central differences how every output moves with every input. With $e_i$ an array of zeros with a 1 at place $i$, of the shape of `x`,

    $$J_{o\,i} = \frac{f(x + h e_i)_o - f(x - h e_i)_o}{2 h}, \qquad h = \texttt{step},$$

    where the result has the axes of `f(x)` first and those of `x` behind them: for an output of shape (2, 3) and an input of shape (5,) it is (2, 3, 5).

    A tiny example: for `f(x) = x**2`, `x = [3, 0]` and any step the result is `[[6, 0], [0, 0]]`, also where the entries of `x` are whole numbers.
    """,
    slot='''
    def numerical_jacobian(f, x, step):
        """The slope of every entry of f(x) along every entry of x.

        f: array -> array, x: an array of any shape, step: a small number
        result: the shape of f(x) followed by the shape of x
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Each entry of x needs two calls of f, and fills one slice of the result. Between two entries nothing may be left changed.",
        r"Work on a copy, and on one that can hold fractions. `np.ndindex(x.shape)` runs through the places of all entries, whatever the number of axes; `J[(..., *place)]` is the slice that belongs to one of them.",
        "```python\nx = np.asarray(x, dtype=____)\nresult = np.zeros((*np.shape(f(x)), *____))\nfor place in np.ndindex(x.shape):\n    up, down = x.copy(), x.copy()\n    up[place] += ____\n"
        "    down[place] -= ____\n    result[(..., *place)] = (f(up) - f(down)) / ____\nreturn result\n```",
    ),
    parsons=("difference_one_sided", "difference_width_forgotten"),
    why=r"""
    One input moves all outputs, so a pair of calls gives one column of the Jacobian. The errors of second order of the two sides cancel, so halving the step divides the error by four.

    **The two most common mistakes.** Dividing by one step in place of two. Outputs and inputs in the wrong order, which shows only where they differ in number.

    **Cost.** Two forward passes for every input, however many outputs there are: right for a test, hopeless for training.
    """,
    verified="equal to the central differences of five functions, for inputs and outputs of none to three axes, whole numbers, and steps from 0.001 to 2.",
    next_thought="a loss has one output and a million inputs: from which end is its gradient cheaper?",
    reference=_reference,
)


def cubic(x):
    """One number, with a different slope at every entry, and curvature of odd and even order."""
    weights = np.arange(1, x.size + 1).reshape(x.shape)
    return (weights * x**3).sum() + (x**2).sum()


def coupled(x):
    """Two numbers out of two rows, in which the entries act on one another."""
    return np.exp(x.mean()) * np.array([1.0, -0.5]) + (x * x[::-1]).sum(axis=-1) + x.flat[0] ** 2


def fan(x):
    """A table of 2 by 3 out of a row: entry [a, b] mixes them with weights of its own."""
    weights = np.sin(np.arange(6 * x.size)).reshape(2, 3, x.size)
    return (weights * x**3).sum(axis=-1)


def each(x):
    """Every entry by itself: the fifth power, whose slope no difference of few points gives exactly."""
    return x**5


def turned(x):
    """As many outputs as inputs, in another order and of another size."""
    return np.roll(x, 1, axis=0) * 2 + x**3


_rng = np.random.default_rng(14)
EXERCISE.probe("a table of 2 by 3 out of 5 numbers, step 0.1", fan, _rng.normal(size=5), 0.1)
EXERCISE.probe("two numbers out of 2 by 3 that act on one another, step 0.2", coupled, _rng.normal(size=(2, 3)), 0.2)
EXERCISE.probe("one number out of 2 by 3 by 2, step 0.3", cubic, _rng.normal(size=(2, 3, 2)), 0.3)
EXERCISE.probe("one number out of one without axes, step 2", cubic, np.array(1.5), 2.0)
EXERCISE.probe("one number out of 5, step 0.001", cubic, _rng.normal(size=5), 0.001)
EXERCISE.probe("the fifth powers of 2 numbers, step 0.7", each, np.array([1.2, -0.4]), 0.7)
EXERCISE.probe("3 numbers out of 3, turned, step 0.2", turned, _rng.normal(size=3), 0.2)
EXERCISE.probe("one number out of 3 whole numbers, step 0.5", cubic, np.array([3, 0, -2]), 0.5)


@EXERCISE.solve
def numerical_jacobian_solution(f, x, step):
    x = np.asarray(x, dtype=float)
    result = np.zeros((*np.shape(f(x)), *x.shape))
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        result[(..., *place)] = (f(up) - f(down)) / (2 * step)
    return result


@EXERCISE.mutant
def difference_one_sided(f, x, step):
    x = np.asarray(x, dtype=float)
    result = np.zeros((*np.shape(f(x)), *x.shape))
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        result[(..., *place)] = (f(up) - f(x)) / step
    return result


@EXERCISE.mutant
def difference_width_forgotten(f, x, step):
    x = np.asarray(x, dtype=float)
    result = np.zeros((*np.shape(f(x)), *x.shape))
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        result[(..., *place)] = (f(up) - f(down)) / step
    return result


@EXERCISE.mutant
def difference_axes_exchanged(f, x, step):
    right, out = _reference(f, x, step), np.ndim(f(np.array(x, dtype=float)))
    return right.transpose(*range(out, right.ndim), *range(out))


@EXERCISE.mutant
def difference_outputs_added_up(f, x, step):
    right, out = _reference(f, x, step), np.ndim(f(np.array(x, dtype=float)))
    return right.sum(axis=tuple(range(out)))


@EXERCISE.mutant
def difference_all_at_once(f, x, step):
    x = np.array(x, dtype=float)
    together = (np.asarray(f(x + step)) - f(x - step)) / (2 * step)
    return _columns(f, x, lambda i: together)


@EXERCISE.mutant
def difference_not_undone(f, x, step):
    moved = np.array(x, dtype=float)

    def slope(i):
        moved.flat[i] += step
        up = np.array(f(moved))
        moved.flat[i] -= 2 * step
        return (up - f(moved)) / (2 * step)
    return _columns(f, x, slope)


@EXERCISE.mutant
def difference_sign_reversed(f, x, step):
    return -_reference(f, x, step)


@EXERCISE.mutant
def difference_not_divided(f, x, step):
    return _reference(f, x, step) * 2 * step


@EXERCISE.mutant
def difference_of_the_neighbours(f, x, step):
    return _columns(f, x, lambda i: (_at(f, x, i - 1, step) - _at(f, x, i - 1, -step)) / (2 * step))


@EXERCISE.mutant
def difference_of_whole_numbers(f, x, step):
    def at(i, by):
        moved = np.array(x)
        moved.flat[i] = moved.flat[i] + by
        return np.array(f(moved), dtype=float)
    return _columns(f, x, lambda i: (at(i, step) - at(i, -step)) / (2 * step))


@EXERCISE.mutant
def difference_step_ignored(f, x, step):
    return _reference(f, x, 1e-5)


@EXERCISE.mutant
def difference_relative_step(f, x, step):
    x = np.array(x, dtype=float)
    steps = step * np.maximum(np.abs(x), 1e-8)
    return _columns(f, x, lambda i: (_at(f, x, i, steps.flat[i]) - _at(f, x, i, -steps.flat[i])) / (2 * steps.flat[i]))


@EXERCISE.mutant(same_as="difference_one_sided")
def difference_one_sided_downwards(f, x, step):
    return _columns(f, x, lambda i: (_at(f, x, i, 0) - _at(f, x, i, -step)) / step)


@EXERCISE.holds("a linear function gives its matrix, at any step")
def linear(call):
    matrix = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]])
    out = np.asarray(call(lambda x: matrix @ x, np.array([1.0, 2.0, 3.0]), 0.5))
    if out.shape != (2, 3):
        return f"{text.shape(out)} for a matrix (2, 3)"
    gap = np.abs(out - matrix).max()
    return None if gap < 1e-4 else f"the row 2, -1, 0.5 comes out as {text.numbers(out[0], 3)}"


@EXERCISE.holds("the axes of the output stand in front of those of the input")
def shape_of_both(call):
    out = np.asarray(call(fan, np.zeros(5), 0.1))
    return None if out.shape == (2, 3, 5) else f"{text.shape(out)} for an output (2, 3) and an input (5,)"


EXERCISE.holds("the squares of the whole numbers 3 and 0 have the slopes 6 and 0 on the diagonal and 0 elsewhere, at steps of 0.1 and of 5")(
    lambda call: comes_out([[6, 0], [0, 0]], lambda x: x**2, np.array([3, 0]), 0.1)(call)
    or comes_out([[6, 0], [0, 0]], lambda x: x**2, np.array([3, 0]), 5.0)(call))
EXERCISE.holds("a cube is measured with the error that the step makes: at 1, with the step 0.5, its slope is 3.25")(
    comes_out([3.25], lambda x: (x**3).sum(), np.array([1.0]), 0.5))
EXERCISE.holds("product and sum of 2 and 5 have the slopes 5, 2 and 1, 1")(
    comes_out([[5, 2], [1, 1]], lambda x: np.array([x[0] * x[1], x[0] + x[1]]), np.array([2.0, 5.0]), 0.5))
