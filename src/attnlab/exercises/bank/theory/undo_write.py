"""Take back an erase-and-add, where that is possible."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _reference(memory, w, erase, add):
    memory, kept = np.asarray(memory, dtype=float), 1 - np.outer(w, erase)
    rest = memory - np.outer(w, add)
    return np.where(kept == 0, 0.0, rest / np.where(kept == 0, 1.0, kept))


EXERCISE = Exercise(
    id="theory.undo_write",
    title="Undo a write",
    level="apply",
    minutes=10,
    difficulty=2,
    page="theory/key_value_memory",
    headings=("Slots: erase, then add",),
    statement=r"""
    `memory` (slots, width) is what stands in the slots *after* a write with weights `w` (slots), `erase` and `add` (width): first erased, then added. Return what stood there **before**. Where an entry was erased whole, $w_i e_c = 1$, nothing can be known: put 0 there.

    A tiny example: `memory = [[5.5, 12], [10, 25]]`, `w = [0.5, 1]`, `erase = [1, 0]` and `add = [10, 20]` give `[[1, 2], [0, 5]]`.
    """,
    slot='''
    def undo_write(memory, w, erase, add):
        """What stood in the slots before the write.

        memory: (slots, width), w: (slots,), erase, add: (width,)
        result: (slots, width)
        """
        # YOUR CODE HERE
        ...
    ''',
    parts=("before",),
    hints=(
        "Writing again what you return, with the same `w`, `erase` and `add`, must give `memory`, up to entries erased whole.",
        r"The write is $M' = (1 - w \otimes e) \circ M + w \otimes a$. Solve for $M$, the last step first.",
        "```python\nkept = 1 - np.outer(____, ____)\nrest = memory - ____\nlost = kept == 0\nreturn np.where(lost, 0.0, rest / np.where(lost, ____, kept))\n```",
    ),
    parsons=("undone_in_the_same_order", "what_was_lost_invented"),
    why=r"""
    The last step is undone first: subtract what was added, then divide by what was kept. Where nothing was kept, information is gone, and that is the use of erasing.

    **The two most common mistakes.** Dividing first. Dividing by zero where an entry was erased whole.

    **Cost.** A few operations an entry.
    """,
    verified="partial and whole erasing, a weight of 0, one slot, and writing again what came back.",
    next_thought="can two writes be undone in any order?",
    reference=_reference,
)

_rng = np.random.default_rng(101)


def _draw(slots, width):
    return _rng.normal(size=(slots, width)), _rng.uniform(0.1, 0.9, slots), _rng.uniform(0, 1, width), _rng.normal(size=width)


_MEMORY, _W, _E, _A = _draw(3, 5)
EXERCISE.probe("3 slots of width 5", _MEMORY, _W, _E, _A)
EXERCISE.probe("4 slots of width 4", *_draw(4, 4))
EXERCISE.probe("one slot erased whole", _MEMORY, np.array([0.3, 1.0, 0.0]), np.ones(5), _A)
EXERCISE.probe("some entries erased whole", *_draw(2, 3)[:1], np.array([1.0, 0.5]), np.array([1.0, 0.0, 0.5]), np.array([3.0, -2, 1]))
EXERCISE.probe("nearly everything erased", _MEMORY, np.array([0.97, 0.6, 0.99]), np.array([1, 0.98, 0.995, 0.3, 1]), _A)
EXERCISE.probe("one slot, one number", np.array([[2.0]]), np.array([0.5]), np.array([0.5]), np.array([1.0]))


@EXERCISE.solve
def undo_write_solution(memory, w, erase, add):
    kept = 1 - np.outer(w, erase)
    rest = memory - np.outer(w, add)
    lost = kept == 0
    return np.where(lost, 0.0, rest / np.where(lost, 1.0, kept))


@EXERCISE.mutant
def undone_in_the_same_order(memory, w, erase, add):
    kept = 1 - np.outer(w, erase)
    lost = kept == 0
    return np.where(lost, 0.0, memory / np.where(lost, 1.0, kept) - np.outer(w, add))


@EXERCISE.mutant
def what_was_lost_invented(memory, w, erase, add):
    kept = 1 - np.outer(w, erase)
    rest = memory - np.outer(w, add)
    lost = kept == 0
    return np.where(lost, memory, rest / np.where(lost, 1.0, kept))


@EXERCISE.mutant
def added_part_left_in(memory, w, erase, add):
    kept = 1 - np.outer(w, erase)
    return np.where(kept == 0, 0.0, memory / np.where(kept == 0, 1.0, kept))


@EXERCISE.mutant
def erasing_not_undone(memory, w, erase, add):
    return np.where(1 - np.outer(w, erase) == 0, 0.0, memory - np.outer(w, add))


@EXERCISE.mutant
def erased_once_more(memory, w, erase, add):
    return (memory - np.outer(w, add)) * (1 - np.outer(w, erase))


@EXERCISE.mutant
def added_without_its_weight(memory, w, erase, add):
    kept = 1 - np.outer(w, erase)
    return np.where(kept == 0, 0.0, (memory - add) / np.where(kept == 0, 1.0, kept))


@EXERCISE.mutant
def erased_without_its_weight(memory, w, erase, add):
    kept = np.broadcast_to(1 - np.asarray(erase), np.shape(memory))
    return np.where(kept == 0, 0.0, (memory - np.outer(w, add)) / np.where(kept == 0, 1.0, kept))


@EXERCISE.holds("writing again what came back gives the memory")
def again(call):
    before = np.asarray(call(_MEMORY, _W, _E, _A))
    gap = float(np.abs(before * (1 - np.outer(_W, _E)) + np.outer(_W, _A) - _MEMORY).max())
    return None if gap < 1e-4 else f"it is off by up to {text.number(gap)}"


@EXERCISE.holds("weights of 0 leave the memory as it is")
def nothing(call):
    gap = float(np.abs(np.asarray(call(_MEMORY, np.zeros(3), _E, _A)) - _MEMORY).max())
    return None if gap < 1e-6 else f"an entry moves by {text.number(gap)}"


@EXERCISE.holds("what was erased whole comes back as 0")
def whole(call):
    left = float(np.abs(np.asarray(call(_MEMORY, np.ones(3), np.ones(5), _A))).max())
    return None if left < 1e-6 else f"an entry is {text.number(left)}"
