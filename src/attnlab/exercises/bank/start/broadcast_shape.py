"""The shape that two arrays have together."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(a, b):
    try:
        return np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        return (-1,)


EXERCISE = Exercise(
    id="start.broadcast_shape",
    title="Will it fit?",
    level="apply",
    minutes=10,
    difficulty=1,
    page="start/pytorch_in_ten_minutes",
    headings=("3 · Broadcasting",),
    statement=r"""
    Two arrays have the shapes `a` and `b`, tuples of at least one size each. Return the shape of their sum as a tuple, or `(-1,)` if they cannot be broadcast. Do not make any array.

    A size may be 0: an empty axis. Stretched, a 1 becomes 0 as well.

    A tiny example: `(5, 1, 3)` and `(4, 1)` give `(5, 4, 3)`; `(2,)` and `(3,)` give `(-1,)`.
    """,
    slot='''
    def broadcast_shape(a, b):
        """The shape of the sum of two arrays with the shapes a and b, or (-1,).

        a, b: tuples of whole numbers; result: a tuple of whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The shorter shape can be made as long as the other without changing anything. On which side?",
        "Two sizes agree if they are equal or one of them is 1; the result is then the *other* one, which need not be the larger.",
        "```python\nn = max(len(a), len(b))\na = (1,) * (n - len(a)) + tuple(a)\nb = ____\nif any(i != j and ____ for i, j in zip(a, b)):\n    return (-1,)\nreturn tuple(j if i == 1 else i for i, j in zip(a, b))\n```",
    ),
    parsons=("shapes_aligned_on_the_left", "sizes_never_refused"),
    why=r"""
    Axes are matched from the right because the last axes are the features, and the leading ones are batches, which one wants to add without touching the rest.

    **The two most common mistakes.** Aligning on the left. Taking the larger size without asking whether the smaller one is 1: then 3 and 2 "fit".

    **Cost.** One comparison an axis. The arithmetic afterwards costs as much as the *large* shape; the stretched array itself is never made.
    """,
    verified="shapes of equal and of different length, with ones on both sides, with empty axes, and shapes that do not fit.",
    next_thought="how can a shape (3,) be added to (3, 4) along the first axis?",
    reference=_reference,
)

for _name, _a, _b in (("(5, 1, 7) and (2, 1)", (5, 1, 7), (2, 1)), ("(3, 4) and (3,)", (3, 4), (3,)), ("(3, 1) and (4,)", (3, 1), (4,)),
                      ("(2, 3) and (2, 3)", (2, 3), (2, 3)), ("(6,) and (2, 5, 6)", (6,), (2, 5, 6)), ("(3, 3) and (2, 3)", (3, 3), (2, 3)),
                      ("(1,) and (0,)", (1,), (0,)), ("(0, 3) and (2, 1)", (0, 3), (2, 1)), ("(4, 1, 1) and (1, 5)", (4, 1, 1), (1, 5)),
                      ("(2, 2) and (2,)", (2, 2), (2,)), ("(7, 2) and (7, 1, 1)", (7, 2), (7, 1, 1))):
    EXERCISE.probe(_name, _a, _b)


@EXERCISE.solve
def broadcast_shape_solution(a, b):
    n = max(len(a), len(b))
    a = (1,) * (n - len(a)) + tuple(a)
    b = (1,) * (n - len(b)) + tuple(b)
    if any(i != j and 1 not in (i, j) for i, j in zip(a, b)):
        return (-1,)
    return tuple(j if i == 1 else i for i, j in zip(a, b))


@EXERCISE.mutant
def shapes_aligned_on_the_left(a, b):
    n = max(len(a), len(b))
    a = tuple(a) + (1,) * (n - len(a))
    b = tuple(b) + (1,) * (n - len(b))
    if any(i != j and 1 not in (i, j) for i, j in zip(a, b)):
        return (-1,)
    return tuple(j if i == 1 else i for i, j in zip(a, b))


@EXERCISE.mutant
def sizes_never_refused(a, b):
    n = max(len(a), len(b))
    a = (1,) * (n - len(a)) + tuple(a)
    b = (1,) * (n - len(b)) + tuple(b)
    return tuple(j if i == 1 else i for i, j in zip(a, b))


def _padded(a, b):
    n = max(len(a), len(b))
    return [((1,) * (n - len(shape)) + tuple(shape)) for shape in (a, b)]


def _chosen(a, b, fits, choose):
    pairs = list(zip(*_padded(a, b)))
    return tuple(choose(i, j) for i, j in pairs) if all(fits(i, j) for i, j in pairs) else (-1,)


@EXERCISE.mutant
def larger_size_taken(a, b):
    return _chosen(a, b, lambda i, j: i == j or 1 in (i, j), max)


@EXERCISE.mutant
def ones_not_stretched(a, b):
    short = min(len(a), len(b))
    same = tuple(a)[len(a) - short:] == tuple(b)[len(b) - short:]
    return tuple(max(a, b, key=len)) if same else (-1,)


@EXERCISE.mutant
def same_number_of_axes_demanded(a, b):
    return _reference(a, b) if len(a) == len(b) else (-1,)


@EXERCISE.mutant
def leading_axes_dropped(a, b):
    short = min(len(a), len(b))
    return _reference(tuple(a)[len(a) - short:], tuple(b)[len(b) - short:])


@EXERCISE.mutant
def axes_put_side_by_side(a, b):
    return (*a, *b)


@EXERCISE.holds("the example of the statement comes out")
def example(call):
    for a, b, wanted in (((5, 1, 3), (4, 1), [5, 4, 3]), ((2,), (3,), [-1])):
        found = np.asarray(call(a, b)).tolist()
        if found != wanted:
            return f"{text.numbers(a)} and {text.numbers(b)} give {text.numbers(found)}, not {text.numbers(wanted)}"


@EXERCISE.holds("the order of the two shapes does not matter")
def symmetric(call):
    for a, b in (((5, 1, 7), (2, 1)), ((1, 3), (0, 1)), ((3, 4), (3,))):
        one, other = (np.asarray(call(*pair)).tolist() for pair in ((a, b), (b, a)))
        if one != other:
            return f"{text.numbers(a)} and {text.numbers(b)} give {text.numbers(one)} one way and {text.numbers(other)} the other"
