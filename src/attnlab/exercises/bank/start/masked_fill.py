"""What PyTorch's masked_fill does, in NumPy."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _reference(x, mask, value):
    x = np.asarray(x)
    mask = np.broadcast_to(np.asarray(mask, dtype=bool), x.shape)
    return np.array([float(value) if hidden else float(number) for number, hidden in zip(x.flat, mask.flat)]).reshape(x.shape)


EXERCISE = Exercise(
    id="start.masked_fill",
    title="Fill, and leave the rest alone",
    level="apply",
    minutes=10,
    difficulty=1,
    page="start/pytorch_in_ten_minutes",
    headings=("5 · masked_fill",),
    statement=r"""
    Write the twin of `x.masked_fill(mask, value)`, with one difference. It returns a **new** array in which `value` stands where `mask` is true, and leaves `x` as it is. `mask` broadcasts to the shape of `x`.
    The difference: PyTorch keeps the type of `x`, so a tensor of whole numbers cannot take $-\infty$ or 0.5. Yours returns floats, whatever `x` holds.

    A tiny example: `x = [[1, 2], [3, 4]]`, `mask = [False, True]`, `value = 0.5` give `[[1, 0.5], [3, 0.5]]`.
    """,
    slot='''
    def masked_fill(x, mask, value):
        """A copy of x, as floats, with value where mask is true.

        x: numbers of any shape, mask: booleans that broadcast to it, value: a number; result: the shape of x
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Here true means: *fill*. That is the opposite of this course's masks, where true means: may look.",
        "Either choose number by number between two arrays, or make a copy that can hold fractions and assign to some of its places. In the second case the mask must first have the shape of `x`.",
        "```python\nfilled = np.array(x, dtype=____)\nhidden = np.broadcast_to(mask, ____)\nfilled[____] = value\nreturn filled\n```",
    ),
    parsons=("filled_where_false", "filled_in_whole_numbers"),
    why=r"""
    `np.where(mask, value, x)` does the same in one line, and its type follows from both choices.

    **The two most common mistakes.** The polarity. Forgetting that the result is a copy: on a line of its own it changes nothing.

    **Cost.** One pass over `x` and a copy of it. In place, `masked_fill_`, saves the copy and loses what was there, which `backward` may have needed.
    """,
    verified="masks of the full shape, of one row, of one column and of one truth value, with minus infinity, whole numbers, and nothing to fill.",
    next_thought="how would you fill with a value from an array, a different one for each place?",
    reference=_reference,
)

_rng = np.random.default_rng(59)
_first = _rng.normal(size=(3, 5)), _rng.random((3, 5)) < 0.4, -2.5
EXERCISE.probe("3 by 5, a mask of its own shape", *_first)
EXERCISE.probe("2 by 3 by 3, one triangle for both", _rng.normal(size=(2, 3, 3)), np.triu(np.ones((3, 3), bool), 1), -np.inf)
EXERCISE.probe("3 by 3, one row for all", _rng.normal(size=(3, 3)), np.array([True, False, False]), 7.0)
EXERCISE.probe("3 by 4, one column for all", _rng.normal(size=(3, 4)), np.array([[False], [True], [False]]), 0.0)
EXERCISE.probe("whole numbers, filled with a half", np.array([[4, 2], [3, 7]]), np.array([[True, False], [False, True]]), 0.5)
EXERCISE.probe("one row of 4", np.array([[1.5, -2.0, 0.25, 3.0]]), np.array([False, True, True, False]), 0.75)
EXERCISE.probe("nothing to fill", _rng.normal(size=4), np.zeros(4, bool), 9.0)
EXERCISE.probe("everything to fill", _rng.normal(size=(2, 2)), np.array(True), -1.5)


@EXERCISE.solve
def masked_fill_solution(x, mask, value):
    filled = np.array(x, dtype=float)
    hidden = np.broadcast_to(mask, filled.shape)
    filled[hidden] = value
    return filled


@EXERCISE.mutant
def filled_where_false(x, mask, value):
    filled = np.array(x, dtype=float)
    hidden = np.broadcast_to(mask, filled.shape)
    filled[~hidden] = value
    return filled


@EXERCISE.mutant
def filled_in_whole_numbers(x, mask, value):
    filled = np.array(x)
    hidden = np.broadcast_to(mask, filled.shape)
    filled[hidden] = value if filled.dtype.kind == "f" else int(value)
    return filled


@EXERCISE.mutant
def multiplied_by_the_mask(x, mask, value):
    return np.asarray(x, dtype=float) * ~np.asarray(mask)


@EXERCISE.mutant
def added_where_true(x, mask, value):
    return np.asarray(x, dtype=float) + np.where(mask, value, 0.0)


@EXERCISE.mutant
def whole_rows_filled(x, mask, value):
    hidden = np.broadcast_to(mask, np.shape(x)).any(axis=-1, keepdims=True)
    return np.where(hidden, value, np.asarray(x, dtype=float))


@EXERCISE.mutant
def first_row_of_the_mask_for_all(x, mask, value):
    x = np.asarray(x, dtype=float)
    hidden = np.broadcast_to(mask, x.shape)
    return np.where(hidden.reshape(-1, x.shape[-1])[0], value, x)


@EXERCISE.mutant(evidence=text.values)
def only_the_places_left_over(x, mask, value):
    return np.asarray(x, dtype=float)[~np.broadcast_to(mask, np.shape(x))]


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[1, 0.5], [3, 0.5]], np.array([[1, 2], [3, 4]]), np.array([False, True]), 0.5))


EXERCISE.holds("the given array stays as it is")(left_alone(np.arange(6.0).reshape(2, 3), np.array([True, False, True]), 9.0))


@EXERCISE.holds("what is not masked is untouched, whatever the value")
def rest(call):
    x, mask, _ = _first
    for value in (-np.inf, 1e9):
        if not np.allclose(np.asarray(call(x, mask, value), dtype=float)[~mask], x[~mask], atol=1e-5):
            return f"with {text.number(value)} other places change"
