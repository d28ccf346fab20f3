"""The transformer in one drawing: the map of the course."""

from __future__ import annotations

from dataclasses import replace

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Framed, Group, Label, Shape, chain, route
from attnlab.diagrams._words import SMALL

TEXT = (
    "A transformer from text to the next token. The text is cut into tokens, each token has an id, each id chooses a row of a "
    "table, and positions are put in. The rows then pass N blocks. In a block, attention lets the rows look at each other and a"
    " feed-forward network works on each row alone; before each of the two (in the paper of 2017: after it) the rows are "
    "normalised, and its result is added to what went in: the residual path. After the last block come a norm, the logits, one "
    "for each entry of the vocabulary, softmax, and the next token, which is appended to the text."
)
FEED = (("# text", "~ “The cat”"), ("# tokens", "~ the, cat"), ("# ids", "~ 1996, 4937"), ("# vectors", "~ rows of a table"), ("# positions", "~ order put in"))  # fmt: skip
HEAD = (
    ("# norm", "~ the last one"),
    ("# logits", "~ one per entry"),
    ("# softmax", "~ probabilities"),
    ("# next token", "~ “slept”"),
)
PAGES = {
    "tokens": "book/start/tokens_and_embeddings#from-a-text-to-tokens",
    "vectors": "book/start/tokens_and_embeddings#a-table-of-rows",
    "positions": "book/positions/overview",
    "attention": "book/self_attention/overview",
    "formula": "book/self_attention/scaled_dot_product",
    "masks": "book/self_attention/masks",
    "heads": "book/multi_head/overview",
    "cost": "book/efficiency/overview",
    "feed-forward": "book/architecture/feed_forward",
    "norm": "book/architecture/normalisation",
    "logits": "book/start/tokens_and_embeddings#the-other-end-logits-and-the-loss",
    "softmax": "book/fundamentals/softmax_temperature",
    "next token": "book/architecture/decoding",
}
INSIDE = ("formula", "masks", "heads", "cost")  # what the course says of attention
GAP, ACROSS = 20, 172  # between the boxes of a block, and their width


def transformer() -> Drawing:
    """The transformer in one drawing, from text to the next token; a box with a page of its own is a link to it."""
    return Drawing("transformer", "The transformer in one drawing", TEXT, _wide(), _narrow())


def _named(x: float, y: float, w: float, lines: tuple[str, ...], h: float = 54, kind: str = "plain", **rest) -> Box:
    return Box(x, y, w, h, lines, kind, PAGES.get(lines[0].removeprefix("# "), ""), **rest)


def _wide() -> tuple[Shape, ...]:
    feed = [_named(30, 62 + 84 * i, 140, lines) for i, lines in enumerate(FEED)]
    head = [_named(490, 104 + 84 * i, 140, lines) for i, lines in enumerate(HEAD)]
    frame, boxes, rest = _block(204, 32, 252, upward=True)
    base, bottom = frame.bottom + 20, frame.bottom + 46
    enter = route(feed[4].on("bottom"), (feed[4].cx, base), (boxes[0].cx, base), boxes[0].on("bottom"))
    leave = route(boxes[-1].on("top"), (boxes[-1].cx, 10), (head[0].cx, 10), head[0].on("top"))
    again = route(head[3].on("bottom"), (head[3].cx, bottom), (10, bottom), (10, feed[0].cy), feed[0].on("left"), kind="quiet")
    label = Label(330, bottom + 16, "~ appended to the text, and once more")
    return (*feed, *head, frame, *boxes, *rest, *chain(*feed), *chain(*head), enter, leave, again, label)


def _narrow() -> tuple[Shape, ...]:
    places = ((4, 4), (178, 4), (178, 88), (4, 88), (4, 172))
    feed = [_named(x, y, 146, lines) for (x, y), lines in zip(places, FEED)]
    frame, boxes, rest = _block(38, 256, 252, upward=False)
    y = frame.bottom + 34
    head = [_named(x, y + dy, 146, lines) for (x, dy), lines in zip(((4, 0), (178, 0), (178, 84), (4, 84)), HEAD)]
    enter = route(feed[4].on("right"), (boxes[0].cx, feed[4].cy), boxes[0].on("top"))
    leave = route(boxes[-1].on("bottom"), (boxes[-1].cx, y - 17), (head[0].cx, y - 17), head[0].on("top"))
    label = Label(164, y + 156, "~ appended to the text, and once more")
    return (*feed, frame, *boxes, *rest, *head, *chain(*feed), *chain(*head), enter, leave, label)


def _block(x: float, y: float, w: float, upward: bool) -> tuple[Group, list[Framed], list[Shape]]:
    """N blocks as one frame; its eight boxes in the order of the flow; and what else is in it."""
    cx = x + w / 2 + 18
    left, lane = cx - ACROSS / 2, cx - ACROSS / 2 - 20
    work = [Group(left, 0, ACROSS, 110, "attention", "weight", PAGES["attention"], 8)]
    work += [_named(left, 0, ACROSS, ("# feed-forward", "~ each row alone"), 54, "weight")]
    boxes = _stacked([one for part in work for one in _half(cx, left, part)], y + 24, upward)
    frame = Group(x, y, w, max(one.bottom for one in boxes) + 24 - y)
    rests = [route(a.on("left"), (lane, a.cy), (lane, b.cy), b.on("left"), thick=2.6) for a, b in (boxes[0:4:3], boxes[4:8:3])]
    times = Label(x + 14, frame.bottom - 18 if upward else y + 18, "# × *N*", "start")
    return frame, boxes, [*_chips(boxes[2]), *chain(*boxes), *rests, times]


def _half(cx: float, left: float, work: Framed) -> list[Framed]:
    """Half a block: where the residual path leaves, norm, work, and where the path comes back."""
    return [
        Box(cx - 5, 0, 10, 10, kind="dot", round=5),
        _named(left, 0, ACROSS, ("norm",), 30),
        work,
        Box(cx - 13, 0, 26, 26, ("+",), round=13),
    ]


def _stacked(boxes: list[Framed], y: float, upward: bool) -> list[Framed]:
    """The same boxes one below the other (or above), with equal gaps."""
    placed = []
    for one in reversed(boxes) if upward else boxes:
        placed.append(replace(one, y=y))
        y += one.h + GAP
    return placed[::-1] if upward else placed


def _chips(frame: Framed) -> list[Box]:
    """What the course says of attention, as four small links in its frame."""
    places = [(frame.x + 8 + 80 * (i % 2), frame.y + 34 + 36 * (i // 2)) for i in range(4)]
    return [_named(x, y, 76, (f"# {name}",), 30, size=SMALL) for (x, y), name in zip(places, INSIDE)]
