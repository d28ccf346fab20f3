"""Merge: the heads of each token side by side again."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference import heads

EXERCISE = Exercise(
    id="multi_head.merge_heads",
    title="Merge the heads",
    level="apply",
    minutes=5,
    difficulty=1,
    page="multi_head/implementation",
    headings=("Why the axes change places",),
    statement=r"""
    The last of the seven steps: put the outputs of the heads for one token side by side, head 0 first, from $(\ldots, H, n, d_{\text{head}})$ to $(\ldots, n, H d_{\text{head}})$. It undoes the split.

    A tiny example: the heads `[[1, 2], [5, 6]]` and `[[3, 4], [7, 8]]` become the tokens `[[1, 2, 3, 4], [5, 6, 7, 8]]`.
    """,
    slot='''
    def merge_heads(x):
        """The heads of each token side by side.

        x: (..., n_heads, n, d_head); result: (..., n, n_heads * d_head)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A change in the first token of any head may change the first row of the result, and no other row.",
        r"Entry $[i,\; h\, d_{\text{head}} + c]$ of the result is entry $[h, i, c]$ of what you are given. The two moves of the split, in the opposite order.",
        "```python\n*batch, n_heads, n, d_head = x.shape\nbeside = x.swapaxes(____, ____)\nreturn beside.reshape(*batch, ____, ____ * ____)\n```",
    ),
    parsons=("merge_without_exchange", "heads_stacked_below"),
    why=r"""
    The exchange has to come before the flattening: flattening joins *neighbouring* axes, and heads and features must be neighbours for it.

    **The two most common mistakes.** Flattening without the exchange, which gives the first row to several tokens of head 0. Adding or averaging the heads, which loses which head wrote what before the output matrix could use it.

    **Cost.** One copy of $n \cdot d$ numbers: after the exchange the numbers of a token are no longer neighbours in memory. That is why PyTorch's `view` refuses here and `reshape` copies.
    """,
    verified="equal to the definition for 1 to 5 heads, with no, one and two axes of a batch, and it undoes the split.",
    next_thought="why can the output matrix that follows undo any fixed order of the features, but not a mixing of tokens?",
    reference=heads.merge_heads,
)

_rng = np.random.default_rng(1)
_x = _rng.normal(size=(3, 7, 5))
EXERCISE.probe("3 heads of width 5, 7 tokens", _x)
EXERCISE.probe("a batch of 2", _rng.normal(size=(2, 5, 11, 3)))
EXERCISE.probe("as many tokens as heads", _rng.normal(size=(5, 5, 2)))
EXERCISE.probe("one token", _rng.normal(size=(3, 1, 7)))
EXERCISE.probe("one head", _rng.normal(size=(1, 5, 3)))
EXERCISE.probe("a batch of 2 by 3, heads of width 1", _rng.normal(size=(2, 3, 5, 4, 1)))


@EXERCISE.solve
def merge_heads_solution(x):
    *batch, n_heads, n, d_head = x.shape
    beside = x.swapaxes(-3, -2)
    return beside.reshape(*batch, n, n_heads * d_head)


@EXERCISE.mutant
def merge_without_exchange(x):
    *batch, n_heads, n, d_head = x.shape
    return x.reshape(*batch, n, n_heads * d_head)


@EXERCISE.mutant(evidence=text.shapes)
def heads_stacked_below(x):
    *batch, n_heads, n, d_head = x.shape
    return x.reshape(*batch, n_heads * n, d_head)


@EXERCISE.mutant
def merged_by_feature(x):
    *batch, n_heads, n, d_head = x.shape
    return np.moveaxis(x, -3, -1).reshape(*batch, n, n_heads * d_head)


@EXERCISE.mutant(evidence=text.shapes)
def heads_averaged(x):
    return x.mean(axis=-3)


@EXERCISE.mutant(evidence=text.shapes)
def heads_summed(x):
    return x.sum(axis=-3)


@EXERCISE.mutant(evidence=text.shapes)
def first_head_only(x):
    return x[..., 0, :, :]


@EXERCISE.mutant
def heads_in_reverse(x):
    return heads.merge_heads(x[..., ::-1, :, :])


@EXERCISE.holds("one row for each token, as wide as all heads together")
def shape_of_result(call):
    out = call(_x)
    return None if out.shape == (7, 15) else f"{text.shape(out)} for 3 heads of width 5 and 7 tokens"


@EXERCISE.holds("what the heads say about token 2 stands in row 2 alone")
def rows_stay(call):
    changed = _x.copy()
    changed[:, 2] += 1
    moved = np.flatnonzero(np.abs(call(changed) - call(_x)).max(axis=-1) > 0.5)
    return None if moved.tolist() == [2] else f"rows {text.numbers(moved, 6)} changed"


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[1, 2, 3, 4], [5, 6, 7, 8]], np.array([[[1, 2], [5, 6]], [[3, 4], [7, 8]]])))


@EXERCISE.holds("the first columns hold the first head")
def first_columns(call):
    gap = np.abs(call(_x)[:, :5] - _x[0]).max()
    return None if gap < 1e-3 else f"an entry differs by {text.number(gap)}"


@EXERCISE.holds("each text of a batch is merged by itself")
def texts_alone(call):
    both = np.stack([_x, 2 * _x])
    gap = np.abs(call(both)[1] - call(2 * _x)).max()
    return None if gap < 1e-3 else f"text 1, alone, differs by {text.number(gap)}"
