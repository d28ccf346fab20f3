"""A causal window for each head, as one mask."""

from __future__ import annotations

import numpy as np

from attnlab import masks
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out

EXERCISE = Exercise(
    id="multi_head.head_windows",
    title="A window for each head",
    level="apply",
    minutes=10,
    difficulty=2,
    page="multi_head/problems",
    statement=r"""
    Each head is to have a window of its own: head $h$ sees the last `sizes[h]` tokens up to and including the query's own, and nothing of the future. Return one boolean mask for all heads that fits the scores of `n_queries` queries and `n_keys` keys. The last query stands at the last key.

    A tiny example: one query, three keys and sizes `[1, 2]` give `[[[False, False, True]], [[False, True, True]]]`.
    """,
    slot='''
    def head_windows(n_queries, n_keys, sizes):
        """True where a head may look.

        sizes: (H,) whole numbers; result: boolean, (H, n_queries, n_keys)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "In the last row, head h has exactly sizes[h] true entries, at the end, as long as there are so many keys.",
        r"Compare one table of distances, (queries, keys), with the sizes as an array of shape $(H, 1, 1)$: broadcasting does the rest.",
        "```python\nq_pos = np.arange(n_queries) + ____\ndistance = q_pos[:, None] - np.arange(n_keys)\nsizes = np.asarray(sizes)[____]\nreturn (distance >= ____) & (distance < ____)\n```",
    ),
    parsons=("window_one_too_wide", "window_on_both_sides"),
    why=r"""
    Heads are one more axis in front, for masks as well. One table of distances serves them all.

    **The two most common mistakes.** A window that is one too wide because the query's own token is not counted. The first query set beside the first key, which is right only with as many queries as keys.

    **Cost.** A boolean for each head and pair. A kernel takes the sizes instead and never builds the table.
    """,
    verified="equal to the definition for one to five heads, square, with fewer queries than keys, with one query, and with windows of one token and of more than there are.",
    next_thought="which bias gives each head a soft window instead of a hard one?",
    reference=lambda n_queries, n_keys, sizes: np.stack(
        [masks.window(*masks.positions(n_queries, n_keys), int(size)) for size in sizes]
    ),
    returns="masks",
)

EXERCISE.probe("3 heads, 7 queries, 7 keys", 7, 7, np.array([1, 5, 3]))
EXERCISE.probe("5 heads, 3 queries, 11 keys", 3, 11, np.array([2, 7, 1, 3, 20]))
EXERCISE.probe("2 heads, 1 query, 5 keys", 1, 5, np.array([2, 4]))
EXERCISE.probe("one head, 4 queries, 6 keys", 4, 6, np.array([3]))
EXERCISE.probe("3 heads, 3 queries, 3 keys", 3, 3, np.array([1, 2, 3]))
EXERCISE.probe("2 heads, one query, one key", 1, 1, np.array([1, 5]))


@EXERCISE.solve
def head_windows_solution(n_queries, n_keys, sizes):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    distance = q_pos[:, None] - np.arange(n_keys)
    sizes = np.asarray(sizes)[:, None, None]
    return (distance >= 0) & (distance < sizes)


@EXERCISE.mutant(evidence=text.allowed)
def window_one_too_wide(n_queries, n_keys, sizes):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    distance = q_pos[:, None] - np.arange(n_keys)
    sizes = np.asarray(sizes)[:, None, None]
    return (distance >= 0) & (distance <= sizes)


@EXERCISE.mutant(evidence=text.allowed)
def window_on_both_sides(n_queries, n_keys, sizes):
    q_pos = np.arange(n_queries) + n_keys - n_queries
    distance = q_pos[:, None] - np.arange(n_keys)
    sizes = np.asarray(sizes)[:, None, None]
    return np.abs(distance) < sizes


def _tables(n_queries, n_keys, sizes, shift=None):
    shift = n_keys - n_queries if shift is None else shift
    distance = (np.arange(n_queries) + shift)[:, None] - np.arange(n_keys)
    return distance, np.asarray(sizes)[:, None, None]


@EXERCISE.mutant(evidence=text.allowed)
def self_excluded(n_queries, n_keys, sizes):
    distance, sizes = _tables(n_queries, n_keys, sizes)
    return (distance > 0) & (distance <= sizes)


@EXERCISE.mutant(evidence=text.allowed)
def top_left_causal(n_queries, n_keys, sizes):
    distance, sizes = _tables(n_queries, n_keys, sizes, shift=0)
    return (distance >= 0) & (distance < sizes)


@EXERCISE.mutant(evidence=text.allowed)
def one_window_for_all_heads(n_queries, n_keys, sizes):
    distance, sizes = _tables(n_queries, n_keys, sizes)
    return (distance >= 0) & (distance < sizes.max()) & (sizes > 0)


@EXERCISE.mutant(evidence=text.shapes)
def heads_behind_the_keys(n_queries, n_keys, sizes):
    distance, sizes = _tables(n_queries, n_keys, sizes)
    return np.moveaxis((distance >= 0) & (distance < sizes), 0, -1)


@EXERCISE.mutant(evidence=text.allowed)
def windows_in_reverse(n_queries, n_keys, sizes):
    return head_windows_solution(n_queries, n_keys, sizes)[::-1]


@EXERCISE.mutant(evidence=text.allowed)
def mask_inverted(n_queries, n_keys, sizes):
    return ~head_windows_solution(n_queries, n_keys, sizes)


@EXERCISE.mutant(evidence=text.allowed)
def first_window_for_all_heads(n_queries, n_keys, sizes):
    distance, sizes = _tables(n_queries, n_keys, sizes)
    return (distance >= 0) & (distance < sizes[:1]) & (sizes > 0)


@EXERCISE.mutant(evidence=text.allowed)
def window_without_far_end(n_queries, n_keys, sizes):
    distance, sizes = _tables(n_queries, n_keys, sizes)
    return (distance >= 0) & (sizes > 0)


@EXERCISE.mutant(evidence=text.allowed)
def window_one_too_narrow(n_queries, n_keys, sizes):
    distance, sizes = _tables(n_queries, n_keys, sizes)
    return (distance >= 0) & (distance < sizes - 1)


@EXERCISE.holds("the last query of head h sees sizes[h] keys")
def counts_fit(call):
    seen = call(3, 11, np.array([2, 7, 1]))
    counts = seen[:, -1].sum(axis=-1) if seen.ndim == 3 else seen
    return None if np.array_equal(counts, [2, 7, 1]) else f"for sizes 2, 7, 1 it sees {text.numbers(counts)}"


@EXERCISE.holds("nobody sees the future")
def no_future(call):
    seen = call(5, 5, np.array([3, 9]))
    return None if not np.triu(seen, 1).any() else "a query sees a later key"


EXERCISE.holds("one query, three keys and the sizes 1 and 2: the last key, and the last two")(
    comes_out([[[0, 0, 1]], [[0, 1, 1]]], 1, 3, np.array([1, 2])))


@EXERCISE.holds("every query of every head sees its own token")
def sees_itself(call):
    seen = call(3, 11, np.array([1, 4]))
    there = seen[:, np.arange(3), np.arange(3) + 8]
    return None if there.all() else f"{int((~there.astype(bool)).sum())} of 6 do not"


@EXERCISE.holds("each head has a window of its own")
def own_window(call):
    alone, together = call(4, 9, np.array([5])), call(4, 9, np.array([2, 5]))
    return None if np.array_equal(alone[0], together[1]) else "a window of 5 is another one behind a window of 2"
