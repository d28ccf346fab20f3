"""Replace what a key reads, whatever its length, and leave alone what is orthogonal to it."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(memory, k, v):
    length = float((k * k).sum())
    return memory + np.outer(k, v - k @ memory) / length if length else memory.copy()


EXERCISE = Exercise(
    id="efficiency.overwrite",
    title="Overwrite one key",
    level="apply",
    minutes=10,
    difficulty=1,
    page="efficiency/memory_that_erases",
    headings=("The delta rule",),
    statement=r"""
    Write the value `v` (d_v) under the key `k` (d_k) into the matrix `memory` (d_k, d_v), such that `k` **reads exactly** `v` afterwards, for a key of *any* length, and every key orthogonal to `k` reads what it read before. A key of zeros reads nothing and changes nothing.

    A tiny example: `memory = [[1], [5]]`, `k = [2, 0]` and `v = [6]` give `[[3], [5]]`.
    """,
    slot='''
    def overwrite(memory, k, v):
        """The memory in which k reads v.

        memory: (d_k, d_v), k: (d_k,), v: (d_v,)
        result: (d_k, d_v)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("memory",),
    hints=(
        "A key twice as long leaves a change half as large: `k` reads the change once, and the change holds `k` once more.",
        r"Add $c\, k \otimes (v - kS)$ and choose $c$ such that the key reads $kS + c \lVert k \rVert^2 (v - kS) = v$.",
        "```python\nlength = ____\nif length == 0:\n    return memory\nmissing = ____\nreturn memory + np.outer(____, ____) / length\n```",
    ),
    parsons=("length_not_squared", "old_value_kept"),
    why=r"""
    The delta rule with rate $\beta = 1 / \lVert k \rVert^2$. With $\beta = 2 / \lVert k \rVert^2$ the key would read the old value mirrored at the new one; beyond that repeated writes grow without end.

    **The two most common mistakes.** Dividing by the length instead of its square. Adding `v` without taking out what was there, which is right for an empty memory only.

    **Cost.** Two products of $d_k d_v$ multiplications.
    """,
    verified="keys of many lengths, a key of zeros, square and other memories, and what other keys read.",
    next_thought="what would a rate of half of this do, written ten times in a row?",
    reference=_reference,
)

_rng = np.random.default_rng(83)


def _draw(d_k, d_v, length):
    return _rng.normal(size=(d_k, d_v)), length * _rng.normal(size=d_k), _rng.normal(size=d_v)


_MEMORY, _KEY, _VALUE = _draw(5, 3, 1.3)
EXERCISE.probe("a memory of 5 x 3", _MEMORY, _KEY, _VALUE)
EXERCISE.probe("a long key, 7 x 2", *_draw(7, 2, 6.0))
EXERCISE.probe("a short key, 4 x 4", *_draw(4, 4, 0.2))
EXERCISE.probe("one row", *_draw(1, 3, 2.0))
EXERCISE.probe("a key of zeros", *_draw(3, 2, 0.0))
EXERCISE.probe("an empty memory, 3 x 5", np.zeros((3, 5)), *_draw(3, 5, 1.0)[1:])


@EXERCISE.solve
def overwrite_solution(memory, k, v):
    length = k @ k
    if length == 0:
        return memory
    missing = v - k @ memory
    return memory + np.outer(k, missing) / length


@EXERCISE.mutant
def length_not_squared(memory, k, v):
    length = np.linalg.norm(k)
    if length == 0:
        return memory
    missing = v - k @ memory
    return memory + np.outer(k, missing) / length


@EXERCISE.mutant
def old_value_kept(memory, k, v):
    length = k @ k
    if length == 0:
        return memory
    return memory + np.outer(k, v) / length


@EXERCISE.mutant
def rate_of_one_for_any_length(memory, k, v):
    return memory + np.outer(k, v - k @ memory)


@EXERCISE.mutant
def all_rows_cleared(memory, k, v):
    length = k @ k
    return np.outer(k, v) / length if length else memory.copy()


@EXERCISE.mutant
def erased_and_not_written(memory, k, v):
    length = k @ k
    return memory - np.outer(k, k @ memory) / length if length else memory.copy()


@EXERCISE.mutant
def half_of_what_is_missing(memory, k, v):
    length = k @ k
    return memory + np.outer(k, v - k @ memory) / length / 2 if length else memory.copy()


@EXERCISE.mutant
def missing_with_the_wrong_sign(memory, k, v):
    length = k @ k
    return memory - np.outer(k, v - k @ memory) / length if length else memory.copy()


@EXERCISE.holds("the key reads the value")
def reads(call):
    gap = float(np.abs(_KEY @ np.asarray(call(_MEMORY, _KEY, _VALUE)) - _VALUE).max())
    return None if gap < 1e-4 else f"it is off by {text.number(gap)}"


@EXERCISE.holds("a key orthogonal to it reads what it read before")
def untouched(call):
    other = np.array([1.0, -_KEY[0] / _KEY[1], 0, 0, 0])
    gap = float(np.abs(other @ (np.asarray(call(_MEMORY, _KEY, _VALUE)) - _MEMORY)).max())
    return None if gap < 1e-4 else f"what it reads moves by {text.number(gap)}"


@EXERCISE.holds("a second write of the same pair changes nothing")
def twice(call):
    once = np.asarray(call(_MEMORY, _KEY, _VALUE))
    gap = float(np.abs(np.asarray(call(once, _KEY, _VALUE)) - once).max())
    return None if gap < 1e-4 else f"it moves an entry by {text.number(gap)}"
