"""Rotary positions for patches of a picture."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.reference import positions


def _reference(x, rows, columns):
    first, second = np.split(np.asarray(x, dtype=float), 2, axis=1)
    return np.hstack([positions.rotary(first, rows), positions.rotary(second, columns)])


EXERCISE = Exercise(
    id="positions.rotary_in_a_picture",
    title="Two directions",
    level="create",
    minutes=25,
    difficulty=3,
    page="positions/problems",
    statement=r"""
    Patches of a picture have two positions, a row and a column. Build rotary positions for them: the score of two patches should depend on how many rows *and* how many columns lie between them, and on nothing else about their places.

    The agreed form, so that it can be checked: the first half of the features is turned by the row, the second half by the column. Within each half of width $h$, neighbours form a pair and pair $i$ has the frequency $10000^{-2i/h}$.

    For example, a patch in row 0 keeps the first half of its features, and one in column 0 the second.
    """,
    slot='''
    def rotary_in_a_picture(x, rows, columns):
        """Queries or keys of patches, turned by row and by column.

        x: (patches, width), width a multiple of 4; rows, columns: (patches,) whole numbers
        result: (patches, width)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "You know how to do it for one direction. Which features may know about the other one?",
        r"Each half is a rotary embedding of its own, of width $h$, with its own frequencies from $1$ down.",
        "```python\nh = x.shape[1] // 2\nfrequencies = 10000.0 ** (-np.arange(0, ____, 2) / ____)\nturned = []\nfor part, place in ((x[:, :h], rows), (x[:, h:], ____)):\n    a, b = part[:, 0::2], part[:, 1::2]\n"
        "    angle = np.outer(place, frequencies)\n    pair = [____, ____]\n    turned.append(np.stack(pair, axis=-1).reshape(part.shape))\nreturn np.hstack(turned)\n```",
    ),
    parsons=("rows_for_both", "rows_and_columns_exchanged"),
    why=r"""
    The score is a sum over pairs, and each pair knows one of the two offsets; so the sum knows both. Numbering the patches in reading order and turning by that number would make the patch below as far away as a whole row.

    **The two most common mistakes.** Turning all features by row plus column: then one step down and one step right are the same step. One position in reading order, which knows nothing of what is below.

    **Cost.** The same as in one direction. Each direction has half of the pairs.
    """,
    verified="equal to the definition for four sets of patches; scores know both offsets and nothing else.",
    next_thought="how would you add a third position, for the frames of a film?",
    reference=_reference,
)

_rng = np.random.default_rng(0)
EXERCISE.probe("5 patches of width 12", _rng.normal(size=(5, 12)), np.array([0, 1, 1, 4, 7]), np.array([3, 0, 2, 1, 5]))
EXERCISE.probe("3 patches of width 4", _rng.normal(size=(3, 4)), np.array([2, 0, 9]), np.array([0, 6, 1]))
EXERCISE.probe("8 patches of width 8", _rng.normal(size=(8, 8)), np.arange(8) // 3, np.arange(8) % 3)
EXERCISE.probe("1 patch of width 20, far from the corner", _rng.normal(size=(1, 20)), np.array([70]), np.array([411]))


@EXERCISE.solve
def rotary_in_a_picture_solution(x, rows, columns):
    h = x.shape[1] // 2
    frequencies = 10000.0 ** (-np.arange(0, h, 2) / h)
    turned = []
    for part, place in ((x[:, :h], rows), (x[:, h:], columns)):
        a, b = part[:, 0::2], part[:, 1::2]
        angle = np.outer(place, frequencies)
        first = a * np.cos(angle) - b * np.sin(angle)
        second = a * np.sin(angle) + b * np.cos(angle)
        turned.append(np.stack([first, second], axis=-1).reshape(part.shape))
    return np.hstack(turned)


@EXERCISE.mutant
def rows_for_both(x, rows, columns):
    h = x.shape[1] // 2
    frequencies = 10000.0 ** (-np.arange(0, h, 2) / h)
    turned = []
    for part, place in ((x[:, :h], rows), (x[:, h:], rows)):
        a, b = part[:, 0::2], part[:, 1::2]
        angle = np.outer(place, frequencies)
        first = a * np.cos(angle) - b * np.sin(angle)
        second = a * np.sin(angle) + b * np.cos(angle)
        turned.append(np.stack([first, second], axis=-1).reshape(part.shape))
    return np.hstack(turned)


@EXERCISE.mutant
def rows_and_columns_exchanged(x, rows, columns):
    h = x.shape[1] // 2
    frequencies = 10000.0 ** (-np.arange(0, h, 2) / h)
    turned = []
    for part, place in ((x[:, :h], columns), (x[:, h:], rows)):
        a, b = part[:, 0::2], part[:, 1::2]
        angle = np.outer(place, frequencies)
        first = a * np.cos(angle) - b * np.sin(angle)
        second = a * np.sin(angle) + b * np.cos(angle)
        turned.append(np.stack([first, second], axis=-1).reshape(part.shape))
    return np.hstack(turned)


@EXERCISE.mutant
def patches_in_reading_order(x, rows, columns):
    return positions.rotary(x, rows * (columns.max() + 1) + columns)


@EXERCISE.mutant
def row_plus_column(x, rows, columns):
    return positions.rotary(x, rows + columns)


@EXERCISE.mutant
def speeds_of_the_whole_width(x, rows, columns):
    frequencies = positions.frequencies(x.shape[1])
    first, second = np.split(x, 2, axis=1)
    k = len(frequencies) // 2
    return np.hstack([positions.rotary(first, rows, frequencies[:k]), positions.rotary(second, columns, frequencies[k:])])


@EXERCISE.mutant
def exponent_of_the_whole_width(x, rows, columns):
    frequencies = positions.frequencies(x.shape[1])[: x.shape[1] // 4]
    first, second = np.split(x, 2, axis=1)
    return np.hstack([positions.rotary(first, rows, frequencies), positions.rotary(second, columns, frequencies)])


@EXERCISE.mutant
def directions_take_turns(x, rows, columns):
    angles = np.outer(rows, positions.frequencies(x.shape[1]))
    angles[:, 1::2] = np.outer(columns, positions.frequencies(x.shape[1]))[:, 1::2]
    return positions.rotate_adjacent(x, angles)


def _score(call, rows, columns):
    q, k = np.random.default_rng(5).normal(size=(2, 1, 8))
    q, k = (call(x, np.array([r]), np.array([c])) for x, r, c in ((q, rows[0], columns[0]), (k, rows[1], columns[1])))
    return float((q @ k.T)[0, 0])


@EXERCISE.holds("moving the whole picture changes no score")
def moved(call):
    gap = _score(call, (1, 3), (2, 7)) - _score(call, (11, 13), (42, 47))
    return None if abs(gap) < 1e-9 else f"a score moves by {text.number(abs(gap))}"


@EXERCISE.holds("a step down is another step than one to the right")
def told_apart(call):
    gap = _score(call, (1, 2), (3, 3)) - _score(call, (1, 1), (3, 4))
    return None if abs(gap) > 1e-6 else "both give the same score"


@EXERCISE.holds("a patch in row 0 keeps its first half, one in column 0 its second")
def kept_at_the_edge(call):
    x = np.arange(1.0, 9)[None]
    for half, place, name in ((slice(0, 4), (0, 5), "row 0, the first"), (slice(4, 8), (5, 0), "column 0, the second")):
        out = call(x, *(np.array([one]) for one in place))[0, half]
        if not np.allclose(out, x[0, half]):
            return f"in {name} half was {text.numbers(x[0, half])} and is {text.numbers(out)}"
    return None


@EXERCISE.holds("the first half knows rows only")
def first_half(call):
    x = np.ones((2, 8))
    out = call(x, np.array([3, 3]), np.array([0, 5]))[:, :4]
    return None if np.allclose(out[0], out[1]) else f"another column changes it by {text.number(np.abs(out[0] - out[1]).max())}"


@EXERCISE.holds("row 1 and column 1 turn the pairs of their halves by the same frequencies")
def own_speeds(call):
    out = call(np.tile([1.0, 0.0], 8)[None], np.array([1]), np.array([1]))[0]
    turned = np.arctan2(out[1::2], out[0::2])
    return None if np.allclose(turned, [1, 0.1, 0.01, 0.001] * 2) else f"the pairs of width 16 are turned by {text.numbers(turned, 8)} radians"


@EXERCISE.holds("a patch comes out the same alone and among others")
def alone(call):
    x = np.random.default_rng(6).normal(size=(3, 8))
    rows, columns = np.array([4, 0, 2]), np.array([1, 7, 3])
    gap = np.abs(call(x, rows, columns)[2] - call(x[2:], rows[2:], columns[2:])[0]).max()
    return None if gap < 1e-9 else f"it differs by {text.number(gap)}"
