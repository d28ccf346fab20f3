"""Two wrong pieces that make up for each other: which pairs?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import left_alone


def _alone(score, course, mine):
    base = score(dict(course))
    return base, {name: score({**course, name: mine[name]}) for name in mine}


def _table(score, course, mine, mends, breaks=lambda one, base: one != base):
    """mends(both, base, i, j) wherever both alone break."""
    base, alone = _alone(score, course, mine)
    names = list(mine)
    out = np.zeros((len(names), len(names)), dtype=bool)
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            if i != j and breaks(alone[a], base) and breaks(alone[b], base):
                out[i, j] = mends(score({**course, a: mine[a], b: mine[b]}), base)
    return out


def _reference(score, course, mine):
    return _table(score, course, mine, lambda both, base: both == base)


EXERCISE = Exercise(
    id="variants.mending_pairs",
    title="Pairs that mend each other",
    level="analyse",
    minutes=20,
    difficulty=2,
    page="variants/your_gpt",
    headings=("Two wrongs that make a right",),
    statement=r"""
    A split and a merge that are wrong in the same way undo each other. Find such pairs.

    `score(pieces)` computes a number with a model made of the named pieces: a dictionary from names to pieces goes in, a number comes out. Two models that compute the same give **equal** scores; one that computes something else gives another, larger or smaller. `course` holds pieces that are right, `mine` some of yours under the same names.

    Return a symmetric table of booleans, a row and a column for each name in `mine`, in its order. An entry is true for two *different* pieces **each of which changes the score when it alone is put into the course's model, while both together leave it as it was**. Leave both dictionaries as they are.

    A tiny example: with `score` the sum of all pieces, `course = {"a": 1, "b": 2, "c": 3}` and `mine = {"c": 4, "a": 0, "b": 2}`, the pieces c and a mend each other, b breaks nothing: `[[False, True, False], [True, False, False], [False, False, False]]`.
    """,
    slot='''
    def mending_pairs(score, course, mine):
        """Which two pieces of mine break the course's model alone and do not together?

        score: a function from a dictionary {name: piece} to a number
        course, mine: such dictionaries; every name of mine is in course
        result: booleans, (n, n) for the n names of mine, in its order
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A piece that breaks nothing alone is in no pair, and no piece mends itself: the diagonal is false. If a mends b, then b mends a.",
        "Three scores decide about a pair: each piece alone, and both together, always in the course's model. So $1 + n + n(n-1)/2$ scores are enough.",
        "```python\nnames = list(mine)\nbase = score(dict(course))\nbroken = [score({**course, name: ____}) ____ base for name in names]\ntable = np.zeros((len(names), len(names)), dtype=bool)\n"
        "for i, a in enumerate(names):\n    for j, b in enumerate(names[:i]):\n        both = score({**course, ____})\n        table[i, j] = table[j, i] = ____ and ____ and both ____ base\nreturn table\n```",
    ),
    parsons=("pairs_without_looking_alone", "pairs_on_one_side_only"),
    why=r"""
    The course's model is the control in every trial, and a pair is judged by three scores: two that say *alone it breaks*, one that says *together it does not*.

    **The two most common mistakes.** Looking at the pair alone: two right pieces leave the score as it was as well, and they mend nothing. Starting from one's own model, in which a third wrong piece hides everything.

    **Cost.** $n(n-1)/2$ scores for the pairs. Three pieces that need each other are found by none of them. And a score that stays the same is evidence only as far as the score looks.
    """,
    verified="no pair, one pair, several, pieces in more than one pair, triples that mend only together; scores that grow and shrink; one piece and none.",
    next_thought="how many scores would it take to find all triples that mend each other and hold no mending pair?",
    reference=_reference,
    returns="masks",
)


def _sum(pieces):
    return float(sum(pieces.values()))


def _product(pieces):
    return float(np.prod(list(pieces.values())))


def _largest(pieces):
    return float(max(pieces.values()))


def _signs(pieces):
    return float(pieces["split"] * pieces["merge"] * 10 + pieces["norm"] + pieces["loss"] ** 2)


_COURSE = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
EXERCISE.probe("two pairs, one piece that breaks nothing", _sum, _COURSE, {"e": 7, "a": 1, "c": 1, "b": 5, "d": 1})
EXERCISE.probe("a piece in two pairs", _sum, _COURSE, {"a": 3, "b": 0, "d": 2, "c": 3})
EXERCISE.probe("no pair", _sum, _COURSE, {"a": 2, "b": 4, "c": 5})
EXERCISE.probe("two right pieces and a wrong one", _sum, _COURSE, {"b": 2, "d": 4, "a": 0})
EXERCISE.probe("three that mend only together", _sum, _COURSE, {"a": 2, "b": 3, "c": 1})
EXERCISE.probe("a pair beside a third wrong piece", _sum, _COURSE, {"a": 2, "b": 1, "c": 30})
EXERCISE.probe("scores that multiply", _product, {"x": 2.0, "y": 8.0, "z": 4.0}, {"y": 4.0, "z": 8.0, "x": 4.0})
EXERCISE.probe("split and merge", _signs, {"split": 1, "merge": 1, "norm": 3, "loss": 2}, {"merge": -1, "norm": 5, "split": -1, "loss": -2})
EXERCISE.probe("a pair that makes it larger than it was", _sum, _COURSE, {"a": 9, "b": 9})
EXERCISE.probe("a piece that breaks nothing alone and hides another", _largest, {"a": 3, "b": 5}, {"a": 5, "b": 2})
EXERCISE.probe("one piece", _sum, _COURSE, {"c": 8})
EXERCISE.probe("both make it smaller", _product, {"x": 3.0, "y": 5.0, "z": 2.0}, {"x": -3.0, "y": -5.0, "z": 1.0})
EXERCISE.probe("nine pieces, three pairs", _sum, {name: 1 for name in "abcdefghi"}, dict(zip("ihgfedcba", (2, 5, 1, -3, 0, 9, 4, -7, 30))))
EXERCISE.probe("a score of nought", _sum, {"x": 2, "y": -2, "z": 0}, {"x": 5, "y": -5, "z": 1})
EXERCISE.probe("scores that differ by a part of a billion", _sum, {"x": 1.0, "y": 2.0, "z": 1.0}, {"x": 1.0 + 2.0**-40, "z": 1.0 - 2.0**-40, "y": 2.0 + 2.0**-39})
EXERCISE.probe("scores between whole numbers", _sum, {"x": 1.0, "y": 2.0, "z": 0.5}, {"x": 1.25, "y": 2.125, "z": 0.25})
EXERCISE.probe("a piece of the course that is not mine counts", _product, {"x": 2.0, "y": 3.0, "z": 0.0}, {"x": 4.0, "y": 1.5})


@EXERCISE.solve
def mending_pairs_solution(score, course, mine):
    names, base = list(mine), score(dict(course))
    broken = [score({**course, name: mine[name]}) != base for name in names]
    table = np.zeros((len(names), len(names)), dtype=bool)
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            both = score({**course, a: mine[a], b: mine[b]})
            table[i, j] = table[j, i] = broken[i] and broken[j] and both == base
    return table


@EXERCISE.mutant
def pairs_without_looking_alone(score, course, mine):
    names, base = list(mine), score(dict(course))
    table = np.zeros((len(names), len(names)), dtype=bool)
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            both = score({**course, a: mine[a], b: mine[b]})
            table[i, j] = table[j, i] = both == base
    return table


@EXERCISE.mutant
def pairs_on_one_side_only(score, course, mine):
    names, base = list(mine), score(dict(course))
    broken = [score({**course, name: mine[name]}) != base for name in names]
    table = np.zeros((len(names), len(names)), dtype=bool)
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            both = score({**course, a: mine[a], b: mine[b]})
            table[i, j] = broken[i] and broken[j] and both == base
    return table


@EXERCISE.mutant
def pairs_by_lower_scores_alone(score, course, mine):
    return _table(score, course, mine, lambda both, base: both == base, breaks=lambda one, base: one < base)


@EXERCISE.mutant
def pairs_that_are_not_lower(score, course, mine):
    return _table(score, course, mine, lambda both, base: both >= base)


@EXERCISE.mutant
def pairs_that_both_break(score, course, mine):
    return _table(score, course, mine, lambda both, base: True)


@EXERCISE.mutant
def pairs_that_still_break(score, course, mine):
    return _table(score, course, mine, lambda both, base: both != base)


@EXERCISE.mutant
def pairs_tried_in_my_own_model(score, course, mine):
    names, base = list(mine), score(dict(course))
    broken = [score({**course, name: mine[name]}) != base for name in names]
    whole = score({**course, **mine}) == base
    n = len(names)
    return np.array([[i != j and broken[i] and broken[j] and whole for j in range(n)] for i in range(n)], dtype=bool).reshape(n, n)


@EXERCISE.mutant
def pairs_with_one_wrong_piece(score, course, mine):
    base, alone = _alone(score, course, mine)
    names = list(mine)
    out = np.zeros((len(names), len(names)), dtype=bool)
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            if i != j and (alone[a] != base or alone[b] != base):
                out[i, j] = score({**course, a: mine[a], b: mine[b]}) == base
    return out


@EXERCISE.impostor
def only_neighbours(score, course, mine):
    good = _reference(score, course, mine)
    n = len(good)
    return good & (np.abs(np.arange(n)[:, None] - np.arange(n)) == 1)


@EXERCISE.impostor
def only_the_first_pair(score, course, mine):
    good = _reference(score, course, mine)
    out = np.zeros_like(good)
    if good.any():
        i, j = np.argwhere(good)[0]
        out[i, j] = out[j, i] = True
    return out


@EXERCISE.holds("the example of the statement comes out")
def example(call):
    out = np.asarray(call(_sum, {"a": 1, "b": 2, "c": 3}, {"c": 4, "a": 0, "b": 2}))
    return None if out.tolist() == [[False, True, False], [True, False, False], [False, False, False]] else "the three pieces of the example give another table"


EXERCISE.holds("the dictionaries stay as they are")(left_alone(_sum, dict(_COURSE), {"a": 2, "b": 1}))


@EXERCISE.holds("without a piece of mine the table is empty")
def no_piece(call):
    size = np.size(call(_sum, dict(_COURSE), {}))
    return None if size == 0 else f"it has {size} entries"
