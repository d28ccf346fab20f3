"""What a cache of a local layer holds in which slot."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(n_tokens, window):
    slots = [-1] * int(window)
    for position in range(int(n_tokens)):
        slots[position % int(window)] = position
    return np.array(slots)


def _slots(n_tokens, window):
    return np.arange(int(window)), int(n_tokens), int(window)


EXERCISE = Exercise(
    id="variants.ring_positions",
    title="A cache that goes round",
    level="apply",
    minutes=10,
    difficulty=2,
    page="variants/what_changed_since",
    headings=("Local and full layers, with positions and without",),
    statement=r"""
    A local layer sees the last `window` keys, its own included, so its cache needs `window` slots: the key of position $p$ is written into slot $p \bmod \text{window}$, over the one that has left the window. After `n_tokens` tokens, positions 0 to `n_tokens` - 1: which position stands in which slot? A slot that was never written holds -1.

    The answer is what masks and rotations of such a layer need, for slots are not in the order of the text.

    A tiny example: 5 tokens and a window of 3: `[3, 4, 2]`.
    """,
    slot='''
    def ring_positions(n_tokens, window):
        """The position that each slot of a rolling cache holds, -1 where none.

        result: (window,), whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "Slot 0 is written at positions 0, window, twice the window ... Which of these was the last?",
        "For a slot $s$: the largest position $p \\le n - 1$ with $p \\bmod w = s$. How far is it from the last position, $n - 1$, going backwards?",
        "```python\nslots = np.arange(window)\nlast = n_tokens - ____\nposition = last - (last - slots) % ____\nreturn np.where(position < ____, ____, position)\n```",
    ),
    parsons=("ring_one_token_ahead", "ring_empty_is_zero"),
    why=r"""
    Going back from the last position, slot $s$ is met after $(n - 1 - s) \bmod w$ steps. If that leads before the beginning, the slot is empty.

    **The two most common mistakes.** Returning the positions in the order of the text: keys of another order are then turned or biased with them. Calling an empty slot position 0: a query would see the first key in slots in which it does not stand.

    **Cost.** Keys in a ring are never copied; keys that are always shifted to the front would be copied at each token.
    """,
    verified="no token, fewer tokens than slots, just as many, one more, many times round, a window of 1.",
    next_thought="which slots may a query see in a step that writes three new tokens at once?",
    reference=_reference,
)

for _name, _sizes in {
    "5 tokens, 3 slots": (5, 3),
    "no token, 4 slots": (0, 4),
    "one token, 4 slots": (1, 4),
    "3 tokens, 5 slots": (3, 5),
    "7 tokens, 7 slots": (7, 7),
    "8 tokens, 7 slots": (8, 7),
    "100 tokens, 7 slots": (100, 7),
    "6 tokens, one slot": (6, 1),
    "12 tokens, 4 slots": (12, 4),
    "11 tokens, 4 slots": (11, 4),
}.items():
    EXERCISE.probe(_name, *_sizes)
EXERCISE.probe("1,000 tokens, 12 slots", 1000, 12)
EXERCISE.probe("5,003 tokens, 20 slots", 5003, 20)


@EXERCISE.solve
def ring_positions_solution(n_tokens, window):
    slots = np.arange(window)
    last = n_tokens - 1
    position = last - (last - slots) % window
    return np.where(position < 0, -1, position)


@EXERCISE.mutant
def ring_one_token_ahead(n_tokens, window):
    slots = np.arange(window)
    last = n_tokens
    position = last - (last - slots) % window
    return np.where(position < 0, -1, position)


@EXERCISE.mutant
def ring_empty_is_zero(n_tokens, window):
    slots = np.arange(window)
    last = n_tokens - 1
    position = last - (last - slots) % window
    return np.where(position < 0, 0, position)


@EXERCISE.mutant
def ring_in_the_order_of_the_text(n_tokens, window):
    slots, n, w = _slots(n_tokens, window)
    return np.where(slots < min(n, w), max(n - w, 0) + slots, -1)


@EXERCISE.mutant
def ring_newest_first(n_tokens, window):
    slots, n, w = _slots(n_tokens, window)
    return np.where(slots < n, n - 1 - slots, -1)


@EXERCISE.mutant
def ring_never_overwritten(n_tokens, window):
    slots, n, _ = _slots(n_tokens, window)
    return np.where(slots < n, slots, -1)


@EXERCISE.mutant
def ring_whole_rounds_alone(n_tokens, window):
    slots, n, w = _slots(n_tokens, window)
    return np.where(slots < n, slots + max(n // w - 1, 0) * w, -1)


@EXERCISE.mutant
def ring_of_one_slot_more(n_tokens, window):
    slots, n, w = _slots(n_tokens, window)
    position = n - 1 - (n - 1 - slots) % (w + 1)
    return np.where(position < 0, -1, position)


@EXERCISE.mutant
def ring_empty_is_not_marked(n_tokens, window):
    slots, n, w = _slots(n_tokens, window)
    return n - 1 - (n - 1 - slots) % w


EXERCISE.holds("the example of the statement comes out")(comes_out([3, 4, 2], 5, 3))


@EXERCISE.holds("the position in a slot, divided by the window, leaves the slot's number")
def in_its_slot(call):
    for n, w in ((17, 5), (3, 8), (24, 6)):
        found = np.asarray(call(n, w))
        wrong = [s for s, p in enumerate(found) if p != -1 and p % w != s]
        if wrong:
            return f"slot {wrong[0]} of {w} is said to hold position {int(found[wrong[0]])}"
    return None


@EXERCISE.holds("one more token changes one slot")
def one_slot(call):
    changed = int((np.asarray(call(9, 4)) != np.asarray(call(10, 4))).sum())
    return None if changed == 1 else f"from 9 to 10 tokens {changed} slots of 4 change"
