"""Which blocks a group of heads reads together, as native sparse attention chooses them."""

from __future__ import annotations

import numpy as np

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import left_alone


def _chosen(weights, own, n_best, worth=None, first=True, last=True, forced_count=True, future=False, sign=-1):
    weights = np.asarray(weights, dtype=float)
    n_blocks = weights.shape[1]
    worth = weights.sum(axis=0) if worth is None else worth(weights)
    out = np.zeros(n_blocks, dtype=bool)
    if first:
        out[0] = True
    if last:
        out[own] = True
    rest = [b for b in range(n_blocks if future else own + 1) if not out[b]]
    left = max(n_best - (int(out.sum()) if forced_count else 0), 0)
    for b in sorted(rest, key=lambda b: sign * worth[b])[:left]:
        out[b] = True
    return out


def _reference(weights, own, n_best):
    return _chosen(weights, own, n_best)


EXERCISE = Exercise(
    id="efficiency.shared_blocks",
    title="The blocks that a group of heads reads",
    level="apply",
    minutes=20,
    difficulty=2,
    page="efficiency/sparse",
    headings=("Selection by blocks",),
    statement=r"""
    One query of a group of heads that share keys and values has attended to compressed blocks: `weights[h, b]` is the weight of head $h$ on block $b$. The heads read the **same** blocks, since each block that is read costs its bytes once. The query stands in block `own`; blocks after it are the future, whatever their weights. Return a boolean for each block:

    - block 0 and block `own` are always read (they may be the same one);
    - of the other blocks **before** `own`, those with the largest weight **summed over the heads**, until `n_best` blocks are read in all, block 0 and `own` counted. There may be fewer than that many.

    `n_best` is at least 2. No two blocks have the same sum.

    A tiny example: two heads, five blocks, `own = 3`, `n_best = 3`, `weights = [[0.1, 0.1, 0.6, 0.1, 0.1], [0.1, 0.5, 0.1, 0.1, 0.2]]`. The sums of blocks 1 and 2 are 0.6 and 0.7: blocks 0, 2 and 3 are read, `[1, 0, 1, 1, 0]`.
    """,
    slot='''
    def shared_blocks(weights, own, n_best):
        """The blocks that all heads of a group read for one query.

        weights: (heads, blocks); own: number of the query's block; n_best: how many blocks in all, at least 2
        result: boolean, (blocks,)
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Take the two that are always read first, and see how many are left to choose. What may compete are the blocks strictly between them.",
        r"Blocks $1, \dots, \text{own} - 1$ compete by $\sum_h w_{hb}$, for $n_\text{best} - 2$ places; if `own` is 0 nothing competes.",
        "```python\nchosen = np.zeros(weights.shape[1], dtype=bool)\nchosen[[0, ____]] = True\nworth = weights.sum(axis=____)[1:own]\n"
        "best = 1 + np.argsort(____)[: n_best - ____]\nchosen[best] = True\nreturn chosen\n```",
    ),
    parsons=("shared_by_the_largest", "shared_forced_not_counted"),
    why=r"""
    A choice for each head would read up to heads times as many blocks: memory is what decoding waits for, so the group agrees on one. The first block is kept because many heads rest on the first tokens, the own one because near tokens are the ones most often needed.

    **The two most common mistakes.** Taking the largest single weight of a block in place of the sum. Ranking all blocks and adding the two at the end, which reads more than was allowed.

    **Cost.** A sum over the heads and a sort of the blocks for each query.
    """,
    verified="1 to 5 heads, 1 to 17 blocks, the first and the last block as own, more places than blocks, single precision.",
    next_thought="how would the choice differ if each head's weights were divided by its largest one first?",
    reference=_reference,
)


def _weights(seed, heads, blocks, sharp=2.0):
    powers = np.exp(sharp * np.random.default_rng(seed).normal(size=(heads, blocks)))
    return powers / powers.sum(axis=1, keepdims=True)


for _seed, _heads, _blocks, _own, _best in (
    (1, 3, 11, 8, 4), (2, 5, 17, 16, 6), (3, 1, 7, 5, 3), (4, 2, 9, 0, 3), (5, 4, 13, 1, 4), (6, 3, 11, 10, 2), (7, 2, 5, 3, 20), (8, 4, 17, 9, 5), (9, 1, 1, 0, 2), (10, 5, 5, 4, 3), (11, 3, 12, 2, 2),
):  # fmt: skip
    EXERCISE.probe(f"{_heads} heads, {_blocks} blocks, own block {_own}, {_best} to read", _weights(_seed, _heads, _blocks), _own, _best)
EXERCISE.probe("single precision", _weights(12, 3, 11).astype(np.float32), 9, 4)
EXERCISE.probe("whole numbers", np.array([[3, 1, 7, 2, 9, 4], [0, 6, 5, 1, 8, 2]]), 4, 3)
EXERCISE.probe("one head is sure, two agree", np.array([[0.1, 0.6, 0.2, 0.05, 0.05], [0.1, 0.01, 0.45, 0.4, 0.04], [0.1, 0.02, 0.43, 0.4, 0.05]]), 4, 3)


@EXERCISE.solve
def shared_blocks_solution(weights, own, n_best):
    chosen = np.zeros(weights.shape[1], dtype=bool)
    chosen[[0, own]] = True
    worth = weights.sum(axis=0)[1:own]
    best = 1 + np.argsort(-worth)[: n_best - 2]
    chosen[best] = True
    return chosen


@EXERCISE.mutant
def shared_by_the_largest(weights, own, n_best):
    chosen = np.zeros(weights.shape[1], dtype=bool)
    chosen[[0, own]] = True
    worth = weights.max(axis=0)[1:own]
    best = 1 + np.argsort(-worth)[: n_best - 2]
    chosen[best] = True
    return chosen


@EXERCISE.mutant
def shared_forced_not_counted(weights, own, n_best):
    chosen = np.zeros(weights.shape[1], dtype=bool)
    chosen[[0, own]] = True
    worth = weights.sum(axis=0)[1:own]
    best = 1 + np.argsort(-worth)[:n_best]
    chosen[best] = True
    return chosen


@EXERCISE.mutant
def shared_future_blocks(weights, own, n_best):
    return _chosen(weights, own, n_best, future=True)


@EXERCISE.mutant
def shared_first_not_kept(weights, own, n_best):
    return _chosen(weights, own, n_best, first=False)


@EXERCISE.mutant
def shared_own_not_kept(weights, own, n_best):
    return _chosen(weights, own, n_best, last=False)


@EXERCISE.mutant
def shared_by_the_first_head(weights, own, n_best):
    return _chosen(weights, own, n_best, worth=lambda w: w[0])


@EXERCISE.mutant
def shared_worst_blocks(weights, own, n_best):
    return _chosen(weights, own, n_best, sign=1)


@EXERCISE.mutant
def shared_union_of_heads(weights, own, n_best):
    return np.any([_chosen(row[None], own, n_best) for row in np.asarray(weights)], axis=0)


@EXERCISE.holds("block 0 and the own block are read, nothing after it")
def always(call):
    found = np.asarray(call(_weights(1, 3, 11), 6, 4))
    if not (found[0] and found[6]):
        return "one of the two is not read"
    return f"{int(found[7:].sum())} later blocks are read" if found[7:].any() else None


EXERCISE.holds("the given arrays stay as they are")(left_alone(_weights(1, 3, 11), 8, 4))
