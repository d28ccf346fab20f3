"""When to stop: no new lowest held-out loss for a while."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(losses, patience):
    for stop in range(len(losses)):
        best = int(np.argmin(losses[: stop + 1]))
        if stop - best == patience:
            break
    return best, stop


EXERCISE = Exercise(
    id="start.early_stopping",
    title="Patience",
    level="apply",
    minutes=15,
    difficulty=2,
    page="start/what_training_is",
    headings=("Held-out data and overfitting",),
    statement=r"""
    While a model trains, its loss on held-out data is measured again and again; the results arrive one by one. Training stops at the first measurement that is the `patience`-th **in a row** without
    a new lowest loss, or at the last one if that never happens. An equal loss is not a new lowest.

    Return `(best, stop)`: the place of the lowest loss *seen by then* (the first of them, if there are several) and the place where training stops. Places count from 0.

    A tiny example: `losses = [5, 3, 4, 3, 1]` and `patience = 2` give `(1, 3)`: the 1 is never seen.
    """,
    slot='''
    def early_stopping(losses, patience):
        """Where the lowest held-out loss was, and where training stopped.

        losses: (measurements,), at least one; patience: a whole number, at least 1; result: two whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "What has not been measured yet cannot be used. Whether to stop depends on how long ago the best measurement was.",
        "Keep the place of the best loss so far. It moves only when a loss is strictly lower. Stop where the distance to it reaches the patience.",
        "```python\nbest = 0\nfor stop, loss in enumerate(losses):\n    if loss < ____:\n        best = ____\n    if stop - best == ____:\n        break\nreturn best, stop\n```",
    ),
    parsons=("compared_with_the_one_before", "equal_counts_as_better"),
    why=r"""
    The distance to the best place *is* the number of measurements in a row without a new lowest, so no second counter is needed. The parameters of the best place are the ones to keep.

    **The two most common mistakes.** Comparing with the measurement before: a loss that zigzags upwards then never runs out of patience. Keeping the last parameters instead of the best.

    **Cost.** One comparison a measurement; the measurements themselves cost a pass over the held-out data each.
    """,
    verified="losses that fall, rise, zigzag, stay equal and recover, one measurement, and patience from 1 to more than there are measurements.",
    next_thought="the lowest of many noisy measurements is partly luck. Is the held-out loss you report after this choice still honest?",
    reference=_reference,
    parts=("best", "stop"),
)

EXERCISE.probe("falls, rises, falls deeper", np.array([5.0, 3.0, 3.5, 4.0, 2.0, 1.0]), 2)
EXERCISE.probe("a zigzag upwards", np.array([1.0, 3.0, 2.0, 4.0, 3.0, 5.0, 4.0]), 3)
EXERCISE.probe("always lower", np.array([7.0, 6.0, 5.0, 4.0, 3.0]), 2)
EXERCISE.probe("equal after a fall", np.array([4.0, 2.0, 2.0, 2.0, 2.0, 1.0]), 3)
EXERCISE.probe("one measurement", np.array([2.0]), 1)
EXERCISE.probe("patience for everything", np.array([3.0, 1.0, 2.0, 2.5, 2.0]), 10)
EXERCISE.probe("a small gain resets the count", np.array([9.0, 8.0, 8.5, 7.9, 8.2, 8.3, 8.4, 8.1, 0.0]), 4)
EXERCISE.probe("three bad ones, a gain, five bad ones, patience of five", np.array([5.0, 4.0, 4.5, 4.6, 4.7, 3.0, 9.0, 8.0, 9.5, 7.0, 7.5, 1.0]), 5)
EXERCISE.probe("patience of one", np.array([3.0, 2.0, 2.5, 1.0]), 1)
EXERCISE.probe("worse from the start", np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 2)
EXERCISE.probe("whole numbers below zero", np.array([-1, -3, -2, -3, -2, -9]), 3)


@EXERCISE.solve
def early_stopping_solution(losses, patience):
    best = 0
    for stop, loss in enumerate(losses):
        if loss < losses[best]:
            best = stop
        if stop - best == patience:
            break
    return best, stop


@EXERCISE.mutant
def compared_with_the_one_before(losses, patience):
    best = 0
    for stop, loss in enumerate(losses):
        if stop and loss < losses[stop - 1]:
            best = stop
        if stop - best == patience:
            break
    return best, stop


@EXERCISE.mutant
def equal_counts_as_better(losses, patience):
    best = 0
    for stop, loss in enumerate(losses):
        if loss <= losses[best]:
            best = stop
        if stop - best == patience:
            break
    return best, stop


def _stop(losses, patience):
    return _reference(losses, patience)[1]


@EXERCISE.mutant
def lowest_of_all_the_losses(losses, patience):
    return int(np.argmin(losses)), _stop(losses, patience)


@EXERCISE.mutant
def last_instead_of_best(losses, patience):
    return _stop(losses, patience), _stop(losses, patience)


@EXERCISE.mutant
def patience_one_too_long(losses, patience):
    return _reference(losses, patience + 1)


@EXERCISE.mutant
def patience_never_reset(losses, patience):
    best = waited = 0
    for stop, loss in enumerate(losses):
        if loss < losses[best]:
            best = stop
        elif stop:
            waited += 1
        if waited == patience:
            break
    return best, stop


@EXERCISE.mutant
def stopped_at_the_best(losses, patience):
    best, _ = _reference(losses, patience)
    return best, best


EXERCISE.holds("the example of the statement comes out")(comes_out((1, 3), np.array([5, 3, 4, 3, 1]), 2))


@EXERCISE.holds("what comes after the stop changes nothing")
def no_future(call):
    seen = np.array([5.0, 3.0, 4.0, 4.5])
    for later in (-100.0, 100.0):
        best, stop = (float(part) for part in call(np.append(seen, [later] * 3), 2))
        if (best, stop) != (1, 3):
            return f"for 5, 3, 4, 4.5 and then {text.number(later)} it is {text.number(best)} and {text.number(stop)}, not 1 and 3"
