"""Several heads: how one table is cut into narrow ones and joined again."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Matrix, Shape, join, matrix, route

CELL = 27
NUMBERS = ((0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11))  # three tokens, two heads of width two, in the order of memory
TEXT = (
    "A table of three tokens and four columns, numbered 0 to 11 in the order of memory. Columns 0 and 1 belong to head 0, "
    "columns 2 and 3 to head 1. Reshape, then swap the axes of tokens and heads: head 0 is 0 1, 4 5, 8 9, the first half of "
    "every token. Reshape alone only cuts the row of numbers: head 0 would be 0 1, 2 3, 4 5, both halves of token 0 and half of"
    " token 1."
)


def heads_split_and_merged() -> Drawing:
    """Heads split and merged: reshape, then swap the axes; and what a reshape alone would give."""
    return Drawing("heads_split_and_merged", "Heads split and merged: why reshape is not transpose", TEXT, _wide(), _narrow())


def _table(cx: float, y: float, numbers) -> Matrix:
    """A table of these numbers, each shaded by the head its column belongs to."""
    kinds = tuple(tuple("w2" if n % 4 < 2 else "strong" for n in row) for row in numbers)
    words = tuple(tuple(str(n) for n in row) for row in numbers)
    return matrix(cx, y, len(numbers), len(numbers[0]), CELL, cells=kinds, words=words)


def _heads(left: float, right: float, y: float, right_way: bool) -> list[Matrix]:
    """Head 0 and head 1, cut by columns, or by the order of memory."""
    if right_way:
        cut = [[row[:2] for row in NUMBERS], [row[2:] for row in NUMBERS]]
    else:
        flat = [n for row in NUMBERS for n in row]
        cut = [[flat[i : i + 2] for i in range(start, start + 6, 2)] for start in (0, 6)]
    return [_table(cx, y, numbers) for cx, numbers in zip((left, right), cut)]


def _names(heads: list[Matrix], quoted: bool) -> list[Label]:
    return [Label(one.cx, one.y - 14, f"“head {i}”" if quoted else f"head {i}", size=13.5) for i, one in enumerate(heads)]


def _beside(heads: list[Matrix], quoted: bool) -> list[Label]:
    names = (label.line for label in _names(heads, quoted))
    ends = ((heads[0].x - 8, "end"), (heads[1].right + 8, "start"))
    return [Label(x, heads[0].cy, name, anchor, 13.5) for name, (x, anchor) in zip(names, ends)]


def _tokens(table: Matrix) -> list[Label]:
    return [Label(table.x - 8, table.y + (i + 0.5) * CELL, f"~ token {i}", "end") for i in range(3)]


def _wide() -> tuple[Shape, ...]:
    table, merged, again = _table(126, 68, NUMBERS), _table(570, 68, NUMBERS), _table(126, 236, NUMBERS)
    good, bad = _heads(334, 404, 68, True), _heads(334, 404, 236, False)
    frames = [Group(2, 2, 636, 166, "Right: reshape, then swap the axes"), Group(2, 180, 636, 156, "Wrong: reshape alone")]
    flows = [join(table, good[0]), join(good[1], merged), join(again, bad[0])]
    labels = [*_tokens(table), *_tokens(again), *_names(good, False), *_names(bad, True)]
    labels += [
        Label(126, 54, "3 × 4"),
        Label(570, 54, "3 × 4"),
        Label(243, 94, "reshape,", size=13.5),
        Label(243, 125, "swap axes", size=13.5),
    ]
    labels += [
        Label(474, 94, "swap axes,", size=13.5),
        Label(474, 125, "reshape", size=13.5),
        Label(243, 262, "reshape", size=13.5),
    ]
    labels += [
        Label(448, 258 + 20 * i, f"~ {line}", "start")
        for i, line in enumerate(("both halves of token 0", "and half of token 1 in", "one “head”: tokens mix"))
    ]
    return (*frames, table, merged, again, *good, *bad, *flows, *labels)


def _narrow() -> tuple[Shape, ...]:
    table, merged, again = _table(164, 44, NUMBERS), _table(164, 316, NUMBERS), _table(164, 458, NUMBERS)
    good, bad = _heads(124, 204, 180, True), _heads(124, 204, 594, False)
    frames = [Group(2, 2, 324, 408, "Right: reshape, swap axes"), Group(2, 420, 324, 314, "Wrong: reshape alone")]
    flows = [*_fan(table, good), *_gather(good, merged), *_fan(again, bad)]
    labels = [*_tokens(table), *_tokens(again), *_beside(good, False), *_beside(bad, True)]
    labels += [
        Label(214, 152, "reshape, swap", "start", 13.5),
        Label(214, 288, "swap, reshape", "start", 13.5),
        Label(214, 566, "reshape", "start", 13.5),
    ]
    labels += [Label(164, 696, "~ both halves of token 0 and half of"), Label(164, 716, "~ token 1 in one “head”: tokens mix")]
    return (*frames, table, merged, again, *good, *bad, *flows, *labels)


def _fan(table: Matrix, heads: list[Matrix]) -> list[Shape]:
    return [join(table, head, at=at) for head, at in zip(heads, (124, 204))]


def _gather(heads: list[Matrix], table: Matrix) -> list[Shape]:
    return [join(head, table, at=at) for head, at in zip(heads, (124, 204))]


SHARED = (
    "Four ways to share keys and values among four query heads. Multi-head: each query head has keys and values of its own, "
    "four pairs are kept. Grouped: two query heads share a pair, two pairs are kept. Multi-query: all share one pair. Latent: "
    "one narrow vector c is kept for each token, and the keys and values of every head are computed from it; a small key for "
    "the position is kept beside it."
)
WAYS = (
    ("multi-head", ("0", "1", "2", "3"), "keeps 4 of each"), ("grouped", ("0", "1"), "keeps 2 of each"),
    ("multi-query", ("0",), "keeps 1 of each"), ("latent", (), "keeps mainly *c*"),
)  # fmt: skip


def heads_share() -> Drawing:
    """Who shares what: multi-head, grouped, multi-query and latent attention, with four query heads each."""
    wide = [shape for i in range(4) for shape in _way(i, 2 + 161 * i, 2)]
    narrow = [shape for i in range(4) for shape in _way(i, 2 + 171 * (i % 2), 2 + 256 * (i // 2))]
    return Drawing("heads_share", "Who shares keys and values", SHARED, tuple(wide), tuple(narrow))


def _way(which: int, x: float, y: float) -> list[Shape]:
    """Four query heads above, what is kept below, and who uses which."""
    name, kept, says = WAYS[which]
    asks = [Box(x + 6 + 36 * i, y + 42, 33, 34, (f"*q*_{{{i}}}",), kind="q", round=4) for i in range(4)]
    if not kept:
        return [Group(x, y, 153, 246, name), *asks, *_latent(x, y, asks), Label(x + 76.5, y + 228, f"~ {says}")]
    span = 36 * (4 // len(kept)) - 3
    keys = [Box(x + 6 + (span + 3) * i, y + 122, span, 34, (f"*k*_{{{n}}}",), kind="k", round=4) for i, n in enumerate(kept)]
    values = [Box(one.x, y + 162, span, 34, (f"*v*_{{{n}}}",), kind="v", round=4) for one, n in zip(keys, kept)]
    uses = [join(one, keys[i * len(kept) // 4], at=one.cx, kind="q") for i, one in enumerate(asks)]
    return [Group(x, y, 153, 246, name), *asks, *keys, *values, *uses, Label(x + 76.5, y + 216, f"~ {says}")]


def _latent(x: float, y: float, asks: list[Box]) -> list[Shape]:
    """One vector below, from which keys and values of all heads are unfolded."""
    pairs = [Box(one.x, y + 112, 33, 44, ("*k*", "*v*"), kind="quiet", round=4, size=13.5) for one in asks]
    narrow = Box(x + 42, y + 184, 69, 28, ("*c*",), kind="lit", round=4)
    unfolded = [route(narrow.on("top"), (narrow.cx, y + 170), (pair.cx, y + 170), pair.on("bottom")) for pair in pairs]
    return [*pairs, narrow, *unfolded, *(join(one, pair, kind="q") for one, pair in zip(asks, pairs))]
