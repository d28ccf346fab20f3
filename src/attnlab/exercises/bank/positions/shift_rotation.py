"""The matrix that moves every signal on by a fixed number of positions."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _blocks(width, entries):
    """A matrix with one 2 x 2 block for each pair; `entries` gives the four numbers for all pairs' angles."""
    out, even = np.zeros((width, width)), np.arange(0, width, 2)
    for (row, column), value in zip(((0, 0), (0, 1), (1, 0), (1, 1)), entries):
        out[even + row, even + column] = value
    return out


def _trigonometry(width, shift):
    angles = shift * positions.frequencies(width)
    return np.cos(angles), np.sin(angles)


def _reference(width, shift):
    cos, sin = _trigonometry(width, shift)
    return _blocks(width, (cos, sin, -sin, cos))


EXERCISE = Exercise(
    id="positions.shift_rotation",
    title="The matrix of a shift",
    level="understand",
    minutes=15,
    difficulty=2,
    page="positions/sinusoidal",
    headings=("A shift is a rotation",),
    statement=r"""
    Return the square matrix $R$ with $R\,u_p = u_{p + \text{shift}}$ for the sinusoidal signal $u_p$ (a column of `width` numbers) of *every* position $p$. Even features of a signal are sines, odd ones cosines, and pair $i$
    turns at $\omega_i = 10000^{-2i/\text{width}}$ per position. The shift may be negative.

    A tiny example: `shift_rotation(2, 1)` is `[[0.540, 0.841], [-0.841, 0.540]]`, to three decimals.
    """,
    slot='''
    def shift_rotation(width, shift):
        """R with R @ signal(p) == signal(p + shift) for every position p.

        width is even; result: (width, width)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The matrix does not depend on the position. Test yours with any two signals that are `shift` apart; the two of a pair mix with each other and with nobody else.",
        r"$\sin(a + b) = \sin a \cos b + \cos a \sin b$ and $\cos(a + b) = \cos a \cos b - \sin a \sin b$, with $a = p\,\omega_i$ and $b = \text{shift} \cdot \omega_i$. Read off what multiplies $\sin a$ and what multiplies $\cos a$.",
        "```python\nangles = shift * 10000.0 ** -(np.arange(0, width, 2) / width)\nout = np.zeros((width, width))\nfor i, b in enumerate(angles):\n    out[2 * i, 2 * i : 2 * i + 2] = ____, ____\n    out[2 * i + 1, 2 * i : 2 * i + 2] = ____, ____\nreturn out\n```",
    ),
    parsons=("shifted_backwards", "one_angle_for_all"),
    why=r"""
    The signal of each pair turns with the pair's own frequency. To move on by `shift` positions, turn every pair by its own angle: a rotation in the plane of the pair, whatever the position.

    **The two most common mistakes.** The signs: with the sine first, the minus sign stands in the *second* row. One angle for all pairs, where each has its own frequency.

    **Cost.** $d^2$ numbers, almost all of them zero. Nobody multiplies by this matrix in practice; that it *exists*, and is the same for all positions, is the point.
    """,
    verified="it moves signals by 3, −2, 7, 0 and 1,000 positions, at widths 2 to 14.",
    next_thought="what is the product of the matrices for shifts of 3 and of −3?",
    reference=_reference,
)

EXERCISE.probe("width 6, shift 3", 6, 3)
EXERCISE.probe("width 10, shift -2", 10, -2)
EXERCISE.probe("width 4, shift 7", 4, 7)
EXERCISE.probe("width 2, shift 1", 2, 1)
EXERCISE.probe("width 14, shift 1000", 14, 1000)
EXERCISE.probe("width 4, shift 0", 4, 0)


@EXERCISE.solve
def shift_rotation_solution(width, shift):
    angles = shift * 10000.0 ** -(np.arange(0, width, 2) / width)
    out = np.zeros((width, width))
    for i, b in enumerate(angles):
        out[2 * i, 2 * i : 2 * i + 2] = np.cos(b), np.sin(b)
        out[2 * i + 1, 2 * i : 2 * i + 2] = -np.sin(b), np.cos(b)
    return out


@EXERCISE.mutant
def shifted_backwards(width, shift):
    angles = shift * 10000.0 ** -(np.arange(0, width, 2) / width)
    out = np.zeros((width, width))
    for i, b in enumerate(angles):
        out[2 * i, 2 * i : 2 * i + 2] = np.cos(b), -np.sin(b)
        out[2 * i + 1, 2 * i : 2 * i + 2] = np.sin(b), np.cos(b)
    return out


@EXERCISE.mutant
def one_angle_for_all(width, shift):
    angles = np.full(width // 2, shift)
    out = np.zeros((width, width))
    for i, b in enumerate(angles):
        out[2 * i, 2 * i : 2 * i + 2] = np.cos(b), np.sin(b)
        out[2 * i + 1, 2 * i : 2 * i + 2] = -np.sin(b), np.cos(b)
    return out


@EXERCISE.mutant
def pairs_taken_as_halves(width, shift):
    cos, sin = (np.diag(part) for part in _trigonometry(width, shift))
    return np.block([[cos, sin], [-sin, cos]])


@EXERCISE.mutant
def pair_reflected(width, shift):
    cos, sin = _trigonometry(width, shift)
    return _blocks(width, (cos, sin, sin, -cos))


@EXERCISE.mutant
def cosines_alone(width, shift):
    cos, sin = _trigonometry(width, shift)
    return _blocks(width, (cos, 0 * sin, 0 * sin, cos))


@EXERCISE.mutant
def shift_of_one(width, shift):
    return _reference(width, 1)


@EXERCISE.mutant
def rotation_with_sine_and_cosine_exchanged(width, shift):
    cos, sin = _trigonometry(width, shift)
    return _blocks(width, (sin, cos, -cos, sin))


@EXERCISE.holds("it moves the signals of positions 0, 5 and 90 by the shift")
def moves(call):
    matrix = call(6, 3)
    for p in (0, 5, 90):
        here, there = positions.sinusoidal(np.array([p, p + 3]), 6)
        if not np.allclose(matrix @ here, there):
            return f"from position {p} the first numbers should be {text.numbers(there, 2)} and are {text.numbers(matrix @ here, 2)}"
    return None


@EXERCISE.holds("it keeps every length")
def keeps_lengths(call):
    matrix = call(6, 3)
    return None if np.allclose(matrix @ matrix.T, np.eye(6)) else f"a vector of length 1 becomes {text.number(np.linalg.norm(matrix[:, 0]))} long"


@EXERCISE.holds("a shift by nothing changes nothing")
def identity(call):
    matrix = call(4, 0)
    return None if np.allclose(matrix, np.eye(4)) else f"the matrix begins {text.numbers(matrix)}"


@EXERCISE.holds("each pair turns by its own frequency times the shift")
def own_speeds(call):
    matrix, even = call(8, 1), np.arange(0, 8, 2)
    turned = np.arctan2(matrix[even, even + 1], matrix[even, even])
    return None if np.allclose(turned, [1, 0.1, 0.01, 0.001]) else f"a shift of 1 turns the pairs of width 8 by {text.numbers(turned)} radians"


@EXERCISE.holds("a shift and the same shift back cancel")
def there_and_back(call):
    both = call(6, 3) @ call(6, -3)
    return None if np.allclose(both, np.eye(6)) else f"together, 3 and -3 give a matrix that begins {text.numbers(both)}"


@EXERCISE.holds("two shifts of 500 are one of 1,000")
def added_up(call):
    gap = np.abs(call(4, 500) @ call(4, 500) - call(4, 1000)).max()
    return None if gap < 1e-9 else f"the matrices differ by up to {text.number(gap)}"
