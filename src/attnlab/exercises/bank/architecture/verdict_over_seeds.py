"""Is it worse, or was it luck? A verdict over several seeds."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise


def _reference(base, other):
    base, other = np.asarray(base, dtype=float), np.asarray(other, dtype=float)
    if other.max() < base.min():
        return "worse"
    return "better" if other.min() > base.max() else "open"


EXERCISE = Exercise(
    id="architecture.verdict_over_seeds",
    title="Worse, better, or open?",
    level="evaluate",
    minutes=12,
    difficulty=2,
    page="architecture/training",
    headings=("What it needs",),
    statement=r"""
    A model was trained from several random starts, and so was the same model with one thing changed. `base` and `other` are their scores, one number a start (the more, the better); the two may have different numbers of starts, and start $i$ of one has nothing to do with start $i$ of the other.

    Give a verdict that a handful of runs can carry: `"worse"` if **every** run of `other` is below **every** run of `base`, `"better"` if every run of `other` is above every run of `base`, and `"open"` in all other cases. Equal scores are neither above nor below.

    For example, `base = [0.99, 0.97, 0.98]` and `other = [0.95, 0.96]` give `"worse"`; with `other = [0.90, 0.97]` it is `"open"`, although the mean is lower.
    """,
    slot='''
    def verdict_over_seeds(base, other):
        """"worse", "better" or "open", for other against base.

        base: (starts,) scores; other: (other starts,) scores; larger is better
        result: one string
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The verdict must not change if the runs of either side are listed in another order.",
        "Every run of one side is below every run of the other if the *largest* of the one is below the *smallest* of the other.",
        '```python\nif np.max(other) < ____:\n    return "worse"\nif ____ > np.max(base):\n    return "better"\nreturn ____\n```',
    ),
    parsons=("seeds_averaged", "best_seeds_compared"),
    why=r"""
    If two models are equally good, all three runs of one fall below all three of the other in one case of $\binom{6}{3} = 20$: a coincidence of 5 % for this side, 10 % for either. That is a weak test, and it assumes nothing about how the scores are distributed. With two runs against two it would be one in six.

    **The two most common mistakes.** Comparing means, in which one unlucky run decides. Comparing the best of each: the side with more runs then has more tries.

    **Cost.** A few comparisons; the runs are what costs. Before you say "worse": with the same number of steps, the same data, and was the other one given its own best learning rate?
    """,
    verified="separated, touching, overlapping and equal scores, with one to thirteen runs a side, and scores that differ by a millionth.",
    next_thought="with five runs a side, how often would two equally good models be told apart by this rule?",
    reference=_reference,
    returns="labels",
)

for _name, _base, _other in (
    ("the first example", [0.99, 0.97, 0.98], [0.95, 0.96]),
    ("the second example", [0.99, 0.97, 0.98], [0.90, 0.97]),
    ("better throughout", [0.5, 0.6, 0.4], [0.7, 0.61, 0.9, 0.8]),
    ("touching from below", [0.8, 0.9], [0.7, 0.8]),
    ("touching from above", [0.8, 0.9], [0.9, 0.95]),
    ("lower on average, one run above", [0.9, 0.9, 0.9], [0.1, 0.2, 0.95]),
    ("higher on average, one run below", [0.3, 0.3, 0.3], [0.9, 0.9, 0.1]),
    ("the best is worse, the others are not", [0.99, 0.5, 0.5], [0.9, 0.9, 0.9]),
    ("the worst is worse, the others are not", [0.8, 0.8, 0.8], [0.7, 0.9, 0.9]),
    ("each run below its partner, and all mixed", [0.9, 0.5, 0.7], [0.8, 0.4, 0.6]),
    ("each run above its partner, and all mixed", [0.8, 0.4, 0.6], [0.9, 0.5, 0.7]),
    ("one run a side, worse", [0.9], [0.8]),
    ("one run a side, better", [0.8], [0.9]),
    ("all equal", [0.7, 0.7], [0.7, 0.7, 0.7]),
    ("a wide base", [0.1, 0.9], [0.5, 0.5]),
    ("a wide other", [0.5, 0.5], [0.1, 0.9]),
    ("negative scores, worse", [-1.0, -2.0], [-3.0, -2.5]),
    ("whole numbers, better", [3, 1, 2], [4, 5]),
    ("worse by a millionth", [0.5, 0.6], [0.499999, 0.4]),
    ("better by a millionth", [0.5, 0.4], [0.500001, 0.6]),
    ("thirteen runs, the last of them above", [0.9] * 12 + [0.95], [0.5] * 12 + [0.92]),
    ("thirteen runs, the last of them below", [0.9] * 12 + [0.85], [0.95] * 12 + [0.88]),
    ("worse by very little", [0.901, 0.902, 0.903], [0.900, 0.9005]),
    ("spread out, and worse throughout", [0.99, 0.6], [0.59, 0.1, 0.3]),
    ("spread out, and better throughout", [0.59, 0.1, 0.3], [0.99, 0.6]),
    ("the medians apart, one run across", [0.9, 0.9, 0.9, 0.2], [0.3, 0.3, 0.3]),
):
    EXERCISE.probe(_name, np.array(_base), np.array(_other))


@EXERCISE.solve
def verdict_over_seeds_solution(base, other):
    if np.max(other) < np.min(base):
        return "worse"
    if np.min(other) > np.max(base):
        return "better"
    return "open"


@EXERCISE.mutant
def seeds_averaged(base, other):
    if np.mean(other) < np.mean(base):
        return "worse"
    if np.mean(other) > np.mean(base):
        return "better"
    return "open"


@EXERCISE.mutant
def best_seeds_compared(base, other):
    if np.max(other) < np.max(base):
        return "worse"
    if np.max(other) > np.max(base):
        return "better"
    return "open"


@EXERCISE.mutant
def worst_seeds_compared(base, other):
    low, high = np.min(other), np.min(base)
    return "worse" if low < high else "better" if low > high else "open"


@EXERCISE.mutant
def seeds_paired(base, other):
    n = min(len(base), len(other))
    gaps = np.asarray(other, dtype=float)[:n] - np.asarray(base, dtype=float)[:n]
    return "worse" if (gaps < 0).all() else "better" if (gaps > 0).all() else "open"


@EXERCISE.mutant
def ties_called_worse(base, other):
    if np.max(other) <= np.min(base):
        return "worse"
    return "better" if np.min(other) >= np.max(base) else "open"


@EXERCISE.mutant
def verdict_turned_round(base, other):
    return {"worse": "better", "better": "worse", "open": "open"}[_reference(base, other)]


@EXERCISE.mutant
def one_deviation_apart(base, other):
    gap, spread = np.mean(other) - np.mean(base), np.std(base) + np.std(other)
    return "worse" if gap < -spread else "better" if gap > spread else "open"


@EXERCISE.mutant
def seed_medians_compared(base, other):
    gap = np.median(other) - np.median(base)
    return "worse" if gap < 0 else "better" if gap > 0 else "open"


@EXERCISE.impostor
def first_runs_alone(base, other):
    return "worse" if other[0] < base[0] else "better" if other[0] > base[0] else "open"


@EXERCISE.impostor
def always_open(base, other):
    return "open"


@EXERCISE.impostor
def by_the_number_of_runs(base, other):
    return "worse" if len(other) < len(base) else "better" if len(other) > len(base) else "open"


_TWO = np.array([0.95, 0.96, 0.94]), np.array([0.7, 0.99]), np.array([0.5, 0.6])


@EXERCISE.holds("the order of the runs does not matter")
def any_order(call):
    for other in _TWO[1:]:
        one, turned = (str(call(_TWO[0][::step], other[::step])) for step in (1, -1))
        if one != turned:
            return f"{one}, and {turned} with the runs in reverse"
    return None


@EXERCISE.holds("better and worse change places when the two sides do")
def sides_exchanged(call):
    swap = {"worse": "better", "better": "worse", "open": "open"}
    for other in _TWO[1:]:
        one, back = str(call(_TWO[0], other)), str(call(other, _TWO[0]))
        if swap.get(one) != back:
            return f"{one} one way round, and {back} the other"
    return None
