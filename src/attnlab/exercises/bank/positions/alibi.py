"""A linear bias, with a slope for each head."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(n_heads, q_pos, k_pos):
    return positions.alibi(n_heads, q_pos, k_pos)


def _biased(slopes, q_pos, k_pos):
    return -slopes[:, None, None] * np.abs(q_pos[:, None] - k_pos)


EXERCISE = Exercise(
    id="positions.alibi",
    title="A bias that falls with the distance",
    level="apply",
    minutes=10,
    difficulty=1,
    page="positions/relative",
    headings=("ALiBi: a slope for each head",),
    statement=r"""
    Return the bias of shape (`n_heads`, queries, keys): minus the head's slope times the distance $|i - j|$ between query position $i$ and key position $j$. Head $h = 1, \dots, H$ has the slope $2^{-8h/H}$; $H$ is a power of two.

    A tiny example: with 8 heads, the first head gives a key two places away $-2 \cdot \tfrac12 = -1$.
    """,
    slot='''
    def alibi(n_heads, q_pos, k_pos):
        """Minus slope times distance, for every head, query and key.

        q_pos: (queries,); k_pos: (keys,); result: (n_heads, queries, keys)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A query's own position gets 0, and no entry is above 0.",
        r"Entry $[h, i, j]$ is $-2^{-8(h+1)/H}\,|i - j|$ when heads are counted from 0.",
        "```python\nslopes = 2.0 ** (-8 * np.arange(____, ____) / n_heads)\ndistance = np.abs(____)\nreturn -slopes[:, None, None] * distance\n```",
    ),
    parsons=("slopes_from_one", "distance_rewarded"),
    why=r"""
    Distances are a table of queries by keys, slopes a column in front of it; broadcasting does the rest. The bias is added after the scale and before the softmax.

    **The two most common mistakes.** The sign: far keys would be preferred. Counting heads from 0, which gives the first head slope 1 and loses the gentlest slope, $2^{-8}$, that looks furthest back.

    **Cost.** Nothing is learned. A fast kernel computes the bias where it needs it and never stores the table.
    """,
    verified="equal to the definition for 1 to 32 heads and for positions in any order.",
    next_thought="at which distance has the gentlest of 8 heads lowered a score by 1?",
    reference=_reference,
)

EXERCISE.probe("8 heads, 3 queries, 7 keys", 8, np.array([4, 5, 6]), np.arange(7))
EXERCISE.probe("4 heads", 4, np.arange(5), np.arange(5))
EXERCISE.probe("2 heads, one new query", 2, np.array([11]), np.arange(12))
EXERCISE.probe("16 heads", 16, np.arange(3), np.arange(2))
EXERCISE.probe("1 head", 1, np.arange(2), np.arange(5))
EXERCISE.probe("32 heads, positions anywhere and in any order", 32, np.array([9, 2]), np.array([300, 2, 11, 5]))


@EXERCISE.solve
def alibi_solution(n_heads, q_pos, k_pos):
    slopes = 2.0 ** (-8 * np.arange(1, n_heads + 1) / n_heads)
    distance = np.abs(q_pos[:, None] - k_pos)
    return -slopes[:, None, None] * distance


@EXERCISE.mutant
def distance_rewarded(n_heads, q_pos, k_pos):
    slopes = 2.0 ** (-8 * np.arange(1, n_heads + 1) / n_heads)
    distance = np.abs(q_pos[:, None] - k_pos)
    return slopes[:, None, None] * distance


@EXERCISE.mutant
def slopes_from_one(n_heads, q_pos, k_pos):
    slopes = 2.0 ** (-8 * np.arange(n_heads) / n_heads)
    distance = np.abs(q_pos[:, None] - k_pos)
    return -slopes[:, None, None] * distance


@EXERCISE.mutant
def one_slope_for_all(n_heads, q_pos, k_pos):
    return _biased(np.full(n_heads, 2.0 ** (-8 / n_heads)), q_pos, k_pos)


@EXERCISE.mutant
def slopes_of_eight_heads(n_heads, q_pos, k_pos):
    return _biased(2.0 ** -np.arange(1, n_heads + 1), q_pos, k_pos)


@EXERCISE.mutant
def later_keys_rewarded(n_heads, q_pos, k_pos):
    return -positions.alibi_slopes(n_heads)[:, None, None] * (q_pos[:, None] - k_pos)


@EXERCISE.mutant
def later_keys_for_nothing(n_heads, q_pos, k_pos):
    return -positions.alibi_slopes(n_heads)[:, None, None] * np.maximum(q_pos[:, None] - k_pos, 0)


@EXERCISE.mutant
def places_in_the_table_for_positions(n_heads, q_pos, k_pos):
    return _reference(n_heads, np.arange(len(q_pos)), np.arange(len(k_pos)))


@EXERCISE.mutant
def slopes_in_harmony(n_heads, q_pos, k_pos):
    return _biased(1 / np.arange(1, n_heads + 1), q_pos, k_pos)


@EXERCISE.holds("a query's own position gets 0")
def own_position(call):
    own = np.diagonal(call(4, np.arange(5), np.arange(5)), axis1=1, axis2=2)
    return None if np.allclose(own, 0) else f"own positions get {text.numbers(own)}"


@EXERCISE.holds("no entry is above 0")
def none_above(call):
    largest = call(8, np.array([2]), np.arange(7)).max()
    return None if largest <= 0 else f"the largest is {text.number(largest)}"


@EXERCISE.holds("moving all positions changes nothing")
def moved(call):
    here, there = (call(4, np.arange(5) + s, np.arange(7) + s) for s in (0, 100))
    return None if np.allclose(here, there) else f"an entry moves by {text.number(np.abs(here - there).max())}"


@EXERCISE.holds("the slopes of the heads are right at distance 1")
def slopes(call):
    found = -call(4, np.array([1]), np.array([0]))[:, 0, 0]
    return None if np.allclose(found, [1 / 4, 1 / 16, 1 / 64, 1 / 256]) else f"4 heads have the slopes {text.numbers(found)}"


@EXERCISE.holds("twice the distance, twice the bias, on either side")
def straight(call):
    q, k = np.array([40]), np.array([0, 20, 30, 50, 60, 80])
    found = call(1, q, k)[0, 0] * 2**8
    return None if np.allclose(found, -np.abs(40 - k)) else f"distances 40, 20, 10 before and 10, 20, 40 after get {text.numbers(found, 6)} times the slope"
