"""The gradient of a softmax with a temperature."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(weights, d_weights, temperature):
    jacobians = weights[..., :, None] * (np.eye(weights.shape[-1]) - weights[..., None, :])
    return (jacobians @ d_weights[..., None])[..., 0] / temperature


EXERCISE = Exercise(
    id="fundamentals.softmax_backward",
    title="Back through the softmax",
    level="apply",
    minutes=15,
    difficulty=2,
    page="fundamentals/softmax_temperature",
    headings=("The gradient",),
    statement=r"""
    Each row of `weights` is $p = \operatorname{softmax}(s / T)$. The loss's gradient with respect to the weights, $\bar p$, is given as `d_weights`. Return
    its gradient with respect to the **scores**, without building a matrix for every row:

    $$\bar s_i = \frac{p_i}{T} \Bigl(\bar p_i - \sum_j p_j \bar p_j\Bigr).$$

    A tiny example: weights `[0.5, 0.5]`, gradients `[1, 0]` and $T = 1$ give `[0.25, -0.25]`.
    """,
    slot='''
    def softmax_backward(weights, d_weights, temperature):
        """Gradient of the loss with respect to the scores.

        weights: (..., keys), each row a softmax of scores / temperature
        d_weights: (..., keys), gradient with respect to the weights; result: (..., keys)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Adding a constant to all scores changes no weight. So what must the gradients of one row's scores add up to?",
        r"The sum over $j$ is one number for each row: the mean of the incoming gradients under the weights. Keep its axis, so that it broadcasts over the row.",
        "```python\nmean = (____ * ____).sum(axis=____, keepdims=____)\nreturn weights * (____ - ____) / ____\n```",
    ),
    parsons=("gradient_temperature_forgotten", "gradient_sign_reversed"),
    why=r"""
    It is $\operatorname{diag}(p) - p\,p^\top$ applied to $\bar p$, divided by $T$ because the softmax saw $s / T$: a weight grows
    if its own gain is above the average gain.

    **The two most common mistakes.** The diagonal $p_i (1 - p_i)$ alone, which is the derivative of a sigmoid. The temperature forgotten on the way back.

    **Cost.** Two multiplications for each weight, in place of the $n$ that a matrix for every row would take.
    """,
    verified="equal to the full Jacobian times the gradient, at six temperatures, alone, in a batch, and for weights of 0 and 1.",
    next_thought="a key has weight 0; which gradients can bring it back?",
    reference=_reference,
)

_rng = np.random.default_rng(6)
_w, _g = reference.softmax(_rng.normal(size=(3, 5))), _rng.normal(size=(3, 5)) * 3
EXERCISE.probe("three rows at temperature 1", _w, _g, 1.0)
EXERCISE.probe("three rows at temperature 2", reference.softmax(_rng.normal(size=(3, 7)), temperature=2.0),
               _rng.normal(size=(3, 7)) * 9, 2.0)
EXERCISE.probe("five rows of five at temperature 0.5", reference.softmax(_rng.normal(size=(5, 5))),
               _rng.normal(size=(5, 5)), 0.5)
EXERCISE.probe("a batch of two", reference.softmax(_rng.normal(size=(2, 3, 5))), _rng.normal(size=(2, 3, 5)), 0.25)
EXERCISE.probe("one row alone, whole numbers, temperature 4", np.array([0.5, 0.25, 0.25]), np.array([4, 0, -4]), 4)
EXERCISE.probe("rows with weights of 0 and 1", np.array([[0.0, 1.0, 0.0], [0.0, 0.5, 0.5]]), np.array([[7.0, -3.0, 2.0], [9.0, 1.0, 5.0]]), 0.1)
EXERCISE.probe("three rows of one key", np.ones((3, 1)), np.array([[2.0], [-1.0], [5.0]]), 1.0)


@EXERCISE.solve
def softmax_backward_solution(weights, d_weights, temperature):
    mean = (weights * d_weights).sum(axis=-1, keepdims=True)
    return weights * (d_weights - mean) / temperature


@EXERCISE.mutant
def jacobian_diagonal_only(weights, d_weights, temperature):
    return weights * (1 - weights) * d_weights / temperature


@EXERCISE.mutant
def mean_gain_not_subtracted(weights, d_weights, temperature):
    return weights * d_weights / temperature


@EXERCISE.mutant
def mean_gain_unweighted(weights, d_weights, temperature):
    mean = d_weights.mean(axis=-1, keepdims=True)
    return weights * (d_weights - mean) / temperature


@EXERCISE.mutant
def jacobian_without_outer_weight(weights, d_weights, temperature):
    return (d_weights - (weights * d_weights).sum(axis=-1, keepdims=True)) / temperature


@EXERCISE.mutant
def gradient_sign_reversed(weights, d_weights, temperature):
    mean = (weights * d_weights).sum(axis=-1, keepdims=True)
    return weights * (mean - d_weights) / temperature


@EXERCISE.mutant
def gradient_temperature_forgotten(weights, d_weights, temperature):
    mean = (weights * d_weights).sum(axis=-1, keepdims=True)
    return weights * (d_weights - mean)


@EXERCISE.mutant
def gradient_temperature_multiplied(weights, d_weights, temperature):
    return weights * (d_weights - (weights * d_weights).sum(axis=-1, keepdims=True)) * temperature


@EXERCISE.mutant
def gradient_mixed_over_rows(weights, d_weights, temperature):
    return weights * (d_weights - (weights * d_weights).sum(axis=-2, keepdims=True)) / temperature


@EXERCISE.mutant
def gradient_of_the_whole_table(weights, d_weights, temperature):
    return weights * (d_weights - (weights * d_weights).sum()) / temperature


@EXERCISE.mutant
def gradient_divided_before_the_mean(weights, d_weights, temperature):
    return weights * (d_weights / temperature - (weights * d_weights).sum(axis=-1, keepdims=True))


@EXERCISE.mutant
def gradient_mean_over_the_keys(weights, d_weights, temperature):
    return weights * (d_weights - (weights * d_weights).mean(axis=-1, keepdims=True)) / temperature


@EXERCISE.holds("the gradients of one row's scores add up to 0")
def adds_up_to_zero(call):
    sums = call(_w, _g, 1.0).sum(axis=-1)
    return None if np.abs(sums).max() < 1e-4 else f"they add up to {text.numbers(sums)}"


@EXERCISE.holds("a key without weight gets no gradient")
def no_weight_no_gradient(call):
    out = call(np.array([[0.5, 0.5, 0.0]]), np.array([[1.0, 0.0, 7.0]]), 1.0)
    return None if abs(out[0, 2]) < 1e-6 else f"it gets {text.number(out[0, 2])}"


@EXERCISE.holds("twice the temperature halves the gradient")
def hotter_is_smaller(call):
    gap = np.abs(call(_w, _g, 2.0) * 2 - call(_w, _g, 1.0)).max()
    return None if gap < 1e-4 else f"an entry is off by {text.number(gap)}"


EXERCISE.holds("the example of the statement comes out")(comes_out([0.25, -0.25], np.array([0.5, 0.5]), np.array([1, 0]), 1.0))
EXERCISE.holds("at temperature 0.5 the example has gradients of 0.5 and -0.5")(
    comes_out([0.5, -0.5], np.array([0.5, 0.5]), np.array([1.0, 0.0]), 0.5))


@EXERCISE.holds("each row is worked out by itself")
def rows_are_independent(call):
    gap = np.abs(call(_w, _g, 1.0)[1] - call(_w[1:2], _g[1:2], 1.0)[0]).max()
    return None if gap < 1e-3 else f"row 1, alone, differs by {text.number(gap)}"


@EXERCISE.holds("equal gains make no gradient")
def equal_gains(call):
    out = np.abs(call(_w, np.full(_w.shape, 3.0), 1.0)).max()
    return None if out < 1e-4 else f"gains of 3 for all keys give an entry of {text.number(out)}"
