"""GPT: one stack, and one table at both ends."""

from __future__ import annotations

from dataclasses import replace

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Shape, chain, join, route

TEXT = (
    "GPT from below upwards. The ids of a text become rows: a row of the table plus a learned row for the place. They pass N "
    "blocks. In a block the rows are normalised and look at themselves and at earlier rows, and what they find is added to the rows as "
    "they were; then they are normalised again, a feed-forward network works on each row alone, and its result is added. After the last block "
    "comes one more norm. The rows times the same table, transposed, are the logits of the next token at every place. There is no encoder "
    "and no cross-attention."
)
PAGES = {
    "table row + place": "book/positions/learned",
    "causal attention": "book/self_attention/masks",
    "feed-forward": "book/architecture/feed_forward",
    "norm": "book/architecture/normalisation",
    "logits": "book/architecture/decoding",
}
GAP, ACROSS = 16, 190  # between the boxes, and their width


def gpt_stack() -> Drawing:
    """GPT, from ids to logits; the table serves at both ends."""
    return Drawing("gpt_stack", "A decoder alone", TEXT, _one(270, 500), _one(136, 300))


def _named(cx: float, lines: tuple[str, ...], kind: str = "plain", h: float = 46) -> Box:
    return Box(cx - ACROSS / 2, 0, ACROSS, h, lines, kind, PAGES.get(lines[0].removeprefix("# "), ""))


def _one(cx: float, lane: float) -> tuple[Shape, ...]:
    """One column; the table's way from the entrance to the logits goes by at `lane`."""
    dot = Box(cx - 5, 0, 10, 10, kind="dot", round=5)
    norm, plus = _named(cx, ("norm",), h=30), Box(cx - 13, 0, 26, 26, ("+",), round=13)
    look, think = _named(cx, ("# causal attention", "~ to itself and before"), "weight"), _named(cx, ("# feed-forward", "~ each row alone"), "weight")
    block = _upward([dot, norm, look, plus, dot, norm, think, plus], 148)
    frame = Group(cx - ACROSS / 2 - 36, 124, ACROSS + 52, block[0].bottom + 18 - 124, "")
    logits, last = replace(_named(cx, ("# logits", "~ rows × tableᵀ"), "weight"), y=4), replace(_named(cx, ("norm",), h=30), y=74)
    rows = replace(_named(cx, ("# table row + place", "~ *n* × *d*")), y=frame.bottom + 26)
    ids = replace(_named(cx, ("# ids", "~ *n* of them")), y=rows.bottom + 26)
    left = block[1].left - 20
    past = [route(a.on("left"), (left, a.cy), (left, b.cy), b.on("left"), thick=2.6) for a, b in (block[0:4:3], block[4:8:3])]
    table = route(rows.on("right"), (lane, rows.cy), (lane, logits.cy), logits.on("right"), kind="weight")
    times = Label(frame.right + 9, frame.cy, "# × *N*", "start")
    says = Label(cx, ids.bottom + 20, "~ one table: in and, transposed, out")
    return (frame, *block, logits, last, rows, ids, *past, table, times, says,
            *chain(ids, rows, block[0]), *chain(*block), join(block[-1], last), route(last.on("top"), logits.on("bottom")))  # fmt: skip


def _upward(boxes: list[Box], y: float) -> list[Box]:
    """The same boxes, the last one on top at `y`, with equal gaps."""
    placed = []
    for one in reversed(boxes):
        placed.append(replace(one, y=y))
        y += one.h + GAP
    return placed[::-1]
