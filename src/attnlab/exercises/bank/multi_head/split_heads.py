"""Split: from one wide table of tokens to one narrow table for each head."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference import heads

EXERCISE = Exercise(
    id="multi_head.split_heads",
    title="Split into heads",
    level="apply",
    minutes=10,
    difficulty=1,
    page="multi_head/implementation",
    headings=("By hand: two tokens, two heads", "Why the axes change places"),
    statement=r"""
    Cut the features of each token into `n_heads` equal runs, and give every head its own table of tokens: from $(\ldots, n, H d_{\text{head}})$ to $(\ldots, H, n, d_{\text{head}})$.
    Head 0 gets the first $d_{\text{head}}$ features of every token, head 1 the next ones, and so on. There may be axes in front, for a batch.

    A tiny example: the tokens `[[1, 2, 3, 4], [5, 6, 7, 8]]` with two heads become `[[1, 2], [5, 6]]` and `[[3, 4], [7, 8]]`.
    """,
    slot='''
    def split_heads(x, n_heads):
        """One table of tokens for each head.

        x: (..., n, n_heads * d_head); result: (..., n_heads, n, d_head)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Every head must hold a piece of *every* token. Look at head 0 of the tiny example: it has a row from each of the two tokens.",
        r"Entry $[h, i, c]$ of the result is entry $[i,\; h\, d_{\text{head}} + c]$ of $X$. Two moves: cut the last axis in two, then let two axes change places.",
        "```python\n*batch, n, width = x.shape\ncut = x.reshape(*batch, ____, ____, width // n_heads)\nreturn cut.swapaxes(____, ____)\n```",
    ),
    parsons=("split_without_exchange", "features_before_tokens"),
    why=r"""
    `reshape` keeps the order in which the numbers are read: it only cuts it at other places. Cutting the features of each token in two is such a cut. Putting the heads in front is not; that takes an exchange of axes.

    **The two most common mistakes.** Asking `reshape` for the final shape at once: a head then holds whole tokens, but only some of them. Leaving the heads behind the tokens, so that attention runs among the heads of one token.

    **Cost.** None but a copy of $n \cdot d$ numbers when the result is next used in one piece; the exchange itself only relabels the axes.
    """,
    verified="equal to the definition for 2, 3, 5 and 1 heads, with no, one and two axes of a batch.",
    next_thought="what does the result hold if the numbers of tokens and of heads happen to be equal, and is it a test of anything?",
    reference=heads.split_heads,
)

_rng = np.random.default_rng(0)
_x = _rng.normal(size=(7, 15))
EXERCISE.probe("7 tokens of width 15, 3 heads", _x, 3)
EXERCISE.probe("a batch of 2", _rng.normal(size=(2, 11, 10)), 5)
EXERCISE.probe("as many tokens as heads", _rng.normal(size=(5, 35)), 5)
EXERCISE.probe("heads as wide as their number", _rng.normal(size=(2, 9)), 3)
EXERCISE.probe("one head", _rng.normal(size=(3, 7)), 1)
EXERCISE.probe("one token, heads of width 1", _rng.normal(size=(1, 5)), 5)
EXERCISE.probe("a batch of 2 by 3", _rng.normal(size=(2, 3, 4, 6)), 2)


@EXERCISE.solve
def split_heads_solution(x, n_heads):
    *batch, n, width = x.shape
    cut = x.reshape(*batch, n, n_heads, width // n_heads)
    return cut.swapaxes(-3, -2)


@EXERCISE.mutant
def split_without_exchange(x, n_heads):
    *batch, n, width = x.shape
    return x.reshape(*batch, n_heads, n, width // n_heads)


@EXERCISE.mutant(evidence=text.shapes)
def features_before_tokens(x, n_heads):
    *batch, n, width = x.shape
    cut = x.reshape(*batch, n, n_heads, width // n_heads)
    return np.moveaxis(cut, -3, -1)


@EXERCISE.mutant(evidence=text.shapes)
def heads_behind_tokens(x, n_heads):
    *batch, n, width = x.shape
    return x.reshape(*batch, n, n_heads, width // n_heads)


@EXERCISE.mutant
def heads_on_the_inner_axis(x, n_heads):
    *batch, n, width = x.shape
    return np.moveaxis(x.reshape(*batch, n, width // n_heads, n_heads), -1, -3)


@EXERCISE.mutant(evidence=text.shapes)
def head_count_for_head_width(x, n_heads):
    *batch, n, width = x.shape
    return x.reshape(*batch, n, width // n_heads, n_heads).swapaxes(-3, -2)


@EXERCISE.mutant
def heads_in_reverse(x, n_heads):
    return heads.split_heads(x, n_heads)[..., ::-1, :, :]


@EXERCISE.mutant(evidence=text.shapes)
def every_head_gets_all(x, n_heads):
    return np.stack([x] * n_heads, axis=-3)


@EXERCISE.holds("the first head holds the first features of every token")
def first_head(call):
    out = call(_x, 3)
    if out.shape != (3, 7, 5):
        return f"{text.shape(out)} for 7 tokens of width 15 and 3 heads"
    return None if np.allclose(out[0], _x[:, :5]) else f"the first head begins {text.numbers(out[0], 6)}"


@EXERCISE.holds("a change of one token shows in one row of every head")
def one_token(call):
    changed = _x.copy()
    changed[2] += 1
    moved = np.argwhere(np.abs(call(changed, 3) - call(_x, 3)).max(axis=-1) > 0.5)
    if [tuple(place) for place in moved] != [(0, 2), (1, 2), (2, 2)]:
        return f"token 2 was changed, and {len(moved)} rows moved, in {len(set(moved[:, 0]))} of the 3 heads"
    return None


EXERCISE.holds("the example of the statement comes out")(
    comes_out([[[1, 2], [5, 6]], [[3, 4], [7, 8]]], np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), 2))


@EXERCISE.holds("each text of a batch is split by itself")
def texts_alone(call):
    gap = np.abs(call(np.stack([_x, 2 * _x]), 3)[1] - call(2 * _x, 3)).max()
    return None if gap < 1e-3 else f"text 1, alone, differs by {text.number(gap)}"
