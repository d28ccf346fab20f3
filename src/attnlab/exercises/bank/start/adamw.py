"""Adam with decoupled weight decay: what the steps do to the parameters."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _averages(gradients, beta, power):
    """The corrected running average of the gradients' powers after each step, as a weighted mean written out."""
    for t in range(1, len(gradients) + 1):
        shares = beta ** np.arange(t - 1, -1, -1.0)
        yield (shares @ gradients[:t] ** power) / shares.sum()


def _reference(w, gradients, rate, decay, betas, epsilon):
    w, gradients = np.array(w, dtype=float), np.asarray(gradients, dtype=float)
    for mean, square in zip(_averages(gradients, betas[0], 1), _averages(gradients, betas[1], 2)):
        w = w * (1 - rate * decay) - rate * mean / (np.sqrt(square) + epsilon)
    return w


def _walk(w, gradients, rate, decay, betas, epsilon, *, step=None, correct=lambda m, beta, t: m / (1 - beta**t), shrink=None,
          into=0.0, keep=True, square=lambda g, m: g**2):
    """Adam with one ingredient exchanged."""
    w, m, v = np.array(w, dtype=float), np.zeros(len(w)), np.zeros(len(w))
    step = step or (lambda m, v: m / (np.sqrt(v) + epsilon))
    shrink = rate * decay if shrink is None else shrink
    for t, g in enumerate(np.asarray(gradients, dtype=float), start=1):
        g = g + into * w
        m = betas[0] * m * keep + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * square(g, m)
        w = w - shrink * w - rate * step(correct(m, betas[0], t), correct(v, betas[1], t))
    return w


EXERCISE = Exercise(
    id="start.adamw",
    title="Adam, with decay beside it",
    level="apply",
    minutes=20,
    difficulty=3,
    page="start/what_training_is",
    headings=("Adam: a step of known length",),
    statement=r"""
    The optimiser of most large models is Adam with *decoupled weight decay* (AdamW). In step $t = 1, 2, \dots$, with gradient $g$,

    $$\mathrm m \leftarrow \beta_1 \mathrm m + (1 - \beta_1)\, g, \quad \mathrm v \leftarrow \beta_2 \mathrm v + (1 - \beta_2)\, g^2, \quad
    w \leftarrow w - \eta \lambda w - \eta\, \frac{\mathrm m / (1 - \beta_1^t)}{\sqrt{\mathrm v / (1 - \beta_2^t)} + \epsilon},$$

    number by number, with $\mathrm m$ and $\mathrm v$ starting at 0 and the old $w$ on the right-hand side. The decay $\lambda w$ goes straight into the step and *not* through $\mathrm m$ and $\mathrm v$.

    Given the gradient of every step, return the parameters after the last one. Do not change the `w` you are given.

    A tiny example: `w = [1]`, `gradients = [[5]]`, `rate = 0.1`, `decay = 0.5`, `betas = (0.9, 0.99)`, `epsilon = 0` give `[0.85]`.
    """,
    slot='''
    def adamw(w, gradients, rate, decay, betas, epsilon):
        """The parameters after one step of AdamW for each gradient.

        w: (d,), gradients: (steps, d), betas: two numbers, the others: numbers; result: (d,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With decay 0 and epsilon 0 the first step has the same length for every parameter, whatever its gradient.",
        r"Two running averages are carried from step to step. The corrected ones are used in the step, but the uncorrected ones are carried on. Steps count from 1.",
        "```python\nm = v = np.zeros(len(w))\nfor t, g in enumerate(gradients, start=1):\n    m = betas[0] * m + ____ * g\n    v = betas[1] * v + ____\n"
        "    step = m / (1 - betas[0] ** t) / (np.sqrt(____) + epsilon)\n    w = w - rate * (____ + step)\nreturn w\n```",
    ),
    parsons=("adam_without_correction", "adam_decay_in_the_gradient"),
    why=r"""
    Passed through $\mathrm v$, the decay of a parameter with large gradients would be divided by their size and all but vanish. Beside the step, every parameter shrinks by the same share.

    **The two most common mistakes.** Adding $\lambda w$ to the gradient: that is Adam with a squared penalty, another optimiser. Forgetting the corrections: with $\beta_2 = 0.999$ the first steps come out about three times too long, since $\mathrm v$ starts a thousand times too small and $\mathrm m$ ten times.

    **Cost.** Two numbers kept for each parameter: an optimiser state twice as large as the model.
    """,
    verified="one step and several, with and without decay, a parameter without any gradient, a large epsilon, and whole numbers.",
    next_thought="all gradients are multiplied by 1000. What changes in your result?",
    reference=_reference,
)

_rng = np.random.default_rng(43)
_first = _rng.normal(size=3), _rng.normal(size=(7, 3)), 0.1, 0.3, (0.8, 0.95), 0.2
EXERCISE.probe("7 steps, 3 parameters", *_first)
EXERCISE.probe("one step, 2 parameters", _rng.normal(size=2), _rng.normal(size=(1, 2)), 0.2, 0.5, (0.9, 0.99), 0.1)
EXERCISE.probe("5 steps without decay, betas far apart", _rng.normal(size=5), _rng.normal(size=(5, 5)), 0.3, 0.0, (0.3, 0.9), 0.05)
EXERCISE.probe("11 steps, gradients of very different size", _rng.normal(size=3), _rng.normal(size=(11, 3)) * [0.1, 1, 10], 0.1, 0.4,
               (0.9, 0.99), 1e-8)
EXERCISE.probe("one parameter never has a gradient", np.array([1.0, -2.0]), np.array([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]]), 0.1, 0.5,
               (0.9, 0.9), 1e-8)
EXERCISE.probe("whole numbers", np.array([3, -2]), np.array([[1, 4], [2, -3]]), 1, 0, (0.5, 0.75), 1)


@EXERCISE.solve
def adamw_solution(w, gradients, rate, decay, betas, epsilon):
    m = v = np.zeros(len(w))
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + epsilon)
        w = w - rate * (decay * w + step)
    return w


@EXERCISE.mutant
def adam_without_correction(w, gradients, rate, decay, betas, epsilon):
    m = v = np.zeros(len(w))
    for t, g in enumerate(gradients, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        step = m / (np.sqrt(v) + epsilon)
        w = w - rate * (decay * w + step)
    return w


@EXERCISE.mutant
def adam_decay_in_the_gradient(w, gradients, rate, decay, betas, epsilon):
    m = v = np.zeros(len(w))
    for t, g in enumerate(gradients, start=1):
        g = g + decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        step = m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + epsilon)
        w = w - rate * step
    return w


@EXERCISE.mutant
def adam_epsilon_inside_the_root(w, gradients, rate, decay, betas, epsilon):
    return _walk(w, gradients, rate, decay, betas, epsilon, step=lambda m, v: m / np.sqrt(v + epsilon + (v + epsilon == 0)))


@EXERCISE.mutant
def adam_betas_exchanged(w, gradients, rate, decay, betas, epsilon):
    return _walk(w, gradients, rate, decay, betas[::-1], epsilon)


@EXERCISE.mutant
def adam_decay_without_the_rate(w, gradients, rate, decay, betas, epsilon):
    return _walk(w, gradients, rate, decay, betas, epsilon, shrink=decay)


@EXERCISE.mutant
def adam_decay_left_out(w, gradients, rate, decay, betas, epsilon):
    return _walk(w, gradients, rate, 0.0, betas, epsilon)


@EXERCISE.mutant
def adam_root_left_out(w, gradients, rate, decay, betas, epsilon):
    return _walk(w, gradients, rate, decay, betas, epsilon, step=lambda m, v: m / (v + epsilon + (v + epsilon == 0)))


@EXERCISE.mutant
def adam_forgets_the_gradients_before(w, gradients, rate, decay, betas, epsilon):
    return _walk(w, gradients, rate, decay, betas, epsilon, keep=False)


@EXERCISE.mutant
def adam_squares_the_average(w, gradients, rate, decay, betas, epsilon):
    return _walk(w, gradients, rate, decay, betas, epsilon, square=lambda g, m: m**2)


@EXERCISE.mutant
def adam_steps_uphill(w, gradients, rate, decay, betas, epsilon):
    return _walk(w, -np.asarray(gradients, dtype=float), rate, decay, betas, epsilon)


EXERCISE.holds("the example of the statement comes out")(
    comes_out([0.85], np.array([1]), np.array([[5]]), 0.1, 0.5, (0.9, 0.99), 0))


@EXERCISE.holds("without decay and epsilon the first step is as long as the rate for every parameter")
def first_step(call):
    w = np.array([1.0, -2.0, 0.5])
    moved = np.abs(np.asarray(call(w, np.array([[0.01, -7.0, 300.0]]), 0.2, 0.0, (0.9, 0.999), 0.0), dtype=float) - w)
    return None if np.abs(moved - 0.2).max() < 1e-4 else f"with a rate of 0.2 they move by {text.numbers(moved)}"


@EXERCISE.holds("a parameter without gradients shrinks by rate times decay in every step")
def shrinks(call):
    end = float(np.asarray(call(np.array([1.0]), np.zeros((3, 1)), 0.1, 0.5, (0.9, 0.999), 1e-8))[0])
    return None if abs(end - 0.95**3) < 1e-4 else f"after 3 steps at rate 0.1 and decay 0.5, 1 has become {text.number(end)}, not 0.857"


EXERCISE.holds("the given parameters stay as they are")(left_alone(np.array([1.0, 2.0]), np.ones((2, 2)), 0.1, 0.1, (0.9, 0.99), 1e-8))
