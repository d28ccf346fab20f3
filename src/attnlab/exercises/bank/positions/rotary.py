"""Rotary positions in adjacent pairs."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(x, p):
    return positions.rotary(np.asarray(x, dtype=float), p)


EXERCISE = Exercise(
    id="positions.rotary",
    title="Turn a table of queries",
    level="apply",
    minutes=12,
    difficulty=2,
    page="positions/relative",
    headings=("Rotary: turn queries and keys",),
    statement=r"""
    Row $t$ of `x` is a query (or a key) at position `p[t]`. Take each pair of **neighbouring** features, $x_{2i}$ and $x_{2i+1}$, as a point in a plane, and turn it about the origin, from the first axis towards the second, by position times frequency. The frequencies are those of the sinusoidal signal of the same width.

    A tiny example: the row `[1, 0]` at position 1 becomes `[0.540, 0.841]`.
    """,
    slot='''
    def rotary(x, p):
        """Each pair of neighbouring features turned by position times frequency.

        x: (n, d) with d even; p: (n,) positions; result: (n, d)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A rotation keeps lengths, and at position 0 nothing moves. Those two tests find most mistakes.",
        r"Even features: $x_{2i} \cos\varphi - x_{2i+1} \sin\varphi$. Odd ones: $x_{2i} \sin\varphi + x_{2i+1} \cos\varphi$. The angles are a table (n, d / 2): positions times frequencies.",
        "```python\nfrequencies = 10000.0 ** -(np.arange(0, x.shape[1], 2) / x.shape[1])\nangles = p[:, None] * frequencies\na, b = x[:, 0::2], x[:, 1::2]\nout = np.empty(x.shape)\nout[:, 0::2] = ____\nout[:, 1::2] = ____\nreturn out\n```",
    ),
    parsons=("rotation_with_one_wrong_sign", "row_numbers_for_positions"),
    why=r"""
    Two slices with step 2 hold the first and the second of every pair, and four products turn them all at once.

    **The two most common mistakes.** Mixing conventions: angles laid out for neighbours, a rotation that pairs the halves. Taking row numbers for positions: right while training, wrong for the one new row while generating.

    **Cost.** About $3d$ operations a row, next to nothing beside a projection's $2d^2$.
    """,
    verified="equal to the definition at several widths and at positions that are not the row numbers.",
    next_thought="what would change in the scores if every position were raised by 1,000?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
_x, _p = _rng.normal(size=(7, 10)), np.array([0, 1, 2, 5, 9, 30, 400])
EXERCISE.probe("7 rows of width 10", _x, _p)
EXERCISE.probe("in falling order", _rng.normal(size=(3, 6)), np.array([11, 4, 2]))
EXERCISE.probe("one new row", _rng.normal(size=(1, 14)), np.array([17]))
EXERCISE.probe("whole numbers of width 2", np.array([[1, 0], [0, 2], [3, -1]]), np.array([1, 0, 5]))
EXERCISE.probe("far into a text", _rng.normal(size=(2, 4)), np.array([3000, 2999]))


@EXERCISE.solve
def rotary_solution(x, p):
    frequencies = 10000.0 ** -(np.arange(0, x.shape[1], 2) / x.shape[1])
    angles = p[:, None] * frequencies
    a, b = x[:, 0::2], x[:, 1::2]
    out = np.empty(x.shape)
    out[:, 0::2] = a * np.cos(angles) - b * np.sin(angles)
    out[:, 1::2] = a * np.sin(angles) + b * np.cos(angles)
    return out


@EXERCISE.mutant
def pairings_mixed(x, p):
    angles = np.repeat(positions.angles(p, positions.frequencies(x.shape[1])), 2, axis=1)
    first, second = np.split(x, 2, axis=1)
    return x * np.cos(angles) + np.concatenate([-second, first], axis=1) * np.sin(angles)


@EXERCISE.mutant
def rotated_in_halves(x, p):
    return positions.rotary(x, p, rotate=positions.rotate_halves)


@EXERCISE.mutant
def rotated_backwards(x, p):
    return _reference(x, -p)


@EXERCISE.mutant
def signal_added_for_rotation(x, p):
    return x + positions.sinusoidal(p, x.shape[1])


@EXERCISE.mutant
def rotation_with_one_wrong_sign(x, p):
    frequencies = 10000.0 ** -(np.arange(0, x.shape[1], 2) / x.shape[1])
    angles = p[:, None] * frequencies
    a, b = x[:, 0::2], x[:, 1::2]
    out = np.empty(x.shape)
    out[:, 0::2] = a * np.cos(angles) + b * np.sin(angles)
    out[:, 1::2] = a * np.sin(angles) + b * np.cos(angles)
    return out


@EXERCISE.mutant
def row_numbers_for_positions(x, p):
    frequencies = 10000.0 ** -(np.arange(0, x.shape[1], 2) / x.shape[1])
    angles = np.arange(len(x))[:, None] * frequencies
    a, b = x[:, 0::2], x[:, 1::2]
    out = np.empty(x.shape)
    out[:, 0::2] = a * np.cos(angles) - b * np.sin(angles)
    out[:, 1::2] = a * np.sin(angles) + b * np.cos(angles)
    return out


@EXERCISE.mutant
def one_angle_for_all(x, p):
    return positions.rotary(x, p, np.ones(x.shape[1] // 2))


@EXERCISE.mutant
def base_one_thousand(x, p):
    return positions.rotary(x, p, positions.frequencies(x.shape[1], 1000.0))


@EXERCISE.holds("lengths are kept")
def lengths(call):
    before, after = np.linalg.norm(_x, axis=1), np.linalg.norm(call(_x, _p), axis=1)
    return None if np.allclose(before, after) else f"lengths {text.numbers(before, 3)} become {text.numbers(after, 3)}"


@EXERCISE.holds("position 0 changes nothing")
def at_zero(call):
    out = call(_x[:1], np.array([0]))
    return None if np.allclose(out, _x[:1]) else f"the row begins {text.numbers(out, 2)} and was {text.numbers(_x[0], 2)}"


@EXERCISE.holds("a score depends on the offset alone")
def offset_alone(call):
    scores = [float(call(_x[:1], np.array([p + 3]))[0] @ call(_x[1:2], np.array([p]))[0]) for p in (0, 20)]
    return None if abs(scores[0] - scores[1]) < 1e-6 else f"at offset 3 the scores are {text.numbers(np.array(scores))}"


@EXERCISE.holds("position 1 turns each pair by its own frequency")
def own_speeds(call):
    out = call(np.tile([1.0, 0.0], 4)[None], np.array([1]))[0]
    turned = np.arctan2(out[1::2], out[0::2])
    return None if np.allclose(turned, [1, 0.1, 0.01, 0.001]) else f"position 1 turns the pairs of width 8 by {text.numbers(turned)} radians"


@EXERCISE.holds("a row comes out the same alone and among others")
def alone(call):
    among, by_itself = call(_x[:3], np.array([9, 40, 2])), call(_x[2:3], np.array([2]))
    return None if np.allclose(among[2], by_itself[0]) else f"at position 2 it begins {text.numbers(among[2], 2)} among others and {text.numbers(by_itself, 2)} alone"


@EXERCISE.holds("two turns by 1,500 positions are one by 3,000")
def added_up(call):
    once, twice = call(_x[:1], np.array([3000])), call(np.asarray(call(_x[:1], np.array([1500]))), np.array([1500]))
    return None if np.allclose(once, twice) else f"they begin {text.numbers(twice, 2)} and {text.numbers(once, 2)}"
