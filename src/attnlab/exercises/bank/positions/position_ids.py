"""Positions of tokens in padded texts."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(is_token):
    is_token = np.asarray(is_token, dtype=bool)
    return np.array([[row[:t].sum() if row[t] else 0 for t in range(len(row))] for row in is_token])


EXERCISE = Exercise(
    id="positions.position_ids",
    title="Where does a token stand?",
    level="apply",
    minutes=10,
    difficulty=1,
    page="positions/learned",
    headings=("Padding moves tokens",),
    statement=r"""
    A batch of texts was padded to one length: on the right, on the left, or both. `is_token` is True at real tokens. Return the position of every token **within its own text**: the first real token stands at 0. Padding gets the position 0 too; nobody will look at it.

    A tiny example: *padding, dog, barks* has the positions 0, 0, 1.
    """,
    slot='''
    def position_ids(is_token):
        """Positions of real tokens counted within each text, 0 for padding.

        is_token: (batch, tokens) True and False; result: (batch, tokens) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "How many real tokens stand before this one, in its own text?",
        "`np.cumsum` along a text counts the real tokens up to and *including* each place.",
        "```python\ncounted = np.cumsum(is_token, axis=____) - ____\nreturn np.where(is_token, ____, ____)\n```",
    ),
    parsons=("ids_from_one", "ids_down_the_batch"),
    why=r"""
    Padding is a matter of the batch, not of the text. With positions counted so, a text gives the same numbers alone, in a batch, and on either side of its padding. That is also the test.

    **The two most common mistakes.** Numbering the columns of the batch: right for padding on the right, and wrong for generation, where padding stands on the left. Leaving the padding at $-1$, which NumPy takes for the last row of a table.

    **Cost.** One running sum.
    """,
    verified="equal to the definition for padding left, right, on both sides and none.",
    next_thought="which of the schemes of the next chapter do not mind if this is wrong, and why?",
    reference=_reference,
)

_T, _F = True, False
EXERCISE.probe("padding on the left", np.array([[_F, _F, _T, _T, _T], [_F, _T, _T, _T, _T], [_T] * 5]))
EXERCISE.probe("padding on both sides", np.array([[_F, _T, _T, _T, _F, _F, _F], [_F, _F, _F, _T, _T, _T, _F]]))
EXERCISE.probe("1 text of 9 tokens, padded on the left", np.array([[_F, _F] + [_T] * 9]))
EXERCISE.probe("texts of one token", np.array([[_F, _F, _T], [_T, _F, _F], [_F, _T, _F], [_F, _F, _T]]))
EXERCISE.probe("no padding", np.ones((2, 5), dtype=bool))
EXERCISE.probe("a square batch", np.array([[_T, _T, _F], [_T, _T, _T], [_F, _F, _T]]))


@EXERCISE.solve
def position_ids_solution(is_token):
    counted = np.cumsum(is_token, axis=1) - 1
    return np.where(is_token, counted, 0)


@EXERCISE.mutant
def columns_numbered(is_token):
    return np.tile(np.arange(is_token.shape[1]), (len(is_token), 1))


@EXERCISE.mutant
def ids_from_one(is_token):
    counted = np.cumsum(is_token, axis=1)
    return np.where(is_token, counted, 0)


@EXERCISE.mutant
def ids_down_the_batch(is_token):
    counted = np.cumsum(is_token, axis=0) - 1
    return np.where(is_token, counted, 0)


@EXERCISE.mutant
def ids_from_the_end(is_token):
    counted = np.cumsum(is_token[:, ::-1], axis=1)[:, ::-1] - 1
    return np.where(is_token, counted, 0)


@EXERCISE.mutant
def padding_below_zero(is_token):
    return np.cumsum(is_token, axis=1) - 1


@EXERCISE.mutant
def padding_counted_on(is_token):
    return np.maximum(np.cumsum(is_token, axis=1) - 1, 0)


@EXERCISE.mutant
def padding_at_one(is_token):
    counted = np.cumsum(is_token, axis=1) - 1
    return np.where(is_token, counted, 1)


@EXERCISE.mutant
def ids_behind_the_padding_row(is_token):
    return np.where(is_token, np.cumsum(is_token, axis=1) + 1, 1)


@EXERCISE.holds("a text stands at the same positions whatever its padding")
def same_anywhere(call):
    out = call(np.array([[_T, _T, _T, _F, _F], [_F, _F, _T, _T, _T]]))
    return None if (out[0, :3] == out[1, 2:]).all() else f"padded right {text.numbers(out[0, :3])}, padded left {text.numbers(out[1, 2:])}"


@EXERCISE.holds("padding stands at 0")
def padding(call):
    is_token = np.array([[_F, _T, _T, _F], [_T, _T, _T, _F]])
    found = call(is_token)[~is_token]
    return None if (found == 0).all() else f"padding gets {text.numbers(found)}"


@EXERCISE.holds("no position lies below zero")
def not_negative(call):
    out = call(np.array([[_F, _T, _T], [_T, _T, _F]]))
    return None if out.min() >= 0 else f"the smallest is {text.number(out.min())}"
