"""A test that finds a window which is off by one."""

from __future__ import annotations

import numpy as np

from attnlab import masks, reference
from attnlab.exercises._exercise import Exercise

VERDICTS = ("correct", "one too wide", "one too narrow", "sees the future", "no far end")


def _visible(distance, size):
    return {
        "correct": (distance >= 0) & (distance < size),
        "one too wide": (distance >= 0) & (distance <= size),
        "one too narrow": (distance >= 0) & (distance < size - 1),
        "sees the future": (distance >= -1) & (distance < size - 1),
        "no far end": distance >= 0,
    }


def _suspect(verdict, size):
    """attend(q, k, v), with the window that the verdict describes."""

    def attend(q, k, v):
        q_pos, k_pos = masks.positions(len(q), len(k))
        mask = _visible(q_pos[:, None] - k_pos, size)[verdict]
        return reference.attention(q, k, v, mask=mask)

    return attend


def _reference(attend, size):
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, size + 4, 5))
    out = attend(q, k, v)
    return min(VERDICTS, key=lambda verdict: np.abs(_suspect(verdict, size)(q, k, v) - out).max())


EXERCISE = Exercise(
    id="efficiency.window_detective",
    title="A test that finds the off-by-one",
    level="evaluate",
    minutes=20,
    difficulty=2,
    page="efficiency/blocked_kernel",
    headings=("What goes wrong",),
    statement=r"""
    Somebody hands you `attend(q, k, v)`. It claims to be causal attention with a window: each query sees the last `size` keys, its own included. You may call it, with inputs **of your choice**, and look at nothing but its output. Return one of these strings.

    | verdict | a query at position $p$ sees the keys |
    |---|---|
    | `"correct"` | $p - \text{size} + 1$ to $p$ |
    | `"one too wide"` | $p - \text{size}$ to $p$ |
    | `"one too narrow"` | $p - \text{size} + 2$ to $p$ |
    | `"sees the future"` | $p - \text{size} + 2$ to $p + 1$ |
    | `"no far end"` | 0 to $p$ |

    `q` and `k` have shape ($n$, $d_k$) and `v` has shape ($n$, $d_v$), with sizes that you choose. A tiny example: a window of 1 that is correct returns the values unchanged.
    """,
    slot='''
    def window_detective(attend, size):
        """What is wrong with a window, found by calling it.

        attend: a function of q (n, d_k), k (n, d_k), v (n, d_v) that returns (n, d_v)
        result: "correct", "one too wide", "one too narrow",
                "sees the future" or "no far end"
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="labels",
    hints=(
        "A window that is too wide can only be noticed by a text that is longer than the window.",
        r"With the identity matrix as values the output *is* the table of weights. With zeros as queries and keys every visible key weighs the same, and no weight is too small to be seen.",
        "```python\nn = size + ____\nnothing = np.zeros((n, 1))\nweights = attend(nothing, nothing, ____)\n"
        "row = weights[____] > 0          # a query that has keys before and behind it\nif row[____]:\n    return \"sees the future\"\n"
        "count = row.sum()\nreturn ____\n```",
    ),
    parsons=("text_no_longer_than_the_window", "last_row_only"),
    why=r"""
    The values are a probe: with the identity, attention shows its hand. The query next to the last has a future to look into and enough past to show the far end, so one row decides everything.

    **The two most common mistakes.** Testing with a text no longer than the window: then too wide, right and endless are the same. Looking at the last query only: it has no future, and a window that is shifted looks like one that is too narrow.

    **Cost.** One call on a text of a few tokens. The bug that it finds costs nothing to run and changes every long text.
    """,
    verified="all five verdicts for windows of 1, 2, 3, 5, 7 and 40.",
    next_thought="how would you find out, from outside, whether the first query is aligned with the first key or the last with the last?",
    reference=_reference,
)

for _size in (3, 7, 2, 1, 40):
    for _name in VERDICTS:
        EXERCISE.probe(f"a window of {_size}, the case {_name}", _suspect(_name, _size), _size)


def _row(attend, n, place):
    nothing = np.zeros((n, 1))
    return attend(nothing, nothing, np.eye(n))[place] > 0


def _by_count(count, size):
    return {size: "correct", size + 1: "one too wide", size - 1: "one too narrow"}.get(int(count), "no far end")


@EXERCISE.solve
def window_detective_solution(attend, size):
    n = size + 3
    nothing = np.zeros((n, 1))
    row = attend(nothing, nothing, np.eye(n))[n - 2] > 0
    if row[n - 1]:
        return "sees the future"
    count, wide, narrow = row.sum(), size + 1, size - 1
    verdicts = {size: "correct", wide: "one too wide", narrow: "one too narrow"}
    return verdicts.get(int(count), "no far end")


@EXERCISE.mutant
def text_no_longer_than_the_window(attend, size):
    n = size
    nothing = np.zeros((n, 1))
    row = attend(nothing, nothing, np.eye(n))[n - 1] > 0
    count, wide, narrow = row.sum(), size + 1, size - 1
    verdicts = {size: "correct", wide: "one too wide", narrow: "one too narrow"}
    return verdicts.get(int(count), "no far end")


@EXERCISE.mutant
def last_row_only(attend, size):
    n = size + 3
    nothing = np.zeros((n, 1))
    row = attend(nothing, nothing, np.eye(n))[n - 1] > 0
    count, wide, narrow = row.sum(), size + 1, size - 1
    verdicts = {size: "correct", wide: "one too wide", narrow: "one too narrow"}
    return verdicts.get(int(count), "no far end")


@EXERCISE.mutant
def window_row_sums_trusted(attend, size):
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, size + 3, 5))
    whole = np.allclose(attend(q, k, np.eye(size + 3)).sum(axis=1), 1)
    return "correct" if whole else "one too narrow"


@EXERCISE.mutant
def only_the_future_checked(attend, size):
    n = size + 3
    return "sees the future" if _row(attend, n, n - 2)[n - 1] else "correct"


@EXERCISE.mutant
def one_kind_of_wrong(attend, size):
    return "correct" if _reference(attend, size) == "correct" else "one too wide"


@EXERCISE.mutant
def own_position_not_counted(attend, size):
    n = size + 3
    row = _row(attend, n, n - 2)
    return "sees the future" if row[n - 1] else _by_count(row.sum() - 1, size)


@EXERCISE.mutant
def far_end_not_tested(attend, size):
    n = size + 1
    row = _row(attend, n + 1, n - 1)
    return "sees the future" if row[n] else _by_count(row.sum(), size)


def _verdict_on(name, size):
    def test(call):
        verdict = str(call(_suspect(name, size), size))
        return None if verdict == name else f'the verdict is "{verdict}"'

    return test


for _name in VERDICTS:
    EXERCISE.holds(f'a window of 5 that is "{_name}" is recognised')(_verdict_on(_name, 5))


@EXERCISE.impostor
def always_the_last_verdict(attend, size):
    return "no far end"


@EXERCISE.impostor
def always_the_first_verdict(attend, size):
    return "correct"


@EXERCISE.impostor
def a_text_of_twenty_tokens(attend, size):
    row = _row(attend, 20, 18)
    return "sees the future" if row[19] else _by_count(row.sum(), size)


@EXERCISE.impostor
def counted_in_the_first_row(attend, size):
    return _by_count(_row(attend, size + 3, 0).sum(), size)
