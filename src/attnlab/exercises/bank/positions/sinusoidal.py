"""The table of sinusoids."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(n, width):
    return positions.sinusoidal(np.arange(n), width)


def _turned(n, frequencies):
    angles = positions.angles(np.arange(n), frequencies)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(n, -1)


EXERCISE = Exercise(
    id="positions.sinusoidal",
    title="The table of sinusoids",
    level="apply",
    minutes=12,
    difficulty=1,
    page="positions/sinusoidal",
    headings=("The mathematics",),
    statement=r"""
    Return the table of shape (`n`, `width`) whose row $p$, counted from 0, is the signal of position $p$. Neighbouring features form a pair: first the sine, then the cosine of an angle that grows in proportion to $p$. Each pair has a frequency of its own. The first pair turns by 1 radian per position, the frequencies fall by the same factor from pair to pair, and one more pair, *after* the last, would turn by $1/10000$.

    A tiny example: `sinusoidal(2, 4)` is `[[0, 1, 0, 1], [0.841, 0.540, 0.010, 1.000]]`, to three decimals.
    """,
    slot='''
    def sinusoidal(n, width):
        """Signals of the positions 0 ... n - 1: sines in even features, cosines in odd ones.

        width is even; result: (n, width)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Look at row 0 of the tiny example: $\\sin 0 = 0$ and $\\cos 0 = 1$ take turns. Both of a pair turn at the same frequency.",
        r"There are width / 2 frequencies, $\omega_i = 10000^{-2i / \text{width}}$ for $i = 0, 1, \dots$ The table of angles has the entries $p\,\omega_i$: a column of positions times a row of frequencies.",
        "```python\nfrequencies = 10000.0 ** -(np.arange(0, width, 2) / width)\nangles = np.arange(n)[:, None] * ____\nout = np.empty((n, width))\nout[:, 0::2], out[:, 1::2] = ____, ____\nreturn out\n```",
    ),
    parsons=("multiplied_for_divided", "speed_for_each_feature"),
    why=r"""
    One row of frequencies, one column of positions, and their outer product holds every angle. The two slices with step 2 put sine and cosine side by side.

    **The two most common mistakes.** Giving each *feature* its own frequency, so that sine and cosine no longer belong to one angle; a shift is then no rotation. Dividing twice, that is, multiplying: the frequencies
    are already below 1.

    **Cost.** $n \cdot d$ sines and cosines, once: the table does not depend on the text.
    """,
    verified="equal to the definition for 1 to 5,003 positions and widths from 2 to 14.",
    next_thought="which two positions would look alike if there were only one pair of features?",
    reference=_reference,
)

EXERCISE.probe("7 positions, width 10", 7, 10)
EXERCISE.probe("13 positions, width 6", 13, 6)
EXERCISE.probe("5 positions, width 2", 5, 2)
EXERCISE.probe("300 positions, width 14", 300, 14)
EXERCISE.probe("1 position, width 4", 1, 4)
EXERCISE.probe("5003 positions, width 6", 5003, 6)


@EXERCISE.solve
def sinusoidal_solution(n, width):
    frequencies = 10000.0 ** -(np.arange(0, width, 2) / width)
    angles = np.arange(n)[:, None] * frequencies
    out = np.empty((n, width))
    out[:, 0::2] = np.sin(angles)
    out[:, 1::2] = np.cos(angles)
    return out


@EXERCISE.mutant
def sines_before_cosines(n, width):
    return _reference(n, width)[:, positions.adjacent_to_halves(width)]


@EXERCISE.mutant
def speed_for_each_feature(n, width):
    frequencies = 10000.0 ** -(2 * np.arange(width) / width)
    angles = np.arange(n)[:, None] * frequencies
    out = np.empty((n, width))
    out[:, 0::2] = np.sin(angles[:, 0::2])
    out[:, 1::2] = np.cos(angles[:, 1::2])
    return out


@EXERCISE.mutant
def base_one_thousand(n, width):
    return positions.sinusoidal(np.arange(n), width, 1000.0)


@EXERCISE.mutant
def multiplied_for_divided(n, width):
    frequencies = 10000.0 ** (np.arange(0, width, 2) / width)
    angles = np.arange(n)[:, None] * frequencies
    out = np.empty((n, width))
    out[:, 0::2] = np.sin(angles)
    out[:, 1::2] = np.cos(angles)
    return out


@EXERCISE.mutant(evidence=text.values)
def positions_from_one(n, width):
    return positions.sinusoidal(np.arange(1, n + 1), width)


@EXERCISE.mutant(evidence=text.values)
def sine_and_cosine_exchanged(n, width):
    out = _reference(n, width)
    return out.reshape(n, -1, 2)[..., ::-1].reshape(n, width)


@EXERCISE.mutant
def base_reached_by_the_last_pair(n, width):
    frequencies = 10000.0 ** -(np.arange(width // 2) / max(width // 2 - 1, 1))
    return _turned(n, frequencies)


@EXERCISE.mutant
def one_speed_for_all(n, width):
    return np.tile(positions.sinusoidal(np.arange(n), 2), (1, width // 2))


@EXERCISE.holds("position 0 is zeros and ones in turn")
def start(call):
    first = call(7, 10)[0]
    return None if np.allclose(first, [0, 1] * 5) else f"it begins {text.numbers(first)}"


@EXERCISE.holds("every row has the same length, the root of half the width")
def one_norm(call):
    norms = np.linalg.norm(call(13, 6), axis=-1)
    return None if np.allclose(norms, np.sqrt(3)) else f"lengths {text.numbers(norms)}, expected {text.number(np.sqrt(3))}"


@EXERCISE.holds("neighbours are more alike than positions far apart")
def neighbours(call):
    table = call(60, 32)
    near, far = table[0] @ table[1], table[0] @ table[40]
    return None if near > 1.2 * far else f"dot product {text.number(near)} with the neighbour, {text.number(far)} with position 40"


@EXERCISE.holds("the first pair turns by 1 radian per position, every later one more slowly by the same factor")
def speeds_of_the_pairs(call):
    row = call(2, 8)[1]
    turned = np.arctan2(row[0::2], row[1::2])
    return None if np.allclose(turned, [1, 0.1, 0.01, 0.001]) else f"from position 0 to 1 the pairs of width 8 turn by {text.numbers(turned)} radians"


@EXERCISE.holds("neighbours are equally alike everywhere in a long table")
def alike_everywhere(call):
    table = call(3000, 6)
    near = (table[1:] * table[:-1]).sum(axis=1)
    odd = int(np.argmax(np.abs(near - near[0])))
    return None if np.allclose(near, near[0]) else f"dot product {text.number(near[0])} of positions 0 and 1, {text.number(near[odd])} of {odd} and {odd + 1}"
