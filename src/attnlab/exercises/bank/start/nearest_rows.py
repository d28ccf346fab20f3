"""The nearest rows of a table, by the angle between them."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _cosines(table, row):
    table = np.asarray(table, dtype=float)
    sizes = np.sqrt((table**2).sum(axis=-1))
    return table @ table[row] / (sizes * sizes[row])


def _first(values, row, k, keep_self=False):
    values = np.array(values, dtype=float)
    if not keep_self:
        values[row] = -np.inf
    return np.argsort(-values, kind="stable")[:k]


def _reference(table, row, k):
    return _first(_cosines(table, row), row, k)


EXERCISE = Exercise(
    id="start.nearest_rows",
    title="Who is near whom?",
    level="apply",
    minutes=12,
    difficulty=2,
    page="start/tokens_and_embeddings",
    headings=("Similar words, near rows",),
    statement=r"""
    Return the ids of the `k` rows of `table` whose **cosine** with the row `row` is largest, the nearest first, the row itself left out:

    $$\cos(x, y) = \frac{x \cdot y}{\lVert x \rVert\, \lVert y \rVert}, \qquad \lVert x \rVert = \sqrt{x \cdot x} .$$

    No row is zero, no two cosines that decide are equal, and `k` is smaller than the number of rows. Rows may be long or short, and point away from each other.

    A tiny example: the rows of `[[1, 0], [9, 9], [2, 1]]` that are nearest to row 0 are `[2, 1]`, with cosines 0.894 and 0.707.
    """,
    slot='''
    def nearest_rows(table, row, k):
        """The ids of the k rows with the largest cosine to one row, without itself.

        table: (words, width); row: an id; k: how many
        result: (k,) whole numbers, the nearest first
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Making a row ten times as long changes no answer.",
        "Divide every row by its length; then a cosine is a dot product. The row itself has cosine 1, the largest there is: put it out of the race before you sort.",
        "```python\nlengths = np.sqrt((table**2).sum(axis=____, keepdims=True))\nunit = table / ____\ncosines = unit @ unit[____]\n"
        "cosines[____] = -np.inf\nreturn np.argsort(____)[:k]\n```",
    ),
    parsons=("nearest_by_dot_product", "nearest_is_itself"),
    why=r"""
    The direction of a row says what a token is like; its length has other reasons, among them how frequent the token is. The cosine looks at the direction alone.

    **The two most common mistakes.** Taking the dot product, which prefers long rows whatever their direction. Leaving the row itself in the list.

    **Cost.** One product of the table with a vector, and a sort.
    """,
    verified="eight tables of three to forty rows, long and short ones, opposite ones, whole numbers.",
    next_thought="which rows are *least* like a given one, and would you call them its opposites?",
    reference=_reference,
)

_rng = np.random.default_rng(11)
_table = _rng.normal(size=(13, 5)) * np.exp(_rng.normal(size=(13, 1)))
EXERCISE.probe("13 rows of width 5, of all lengths, the 4 nearest", _table, 3, 4)
EXERCISE.probe("40 rows of width 7, the nearest 6", _rng.normal(size=(40, 7)) + 0.7, 0, 6)
EXERCISE.probe("the last row of 11", _rng.normal(size=(11, 3)) * np.exp(_rng.normal(size=(11, 1))), 10, 3)
EXERCISE.probe("all but itself", _rng.normal(size=(5, 2)) * np.array([[1.0], [9.0], [0.2], [3.0], [1.0]]), 2, 4)
EXERCISE.probe("opposite rows", np.array([[1.0, 0.2], [-3.0, -0.6], [0.1, 1.0], [0.2, -1.0]]), 0, 2)
EXERCISE.probe("whole numbers", np.array([[1, 0], [9, 9], [2, 1]]), 0, 2)
EXERCISE.probe("short rows, from a thousandth to a half", _rng.normal(size=(12, 4)) * np.geomspace(1e-3, 0.2, 12)[:, None], 6, 5)
EXERCISE.probe("rows that share a large part", _rng.normal(size=(17, 3)) + np.array([4.0, 0.0, 0.0]), 5, 5)


@EXERCISE.solve
def nearest_rows_solution(table, row, k):
    lengths = np.sqrt((table**2).sum(axis=-1, keepdims=True))
    unit = table / lengths
    cosines = unit @ unit[row]
    cosines[row] = -np.inf
    return np.argsort(-cosines)[:k]


@EXERCISE.mutant(evidence=text.values)
def nearest_by_dot_product(table, row, k):
    lengths = np.ones((len(table), 1))
    unit = table / lengths
    cosines = unit @ unit[row]
    cosines[row] = -np.inf
    return np.argsort(-cosines)[:k]


@EXERCISE.mutant(evidence=text.values)
def nearest_is_itself(table, row, k):
    lengths = np.sqrt((table**2).sum(axis=-1, keepdims=True))
    unit = table / lengths
    cosines = unit @ unit[row]
    return np.argsort(-cosines)[:k]


@EXERCISE.mutant(evidence=text.values)
def nearest_by_distance(table, row, k):
    table = np.asarray(table, dtype=float)
    return _first(-((table - table[row]) ** 2).sum(axis=-1), row, k)


@EXERCISE.mutant(evidence=text.values)
def farthest_first(table, row, k):
    values = -_cosines(table, row)
    return _first(values, row, k)


@EXERCISE.mutant(evidence=text.values)
def nearest_in_the_wrong_order(table, row, k):
    return _reference(table, row, k)[::-1]


@EXERCISE.mutant(evidence=text.values)
def nearest_ids(table, row, k):
    return _first(-np.abs(np.arange(len(table)) - row + 0.1), row, k)


@EXERCISE.mutant(evidence=text.values)
def nearest_whatever_the_sign(table, row, k):
    return _first(np.abs(_cosines(table, row)), row, k)


@EXERCISE.mutant(evidence=text.values)
def nearest_by_unit_columns(table, row, k):
    table = np.asarray(table, dtype=float)
    unit = table / np.sqrt((table**2).sum(axis=0, keepdims=True))
    return _first(unit @ unit[row], row, k)


@EXERCISE.mutant(evidence=text.values)
def nearest_by_correlation(table, row, k):
    table = np.asarray(table, dtype=float)
    return _first(_cosines(table - table.mean(axis=1, keepdims=True) + 1e-9, row), row, k)


@EXERCISE.mutant(evidence=text.values)
def nearest_divided_by_the_squares(table, row, k):
    table = np.asarray(table, dtype=float)
    return _first(table @ table[row] / (table**2).sum(axis=-1), row, k)


@EXERCISE.holds("longer rows change no answer")
def lengths_do_not_matter(call):
    long = _table * np.arange(1, 14)[:, None]
    one, other = np.asarray(call(_table, 3, 4)), np.asarray(call(long, 3, 4))
    return None if np.array_equal(one, other) else f"{text.numbers(one)} become {text.numbers(other)}"


@EXERCISE.holds("the row itself is not among its neighbours")
def not_itself(call):
    found = np.asarray(call(_table, 3, 4))
    return None if 3 not in found else "row 3 is named as its own neighbour"


EXERCISE.holds("the example of the statement comes out: 2, 1")(comes_out([2, 1], np.array([[1.0, 0.0], [9.0, 9.0], [2.0, 1.0]]), 0, 2))
