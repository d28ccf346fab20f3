"""Which pairs made less than a turn in training and go further now?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _reference(frequencies, trained, length):
    before, after = (np.asarray(frequencies) * (n - 1) for n in (trained, length))
    return (before < 2 * np.pi) & (after > before)


EXERCISE = Exercise(
    id="positions.new_directions",
    title="Less than a turn",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="positions/guide",
    headings=("Angles never seen",),
    statement=r"""
    A rotary model was trained on texts of `trained` tokens. There a pair of frequency $\omega$ was turned by angles from 0 to $\omega$ times the largest offset. Now the model reads a text of `length` tokens. Which pairs made **less than a full turn** in training, and are turned **further** now? They come to a part of the circle that lies beyond all angles of the training.

    A tiny example: trained on 5 tokens, read 9, frequencies 2 and 1. In training the first turned by up to 8 radians, more than a full turn: no. The second turned by up to 4 and now turns by up to 8: yes.
    """,
    slot='''
    def new_directions(frequencies, trained, length):
        """Whether each pair made less than a full turn in training and is turned further now.

        frequencies: (pairs,) radians per position, 0 or more; trained, length: tokens
        result: (pairs,) True and False
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Two conditions: it made less than a full turn before, and now it goes further than before.",
        r"A full turn is $2\pi$ radians. The largest offset in $n$ tokens is $n - 1$.",
        "```python\nbefore = frequencies * ____\nafter = frequencies * ____\nreturn (before < ____) & (after > ____)\n```",
    ),
    parsons=("half_a_turn_is_enough", "new_length_judged_alone"),
    why=r"""
    It is always the **slow** pairs. Of a head of width 128 with base 10,000, trained on 4,096 tokens, the last 18 of 64 pairs made less than a turn. These are the pairs that every scaling slows down.

    A full turn is the least that can be asked for, not enough. Offsets are whole numbers: a pair of frequency 1 meets seven directions in its first turn, nearly 60 degrees apart, and a longer text meets others between them. After many turns such gaps are small. That is one reason why published scalings leave a pair alone only from 4 turns on, or from 32.

    **The two most common mistakes.** Judging the new length alone: a pair that completes its first turn in the long text went further than in training, too. Marking all pairs of a longer text.

    **Cost.** None; but it tells you which factor you need.
    """,
    verified="equal to the definition for longer, equal and shorter texts, close to a full turn on either side, and for a pair that stands still.",
    next_thought="interpolation by which factor turns no pair further than the training did, whatever its frequency?",
    reference=_reference,
)

_frequencies = 100.0 ** (-np.arange(7) / 7)
_ANGLES = np.array([0.5, 0.9, 1.5, 2.5, 3.05, 3.3, 3.5, 4.5, 5.5, 5.9, 6.1, 6.25, 6.27, 6.3, 6.4, 6.9, 8, 11, 13, 24, 26, 40, 90, 170, 190, 350, 370])
EXERCISE.probe("7 pairs, trained on 11 tokens, reading 53", _frequencies, 11, 53)
EXERCISE.probe("a text as long as in training", _frequencies, 11, 11)
EXERCISE.probe("a shorter text", _frequencies, 11, 5)
EXERCISE.probe("5 pairs, one of them standing still", np.array([2.0, 0.9, 0.5, 0.04, 0.0]), 5, 6)
EXERCISE.probe("3 pairs, far beyond", np.array([0.8, 0.75, 0.01]), 9, 900)
EXERCISE.probe("27 pairs from half a radian to 59 turns, one token more", _ANGLES / 100, 101, 102)
EXERCISE.probe("27 pairs, in any order, eight times the length", _ANGLES[::-1] / 100, 101, 808)
EXERCISE.probe("exactly a full turn, half and a quarter", np.pi / np.array([2, 4, 8]), 5, 9)


@EXERCISE.solve
def new_directions_solution(frequencies, trained, length):
    before = frequencies * (trained - 1)
    after = frequencies * (length - 1)
    return (before < 2 * np.pi) & (after > before)


@EXERCISE.mutant
def half_a_turn_is_enough(frequencies, trained, length):
    before = frequencies * (trained - 1)
    after = frequencies * (length - 1)
    return (before < np.pi) & (after > before)


@EXERCISE.mutant
def full_turns_forgotten(frequencies, trained, length):
    before = frequencies * (trained - 1)
    after = frequencies * (length - 1)
    return (before < 1) & (after > before)


@EXERCISE.mutant
def length_for_largest_offset(frequencies, trained, length):
    return (frequencies * trained < 2 * np.pi) & (frequencies * length > frequencies * trained)


@EXERCISE.mutant
def angles_in_degrees(frequencies, trained, length):
    before = frequencies * (trained - 1)
    after = frequencies * (length - 1)
    return (before < 360) & (after > before)


@EXERCISE.mutant
def seen_for_unseen(frequencies, trained, length):
    before = frequencies * (trained - 1)
    return (before >= 2 * np.pi) | (length <= trained)


@EXERCISE.mutant
def new_length_judged_alone(frequencies, trained, length):
    before = frequencies * (trained - 1)
    after = frequencies * (length - 1)
    return (after < 2 * np.pi) & (after > before)


@EXERCISE.mutant
def every_pair_of_a_longer_text(frequencies, trained, length):
    return np.full(len(frequencies), length > trained)


@EXERCISE.mutant
def length_forgotten(frequencies, trained, length):
    return frequencies * (trained - 1) < 2 * np.pi


@EXERCISE.holds("a text as long as those of the training turns no pair further")
def nothing_new(call):
    found = call(_frequencies, 17, 17)
    return None if not found.any() else f"{int(found.sum())} of 7 pairs are marked"


@EXERCISE.holds("where a pair is marked, every slower pair that moves is too")
def slower_too(call):
    found = call(_frequencies, 17, 99)
    return None if (np.diff(found.astype(int)) >= 0).all() and found.any() else "a faster pair is marked and a slower one is not, or none is"


@EXERCISE.holds("the border lies at one full turn")
def at_a_turn(call):
    turns = np.array([0.3, 0.7, 0.98, 1.03, 1.5, 3])
    found = call(turns * 2 * np.pi / 20, 21, 60)
    if not np.array_equal(found, turns < 1):
        return "of pairs with 0.3, 0.7, 0.98, 1.03, 1.5 and 3 turns in training, those marked are not the first three"
    return None


@EXERCISE.impostor
def never(frequencies, trained, length):
    return np.zeros(len(frequencies), dtype=bool)
