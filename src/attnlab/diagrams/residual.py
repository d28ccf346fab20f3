"""One block of a transformer, seen from the residual stream."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, chain, join, route

TEXT = (
    "One block, seen from the residual stream. The rows x run straight through to the end. Twice a copy is taken out of the "
    "stream, normalised, worked on, first by attention, which mixes rows, then by the feed-forward network, which works on each"
    " row alone, and added to the stream. Nothing in the block replaces the stream: both parts read from it and write to it by "
    "addition."
)
PARTS = (("# attention", "~ mixes rows"), ("# feed-forward", "~ each row alone"))
STREAM = 3.4  # how thick it is drawn


def block_residual() -> Drawing:
    """One block with its residual stream: read, normalise, work, add; twice."""
    return Drawing("block_residual", "One block and its residual stream", TEXT, _wide(), _narrow())


def _dot(cx: float, cy: float) -> Box:
    return Box(cx - 5, cy - 5, 10, 10, kind="dot", round=5)


def _plus(cx: float, cy: float) -> Box:
    return Box(cx - 14, cy - 14, 28, 28, ("+",), round=14, size=17)


def _wide() -> tuple[Shape, ...]:
    start, end = Box(2, 24, 44, 40, ("*x*",), kind="strong"), Box(594, 24, 44, 40, ("*x*′",), kind="strong")
    shapes, stream = [], [start]
    for x, lines in ((70, PARTS[0]), (336, PARTS[1])):
        dot, plus = _dot(x + 34, 44), _plus(x + 228, 44)
        norm, work = Box(x, 96, 68, 56, ("norm",)), Box(x + 88, 96, 124, 56, lines, kind="weight")
        shapes += [
            dot,
            plus,
            norm,
            work,
            join(dot, norm),
            join(norm, work),
            route(work.on("right"), (plus.cx, work.cy), plus.on("bottom")),
        ]
        stream += [dot, plus]
    label = Label(178, 16, "~ the residual stream")
    return (start, end, *shapes, *chain(*stream, end, thick=STREAM), label)


def _narrow() -> tuple[Shape, ...]:
    start, end = Box(8, 4, 64, 36, ("*x*",), kind="strong"), Box(8, 424, 64, 36, ("*x*′",), kind="strong")
    shapes, stream = [], [start]
    for y, lines in ((76, PARTS[0]), (260, PARTS[1])):
        dot, plus = _dot(40, y), _plus(40, y + 122)
        norm, work = Box(124, y - 20, 160, 40, ("norm",)), Box(124, y + 44, 160, 56, lines, kind="weight")
        shapes += [
            dot,
            plus,
            norm,
            work,
            join(dot, norm, at=y),
            join(norm, work),
            route(work.on("bottom"), (work.cx, plus.cy), plus.on("right")),
        ]
        stream += [dot, plus]
    label = Label(84, 22, "~ the residual stream, downward", "start")
    return (start, end, *shapes, *chain(*stream, end, thick=STREAM), label)
