"""The gradient of a table that stands at both ends of a model."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(ids, d_rows, states, d_logits):
    """With the look-up written as a product: row t of `chosen` is 1 at the id of token t."""
    chosen = np.eye(d_logits.shape[1])[ids]
    return np.sqrt(d_rows.shape[1]) * chosen.T @ d_rows + d_logits.T @ states


EXERCISE = Exercise(
    id="architecture.tied_table_gradient",
    title="Two gradients for one table",
    level="apply",
    minutes=15,
    difficulty=2,
    page="architecture/implementation",
    headings=("The mathematics", "The factor at the entrance"),
    statement=r"""
    The table $E$ ($n_w \times d$, a row for each of the $n_w$ words) is used twice: at the entrance, where the tokens `ids` become the rows $\sqrt d\, E[\text{ids}]$, and at the exit, where states $X$ become logits $X E^\top$. Backward propagation has brought you two gradients of the loss: `d_rows` with respect to the rows at the entrance, and `d_logits` with respect to the logits. Return the gradient with respect to the **table**, $n_w \times d$.

    A token may stand in the text several times. The text at the entrance and the one at the exit may differ in length.

    A tiny example with $d = 1$ and two words: `ids = [0]`, `d_rows = [[1]]`, `states = [[2]]`, `d_logits = [[3, 4]]` give `[[7], [8]]`.
    """,
    slot='''
    def tied_table_gradient(ids, d_rows, states, d_logits):
        """How the loss moves with every entry of the table.

        ids: (n,) whole numbers from 0 to n_words - 1; d_rows: (n, d)
        states: (k, d); d_logits: (k, n_words)
        result: (n_words, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The table has two users, so it gets two contributions. A word that is not in the text still gets the second.",
        r"Exit: the logits are $X E^\top$, so the contribution is (gradient of the logits)$^\top X$. "
        r"Entrance: each token adds $\sqrt d$ times its own row of `d_rows` to the row of its id.",
        "```python\nd_table = ____ @ ____\nfor token, d_row in zip(ids, d_rows):\n    d_table[token] += ____\nreturn d_table\n```",
    ),
    parsons=("repeated_tokens_overwrite", "root_left_out_of_the_gradient"),
    why=r"""
    What is used twice gets the sum of two gradients. At the exit every word is compared with every state, so every row of the table moves in every step; at the entrance only the rows of the words that occur.

    **The two most common mistakes.** `d_table[ids] += …` with NumPy: where an id occurs twice, only its last contribution arrives. Forgetting the root, which also multiplies what comes back.

    **Cost.** $2 k\, n_w d$ operations at the exit, and $n d$ additions at the entrance.
    """,
    verified="seven cases, among them repeated tokens, one token, and words that do not occur.",
    next_thought="which rows of the table move if the exit has a matrix of its own?",
    reference=_reference,
)

_rng = np.random.default_rng(71)


def _case(ids, k, d, v):
    ids = np.array(ids)
    return ids, _rng.normal(size=(len(ids), d)), _rng.normal(size=(k, d)), _rng.normal(size=(k, v))


EXERCISE.probe("5 tokens, one three times, 7 states, 11 words, width 3", *_case([4, 2, 4, 9, 4], 7, 3, 11))
EXERCISE.probe("3 tokens, 2 states, 5 words, width 6", *_case([0, 4, 0], 2, 6, 5))
EXERCISE.probe("4 of everything", *_case([3, 1, 1, 0], 4, 4, 4))
EXERCISE.probe("one token, one state", *_case([1], 1, 5, 3))
EXERCISE.probe("the same token 6 times", *_case([2, 2, 2, 2, 2, 2], 3, 2, 7))
EXERCISE.probe("whole numbers, width 4", np.array([1, 0, 1]), np.arange(12).reshape(3, 4), np.arange(8).reshape(2, 4) - 3, np.array([[1, 0, -2], [4, 1, 1]]))
EXERCISE.probe("29 tokens, 13 states, 31 words", *_case([(7 * n * n) % 31 for n in range(29)], 13, 2, 31))


@EXERCISE.solve
def tied_table_gradient_solution(ids, d_rows, states, d_logits):
    d_table = d_logits.T @ states * 1.0
    root = np.sqrt(states.shape[1])
    for token, d_row in zip(ids, d_rows):
        d_table[token] += root * d_row
    return d_table


@EXERCISE.mutant
def repeated_tokens_overwrite(ids, d_rows, states, d_logits):
    d_table = d_logits.T @ states * 1.0
    root = np.sqrt(states.shape[1])
    d_table[ids] += root * d_rows
    return d_table


@EXERCISE.mutant
def root_left_out_of_the_gradient(ids, d_rows, states, d_logits):
    d_table = d_logits.T @ states * 1.0
    for token, d_row in zip(ids, d_rows):
        d_table[token] += d_row
    return d_table


@EXERCISE.mutant
def entrance_sends_nothing_back(ids, d_rows, states, d_logits):
    return _reference(ids, 0 * d_rows, states, d_logits)


@EXERCISE.mutant
def exit_sends_nothing_back(ids, d_rows, states, d_logits):
    return _reference(ids, d_rows, 0 * states, d_logits)


@EXERCISE.mutant
def ends_of_the_table_averaged(ids, d_rows, states, d_logits):
    return _reference(ids, d_rows, states, d_logits) / 2


@EXERCISE.mutant
def root_at_both_ends(ids, d_rows, states, d_logits):
    return _reference(ids, d_rows, np.sqrt(d_rows.shape[1]) * states, d_logits)


@EXERCISE.mutant
def root_divides_on_the_way_back(ids, d_rows, states, d_logits):
    return _reference(ids, d_rows / d_rows.shape[1], states, d_logits)


@EXERCISE.mutant
def exit_moves_only_words_that_occur(ids, d_rows, states, d_logits):
    occurs = np.isin(np.arange(d_logits.shape[1]), ids)
    return _reference(ids, d_rows, states, d_logits * occurs)


@EXERCISE.mutant
def repeated_tokens_averaged(ids, d_rows, states, d_logits):
    often = np.array([(ids == token).sum() for token in ids])
    return _reference(ids, d_rows / often[:, None], states, d_logits)


@EXERCISE.holds("a small step of the table moves the loss by its inner product with the gradient")
def first_order(call):
    rng = np.random.default_rng(0)
    ids, d_rows, states, d_logits = np.array([2, 0, 2]), rng.normal(size=(3, 5)), rng.normal(size=(4, 5)), rng.normal(size=(4, 6))
    step = rng.normal(size=(6, 5))
    moved = (d_rows * np.sqrt(5) * step[ids]).sum() + (d_logits * (states @ step.T)).sum()
    said = (np.asarray(call(ids, d_rows, states, d_logits), dtype=float) * step).sum()
    return None if abs(moved - said) < 1e-3 else f"the loss moves by {text.number(moved)}, yours says {text.number(said)}"


EXERCISE.holds("the example gives 7 and 8")(
    comes_out([[7.0], [8.0]], np.array([0]), np.array([[1.0]]), np.array([[2.0]]), np.array([[3.0, 4.0]]))
)
