"""The transformer in one drawing: the map of the course."""

from __future__ import annotations

from dataclasses import replace

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Shape, chain, route

TEXT = (
    "A transformer from text to the next token. The text is cut into tokens, each token has an id, each id chooses a row of a table, and positions are put in. The "
    "rows then pass N blocks. In a block, attention lets every token look at the others and a feed-forward network works on each row alone; before each of the two the rows are "
    "normalised, and the result of each is added to what went in: the residual path. After the last block come a norm, the logits, one number for each entry of the vocabulary, "
    "softmax, and the next token, which is appended to the text."
)
FEED = (
    ("# text", "~ “The cat”"),
    ("# tokens", "~ the, cat"),
    ("# ids", "~ 1996, 4937"),
    ("# vectors", "~ rows of a table"),
    ("# positions", "~ order put in"),
)
HEAD = (
    ("# norm", "~ the last one"),
    ("# logits", "~ one per entry"),
    ("# softmax", "~ probabilities"),
    ("# next token", "~ “slept”"),
)
WORK = (("# attention", "~ rows look at rows"), ("# feed-forward", "~ each row alone"))
GAP = 20  # between the boxes of a block
PAGES = {
    "text": "book/start/refresher_language_modelling", "positions": "book/positions/overview", "attention": "book/self_attention/overview",
    "heads": "book/multi_head/overview", "softmax": "book/fundamentals/softmax_temperature", "next token": "book/start/refresher_language_modelling",
    "feed-forward": "book/start/refresher_neural_networks",
}  # fmt: skip


def transformer() -> Drawing:
    """The transformer in one drawing, from text to the next token; a box with a page of its own is a link to it."""
    return Drawing("transformer", "The transformer in one drawing", TEXT, _wide(), _narrow())


def _named(x: float, y: float, w: float, lines: tuple[str, ...], h: float = 54, kind: str = "plain") -> Box:
    return Box(x, y, w, h, lines, kind=kind, page=PAGES.get(lines[0].removeprefix("# "), ""))


def _plus(cx: float) -> Box:
    return Box(cx - 13, 0, 26, 26, ("+",), round=13, size=17)


def _wide() -> tuple[Shape, ...]:
    feed = [_named(36, 40 + 84 * i, 144, lines) for i, lines in enumerate(FEED)]
    head = [_named(482, 82 + 84 * i, 144, lines) for i, lines in enumerate(HEAD)]
    block = _block(228, 30, 212, upward=True)
    first, last = block[1], block[2]
    enter = route(feed[4].on("bottom"), (feed[4].cx, 472), (first.cx, 472), first.on("bottom"))
    leave = route(last.on("top"), (last.cx, 10), (head[0].cx, 10), head[0].on("top"))
    again = route(head[3].on("bottom"), (head[3].cx, 500), (12, 500), (12, feed[0].cy), feed[0].on("left"), kind="quiet")
    labels = [Label(331, 516, "~ appended to the text, and once more")]
    return (*feed, *head, *block, *chain(*feed), *chain(*head), enter, leave, again, *labels)


def _stacked(boxes: list[Box], y: float, upward: bool) -> list[Box]:
    """The same boxes one below the other (or above), with equal gaps."""
    placed, order = [], reversed(boxes) if upward else boxes
    for box in order:
        placed.append(replace(box, y=y))
        y += box.h + GAP
    return placed[::-1] if upward else placed


def _block(x: float, y: float, w: float, upward: bool) -> list[Shape]:
    """N blocks as one frame; behind it stand the boxes where the rows come in and where they leave."""
    cx, wide = x + w / 2 + 16, 146
    dot = Box(cx - 5, 0, 10, 10, kind="dot", round=5)
    inside = [
        [dot, _named(cx - wide / 2, 0, wide, ("norm",), 30), _named(cx - wide / 2, 0, wide, lines, 54, "weight"), _plus(cx)]
        for lines in WORK
    ]
    boxes = _stacked([*inside[0], *inside[1]], y + 24, upward)
    frame = Group(x, y, w, max(box.bottom for box in boxes) + 24 - y)
    lane = cx - wide / 2 - 18
    rests = [
        route(a.on("left"), (lane, a.cy), (lane, b.cy), b.on("left"), thick=2.6)
        for a, b in ((boxes[0], boxes[3]), (boxes[4], boxes[7]))
    ]
    times = Label(x + 12, frame.bottom - 18 if upward else y + 18, "# × *N*", "start")
    return [frame, boxes[0], boxes[7], *boxes[1:7], *chain(*boxes), *rests, times]


def _narrow() -> tuple[Shape, ...]:
    places = ((4, 4), (178, 4), (178, 88), (4, 88), (4, 172))
    feed = [_named(x, y, 146, lines) for (x, y), lines in zip(places, FEED)]
    block = _block(58, 256, 212, upward=False)
    y = block[0].bottom + 30
    ends = ((4, 0), (178, 0), (178, 84), (4, 84))
    head = [_named(x, y + dy, 146, lines) for (x, dy), lines in zip(ends, HEAD)]
    enter = route(feed[4].on("right"), (block[1].cx, feed[4].cy), block[1].on("top"))
    leave = route(block[2].on("bottom"), (block[2].cx, y - 16), (head[0].cx, y - 16), head[0].on("top"))
    return (
        *feed,
        *block,
        *head,
        *chain(*feed),
        *chain(*head),
        enter,
        leave,
        Label(164, y + 156, "~ appended to the text, and once more"),
    )
