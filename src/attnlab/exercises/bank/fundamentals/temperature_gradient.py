"""How the loss moves with the temperature of a softmax: the gradient of a temperature that is learned."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(scores, d_weights, temperature):
    p = reference.softmax(scores, temperature=temperature)
    jacobians = p[..., :, None] * (np.eye(p.shape[-1]) - p[..., None, :])
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return -(d_weights * (jacobians @ shifted[..., None])[..., 0]).sum() / temperature**2


EXERCISE = Exercise(
    id="fundamentals.temperature_gradient",
    title="A temperature that learns",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="fundamentals/softmax_temperature",
    headings=("The gradient",),
    statement=r"""
    Some models learn their temperature. Every row of `scores` goes through a softmax at *one* temperature, $p = \operatorname{softmax}(s / T)$. The loss's gradient with respect to the
    weights, $\bar p$, is given as `d_weights`. Return its gradient with respect to the **temperature**, one number:

    $$\bar T = \sum_{\text{rows}} \sum_i \bar p_i\, \frac{\partial p_i}{\partial T} .$$

    Scores of 1000 and of -1000 must come out right, also in one row.

    A tiny example: scores `[2, 0]`, gradients `[1, 0]` and $T = 1$ give $-0.210$: warming lowers the first weight.
    """,
    slot='''
    def temperature_gradient(scores, d_weights, temperature):
        """Gradient of the loss with respect to the temperature, shared by all rows.

        scores: (..., keys), d_weights: (..., keys), gradient with respect to softmax(scores / temperature)
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Adding a constant to all scores of a row changes no weight at any temperature, so it cannot change the result either.",
        r"With $z = s / T$ the chain rule gives $\bar T = \sum_i \bar z_i\, \partial z_i / \partial T$. The first factor stands on the page, the second is $-s_i / T^2$.",
        "```python\nz = scores / temperature\npowers = np.exp(z - z.max(axis=-1, keepdims=True))\np = powers / ____\n"
        "mean = (p * d_weights).sum(axis=____, keepdims=____)\nd_z = p * (____ - ____)\nreturn -(d_z * ____).sum() / ____\n```",
    ),
    parsons=("temperature_divided_once", "temperature_left_out_forward"),
    why=r"""
    Written out, $\bar T = -\tfrac{1}{T^2} \sum_i p_i\, (\bar p_i - \langle \bar p \rangle)\, s_i$ for each row: minus the covariance of gradient and score under the weights, over $T^2$.
    If keys with high scores are those that raise the loss, cooling makes it worse and the gradient is negative.

    **The two most common mistakes.** One factor $1/T$ too few: it comes from the derivative of $s / T$ itself. The scores' gradient without the mean subtracted.

    **Cost.** That of the softmax's backward pass, and one product more.
    """,
    verified="equal to the full Jacobian for six temperatures, alone and in a batch, and for scores of 1000 and of -1000, in different rows and in one.",
    next_thought="at which temperatures does a learned temperature hardly move any more?",
    reference=_reference,
)

_rng = np.random.default_rng(6)
_s, _g = _rng.normal(size=(3, 5)), _rng.normal(size=(3, 5)) * 3
EXERCISE.probe("three rows at temperature 1", _s, _g, 1.0)
EXERCISE.probe("three rows at temperature 2", _rng.normal(size=(3, 7)) * 2, _rng.normal(size=(3, 7)) * 9, 2.0)
EXERCISE.probe("five rows of five at temperature 0.5", _rng.normal(size=(5, 5)), _rng.normal(size=(5, 5)), 0.5)
EXERCISE.probe("a batch of two", _rng.normal(size=(2, 3, 5)), _rng.normal(size=(2, 3, 5)), 0.7)
EXERCISE.probe("one row alone, whole numbers, temperature 4", np.array([5, 0, -3]), np.array([4, 0, -4]), 4)
EXERCISE.probe("three rows of one key", np.array([[1.0], [2.0], [-4.0]]), np.array([[2.0], [-1.0], [5.0]]), 1.0)
EXERCISE.probe("scores of 1000", np.array([[1000.0, 1001.0, 998.5]]), np.array([[3.0, -2.0, 1.0]]), 1.0, extreme=True)
EXERCISE.probe("scores of 1000 and of -1000 in one row", np.array([[-1000.0, 1000.0, -900.0, 999.5, -950.0], [-1000.0, 500.0, 500.5, -999.0, -1001.0]]),
               np.array([[3.0, -2.0, 1.0, 5.0, 1.0], [2.0, 1.0, -1.0, 4.0, 3.0]]), 0.8, extreme=True)
EXERCISE.probe("scores of -1000 above some of 1000", np.array([[-1000.0, -1001.0], [1000.0, 999.0]]), np.array([[3.0, -2.0], [1.0, 4.0]]), 0.5,
               extreme=True)


def _soft(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _cooled(back, forward=lambda s, t: _soft(s / t)):
    """An answer from a function that takes weights and gains to the gradient of z = s / T."""
    return lambda s, g, t: -(back(forward(s, t), g) * s).sum() / t**2


def _gain(p, g):
    return (p * g).sum(axis=-1, keepdims=True)


@EXERCISE.solve
def temperature_gradient_solution(scores, d_weights, temperature):
    z = scores / temperature
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    p = powers / powers.sum(axis=-1, keepdims=True)
    mean = (p * d_weights).sum(axis=-1, keepdims=True)
    d_z = p * (d_weights - mean)
    return -(d_z * scores).sum() / temperature**2


@EXERCISE.mutant
def temperature_divided_once(scores, d_weights, temperature):
    z = scores / temperature
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    p = powers / powers.sum(axis=-1, keepdims=True)
    mean = (p * d_weights).sum(axis=-1, keepdims=True)
    d_z = p * (d_weights - mean)
    return -(d_z * scores).sum() / temperature


@EXERCISE.mutant
def temperature_left_out_forward(scores, d_weights, temperature):
    z = scores
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    p = powers / powers.sum(axis=-1, keepdims=True)
    mean = (p * d_weights).sum(axis=-1, keepdims=True)
    d_z = p * (d_weights - mean)
    return -(d_z * scores).sum() / temperature**2


@EXERCISE.mutant
def gradient_temperature_forgotten(scores, d_weights, temperature):
    return _reference(scores, d_weights, temperature) * temperature**2


@EXERCISE.mutant
def temperature_of_the_inverse(scores, d_weights, temperature):
    return -_reference(scores, d_weights, temperature) * temperature**2


@EXERCISE.mutant
def gradient_sign_reversed(scores, d_weights, temperature):
    return -_reference(scores, d_weights, temperature)


@EXERCISE.mutant
def jacobian_diagonal_only(scores, d_weights, temperature):
    return _cooled(lambda p, g: p * (1 - p) * g)(scores, d_weights, temperature)


@EXERCISE.mutant
def mean_gain_not_subtracted(scores, d_weights, temperature):
    return _cooled(lambda p, g: p * g)(scores, d_weights, temperature)


@EXERCISE.mutant
def mean_gain_unweighted(scores, d_weights, temperature):
    return _cooled(lambda p, g: p * (g - g.mean(axis=-1, keepdims=True)))(scores, d_weights, temperature)


@EXERCISE.mutant
def jacobian_without_outer_weight(scores, d_weights, temperature):
    return _cooled(lambda p, g: g - _gain(p, g))(scores, d_weights, temperature)


@EXERCISE.impostor
def temperature_without_the_scores(scores, d_weights, temperature):
    p = _soft(scores / temperature)
    return -(p * (d_weights - _gain(p, d_weights))).sum() / temperature**2


@EXERCISE.mutant
def temperature_averaged_over_the_rows(scores, d_weights, temperature):
    return _reference(scores, d_weights, temperature) / max(scores.size // scores.shape[-1], 1)


@EXERCISE.mutant(evidence=text.shapes)
def temperature_for_every_row(scores, d_weights, temperature):
    p = _soft(scores / temperature)
    return -(p * (d_weights - _gain(p, d_weights)) * scores).sum(axis=-1) / temperature**2


@EXERCISE.mutant
def gradient_of_the_whole_table(scores, d_weights, temperature):
    return _cooled(lambda p, g: p * (g - (p * g).sum()))(scores, d_weights, temperature)


@EXERCISE.mutant
def gradient_mixed_over_rows(scores, d_weights, temperature):
    axis = -2 if scores.ndim > 1 else -1
    return _cooled(lambda p, g: p * (g - (p * g).sum(axis=axis, keepdims=True)))(scores, d_weights, temperature)


@EXERCISE.mutant
def gradient_mean_over_the_keys(scores, d_weights, temperature):
    return _cooled(lambda p, g: p * (g - (p * g).mean(axis=-1, keepdims=True)))(scores, d_weights, temperature)


@EXERCISE.mutant(evidence=text.not_finite)
def chain_without_maximum(scores, d_weights, temperature):
    def forward(s, t):
        powers = np.exp(s / t)
        return powers / powers.sum(axis=-1, keepdims=True)
    return _cooled(lambda p, g: p * (g - _gain(p, g)), forward)(scores, d_weights, temperature)


EXERCISE.holds("the example of the statement comes out")(comes_out(-0.209987, np.array([2, 0]), np.array([1, 0]), 1.0))
EXERCISE.holds("at temperature 2 the same scores and gradients give -0.098")(comes_out(-0.098306, np.array([2.0, 0.0]), np.array([1.0, 0.0]), 2.0))


@EXERCISE.holds("adding a number to all scores of a row changes nothing")
def shifted(call):
    gap = abs(float(call(_s + 3, _g, 2.0)) - float(call(_s, _g, 2.0)))
    return None if gap < 1e-3 else f"adding 3 moves it by {text.number(gap)}"


@EXERCISE.holds("rows add up: two tables one above the other give the sum of both")
def rows_add_up(call):
    both = float(call(np.concatenate([_s, _s + 1]), np.concatenate([_g, 2 * _g]), 0.7))
    wanted = float(call(_s, _g, 0.7)) + float(call(_s + 1, 2 * _g, 0.7))
    return None if abs(both - wanted) < 1e-2 else f"together they give {text.number(both)}, one by one {text.number(wanted)}"


@EXERCISE.holds("gains that are equal within a row give no gradient")
def equal_gains(call):
    out = abs(float(call(_s, np.full(_s.shape, 3.0), 0.7)))
    return None if out < 1e-3 else f"gains of 3 for all keys give {text.number(out)}"


@EXERCISE.holds("a small step of the temperature changes the loss as the gradient says")
def measured(call):
    loss = [float((_soft(_s / t) * _g).sum()) for t in (0.8 + 1e-5, 0.8 - 1e-5)]
    slope, out = (loss[0] - loss[1]) / 2e-5, float(call(_s, _g, 0.8))
    return None if abs(slope - out) < 1e-3 * max(1.0, abs(slope)) else f"the slope is {text.number(slope)}, yours {text.number(out)}"
