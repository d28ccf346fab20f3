"""Places in a sorted list by comparisons alone: what the first layer of a sorting program counts."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _counted(tokens, before):
    n = len(tokens)
    return np.array([sum(before(tokens[j], j, tokens[i], i) for j in range(n)) for i in range(n)], dtype=int)


def _reference(tokens):
    return _counted(np.asarray(tokens), lambda x, j, y, i: x > y or (x == y and j < i))


EXERCISE = Exercise(
    id="theory.rank_from_comparisons",
    title="The place of every token, largest first",
    level="apply",
    minutes=15,
    difficulty=2,
    page="theory/expressiveness",
    headings=("Programs of attention",),
    statement=r"""
    The page sorts in ascending order: its first head counts, for every token, how many come before it. Write that count for the **descending** order: the largest token gets place 0, the next one 1, and so on. Equal tokens keep the order in which they stand in the text, so that no place is given twice.

    Comparisons and counts are enough, as a head has them. There may be no token at all.

    A tiny example: `[2, 7, 2, 9]` gives `[2, 1, 3, 0]`.
    """,
    slot='''
    def rank_from_comparisons(tokens):
        """For every token its place among all, largest first.

        tokens: (n,) numbers; result: (n,) whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Each of the places 0, 1, ..., n - 1 is given once, and a token that is larger than another has the smaller place.",
        "Token $j$ comes before token $i$ if it is larger, or if it is equal and stands further to the front: $x_j > x_i$, or $x_j = x_i$ and $j < i$.",
        "```python\nplace = np.arange(____)\nlarger = tokens[None, :] > ____\ntied = (tokens[None, :] == tokens[:, None]) & ____\nreturn (larger | tied).sum(axis=____)\n```",
    ),
    parsons=("rank_ascending", "rank_ties_from_the_back"),
    why=r"""
    A row of comparisons is what a head selects, and its width, read from the share of a sentinel, is the rank. A second head then fetches to place $r$ the token whose rank is $r$.

    **The two most common mistakes.** Sorting the other way round. Leaving ties undecided: two tokens then claim one place, another place stays empty, and the second head returns a mean or its default.

    **Cost.** $n^2$ comparisons, all at once; a sort needs about $n \log_2 n$, one after the other.
    """,
    verified="equal to a stable sort for texts of 0 to 40 tokens, with and without ties, whole numbers, negative ones and float32.",
    next_thought="which single head would tell you whether two tokens of a text are equal?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
EXERCISE.probe("seven different tokens", np.array([3.0, -1.0, 8.0, 2.5, 11.0, 0.0, 7.0]))
EXERCISE.probe("eleven tokens with ties", np.array([2, 5, 2, 2, 9, 5, 0, 9, 1, 2, 7]))
EXERCISE.probe("all equal", np.array([4.0, 4.0, 4.0, 4.0, 4.0]))
EXERCISE.probe("forty tokens of six values", _rng.integers(-3, 3, 40))
EXERCISE.probe("thirteen random numbers", _rng.normal(size=13))
EXERCISE.probe("single precision", np.array([0.5, 1.5, -2.0, 1.5, 3.0], dtype=np.float32))
EXERCISE.probe("ascending", np.arange(6))
EXERCISE.probe("descending", np.arange(6)[::-1].copy())
EXERCISE.probe("large and far apart", np.array([1e12, -1e12, 3.0, 1e-9, 0.0]))
EXERCISE.probe("close together", np.array([0.0, 1e-9, -1e-9, 1e-9, 2e-9]))
EXERCISE.probe("one token", np.array([5]))
EXERCISE.probe("no token", np.zeros(0))


@EXERCISE.solve
def rank_from_comparisons_solution(tokens):
    place = np.arange(len(tokens))
    larger = tokens[None, :] > tokens[:, None]
    tied = (tokens[None, :] == tokens[:, None]) & (place[None, :] < place[:, None])
    return (larger | tied).sum(axis=1)


@EXERCISE.mutant
def rank_ascending(tokens):
    place = np.arange(len(tokens))
    smaller = tokens[None, :] < tokens[:, None]
    tied = (tokens[None, :] == tokens[:, None]) & (place[None, :] < place[:, None])
    return (smaller | tied).sum(axis=1)


@EXERCISE.mutant
def rank_ties_from_the_back(tokens):
    place = np.arange(len(tokens))
    larger = tokens[None, :] > tokens[:, None]
    tied = (tokens[None, :] == tokens[:, None]) & (place[None, :] > place[:, None])
    return (larger | tied).sum(axis=1)


@EXERCISE.mutant
def rank_shared_by_ties(tokens):
    return _counted(np.asarray(tokens), lambda x, j, y, i: x > y)


@EXERCISE.mutant
def rank_counts_itself(tokens):
    return _counted(np.asarray(tokens), lambda x, j, y, i: x > y or (x == y and j <= i))


@EXERCISE.mutant
def rank_last_of_its_ties(tokens):
    return _counted(np.asarray(tokens), lambda x, j, y, i: x >= y) - 1


@EXERCISE.mutant
def rank_is_the_order(tokens):
    return np.argsort(-np.asarray(tokens, dtype=float), kind="stable")


@EXERCISE.mutant
def rank_within_the_past(tokens):
    return _counted(np.asarray(tokens), lambda x, j, y, i: j < i and x >= y)


@EXERCISE.mutant
def rank_along_the_wrong_axis(tokens):
    tokens = np.asarray(tokens)
    return _counted(tokens, lambda x, j, y, i: x < y or (x == y and j > i))


EXERCISE.holds("the example of the statement comes out")(comes_out([2, 1, 3, 0], np.array([2, 7, 2, 9])))


@EXERCISE.holds("every place is given once")
def once(call):
    tokens = np.array([2, 5, 2, 2, 9, 5, 0, 9, 1, 2, 7])
    found = np.sort(np.asarray(call(tokens), dtype=float))
    return None if found.shape == (11,) and (found == np.arange(11)).all() else f"the places given are {text.numbers(found)}"


EXERCISE.holds("the given tokens stay as they are")(left_alone(np.array([2, 7, 2, 9])))
