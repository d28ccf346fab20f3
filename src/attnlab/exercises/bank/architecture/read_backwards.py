"""Queries and keys to invent: cross-attention that reads its source from behind, in few features."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _pair(wanted, places, factor):
    """Scores that fall with the square of the distance between the wanted place and each place."""
    wanted, places = np.asarray(wanted, dtype=float), np.asarray(places, dtype=float)
    return factor * np.stack([2 * wanted, -np.ones_like(wanted)], axis=1), np.stack([places, places**2], axis=1)


def _reference(m):
    return _pair(m - 1 - np.arange(m), np.arange(m), 8.0)


EXERCISE = Exercise(
    id="architecture.read_backwards",
    title="Invent queries and keys: read from behind",
    level="create",
    minutes=25,
    difficulty=3,
    page="architecture/problems",
    statement=r"""
    A decoder copies its source from behind: step $t$ reads token $m - 1 - t$ of the $m$ tokens. Invent the queries of its $m$ steps and the keys of the $m$ source tokens, for

    $$A = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) .$$

    Many answers are right; only this is checked, for sources of 1, 2, 5, 17 and 50 tokens:

    1. $Q$ and $K$ have $m$ rows and the same width $d_k$ of **at most 4**, and all entries are finite;
    2. in row $t$ the weight of token $m - 1 - t$ is above 0.9;
    3. the encoder does not know how long the text will be: the keys for 5 tokens are the first five rows of the keys for 17, and those the first of the keys for 50. (The queries may depend on $m$.)
    """,
    slot='''
    def read_backwards(m):
        """Queries and keys with which step t looks at token m - 1 - t.

        result: q and k, both (m, d_k), for a width d_k of at most 4
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("q", "k"),
    hints=(
        "One feature is not enough: a score that is linear in the place is largest at one of the two ends. What function of the place has its largest value wherever you like?",
        r"$-(j - a)^2 = 2aj - j^2 - a^2$, and the last term is the same for all $j$, so the softmax does not see it. The first two are a dot product of $(2a, -1)$ with $(j, j^2)$.",
        "```python\nplace = np.arange(m, dtype=float)\nwanted = ____\nkeys = np.stack([place, ____], axis=1)\nqueries = ____ * np.stack([2 * wanted, ____], axis=1)\nreturn queries, keys\n```\n\n"
        "How much higher than its neighbour must the best score be, after the division?",
    ),
    parsons=("reads_in_order", "neighbours_too_close"),
    why=r"""
    The score is a parabola in the place of the key, with its top at the place that the query names. Two features do for any length, and the order is only in the queries: that is how one memory can be read in any order.

    **The two most common mistakes.** One-hot places: right, and as wide as the longest text. Numbering the keys from behind: then the encoder would have to know the length.

    **Cost.** $d_k = 2$. The numbers grow with the square of the length, so low precision ends this trick; sines and cosines keep them small.
    """,
    verified="all three properties, for 1, 2, 5, 17 and 50 tokens.",
    next_thought="from which length on does this fail in half precision, and why?",
    reference=_reference,
    judged_by="properties",
)

EXERCISE.probe("17 tokens", 17)
EXERCISE.probe("5 tokens", 5)


@EXERCISE.solve
def read_backwards_solution(m):
    place = np.arange(m, dtype=float)
    wanted = m - 1 - place
    keys = np.stack([place, place**2], axis=1)
    queries = 10 * np.stack([2 * wanted, -np.ones(m)], axis=1)
    return queries, keys


@EXERCISE.mutant
def reads_in_order(m):
    place = np.arange(m, dtype=float)
    keys = np.stack([place, place**2], axis=1)
    queries = 10 * np.stack([2 * place, -np.ones(m)], axis=1)
    return queries, keys


@EXERCISE.mutant
def neighbours_too_close(m):
    place = np.arange(m, dtype=float)
    wanted = m - 1 - place
    keys = np.stack([place, place**2], axis=1)
    queries = np.stack([2 * wanted, -np.ones(m)], axis=1)
    return queries, keys


@EXERCISE.mutant
def one_token_beside(m):
    return _pair(m - np.arange(m), np.arange(m), 10.0)


@EXERCISE.mutant
def as_wide_as_the_text(m):
    return 10 * np.sqrt(m) * np.eye(m)[::-1], np.eye(m)


@EXERCISE.mutant
def keys_know_the_length(m):
    return _pair(np.arange(m), m - 1 - np.arange(m), 10.0)


@EXERCISE.mutant
def place_as_one_number(m):
    place = np.arange(m, dtype=float)[:, None]
    return 10 * (m - 1 - place), place


@EXERCISE.mutant
def parabola_upside_down(m):
    queries, keys = _pair(m - 1 - np.arange(m), np.arange(m), 10.0)
    return -queries, keys


@EXERCISE.holds("q and k have m rows, one width of at most 4, and finite entries")
def shapes_fit(call):
    for m in (5, 1, 17, 50):
        q, k = (np.asarray(part) for part in call(m))
        if q.shape != k.shape or q.ndim != 2 or len(q) != m:
            return f"for {m} tokens they are {text.shape(q)} and {text.shape(k)}"
        if q.shape[1] > 4:
            return f"for {m} tokens the width is {q.shape[1]}"
        if not (np.isfinite(q).all() and np.isfinite(k).all()):
            return f"for {m} tokens some entries are NaN or infinite"
    return None


@EXERCISE.holds("step t looks at token m - 1 - t")
def looks_from_behind(call):
    for m in (5, 1, 2, 17, 50):
        weights = reference.attention_weights(*(np.asarray(part, dtype=float) for part in call(m)))
        least = np.diag(weights[:, ::-1]).min()
        if not least > 0.9:
            return f"with {m} tokens the smallest of these weights is {text.number(least)}; step 0 looks most at token {int(weights[0].argmax())}"
    return None


@EXERCISE.holds("the keys of a shorter text are the first of a longer one's")
def keys_go_on(call):
    long = np.asarray(call(50)[1], dtype=float)
    for m in (5, 17, 1):
        short = np.asarray(call(m)[1], dtype=float)
        if short.shape[1] != long.shape[1]:
            return f"their widths are {short.shape[1]} and {long.shape[1]}"
        gap = np.abs(short - long[:m]).max()
        if not gap < 1e-6:
            return f"for {m} tokens an entry differs by {text.number(gap)} from that for 50"
    return None
