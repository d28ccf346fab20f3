"""Which tiles of a causal mask have to be computed."""

from __future__ import annotations

import numpy as np

from attnlab import masks
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _starts(length, block):
    return range(0, length, block)


def _reference(n_queries, n_keys, block_q, block_k):
    mask = masks.causal(*masks.positions(n_queries, n_keys))
    rows = [[mask[i : i + block_q, j : j + block_k].any() for j in _starts(n_keys, block_k)]
            for i in _starts(n_queries, block_q)]  # fmt: skip
    return np.array(rows, dtype=bool)


EXERCISE = Exercise(
    id="efficiency.tiles_to_visit",
    title="Which tiles are worth a visit?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="efficiency/blocked_kernel",
    headings=("Tiles that need not be computed",),
    statement=r"""
    A causal mask over `n_queries` queries and `n_keys` keys is cut into tiles of `block_q` by `block_k`; the last ones may be smaller. The **last query stands at the last key**. Return a boolean table, one row a block of queries, one column a block of keys: True where at least one query of the block may look at at least one key of the block. All other tiles need not be computed.

    Decide from the positions of the first or last row and column of a tile. There is no need to build the mask itself, with its `n_queries` times `n_keys` entries.

    With 4 queries, 4 keys, `block_q=2` and `block_k=1`:

    | | key 0 | key 1 | key 2 | key 3 |
    |---|---|---|---|---|
    | queries 0, 1 | 1 | 1 | 0 | 0 |
    | queries 2, 3 | 1 | 1 | 1 | 1 |
    """,
    slot='''
    def tiles_to_visit(n_queries, n_keys, block_q, block_k):
        """True for every tile that holds a permitted pair, under a causal mask.

        result: boolean, (number of query blocks, number of key blocks)
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Of all pairs in a tile, one is permitted whenever any is: the *last* query with the *first* key.",
        r"Query $i$ stands at position $i + m - n$. The last query of a block that starts at $i$ is number $\min(i + B_q, n) - 1$. Visit if its position is at least the block's first key.",
        "```python\nfirst_key = np.arange(0, n_keys, ____)\nlast_query = np.minimum(np.arange(0, n_queries, block_q) + ____, ____) - 1\n"
        "position = last_query + ____\nreturn first_key[None, :] <= ____[:, None]\n```",
    ),
    parsons=("first_query_decides", "top_left_causal"),
    why=r"""
    A tile is empty exactly when even its most favourable pair is forbidden: the latest query and the earliest key. The other corner, earliest query and latest key, answers another question: whether the tile needs a mask at all.

    **The two most common mistakes.** Asking the first query of a block, which loses every tile that the diagonal crosses below its top row. Forgetting the offset between queries and keys, which only shows when there is a cache.

    **Cost.** One comparison a tile. For long texts it saves nearly half of all tiles.
    """,
    verified="square, with more keys than queries, with more queries than keys, ragged blocks, and a single query.",
    next_thought="which two corners decide for a window of w keys, and how many tiles are left for w much smaller than n?",
    reference=_reference,
)

EXERCISE.probe("7 queries, 7 keys, blocks of 3 and 2", 7, 7, 3, 2)
EXERCISE.probe("6 queries, 6 keys, blocks of 2 and 2", 6, 6, 2, 2)
EXERCISE.probe("5 queries, 11 keys, blocks of 2 and 3", 5, 11, 2, 3)
EXERCISE.probe("11 queries, 5 keys, blocks of 3 and 2", 11, 5, 3, 2)
EXERCISE.probe("1 query, 7 keys, blocks of 4 and 3", 1, 7, 4, 3)
EXERCISE.probe("13 queries, 13 keys, blocks of 2 and 5", 13, 13, 2, 5)
EXERCISE.probe("7 queries, 2 keys, blocks of 2 and 1", 7, 2, 2, 1)
EXERCISE.probe("3 queries, 5 keys, blocks larger than both", 3, 5, 8, 8)
EXERCISE.probe("70 queries, 90 keys, blocks of 16 and 8", 70, 90, 16, 8)
EXERCISE.probe("1 query, 1 key", 1, 1, 1, 1)


def _table(last_position, first_key):
    return np.asarray(first_key)[None, :] <= np.asarray(last_position)[:, None]


def _positions(n_queries, n_keys, block_q):
    return np.minimum(np.arange(0, n_queries, block_q) + block_q, n_queries) - 1 + n_keys - n_queries


@EXERCISE.solve
def tiles_to_visit_solution(n_queries, n_keys, block_q, block_k):
    first_key = np.arange(0, n_keys, block_k)
    last_query = np.minimum(np.arange(0, n_queries, block_q) + block_q, n_queries) - 1
    position = last_query + n_keys - n_queries
    return first_key[None, :] <= position[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def first_query_decides(n_queries, n_keys, block_q, block_k):
    first_key = np.arange(0, n_keys, block_k)
    last_query = np.arange(0, n_queries, block_q)
    position = last_query + n_keys - n_queries
    return first_key[None, :] <= position[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def top_left_causal(n_queries, n_keys, block_q, block_k):
    first_key = np.arange(0, n_keys, block_k)
    position = np.minimum(np.arange(0, n_queries, block_q) + block_q, n_queries) - 1
    return first_key[None, :] <= position[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def last_key_decides(n_queries, n_keys, block_q, block_k):
    last_key = np.minimum(np.arange(0, n_keys, block_k) + block_k, n_keys) - 1
    return _table(_positions(n_queries, n_keys, block_q), last_key)


@EXERCISE.mutant(evidence=text.allowed)
def diagonal_tiles_skipped(n_queries, n_keys, block_q, block_k):
    last_key = np.minimum(np.arange(0, n_keys, block_k) + block_k, n_keys) - 1
    return _table(np.arange(0, n_queries, block_q) + n_keys - n_queries, last_key)


@EXERCISE.mutant(evidence=text.allowed)
def block_numbers_compared(n_queries, n_keys, block_q, block_k):
    rows, columns = len(_starts(n_queries, block_q)), len(_starts(n_keys, block_k))
    return np.arange(columns)[None, :] <= np.arange(rows)[:, None]


@EXERCISE.mutant(evidence=text.allowed)
def no_tile_skipped(n_queries, n_keys, block_q, block_k):
    return np.ones((len(_starts(n_queries, block_q)), len(_starts(n_keys, block_k))), dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def strict_diagonal_of_tiles(n_queries, n_keys, block_q, block_k):
    return _table(_positions(n_queries, n_keys, block_q) - 1, np.arange(0, n_keys, block_k))


@EXERCISE.mutant(evidence=text.shapes)
def ragged_blocks_not_counted(n_queries, n_keys, block_q, block_k):
    table = _reference(n_queries, n_keys, block_q, block_k)
    return table[: max(1, n_queries // block_q), : max(1, n_keys // block_k)]


@EXERCISE.mutant(evidence=text.allowed)
def looks_at_the_future(n_queries, n_keys, block_q, block_k):
    last_key = np.minimum(np.arange(0, n_keys, block_k) + block_k, n_keys) - 1
    first = np.arange(0, n_queries, block_q) + n_keys - n_queries
    return last_key[None, :] >= first[:, None]


@EXERCISE.holds("no permitted pair lies outside the tiles")
def nothing_lost(call):
    visit = call(7, 11, 3, 2)
    mask = masks.causal(*masks.positions(7, 11))
    lost = int((mask & ~np.kron(visit, np.ones((3, 2), bool))[:7, :11]).sum())
    return None if lost == 0 else f"with 7 queries and 11 keys, {lost} permitted pairs are lost"


@EXERCISE.holds("blocks of one give the mask itself")
def finest(call):
    gap = int((call(5, 7, 1, 1) != masks.causal(*masks.positions(5, 7))).sum())
    return None if gap == 0 else f"{gap} of 35 pairs differ"


@EXERCISE.holds("8 square blocks need 36 of 64 tiles")
def triangle(call):
    count = int(call(16, 16, 2, 2).sum())
    return None if count == 36 else f"yours needs {count}"


@EXERCISE.holds("every tile that is visited holds a permitted pair")
def nothing_wasted(call):
    for n, m, rows, columns in ((7, 11, 3, 2), (11, 7, 2, 3)):
        visit, right = call(n, m, rows, columns), _reference(n, m, rows, columns)
        wasted = int((visit & ~right).sum())
        if wasted:
            return f"with {n} queries and {m} keys, {wasted} tiles hold none"
    return None


@EXERCISE.holds("the table has a row for every block of queries and a column for every block of keys")
def all_blocks(call):
    shape = call(7, 11, 3, 4).shape
    return None if shape == (3, 3) else f"7 queries in blocks of 3, 11 keys in blocks of 4: its shape is {shape}"
