"""A batch of texts of unequal length, as rows with positions, and which rows are real."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _embed(table, positions, texts, row=None, place=0, front=False):
    """Rows and truth values; `row(table, position)` is one row."""
    table, positions = np.asarray(table, dtype=float), np.asarray(positions, dtype=float)
    root, longest = table.shape[1] ** 0.5, max(map(len, texts))
    row = row or (lambda word, position: root * word + position)
    rows, real = np.zeros((len(texts), longest, table.shape[1])), np.zeros((len(texts), longest))
    for b, ids in enumerate(texts):
        for t, i in enumerate(ids):
            at = t + (longest - len(ids) if front else 0)
            rows[b, at], real[b, at] = row(table[i], positions[t + place]), 1
    return rows, real


def _reference(table, positions, texts):
    return _embed(table, positions, texts)


EXERCISE = Exercise(
    id="architecture.embed_texts",
    title="Texts of unequal length, ready for the encoder",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/encoder",
    headings=("Into the encoder: table and positions", "Padding"),
    statement=r"""
    Prepare a batch for an encoder. `texts` is a list of lists of ids, of unequal lengths. Return **two** arrays:

    - `rows`, (texts, longest, width): for the token with id $i$ at place $t$ of its text (counted from 0), $\sqrt{\text{width}} \cdot \text{table}_i + \text{positions}_t$. Every text begins at place 0; behind its end stand rows of zeros. A text may be empty, but not all of them.
    - `real`, (texts, longest): true where there is a token, false behind the end.

    A tiny example: `table = [[1, 0, 0, 0], [0, 1, 0, 0]]`, `positions = [[0, 0, 5, 0], [0, 0, 6, 0]]`, `texts = [[1], [0, 0]]` give, for the first text, the rows `[[0, 2, 5, 0], [0, 0, 0, 0]]` and `[True, False]`.
    """,
    slot='''
    def embed_texts(table, positions, texts):
        """(rows, real) of a batch of texts.

        table: (words, width); positions: (places, width), at least as many as the longest text has tokens
        texts: a list of lists of ids; rows: (texts, longest, width); real: (texts, longest)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A text's rows do not depend on the other texts of the batch, except for how many rows of zeros follow.",
        "Make an array of zeros that is long enough for the longest text, then fill in the beginning of each text's part. Only the table is multiplied by the root.",
        "```python\nlongest = ____\nrows = np.zeros((len(texts), longest, table.shape[1]))\nreal = np.zeros((len(texts), longest), dtype=bool)\n"
        "for b, ids in enumerate(texts):\n    rows[b, : len(ids)] = ____\n    real[b, ____] = True\nreturn rows, real\n```",
    ),
    parsons=("embedding_not_scaled", "padding_called_real"),
    why=r"""
    The root brings the table's rows to the size of the position's rows: a table that also serves as the output layer has rows of length about 1, and a row of sinusoids has the length $\sqrt{d/2}$.

    **The two most common mistakes.** Multiplying the sum, positions included. Returning a table of what is real that calls the padding real: the encoder then reads rows that mean nothing.

    **Cost.** A look-up and an addition for each token; no product of matrices.
    """,
    verified="for one text and several, the short one first and last, an empty text, one token, and whole numbers.",
    next_thought="which of the two arrays does the attention need, and along which axis?",
    reference=_reference,
    parts=("rows", "real"),
)

_rng = np.random.default_rng(31)
_table, _places = _rng.normal(size=(11, 5)), _rng.normal(size=(7, 5))
EXERCISE.probe("two texts, the short one first", _table, _places, [[4, 2], [1, 0, 9, 3, 5]])
EXERCISE.probe("three texts, the longest first", _rng.normal(size=(5, 3)), _rng.normal(size=(7, 3)), [[4, 2, 0, 4], [1], [0, 3, 2]])
EXERCISE.probe("one text", _rng.normal(size=(7, 4)), _rng.normal(size=(3, 4)), [[6, 0, 0]])
EXERCISE.probe("one text is empty", _table, _places, [[], [3, 3, 8]])
EXERCISE.probe("whole numbers", np.array([[1, 0, 2], [0, 1, 3]]), np.array([[5, 0, 1], [6, 1, 2], [7, 2, 2]]), [[1, 1], [0, 1, 0]])
EXERCISE.probe("one token, a width of 9", _rng.normal(size=(3, 9)), _rng.normal(size=(2, 9)), [[2]])
EXERCISE.probe("13 texts of up to 17 tokens", _rng.normal(size=(23, 3)), _rng.normal(size=(19, 3)), [[(5 * n + t) % 23 for t in range(n + 5)] for n in range(13)])


@EXERCISE.solve
def embed_texts_solution(table, positions, texts):
    longest = max(len(ids) for ids in texts)
    rows = np.zeros((len(texts), longest, table.shape[1]))
    real = np.zeros((len(texts), longest), dtype=bool)
    for b, ids in enumerate(texts):
        n = len(ids)
        if n:
            rows[b, :n] = np.sqrt(table.shape[1]) * table[ids] + positions[:n]
            real[b, :n] = True
    return rows, real


@EXERCISE.mutant
def embedding_not_scaled(table, positions, texts):
    longest = max(len(ids) for ids in texts)
    rows = np.zeros((len(texts), longest, table.shape[1]))
    real = np.zeros((len(texts), longest), dtype=bool)
    for b, ids in enumerate(texts):
        n = len(ids)
        if n:
            rows[b, :n] = table[ids] + positions[:n]
            real[b, :n] = True
    return rows, real


@EXERCISE.mutant
def padding_called_real(table, positions, texts):
    longest = max(len(ids) for ids in texts)
    rows = np.zeros((len(texts), longest, table.shape[1]))
    real = np.ones((len(texts), longest), dtype=bool)
    for b, ids in enumerate(texts):
        n = len(ids)
        if n:
            rows[b, :n] = np.sqrt(table.shape[1]) * table[ids] + positions[:n]
    return rows, real


@EXERCISE.mutant
def embedding_scaled_with_its_position(table, positions, texts):
    root = table.shape[1] ** 0.5
    return _embed(table, positions, texts, lambda word, position: root * (word + position))


@EXERCISE.mutant
def embedding_divided_by_the_root(table, positions, texts):
    root = table.shape[1] ** 0.5
    return _embed(table, positions, texts, lambda word, position: word / root + position)


@EXERCISE.mutant
def embedding_times_the_width(table, positions, texts):
    width = table.shape[1]
    return _embed(table, positions, texts, lambda word, position: width * word + position)


@EXERCISE.mutant
def places_begin_at_one(table, positions, texts):
    positions = np.concatenate([positions, 0 * np.asarray(positions)[:1]])
    return _embed(table, positions, texts, place=1)


@EXERCISE.mutant
def texts_padded_in_front(table, positions, texts):
    return _embed(table, positions, texts, front=True)


@EXERCISE.mutant
def real_and_padding_exchanged(table, positions, texts):
    rows, real = _embed(table, positions, texts)
    return rows, 1 - real


@EXERCISE.mutant
def padding_gets_positions(table, positions, texts):
    rows, real = _embed(table, positions, texts)
    return np.where(real[..., None] > 0, rows, np.asarray(positions, dtype=float)[: rows.shape[1]]), real


@EXERCISE.mutant
def padding_gets_word_0(table, positions, texts):
    rows, real = _embed(table, positions, texts)
    filled = _embed(table, positions, [[*ids, *[0] * (rows.shape[1] - len(ids))] for ids in texts])[0]
    return filled, real


@EXERCISE.mutant
def positions_left_out_of_the_sum(table, positions, texts):
    root = table.shape[1] ** 0.5
    return _embed(table, positions, texts, lambda word, position: root * word)


@EXERCISE.mutant
def positions_multiplied_in(table, positions, texts):
    root = table.shape[1] ** 0.5
    return _embed(table, positions, texts, lambda word, position: root * word * position)


@EXERCISE.holds("a text gets the same rows alone and in a batch")
def alone(call):
    together, single = np.asarray(call(_table, _places, [[4, 2], [1, 0, 9]])[0])[0, :2], np.asarray(call(_table, _places, [[4, 2]])[0])[0]
    gap = np.abs(together - single).max()
    return None if gap < 1e-5 else f"an entry differs by {text.number(gap)}"


EXERCISE.holds("the example of the statement comes out")(comes_out(
    ([[[0, 2, 5, 0], [0, 0, 0, 0]], [[2, 0, 5, 0], [2, 0, 6, 0]]], [[1, 0], [1, 1]]),
    np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]]), np.array([[0.0, 0, 5, 0], [0, 0, 6, 0]]), [[1], [0, 0]]))
