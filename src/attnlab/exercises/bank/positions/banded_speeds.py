"""Frequencies for a longer text, by bands: the scaling of Llama 3.1."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(frequencies, factor, trained, slow, fast):
    return positions.llama3(frequencies, float(factor), trained, slow, fast)


EXERCISE = Exercise(
    id="positions.banded_speeds",
    title="Three bands of frequencies",
    level="apply",
    minutes=15,
    difficulty=2,
    page="positions/guide",
    headings=("The other scalings",),
    statement=r"""
    A rotary model was trained on `trained` positions and is to read `factor` times as many. A pair of frequency $\omega$ makes $\omega \cdot$ `trained` $/\, 2\pi$ turns in the texts of the training. Pairs that make `fast` turns or more keep their frequency. Pairs that make `slow` turns or fewer get $\omega\, /$ `factor`. Between, the share that is kept grows in proportion to the turns, from 0 to 1.

    A tiny example: `slow` 1, `fast` 4, `factor` 8. A pair with 2.5 turns keeps one half: its new frequency is $\omega\,(0.5 + 0.5/8)$.
    """,
    slot='''
    def banded_speeds(frequencies, factor, trained, slow, fast):
        """Fast pairs kept, slow pairs interpolated, a ramp between.

        frequencies: (pairs,) radians per position; result: (pairs,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Three questions for each pair: how many turns, which share of its frequency does it keep, what is the mixture?",
        r"Turns $\tau = \omega L / 2\pi$; share $\gamma = (\tau - \text{slow}) / (\text{fast} - \text{slow})$, cut off at 0 and 1; new frequency $\gamma\,\omega + (1 - \gamma)\,\omega / s$.",
        "```python\nturns = frequencies * trained / ____\nkept = np.clip(____, 0, 1)\nreturn kept * ____ + (1 - kept) * ____\n```",
    ),
    parsons=("bands_exchanged", "full_turns_forgotten"),
    why=r"""
    A pair that makes many turns in training comes close to every direction there, so a longer text shows the model little that is new. One turn is not enough for that: positions are whole numbers, and a pair of frequency 1 meets seven directions in its first turn, nearly 60 degrees apart. A pair that makes less than a turn goes into angles that were never trained: it is slowed down. With `slow` 1 and `fast` 32 these are the frequencies of the YaRN paper, with 1 and 4 those of Llama 3.1.

    **The two most common mistakes.** Interpolating the fast pairs and sparing the slow ones. Leaving out $2\pi$, which moves both borders by a factor of six.

    **Cost.** None while the model runs: the frequencies are computed once.
    """,
    verified="equal to the definition for four lengths and four ramps.",
    next_thought="why does dynamic scaling, whose frequencies change with the text, not get on with a cache of rotated keys?",
    reference=_reference,
)

_frequencies = 10000.0 ** (-np.arange(16) / 16)
EXERCISE.probe("trained on 97 positions, factor 8", _frequencies, 8.0, 97, 1, 4)
EXERCISE.probe("trained on 2000 positions, factor 3", _frequencies, 3.0, 2000, 1, 32)
EXERCISE.probe("5 pairs, factor 2", np.array([1.3, 0.9, 0.5, 0.31, 0.02]), 2.0, 31, 2, 7)
EXERCISE.probe("8 pairs, trained on 3 positions, factor 5", np.array([9.0, 4, 3, 2, 1, 0.5, 0.2, 0.1]), 5, 3, 0.5, 2)


@EXERCISE.solve
def banded_speeds_solution(frequencies, factor, trained, slow, fast):
    turns = frequencies * trained / (2 * np.pi)
    kept = np.clip((turns - slow) / (fast - slow), 0, 1)
    return kept * frequencies + (1 - kept) * frequencies / factor


@EXERCISE.mutant
def bands_exchanged(frequencies, factor, trained, slow, fast):
    turns = frequencies * trained / (2 * np.pi)
    kept = np.clip((turns - slow) / (fast - slow), 0, 1)
    return (1 - kept) * frequencies + kept * frequencies / factor


@EXERCISE.mutant
def full_turns_forgotten(frequencies, factor, trained, slow, fast):
    turns = frequencies * trained
    kept = np.clip((turns - slow) / (fast - slow), 0, 1)
    return kept * frequencies + (1 - kept) * frequencies / factor


@EXERCISE.mutant
def ramp_left_out(frequencies, factor, trained, slow, fast):
    turns = frequencies * trained / (2 * np.pi)
    return np.where(turns > slow, frequencies, frequencies / factor)


@EXERCISE.mutant
def every_pair_interpolated(frequencies, factor, trained, slow, fast):
    return frequencies / factor


@EXERCISE.mutant
def slow_pairs_sped_up(frequencies, factor, trained, slow, fast):
    turns = frequencies * trained / (2 * np.pi)
    kept = np.clip((turns - slow) / (fast - slow), 0, 1)
    return kept * frequencies + (1 - kept) * frequencies * factor


@EXERCISE.mutant
def ramp_not_cut_off(frequencies, factor, trained, slow, fast):
    turns = frequencies * trained / (2 * np.pi)
    kept = (turns - slow) / (fast - slow)
    return kept * frequencies + (1 - kept) * frequencies / factor


@EXERCISE.mutant
def ramp_in_wavelengths(frequencies, factor, trained, slow, fast):
    wave = 2 * np.pi / frequencies
    kept = np.clip((trained / slow - wave) / (trained / slow - trained / fast), 0, 1)
    return kept * frequencies + (1 - kept) * frequencies / factor


@EXERCISE.holds("no pair becomes faster, and none slower than the factor says")
def within(call):
    ratio = call(_frequencies, 4.0, 500, 1, 9) / _frequencies
    if ratio.min() < 0.25 - 1e-9 or ratio.max() > 1 + 1e-9:
        return f"new over old frequency runs from {text.number(ratio.min())} to {text.number(ratio.max())}"


@EXERCISE.holds("the fastest pair keeps its frequency and the slowest does not")
def ends(call):
    ratio = call(_frequencies, 4.0, 500, 1, 9) / _frequencies
    if not np.isclose(ratio[0], 1) or not np.isclose(ratio[-1], 0.25):
        return f"new over old frequency is {text.number(ratio[0])} for the fastest and {text.number(ratio[-1])} for the slowest"


def _shares(call, turns, slow, fast):
    """What part of the frequency is kept by pairs that make so many turns in 100 positions, at a factor of 5."""
    frequencies = np.asarray(turns) * 2 * np.pi / 100
    return (call(frequencies, 5, 100, slow, fast) / frequencies - 0.2) / 0.8


@EXERCISE.holds("between the borders the share that is kept grows in proportion to the turns")
def in_proportion(call):
    for turns, slow, fast in (((1, 2.5, 4, 5.5, 7), 1, 7), ((2, 3, 4, 5, 6), 2, 6)):
        found = _shares(call, turns, slow, fast)
        if not np.allclose(found, [0, 0.25, 0.5, 0.75, 1]):
            return f"pairs with {text.numbers(turns, 5)} turns keep the shares {text.numbers(found, 5)}"
    return None


@EXERCISE.holds("outside the borders all of the frequency is kept, or the factor divides it")
def outside(call):
    found = _shares(call, (0.01, 0.5, 0.99, 7.01, 9, 30), 1, 7)
    return None if np.allclose(found, [0, 0, 0, 1, 1, 1]) else f"pairs with 0.01, 0.5, 0.99, 7.01, 9 and 30 turns keep the shares {text.numbers(found, 6)}"
