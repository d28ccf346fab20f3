"""Where the gradient of a table of positions comes from."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(d_x, p, max_len):
    one_hot = (np.asarray(p)[..., None] == np.arange(max_len)).astype(float)
    return np.einsum("btr,btd->rd", one_hot, np.asarray(d_x, dtype=float))


EXERCISE = Exercise(
    id="positions.table_gradient",
    title="What each row learns",
    level="apply",
    minutes=10,
    difficulty=2,
    page="positions/learned",
    headings=("What a row learns from",),
    statement=r"""
    Token $t$ of text $b$ was given row `p[b, t]` of a table, added to its embedding. Backpropagation arrives with `d_x[b, t]`, the gradient of the loss with respect to that sum. Return the gradient of the **table**.

    A tiny example: two texts of one token each, both at position 1, with gradients 2 and 3 (width 1). A table of three rows gets the gradients 0, 5, 0.
    """,
    slot='''
    def table_gradient(d_x, p, max_len):
        """The gradient of a table of position vectors.

        d_x: (batch, tokens, d) numbers; p: (batch, tokens) whole numbers below max_len
        result: (max_len, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Every token is a use of one row. A row that is used several times gets the gradients of all its uses; one that is not used gets none.",
        r"$\partial \ell / \partial T_r = \sum_{b, t:\, p_{bt} = r} \partial \ell / \partial x_{bt}$: a sum, not a mean, over all texts.",
        "```python\ntable = np.zeros((max_len, d_x.shape[-1]))\nfor b in range(len(p)):\n    for t in range(p.shape[1]):\n        table[____] += ____\nreturn table\n```",
    ),
    parsons=("column_for_position", "averaged_over_visits"),
    why=r"""
    Looking a row up is a product with a one-hot vector, and the gradient of a product passes the one-hot vector's transpose: it puts each token's gradient back into the row that the token came from.

    **The two most common mistakes.** In NumPy, `table[p] += d_x` with repeated rows keeps only the last of them; `np.add.at` adds all. Taking the token's place in the batch for its position, which is right until the first padded text.

    **Cost.** One addition for each token and feature, however long the table is.
    """,
    verified="equal to the definition for padded texts, for one text and for a table with unused rows.",
    next_thought="a model is trained on texts of all lengths up to 512. Which row gets the fewest gradients?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
EXERCISE.probe("2 texts, the first one padded on the left", _rng.normal(size=(2, 5, 3)),
               np.array([[0, 0, 0, 1, 2], [0, 1, 2, 3, 4]]), 7)
EXERCISE.probe("3 texts in any order", _rng.normal(size=(3, 4, 2)), np.array([[5, 1, 1, 0], [2, 2, 2, 2], [4, 3, 1, 5]]), 6)
EXERCISE.probe("2 texts of one token at one position", _rng.normal(size=(2, 1, 3)), np.array([[6], [6]]), 11)
EXERCISE.probe("1 text, a square case", _rng.normal(size=(1, 4, 4)), np.array([[3, 1, 0, 3]]), 4)


@EXERCISE.solve
def table_gradient_solution(d_x, p, max_len):
    table = np.zeros((max_len, d_x.shape[-1]))
    for b in range(len(p)):
        for t in range(p.shape[1]):
            table[p[b, t]] += d_x[b, t]
    return table


@EXERCISE.mutant
def repeated_rows_once(d_x, p, max_len):
    table = np.zeros((max_len, d_x.shape[-1]))
    table[p] += d_x
    return table


@EXERCISE.mutant
def averaged_over_visits(d_x, p, max_len):
    table = np.zeros((max_len, d_x.shape[-1]))
    for r in range(max_len):
        if (p == r).any():
            table[r] = d_x[p == r].mean(axis=0)
    return table


@EXERCISE.mutant
def column_for_position(d_x, p, max_len):
    table = np.zeros((max_len, d_x.shape[-1]))
    for b in range(len(p)):
        for t in range(p.shape[1]):
            table[t] += d_x[b, t]
    return table


@EXERCISE.mutant
def first_text_alone(d_x, p, max_len):
    return _reference(d_x[:1], p[:1], max_len)


@EXERCISE.mutant
def row_zero_taken_for_padding(d_x, p, max_len):
    return _reference(d_x, p, max_len) * (np.arange(max_len) > 0)[:, None]


@EXERCISE.mutant
def divided_by_the_batch(d_x, p, max_len):
    return _reference(d_x, p, max_len) / (d_x.shape[0] * d_x.shape[1])


@EXERCISE.mutant
def gradient_to_every_row(d_x, p, max_len):
    return np.tile(d_x.sum(axis=(0, 1)), (max_len, 1))


@EXERCISE.holds("a row that no token used gets nothing")
def unused(call):
    out = call(np.ones((2, 3, 2)), np.array([[0, 1, 1], [4, 0, 1]]), 6)
    rows = out[[2, 3, 5]]
    return None if (rows == 0).all() else f"rows 2, 3 and 5 were not used and get up to {text.number(np.abs(rows).max())}"


@EXERCISE.holds("all rows together get what all tokens got")
def conserved(call):
    d_x = np.arange(12.0).reshape(2, 3, 2)
    out = call(d_x, np.array([[0, 1, 1], [4, 0, 1]]), 6)
    return None if np.isclose(out.sum(), 66) else f"tokens got 66 in all, rows {text.number(out.sum())}"


@EXERCISE.holds("each feature is added up by itself, each use of a row once")
def single_uses(call):
    p = np.array([[0, 2, 2], [2, 1, 2]])
    for b, t in np.ndindex(p.shape):
        d_x = np.zeros((2, 3, 2))
        d_x[b, t, 1] = 1.0
        out = call(d_x, p, 4)
        if not np.allclose(out[:, 0], 0) or not np.allclose(out[:, 1], np.arange(4) == p[b, t]):
            return f"token {t} of text {b}, at position {p[b, t]}, has gradients 0 and 1: the rows get {text.numbers(out[:, 0])} and {text.numbers(out[:, 1])}"
    return None
