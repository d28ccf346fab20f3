"""What the best single step leaves of a random task where the labels are noisy."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _share(n, d, noise, plus=1.0):
    rate = 1 / (n + d + plus + noise**2)
    return 1 - 2 * rate * n + rate**2 * n * (n + d + 1 + noise**2)


def _reference(n, d, noise):
    return 1 - n / (n + d + 1 + float(noise) ** 2)


EXERCISE = Exercise(
    id="theory.left_by_one_step",
    title="One step, with noise in the labels",
    level="analyse",
    minutes=25,
    difficulty=3,
    page="theory/in_context",
    headings=("What one step leaves",),
    statement=r"""
    The page works out what one step of gradient descent leaves of a task without noise. Now the labels are $y_i = w \cdot x_i + \sigma\,\varepsilon_i$ with $\varepsilon_i \sim \mathcal{N}(0, 1)$, drawn anew for each example. As before $x_i \sim \mathcal{N}(0, I)$ and $w \sim \mathcal{N}(0, I)$ in $d$ dimensions, and $w_1 = \eta \sum_i y_i x_i$.

    Return the share that is left with the **best** rate: $\mathbb{E} \lVert w_1 - w \rVert^2 / \mathbb{E} \lVert w \rVert^2$. `noise` is $\sigma$, 0 or more; there may be no example, and then all is left.

    A tiny example: 8 examples of one feature with a noise of 2 leave 3/7.
    """,
    slot='''
    def left_by_one_step(n, d, noise):
        """The share of the task's variance that the best single step leaves.

        n: examples, 0 or more; d: features, 1 or more; noise: sigma, 0 or more; result: a number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Without noise it must be $(d + 1)/(n + d + 1)$, and with endless noise everything is left.",
        "The noise adds $\\eta \\sigma \\sum_i \\varepsilon_i x_i$ to $w_1$, which is uncorrelated with the rest and has the expected square $\\eta^2 \\sigma^2 n\\,d$; as a share of $\\mathbb{E} \\lVert w \\rVert^2 = d$ that is $\\eta^2 \\sigma^2 n$. Then find the best $\\eta$ anew.",
        "```python\nvariance = ____\nrate = 1 / ____\nreturn 1 - ____ * rate\n```",
    ),
    parsons=("left_noise_not_squared", "left_without_its_one"),
    why=r"""
    The share is $1 - 2 \eta n + \eta^2 n (n + d + 1 + \sigma^2)$, smallest at $\eta = 1/(n + d + 1 + \sigma^2)$. Noise acts as if the task had $\sigma^2$ more features: it makes the best step shorter. A layer that is trained on tasks with this noise is rewarded for this rate.

    **The two most common mistakes.** Adding $\sigma$ for $\sigma^2$. Keeping the rate of the task without noise, which is too long a step.

    **Cost.** None: a formula.
    """,
    verified="equal to a minimum over rates, and to a simulation within its error, for 0 to 200 examples, 1 to 40 features and a noise of 0 to 10.",
    next_thought="how many examples does the step need to leave a half, and how does that grow with the noise?",
    reference=_reference,
)

for _n, _d, _noise in ((8, 1, 2), (20, 5, 0), (20, 5, 0.5), (20, 5, 3.0), (1, 1, 1.5), (0, 4, 0.7), (200, 40, 10.0), (3, 17, 0.3), (50, 2, 5.0), (10, 10, 10)):
    EXERCISE.probe(f"{_n} examples, {_d} features, a noise of {_noise}", _n, _d, _noise)


@EXERCISE.solve
def left_by_one_step_solution(n, d, noise):
    variance = noise**2
    rate = 1 / (n + d + 1 + variance)
    return 1 - n * rate


@EXERCISE.mutant
def left_noise_not_squared(n, d, noise):
    variance = noise
    rate = 1 / (n + d + 1 + variance)
    return 1 - n * rate


@EXERCISE.mutant
def left_without_its_one(n, d, noise):
    variance = noise**2
    rate = 1 / (n + d + variance)
    return 1 - n * rate


@EXERCISE.mutant
def left_without_noise(n, d, noise):
    return 1 - n / (n + d + 1)


@EXERCISE.mutant
def left_with_the_rate_of_no_noise(n, d, noise):
    rate = 1 / (n + d + 1)
    return 1 - 2 * rate * n + rate**2 * n * (n + d + 1 + noise**2)


@EXERCISE.mutant
def left_noise_once_a_feature(n, d, noise):
    return 1 - n / (n + d + 1 + d * noise**2)


@EXERCISE.mutant
def left_noise_averaged_away(n, d, noise):
    return 1 - n / (n + d + 1 + noise**2 / max(n, 1))


@EXERCISE.mutant
def left_is_what_was_learned(n, d, noise):
    return n / (n + d + 1 + noise**2)


EXERCISE.holds("the example of the statement comes out")(comes_out(3 / 7, 8, 1, 2))


@EXERCISE.holds("more noise leaves more")
def noisier(call):
    one, two = float(call(20, 5, 0.5)), float(call(20, 5, 3.0))
    return None if one < two else f"a noise of 0.5 leaves {text.number(one)}, a noise of 3 {text.number(two)}"


EXERCISE.holds("the arguments stay as they are")(left_alone(20, 5, 0.5))
