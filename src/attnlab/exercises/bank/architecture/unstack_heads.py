"""Weights from another layout: queries, keys and values stacked head by head in one matrix that acts on columns."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(stacked, n_heads):
    """Row by row: row r of the stack belongs to head r // (3 d_head), and within it to a role."""
    d = stacked.shape[1]
    d_head = d // n_heads
    found = np.zeros((3, d, d))
    for r in range(3 * d):
        head, rest = divmod(r, 3 * d_head)
        role, place = divmod(rest, d_head)
        found[role, :, head * d_head + place] = stacked[r]
    return tuple(found)


EXERCISE = Exercise(
    id="architecture.unstack_heads",
    title="Weights from another layout",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/implementation",
    headings=("The proof: weights from torch",),
    statement=r"""
    Some published files keep queries, keys and values of a layer in **one** matrix of $3d$ rows and $d$ columns, **head by head**: first the rows of head 0's query, then of its key, then of its value, then the same for head 1, and so on. With $H$ heads each of these pieces has $d/H$ rows. The matrix acts on a *column*: a token $x$, as a column, gives $S x$.

    Return $W_Q$, $W_K$, $W_V$ as this course uses them: each $d \times d$, to be multiplied from the right, $x W_Q$ with $x$ a row, and with the columns of head 0 first, then those of head 1.

    A tiny example: $d = 2$, two heads, so each piece is one row. From the rows $(1, 2)$, $(3, 4)$, $(5, 6)$, $(7, 8)$, $(9, 10)$, $(11, 12)$ the first and the fourth are queries, so $W_Q = \begin{pmatrix} 1 & 7 \\ 2 & 8 \end{pmatrix}$.
    """,
    slot='''
    def unstack_heads(stacked, n_heads):
        """One stacked matrix as three.

        stacked: (3 * d, d), head by head: query, key, value
        n_heads: divides d
        result: w_q, w_k, w_v, each (d, d), used as x @ w_q
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("w_q", "w_k", "w_v"),
    hints=(
        "Every number of the stack appears once in the result. The first column of $W_Q$ is the first row of the stack.",
        r"Give the stack the axes (head, role, place in the head, input). A role is then one slice; join head and place again, and transpose.",
        "```python\nd = stacked.shape[1]\npieces = stacked.reshape(n_heads, ____, ____, d)\n"
        "w_q, w_k, w_v = (pieces[____].reshape(d, d)____ for role in range(3))\nreturn w_q, w_k, w_v\n```",
    ),
    parsons=("stack_read_in_thirds", "layout_left_untransposed"),
    why=r"""
    Converting weights is a matter of naming axes. All wrong versions here have the right shape, so a check of shapes lets them pass; a comparison of outputs does not.

    **The two most common mistakes.** Reading the stack in thirds, as `torch.nn.MultiheadAttention` stacks it, which is another layout. Leaving out the transpose: for a square matrix no shape complains.

    **Cost.** None that matters: numbers are moved, once.
    """,
    verified="five stacks, from one head to one head a feature.",
    next_thought="for which number of heads do the two layouts, head by head and in thirds, agree?",
    reference=_reference,
)

_rng = np.random.default_rng(61)

EXERCISE.probe("width 6, 3 heads", _rng.normal(size=(18, 6)), 3)
EXERCISE.probe("width 10, 2 heads", _rng.normal(size=(30, 10)), 2)
EXERCISE.probe("width 5, one head for each feature", _rng.normal(size=(15, 5)), 5)
EXERCISE.probe("width 4, one head", _rng.normal(size=(12, 4)), 1)
EXERCISE.probe("width 2, 2 heads, whole numbers", np.arange(1, 13).reshape(6, 2), 2)
EXERCISE.probe("width 12, 4 heads", _rng.normal(size=(36, 12)), 4)
EXERCISE.probe("width 1", _rng.normal(size=(3, 1)), 1)


@EXERCISE.solve
def unstack_heads_solution(stacked, n_heads):
    d = stacked.shape[1]
    pieces = stacked.reshape(n_heads, 3, d // n_heads, d)
    w_q, w_k, w_v = (pieces[:, role].reshape(d, d).T for role in range(3))
    return w_q, w_k, w_v


@EXERCISE.mutant
def stack_read_in_thirds(stacked, n_heads):
    d = stacked.shape[1]
    pieces = stacked.reshape(3, d, d)
    w_q, w_k, w_v = (pieces[role].T for role in range(3))
    return w_q, w_k, w_v


@EXERCISE.mutant
def layout_left_untransposed(stacked, n_heads):
    d = stacked.shape[1]
    pieces = stacked.reshape(n_heads, 3, d // n_heads, d)
    w_q, w_k, w_v = (pieces[:, role].reshape(d, d) for role in range(3))
    return w_q, w_k, w_v


@EXERCISE.mutant
def stacked_queries_taken_for_keys(stacked, n_heads):
    w_q, w_k, w_v = _reference(stacked, n_heads)
    return w_k, w_q, w_v


@EXERCISE.mutant
def stacked_values_taken_for_keys(stacked, n_heads):
    w_q, w_k, w_v = _reference(stacked, n_heads)
    return w_q, w_v, w_k


@EXERCISE.mutant
def roles_change_with_every_row(stacked, n_heads):
    d = stacked.shape[1]
    return tuple(stacked[role::3].T for role in range(3))


@EXERCISE.mutant
def stacked_heads_in_reverse(stacked, n_heads):
    d = stacked.shape[1]
    pieces = stacked.reshape(n_heads, 3, d // n_heads, d)[::-1]
    return tuple(pieces[:, role].reshape(d, d).T for role in range(3))


@EXERCISE.mutant
def reshaped_where_transposed(stacked, n_heads):
    d = stacked.shape[1]
    pieces = stacked.reshape(d, n_heads, 3, d // n_heads)
    return tuple(pieces[:, :, role].reshape(d, d) for role in range(3))


@EXERCISE.mutant
def heads_woven_into_each_other(stacked, n_heads):
    d = stacked.shape[1]
    pieces = stacked.reshape(n_heads, 3, d // n_heads, d)
    return tuple(pieces[:, role].swapaxes(0, 1).reshape(d, d).T for role in range(3))


@EXERCISE.holds("a row times the three matrices gives, head by head, what the stack gives for the column")
def same_products(call):
    rng = np.random.default_rng(0)
    stacked, x = rng.normal(size=(36, 12)), rng.normal(size=12)
    theirs = (stacked @ x).reshape(4, 3, 3)
    for role, (name, w) in enumerate(zip(("w_q", "w_k", "w_v"), call(stacked, 4))):
        gap = np.abs((x @ np.asarray(w, dtype=float)).reshape(4, 3) - theirs[:, role]).max()
        if not gap < 1e-4:
            return f"with {name} a number is off by {text.number(gap)}"
    return None


@EXERCISE.holds("every number of the stack is in the result once")
def moved_not_made(call):
    stacked = np.arange(108.0).reshape(18, 6)
    out = np.sort(np.concatenate([np.asarray(w, dtype=float).ravel() for w in call(stacked, 3)]))
    return _missing(out)


def _missing(out):
    lost = np.setdiff1d(np.arange(108), out)
    return f"{text.count(len(lost), 'number is', 'numbers are')} missing" if len(lost) else None
