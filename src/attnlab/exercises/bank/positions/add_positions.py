"""Embeddings and signals, added for a batch of texts that need not start at position 0."""

from __future__ import annotations

import math

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(x, signal, start):
    n, d = x.shape[-2:]
    return math.sqrt(d) * x + signal[start : start + n]


EXERCISE = Exercise(
    id="positions.add_positions",
    title="Add the signal to the tokens",
    level="apply",
    minutes=10,
    difficulty=1,
    page="positions/sinusoidal",
    headings=("Adding it to the tokens",),
    statement=r"""
    `x` holds the embeddings of a batch of texts, (batch, n, d). All of them begin at position `start` (a model that generates has seen the tokens before it already). `signal` is a table with one row for each position, (positions, d).
    Multiply the embeddings by $\sqrt d$, then add to each token the signal of **its** position.

    A tiny example: with $d = 4$ a token of ones at position 7 becomes $2$ plus row 7 of the table.
    """,
    slot='''
    def add_positions(x, signal, start):
        """sqrt(d) x plus the signal of each token's position; the first token stands at position `start`.

        x: (batch, n, d); signal: (positions, d); result: (batch, n, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Two texts with the same embeddings get the same result: the signal depends on the place in the text, not on the place in the batch.",
        r"Token $t$ of every text becomes $\sqrt d\, x_t + u_{\text{start} + t}$.",
        "```python\nbatch, n, d = x.shape\nrows = signal[____ : ____]\nreturn x * ____ + rows\n```",
    ),
    parsons=("sum_scaled", "positions_along_the_batch"),
    why=r"""
    The rows `signal[start : start + n]` have shape (n, d), which stretches over the batch by itself.

    **The two most common mistakes.** Slicing along the batch: `x.shape[0]` is the number of tokens only where the batch comes second. Scaling the sum, which makes the signal as large as the embeddings again.

    **Cost.** One addition for each number; the table is computed once and kept.
    """,
    verified="equal to the definition for batches of 1, 2, 3 and 5 texts, widths 6, 7 and 10, from positions 0 to 11.",
    next_thought="what would go wrong if padding stood in front of a short text instead of behind it?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
_table = positions.sinusoidal(np.arange(23), 10)
_x = _rng.normal(size=(2, 7, 10)) / math.sqrt(10)
EXERCISE.probe("2 texts of 7 tokens from position 3", _x, _table, 3)
EXERCISE.probe("from position 0", _x, _table, 0)
EXERCISE.probe("as many texts as tokens", _rng.normal(size=(5, 5, 10)), _table, 3)
EXERCISE.probe("one token, as when generating", _rng.normal(size=(1, 1, 10)), _table, 11)
EXERCISE.probe("3 texts of 5 tokens, width 6", _rng.normal(size=(3, 5, 6)), positions.sinusoidal(np.arange(13), 6), 2)
EXERCISE.probe("the last rows of a table of any numbers", _rng.normal(size=(2, 3, 7)), _rng.normal(size=(11, 7)), 8)


@EXERCISE.solve
def add_positions_solution(x, signal, start):
    batch, n, d = x.shape
    rows = signal[start : start + n]
    return x * np.sqrt(d) + rows


@EXERCISE.mutant
def tokens_not_scaled(x, signal, start):
    return x + signal[start : start + x.shape[1]]


@EXERCISE.mutant
def sum_scaled(x, signal, start):
    batch, n, d = x.shape
    rows = signal[start : start + n]
    return (x + rows) * np.sqrt(d)


@EXERCISE.mutant
def scaled_by_the_width(x, signal, start):
    return x * x.shape[-1] + signal[start : start + x.shape[1]]


@EXERCISE.mutant
def signal_multiplied(x, signal, start):
    return x * np.sqrt(x.shape[-1]) * signal[start : start + x.shape[1]]


@EXERCISE.mutant(evidence=text.shapes)
def signal_appended(x, signal, start):
    rows = np.broadcast_to(signal[start : start + x.shape[1]], x.shape)
    return np.concatenate([x * np.sqrt(x.shape[-1]), rows], axis=-1)


@EXERCISE.mutant
def one_position_for_all(x, signal, start):
    return x * np.sqrt(x.shape[-1]) + signal[start + x.shape[1]]


@EXERCISE.mutant
def start_ignored(x, signal, start):
    return x * np.sqrt(x.shape[-1]) + signal[: x.shape[1]]


@EXERCISE.mutant
def positions_along_the_batch(x, signal, start):
    batch, n, d = x.shape
    rows = signal[start : start + batch, None]
    return x * np.sqrt(d) + rows


@EXERCISE.holds("the shape of the embeddings stays")
def same_shape(call):
    out = call(_x, _table, 3)
    return None if out.shape == _x.shape else f"{text.shape(out)} from {text.shape(_x)}"


@EXERCISE.holds("two texts with the same embeddings get the same result")
def same_for_all_texts(call):
    out = call(np.stack([_x[0], _x[0]]), _table, 3)
    return None if np.allclose(out[0], out[1]) else f"they differ by up to {text.number(np.abs(out[0] - out[1]).max())}"


@EXERCISE.holds("the same embedding at two places gets two results")
def places_differ(call):
    out = call(np.ones((1, 2, 10)), _table, 3)[0]
    return None if np.abs(out[0] - out[1]).max() > 0.01 else f"both begin {text.numbers(out[0], 2)}"


@EXERCISE.holds("where the embeddings are 0, the signals of the tokens' own positions are left")
def signals_alone(call):
    out = call(np.zeros((2, 3, 10)), _table, 4)
    firsts = "the three tokens begin {}, the rows of their positions {}"
    return None if np.allclose(out, _table[4:7]) else firsts.format(text.numbers(out[0, :, 0]), text.numbers(_table[4:7, 0]))


@EXERCISE.holds("where the signal is 0, the embeddings are left, times the root of the width")
def embeddings_alone(call):
    out = call(np.tile([[[1.0], [2.0]]], (2, 1, 9)), np.zeros((5, 9)), 1)
    return None if np.allclose(out, [[3.0], [6.0]]) else f"of width 9, tokens of ones and of twos become {text.numbers(out[0, :, 0])}"
