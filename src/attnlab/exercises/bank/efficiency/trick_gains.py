"""Reading a waterfall: what each trick gained, and which share of the saving is its own."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(milliseconds):
    before, after = milliseconds[:-1], milliseconds[1:]
    return before / after, (before - after) / (milliseconds[0] - milliseconds[-1])


EXERCISE = Exercise(
    id="efficiency.trick_gains",
    title="Read a waterfall",
    level="analyse",
    minutes=10,
    difficulty=1,
    page="efficiency/kernel_tricks",
    headings=("The waterfall",),
    statement=r"""
    Tricks were added to a loop one after another, and after each the loop was timed: `milliseconds` has $t + 1$ numbers for $t$ tricks, the first without any. All in all something was saved. Return two arrays of $t$ numbers:

    1. `gains`: how many times as fast each trick made the loop **that it found**. All gains multiplied are the gain of all together.
    2. `shares`: the share of **all** saved milliseconds that it saved. All shares add up to 1.

    A trick that made the loop slower has a gain below 1 and a negative share.

    A tiny example: `[8, 4, 3]` gives the gains `[2, 1.333]` and the shares `[0.8, 0.2]`.
    """,
    slot='''
    def trick_gains(milliseconds):
        """What each trick of a waterfall gained.

        milliseconds: (t + 1,), the times in the order in which the tricks were added
        result: gains (t,), shares (t,)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("gains", "shares"),
    hints=(
        "Gains are quotients of neighbours, and multiply; shares are differences of neighbours, and add up.",
        r"With $t_i$ the time after trick $i$: the gain is $t_{i-1} / t_i$, the share $(t_{i-1} - t_i) / (t_0 - t_t)$.",
        "```python\nbefore, after = milliseconds[____], milliseconds[____]\ngains = ____\nshares = ____\nreturn gains, shares\n```",
    ),
    parsons=("gain_upside_down", "share_of_the_start"),
    why=r"""
    A factor of 2 at the beginning of a waterfall saves more milliseconds than a factor of 2 at its end, and so the same trick looks great or small in milliseconds, depending on when it came. Gains do not have this fault, as long as tricks do not get into each other's way.

    **The two most common mistakes.** Dividing the saving by the time at the start: then the shares add up to less than 1. Comparing each time with the first one instead of with its neighbour, so that every trick inherits the gains of all before it.

    **Cost.** None; measuring is the expensive part.
    """,
    verified="one to six tricks, one of which costs time.",
    next_thought="the same tricks in another order: which of your two arrays would change more?",
    reference=_reference,
)

EXERCISE.probe("two tricks", np.array([8.0, 4.0, 3.0]))
EXERCISE.probe("four tricks, the third of which costs time", np.array([290.0, 170.0, 130.0, 142.0, 61.0]))
EXERCISE.probe("one trick", np.array([5.0, 2.0]))
EXERCISE.probe("six tricks", np.array([731.0, 402.0, 390.0, 371.0, 366.0, 298.0, 113.0]))


@EXERCISE.solve
def trick_gains_solution(milliseconds):
    before, after = milliseconds[:-1], milliseconds[1:]
    gains = before / after
    shares = (before - after) / (milliseconds[0] - milliseconds[-1])
    return gains, shares


@EXERCISE.mutant
def gain_upside_down(milliseconds):
    before, after = milliseconds[:-1], milliseconds[1:]
    gains = after / before
    shares = (before - after) / (milliseconds[0] - milliseconds[-1])
    return gains, shares


@EXERCISE.mutant
def share_of_the_start(milliseconds):
    before, after = milliseconds[:-1], milliseconds[1:]
    gains = before / after
    shares = (before - after) / milliseconds[0]
    return gains, shares


@EXERCISE.mutant
def gain_from_the_start(milliseconds):
    return milliseconds[0] / milliseconds[1:], _reference(milliseconds)[1]


@EXERCISE.mutant
def share_of_what_was_left(milliseconds):
    gains = _reference(milliseconds)[0]
    return gains, 1 - 1 / gains


@EXERCISE.mutant
def slower_counted_as_nothing(milliseconds):
    gains, shares = _reference(milliseconds)
    return np.maximum(gains, 1), np.maximum(shares, 0)


@EXERCISE.mutant
def saved_time_for_gain(milliseconds):
    return milliseconds[:-1] - milliseconds[1:], _reference(milliseconds)[1]


@EXERCISE.mutant
def shares_added_up(milliseconds):
    gains, shares = _reference(milliseconds)
    return gains, np.cumsum(shares)


_TIMES = np.array([40.0, 25.0, 30.0, 12.0])


@EXERCISE.holds("all gains multiplied are the gain of all together")
def product(call):
    found = float(np.prod(call(_TIMES)[0]))
    return None if abs(found - 40 / 12) < 1e-4 else f"from 40 to 12 milliseconds they give {text.number(found)}"


@EXERCISE.holds("the shares add up to 1")
def whole(call):
    found = float(np.sum(call(_TIMES)[1]))
    return None if abs(found - 1) < 1e-4 else f"they add up to {text.number(found)}"


@EXERCISE.holds("a trick that costs time has a gain below 1 and a negative share")
def slower(call):
    gains, shares = call(_TIMES)
    if not (float(gains[1]) < 1 and float(shares[1]) < 0):
        return f"from 25 to 30 milliseconds: gain {text.number(float(gains[1]))}, share {text.number(float(shares[1]))}"


@EXERCISE.holds("in other units everything stays the same")
def units(call):
    gaps = [float(np.abs(a - b).max()) for a, b in zip(call(_TIMES), call(_TIMES / 1000))]
    return None if max(gaps) < 1e-4 else f"in seconds they differ by {text.number(max(gaps))}"
