"""Speeds for a longer text, by bands: the scaling of Llama 3.1."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(speeds, factor, trained, slow, fast):
    return positions.llama3(speeds, factor, trained, slow, fast)


EXERCISE = Exercise(
    id="positions.banded_speeds",
    title="Three bands of speeds",
    level="apply",
    minutes=15,
    difficulty=2,
    page="positions/guide",
    headings=("The other scalings",),
    statement=r"""
    A rotary model was trained on `trained` positions and is to read `factor` times as many. A pair of speed $\omega$ makes $\omega \cdot$ `trained` $/\, 2\pi$ turns in the texts of the training. Pairs that make `fast` turns or more keep their speed. Pairs that make `slow` turns or fewer get $\omega\, /$ `factor`. Between, the share that is kept grows in proportion to the turns, from 0 to 1.

    A tiny example: `slow` 1, `fast` 4, `factor` 8. A pair with 2.5 turns keeps one half: its new speed is $\omega\,(0.5 + 0.5/8)$.
    """,
    slot='''
    def banded_speeds(speeds, factor, trained, slow, fast):
        """Fast pairs kept, slow pairs interpolated, a ramp between.

        speeds: (pairs,) radians per position; result: (pairs,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Three questions for each pair: how many turns, which share of its speed does it keep, what is the mixture?",
        r"Turns $\tau = \omega L / 2\pi$; share $\gamma = (\tau - \text{slow}) / (\text{fast} - \text{slow})$, cut off at 0 and 1; new speed $\gamma\,\omega + (1 - \gamma)\,\omega / s$.",
        "```python\nturns = speeds * trained / ____\nkept = np.clip(____, 0, 1)\nreturn kept * ____ + (1 - kept) * ____\n```",
    ),
    parsons=("bands_exchanged", "full_turns_forgotten"),
    why=r"""
    A pair that has made many turns in training has shown the model every direction: nothing new awaits it in a longer text. A pair that never came round has directions that nobody has met: it has to be slowed down. With `slow` 1 and `fast` 32 the same formula is YaRN's, with 1 and 4 it is Llama 3.1's.

    **The two most common mistakes.** Interpolating the fast pairs and sparing the slow ones. Leaving out $2\pi$, which moves both borders by a factor of six.

    **Cost.** None while the model runs: the speeds are computed once.
    """,
    verified="equal to the definition for three lengths and two ramps.",
    next_thought="why does dynamic scaling, whose speeds change with the text, not get on with a cache of rotated keys?",
    reference=_reference,
)

_speeds = 10000.0 ** (-np.arange(16) / 16)
EXERCISE.probe("trained on 97 positions, factor 8", _speeds, 8.0, 97, 1, 4)
EXERCISE.probe("trained on 2000 positions, factor 3", _speeds, 3.0, 2000, 1, 32)
EXERCISE.probe("5 pairs, factor 2", np.array([1.3, 0.9, 0.5, 0.31, 0.02]), 2.0, 31, 2, 7)


@EXERCISE.solve
def banded_speeds_solution(speeds, factor, trained, slow, fast):
    turns = speeds * trained / (2 * np.pi)
    kept = np.clip((turns - slow) / (fast - slow), 0, 1)
    return kept * speeds + (1 - kept) * speeds / factor


@EXERCISE.mutant
def bands_exchanged(speeds, factor, trained, slow, fast):
    turns = speeds * trained / (2 * np.pi)
    kept = np.clip((turns - slow) / (fast - slow), 0, 1)
    return (1 - kept) * speeds + kept * speeds / factor


@EXERCISE.mutant
def full_turns_forgotten(speeds, factor, trained, slow, fast):
    turns = speeds * trained
    kept = np.clip((turns - slow) / (fast - slow), 0, 1)
    return kept * speeds + (1 - kept) * speeds / factor


@EXERCISE.mutant
def ramp_left_out(speeds, factor, trained, slow, fast):
    turns = speeds * trained / (2 * np.pi)
    return np.where(turns > slow, speeds, speeds / factor)


@EXERCISE.mutant
def every_pair_interpolated(speeds, factor, trained, slow, fast):
    return speeds / factor


@EXERCISE.mutant
def slow_pairs_sped_up(speeds, factor, trained, slow, fast):
    turns = speeds * trained / (2 * np.pi)
    kept = np.clip((turns - slow) / (fast - slow), 0, 1)
    return kept * speeds + (1 - kept) * speeds * factor


@EXERCISE.mutant
def ramp_not_cut_off(speeds, factor, trained, slow, fast):
    turns = speeds * trained / (2 * np.pi)
    kept = (turns - slow) / (fast - slow)
    return kept * speeds + (1 - kept) * speeds / factor


@EXERCISE.mutant
def ramp_in_wavelengths(speeds, factor, trained, slow, fast):
    wave = 2 * np.pi / speeds
    kept = np.clip((trained / slow - wave) / (trained / slow - trained / fast), 0, 1)
    return kept * speeds + (1 - kept) * speeds / factor


@EXERCISE.holds("no pair becomes faster, and none slower than the factor says")
def within(call):
    ratio = call(_speeds, 4.0, 500, 1, 9) / _speeds
    if ratio.min() < 0.25 - 1e-9 or ratio.max() > 1 + 1e-9:
        return f"new over old speed runs from {text.number(ratio.min())} to {text.number(ratio.max())}"


@EXERCISE.holds("the fastest pair keeps its speed and the slowest does not")
def ends(call):
    ratio = call(_speeds, 4.0, 500, 1, 9) / _speeds
    if not np.isclose(ratio[0], 1) or not np.isclose(ratio[-1], 0.25):
        return f"new over old speed is {text.number(ratio[0])} for the fastest and {text.number(ratio[-1])} for the slowest"
