"""A model of many pieces gives wrong numbers: which of the pieces does it?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import left_alone


def _reference(score, course, mine):
    base = score(dict(course))
    return np.array([score({**course, name: mine[name]}) < base for name in mine], dtype=bool)


EXERCISE = Exercise(
    id="architecture.which_piece",
    title="Which piece breaks it?",
    level="analyse",
    minutes=20,
    difficulty=2,
    page="architecture/your_model",
    headings=("A milestone that names the piece",),
    statement=r"""
    A model is put together from named pieces, and `score(pieces)` says how good it is with them: a dictionary from names to pieces goes in, a number comes out. `course` is such a dictionary with pieces that are right. `mine` holds pieces of yours, under some of the same names.

    Tell which of yours are to blame: for each name in `mine`, in the order there, **true if the course's model gets a lower score when this one piece, and no other, is exchanged for yours**. A piece that changes nothing, or makes it better, is not to blame.

    `score` may be slow, so do not ask it more often than you have to: once for the course's model, once for each piece of yours. Leave both dictionaries as they are.

    A tiny example: with `score` the sum of all pieces, `course = {"a": 1, "b": 2, "c": 3}` and `mine = {"c": 3, "a": 0}`, the answer is `[False, True]`.
    """,
    slot='''
    def which_piece(score, course, mine):
        """For each piece of mine: does it, alone, lower the score of the course's model?

        score: a function from a dictionary {name: piece} to a number
        course, mine: such dictionaries; every name of mine is in course
        result: booleans, one a name of mine, in its order
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "If two of your pieces are wrong, both have to be named; a piece that is right must be cleared even if it stands beside a wrong one.",
        "Change one thing at a time, starting from what is known to be right: the course's pieces, with one entry exchanged, then the course's again with another.",
        "```python\nbase = score(____)\nblame = []\nfor name in mine:\n    tried = dict(____)\n    tried[name] = ____\n    blame.append(score(tried) ____ base)\nreturn np.array(blame, dtype=bool)\n```",
    ),
    parsons=("pieces_left_exchanged", "course_pieces_put_into_mine"),
    why=r"""
    What is known to be right is the control, and each trial differs from it in one thing. Then a lower score has one cause.

    **The two most common mistakes.** Leaving a piece exchanged when the next one is tried: after the first wrong one every later one looks guilty. Starting from one's own model and exchanging pieces for the course's: if two are wrong, mending either one alone may help nothing, and both are cleared.

    **Cost.** One run of the model for each piece, and one more. What it cannot see: pieces that are right only together, such as a split and a merge that fit each other: each of them alone is to blame here, and the pair is not. Nor pieces that are wrong only together, nor a piece whose mistake the score does not show.
    """,
    verified="one, two and all pieces to blame, pieces that improve the score, scores that multiply or take the smallest; small losses; and as few calls as needed.",
    next_thought="two wrong pieces can make a right pair. How many trials would it take to find all pairs that do?",
    reference=_reference,
    returns="masks",
)


def _sum(pieces):
    return sum(pieces.values())


def _product(pieces):
    return float(np.prod(list(pieces.values())))


def _smallest(pieces):
    return min(pieces.values())


def _chain(pieces):
    """As a stack of layers: each piece a function of a number."""
    x = 1.0
    for name in sorted(pieces):
        x = pieces[name](x)
    return x


def _same_kind(pieces):
    """Full marks if all split and merge pieces are of one kind."""
    return len(pieces) - 2 * (len(set(pieces.values())) - 1)


def _add_one(x):
    return x + 1


def _double(x):
    return 2 * x


def _half(x):
    return x / 2


_course = {"a": 1, "b": 2, "c": 3}
EXERCISE.probe("the example", _sum, _course, {"c": 3, "a": 0})
EXERCISE.probe("two to blame, one right between them", _sum, {"p": 5, "q": 4, "r": 3, "s": 2}, {"s": 1, "r": 3, "p": 0})
EXERCISE.probe("a wrong one first, then two that are right", _sum, {"p": 5, "q": 4, "r": 3}, {"p": 1, "q": 4, "r": 3})
EXERCISE.probe("one makes it better, one makes it worse", _sum, {"p": 5, "q": 4, "r": 3}, {"q": 9, "p": 2, "r": 3})
EXERCISE.probe("two wrong ones, and mending one alone helps nothing", _smallest, {"p": 5, "q": 5, "r": 5}, {"p": 1, "q": 1})
EXERCISE.probe("a product in which a zero hides the rest", _product, {"p": 2.0, "q": 3.0, "r": 4.0}, {"p": 0.0, "q": 3.0, "r": 1.0})
EXERCISE.probe("pieces that are functions", _chain, {"1": _add_one, "2": _double, "3": _add_one}, {"2": _half, "1": _double, "3": _half})
EXERCISE.probe("both wrong, and a right pair together", _same_kind, {"split": "course", "merge": "course"}, {"split": "mine", "merge": "mine"})
EXERCISE.probe("all of yours as good", _sum, _course, {"b": 2, "c": 3, "a": 1})
EXERCISE.probe("negative scores", _sum, {"p": -5, "q": -4}, {"p": -6, "q": -3})
EXERCISE.probe("a gain first, then a small loss", _sum, {"p": 5, "q": 4, "r": 3}, {"p": 9, "q": 3})
EXERCISE.probe("a loss of a thousandth, and a gain of one", _sum, {"p": 0.5, "q": 0.25, "r": 0.125}, {"r": 0.126, "p": 0.499, "q": 0.2499})


@EXERCISE.solve
def which_piece_solution(score, course, mine):
    base = score(dict(course))
    blame = []
    for name in mine:
        tried = dict(course)
        tried[name] = mine[name]
        blame.append(score(tried) < base)
    return np.array(blame, dtype=bool)


@EXERCISE.mutant
def pieces_left_exchanged(score, course, mine):
    base = score(dict(course))
    blame = []
    tried = dict(course)
    for name in mine:
        tried[name] = mine[name]
        blame.append(score(tried) < base)
    return np.array(blame, dtype=bool)


@EXERCISE.mutant
def course_pieces_put_into_mine(score, course, mine):
    base = score({**course, **mine})
    blame = []
    for name in mine:
        tried = {**course, **mine}
        tried[name] = course[name]
        blame.append(score(tried) > base)
    return np.array(blame, dtype=bool)


@EXERCISE.mutant
def any_change_is_blamed(score, course, mine):
    base = score(dict(course))
    return np.array([score({**course, name: mine[name]}) != base for name in mine], dtype=bool)


@EXERCISE.mutant
def no_change_is_blamed(score, course, mine):
    base = score(dict(course))
    return np.array([score({**course, name: mine[name]}) <= base for name in mine], dtype=bool)


@EXERCISE.mutant
def improvement_is_blamed(score, course, mine):
    base = score(dict(course))
    return np.array([score({**course, name: mine[name]}) > base for name in mine], dtype=bool)


@EXERCISE.mutant
def differs_from_the_course(score, course, mine):
    return np.array([mine[name] != course[name] for name in mine], dtype=bool)


@EXERCISE.mutant
def all_pieces_blamed_together(score, course, mine):
    lower = score({**course, **mine}) < score(dict(course))
    return np.array([lower for _ in mine], dtype=bool)


@EXERCISE.mutant
def compared_with_the_trial_before(score, course, mine):
    base, blame, tried = score(dict(course)), [], dict(course)
    for name in mine:
        tried[name] = mine[name]
        now = score(tried)
        blame.append(now < base)
        base = now
    return np.array(blame, dtype=bool)


@EXERCISE.holds("pieces that are the course's own are cleared")
def own_pieces_cleared(call):
    blamed = int(np.asarray(call(_sum, {"p": 5, "q": 4, "r": 3}, {"r": 3, "p": 5, "q": 4})).sum())
    return None if blamed == 0 else f"{blamed} of 3 pieces equal to the course's are blamed"


@EXERCISE.holds("the score is asked once for the course and once for each piece of yours")
def few_calls(call):
    asked = []

    def counted(pieces):
        asked.append(1)
        return sum(pieces.values())

    call(counted, {"p": 5, "q": 4, "r": 3, "s": 1}, {"s": 0, "q": 4, "p": 5})
    times = len(asked) - 4  # the right answer was asked for too, with four calls
    return None if times <= 4 else f"for three pieces of yours the score was asked {times} times"


EXERCISE.holds("both dictionaries stay as they are")(left_alone(_sum, {"p": 5, "q": 4, "r": 3}, {"r": 2, "p": 5}))
