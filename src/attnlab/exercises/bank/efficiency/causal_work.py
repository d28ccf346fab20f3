"""How much each rank of a causal ring has to do in each step."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.kernels import ring_plan

EXERCISE = Exercise(
    id="efficiency.causal_work",
    title="Who works, and who waits?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="efficiency/beyond_one_device",
    headings=("The mathematics", "Who works, and who waits"),
    statement=r"""
    The tokens of a sequence are dealt out to $P$ ranks, $c$ each: row $r$ of `positions` ($P \times c$) holds the places in the sequence of rank $r$'s tokens, in **any** order of dealing. In step $s$ rank $r$ has the keys of rank $(r - s) \bmod P$ at hand. The mask is causal, so only pairs with key position $\le$ query position are computed.

    Return a table ($P \times P$): the number of pairs that rank $r$ computes in step $s$.

    A tiny example: two ranks with one token each, `[[0], [1]]`, give `[[1, 0], [1, 1]]`. Rank 0 has nothing to do in step 1.
    """,
    slot='''
    def causal_work(positions):
        """Pairs that each rank computes in each step of a causal ring.

        positions: whole numbers, (P, c)
        result: whole numbers, (P, P), ranks by steps
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "However the tokens are dealt out, all entries together are the number of pairs of a causal mask.",
        r"For one rank and one step compare every key position with every query position, as in a mask made from positions.",
        "```python\nworld = len(positions)\nwork = np.zeros((world, world), dtype=int)\nfor rank in range(world):\n    for step in range(world):\n"
        "        keys = positions[____]\n        queries = positions[rank][:, None]\n        work[rank, step] = (____).sum()\nreturn work\n```",
    ),
    parsons=("own_key_not_counted", "travels_the_other_way"),
    why=r"""
    It is the mask of positions from the chapter on masks, one tile at a time. Because it compares *positions* and not ranks, it is right for every order of dealing.

    **The two most common mistakes.** Deciding by rank: "keys of a later rank are in the future" holds for contiguous shards only. Comparing the places *within* the shards, as a kernel does that is simply told `causal=True`.

    **Cost.** $n^2$ comparisons here. A closed form needs none, but only this one works for every order.
    """,
    verified="contiguous, striped, zig-zag, reversed and shuffled tokens on two to five ranks.",
    next_thought="a step takes as long as its busiest rank: how would you read the running time from your table?",
    reference=ring_plan.causal_work,
)

_rng = np.random.default_rng(29)
EXERCISE.probe("contiguous, 3 ranks with 5 tokens", ring_plan.contiguous(15, 3))
EXERCISE.probe("striped, 5 ranks with 3 tokens", ring_plan.striped(15, 5))
EXERCISE.probe("zig-zag, 2 ranks with 6 tokens", ring_plan.zigzag(12, 2))
EXERCISE.probe("4 ranks with 1 token, in reverse", np.array([[3], [2], [1], [0]]))
EXERCISE.probe("places far apart, as in a longer text", np.array([[2, 90, 41], [1000, 7, 40], [8, 9, 500]]))
EXERCISE.probe("shuffled, 4 ranks with 3 tokens", _rng.permutation(12).reshape(4, 3))


@EXERCISE.solve
def causal_work_solution(positions):
    world = len(positions)
    work = np.zeros((world, world), dtype=int)
    for rank in range(world):
        for step in range(world):
            keys = positions[(rank - step) % world]
            queries = positions[rank][:, None]
            work[rank, step] = (keys <= queries).sum()
    return work


def _table(positions, count, sign=-1):
    world = len(positions)
    return np.array([[count(r, (r + sign * s) % world) for s in range(world)] for r in range(world)])


@EXERCISE.mutant
def own_key_not_counted(positions):
    world = len(positions)
    work = np.zeros((world, world), dtype=int)
    for rank in range(world):
        for step in range(world):
            keys = positions[(rank - step) % world]
            queries = positions[rank][:, None]
            work[rank, step] = (keys < queries).sum()
    return work


@EXERCISE.mutant
def travels_the_other_way(positions):
    world = len(positions)
    work = np.zeros((world, world), dtype=int)
    for rank in range(world):
        for step in range(world):
            keys = positions[(rank + step) % world]
            queries = positions[rank][:, None]
            work[rank, step] = (keys <= queries).sum()
    return work


@EXERCISE.mutant
def whole_tiles_counted(positions):
    return _table(positions, lambda r, k: positions.shape[1] ** 2)


@EXERCISE.mutant
def future_by_rank(positions):
    c = positions.shape[1]
    return _table(positions, lambda r, k: 0 if k > r else c * (c + 1) // 2 if k == r else c * c)


@EXERCISE.mutant
def places_within_the_shard(positions):
    c = positions.shape[1]
    return _table(positions, lambda r, k: c * (c + 1) // 2)


@EXERCISE.mutant
def future_counted(positions):
    return _table(positions, lambda r, k: (positions[k] >= positions[r][:, None]).sum())


@EXERCISE.mutant
def steps_by_ranks(positions):
    return ring_plan.causal_work(positions).T


@EXERCISE.holds("all entries together are n (n + 1) / 2 pairs")
def all_pairs(call):
    for positions in (ring_plan.contiguous(15, 3), ring_plan.zigzag(12, 3)):
        n, total = positions.size, int(call(positions).sum())
        if total != n * (n + 1) // 2:
            return f"for {n} tokens they are {total}, not {n * (n + 1) // 2}"


@EXERCISE.holds("in step 0 everybody has its own tile, c (c + 1) / 2 pairs")
def own_tile_first(call):
    first = call(ring_plan.striped(15, 3))[:, 0]
    if not (first == 15).all():
        return f"with 5 tokens a rank it is {', '.join(str(int(x)) for x in first)}"


@EXERCISE.holds("with one token a rank, dealt in order, rank r computes a pair in steps 0 to r")
def one_token_each(call):
    work = call(np.arange(4)[:, None])
    if not np.array_equal(work, np.tri(4)):
        rows = "; ".join(", ".join(str(int(x)) for x in row) for row in work)
        return f"on four ranks the table is {rows}"


@EXERCISE.holds("a rank with the last tokens of all sees whole tiles in every step but the first")
def last_tokens(call):
    work = call(np.array([[0, 1], [4, 5], [2, 3]]))
    if not np.array_equal(work[1], [3, 4, 4]):
        return f"of three ranks with two tokens, the one with the last two computes {', '.join(str(int(x)) for x in work[1])} pairs"
