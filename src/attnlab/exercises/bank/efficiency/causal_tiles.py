"""How many tiles a causal program visits, and how many of them need no mask."""

from __future__ import annotations

import math

from attnlab.exercises._exercise import Exercise


def _reference(top, n_queries, n_keys, block_q, block_k):
    positions = [row + n_keys - n_queries for row in range(top, min(top + block_q, n_queries))]
    visited = whole = 0
    for left in range(0, n_keys, block_k):
        keys = range(left, min(left + block_k, n_keys))
        visited += any(key <= position for key in keys for position in positions)
        whole += len(keys) == block_k and all(key <= position for key in keys for position in positions)
    return visited, whole


EXERCISE = Exercise(
    id="efficiency.causal_tiles",
    title="Where the diagonal cuts",
    level="analyse",
    minutes=20,
    difficulty=3,
    page="efficiency/on_a_gpu",
    headings=("Which tiles a program visits",),
    statement=r"""
    A program owns the rows from `top` on, at most `block_q` of them and none beyond `n_queries`. Keys come in tiles of `block_k`, cut from the first key on. The mask is causal, with the **last query beside the last key**.
    Return how many tiles the program has to visit, and how many of those need no mask: full tiles of which every row sees every key.

    No single pair has to be looked at: both numbers follow from the sizes alone, in a few operations.

    A tiny example: 4 queries, 4 keys, tiles of 2 × 2. The rows from 2 on visit 2 tiles, 1 of them without a mask.
    """,
    slot='''
    def causal_tiles(top, n_queries, n_keys, block_q, block_k):
        """Tiles that the rows from `top` on visit under a causal mask.

        result: tiles visited, tiles among them that need no mask; whole numbers
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=("import math",),
    parts=("tiles visited", "tiles without a mask"),
    hints=(
        "The last row sees the most keys, so it decides what is visited. The first row sees the fewest: it decides what needs no mask.",
        r"Row $i$ sees $\max(0,\ i + 1 + m - n)$ keys. A tile is visited if the last row sees its first key: round up. It needs no mask if the first row sees its last key: round down.",
        "```python\nlast = min(top + block_q, ____) - 1\nmost = max(0, last + 1 + ____)\nfewest = max(0, top + 1 + ____)\n"
        "return math.____(most / block_k), fewest ____ block_k\n```",
    ),
    parsons=("first_beside_first", "first_row_decides_both"),
    why=r"""
    Three quantities decide everything: the keys that the last row sees (rounded up to tiles), the keys that the first row sees (rounded down), and the shift $m - n$ between rows and positions. In a kernel the tiles in between are the only ones with a mask, so its cost does not depend on the length.

    **The two most common mistakes.** Rounding down where the diagonal cuts a tile: its keys are then never seen. Leaving out $m - n$, which is right as long as there are as many queries as keys.

    **Cost.** A handful of integer operations, once for each program.
    """,
    verified="sixteen programs: more keys than queries and fewer, ragged rows, and rows that see nothing.",
    next_thought="which of the two numbers changes when a window is added, and which new one is needed?",
    reference=_reference,
)

for _name, _sizes in {
    "as many keys as queries": (4, 12, 12, 4, 2),
    "tiles that divide nothing": (6, 11, 11, 3, 4),
    "more keys than queries": (4, 7, 19, 4, 5),
    "the last, shorter block": (6, 7, 19, 3, 5),
    "fewer keys than queries": (8, 17, 11, 4, 3),
    "rows that see nothing": (0, 17, 5, 4, 3),
    "some rows that see nothing": (8, 17, 7, 4, 3),
    "one query": (0, 1, 23, 16, 4),
    "large tiles of keys": (8, 16, 16, 4, 7),
    "one tile": (0, 5, 5, 8, 8),
    "a ragged last block": (10, 13, 13, 5, 4),
    "tiles of one": (3, 9, 10, 2, 1),
    "one query and one key": (0, 1, 1, 1, 1),
    "thousands of keys": (4096, 8000, 9000, 128, 16),
    "rows that see nothing, tiles of one": (0, 17, 5, 4, 1),
    "the first row sees no key, the last sees one": (11, 17, 5, 2, 3),
}.items():
    EXERCISE.probe(_name, *_sizes)


@EXERCISE.solve
def causal_tiles_solution(top, n_queries, n_keys, block_q, block_k):
    shift = n_keys - n_queries
    last = min(top + block_q, n_queries) - 1
    most = max(0, last + 1 + shift)
    fewest = max(0, top + 1 + shift)
    return math.ceil(most / block_k), fewest // block_k


@EXERCISE.mutant
def first_beside_first(top, n_queries, n_keys, block_q, block_k):
    last = min(top + block_q, n_queries) - 1
    most = min(n_keys, last + 1)
    fewest = min(n_keys, top + 1)
    return math.ceil(most / block_k), fewest // block_k


@EXERCISE.mutant
def diagonal_tile_missed(top, n_queries, n_keys, block_q, block_k):
    shift = n_keys - n_queries
    last = min(top + block_q, n_queries) - 1
    most = max(0, last + 1 + shift)
    fewest = max(0, top + 1 + shift)
    return most // block_k, fewest // block_k


@EXERCISE.mutant
def every_tile_visited(top, n_queries, n_keys, block_q, block_k):
    fewest = max(0, top + 1 + n_keys - n_queries)
    return math.ceil(n_keys / block_k), fewest // block_k


@EXERCISE.mutant
def first_row_decides_both(top, n_queries, n_keys, block_q, block_k):
    fewest = max(0, top + 1 + n_keys - n_queries)
    return math.ceil(fewest / block_k), fewest // block_k


@EXERCISE.mutant
def last_row_decides_both(top, n_queries, n_keys, block_q, block_k):
    last = min(top + block_q, n_queries) - 1
    most = max(0, last + 1 + n_keys - n_queries)
    return math.ceil(most / block_k), most // block_k


@EXERCISE.mutant
def rows_beyond_the_end(top, n_queries, n_keys, block_q, block_k):
    shift = n_keys - n_queries
    most = max(0, top + block_q + shift)
    fewest = max(0, top + 1 + shift)
    return math.ceil(most / block_k), fewest // block_k


@EXERCISE.mutant
def fewer_than_no_tiles(top, n_queries, n_keys, block_q, block_k):
    shift = n_keys - n_queries
    last = min(top + block_q, n_queries) - 1
    return math.ceil((last + 1 + shift) / block_k), (top + 1 + shift) // block_k


@EXERCISE.mutant
def own_key_not_seen(top, n_queries, n_keys, block_q, block_k):
    shift = n_keys - n_queries
    last = min(top + block_q, n_queries) - 1
    return math.ceil(max(0, last + shift) / block_k), max(0, top + shift) // block_k


@EXERCISE.holds("no program has more tiles without a mask than it visits")
def no_more_whole_than_visited(call):
    for sizes in ((0, 17, 5, 4, 3), (4, 7, 19, 4, 5), (8, 16, 16, 4, 7)):
        visited, whole = call(*sizes)
        if not 0 <= whole <= visited:
            return f"{int(whole)} of {int(visited)} tiles"


@EXERCISE.holds("the last program visits every tile")
def last_program_visits_all(call):
    visited, _ = call(9, 11, 17, 3, 4)
    if visited != 5:
        return f"{int(visited)} of 5 tiles"


@EXERCISE.holds("what is visited holds every key that the last row sees, and no tile more")
def visited_by_the_last_row(call):
    found = [int(call(top, 12, 14, 3, 4)[0]) for top in (0, 3, 6, 9)]
    return None if found == [2, 2, 3, 4] else f"12 queries, 14 keys, 3 rows a program, tiles of 4: the four programs visit {found} tiles"


@EXERCISE.holds("whole tiles are those that the first row sees to the end")
def whole_for_the_first_row(call):
    found = [int(call(top, 12, 14, 3, 4)[1]) for top in (0, 3, 6, 9)]
    return None if found == [0, 1, 2, 3] else f"12 queries, 14 keys, 3 rows a program, tiles of 4: the four programs have {found} tiles without a mask"


@EXERCISE.holds("rows that see nothing visit nothing")
def nothing_seen(call):
    found = [int(x) for x in call(2, 30, 9, 4, 5)]
    return None if found == [0, 0] else f"30 queries and 9 keys: the rows from 2 on visit {found[0]} tiles, {found[1]} of them whole"
