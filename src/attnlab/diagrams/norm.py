"""Where a norm can stand in a residual block."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, chain, route

TEXT = (
    "Three ways to put a norm into a residual block. Post-norm, 2017: the layer's result is added to x, and the sum is "
    "normalised; the norm stands on the way straight through. Pre-norm: a copy of x is normalised, goes through the layer and is "
    "added to x; nothing stands on the way straight through. On both sides: the copy is normalised before the layer and again "
    "behind it, then added; the way straight through is free here too."
)
STREAM = 3.4  # how thick the way straight through is drawn


def norm_places() -> Drawing:
    """A norm after the sum, before the layer, and on both sides of the layer."""
    return Drawing("norm_places", "Where the norm stands", TEXT, _rows(86, 44), _rows(58, 12))


def _rows(wide: int, gap: int) -> tuple[Shape, ...]:
    shapes = []
    for i, (title, behind) in enumerate((("post-norm, 2017", 1), ("pre-norm", 0), ("norm on both sides", 2))):
        shapes += _row(150 * i, title, behind, wide, gap)
    return tuple(shapes)


def _row(top: float, title: str, kind: int, wide: int, gap: int) -> list[Shape]:
    """One block. The layer and what stands beside it lie below the way straight through."""
    names = {0: ("norm", "# layer"), 1: ("# layer",), 2: ("norm", "# layer", "norm")}[kind]
    dot = Box(gap, top + 49, 10, 10, kind="dot", round=5)
    x, boxes = dot.right + gap, []
    for name in names:
        boxes.append(Box(x, top + 84, wide, 38, (name,), kind="plain" if name == "norm" else "weight"))
        x += wide + gap
    plus = Box(x, top + 40, 28, 28, ("+",), round=14, size=17)
    norm = [Box(plus.right + gap, top + 34, wide, 40, ("norm",))] if kind == 1 else []
    end = Box((norm[0] if norm else plus).right + gap, top + 49, 10, 10, kind="dot", round=5)
    first, last = boxes[0], boxes[-1]
    return [
        Label(2, top + 12, f"# {title}", anchor="start"),
        dot,
        *boxes,
        plus,
        *norm,
        end,
        route((dot.cx, dot.bottom), (dot.cx, first.cy), first.on("left")),
        *chain(*boxes),
        route(last.on("right"), (plus.cx, last.cy), plus.on("bottom")),
        *chain(dot, plus, *norm, end, thick=STREAM),
    ]
