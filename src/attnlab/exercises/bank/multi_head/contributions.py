"""What each head adds to the output."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference.heads import merge_heads

EXERCISE = Exercise(
    id="multi_head.contributions",
    title="What does each head write?",
    level="apply",
    minutes=10,
    difficulty=2,
    page="multi_head/mathematics",
    headings=("A sum over heads",),
    statement=r"""
    Merging and multiplying by $W_O$ is the same as sending each head through its own rows of $W_O$ and adding. Return the terms of that sum: for each head what it adds to each token, $(H, n, d_{\text{out}})$.

    A tiny example: two heads of width 1, `mixed` = `[[[2]], [[3]]]` and `w_o` = `[[1], [10]]` give `[[[2]], [[30]]]`.
    """,
    slot='''
    def contributions(mixed, w_o):
        """What each head adds to the output.

        mixed: (H, n, d_head), w_o: (H * d_head, d_out); result: (H, n, d_out)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Added up over the heads, your result must be the output of the layer. If one head is zero everywhere, its part is zero and the others do not change.",
        r"$\text{head}_h\, W_O^h$, where $W_O^h$ is rows $h\, d_{\text{head}}$ to $(h + 1)\, d_{\text{head}}$ of $W_O$.",
        "```python\nn_heads, n, d_head = mixed.shape\nrows = w_o.reshape(____, ____, -1)\nreturn mixed @ ____\n```",
    ),
    parsons=("rows_in_turns", "first_rows_for_all"),
    why=r"""
    A product of a wide table with a tall matrix is a sum over the runs of columns and rows that meet: $[A \mid B]\,\begin{bmatrix} C \\ D \end{bmatrix} = AC + BD$.

    **The two most common mistakes.** Taking columns of $W_O$ for its rows. Reshaping with the two factors in the wrong order, which deals the rows out in turns.

    **Cost.** $H$ times the memory of the output, and the same multiplications as the one product. It shows what each head writes, and what remains when one is removed.
    """,
    verified="equal to the definition for 3 and 5 heads, and for a square output matrix.",
    next_thought="which head could be removed with the least change, and is a small contribution the same as an unimportant one?",
    reference=lambda mixed, w_o: np.stack(
        [merge_heads(mixed * (np.arange(len(mixed)) == h)[:, None, None]) @ w_o for h in range(len(mixed))]
    ),
)

_rng = np.random.default_rng(4)
_mixed, _w_o = _rng.normal(size=(3, 7, 5)), _rng.normal(size=(15, 11))
EXERCISE.probe("3 heads of width 5, 7 tokens, 11 features out", _mixed, _w_o)
EXERCISE.probe("5 heads of width 2", _rng.normal(size=(5, 3, 2)), _rng.normal(size=(10, 7)))
EXERCISE.probe("a square output matrix", _rng.normal(size=(3, 5, 3)), _rng.normal(size=(9, 9)))
EXERCISE.probe("whole numbers", np.array([[[2, 0]], [[3, -1]]]), np.array([[1, 4], [10, 0], [0, 2], [5, 5]]))
EXERCISE.probe("one head", _rng.normal(size=(1, 2, 3)), _rng.normal(size=(3, 5)))


@EXERCISE.solve
def contributions_solution(mixed, w_o):
    n_heads, n, d_head = mixed.shape
    rows = w_o.reshape(n_heads, d_head, -1)
    return mixed @ rows


@EXERCISE.mutant
def rows_in_turns(mixed, w_o):
    n_heads, n, d_head = mixed.shape
    rows = w_o.reshape(d_head, n_heads, -1).swapaxes(0, 1)
    return mixed @ rows


@EXERCISE.mutant
def first_rows_for_all(mixed, w_o):
    n_heads, n, d_head = mixed.shape
    return mixed @ w_o[:d_head]


@EXERCISE.mutant(evidence=text.shapes)
def contributions_summed(mixed, w_o):
    return merge_heads(mixed) @ w_o


@EXERCISE.mutant
def contributions_averaged(mixed, w_o):
    return mixed @ w_o.reshape(*mixed.shape[::2], -1) / len(mixed)


@EXERCISE.mutant
def heads_in_reverse(mixed, w_o):
    return (mixed @ w_o.reshape(*mixed.shape[::2], -1))[::-1]


@EXERCISE.mutant
def weight_matrices_transposed(mixed, w_o):
    return mixed @ w_o.T.reshape(*mixed.shape[::2], -1)


@EXERCISE.holds("the contributions add up to the output of the layer")
def adds_up(call):
    gap = np.abs(call(_mixed, _w_o).sum(axis=0) - merge_heads(_mixed) @ _w_o).max()
    return None if gap < 1e-4 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("a head that found nothing adds nothing")
def silent_head(call):
    silent = _mixed.copy()
    silent[1] = 0
    gap = np.abs(call(silent, _w_o)[1]).max()
    return None if gap < 1e-4 else f"it adds up to {text.number(gap)}"


EXERCISE.holds("two heads that say 2 and 3, with the rows 1 and 10, add 2 and 30")(
    comes_out([[[2]], [[30]]], np.array([[[2]], [[3]]]), np.array([[1], [10]])))


@EXERCISE.holds("each head goes through its own run of rows")
def own_rows(call):
    plain = call(_mixed, _w_o)
    for head in range(3):
        other = _w_o.copy()
        other[5 * head : 5 * head + 5] += 1
        moved = np.flatnonzero(np.abs(call(_mixed, other) - plain).max(axis=(1, 2)) > 1e-6)
        if moved.tolist() != [head]:
            return f"the rows of head {head} change, and the contributions that change are {text.numbers(moved) or 'none'}"
    return None
