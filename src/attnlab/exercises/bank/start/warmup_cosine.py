"""A schedule: the learning rate rises in a straight line, then falls along half a cosine."""

from __future__ import annotations

import math

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _rate(done, steps, peak, warmup):
    if done < warmup:
        return peak * (done + 1) / warmup
    return peak * (1 + math.cos(math.pi * (done - warmup) / (steps - warmup))) / 2


def _reference(steps, peak, warmup):
    return np.array([_rate(done, steps, peak, warmup) for done in range(steps)])


EXERCISE = Exercise(
    id="start.warmup_cosine",
    title="Up in a line, down along a cosine",
    level="apply",
    minutes=10,
    difficulty=1,
    page="start/what_training_is",
    headings=("The recipe in words",),
    statement=r"""
    Many large models are trained with this schedule. During the first $u$ steps (`warmup`) the rate rises in a straight line and reaches `peak` with the last of them:
    $\eta\,(t+1)/u$ after $t$ finished steps. From then on it falls along half a cosine,

    $$\frac{\eta}{2} \left(1 + \cos \pi\, \frac{t - u}{N - u}\right),$$

    with $N$ steps in all and $\eta$ the peak. Return the rates of all $N$ steps, $t = 0, \dots, N - 1$.

    `warmup` is between 0 and `steps`, both included. A tiny example: `steps=4`, `peak=1`, `warmup=2` give `[0.5, 1, 1, 0.5]`.
    """,
    slot='''
    def warmup_cosine(steps, peak, warmup):
        """The learning rate of every step.

        steps, warmup: whole numbers, peak: a number; result: (steps,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "There are two pieces, and each step belongs to one of them. The first rate is not 0, and neither is the last.",
        r"Count the finished steps with `np.arange(steps)`. The cosine runs from 0 towards $\pi$ over the $N - u$ steps *after* the rise. Beware of dividing by 0 at both borders of `warmup`.",
        "```python\ndone = np.arange(steps)\nrising = (done + 1) / max(____, 1)\nfallen = (done - warmup) / max(____, 1)\nfalling = (1 + np.cos(np.pi * fallen)) / 2\nreturn peak * np.where(____, rising, falling)\n```",
    ),
    parsons=("schedule_starts_at_zero", "cosine_over_all_steps"),
    why=r"""
    A rate of 0 in the first step would spend a batch on nothing, so the rise begins at $1/u$. The fall ends just above 0 for the same reason.

    **The two most common mistakes.** Letting the cosine run over all $N$ steps, so that the rate jumps down where the rise ends. Counting finished steps in one piece and steps to come in the other.

    **Cost.** None worth counting. But it must be asked once a *step*; asked once an epoch, a rise of 20 steps takes 20 epochs.
    """,
    verified="the rates of five schedules, without a rise, with nothing but a rise, and of a single step.",
    next_thought="a run is stopped at half its steps. Which rate would it have ended with, had its recipe known?",
    reference=_reference,
)

EXERCISE.probe("11 steps, 3 of them rising to 2", 11, 2.0, 3)
EXERCISE.probe("7 steps without a rise, peak 0.5", 7, 0.5, 0)
EXERCISE.probe("5 steps, all rising to 3", 5, 3.0, 5)
EXERCISE.probe("13 steps, all but one rising", 13, 1.0, 12)
EXERCISE.probe("one step", 1, 1.5, 0)
EXERCISE.probe("6 steps, one of them rising, a whole number for the peak", 6, 4, 1)


@EXERCISE.solve
def warmup_cosine_solution(steps, peak, warmup):
    done = np.arange(steps)
    rising = (done + 1) / max(warmup, 1)
    fallen = (done - warmup) / max(steps - warmup, 1)
    falling = (1 + np.cos(np.pi * fallen)) / 2
    return peak * np.where(done < warmup, rising, falling)


@EXERCISE.mutant
def schedule_starts_at_zero(steps, peak, warmup):
    done = np.arange(steps)
    rising = done / max(warmup, 1)
    fallen = (done - warmup) / max(steps - warmup, 1)
    falling = (1 + np.cos(np.pi * fallen)) / 2
    return peak * np.where(done < warmup, rising, falling)


@EXERCISE.mutant
def cosine_over_all_steps(steps, peak, warmup):
    done = np.arange(steps)
    rising = (done + 1) / max(warmup, 1)
    fallen = done / max(steps, 1)
    falling = (1 + np.cos(np.pi * fallen)) / 2
    return peak * np.where(done < warmup, rising, falling)


def _pieces(steps, peak, warmup, fall, rise=lambda done, u: (done + 1) / max(u, 1)):
    done = np.arange(steps)
    fallen = (done - warmup) / max(steps - warmup, 1)
    return peak * np.where(done < warmup, rise(done, warmup), fall(fallen))


@EXERCISE.mutant
def cosine_not_halved(steps, peak, warmup):
    return _pieces(steps, peak, warmup, lambda x: 1 + np.cos(np.pi * x))


@EXERCISE.mutant
def quarter_of_a_cosine(steps, peak, warmup):
    return _pieces(steps, peak, warmup, lambda x: np.cos(np.pi / 2 * x))


@EXERCISE.mutant
def falls_in_a_straight_line(steps, peak, warmup):
    return _pieces(steps, peak, warmup, lambda x: 1 - x)


@EXERCISE.mutant
def no_warm_up(steps, peak, warmup):
    return _reference(steps, peak, 0)


@EXERCISE.mutant
def rise_times_fall(steps, peak, warmup):
    done = np.arange(steps)
    return peak * np.minimum((done + 1) / max(warmup, 1), 1) * (1 + np.cos(np.pi * done / steps)) / 2


@EXERCISE.mutant
def last_step_does_nothing(steps, peak, warmup):
    done = np.arange(steps)
    fallen = (done - warmup) / max(steps - warmup - 1, 1)
    return peak * np.where(done < warmup, (done + 1) / max(warmup, 1), (1 + np.cos(np.pi * fallen)) / 2)


EXERCISE.holds("the example of the statement comes out")(comes_out([0.5, 1, 1, 0.5], 4, 1, 2))


@EXERCISE.holds("every rate is above 0 and none above the peak")
def between(call):
    for steps, peak, warmup in ((11, 2.0, 3), (5, 3.0, 5), (7, 0.5, 0)):
        rates = np.asarray(call(steps, peak, warmup), dtype=float)
        if not (rates > 0).all() or rates.max() > peak * (1 + 1e-5):
            return f"with peak {text.number(peak)} the rates reach from {text.number(rates.min())} to {text.number(rates.max())}"


@EXERCISE.holds("the first step after the rise has the full rate")
def full(call):
    rate = float(np.asarray(call(11, 2.0, 3))[3])
    return None if abs(rate - 2) < 1e-4 else f"it is {text.number(rate)} where the peak is 2"
