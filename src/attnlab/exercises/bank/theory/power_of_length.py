"""From measurements at several lengths to a power of n: the slope in logarithms."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _slope(x, y):
    x, y = (np.asarray(one, dtype=float) for one in (x, y))
    x = x - x.mean()
    return (x @ (y - y.mean())) / (x @ x)


def _reference(lengths, moved):
    return _slope(np.log(np.asarray(lengths, dtype=float)), np.log(np.asarray(moved, dtype=float)).mean(axis=0))


EXERCISE = Exercise(
    id="theory.power_of_length",
    title="With which power does it fall?",
    level="analyse",
    minutes=20,
    difficulty=2,
    page="theory/problems",
    statement=r"""
    You have measured by how much one token moves an answer, in several models (rows) and at several lengths (columns). All numbers are above 0. If the influence is $c\,n^p$, with a $c$ of its own for every model and one $p$ for all, what is $p$?

    Return the slope of the straight line that fits $\ln(\text{influence})$ against $\ln n$ best, by least squares over **all** lengths and models, each model with its own constant.

    A tiny example: the lengths `[1, 10, 100]` and the rows `[5, 0.5, 0.05]` and `[80, 8, 0.8]` give $-1$.
    """,
    slot='''
    def power_of_length(lengths, moved):
        """The power p of n.

        lengths: (m,) at least two different ones; moved: (models, m); result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Multiplying all measurements of one model by 1,000 must leave the power as it is. So must other units for the lengths.",
        "In logarithms $c\\,n^p$ is a straight line, $\\ln c + p \\ln n$. Its slope is the covariance of $\\ln n$ and $\\ln(\\text{influence})$ over the variance of $\\ln n$; a constant for each model drops out, since every model was measured at the same lengths.",
        "```python\nx = np.log(lengths) - ____\ny = np.log(moved).mean(axis=____)\nreturn (x @ y) / ____\n```",
    ),
    parsons=("power_in_plain_numbers", "power_of_lengths_not_centred"),
    why=r"""
    A constant hides behind a logarithm: models whose influence differs by a factor of a thousand give the same slope. That is why a bound with a terrible constant, such as Hahn's, can still be tested by a measurement.

    **The two most common mistakes.** Fitting the numbers as they are: the shortest length then decides alone. Averaging the models before the logarithm: the model with the largest numbers then speaks for all.

    **Cost.** Nothing beside the measurement.
    """,
    verified="equal to a line fitted by a library, for 1 to 7 models, 2 to 9 lengths, powers of -3 to 1, with noise, whole numbers and float32.",
    next_thought="what would the slope say of a curve that is flat first and falls later, and what would you do instead?",
    reference=_reference,
)


def _case(seed, models, lengths, power, noise=0.3):
    rng, lengths = np.random.default_rng(seed), np.asarray(lengths)
    scale = np.exp(rng.normal(size=(models, 1)) * 2)
    return lengths, scale * lengths.astype(float) ** power * np.exp(noise * rng.normal(size=(models, len(lengths))))


EXERCISE.probe("five models, four lengths", *_case(1, 5, [16, 64, 256, 1024], -1.0))
EXERCISE.probe("three models, seven lengths of any distance", *_case(2, 3, [3, 5, 17, 90, 100, 700, 5000], -0.7))
EXERCISE.probe("one model", *_case(3, 1, [8, 16, 40, 300, 2000], -1.3))
EXERCISE.probe("two lengths", *_case(4, 4, [10, 1000], -2.0))
EXERCISE.probe("it grows", *_case(5, 7, [2, 4, 8, 20, 32], 1.0))
EXERCISE.probe("it stays", *_case(6, 2, [16, 256, 4096], 0.0))
EXERCISE.probe("lengths out of order", *_case(7, 3, [500, 2, 90, 7000, 11], -3.0))
EXERCISE.probe("whole numbers", np.array([1, 2, 4]), np.array([[900, 400, 210], [7, 4, 2]]))
_case32 = _case(8, 3, [4, 9, 50, 120], -1.0)
EXERCISE.probe("single precision", _case32[0], _case32[1].astype(np.float32))
EXERCISE.probe("as many models as lengths", *_case(9, 4, [7, 20, 300, 1500], -0.5))


@EXERCISE.solve
def power_of_length_solution(lengths, moved):
    x = np.log(lengths) - np.log(lengths).mean()
    y = np.log(moved).mean(axis=0)
    return (x @ y) / (x @ x)


@EXERCISE.mutant
def power_in_plain_numbers(lengths, moved):
    x = lengths - lengths.mean()
    y = np.mean(moved, axis=0)
    return (x @ y) / (x @ x)


@EXERCISE.mutant
def power_of_lengths_not_centred(lengths, moved):
    x = np.log(lengths)
    y = np.log(moved).mean(axis=0)
    return (x @ y) / (x @ x)


@EXERCISE.mutant
def power_of_the_mean_model(lengths, moved):
    return _slope(np.log(lengths), np.log(np.mean(moved, axis=0)))


@EXERCISE.mutant
def power_of_the_ends_alone(lengths, moved):
    y = np.log(np.asarray(moved, dtype=float)).mean(axis=0)
    return (y[-1] - y[0]) / (np.log(lengths[-1]) - np.log(lengths[0]))


@EXERCISE.mutant
def power_without_the_logarithm_of_lengths(lengths, moved):
    return _slope(lengths, np.log(np.asarray(moved, dtype=float)).mean(axis=0))


@EXERCISE.mutant
def power_without_the_logarithm_of_influence(lengths, moved):
    return _slope(np.log(lengths), np.asarray(moved, dtype=float).mean(axis=0))


@EXERCISE.mutant
def power_of_length_on_influence(lengths, moved):
    y = np.log(np.asarray(moved, dtype=float)).mean(axis=0)
    return _slope(y, np.log(lengths)) if np.ptp(y) > 0 else 0.0


@EXERCISE.mutant
def power_of_the_first_model(lengths, moved):
    return _slope(np.log(lengths), np.log(np.asarray(moved, dtype=float))[0])


EXERCISE.holds("the example of the statement comes out")(
    comes_out(-1, np.array([1, 10, 100]), np.array([[5, 0.5, 0.05], [80, 8, 0.8]])))


@EXERCISE.holds("a factor for one model changes nothing")
def factor(call):
    lengths, moved = _case(1, 5, [16, 64, 256, 1024], -1.0)
    gap = abs(float(call(lengths, moved * np.array([[1], [1], [1000], [1], [1]]))) - float(call(lengths, moved)))
    return None if gap < 1e-5 else f"with one model's numbers 1,000 times as large, the power changes by {text.number(gap)}"


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 5, [16, 64, 256, 1024], -1.0)))
