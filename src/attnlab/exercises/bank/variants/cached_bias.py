"""The biases of new queries when a cache holds the earlier keys."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import left_alone


def _bias(table, past, new, bucket, *, offset=None, sign=1, future=0, share=None):
    offset = past if offset is None else offset
    back = sign * ((offset + np.arange(new))[:, None] - np.arange(past + new))
    back = np.maximum(back, future) if future is not None else np.abs(back)
    return np.moveaxis(np.asarray(table)[np.asarray(bucket(back))], -1, 0)


def _reference(table, past, new, bucket):
    return _bias(table, past, new, bucket)


EXERCISE = Exercise(
    id="variants.cached_bias",
    title="Distances with a cache",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/t5",
    headings=("One number for each head and bucket",),
    statement=r"""
    T5's decoder writes with a cache: keys of `past` tokens are kept, and `new` tokens ask, behind them. Return the numbers that are added to their scores.

    `table` has a row for each bucket and a column for each head. `bucket(distance)` takes an array of whole numbers, **how many places a key lies before its query**, none of them negative, and gives the bucket of each; call it, do not write it. A key *after* its query counts as distance 0 (the causal mask hides it anyway). The new tokens are the last of the `past + new` keys, and each of them is a key as well.

    The result has the shape (heads, `new`, `past + new`).

    A tiny example: one head, `table = [[0], [10], [20]]`, `bucket(d)` the smaller of $d$ and 2, `past = 2`, `new = 1`: the result is `[[[20, 10, 0]]]`.
    """,
    slot='''
    def cached_bias(table, past, new, bucket):
        """What is added to the scores of `new` queries that stand behind `past` cached keys.

        table: (buckets, heads); past: from 0; new: from 1; bucket: a function from distances to buckets
        result: (heads, new, past + new)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Written one token at a time, the rows must be the last rows of the square that `past = 0` gives for the whole text.",
        r"Query $i$ of the new ones stands at place $\text{past} + i$, key $j$ at place $j$. The distance is $\max(0,\ \text{past} + i - j)$.",
        "```python\nqueries = ____ + np.arange(new)\nkeys = np.arange(____)\nback = np.maximum(queries[____] - keys, 0)\nreturn np.moveaxis(table[____], ____, 0)\n```",
    ),
    parsons=("bias_positions_restart", "bias_distance_turned_round"),
    why=r"""
    A relative bias needs to know *where* the query stands, even though only differences enter: with a cache the first query is not at place 0.

    **The two most common mistakes.** Starting the queries at 0, as if there were no cache: right for the first pass, and then every new token takes itself for the first. Key minus query for query minus key: all the past then counts as distance 0.

    **Cost.** One look-up for each head and pair; in a published model it is done once a pass and shared by all layers.
    """,
    verified="with and without a cache, one and several new tokens, one to five heads, buckets that are wide, and buckets in no order.",
    next_thought="which rows of the table does a text of 20 tokens never read?",
    reference=_reference,
)

_rng = np.random.default_rng(47)


def _log(d):
    d = np.asarray(d)
    return np.where(d < 4, d, 4 + (np.log2(np.maximum(d, 4) / 4)).astype(int).clip(max=3))


def _mixed(d):
    return np.array([3, 1, 4, 0, 2])[np.minimum(np.asarray(d), 4)]


def _few(d):
    return np.minimum(np.asarray(d), 2)


_t8, _t5 = _rng.normal(size=(8, 3)), _rng.normal(size=(5, 2))
EXERCISE.probe("11 cached, 1 new, 3 heads", _t8, 11, 1, _log)
EXERCISE.probe("nothing cached, 7 new", _t8, 0, 7, _log)
EXERCISE.probe("5 cached, 3 new, buckets in no order", _t5, 5, 3, _mixed)
EXERCISE.probe("one token alone", _t5, 0, 1, _mixed)
EXERCISE.probe("40 cached, 2 new", _t8, 40, 2, _log)
EXERCISE.probe("as many new as heads", _rng.normal(size=(3, 4)), 2, 4, _few)
EXERCISE.probe("as many keys as heads and buckets", _rng.normal(size=(5, 5)), 2, 3, _mixed)
EXERCISE.probe("a table of whole numbers", np.array([[0, 5], [10, 6], [20, 7]]), 2, 2, _few)
EXERCISE.probe("one head", _rng.normal(size=(8, 1)), 3, 2, _log)
_rng = np.random.default_rng(48)
EXERCISE.probe("300 cached, 9 new, 6 heads, a bucket for each distance", _rng.normal(size=(320, 6)), 300, 9, lambda d: np.asarray(d))


@EXERCISE.solve
def cached_bias_solution(table, past, new, bucket):
    queries = past + np.arange(new)
    keys = np.arange(past + new)
    back = np.maximum(queries[:, None] - keys, 0)
    return np.moveaxis(np.asarray(table)[bucket(back)], -1, 0)


@EXERCISE.mutant
def bias_positions_restart(table, past, new, bucket):
    queries = np.arange(new)
    keys = np.arange(past + new)
    back = np.maximum(queries[:, None] - keys, 0)
    return np.moveaxis(np.asarray(table)[bucket(back)], -1, 0)


@EXERCISE.mutant
def bias_distance_turned_round(table, past, new, bucket):
    queries = past + np.arange(new)
    keys = np.arange(past + new)
    back = np.maximum(keys - queries[:, None], 0)
    return np.moveaxis(np.asarray(table)[bucket(back)], -1, 0)


@EXERCISE.mutant
def bias_one_place_too_far(table, past, new, bucket):
    return _bias(table, past, new, bucket, offset=past + 1)


@EXERCISE.mutant
def bias_future_like_past(table, past, new, bucket):
    return _bias(table, past, new, bucket, future=None)


@EXERCISE.mutant
def bias_heads_last(table, past, new, bucket):
    return np.moveaxis(_reference(table, past, new, bucket), 0, -1)


@EXERCISE.mutant
def bias_distance_for_bucket(table, past, new, bucket):
    return _bias(table, past, new, lambda d: np.minimum(d, len(table) - 1))


@EXERCISE.mutant
def bias_of_the_last_query_for_all(table, past, new, bucket):
    return np.repeat(_reference(table, past, new, bucket)[:, -1:], new, axis=1)


@EXERCISE.mutant
def bias_of_the_first_head_for_all(table, past, new, bucket):
    table = np.asarray(table)
    return _reference(np.repeat(table[:, :1], table.shape[1], axis=1), past, new, bucket)


@EXERCISE.holds("the example of the statement comes out")
def example(call):
    out = np.asarray(call(np.array([[0.0], [10.0], [20.0]]), 2, 1, _few), dtype=float)
    return None if out.shape == (1, 1, 3) and np.allclose(out, [[[20, 10, 0]]]) else f"the example gives {text.numbers(out.ravel()[:6])}"


@EXERCISE.holds("token by token it is the last rows of the whole")
def steps(call):
    whole = np.asarray(call(_t8, 0, 9, _log), dtype=float)
    gap = max(np.abs(np.asarray(call(_t8, n, 1, _log), dtype=float)[:, 0] - whole[:, n, : n + 1]).max() for n in (1, 4, 8))
    return None if gap < 1e-6 else f"off by {text.number(gap)}"


EXERCISE.holds("the given table stays as it is")(left_alone(_t8, 3, 2, _log))


@EXERCISE.holds("the bucket of a negative distance is not asked for")
def never_negative(call):
    least = []

    def bucket(d):
        least.append(int(np.min(d)))
        return _few(np.maximum(d, 0))

    call(_t5, 3, 4, bucket)
    return f"it was asked for the bucket of {min(least)}" if min(least, default=0) < 0 else None
