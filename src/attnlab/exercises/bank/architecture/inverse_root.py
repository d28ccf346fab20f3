"""The schedule of 2017 by its peak: up in a line, down with the root of the step, taken up after so many steps."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(done, steps, peak, warmup):
    n = done + 1 + np.arange(steps, dtype=float)
    return peak * np.minimum(n / warmup, np.sqrt(warmup / n))


EXERCISE = Exercise(
    id="architecture.inverse_root",
    title="The schedule of 2017, by its peak",
    level="apply",
    minutes=10,
    difficulty=2,
    page="architecture/training",
    headings=("Warm-up and the schedule",),
    statement=r"""
    The page's formula hides the height of its peak in the width of the model. Write the same shape so that the peak is said: the rate of step $n$, counted from 1, rises in a straight line to $\eta$ (`peak`) at step $u$ (`warmup`), and from there falls with one over the root of the step,

    $$\eta_n = \eta \,\frac{n}{u} \ \text{ up to } n = u, \qquad \eta_n = \eta \sqrt{u / n} \ \text{ from there on.}$$

    A run may be resumed: `done` steps have been taken already. Return the rates of the **next** `steps` steps.

    `warmup` is at least 1, `done` at least 0, `steps` at least 1. A tiny example: `done=0`, `steps=4`, `peak=1`, `warmup=2` give `[0.5, 1, 0.816, 0.707]`; `done=2`, `steps=2` give the last two of them.
    """,
    slot='''
    def inverse_root(done, steps, peak, warmup):
        """The learning rates of the next steps.

        done, steps, warmup: whole numbers, peak: a number; result: (steps,)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "At step $u$ both pieces give the peak. At step $4u$ half of it is left.",
        "Make the numbers of the steps first: the first one is `done + 1`. Below the peak the line is the smaller of the two pieces, and above it the root is.",
        "```python\nn = np.arange(____, ____)\nrising = n / warmup\nfalling = np.sqrt(____)\nreturn peak * ____(rising, falling)\n```",
    ),
    parsons=("steps_counted_from_nought", "warm_up_again_after_a_pause"),
    why=r"""
    Said this way, the peak can be chosen without looking at the model, and the warm-up can be changed without moving the peak. In the page's form a longer warm-up also means a lower peak.

    **The two most common mistakes.** Counting from 0: the first step then has the rate 0, and in the page's form the power $0^{-1/2}$ is infinite. Starting the warm-up again after a pause.

    **Cost.** None worth counting. The rate never reaches 0 and needs no number of steps in advance, which is why this shape suits runs whose end is not known.
    """,
    verified="eight stretches: from the first step, across the peak, wholly behind it, a warm-up of a single step, and a single step.",
    next_thought="by what factor does the sum of the first $n$ rates grow if $n$ grows fourfold, long after the peak?",
    reference=_reference,
)

EXERCISE.probe("11 steps from the first, peak 2 at the third", 0, 11, 2.0, 3)
EXERCISE.probe("7 steps after 5, across the peak at 8", 5, 7, 0.5, 8)
EXERCISE.probe("5 steps long after the peak", 90, 5, 3.0, 10)
EXERCISE.probe("5 steps of the rise", 2, 5, 1.0, 20)
EXERCISE.probe("a warm-up of one step", 0, 6, 1.5, 1)
EXERCISE.probe("one step, that of the peak", 12, 1, 2.0, 13)
EXERCISE.probe("a whole number for the peak", 1, 9, 4, 4)
EXERCISE.probe("40 steps after 4000, warm-up of 4020", 4000, 40, 0.7, 4020)


@EXERCISE.solve
def inverse_root_solution(done, steps, peak, warmup):
    n = np.arange(done + 1, done + steps + 1)
    rising = n / warmup
    falling = np.sqrt(warmup / n)
    return peak * np.minimum(rising, falling)


@EXERCISE.mutant
def steps_counted_from_nought(done, steps, peak, warmup):
    n = np.arange(done, done + steps)
    rising = n / warmup
    falling = np.sqrt(warmup / np.maximum(n, 1))
    return peak * np.minimum(rising, falling)


@EXERCISE.mutant
def warm_up_again_after_a_pause(done, steps, peak, warmup):
    n = np.arange(1, steps + 1)
    rising = n / warmup
    falling = np.sqrt(warmup / n)
    return peak * np.minimum(rising, falling)


@EXERCISE.mutant
def root_schedule_without_warm_up(done, steps, peak, warmup):
    return peak * np.sqrt(warmup / (done + 1 + np.arange(steps)))


@EXERCISE.mutant
def falls_with_the_step_itself(done, steps, peak, warmup):
    n = done + 1 + np.arange(steps)
    return peak * np.minimum(n / warmup, warmup / n)


@EXERCISE.mutant
def root_counted_from_the_peak(done, steps, peak, warmup):
    n = done + 1 + np.arange(steps)
    return peak * np.where(n <= warmup, n / warmup, 1 / np.sqrt(np.maximum(n - warmup, 1)))


@EXERCISE.mutant
def peak_not_divided_out(done, steps, peak, warmup):
    n = done + 1 + np.arange(steps)
    return peak * np.minimum(n * warmup**-1.5, n**-0.5)


@EXERCISE.mutant
def larger_piece_taken(done, steps, peak, warmup):
    n = done + 1 + np.arange(steps)
    return peak * np.maximum(n / warmup, np.sqrt(warmup / n))


@EXERCISE.mutant
def constant_after_the_rise(done, steps, peak, warmup):
    n = done + 1 + np.arange(steps)
    return peak * np.minimum(n / warmup, 1.0)


@EXERCISE.mutant
def rise_with_the_root_too(done, steps, peak, warmup):
    n = done + 1 + np.arange(steps)
    return peak * np.sqrt(np.minimum(n / warmup, warmup / n))


@EXERCISE.mutant
def rates_from_the_very_first_step(done, steps, peak, warmup):
    return _reference(0, done + steps, peak, warmup)


EXERCISE.holds("the example of the statement comes out")(comes_out([0.5, 1, 0.816, 0.707], 0, 4, 1, 2))


@EXERCISE.holds("a run in two stretches has the rates of the run in one")
def resumed(call):
    whole = np.asarray(call(0, 9, 2.0, 4), dtype=float)
    parts = np.concatenate([np.asarray(call(0, 3, 2.0, 4), dtype=float), np.asarray(call(3, 6, 2.0, 4), dtype=float)])
    return None if whole.shape == parts.shape and np.abs(whole - parts).max() < 1e-5 else f"in one {text.numbers(whole)}, in two {text.numbers(parts)}"


@EXERCISE.holds("the highest rate is the peak, at the last step of the warm-up")
def peak_there(call):
    rates = np.asarray(call(0, 20, 0.5, 6), dtype=float)
    if abs(rates.max() - 0.5) > 1e-5:
        return f"the highest rate is {text.number(rates.max())}, with a peak of 0.5"
    return None if int(rates.argmax()) == 5 else f"it is the rate of step {int(rates.argmax()) + 1}, with a warm-up of 6"
