"""The mask of several texts packed into one sequence."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(documents):
    return (documents[:, None] == documents) & np.tri(len(documents), dtype=bool)


EXERCISE = Exercise(
    id="efficiency.document_mask",
    title="Packed texts",
    level="apply",
    minutes=10,
    difficulty=1,
    page="efficiency/problems",
    statement=r"""
    To waste no padding, several texts are packed behind one another into one sequence of $n$ tokens. `documents` ($n$ whole numbers) says which text each token belongs to, for example `[7, 7, 4, 4, 4]`. Return the boolean table ($n \times n$), True = may look, with which every text is read as if it were alone, by a model that writes from left to right.

    A tiny example: `[7, 4, 4]` gives `[[1, 0, 0], [0, 1, 0], [0, 1, 1]]`.
    """,
    slot='''
    def document_mask(documents):
        """Who may look at whom when several texts share one sequence.

        documents: whole numbers, (n,)
        result: boolean, (n, n), queries by keys
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Cut out the rows and columns of one text: what is left must be the mask of that text alone.",
        r"Two conditions, joined by *and*: the key is not later than the query, and both belong to the same text.",
        "```python\nsame = documents[:, None] ____ documents[None, :]\npast = np.tri(____, dtype=bool)\nreturn same ____ past\n```",
    ),
    parsons=("one_condition_enough", "every_earlier_text_visible"),
    why=r"""
    Each rule is one comparison that broadcasts, and `&` joins them. A kernel that skips empty tiles saves most of the work when the texts are short.

    **The two most common mistakes.** A causal mask alone: the second text reads the end of the first, which looks like a harmless prefix and is not. Forgetting that absolute positions must restart with each text as well; the mask cannot do that. (Rotary positions and biases by distance need no restart: they see differences only.)

    **Cost.** $n^2$ comparisons, if the table is written down; none beyond the tiles needed, if it stays a rule.
    """,
    verified="one to five texts, of 1 to 40 tokens, with numbers in no order.",
    next_thought="which tiles of 128 by 128 are empty for texts of 1,000 tokens?",
    reference=_reference,
    returns="masks",
)

EXERCISE.probe("3 texts of 3, 1 and 4 tokens", np.array([5, 5, 5, 9, 2, 2, 2, 2]))
EXERCISE.probe("2 texts of 2 and 5 tokens", np.array([0, 0, 1, 1, 1, 1, 1]))
EXERCISE.probe("1 token", np.array([3]))
EXERCISE.probe("5 texts of one token", np.array([4, 0, 3, 1, 2]))
EXERCISE.probe("numbers below 0", np.array([-1, -1, 0, 0, 1, 1, -2]))
EXERCISE.probe("2 texts of 40 and 23 tokens", np.repeat([1, 7], [40, 23]))
EXERCISE.probe("4 texts, numbers falling", np.array([8, 8, 6, 5, 5, 3]))


@EXERCISE.solve
def document_mask_solution(documents):
    same = documents[:, None] == documents[None, :]
    past = np.tri(len(documents), dtype=bool)
    return same & past


@EXERCISE.mutant(evidence=text.allowed)
def one_condition_enough(documents):
    same = documents[:, None] == documents[None, :]
    past = np.tri(len(documents), dtype=bool)
    return same | past


@EXERCISE.mutant(evidence=text.allowed)
def every_earlier_text_visible(documents):
    same = documents[:, None] >= documents[None, :]
    past = np.tri(len(documents), dtype=bool)
    return same & past


@EXERCISE.mutant(evidence=text.allowed)
def texts_not_separated(documents):
    return np.tri(len(documents), dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def own_text_ahead(documents):
    return documents[:, None] == documents


@EXERCISE.mutant(evidence=text.allowed)
def self_excluded(documents):
    return _reference(documents) & ~np.eye(len(documents), dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def mask_inverted(documents):
    return ~_reference(documents)


@EXERCISE.mutant(evidence=text.allowed)
def mask_axes_swapped(documents):
    return _reference(documents).T


@EXERCISE.holds("every token sees itself, so no row is empty")
def sees_itself(call):
    out = call(np.array([5, 5, 9, 2, 2]))
    blind = int((~np.diag(out).astype(bool)).sum())
    if blind:
        return f"{blind} of 5 tokens do not"


@EXERCISE.holds("one text alone gets the causal mask")
def one_text(call):
    out = call(np.zeros(5, dtype=int))
    if not np.array_equal(out.astype(bool), np.tri(5, dtype=bool)):
        return f"with 5 tokens {int(out.sum())} pairs are allowed, not 15"


@EXERCISE.holds("no token looks into another text")
def texts_apart(call):
    documents = np.array([5, 5, 9, 2, 2])
    queries, keys = np.nonzero(call(documents) & (documents[:, None] != documents))
    return None if not len(queries) else f"in [5, 5, 9, 2, 2] token {queries[0]} sees token {keys[0]}"


@EXERCISE.holds("a text has the same mask wherever it is packed")
def anywhere(call):
    first, second = call(np.array([3, 3, 3, 1, 1, 1]))[:3, :3], call(np.array([3, 3, 3, 1, 1, 1]))[3:, 3:]
    return None if np.array_equal(first, second) else f"three tokens have {int(first.sum())} pairs in front and {int(second.sum())} behind"
