"""A sliding window over the past."""

from __future__ import annotations

import numpy as np

from attnlab import masks
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(n_queries, n_keys, size):
    return masks.window(*masks.positions(n_queries, n_keys), size)


EXERCISE = Exercise(
    id="self_attention.window_mask",
    title="A window of exactly the right width",
    level="apply",
    minutes=10,
    difficulty=2,
    page="self_attention/masks",
    headings=("Four permissions, pictured", "Fewer queries than keys"),
    statement=r"""
    Return the boolean mask with which each query sees the last `size` keys up to its own position, **its own included**, and
    nothing of the future. The last query stands at the last key; with more queries than keys the first stand before every key and see nothing. Write it in NumPy, without `attnlab.masks`.

    With 3 queries, 3 keys and `size=2` (1 for True):

    | | key 0 | key 1 | key 2 |
    |---|---|---|---|
    | query 0 | 1 | 0 | 0 |
    | query 1 | 1 | 1 | 0 |
    | query 2 | 0 | 1 | 1 |
    """,
    slot='''
    def window_mask(n_queries, n_keys, size):
        """True for the last `size` keys up to and including the query's own position.

        result: boolean, (n_queries, n_keys); the last query stands at the last key
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Far from the edge each row has exactly `size` true entries, and the last of them is the query's own.",
        r"With the query at position $p$ and the key at $j$: $0 \le p - j < \text{size}$.",
        "```python\nq_pos = np.arange(n_queries) + ____\ndistance = q_pos[:, None] - np.arange(n_keys)\n"
        "return (distance >= ____) & (distance < ____)\n```",
    ),
    parsons=("window_one_too_wide", "window_on_both_sides"),
    why=r"""
    The distance from query to key says it all: not negative (no future), and below the size (not too old).

    **The two most common mistakes.** Counting the query's own position as extra, which makes the window one too wide: nothing
    crashes, only the cache must hold one key more. Taking the absolute distance, which opens the window to the future.

    **Cost.** Of the $nm$ pairs only about $n \cdot \text{size}$ are allowed; a kernel that skips the rest is linear in the length.
    """,
    verified="equal to the definition for sizes 1, 3 and 20, square, with fewer and with more queries than keys, and for a single query.",
    next_thought="after how many layers with a window of 3 can token 20 know about token 0?",
    reference=_reference,
    returns="masks",
)

EXERCISE.probe("7 queries, 7 keys, size 3", 7, 7, 3)
EXERCISE.probe("3 queries, 11 keys, size 5", 3, 11, 5)
EXERCISE.probe("5 queries, 5 keys, size 1", 5, 5, 1)
EXERCISE.probe("1 query, 7 keys, size 2", 1, 7, 2)
EXERCISE.probe("5 queries, 7 keys, size 20", 5, 7, 20)
EXERCISE.probe("7 queries, 3 keys, size 2", 7, 3, 2)
EXERCISE.probe("11 queries, 13 keys, size 4", 11, 13, 4)


def _distance(n_queries, n_keys):
    return (np.arange(n_queries) + n_keys - n_queries)[:, None] - np.arange(n_keys)


@EXERCISE.solve
def window_mask_solution(n_queries, n_keys, size):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    distance = q_pos[:, None] - np.arange(n_keys)
    return (distance >= 0) & (distance < size)


@EXERCISE.mutant(evidence=text.allowed)
def window_one_too_wide(n_queries, n_keys, size):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    distance = q_pos[:, None] - np.arange(n_keys)
    return (distance >= 0) & (distance <= size)


@EXERCISE.mutant(evidence=text.allowed)
def window_one_too_narrow(n_queries, n_keys, size):
    distance = _distance(n_queries, n_keys)
    return (distance >= 0) & (distance < size - 1)


@EXERCISE.mutant(evidence=text.allowed)
def self_excluded(n_queries, n_keys, size):
    distance = _distance(n_queries, n_keys)
    return (distance > 0) & (distance <= size)


@EXERCISE.mutant(evidence=text.allowed)
def window_on_both_sides(n_queries, n_keys, size):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    distance = q_pos[:, None] - np.arange(n_keys)
    return np.abs(distance) < size


@EXERCISE.mutant(evidence=text.allowed)
def looks_at_the_future(n_queries, n_keys, size):
    distance = -_distance(n_queries, n_keys)
    return (distance >= 0) & (distance < size)


@EXERCISE.mutant(evidence=text.allowed)
def window_without_far_end(n_queries, n_keys, size):
    return _distance(n_queries, n_keys) >= 0


@EXERCISE.mutant(evidence=text.allowed)
def window_without_near_end(n_queries, n_keys, size):
    return _distance(n_queries, n_keys) < size


@EXERCISE.mutant(evidence=text.allowed)
def top_left_causal(n_queries, n_keys, size):
    distance = np.arange(n_queries)[:, None] - np.arange(n_keys)
    return (distance >= 0) & (distance < size)


@EXERCISE.mutant(evidence=text.allowed)
def blocks_for_windows(n_queries, n_keys, size):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    same_block = q_pos[:, None] // size == np.arange(n_keys) // size
    return same_block & (_distance(n_queries, n_keys) >= 0)


@EXERCISE.mutant(evidence=text.allowed)
def window_wraps_round(n_queries, n_keys, size):
    back = _distance(n_queries, n_keys) % n_keys
    return back < size


@EXERCISE.mutant(evidence=text.allowed)
def no_mask(n_queries, n_keys, size):
    return np.ones((n_queries, n_keys), dtype=bool)


@EXERCISE.mutant(evidence=text.allowed, same_as="self_excluded")
def self_excluded_and_narrow(n_queries, n_keys, size):
    distance = _distance(n_queries, n_keys)
    return (distance > 0) & (distance < size)


@EXERCISE.mutant(evidence=text.allowed)
def mask_inverted(n_queries, n_keys, size):
    return ~_reference(n_queries, n_keys, size)


@EXERCISE.mutant
def mask_of_numbers(n_queries, n_keys, size):
    return _reference(n_queries, n_keys, size).astype(float)


@EXERCISE.holds("far from the edge every query sees exactly `size` keys")
def width(call):
    seen = call(5, 11, 3).sum(axis=-1)
    return None if (seen == 3).all() else f"with size 3 they see {text.numbers(seen)}"


@EXERCISE.holds("nobody sees the future")
def no_future(call):
    later = int(np.triu(call(7, 7, 3), 1).sum())
    return None if later == 0 else f"with 7 tokens, {later} pairs look ahead"


@EXERCISE.holds("every token sees itself")
def sees_itself(call):
    seen = int(np.trace(call(7, 7, 3)))
    return None if seen == 7 else f"{seen} of 7 tokens do"


@EXERCISE.holds("a window as large as the text is the causal mask")
def large_window_is_causal(call):
    gap = int((call(7, 7, 7) != np.tri(7, dtype=bool)).sum())
    return None if gap == 0 else f"{gap} of 49 pairs differ"


@EXERCISE.holds("with more queries than keys the first see nothing")
def before_every_key(call):
    seen = call(7, 3, 2).sum(axis=-1)
    return None if (seen == [0, 0, 0, 0, 1, 2, 2]).all() else f"7 queries see {text.numbers(seen, 7)} of 3 keys, expected 0, 0, 0, 0, 1, 2, 2"
