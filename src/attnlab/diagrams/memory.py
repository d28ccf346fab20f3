"""The memory of an encoder, read by every layer of a decoder."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Shape, chain, join, route

TEXT = (
    "The source passes the encoder once; what comes out of its last layer is the memory Y, m rows. Each decoder layer projects this same "
    "memory with matrices of its own: keys K1 and values V1 for layer 1, K2 and V2 for layer 2, made once for the whole translation. "
    "At every step the new row x passes layer 1, then layer 2: self-attention, cross-attention, feed-forward network. Only the query of "
    "cross-attention comes from this row; it is compared with the layer's keys, and the layer's values are mixed."
)


def memory_read() -> Drawing:
    """One memory, two decoder layers: keys and values are made once for each, queries at every step."""
    return Drawing("memory_read", "One memory, read by every layer of the decoder", TEXT, _wide(), _narrow())


def _feeds(x: float, y: float, w: float, gap: float) -> list[Box]:
    words = (("source", "~ *m* tokens"), ("encoder", "~ all its layers"), ("*Y*: memory", "~ *m* rows"))
    return [Box(x + i * (w + gap), y, w, 50, lines, kind=kind) for i, (lines, kind) in enumerate(zip(words, ("plain", "plain", "lit")))]


def _wide() -> tuple[Shape, ...]:
    feeds = _feeds(60, 6, 140, 34)
    memory, shapes, before = feeds[2], [*feeds, *chain(*feeds)], None
    for number, y in ((1, 84), (2, 274)):
        k, v = _kept(number, 330, 420, y + 38, y + 38, 84)
        own, cross, think = (Box(x, y + 110, w, 44, (line,), kind=kind) for x, w, line, kind in
                             ((104, 130, "self-attention", "plain"), (348, 130, "cross-attention", "strong"), (498, 116, "feed-forward", "plain")))  # fmt: skip
        lane, right = y + 20, 630
        first = [(memory.cx, memory.bottom)] if number == 1 else [memory.on("right"), (right, memory.cy), (right, lane)]
        if number == 1:
            first.append((memory.cx, lane))
        shapes += [Group(14, y, 608 if number == 1 else 604, 170, f"decoder layer {number}"), k, v, own, cross, think]
        shapes += [route(*first, (one.cx, lane), one.on("top"), kind=one.kind) for one in (k, v)]
        shapes += [join(own, cross, kind="q"), join(k, cross, kind="k"), join(v, cross, kind="v"), join(cross, think)]
        shapes += [Label(291, y + 120, "~ *Q*: new row")]
        if before is None:
            row = Box(30, y + 112, 40, 40, ("*x*",))
            shapes += [row, join(row, own)]
        else:
            turn = y - 10
            shapes += [route(before.on("bottom"), (before.cx, turn), (own.cx, turn), own.on("top"))]
        before = think
    return (*shapes, Label(318, 460, "~ keys and values: once; queries: at every step"))


def _narrow() -> tuple[Shape, ...]:
    feeds = _feeds(4, 4, 94, 19)
    memory, shapes, before = feeds[2], [*feeds, *chain(*feeds)], None
    for number, y in ((1, 76), (2, 342)):
        k, v = _kept(number, 196, 196, y + 84, y + 148, 88)
        own, cross, think = (Box(20, y + top, 136, 44, (line,), kind=kind) for top, line, kind in
                             ((36, "self-attention", "plain"), (110, "cross-attention", "strong"), (184, "feed-forward", "plain")))  # fmt: skip
        lane = 296 if number == 1 else 310
        shapes += [Group(4, y, 320, 240, f"layer {number}"), k, v, own, cross, think]
        shapes += [route((lane, memory.bottom), (lane, one.cy), one.on("right"), kind=one.kind) for one in (k, v)]
        shapes += [join(own, cross, kind="q"), join(cross, think)]
        shapes += [route(k.on("left"), (180, k.cy), (180, cross.cy - 8), cross.on("right", cross.cy - 8), kind="k"),
                   route(v.on("left"), (180, v.cy), (180, cross.cy + 8), cross.on("right", cross.cy + 8), kind="v")]  # fmt: skip
        shapes += [Label(103, y + 95, "~ *Q*: new row", "start")]
        if before is not None:
            shapes.append(join(before, own, at=120))
        before = think
    return (*shapes, Label(164, 600, "~ keys, values: once; queries: every step"))


def _kept(number: int, x_k: float, x_v: float, y_k: float, y_v: float, w: float) -> tuple[Box, Box]:
    """The keys and values of one layer."""
    return (
        Box(x_k, y_k, w, 40, (f"*K*_{{{number}}}: once",), kind="k"),
        Box(x_v, y_v, w, 40, (f"*V*_{{{number}}}: once",), kind="v"),
    )
