"""A block seen from its residual stream, and a layer among several streams."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Matrix, Shape, chain, join, route

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


STREAMS, WIDTH, CELL = 4, 6, 15
STREAMS_TEXT = (
    "One layer among four residual streams of a token, a table X with a row for each stream. Above: the streams are mixed by a "
    "four by four matrix M. Below: read weights r make one row of the four, the layer works on it, and write weights w spread its"
    " result over four rows. Both are added: the new streams X prime."
)


def several_streams() -> Drawing:
    """One layer among several residual streams: mix above; read, work, write below; add."""
    return Drawing("several_streams", "One layer among four residual streams", STREAMS_TEXT, _streams_wide(), _streams_narrow())


def _streams(x: float, y: float) -> Matrix:
    return Matrix(x, y, STREAMS, WIDTH, CELL, "weight", tuple((kind,) * WIDTH for kind in ("w1", "w2", "w1", "w2")))


def _row(x: float, y: float) -> Matrix:
    return Matrix(x, y, 1, WIDTH, CELL, "weight", (("w3",) * WIDTH,))


def _streams_wide() -> tuple[Shape, ...]:
    old, new, plus = _streams(6, 34), _streams(544, 34), _plus(502, 64)
    mix = Box(232, 36, 130, 56, ("# mix", "~ *M*: 4 × 4"), kind="weight")
    read, work = Box(6, 142, 90, 56, ("# read", "~ *r*: 1 × 4")), Box(238, 142, 90, 56, ("# layer", "~ *f*"))
    write = Box(457, 142, 90, 56, ("# write", "~ *w*: 1 × 4"))
    before, after = _row(116, 162), _row(348, 162)
    flows = [*chain(old, mix, plus, new, at=64), join(old, read), *chain(read, before, work, after, write, at=170), join(write, plus)]
    names = [Label(old.cx, 18, "*X*: 4 × *d*"), Label(new.cx, 18, "*X*′: 4 × *d*"), Label(before.cx, 190, "1 × *d*"), Label(after.cx, 190, "1 × *d*")]
    return (old, new, plus, mix, read, work, write, before, after, *flows, *names)


def _streams_narrow() -> tuple[Shape, ...]:
    old, new, plus = _streams(20, 28), _streams(20, 406), _plus(65, 352)
    mix = Box(10, 160, 110, 56, ("# mix", "~ *M*: 4 × 4"), kind="weight")
    read, work = Box(196, 30, 120, 56, ("# read", "~ *r*: 1 × 4")), Box(196, 160, 120, 56, ("# layer", "~ *f*"))
    write = Box(196, 284, 120, 40, ("# write *w*",))
    before, after = _row(211, 112), _row(211, 242)
    flows = [*chain(old, mix, plus, new), join(old, read), *chain(read, before, work, after, write)]
    flows += [route(write.on("bottom"), (write.cx, plus.cy), plus.on("right"))]
    names = [Label(old.cx, 14, "*X*: 4 × *d*"), Label(122, 436, "*X*′: 4 × *d*", "start"), Label(203, before.cy, "1 × *d*", "end"), Label(203, after.cy, "1 × *d*", "end")]
    return (old, new, plus, mix, read, work, write, before, after, *flows, *names)
