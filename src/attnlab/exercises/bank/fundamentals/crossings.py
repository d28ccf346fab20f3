"""Read an alignment: how often does the order of the words turn round?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(weights):
    looked = weights.argmax(axis=-1)
    later = np.triu(np.ones((len(looked), len(looked)), dtype=bool), k=1)
    return int((later & (looked[:, None] > looked[None, :])).sum())


EXERCISE = Exercise(
    id="fundamentals.crossings",
    title="Count the crossings",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="fundamentals/looking_back",
    headings=("An alignment that crosses",),
    statement=r"""
    Draw a line from each word that is written to the word of the source with the largest weight. Two lines **cross** if the word written earlier looks at a word
    that stands *later* in the source. Return how many pairs of lines cross: 0 means that both languages keep the same order.

    A tiny example: three steps that look at the words 1, 0 and 2 give 1: only the first two lines cross. Looking at 2, 1, 0 gives 3. Two steps that look at the same word do not cross.
    """,
    slot='''
    def crossings(weights):
        """The number of pairs of steps whose order and the order of the words they look at disagree.

        weights: (steps, words), each row adds up to one
        result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A diagonal table gives 0, its mirror image gives all pairs: $n(n-1)/2$. Looking at the same word twice is no crossing.",
        "First turn each row into the place of its largest weight. Then compare every step with every *later* step.",
        "```python\nplaces = weights.argmax(axis=____)\ncount = 0\nfor early in range(len(places)):\n    for late in range(____, len(places)):\n"
        "        count += int(places[early] > ____)\nreturn count\n```",
    ),
    parsons=("cross_ties_counted", "cross_neighbours_only"),
    why=r"""
    The number is known as the number of *inversions* of a sequence. English and German numbers keep their order but for units and tens; a reversed text crosses everywhere.

    **The two most common mistakes.** Comparing neighbours only: 2, 0, 1 has two crossings, and only one of them is between neighbours. Counting two looks at the same word.

    **Cost.** All pairs of steps; sorting by merging would do it in $n \log n$.
    """,
    verified="equal to all pairs compared one by one, with ties, one step, one word, a rotation, and more words than steps.",
    next_thought="is the word with the largest weight always the word that is translated?",
    reference=_reference,
    parts=("count",),
)

_rng = np.random.default_rng(33)


def _looks(places, words):
    table = _rng.uniform(0.0, 0.3, size=(len(places), words))
    table[np.arange(len(places)), places] += 1.0
    return table / table.sum(axis=-1, keepdims=True)


_first = _looks([3, 0, 5, 1, 1, 6, 2], 7)
EXERCISE.probe("7 steps, 7 words", _first)
EXERCISE.probe("5 steps, 11 words", _looks([9, 2, 10, 4, 0], 11))
EXERCISE.probe("6 steps, 3 words", _looks([2, 2, 0, 1, 1, 0], 3))
EXERCISE.probe("one step, 3 words", _looks([1], 3))
EXERCISE.probe("4 steps backwards", _looks([3, 2, 1, 0], 4))
EXERCISE.probe("5 steps, the last looks at the first word", _looks([1, 2, 3, 4, 0], 5))
EXERCISE.probe("3 steps, one word", _looks([0, 0, 0], 1))
EXERCISE.probe("2 steps, 2 words, weights that hardly differ", np.array([[0.499, 0.501], [0.501, 0.499]]))


def _pairs(places, cross):
    n = len(places)
    return sum(bool(cross(places[i], places[j])) for i in range(n) for j in range(i + 1, n))


@EXERCISE.solve
def crossings_solution(weights):
    places = weights.argmax(axis=-1)
    count = 0
    for early in range(len(places)):
        for late in range(early + 1, len(places)):
            count += int(places[early] > places[late])
    return count


@EXERCISE.mutant
def cross_ties_counted(weights):
    places = weights.argmax(axis=-1)
    count = 0
    for early in range(len(places)):
        for late in range(early + 1, len(places)):
            count += int(places[early] >= places[late])
    return count


@EXERCISE.mutant
def cross_neighbours_only(weights):
    places = weights.argmax(axis=-1)
    count = 0
    for early in range(len(places) - 1):
        count += int(places[early] > places[early + 1])
    return count


@EXERCISE.mutant
def cross_counted_twice(weights):
    return 2 * _pairs(weights.argmax(axis=-1), lambda a, b: a > b)


@EXERCISE.mutant
def cross_same_order_counted(weights):
    return _pairs(weights.argmax(axis=-1), lambda a, b: a < b)


@EXERCISE.mutant
def cross_read_along_the_steps(weights):
    return _pairs(weights.argmax(axis=0), lambda a, b: a > b)


@EXERCISE.mutant
def cross_off_the_diagonal(weights):
    return int((weights.argmax(axis=-1) != np.arange(len(weights))).sum())


@EXERCISE.mutant
def cross_smallest_weight(weights):
    return _pairs(weights.argmin(axis=-1), lambda a, b: a > b)


@EXERCISE.holds("a diagonal has no crossing")
def diagonal(call):
    count = call(np.eye(5))
    return None if count == 0 else f"{text.number(count)} for five words in the same order"


@EXERCISE.holds("the mirror image has all pairs")
def mirrored(call):
    count = call(np.eye(5)[::-1].copy())
    return None if count == 10 else f"{text.number(count)} for five words in the opposite order, expected 10"


EXERCISE.holds("steps that look at the words 1, 0 and 2 have one crossing")(comes_out(1, np.eye(3)[[1, 0, 2]]))
EXERCISE.holds("steps that look at the words 2, 0 and 1 have two crossings, one of them not between neighbours")(
    comes_out(2, np.eye(3)[[2, 0, 1]]))
EXERCISE.holds("two looks at one word do not cross")(comes_out(0, np.eye(3)[[0, 1, 1, 2, 2]]))
