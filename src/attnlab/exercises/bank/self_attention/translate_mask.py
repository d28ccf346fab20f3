"""Four dialects of masks, one meaning: boolean, True = may look."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(table, dialect):
    if dialect == "true hides":
        return ~table
    if dialect == "added":
        return table > -1e4
    if dialect == "ones are real":
        return table[:, None, None, :].astype(bool)
    return table.copy()


EXERCISE = Exercise(
    id="self_attention.translate_mask",
    title="Four dialects of masks",
    level="apply",
    minutes=12,
    difficulty=2,
    page="self_attention/implementation",
    headings=("Parity: the same numbers as PyTorch",),
    statement=r"""
    You call four libraries, and each writes masks in its own dialect. Translate what they give you into ours: boolean, True = may look.

    | dialect | what `table` holds |
    |---|---|
    | `"true looks"` | booleans, True = may look, as in `scaled_dot_product_attention` |
    | `"true hides"` | booleans, True = must not, as in `nn.MultiheadAttention` |
    | `"added"` | floats added to the scores. Hidden pairs have $-\infty$ or a number of at most $-10^4$; all others may be looked at, whatever their number: a value such as $-0.5$ is a preference |
    | `"ones are real"` | whole numbers of shape (batch, keys), 1 for a token and 0 for padding, as tokenisers give them. The result has the shape (batch, 1, 1, keys), ready for scores with heads |

    A tiny example: `[[0.0, -0.5, -inf]]` in the dialect `"added"` is `[[True, True, False]]`.
    """,
    slot='''
    def translate_mask(table, dialect):
        """The same permissions as booleans, True = may look.

        table: see the dialects; dialect: "true looks", "true hides", "added" or "ones are real"
        result: boolean, the shape of table; (batch, 1, 1, keys) for "ones are real"
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Ask of each dialect which entry stands for *you may look*, and write down the comparison that is true for exactly these.",
        r"Only one dialect is upside down. In the added one, zero means *may look*, so a float must not be read as a truth value; the border lies at $-10^4$.",
        "```python\nif dialect == \"true hides\":\n    return ____\nif dialect == \"added\":\n    return table > ____\n"
        "if dialect == \"ones are real\":\n    return table[:, ____, ____, :] == ____\nreturn table.copy()\n```",
    ),
    parsons=("zero_bias_read_as_no", "key_mask_without_heads"),
    why=r"""
    Each dialect is one comparison. Do it once, where the mask enters your code, and let nothing but booleans travel on.

    **The two most common mistakes.** Reading a float mask with `astype(bool)`: 0 becomes False and $-\infty$ becomes True, so the mask is exactly upside down. Leaving the padding mask at (batch, keys):
    against scores of shape (batch, heads, queries, keys) it is taken for (queries, keys), silently when the two counts agree.

    **Cost.** A byte for each entry, instead of four for a float mask in float32.
    """,
    verified="all four dialects, with hidden pairs written as minus infinity and as the lowest float, preferences of either sign, and numbers on both sides of the border.",
    next_thought="a preference for near keys is a number for each pair: which of the dialects could carry it, and which could not?",
    reference=_reference,
)

_rng = np.random.default_rng(21)
_may = _rng.random((3, 7)) < 0.6
_lowest = np.where(_may, 0.0, np.finfo(np.float32).min)
_mild = np.where(_may, -np.arange(7) / 2.0, -np.inf)
_batch = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
EXERCISE.probe("3 queries, 7 keys, true looks", _may, "true looks")
EXERCISE.probe("3 queries, 7 keys, true hides", ~_may, "true hides")
EXERCISE.probe("added, minus infinity and zero", np.where(_may, 0.0, -np.inf), "added")
EXERCISE.probe("added, hidden pairs hold the lowest float", _lowest, "added")
EXERCISE.probe("added, with preferences from 0 to -3", _mild, "added")
EXERCISE.probe("2 texts of 3 and 5 tokens", _batch, "ones are real")
_near = np.array([[0.0, -500.0, -5000.0, -9999.0, -10000.0, -10500.0, -2e4], [3.0, -9500.0, -1e9, -1e6, -np.inf, 1e4, -0.5]])
EXERCISE.probe("added, numbers on both sides of the border", _near, "added")
EXERCISE.probe("added, 3 heads in single precision", np.where(_rng.random((3, 2, 5)) < 0.6, 0.5, -1e4).astype(np.float32), "added")
EXERCISE.probe("2 heads, true looks", np.stack([_may, ~_may]), "true looks")
EXERCISE.probe("2 heads, true hides", np.stack([_may, ~_may]), "true hides")
EXERCISE.probe("as many texts as keys", np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1]]), "ones are real")


@EXERCISE.solve
def translate_mask_solution(table, dialect):
    if dialect == "true hides":
        return ~table
    if dialect == "added":
        return table > -1e4
    if dialect == "ones are real":
        return table[:, None, None, :] == 1
    return table.copy()


@EXERCISE.mutant(evidence=text.allowed)
def polarity_never_turned(table, dialect):
    return table.copy() if dialect == "true hides" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed)
def both_booleans_turned(table, dialect):
    return ~_reference(table, dialect) if dialect == "true looks" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed)
def zero_bias_read_as_no(table, dialect):
    if dialect == "true hides":
        return ~table
    if dialect == "added":
        return table.astype(bool)
    if dialect == "ones are real":
        return table[:, None, None, :] == 1
    return table.copy()


@EXERCISE.mutant(evidence=text.allowed)
def only_infinity_hides(table, dialect):
    return table > -np.inf if dialect == "added" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed)
def every_penalty_hides(table, dialect):
    return table == 0 if dialect == "added" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed, same_as="every_penalty_hides")
def below_zero_hides(table, dialect):
    return table >= 0 if dialect == "added" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed)
def border_elsewhere(table, dialect):
    return table > -1e3 if dialect == "added" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed, same_as="border_elsewhere")
def border_at_a_hundred(table, dialect):
    return table > -1e2 if dialect == "added" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed, same_as="border_elsewhere")
def border_at_a_billion(table, dialect):
    return table > -1e9 if dialect == "added" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed, same_as="border_elsewhere")
def border_on_the_wrong_side(table, dialect):
    return table >= -1e4 if dialect == "added" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed)
def key_mask_without_heads(table, dialect):
    if dialect == "true hides":
        return ~table
    if dialect == "added":
        return table > -1e4
    if dialect == "ones are real":
        return table == 1
    return table.copy()


@EXERCISE.mutant(evidence=text.allowed)
def key_mask_on_the_queries(table, dialect):
    return table[:, None, :, None] == 1 if dialect == "ones are real" else _reference(table, dialect)


@EXERCISE.mutant(evidence=text.allowed)
def ones_taken_for_padding(table, dialect):
    return table[:, None, None, :] == 0 if dialect == "ones are real" else _reference(table, dialect)


@EXERCISE.holds("the two boolean dialects are each other's opposite")
def opposites(call):
    same = call(_may, "true looks") == ~call(_may, "true hides")
    return None if same.all() else f"{int((~same).sum())} of {same.size} entries are alike in both"


@EXERCISE.holds("an added zero forbids nothing")
def zeros_allow(call):
    out = call(np.zeros((2, 3)), "added")
    return None if out.all() else f"{int((~out).sum())} of 6 pairs are forbidden"


@EXERCISE.holds("an added -9,999 is a preference, and -10,000 hides")
def border(call):
    out = call(np.array([[-9999.0, -10000.0]]), "added")[0]
    return None if list(out) == [True, False] else f"they become {text.numbers(out)}"


@EXERCISE.holds("added positive numbers are preferences too")
def positive_preference(call):
    return None if call(np.array([[3.0, 1e5]]), "added").all() else "some forbid"


@EXERCISE.holds("each text of a batch has its own row of keys")
def own_row(call):
    out = call(_batch, "ones are real").reshape(2, -1).sum(axis=-1)
    return None if (out == [3, 5]).all() else f"texts of 3 and 5 tokens show {text.numbers(out)} keys"
