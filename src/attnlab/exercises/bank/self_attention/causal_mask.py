"""The causal mask, also for fewer queries than keys."""

from __future__ import annotations

import numpy as np

from attnlab import masks
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(n_queries, n_keys):
    return masks.causal(*masks.positions(n_queries, n_keys))


EXERCISE = Exercise(
    id="self_attention.causal_mask",
    title="A causal mask that knows where its queries stand",
    level="apply",
    minutes=10,
    difficulty=2,
    page="self_attention/masks",
    headings=("Fewer queries than keys",),
    statement=r"""
    Return a boolean table of shape (`n_queries`, `n_keys`), true where query $i$ **may look** at key $j$: at itself and
    at everything before it. The queries are the *newest* tokens, so the **last** query stands at the **last** key. With more queries
    than keys the first queries stand before every key and see nothing. Write it in NumPy, without `attnlab.masks`.

    With 2 queries and 4 keys (1 for True):

    | | key 0 | key 1 | key 2 | key 3 |
    |---|---|---|---|---|
    | query 0 | 1 | 1 | 1 | 0 |
    | query 1 | 1 | 1 | 1 | 1 |
    """,
    slot='''
    def causal_mask(n_queries, n_keys):
        """True where a query may look: at itself and its past; the last query stands at the last key.

        result: boolean, (n_queries, n_keys)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The last row is all true, whatever the number of queries. Each row above it has one true entry less.",
        r"Query $i$ stands at position $i + (m - n)$, key $j$ at position $j$. It may look if $j \le i + (m - n)$.",
        "Positions for both, then one comparison of a column with a row.\n\n"
        "```python\nq_pos = np.arange(n_queries) + ____\nk_pos = np.arange(n_keys)\nreturn k_pos ____ q_pos[:, None]\n```",
    ),
    parsons=("top_left_causal", "self_excluded"),
    why=r"""
    A causal mask is a function of *positions*. The offset $m - n$ says where the queries stand, and comparing a row with a column gives the table.

    **The two most common mistakes.** Aligning the *first* query with the first key: right for $n = m$, and with a cache the
    newest token then sees only the oldest. Excluding the diagonal: a token that may not look at itself leaves row 0 with nothing.

    **Cost.** $nm$ comparisons and as many bytes; a kernel that works block by block never builds the whole table.
    """,
    verified="equal to the definition for 3 queries and 7 keys, square, a single query, and more queries than keys.",
    next_thought="which single comparison would you change so that each query sees only its last three keys?",
    reference=_reference,
    returns="masks",
)

EXERCISE.probe("3 queries, 7 keys", 3, 7)
EXERCISE.probe("5 queries, 5 keys", 5, 5)
EXERCISE.probe("1 query, 5 keys", 1, 5)
EXERCISE.probe("7 queries, 2 keys", 7, 2)
EXERCISE.probe("2 queries, 4 keys", 2, 4)
EXERCISE.probe("3 queries, 2 keys", 3, 2)
EXERCISE.probe("a single token", 1, 1)
EXERCISE.probe("5 queries, 13 keys", 5, 13)


@EXERCISE.solve
def causal_mask_solution(n_queries, n_keys):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    k_pos = np.arange(n_keys)
    return k_pos <= q_pos[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def top_left_causal(n_queries, n_keys):
    q_pos = np.arange(n_queries)
    k_pos = np.arange(n_keys)
    return k_pos <= q_pos[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def self_excluded(n_queries, n_keys):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    k_pos = np.arange(n_keys)
    return k_pos < q_pos[:, None]


@EXERCISE.mutant(evidence=text.allowed, same_as="self_excluded")
def self_excluded_top_left(n_queries, n_keys):
    return np.tri(n_queries, n_keys, -1, dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def sees_the_next_token(n_queries, n_keys):
    return np.tri(n_queries, n_keys, n_keys - n_queries + 1, dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def mask_inverted(n_queries, n_keys):
    return ~_reference(n_queries, n_keys)


@EXERCISE.mutant(evidence=text.allowed, same_as="mask_inverted")
def mask_inverted_top_left(n_queries, n_keys):
    return ~np.tri(n_queries, n_keys, dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def looks_at_the_future(n_queries, n_keys):
    return ~_reference(n_queries, n_keys) | np.eye(n_queries, n_keys, n_keys - n_queries, dtype=bool)


@EXERCISE.mutant(evidence=text.allowed, same_as="looks_at_the_future")
def looks_at_the_future_top_left(n_queries, n_keys):
    return np.triu(np.ones((n_queries, n_keys), dtype=bool))


@EXERCISE.mutant(evidence=text.allowed)
def no_mask(n_queries, n_keys):
    return np.ones((n_queries, n_keys), dtype=bool)


@EXERCISE.mutant
def mask_axes_swapped(n_queries, n_keys):
    return _reference(n_queries, n_keys).T


@EXERCISE.mutant
def mask_of_numbers(n_queries, n_keys):
    return _reference(n_queries, n_keys).astype(float)


@EXERCISE.mutant(same_as="mask_of_numbers")
def mask_of_numbers_top_left(n_queries, n_keys):
    return np.tri(n_queries, n_keys)


@EXERCISE.mutant
def additive_mask(n_queries, n_keys):
    return np.where(_reference(n_queries, n_keys), 0.0, -np.inf)


@EXERCISE.mutant(same_as="additive_mask")
def additive_mask_top_left(n_queries, n_keys):
    return np.where(np.tri(n_queries, n_keys, dtype=bool), 0.0, -np.inf)


@EXERCISE.holds("the table has a row for each query and a column for each key")
def shape_of_the_table(call):
    out = call(3, 7)
    return None if out.shape == (3, 7) else f"{text.shape(out)} for 3 queries and 7 keys"


@EXERCISE.holds("the last query sees every key")
def last_sees_all(call):
    seen = int(call(3, 7)[-1].sum())
    return None if seen == 7 else f"it sees {seen} of 7"


@EXERCISE.holds("every query sees one key more than the query before it")
def one_more_each_row(call):
    seen = call(5, 11).sum(axis=-1)
    return None if (np.diff(seen) == 1).all() else f"they see {text.numbers(seen)}"


@EXERCISE.holds("nobody sees the future")
def no_future(call):
    later = int(np.triu(call(7, 7), 1).sum())
    return None if later == 0 else f"with 7 tokens, {later} pairs look ahead"


@EXERCISE.holds("every token sees itself")
def sees_itself(call):
    seen = int(np.trace(call(7, 7)))
    return None if seen == 7 else f"{seen} of 7 tokens do"


@EXERCISE.holds("with more queries than keys the first see nothing")
def before_every_key(call):
    seen = call(7, 2).sum(axis=-1)
    return None if (seen == [0, 0, 0, 0, 0, 1, 2]).all() else f"7 queries see {text.numbers(seen, 7)} of 2 keys, expected 0, 0, 0, 0, 0, 1, 2"


@EXERCISE.holds("a single query sees every key")
def single_query(call):
    seen = int(call(1, 5).sum())
    return None if seen == 5 else f"it sees {seen} of 5"


@EXERCISE.holds("of 2 queries the first sees 3 of 4 keys, and of 5 queries the first sees 9 of 13")
def first_of_few(call):
    seen = int(call(2, 4)[0].sum()), int(call(5, 13)[0].sum())
    return None if seen == (3, 9) else f"they see {seen[0]} and {seen[1]}"
