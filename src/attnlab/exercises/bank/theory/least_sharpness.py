"""The sharpness from which on a soft look-up gives the best slot a wanted share."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(best, others, n, share):
    return float(np.log(n * share / (1 - share)) / (best - others))


EXERCISE = Exercise(
    id="theory.least_sharpness",
    title="Sharp enough",
    level="apply",
    minutes=10,
    difficulty=2,
    page="theory/problems",
    statement=r"""
    A soft look-up over $n + 1$ patterns: one of them has the dot product `best` with the cue, the other `n` all have `others`, which is smaller. From which sharpness $\beta$ on does the best pattern get at least the weight `share` (above 0, below 1)? Where even $\beta = 0$ is enough, the exact equation has a solution below 0: return it as it is.

    A tiny example: `best = 1`, `others = 0`, `n = 3` and `share = 0.75` give $\ln 9 = 2.197$, since $9 / (9 + 3) = 0.75$.
    """,
    slot='''
    def least_sharpness(best, others, n, share):
        """The sharpness at which the best of n + 1 patterns has this share.

        best, others: dot products, n: how many others, share: between 0 and 1
        result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("sharpness",),
    hints=(
        "Only the difference of the two dot products matters: twice the difference needs half the sharpness.",
        r"Solve $e^{\beta b} / (e^{\beta b} + n\, e^{\beta o}) = p$ for $\beta$; divide numerator and denominator by $e^{\beta o}$ first.",
        "```python\nodds = share / ____\nneeded = np.log(____ * odds)\nreturn needed / ____\n```",
    ),
    parsons=("share_for_odds", "best_counted_among_the_others"),
    why=r"""
    $\beta = \ln\!\big(n\, p/(1-p)\big) / (b - o)$. The sharpness grows with the logarithm of the number of patterns: ten times as many cost 2.3 more in the exponent. That is why capacity grows exponentially with what the width allows the difference to be.

    **The two most common mistakes.** Taking the share for the odds $p/(1-p)$. Counting $n + 1$ others.

    **Cost.** One logarithm.
    """,
    verified="few and many others, shares on both sides of a half, negative dot products, and the softmax at your sharpness.",
    next_thought="what changes if the others are random, with dot products of standard deviation 8?",
    reference=_reference,
)

for _name, _given in {
    "3 others": (1.0, 0.0, 3, 0.75),
    "10,000 others, width 64": (52.0, 0.0, 10_000, 0.9),
    "others below 0": (2.0, -1.5, 7, 0.6),
    "both below 0": (-1.0, -3.0, 5, 0.3),
    "one other, a share of a half": (1.5, 0.5, 1, 0.5),
    "a share below that of chance": (3.0, 1.0, 4, 0.1),
}.items():
    EXERCISE.probe(_name, *_given)


@EXERCISE.solve
def least_sharpness_solution(best, others, n, share):
    odds = share / (1 - share)
    needed = np.log(n * odds)
    return needed / (best - others)


@EXERCISE.mutant
def share_for_odds(best, others, n, share):
    needed = np.log(n * share)
    return needed / (best - others)


@EXERCISE.mutant
def best_counted_among_the_others(best, others, n, share):
    odds = share / (1 - share)
    needed = np.log((n + 1) * odds)
    return needed / (best - others)


@EXERCISE.mutant
def others_forgotten(best, others, n, share):
    return np.log(share / (1 - share)) / (best - others)


@EXERCISE.mutant
def sharpness_of_the_best_alone(best, others, n, share):
    return np.log(n * share / (1 - share)) / best


@EXERCISE.mutant
def logarithm_to_the_base_2(best, others, n, share):
    return np.log2(n * share / (1 - share)) / (best - others)


@EXERCISE.mutant
def odds_against(best, others, n, share):
    return np.log(n * (1 - share) / share) / (best - others)


@EXERCISE.mutant
def multiplied_by_the_difference(best, others, n, share):
    return np.log(n * share / (1 - share)) * (best - others)


@EXERCISE.holds("at this sharpness a softmax gives the best its share")
def by_softmax(call):
    beta = float(call(2.0, -1.5, 7, 0.6))
    weight = 1 / (1 + 7 * np.exp(-3.5 * beta))
    return None if abs(weight - 0.6) < 1e-4 else f"7 others, a share of 0.6: it is {text.number(weight)}"


@EXERCISE.holds("adding 1 to both dot products changes nothing")
def shifted(call):
    gap = abs(float(call(3.0, -0.5, 7, 0.6)) - float(call(2.0, -1.5, 7, 0.6)))
    return None if gap < 1e-6 else f"it moves by {text.number(gap)}"


@EXERCISE.holds("twice the difference needs half the sharpness")
def halved(call):
    one, two = float(call(1.0, 0.0, 9, 0.8)), float(call(2.0, 0.0, 9, 0.8))
    return None if abs(one - 2 * two) < 1e-6 else f"{text.number(one)} becomes {text.number(two)}"
