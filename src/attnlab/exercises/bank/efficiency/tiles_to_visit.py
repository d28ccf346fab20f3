"""Which tiles of a causal mask with a window have to be computed."""

from __future__ import annotations

import numpy as np

from attnlab import masks
from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise


def _starts(length, block):
    return range(0, length, block)


def _mask(n_queries, n_keys, window):
    query, key = masks.positions(n_queries, n_keys)
    behind = np.asarray(query).reshape(-1, 1) - np.asarray(key).reshape(1, -1)
    return (behind >= 0) & (behind < window)


def _reference(n_queries, n_keys, block_q, block_k, window):
    mask = _mask(n_queries, n_keys, window)
    rows = [[mask[i : i + block_q, j : j + block_k].any() for j in _starts(n_keys, block_k)]
            for i in _starts(n_queries, block_q)]  # fmt: skip
    return np.array(rows, dtype=bool)


EXERCISE = Exercise(
    id="efficiency.tiles_to_visit",
    title="Which tiles are worth a visit?",
    level="analyse",
    minutes=20,
    difficulty=2,
    page="efficiency/blocked_kernel",
    headings=("Tiles that need not be computed",),
    statement=r"""
    A causal mask with a **window** over `n_queries` queries and `n_keys` keys is cut into tiles of `block_q` by `block_k`; the last ones may be smaller. The **last query stands at the last key**, and every query may look at `window` keys: its own and those directly before it, as far as there are any. Return a boolean table, one row a block of queries, one column a block of keys: True where at least one query of the block may look at at least one key of the block.

    Decide from the positions of the first or last row and column of a tile. There is no need to build the mask itself, with its `n_queries` times `n_keys` entries.

    A tiny example: with 4 queries, 4 keys, `block_q=2`, `block_k=1` and `window=2`:

    | | key 0 | key 1 | key 2 | key 3 |
    |---|---|---|---|---|
    | queries 0, 1 | 1 | 1 | 0 | 0 |
    | queries 2, 3 | 0 | 1 | 1 | 1 |
    """,
    slot='''
    def tiles_to_visit(n_queries, n_keys, block_q, block_k, window):
        """True for every tile that holds a permitted pair, under a causal mask with a window.

        window: how many keys a query may look at, its own included, at least 1
        result: boolean, (number of query blocks, number of key blocks)
        """
        # YOUR CODE HERE
        ...
    ''',
    returns="masks",
    hints=(
        "Two borders, two corners: the *last* query with the *first* key decides about the future, the *first* query with the *last* key about the far end of the window.",
        r"Query $i$ stands at position $i + m - n$. The last query of a block that starts at $i$ is number $\min(i + B_q, n) - 1$, the last key of a block that starts at $j$ is $\min(j + B_k, m) - 1$. A key is too old for position $p$ if it is at most $p - w$.",
        "```python\ni, j = np.arange(0, n_queries, block_q), np.arange(0, n_keys, ____)\noffset = ____\nlast = np.minimum(i + block_q, ____) - 1 + offset\n"
        "last_key = np.minimum(____) - 1\nfuture = j[None, :] > ____\ntoo_old = last_key[None, :] <= ____\nreturn ~future & ~too_old\n```",
    ),
    parsons=("first_query_decides", "far_end_by_the_last_query"),
    why=r"""
    A tile is empty when even its most favourable pair is forbidden, and each border has a pair of its own: the latest query and the earliest key for the future, the earliest query and the latest key for the window. What the queries of a block see together has no gaps, so that two comparisons suffice.

    **The two most common mistakes.** Asking the same query about both borders, which loses tiles at one of them. Forgetting the offset between queries and keys, which only shows when there is a cache.

    **Cost.** Two comparisons a tile. For long texts the number of tiles left grows with the length, not with its square.
    """,
    verified="windows of 1, of a few keys and wider than the text, with as many, more and fewer keys than queries, ragged blocks, and a single query.",
    next_thought="which tiles need no mask at all, and can a window be so narrow that there are none?",
    reference=_reference,
)

for _n, _m, _bq, _bk, _w in (
    (7, 7, 3, 2, 3), (6, 6, 2, 2, 2), (5, 11, 2, 3, 4), (11, 5, 3, 2, 3), (1, 7, 4, 3, 3), (13, 13, 2, 5, 1), (7, 2, 2, 1, 2), (3, 5, 8, 8, 2),
    (5, 23, 2, 1, 7), (7, 11, 3, 2, 99), (9, 9, 1, 1, 4), (11, 23, 4, 2, 5), (70, 90, 16, 8, 20), (1, 1, 1, 1, 1),
):  # fmt: skip
    EXERCISE.probe(f"{_n} queries, {_m} keys, blocks of {_bq} and {_bk}, a window of {_w}", _n, _m, _bq, _bk, _w)


def _near(n_queries, n_keys, block_q, block_k, position=None, key=None):
    """True where the key of a tile is no later than the position of a block; the last query and the first key unless told otherwise."""
    position = _last(n_queries, n_keys, block_q) if position is None else position
    key = np.arange(0, n_keys, block_k) if key is None else key
    return key[None, :] <= position[:, None]


def _far(n_queries, n_keys, block_q, block_k, window, position=None, key=None):
    """True where the key of a tile is still within the window; the first query and the last key unless told otherwise."""
    position = _first(n_queries, n_keys, block_q) if position is None else position
    key = _last_key(n_keys, block_k) if key is None else key
    return key[None, :] > position[:, None] - window


def _first(n_queries, n_keys, block_q):
    return np.arange(0, n_queries, block_q) + n_keys - n_queries


def _last(n_queries, n_keys, block_q):
    return np.minimum(np.arange(0, n_queries, block_q) + block_q, n_queries) - 1 + n_keys - n_queries


def _last_key(n_keys, block_k):
    return np.minimum(np.arange(0, n_keys, block_k) + block_k, n_keys) - 1


@EXERCISE.solve
def tiles_to_visit_solution(n_queries, n_keys, block_q, block_k, window):
    i, j = np.arange(0, n_queries, block_q), np.arange(0, n_keys, block_k)
    offset = n_keys - n_queries
    last = np.minimum(i + block_q, n_queries) - 1 + offset
    last_key = np.minimum(j + block_k, n_keys) - 1
    future = j[None, :] > last[:, None]
    too_old = last_key[None, :] <= i[:, None] + offset - window
    return ~future & ~too_old


@EXERCISE.mutant(evidence=text.allowed)
def first_query_decides(n_queries, n_keys, block_q, block_k, window):
    i, j = np.arange(0, n_queries, block_q), np.arange(0, n_keys, block_k)
    offset = n_keys - n_queries
    last_key = np.minimum(j + block_k, n_keys) - 1
    future = j[None, :] > i[:, None] + offset
    too_old = last_key[None, :] <= i[:, None] + offset - window
    return ~future & ~too_old


@EXERCISE.mutant(evidence=text.allowed)
def far_end_by_the_last_query(n_queries, n_keys, block_q, block_k, window):
    i, j = np.arange(0, n_queries, block_q), np.arange(0, n_keys, block_k)
    offset = n_keys - n_queries
    last = np.minimum(i + block_q, n_queries) - 1 + offset
    last_key = np.minimum(j + block_k, n_keys) - 1
    future = j[None, :] > last[:, None]
    too_old = last_key[None, :] <= last[:, None] - window
    return ~future & ~too_old


@EXERCISE.mutant(evidence=text.allowed)
def far_end_by_the_first_key(n_queries, n_keys, block_q, block_k, window):
    sizes = n_queries, n_keys, block_q, block_k
    return _near(*sizes) & _far(*sizes, window, key=np.arange(0, n_keys, block_k))


@EXERCISE.mutant(evidence=text.allowed)
def window_without_far_end(n_queries, n_keys, block_q, block_k, window):
    return _near(n_queries, n_keys, block_q, block_k)


@EXERCISE.mutant(evidence=text.allowed)
def window_one_too_wide(n_queries, n_keys, block_q, block_k, window):
    return _reference(n_queries, n_keys, block_q, block_k, window + 1)


@EXERCISE.mutant(evidence=text.allowed)
def window_one_too_narrow(n_queries, n_keys, block_q, block_k, window):
    return _reference(n_queries, n_keys, block_q, block_k, window - 1)


@EXERCISE.mutant(evidence=text.allowed)
def top_left_causal(n_queries, n_keys, block_q, block_k, window):
    shift, sizes = n_keys - n_queries, (n_queries, n_keys, block_q, block_k)
    first, last = _first(n_queries, n_keys, block_q) - shift, _last(n_queries, n_keys, block_q) - shift
    return _near(*sizes, position=last) & _far(*sizes, window, position=first)


@EXERCISE.mutant(evidence=text.allowed)
def last_key_decides(n_queries, n_keys, block_q, block_k, window):
    sizes = n_queries, n_keys, block_q, block_k
    return _near(*sizes, key=_last_key(n_keys, block_k)) & _far(*sizes, window)


@EXERCISE.mutant(evidence=text.allowed)
def diagonal_tiles_skipped(n_queries, n_keys, block_q, block_k, window):
    sizes = n_queries, n_keys, block_q, block_k
    return _near(*sizes, position=_first(n_queries, n_keys, block_q), key=_last_key(n_keys, block_k)) & _far(*sizes, window)


@EXERCISE.mutant(evidence=text.allowed)
def block_numbers_compared(n_queries, n_keys, block_q, block_k, window):
    rows, columns = len(_starts(n_queries, block_q)), len(_starts(n_keys, block_k))
    return (np.arange(columns)[None, :] <= np.arange(rows)[:, None]) & _far(n_queries, n_keys, block_q, block_k, window)


@EXERCISE.mutant(evidence=text.allowed)
def no_tile_skipped(n_queries, n_keys, block_q, block_k, window):
    return np.ones((len(_starts(n_queries, block_q)), len(_starts(n_keys, block_k))), dtype=bool)


@EXERCISE.mutant(evidence=text.allowed)
def strict_diagonal_of_tiles(n_queries, n_keys, block_q, block_k, window):
    sizes = n_queries, n_keys, block_q, block_k
    return _near(*sizes, position=_last(n_queries, n_keys, block_q) - 1) & _far(*sizes, window)


@EXERCISE.mutant(evidence=text.shapes)
def ragged_blocks_not_counted(n_queries, n_keys, block_q, block_k, window):
    table = _reference(n_queries, n_keys, block_q, block_k, window)
    return table[: max(1, n_queries // block_q), : max(1, n_keys // block_k)]


@EXERCISE.mutant(evidence=text.allowed)
def looks_at_the_future(n_queries, n_keys, block_q, block_k, window):
    return _last_key(n_keys, block_k)[None, :] >= _first(n_queries, n_keys, block_q)[:, None]


@EXERCISE.holds("no permitted pair lies outside the tiles")
def nothing_lost(call):
    for window in (1, 4, 99):
        visit = call(7, 11, 3, 2, window)
        lost = int((_mask(7, 11, window) & ~np.kron(visit, np.ones((3, 2), bool))[:7, :11]).sum())
        if lost:
            return f"with 7 queries, 11 keys and a window of {window}, {lost} permitted pairs are lost"
    return None


@EXERCISE.holds("blocks of one give the mask itself")
def finest(call):
    gap = int((call(5, 7, 1, 1, 3) != _mask(5, 7, 3)).sum())
    return None if gap == 0 else f"{gap} of 35 pairs differ"


@EXERCISE.holds("of 8 by 8 tiles of width 2, a window of 2 needs 15, and a window of 16 needs 36")
def band(call):
    counts = [int(call(16, 16, 2, 2, window).sum()) for window in (2, 16)]
    return None if counts == [15, 36] else f"yours needs {counts[0]} and {counts[1]}"


@EXERCISE.holds("every tile that is visited holds a permitted pair")
def nothing_wasted(call):
    for n, m, rows, columns in ((7, 11, 3, 2), (11, 7, 2, 3)):
        visit, right = call(n, m, rows, columns, 3), _reference(n, m, rows, columns, 3)
        wasted = int((visit & ~right).sum())
        if wasted:
            return f"with {n} queries and {m} keys, {wasted} tiles hold none"
    return None


@EXERCISE.holds("the table has a row for every block of queries and a column for every block of keys")
def all_blocks(call):
    shape = call(7, 11, 3, 4, 5).shape
    return None if shape == (3, 3) else f"7 queries in blocks of 3, 11 keys in blocks of 4: its shape is {shape}"
