"""The part of the weights that the output tells, with rows that still add up to what they did."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _onto(weights, columns, side="right"):
    """The rows of the weights, projected onto the space that the columns span."""
    columns = np.asarray(columns, dtype=float)
    return np.asarray(weights, dtype=float) @ columns @ np.linalg.pinv(columns)


def _with_ones(values):
    values = np.asarray(values, dtype=float)
    return np.column_stack([values, np.ones(len(values))])


def _reference(weights, values):
    return _onto(weights, _with_ones(values))


EXERCISE = Exercise(
    id="theory.same_sum_weights",
    title="The part of the weights that cannot be otherwise",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="theory/explanation",
    headings=("Different weights, the same output",),
    statement=r"""
    A head has the weights $A$ (n × m) and the values $V$ (m × d). To a row $a$ of $A$ you may add any $\delta$ with $\delta V = 0$ and $\sum_j \delta_j = 0$: the output stays, and so does the sum of the row.

    Return the matrix whose rows are, of all rows that can be reached in this way, the **shortest** ones (least sum of squares). Its numbers may be negative; that is part of the lesson. Any n, m and d from 1 on, also values that are linearly dependent.

    A tiny example: one query, two keys with the same value, `weights = [[0.9, 0.1]]`, `values = [[2], [2]]`. Weight may be moved from one key to the other as one likes, and the shortest row is `[[0.5, 0.5]]`.
    """,
    slot='''
    def same_sum_weights(weights, values):
        """The shortest rows with the outputs and the sums of the given ones.

        weights: (n, m); values: (m, d)
        result: (n, m)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Among all rows that differ by $\\delta$ from a given one, the shortest is the one with no part in the directions of $\\delta$.",
        r"The forbidden directions are those $\delta$ with $\delta\,[V, \mathbf 1] = 0$. So project each row onto the space spanned by the *columns* of $[V, \mathbf 1]$; for a matrix $W$ that is $a\, W W^+$, with the pseudo-inverse $W^+$.",
        "```python\ncolumns = np.column_stack([values, ____])\nreturn weights @ columns @ np.linalg.____(columns)\n```",
    ),
    parsons=("eff_sums_not_kept", "eff_the_hidden_part"),
    why=r"""
    $W W^+$ is the orthogonal projection onto the columns of $W$. What it takes away cannot be seen in the output nor in the sum of the row, so no measurement behind the head can tell it.

    **The two most common mistakes.** Projecting onto $V$ alone: the rows then need not sum to what they did. Returning the part that was to be removed.

    **Cost.** A singular value decomposition of an m × (d + 1) matrix.
    """,
    verified="equal to least squares (`np.linalg.lstsq`) for 1 to 60 keys and widths from 1 to 80, values that depend on each other, whole numbers and float32.",
    next_thought="for m at most d + 1 keys and values in general position, what is taken away?",
    reference=_reference,
)


def _case(seed, n, m, d, rank=None):
    rng = np.random.default_rng(seed)
    weights = rng.random((n, m)) ** 2
    values = rng.normal(size=(m, d)) if rank is None else rng.normal(size=(m, rank)) @ rng.normal(size=(rank, d))
    return weights / weights.sum(axis=1, keepdims=True), values


EXERCISE.probe("3 queries, 11 keys, width 5", *_case(1, 3, 11, 5))
EXERCISE.probe("7 queries, 13 keys, width 2", *_case(2, 7, 13, 2))
EXERCISE.probe("more features than keys", *_case(3, 5, 4, 7))
EXERCISE.probe("values of rank 2", *_case(4, 3, 11, 5, rank=2))
EXERCISE.probe("one key", np.ones((2, 1)), np.array([[3.0, 1.0]]))
EXERCISE.probe("as many queries, keys and features", *_case(5, 6, 6, 6, rank=3))
EXERCISE.probe("whole numbers", np.array([[1, 0, 0, 0], [0, 0, 1, 0]]), np.array([[1], [1], [2], [5]]))
EXERCISE.probe("single precision", *(one.astype(np.float32) for one in _case(6, 3, 7, 2)))
_uneven = _case(8, 4, 9, 3)
EXERCISE.probe("a feature a hundredth of the others", _uneven[0], _uneven[1] * np.array([1, 0.01, 1]))
EXERCISE.probe("all values equal", _case(7, 3, 5, 2)[0], np.ones((5, 2)))


@EXERCISE.solve
def same_sum_weights_solution(weights, values):
    columns = np.column_stack([values, np.ones(len(values))])
    return weights @ columns @ np.linalg.pinv(columns)


@EXERCISE.mutant
def eff_sums_not_kept(weights, values):
    columns = np.asarray(values, dtype=float)
    return weights @ columns @ np.linalg.pinv(columns)


@EXERCISE.mutant
def eff_the_hidden_part(weights, values):
    columns = np.column_stack([values, np.ones(len(values))])
    return weights - weights @ columns @ np.linalg.pinv(columns)


@EXERCISE.mutant
def eff_sums_mended_by_division(weights, values):
    rows = _onto(weights, values)
    return rows / np.where(np.abs(rows.sum(axis=1, keepdims=True)) < 1e-9, 1, rows.sum(axis=1, keepdims=True))


@EXERCISE.mutant
def eff_negative_cut_off(weights, values):
    return np.maximum(_reference(weights, values) - 0.02, 0)


@EXERCISE.mutant
def eff_values_taken_down_by_their_mean(weights, values):
    values = np.asarray(values, dtype=float)
    return _onto(weights, values - values.mean(axis=0))


@EXERCISE.mutant
def eff_one_direction_alone(weights, values):
    u, s, _ = np.linalg.svd(_with_ones(values), full_matrices=False)
    return np.asarray(weights, dtype=float) @ u[:, :1] @ u[:, :1].T


@EXERCISE.mutant
def eff_sums_alone(weights, values):
    return _onto(weights, np.ones((len(values), 1)))


EXERCISE.holds("the example of the statement comes out")(comes_out(np.array([[0.5, 0.5]]), np.array([[0.9, 0.1]]), np.array([[2.0], [2.0]])))


@EXERCISE.holds("outputs and sums stay as they are")
def outputs_stay(call):
    weights, values = _case(1, 3, 11, 5)
    out = np.asarray(call(weights, values), dtype=float)
    gap, off = np.abs(out @ values - weights @ values).max(), np.abs(out.sum(axis=1) - 1).max()
    return None if max(gap, off) < 1e-4 else f"the outputs move by {text.number(gap)}, the sums by {text.number(off)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 3, 11, 5)))
