"""A trained projection, carried over from adjacent pairs to halves."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(w, n_heads):
    d_head = len(w) // n_heads
    order = positions.adjacent_to_halves(d_head)
    return w.reshape(n_heads, d_head, -1)[:, order].reshape(w.shape)


EXERCISE = Exercise(
    id="positions.carry_over",
    title="Weights for the other pairing",
    level="analyse",
    minutes=15,
    difficulty=3,
    page="positions/relative",
    headings=("Two pairings, one permutation",),
    statement=r"""
    A model was trained with rotary positions on **adjacent** pairs; your program pairs the two **halves** of each head. `w` is its query (or key) projection, used as $x W^\top$: one *row* for each output feature, head after head.
    Return the projection with its rows in the order in which your program gives every pair of queries and keys the same score as before.

    A tiny example: one head of width 4 with the rows 0, 1, 2, 3 needs them in the order 0, 2, 1, 3.
    """,
    slot='''
    def carry_over(w, n_heads):
        """The rows of a projection, reordered from adjacent pairs to halves within each head.

        w: (n_heads * d_head, d_model); result: the same shape
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Pair $i$ of a head stands in rows $2i$ and $2i + 1$ now and must stand in rows $i$ and $i + d_{\\text{head}} / 2$ afterwards. Heads do not mix.",
        r"Within each head: first all even rows, then all odd rows.",
        "```python\nheads = w.reshape(n_heads, ____, w.shape[1])\nmoved = np.concatenate([heads[:, ____], heads[:, ____]], axis=1)\nreturn moved.reshape(w.shape)\n```",
    ),
    parsons=("permuted_across_heads", "odd_features_first"),
    why=r"""
    A score is a sum over features, and a sum does not care about order, as long as queries and keys are reordered alike. Values and the output matrix stay as they are: they are never rotated.

    **The two most common mistakes.** Permuting all rows at once instead of head by head. Applying the inverse, which for heads of width 2 and 4 is the same permutation and from 6 on is not.

    **Cost.** Once, when the weights are loaded. Public conversion scripts do exactly this.
    """,
    verified="equal to the definition for 1, 2, 3 and 5 heads of widths 4 to 10, and scores are kept.",
    next_thought="why must the value projection not be permuted?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
_w_q, _w_k = _rng.normal(size=(2, 18, 7))
EXERCISE.probe("3 heads of width 6", _w_q, 3)
EXERCISE.probe("1 head of width 10", _rng.normal(size=(10, 3)), 1)
EXERCISE.probe("5 heads of width 4, whole numbers", np.arange(60).reshape(20, 3), 5)
EXERCISE.probe("2 heads, a square matrix", _rng.normal(size=(16, 16)), 2)


@EXERCISE.solve
def carry_over_solution(w, n_heads):
    heads = w.reshape(n_heads, -1, w.shape[1])
    moved = np.concatenate([heads[:, 0::2], heads[:, 1::2]], axis=1)
    return moved.reshape(w.shape)


@EXERCISE.mutant
def permuted_across_heads(w, n_heads):
    moved = np.concatenate([w[0::2], w[1::2]], axis=0)
    return moved.reshape(w.shape)


@EXERCISE.mutant
def permutation_backwards(w, n_heads):
    heads = w.reshape(n_heads, -1, w.shape[1])
    return heads[:, np.argsort(positions.adjacent_to_halves(heads.shape[1]))].reshape(w.shape)


@EXERCISE.mutant
def columns_permuted(w, n_heads):
    return w[:, np.r_[0 : w.shape[1] : 2, 1 : w.shape[1] : 2]]


@EXERCISE.mutant
def odd_features_first(w, n_heads):
    heads = w.reshape(n_heads, -1, w.shape[1])
    moved = np.concatenate([heads[:, 1::2], heads[:, 0::2]], axis=1)
    return moved.reshape(w.shape)


@EXERCISE.mutant
def left_as_it_was(w, n_heads):
    return w.copy()


@EXERCISE.mutant
def heads_permuted(w, n_heads):
    return w.reshape(n_heads, -1, w.shape[1])[::-1].reshape(w.shape)


def _scores(w_q, w_k, rotate):
    """Scores of one head of width 6 for 5 tokens."""
    x = np.random.default_rng(1).normal(size=(5, 7))
    q, k = (positions.rotary(x @ w[:6].T, np.arange(5), rotate=rotate) for w in (w_q, w_k))
    return q @ k.T


@EXERCISE.holds("scores stay as they were")
def scores_stay(call):
    before = _scores(_w_q, _w_k, positions.rotate_adjacent)
    after = _scores(call(_w_q, 3), call(_w_k, 3), positions.rotate_halves)
    return None if np.allclose(before, after) else f"a score moves by {text.number(np.abs(before - after).max())}"


@EXERCISE.holds("every head keeps its own rows")
def rows_kept(call):
    ours, out = np.sort(_w_q.reshape(3, 6, 7), axis=1), np.sort(call(_w_q, 3).reshape(3, 6, 7), axis=1)
    return None if np.allclose(ours, out) else f"the first head's smallest numbers were {text.numbers(ours[0], 2)} and are {text.numbers(out[0], 2)}"


@EXERCISE.holds("the two rows of a pair stand half a head apart, in the order of the pairs")
def pairs_apart(call):
    out = call(np.arange(20)[:, None] * np.ones(3), 2)[:, 0]
    for pair in range(5):
        first, second = (np.flatnonzero(np.isclose(out, row)) for row in (2 * pair, 2 * pair + 1))
        if first.tolist() != [pair] or second.tolist() != [pair + 5]:
            return f"in the first of two heads of width 10, rows {2 * pair} and {2 * pair + 1} are in the places {text.numbers(first) or 'none'} and {text.numbers(second) or 'none'}"
    return None
