"""An order of dealing to invent: the same causal work for every rank, in total and in every step."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.kernels import ring_plan

EXERCISE = Exercise(
    id="efficiency.fair_order",
    title="Invent a fair order",
    level="create",
    minutes=20,
    difficulty=3,
    page="efficiency/beyond_one_device",
    headings=("Who works, and who waits",),
    statement=r"""
    Deal the positions $0 \dots n - 1$ of a sequence out to $P$ ranks (`world`), so that a causal ring is fair. Return whole numbers ($P \times n/P$), row $r$ for rank $r$. Many answers are right, and nothing else is checked:

    1. every position is dealt exactly once;
    2. over all steps together, every rank computes **exactly** as many pairs as every other;
    3. in **every step** the busiest rank has at most 5 % more pairs than the laziest.

    You may count on $n$ being a multiple of $2P$. With two ranks and four positions the first property leaves six answers, up to the order within a row; `[[0, 3], [1, 2]]` has all three.
    """,
    slot='''
    def fair_order(n, world):
        """Which positions each rank gets, so that a causal ring is fair.

        n: a multiple of 2 * world
        result: whole numbers, (world, n // world)
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A late position has many keys to see and an early one few. Think of how teams are picked fairly from players standing in a row: who gets the best should also get the worst.",
        r"Cut the sequence into $2P$ equal pieces. Give rank $r$ the $r$-th piece from the front and the $r$-th from the back.",
        "```python\npieces = np.arange(n).reshape(____, -1)\nfront, back = pieces[:world], pieces[::-1][____]\nreturn np.concatenate([front, back], axis=____)\n```",
    ),
    parsons=("pieces_not_mirrored", "contiguous_shards"),
    why=r"""
    The work of a piece grows evenly from front to back, so a piece and its mirror image always add up to the same. And in every step but the first, whichever rank's keys arrive, exactly two of the four small tiles are visible.

    **The two most common mistakes.** Dealing contiguous shards: the first rank idles in every step but one. Dealing like cards, every $P$-th to the same rank: nearly fair, but the later ranks have a little more in total, and with few tokens the steps differ by more than 5 %.

    **Cost.** None: the positions are dealt out once, before the first layer. Whatever depends on positions, rotary embeddings, labels, masks, must be dealt out in the same way.
    """,
    verified="all three properties, on 2, 3, 4, 5 and 7 ranks with 2 to 30 tokens each.",
    next_thought="is your order still fair if the mask is a sliding window?",
    reference=ring_plan.zigzag,
    judged_by="properties",
)

SIZES = ((24, 2), (60, 3), (80, 4), (150, 5), (4, 2), (14, 7), (6, 3))
for _n, _world in SIZES:
    EXERCISE.probe(f"{_n} positions on {_world} ranks", _n, _world)


@EXERCISE.solve
def fair_order_solution(n, world):
    pieces = np.arange(n).reshape(2 * world, -1)
    front, back = pieces[:world], pieces[::-1][:world]
    return np.concatenate([front, back], axis=1)


@EXERCISE.mutant
def contiguous_shards(n, world):
    return np.arange(n).reshape(world, -1)


@EXERCISE.mutant
def pieces_not_mirrored(n, world):
    pieces = np.arange(n).reshape(2 * world, -1)
    front, back = pieces[:world], pieces[world:]
    return np.concatenate([front, back], axis=1)


@EXERCISE.mutant
def dealt_like_cards(n, world):
    return ring_plan.striped(n, world)


@EXERCISE.mutant
def shuffled_cards(n, world):
    return np.random.default_rng(0).permutation(n).reshape(world, -1)


@EXERCISE.mutant
def one_piece_too_far(n, world):
    pieces = np.arange(n).reshape(2 * world, -1)
    return np.concatenate([pieces[:world], pieces[[-r % (2 * world) for r in range(world)]]], axis=1)


@EXERCISE.mutant
def front_piece_twice(n, world):
    front = np.arange(n).reshape(2 * world, -1)[:world]
    return np.concatenate([front, front], axis=1)


@EXERCISE.holds("every position is dealt exactly once")
def dealt_once(call):
    for n, world in SIZES:
        out = call(n, world)
        if out.shape != (world, n // world):
            return f"with {n} positions on {world} ranks the table is {text.shape(out)}"
        seen = np.unique(out)
        if len(seen) < n or not np.array_equal(seen, np.arange(n)):
            return f"with {n} positions on {world} ranks only {len(np.intersect1d(seen, np.arange(n)))} are dealt"


@EXERCISE.holds("all ranks have exactly the same work in total")
def same_total(call):
    for n, world in SIZES:
        total = ring_plan.causal_work(call(n, world)).sum(axis=1)
        if len(set(total)) > 1:
            return f"with {n} positions on {world} ranks it goes from {int(total.min())} to {int(total.max())} pairs"


@EXERCISE.holds("in every step the busiest rank has at most 5 % more than the laziest")
def same_steps(call):
    for n, world in SIZES:
        work = ring_plan.causal_work(call(n, world))
        for step, column in enumerate(work.T):
            if column.max() > 1.05 * column.min():
                return f"with {n} positions on {world} ranks, step {step} goes from {int(column.min())} to {int(column.max())} pairs"
