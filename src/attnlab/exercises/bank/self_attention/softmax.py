"""Softmax along the last axis, with a temperature, and without overflow."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import APART, APART_WEIGHTS, LARGE

EXERCISE = Exercise(
    id="self_attention.softmax",
    title="Softmax that survives large scores",
    level="apply",
    minutes=10,
    difficulty=1,
    page="self_attention/scaled_dot_product",
    headings=("The mathematics",),
    statement=r"""
    A warm-up: the cell `row_softmax` of this page with one thing added, a temperature $T > 0$ (larger is flatter). For scores of any shape return

    $$\operatorname{softmax}(z)_j = \frac{e^{z_j / T}}{\sum_l e^{z_l / T}}$$

    along the **last** axis, in the shape of the scores. Scores in the thousands, of either sign, in one row or in several, must come out right at temperatures from a tenth to a hundred.

    | scores | temperature | result |
    |---|---|---|
    | `[0, 0]` | 1 | `[0.5, 0.5]` |
    | `[0, 1]` | 1 | `[0.269, 0.731]` |
    """,
    slot='''
    def softmax(scores, temperature=1.0):
        """exp(scores / temperature), divided by its sum along the last axis.

        scores: (..., n_keys); result: the same shape, every row positive with sum 1
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Each *row* of the result is positive and adds up to one. Adding the same number to a whole row of scores "
        "changes nothing. Which number would you add to make the exponentials harmless?",
        r"With $\mu = \max_l z_l$ taken row by row,"
        "\n\n"
        r"$$\operatorname{softmax}(z)_j = \frac{e^{(z_j - \mu) / T}}{\sum_l e^{(z_l - \mu) / T}}.$$"
        "\n\nThe largest exponent is now 0, so nothing overflows.",
        "Three lines: subtract, take the exponential of what is left over $T$, divide.\n\n"
        "```python\nbelow = scores - ____\nexponentials = np.exp(____ / temperature)\nreturn ____\n```\n\n"
        "Sums and maxima that keep their axis (`keepdims`) broadcast back over the row.",
    ),
    parsons=("softmax_over_queries", "temperature_multiplied"),
    why=r"""
    Subtracting a row's maximum multiplies numerator and denominator by the same factor $e^{-\mu}$, so the value is unchanged, and
    no exponent is above 0.

    **The two most common mistakes.** Normalising along the first axis: the columns then sum to one, and with $n = m$ no shape
    gives it away. Not subtracting the maximum: all is well until a score passes about 709, then $\infty / \infty$ is NaN.

    **Cost.** One exponential, one subtraction and one division for each of the $n \cdot m$ scores: $O(nm)$.
    """,
    verified="equal to the definition on ordinary, three-dimensional, cold, hot and very large scores, rows 2000 apart included.",
    next_thought="what does each row tend to as the temperature goes to 0, and as it goes to infinity?",
    reference=lambda scores, temperature=1.0: reference.softmax(scores, axis=-1, temperature=temperature),
)

_scores = np.random.default_rng(2).normal(size=(2, 3, 5))
EXERCISE.probe("three rows of five scores", _scores[0], 1.0)
EXERCISE.probe("three rows at temperature 3", _scores[0], 3.0)
EXERCISE.probe("three rows at temperature 0.1", _scores[1], 0.1)
EXERCISE.probe("three rows at temperature 100", _scores[1], 100.0)
EXERCISE.probe("a batch of two at temperature 0.5", _scores, 0.5)
EXERCISE.probe("one row of two scores", np.array([0.0, 1.0]), 1.0)
EXERCISE.probe("three rows without a temperature", _scores[1])
EXERCISE.probe("one row of scores near 1000", np.array([1000.0, 1001.0, 999.5]), 1.0, extreme=True)
EXERCISE.probe("rows of scores from -3000 to 2000", LARGE, 1.0, extreme=True)
EXERCISE.probe("rows that are 2000 apart", APART, 1.0, extreme=True)
EXERCISE.probe("scores of 1000 and 999 at temperature 10", np.array([1000.0, 999.0]), 10.0, extreme=True)
EXERCISE.probe("scores of 1000 and 999 at temperature 0.5", np.array([1000.0, 999.0]), 0.5, extreme=True)
EXERCISE.probe("scores of plus and minus 60", np.array([[60.0, -60.0, 59.0], [0.0, -60.0, 1.0]]), 1.0)


@EXERCISE.solve
def softmax_solution(scores, temperature=1.0):
    below = scores - scores.max(axis=-1, keepdims=True)
    exponentials = np.exp(below / temperature)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@EXERCISE.mutant(evidence=text.row_sums)
def softmax_over_queries(scores, temperature=1.0):
    below = scores - scores.max(axis=0, keepdims=True)
    exponentials = np.exp(below / temperature)
    return exponentials / exponentials.sum(axis=0, keepdims=True)


@EXERCISE.mutant(evidence=text.row_sums)
def softmax_over_second_last_axis(scores, temperature=1.0):
    scaled = np.atleast_2d(scores) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-2, keepdims=True))
    return (exponentials / exponentials.sum(axis=-2, keepdims=True)).reshape(scores.shape)


@EXERCISE.mutant(evidence=text.row_sums)
def softmax_over_everything(scores, temperature=1.0):
    scaled = scores / temperature
    exponentials = np.exp(scaled - scaled.max())
    return exponentials / exponentials.sum()


@EXERCISE.mutant(evidence=text.values)
def normalise_without_exp(scores, temperature=1.0):
    scaled = scores / temperature
    return scaled / scaled.sum(axis=-1, keepdims=True)


@EXERCISE.mutant(evidence=text.row_sums)
def exp_without_normalise(scores, temperature=1.0):
    scaled = scores / temperature
    return np.exp(scaled - scaled.max(axis=-1, keepdims=True))


@EXERCISE.mutant(evidence=text.row_sums, same_as="exp_without_normalise")
def exp_alone(scores, temperature=1.0):
    return np.exp(scores / temperature)


@EXERCISE.mutant(evidence=text.largest)
def softmax_twice(scores, temperature=1.0):
    return softmax_solution(softmax_solution(scores, temperature), temperature)


@EXERCISE.mutant(evidence=text.largest, same_as="softmax_twice")
def softmax_of_softmax(scores, temperature=1.0):
    return softmax_solution(softmax_solution(scores, temperature))


@EXERCISE.mutant(evidence=text.row_sums)
def sigmoid_instead(scores, temperature=1.0):
    return 1 / (1 + np.exp(-scores / temperature))


@EXERCISE.mutant(evidence=text.not_finite)
def no_max_subtraction(scores, temperature=1.0):
    exponentials = np.exp(scores / temperature)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@EXERCISE.mutant(evidence=text.not_finite)
def one_maximum_for_all_rows(scores, temperature=1.0):
    scaled = scores / temperature
    exponentials = np.exp(scaled - scaled.max())
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@EXERCISE.mutant(evidence=text.not_finite)
def maximum_before_temperature(scores, temperature=1.0):
    exponentials = np.exp(scores / temperature - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@EXERCISE.mutant(evidence=text.largest)
def temperature_multiplied(scores, temperature=1.0):
    below = scores - scores.max(axis=-1, keepdims=True)
    exponentials = np.exp(below * temperature)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@EXERCISE.mutant(evidence=text.row_sums)
def temperature_after_softmax(scores, temperature=1.0):
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True) / temperature


@EXERCISE.mutant(evidence=text.largest)
def temperature_square_root(scores, temperature=1.0):
    return softmax_solution(scores, np.sqrt(temperature))


@EXERCISE.mutant(evidence=text.largest)
def temperature_ignored(scores, temperature=1.0):
    return softmax_solution(scores)


@EXERCISE.holds("the shape is that of the scores")
def same_shape(call):
    out = call(_scores, 1.0)
    return None if out.shape == _scores.shape else f"{text.shape(out)} for scores {text.shape(_scores)}"


@EXERCISE.holds("every row adds up to 1")
def rows_sum_to_one(call):
    sums = call(_scores[1], 2.0).sum(axis=-1)
    return None if np.allclose(sums, 1, atol=1e-4) else f"the rows add up to {text.numbers(sums)}"


@EXERCISE.holds("no entry is negative")
def not_negative(call):
    smallest = call(_scores[0], 1.0).min()
    return None if smallest >= 0 else f"the smallest entry is {text.number(smallest)}"


@EXERCISE.holds("adding one number to all scores changes nothing")
def shift_changes_nothing(call):
    gap = np.abs(call(_scores[0] + 3, 1.0) - call(_scores[0], 1.0)).max()
    return None if gap < 1e-4 else f"adding 3 changes an entry by {text.number(gap)}"


@EXERCISE.holds("a higher temperature makes the largest entry smaller")
def heat_flattens(call):
    cold, hot = call(_scores[0], 0.5).max(), call(_scores[0], 4.0).max()
    return None if hot < cold else f"the largest entry is {text.number(cold)} at 0.5 and {text.number(hot)} at 4"


@EXERCISE.holds("scores of 1000 stay finite")
def large_scores_are_finite(call):
    out = call(np.array([1000.0, 0.0, -1000.0]), 1.0)
    return None if np.isfinite(out).all() else f"the output begins {text.numbers(out, 3)}"


@EXERCISE.holds("the scores 1000 and 1001, or -1001 and -1000, give what 0 and 1 give, also where a third is -3000")
def far_from_zero(call):
    out = call(APART, 1.0)
    return None if np.allclose(out, APART_WEIGHTS, atol=1e-3) else f"they give {text.numbers(out[0])} and {text.numbers(out[1])}"


@EXERCISE.holds("the scores 0 and 1 give 0.269 and 0.731")
def tiny_example(call):
    out = call(np.array([0.0, 1.0]), 1.0)
    return None if np.allclose(out, [0.269, 0.731], atol=1e-3) else f"they give {text.numbers(out)}"


@EXERCISE.holds("each row is worked out by itself")
def rows_are_independent(call):
    gap = np.abs(call(_scores, 0.5)[1] - call(_scores[1], 0.5)).max()
    return None if gap < 1e-4 else f"part 1 of a batch, alone, differs by {text.number(gap)}"


@EXERCISE.holds("without a temperature it is 1")
def one_by_default(call):
    gap = np.abs(call(_scores[0]) - call(_scores[0], 1.0)).max()
    return None if gap < 1e-4 else f"leaving it out changes an entry by {text.number(gap)}"


@EXERCISE.holds("at temperature 10 the scores 1000 and 990 give what 1 and 0 give at 1, and at 0.5 the scores 1000 and 999.5 do")
def temperatures(call):
    for scores, temperature in (([1000.0, 990.0], 10.0), ([1000.0, 999.5], 0.5)):
        out = call(np.array(scores), temperature)
        if not np.allclose(out, [0.731, 0.269], atol=1e-3):
            return f"at {text.number(temperature)} they give {text.numbers(out)}, expected 0.731, 0.269"
    return None


@EXERCISE.holds("at temperature 0.5 the scores 0 and 1 give 0.119 and 0.881")
def cold(call):
    out = call(np.array([0.0, 1.0]), 0.5)
    return None if np.allclose(out, [0.119, 0.881], atol=1e-3) else f"they give {text.numbers(out)}"
