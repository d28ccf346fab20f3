"""How strongly scores must be multiplied for the best key to get a wanted weight."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out
from attnlab.reference import softmax


def _reference(gap, n_keys, weight):
    return np.log((n_keys - 1) / (1 / weight - 1)) / gap


EXERCISE = Exercise(
    id="multi_head.sharp_enough",
    title="Sharp enough",
    level="apply",
    minutes=15,
    difficulty=2,
    page="multi_head/problems",
    statement=r"""
    A query has the score `gap` with the key that it wants and the score 0 with each of the other `n_keys - 1` keys. By which factor must all scores be multiplied, so that the wanted key gets exactly the given weight?

    A tiny example: a gap of 1, two keys and a weight of $e^3 / (e^3 + 1)$ need the factor 3. All three arguments may be arrays of the same length, and then so is the result. A weight below the fair share of $1/n$ needs a negative factor.
    """,
    slot='''
    def sharp_enough(gap, n_keys, weight):
        """The factor on all scores at which the wanted key gets this weight.

        gap: score of the wanted key, the others having 0
        n_keys: how many keys there are; weight: between 0 and 1
        result: one factor for each entry
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With the factor found, a softmax over the multiplied scores must give the weight. More keys need a larger factor, a larger gap a smaller one.",
        r"The weight is $p = e^{c g} / (e^{c g} + n - 1)$. Solve for $e^{c g}$ first: it is $(n - 1)\, p / (1 - p)$.",
        "```python\nodds = weight / ____\nreturn np.log(____ * odds) / ____\n```",
    ),
    parsons=("keys_not_counted", "logarithm_forgotten"),
    why=r"""
    The odds of the wanted key against all others together are $e^{cg} / (n - 1)$. So the scores need only grow with the *logarithm* of the number of keys: ten times as many competitors, $2.3$ more.

    **The two most common mistakes.** Forgetting that there are $n - 1$ competitors. Forgetting the logarithm, which makes the demand grow in proportion to the length.

    **Cost.** None. But a large factor has a price that this formula does not show: a weight near 1 passes hardly any gradient.
    """,
    verified="the softmax of the multiplied scores has the weight asked for, for 2 to a million keys, weights from 0.0001 to 0.9999, arrays and single numbers.",
    next_thought="with cosines on a circle instead of one-hot places the gap shrinks with the length. How must the factor grow then?",
    reference=_reference,
)

_cases = np.array([1.0, 0.5, 2.0, 3.0]), np.array([5, 17, 3, 1000]), np.array([0.9, 0.6, 0.3, 0.99])
EXERCISE.probe("four cases", *_cases)
EXERCISE.probe("two keys, weight above one half", np.array([0.7]), np.array([2]), np.array([0.8]))
EXERCISE.probe("a weight less than the fair share", np.array([2.0]), np.array([3]), np.array([0.2]))
EXERCISE.probe("three numbers, no arrays", 1.0, 2, 0.9525741268)
EXERCISE.probe("the fair share itself", np.array([2.0, 0.5]), np.array([4, 2]), np.array([0.25, 0.5]))
EXERCISE.probe("whole gaps, weights near 0 and 1, a million keys", np.array([3, 7, 1]), np.array([1_000_000, 3, 5]), np.array([0.5, 0.0001, 0.9999]))


@EXERCISE.solve
def sharp_enough_solution(gap, n_keys, weight):
    odds = weight / (1 - weight)
    return np.log((n_keys - 1) * odds) / gap


@EXERCISE.mutant(evidence=text.values)
def keys_not_counted(gap, n_keys, weight):
    odds = weight / (1 - weight)
    return np.log(odds) / gap


@EXERCISE.mutant(evidence=text.values)
def logarithm_forgotten(gap, n_keys, weight):
    odds = weight / (1 - weight)
    return (n_keys - 1) * odds / gap


@EXERCISE.mutant(evidence=text.values)
def wanted_key_counted_twice(gap, n_keys, weight):
    return np.log(n_keys * weight / (1 - weight)) / gap


@EXERCISE.mutant(evidence=text.values)
def odds_turned_round(gap, n_keys, weight):
    return np.log((n_keys - 1) * (1 - weight) / weight) / gap


@EXERCISE.mutant(evidence=text.values)
def temperature_for_factor(gap, n_keys, weight):
    return gap / np.log((n_keys - 1) * weight / (1 - weight))


@EXERCISE.mutant(evidence=text.values)
def gap_multiplied(gap, n_keys, weight):
    return np.log((n_keys - 1) * weight / (1 - weight)) * gap


@EXERCISE.mutant(evidence=text.values)
def weight_for_odds(gap, n_keys, weight):
    return np.log((n_keys - 1) * weight) / gap


@EXERCISE.mutant(evidence=text.values)
def odds_without_the_rest(gap, n_keys, weight):
    return np.log((n_keys - 1) / (1 - weight)) / gap


@EXERCISE.mutant(evidence=text.values)
def sharpness_in_powers_of_two(gap, n_keys, weight):
    return _reference(gap, n_keys, weight) / np.log(2)


@EXERCISE.mutant(evidence=text.values)
def sharpness_never_negative(gap, n_keys, weight):
    return np.maximum(_reference(gap, n_keys, weight), 0)


@EXERCISE.mutant(evidence=text.values)
def sharpness_in_size(gap, n_keys, weight):
    return np.abs(_reference(gap, n_keys, weight))


@EXERCISE.holds("a softmax of the multiplied scores gives the weight")
def weight_comes_out(call):
    for gap, n, weight, factor in zip(*_cases, call(*_cases)):
        found = softmax(factor * np.array([gap, *np.zeros(n - 1)]))[0]
        if not abs(found - weight) < 1e-6:
            return f"with {n} keys the weight is {text.number(found)} and not {text.number(weight)}"
    return None


@EXERCISE.holds("twice the gap needs half the factor")
def scales_with_the_gap(call):
    gap, n, weight = _cases
    same = np.allclose(2 * np.asarray(call(2 * gap, n, weight)), call(gap, n, weight))
    return None if same else "it does not"


EXERCISE.holds("a gap of 1, two keys and a weight of 0.953 need the factor 3")(comes_out([3.0], np.array([1.0]), np.array([2]), np.array([0.9525741])))
EXERCISE.holds("the fair share needs the factor 0")(comes_out([0.0], np.array([1.0]), np.array([4]), np.array([0.25])))
EXERCISE.holds("a gap of 1, 11 keys and a weight of one half need the logarithm of 10")(
    comes_out([2.303], np.array([1.0]), np.array([11]), np.array([0.5])))
