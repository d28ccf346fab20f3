"""A table of positions for a longer sequence."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _between(rows, at):
    columns = [np.interp(at, np.arange(len(rows)), column) for column in np.asarray(rows, dtype=float).T]
    return np.stack(columns, axis=1)


def _reference(table, n, kept):
    rows = np.asarray(table, dtype=float)[kept:]
    return np.concatenate([table[:kept], _between(rows, np.linspace(0, len(rows) - 1, n))])


EXERCISE = Exercise(
    id="positions.stretch_table",
    title="A longer table from a short one",
    level="apply",
    minutes=15,
    difficulty=2,
    page="positions/learned",
    headings=("Stretching a table",),
    statement=r"""
    The first `kept` rows of a trained table belong to special tokens that have no place (a class token, say) and stay as they are. The others belong to places in a row. Return a table for `n` places: the kept rows, then $n$ rows by **linear interpolation**, so that the first and the last place keep their vectors and the new ones lie at equal steps between them.

    A tiny example: the places 0, 10, 20 (width 1), stretched to 5, become 0, 5, 10, 15, 20.
    """,
    slot='''
    def stretch_table(table, n, kept):
        """`kept` rows as they are, the others stretched to n rows.

        table: (rows, d), at least kept + 2 rows; n: at least 2; result: (kept + n, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Find, for each new place, where it lies among the old ones: a number that is seldom whole.",
        "New place $i$ lies at $i\\,(m - 1)/(n - 1)$ among the $m$ old places. Between two rows the shares of both add up to 1, and the nearer one has the larger.",
        "```python\nrows = table[kept:]\nat = np.linspace(0, ____, n)\nlow = np.minimum(at.astype(int), len(rows) - 2)\nshare = (at - low)[:, None]\nbetween = ____ * rows[low] + ____ * rows[low + 1]\nreturn np.concatenate([____, between])\n```",
    ),
    parsons=("shares_exchanged", "class_row_lost"),
    why=r"""
    A vision transformer that was trained on $14 \times 14$ patches reads $24 \times 24$ after its table is stretched, in two directions at once. It works because neighbouring rows have become alike, and because a place in a picture means the same at any resolution.

    **The two most common mistakes.** Stretching the class token's row along with the places. Mixing up the shares, which is right at both ends and jumps in between.

    **Cost.** Once, when the weights are loaded. Some fine-tuning is usual afterwards.
    """,
    verified="equal to the definition for longer and shorter tables, with and without kept rows, down to two places.",
    next_thought="what does stretching do to a table whose neighbouring rows have nothing in common?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
EXERCISE.probe("5 places to 9, one kept row", _rng.normal(size=(6, 3)), 9, 1)
EXERCISE.probe("7 places to 4, none kept", _rng.normal(size=(7, 2)), 4, 0)
EXERCISE.probe("3 places to 7, two kept rows", _rng.normal(size=(5, 5)), 7, 2)
EXERCISE.probe("2 places to 3, three kept rows", _rng.normal(size=(5, 2)), 3, 3)
EXERCISE.probe("11 places to 2, one kept row", _rng.normal(size=(12, 1)), 2, 1)
EXERCISE.probe("7 places to 5, two kept rows", _rng.normal(size=(9, 3)), 5, 2)
EXERCISE.probe("4 places to 4", _rng.normal(size=(5, 2)), 4, 1)
EXERCISE.probe("a table of whole numbers, 3 places to 4", np.array([[7, 1], [0, 9], [4, 2], [1, 5]]), 4, 1)


@EXERCISE.solve
def stretch_table_solution(table, n, kept):
    rows = table[kept:]
    at = np.linspace(0, len(rows) - 1, n)
    low = np.minimum(at.astype(int), len(rows) - 2)
    share = (at - low)[:, None]
    between = (1 - share) * rows[low] + share * rows[low + 1]
    return np.concatenate([table[:kept], between])


@EXERCISE.mutant
def nearest_row_taken(table, n, kept):
    rows = table[kept:]
    at = np.linspace(0, len(rows) - 1, n)
    return np.concatenate([table[:kept], rows[np.floor(at + 0.5).astype(int)]])


@EXERCISE.mutant
def class_row_stretched(table, n, kept):
    return _between(table, np.linspace(0, len(table) - 1, n + kept))


@EXERCISE.mutant
def class_row_lost(table, n, kept):
    rows = table[kept:]
    at = np.linspace(0, len(rows) - 1, n)
    low = np.minimum(at.astype(int), len(rows) - 2)
    share = (at - low)[:, None]
    between = (1 - share) * rows[low] + share * rows[low + 1]
    return between


@EXERCISE.mutant
def shares_exchanged(table, n, kept):
    rows = table[kept:]
    at = np.linspace(0, len(rows) - 1, n)
    low = np.minimum(at.astype(int), len(rows) - 2)
    share = (at - low)[:, None]
    between = share * rows[low] + (1 - share) * rows[low + 1]
    return np.concatenate([table[:kept], between])


@EXERCISE.mutant
def last_place_not_reached(table, n, kept):
    rows = table[kept:]
    return np.concatenate([table[:kept], _between(rows, np.arange(n) * (len(rows) - 1) / n)])


@EXERCISE.mutant
def zeros_for_new_rows(table, n, kept):
    out = np.zeros((kept + n, table.shape[1]))
    out[: min(len(table), kept + n)] = table[: kept + n]
    return out


@EXERCISE.mutant
def cell_centres(table, n, kept):
    rows = table[kept:]
    at = (np.arange(n) + 0.5) * len(rows) / n - 0.5
    return np.concatenate([table[:kept], _between(rows, np.clip(at, 0, len(rows) - 1))])


@EXERCISE.holds("first and last place keep their vectors")
def ends(call):
    out = call(np.array([[1.0], [4], [2]]), 8, 0)
    return None if np.allclose(out[[0, -1], 0], [1, 2]) else f"they were 1 and 2 and are {text.numbers(out[[0, -1], 0])}"


@EXERCISE.holds("special rows stay as they are")
def special(call):
    out = call(np.array([[9.0], [7], [1], [4], [2]]), 5, 2)
    return None if np.allclose(out[:2, 0], [9, 7]) else f"they were 9 and 7 and are {text.numbers(out[:2, 0])}"


@EXERCISE.holds("places at equal steps stay at equal steps, when there are more and when there are fewer")
def equal_steps(call):
    for n in (6, 4, 3):
        out = call(np.array([[0.0], [10], [20], [30], [40]]), n, 0)
        if not np.allclose(out[:, 0], np.linspace(0, 40, n)):
            return f"0, 10, 20, 30, 40 on {n} places become {text.numbers(out, 6)}"
    return None
