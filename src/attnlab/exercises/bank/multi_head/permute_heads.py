"""Give the heads another order, so that nobody notices from outside."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference.heads import split_heads

EXERCISE = Exercise(
    id="multi_head.permute_heads",
    title="Heads without an order",
    level="apply",
    minutes=15,
    difficulty=2,
    page="multi_head/mathematics",
    headings=("Heads without an order",),
    statement=r"""
    Rearrange the four matrices so that head $i$ of the new layer is head `order[i]` of the old one, while the layer as a whole gives the same output. Return the four new matrices.

    A tiny example: two heads of width 1, `order` = `[1, 0]`: `w_q`, `w_k`, `w_v` get their two columns exchanged, `w_o` its two rows.
    """,
    slot='''
    def permute_heads(w_q, w_k, w_v, w_o, order):
        """The four matrices with the heads in another order.

        w_q, w_k, w_v: (d_model, H * d_head), w_o: (H * d_head, d_out)
        order: (H,) whole numbers; result: four matrices of the same shapes
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("w_q", "w_k", "w_v", "w_o"),
    hints=(
        "The output of the layer must not change, and each head must keep its own queries, keys, values and rows of the output matrix.",
        r"A head owns a run of $d_{\text{head}}$ columns of $W_Q$, $W_K$ and $W_V$ and the run of rows of $W_O$ with the same numbers. Make one list of those numbers in the new order.",
        "```python\nd_head = len(w_o) // len(order)\nruns = np.arange(len(w_o)).reshape(len(order), ____)\ncolumns = runs[____].ravel()\nreturn w_q[:, columns], ____, ____, w_o[____]\n```",
    ),
    parsons=("output_columns_moved", "features_moved_for_heads"),
    why=r"""
    A sum does not depend on the order of its terms; only the four pieces of a head have to move together.

    **The two most common mistakes.** Leaving the output matrix as it was. Turning the order round, which an exchange of two heads cannot show; three heads in a ring can.

    **Cost.** None at all: there are $H!$ layers with the same behaviour. That is why "head 3" in one training run has nothing to do with "head 3" in the next.
    """,
    verified="equal to the definition for 2 to 5 heads, in orders that are not their own inverse, and for wider and narrower outputs.",
    next_thought="what else can be done to a single head's matrices without changing the output?",
    reference=lambda w_q, w_k, w_v, w_o, order: tuple(
        np.concatenate([np.split(w, len(order), axis=axis)[h] for h in order], axis=axis)
        for w, axis in ((w_q, 1), (w_k, 1), (w_v, 1), (w_o, 0))
    ),
)

_rng = np.random.default_rng(5)


def _case(d_model, d_head, order, d_out=None):
    wide = len(order) * d_head
    return *(_rng.normal(size=(d_model, wide)) for _ in range(3)), _rng.normal(size=(wide, d_out or d_model)), np.array(order)


_ring = _case(15, 5, [1, 2, 0])
EXERCISE.probe("3 heads of width 5 in a ring", *_ring)
EXERCISE.probe("5 heads of width 2", *_case(7, 2, [3, 0, 4, 1, 2]))
EXERCISE.probe("2 heads of width 3", *_case(6, 3, [1, 0]))
EXERCISE.probe("4 heads of width 1, 5 features out", *_case(3, 1, [2, 3, 1, 0], 5))
EXERCISE.probe("3 heads that keep their order, 20 features out", *_case(7, 3, [0, 1, 2], 20))


@EXERCISE.solve
def permute_heads_solution(w_q, w_k, w_v, w_o, order):
    d_head = len(w_o) // len(order)
    runs = np.arange(len(w_o)).reshape(len(order), d_head)
    columns = runs[order].ravel()
    return w_q[:, columns], w_k[:, columns], w_v[:, columns], w_o[columns]


def _columns(w_o, order):
    return np.arange(len(w_o)).reshape(len(order), -1)[order].ravel()


@EXERCISE.mutant
def output_columns_moved(w_q, w_k, w_v, w_o, order):
    d_head = len(w_o) // len(order)
    runs = np.arange(len(w_o)).reshape(len(order), d_head)
    columns = runs[order].ravel()
    return w_q[:, columns], w_k[:, columns], w_v[:, columns], w_o[:, columns % w_o.shape[1]]


@EXERCISE.mutant
def features_moved_for_heads(w_q, w_k, w_v, w_o, order):
    d_head = len(w_o) // len(order)
    runs = np.arange(len(w_o)).reshape(d_head, len(order))
    columns = runs[:, order].ravel()
    return w_q[:, columns], w_k[:, columns], w_v[:, columns], w_o[columns]


@EXERCISE.mutant
def output_rows_left(w_q, w_k, w_v, w_o, order):
    columns = _columns(w_o, order)
    return w_q[:, columns], w_k[:, columns], w_v[:, columns], w_o


@EXERCISE.mutant
def order_turned_round(w_q, w_k, w_v, w_o, order):
    columns = _columns(w_o, np.argsort(order))
    return w_q[:, columns], w_k[:, columns], w_v[:, columns], w_o[columns]


@EXERCISE.mutant
def values_left(w_q, w_k, w_v, w_o, order):
    columns = _columns(w_o, order)
    return w_q[:, columns], w_k[:, columns], w_v, w_o[columns]


@EXERCISE.mutant
def queries_left(w_q, w_k, w_v, w_o, order):
    columns = _columns(w_o, order)
    return w_q, w_k[:, columns], w_v[:, columns], w_o[columns]


@EXERCISE.mutant
def keys_left(w_q, w_k, w_v, w_o, order):
    columns = _columns(w_o, order)
    return w_q[:, columns], w_k, w_v[:, columns], w_o[columns]


@EXERCISE.mutant
def heads_in_reverse(w_q, w_k, w_v, w_o, order):
    columns = _columns(w_o, np.arange(len(order))[::-1])
    return w_q[:, columns], w_k[:, columns], w_v[:, columns], w_o[columns]


@EXERCISE.mutant
def nothing_moved(w_q, w_k, w_v, w_o, order):
    return w_q, w_k, w_v, w_o


def _per_head(x, w_q, w_k, w_v, w_o, n_heads):
    """What each head adds to the output: (H, n, d_out)."""
    q, k, v = (split_heads(x @ w, n_heads) for w in (w_q, w_k, w_v))
    return reference.attention(q, k, v) @ w_o.reshape(n_heads, -1, w_o.shape[1])


_x = _rng.normal(size=(7, 15))


@EXERCISE.holds("the output of the layer does not change")
def same_output(call):
    *old, order = _ring
    gap = np.abs(_per_head(_x, *call(*old, order), 3).sum(axis=0) - _per_head(_x, *old, 3).sum(axis=0)).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("each new head adds what the old head named in the order added")
def heads_moved(call):
    *old, order = _ring
    gap = np.abs(_per_head(_x, *call(*old, order), 3) - _per_head(_x, *old, 3)[order]).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


EXERCISE.holds("two heads of width 1 exchange their columns, and their rows of the output matrix")(comes_out(
    ([[2, 1]], [[4, 3]], [[6, 5]], [[8], [7]]),
    np.array([[1, 2]]), np.array([[3, 4]]), np.array([[5, 6]]), np.array([[7], [8]]), np.array([1, 0])))


@EXERCISE.holds("each matrix is reordered in whole runs")
def whole_runs(call):
    new = call(*_ring)
    for name, matrix, old, axis in zip(EXERCISE.parts, new, _ring, (1, 1, 1, 0)):
        if matrix.shape != old.shape:
            return f"{name} is {text.shape(matrix)}, expected {text.shape(old)}"
        runs, old_runs = np.split(matrix, 3, axis=axis), np.split(old, 3, axis=axis)
        if not all(any(np.allclose(run, one) for one in old_runs) for run in runs):
            return f"{name} has a run of 5 that no old head had"
    return None
