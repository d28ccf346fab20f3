"""Which hands point where they never pointed in training?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _reference(speeds, trained, length):
    before, after = (np.asarray(speeds) * (n - 1) for n in (trained, length))
    return (before < 2 * np.pi) & (after > before)


EXERCISE = Exercise(
    id="positions.new_directions",
    title="Directions never met",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="positions/guide",
    headings=("Angles never seen",),
    statement=r"""
    A rotary model was trained on texts of `trained` tokens. Their largest offset is `trained` $- 1$, so a pair of speed $\omega$ was turned by angles from 0 to $\omega \cdot (\texttt{trained} - 1)$. Now it reads a text of `length` tokens. For each pair: does it come to directions that it never had in training?

    A pair that has gone all the way round has had all directions. A tiny example: trained on 5 tokens, read 9, speeds 2 and 1. In training the first turned by up to 8 radians, more than a whole turn: no. The second by up to 4: yes.
    """,
    slot='''
    def new_directions(speeds, trained, length):
        """Whether each pair meets directions that it did not have in training.

        speeds: (pairs,) radians per position; trained, length: tokens
        result: (pairs,) True and False
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Two conditions: it had not been all the way round, and now it goes further than before.",
        r"All the way round is $2\pi$ radians. The largest offset in $n$ tokens is $n - 1$.",
        "```python\nbefore = speeds * ____\nafter = speeds * ____\nreturn (before < ____) & (after > ____)\n```",
    ),
    parsons=("half_a_turn_is_enough", "new_length_judged_alone"),
    why=r"""
    It is always the **slow** pairs. Of a head of width 128 with base 10,000, trained on 4,096 tokens, the last 18 of 64 pairs never came round. That is what all the scalings mend, and why the fast pairs can be left alone.

    **The two most common mistakes.** Judging the new length alone: a pair that first came round in the long text *did* meet new directions on its way. Marking all pairs of a longer text: the fast ones have been everywhere.

    **Cost.** None; but it tells you which factor you need.
    """,
    verified="equal to the definition for longer, equal and shorter texts, and for a pair that stands still.",
    next_thought="interpolation by which factor leaves no pair with new directions, whatever its speed?",
    reference=_reference,
)

_speeds = 100.0 ** (-np.arange(7) / 7)
EXERCISE.probe("7 pairs, trained on 11 tokens, reading 53", _speeds, 11, 53)
EXERCISE.probe("a text as long as in training", _speeds, 11, 11)
EXERCISE.probe("a shorter text", _speeds, 11, 5)
EXERCISE.probe("5 pairs, one of them standing still", np.array([2.0, 0.9, 0.5, 0.04, 0.0]), 5, 6)
EXERCISE.probe("3 pairs, far beyond", np.array([0.8, 0.75, 0.01]), 9, 900)


@EXERCISE.solve
def new_directions_solution(speeds, trained, length):
    before = speeds * (trained - 1)
    after = speeds * (length - 1)
    return (before < 2 * np.pi) & (after > before)


@EXERCISE.mutant
def half_a_turn_is_enough(speeds, trained, length):
    before = speeds * (trained - 1)
    after = speeds * (length - 1)
    return (before < np.pi) & (after > before)


@EXERCISE.mutant
def angles_in_degrees(speeds, trained, length):
    before = speeds * (trained - 1)
    after = speeds * (length - 1)
    return (before < 360) & (after > before)


@EXERCISE.mutant
def seen_for_unseen(speeds, trained, length):
    before = speeds * (trained - 1)
    return (before >= 2 * np.pi) | (length <= trained)


@EXERCISE.mutant
def new_length_judged_alone(speeds, trained, length):
    before = speeds * (trained - 1)
    after = speeds * (length - 1)
    return (after < 2 * np.pi) & (after > before)


@EXERCISE.mutant
def every_pair_of_a_longer_text(speeds, trained, length):
    return np.full(len(speeds), length > trained)


@EXERCISE.mutant
def length_forgotten(speeds, trained, length):
    return speeds * (trained - 1) < 2 * np.pi


@EXERCISE.holds("a text as long as those of the training brings nothing new")
def nothing_new(call):
    found = call(_speeds, 17, 17)
    return None if not found.any() else f"{int(found.sum())} of 7 pairs are said to meet new directions"


@EXERCISE.holds("where a pair meets new directions, every slower pair that moves does too")
def slower_too(call):
    found = call(_speeds, 17, 99)
    return None if (np.diff(found.astype(int)) >= 0).all() and found.any() else "a faster pair is marked and a slower one is not, or none is"
