"""The transformer of 2017: encoder, decoder, and what goes from one to the other."""

from __future__ import annotations

from dataclasses import replace

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Arrow, Box, Group, Label, Shape, chain, join, route

TEXT = (
    "Two stacks. The ids of the source become rows, the table times the root of d plus positions, and pass six encoder blocks: "
    "self-attention over the whole source, then a feed-forward network, each followed by add and norm. The ids of the target so "
    "far become rows in the same way and pass six decoder blocks: self-attention to themselves and what is before, cross-attention "
    "whose keys and values are the rows of the last encoder block, feed-forward network, each followed by add and norm. The rows times "
    "the table transposed are the logits; softmax gives the next token, which is appended to the target."
)
PAGES = {
    "rows": "book/start/tokens_and_embeddings",
    "self-attention": "book/architecture/encoder",
    "masked self-attention": "book/architecture/decoder",
    "cross-attention": "book/architecture/cross_attention",
    "feed-forward": "book/architecture/feed_forward",
    "add, norm": "book/architecture/normalisation",
    "softmax": "book/architecture/decoding",
}
ROWS = ("# rows", "~ table × √*d* + positions")
LOOK = ("# self-attention", "~ to all of the source")
BACK = ("# masked self-attention", "~ to itself and before")
ASK = ("# cross-attention", "~ to the encoder’s rows")
THINK = ("# feed-forward", "~ each row alone")
GAP, ACROSS = 16, 204  # between the boxes, and their width


def transformer_2017() -> Drawing:
    """The encoder-decoder of 2017 with the sublayers of its blocks; a box with a page of its own is a link to it."""
    return Drawing("transformer_2017", "The transformer of 2017", TEXT, _wide(), _narrow())


def _wide() -> tuple[Shape, ...]:
    source, target = _text(142, 6, "source", "sieben und sechzig"), _text(474, 6, "target so far", "start, sixty")
    left, right = _stack(142, source, "Encoder × 6", (LOOK, THINK)), _stack(474, target, "Decoder × 6", (BACK, ASK, THINK))
    last, ask = left[-1], _box_of(right, ASK)
    lane, low = 316, _frame(left).bottom + 18
    memory = route(last.on("bottom"), (last.cx, low), (lane, low), (lane, ask.cy), ask.on("left"))
    says = (Label(142, low + 20, "~ memory: made once, then"), Label(142, low + 40, "~ asked by every decoder block"))
    return (source, target, *left, *right, memory, *says, *_exit(474, _frame(right), target, right[-1], 628))


def _narrow() -> tuple[Shape, ...]:
    source = _text(160, 6, "source", "sieben und sechzig")
    left = _stack(160, source, "Encoder × 6", (LOOK, THINK))
    bottom = _frame(left).bottom
    target = _text(160, bottom + 58, "target so far", "start, sixty")
    right = _stack(160, target, "Decoder × 6", (BACK, ASK, THINK))
    last, ask = left[-1], _box_of(right, ASK)
    memory = route(last.on("bottom"), (last.cx, bottom + 16), (12, bottom + 16), (12, ask.cy), ask.on("left"))
    says = Label(24, bottom + 34, "~ memory: made once, asked by every block", "start")
    return (source, target, *left, *right, memory, says, *_exit(160, _frame(right), target, right[-1], 318))


def _text(cx: float, y: float, name: str, words: str) -> Box:
    return Box(cx - ACROSS / 2, y, ACROSS, 46, (f"# {name}", f"~ {words}"))


def _named(cx: float, y: float, lines: tuple[str, ...], kind: str = "plain") -> Box:
    return Box(cx - ACROSS / 2, y, ACROSS, 46, lines, kind, PAGES.get(lines[0].removeprefix("# "), ""))


def _stack(cx: float, entry: Box, title: str, sublayers: tuple[tuple[str, ...], ...]) -> list[Shape]:
    """Rows and one block below `entry`, in the order of the flow; the last shape is the last add and norm."""
    rows = _named(cx, entry.bottom + GAP, ROWS)
    top = rows.bottom + GAP + 4
    boxes = [Box(cx - 5, 0, 10, 10, kind="dot", round=5)]
    for lines in sublayers:
        boxes += [_named(cx, 0, lines, "weight"), replace(_named(cx, 0, ("add, norm",)), h=30)]
    boxes = _below(boxes, top + 40)
    frame = Group(cx - ACROSS / 2 - 34, top, ACROSS + 72, boxes[-1].bottom + 14 - top, title)
    flows: list[Shape] = [join(entry, rows), join(rows, boxes[0]), *chain(*boxes)]
    return [frame, rows, *flows, *_residuals(boxes), *boxes]


def _residuals(boxes: list[Box]) -> list[Arrow]:
    """The path past each sublayer, on the right: from what went in to add and norm."""
    lane, found = boxes[1].right + 20, []
    for start, end in zip(boxes[::2], boxes[2::2]):
        out = start.on("right", start.cy if start.h < 20 else start.y + 22)
        back = end.on("right", end.y + 8)
        found.append(route(out, (lane, out[1]), (lane, back[1]), back, thick=2.6))
    return found


def _exit(cx: float, frame: Group, target: Box, last: Box, lane: float) -> list[Shape]:
    """Logits, softmax, and the way back of the next token."""
    logits = _named(cx, frame.bottom + 24, ("# logits", "~ rows × table transposed"))
    softmax = _named(cx, logits.bottom + GAP, ("# softmax", "~ next token: “seven”"))
    again = route(softmax.on("right"), (lane, softmax.cy), (lane, target.cy), target.on("right"), kind="quiet")
    return [logits, softmax, *chain(last, logits, softmax), again]


def _below(boxes: list[Box], y: float) -> list[Box]:
    placed = []
    for one in boxes:
        placed.append(replace(one, y=y))
        y += one.h + GAP
    return placed


def _frame(shapes: list[Shape]) -> Group:
    return next(shape for shape in shapes if isinstance(shape, Group))


def _box_of(shapes: list[Shape], lines: tuple[str, ...]) -> Box:
    return next(shape for shape in shapes if isinstance(shape, Box) and shape.lines == lines)
