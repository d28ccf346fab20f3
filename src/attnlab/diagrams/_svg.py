"""Shapes as SVG. Heads of arrows are drawn, not referred to: a reference into a layout that is not shown draws nothing."""

from __future__ import annotations

import functools
import html
import itertools
import math

from attnlab.diagrams._shapes import LINE, Arrow, Box, Brace, Group, Label, Matrix, Point, Shape
from attnlab.diagrams._words import BODY, Span, looks, script, spans

TINTS = {letter: f"t{letter.lower()}" for letter in "QKVqkv"}
HEAD = 7.5  # length of the head of an arrow
CORNER = 8


def number(x: float) -> str:
    """At most one decimal."""
    return f"{x:.1f}".removesuffix(".0")


def _tspan(span: Span, size: float, fall: float) -> str:
    """One piece; `fall` is how far down it goes from where the last one stood."""
    tint = TINTS.get(span.text, "") if span.italic and not span.level else ""
    classes = " ".join(filter(None, ("i" if span.italic else "x" if span.level else "", "o" if span.bar else "", tint)))
    tall = f' font-size="{number(script(size))}"' if span.level else ""
    moved = f' dy="{number(fall)}"' if fall else ""
    text = html.escape(span.text, quote=False)
    named = f' class="{classes}"' if classes else ""
    return f"<tspan{named}{tall}{moved}>{text}</tspan>" if named or tall or moved else text


def text(x: float, y: float, line: str, size: float, anchor: str = "middle", kind: str = "") -> str:
    """A line of text whose middle is at height y."""
    line, size, look = looks(line, size)
    offset = {-1: 0.22 * size, 0: 0.0, 1: -0.36 * size}
    at, inner = 0.0, ""
    for span in spans(line):
        inner += _tspan(span, size, offset[span.level] - at)
        at = offset[span.level]
    classes = " ".join(filter(None, (look, f"t-{kind}" if kind in ("lit", "w4") else "")))
    named = f' class="{classes}"' if classes else ""
    place = f'x="{number(x)}" y="{number(y + 0.35 * size)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f"<text {place}{named}>{inner}</text>"


def _rectangle(shape, kind: str, round_: float) -> str:
    place = " ".join(f'{name}="{number(getattr(shape, name))}"' for name in "xy")
    return f'<rect {place} width="{number(shape.w)}" height="{number(shape.h)}" rx="{number(round_)}" class="f f-{kind}"/>'


def _linked(page: str, inner: str) -> str:
    return f'<a data-page="{html.escape(page)}">{inner}</a>' if page else inner


@functools.singledispatch
def draw(shape: Shape) -> str:
    """A shape as SVG."""
    raise TypeError(f"{type(shape).__name__} is no shape of a drawing")


@draw.register
def _box(shape: Box) -> str:
    sizes = [looks(line, shape.size)[1] for line in shape.lines]
    y, inner = shape.cy - LINE * sum(sizes) / 2, _rectangle(shape, shape.kind, shape.round)
    for line, size in zip(shape.lines, sizes):
        inner += text(shape.cx, y + LINE * size / 2, line, shape.size, kind=shape.kind)
        y += LINE * size
    return _linked(shape.page, inner)


@draw.register
def _group(shape: Group) -> str:
    title = text(shape.x + 14, shape.y + 18, f"# {shape.title}", BODY, "start") if shape.title else ""
    return _linked(shape.page, _rectangle(shape, shape.kind, shape.round) + title)


@draw.register
def _label(shape: Label) -> str:
    return text(shape.x, shape.y, shape.line, shape.size, shape.anchor, shape.kind)


def _kinds(shape: Matrix) -> list[str]:
    return sorted({kind for row in shape.cells for kind in row} - {""})


def _cells(shape: Matrix, wanted: str) -> str:
    """One path round all cells of a kind, those side by side in one piece."""
    c, d = shape.cell, ""
    for row, kinds in enumerate(shape.cells):
        at = 0
        for kind, run in itertools.groupby(kinds):
            count = len(list(run))
            if kind == wanted:
                d += f"M{number(shape.x + at * c)} {number(shape.y + row * c)}h{number(count * c)}v{number(c)}h{number(-count * c)}z"
            at += count
    return d


@draw.register
def _matrix(shape: Matrix) -> str:
    inner, c = _rectangle(shape, shape.kind, 2), shape.cell
    inner += "".join(f'<path d="{_cells(shape, kind)}" class="f-{kind}" stroke-width="0"/>' for kind in _kinds(shape))
    down = "".join(f"M{number(shape.x + i * c)} {number(shape.y)}v{number(shape.h)}" for i in range(1, shape.columns))
    across = "".join(f"M{number(shape.x)} {number(shape.y + i * c)}h{number(shape.w)}" for i in range(1, shape.rows))
    inner += f'<path d="{down}{across}" class="f-{shape.kind} grid"/>'
    for row, words in enumerate(shape.words):
        for column, word in enumerate(words):
            inner += text(shape.x + (column + 0.5) * c, shape.y + (row + 0.5) * c, word, BODY) if word else ""
    return inner


def _toward(a: Point, b: Point, far: float) -> Point:
    """The point `far` from a on the way to b."""
    whole = math.dist(a, b)
    part = min(far / whole, 0.5 if far == CORNER else 1.0) if whole else 0
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _path(points: list[Point]) -> str:
    """Straight pieces whose corners are rounded."""
    d = "M{} {}".format(*map(number, points[0]))
    for before, corner, after in zip(points, points[1:], points[2:]):
        into, out = _toward(corner, before, CORNER), _toward(corner, after, CORNER)
        d += "L{} {}Q{} {} {} {}".format(*map(number, (*into, *corner, *out)))
    return d + "L{} {}".format(*map(number, points[-1]))


@draw.register
def _arrow(shape: Arrow) -> str:
    points, kind = list(shape.points), shape.kind
    (px, py), tip = points[-2], points[-1]
    long = HEAD + shape.thick
    inner = ""
    if shape.head:
        points[-1] = _toward(tip, (px, py), long - 1)
        bx, by = _toward(tip, (px, py), long)
        sx, sy = (tip[1] - by) * 0.46, (bx - tip[0]) * 0.46
        corners = (*tip, bx + sx, by + sy, bx - sx, by - sy)
        inner = '<path d="M{} {}L{} {}L{} {}Z" class="h h-{}"/>'.format(*map(number, corners), kind)
    return f'<path d="{_path(points)}" class="a a-{kind}" stroke-width="{number(shape.thick)}"/>{inner}'


@draw.register
def _brace(shape: Brace) -> str:
    half, y = shape.w / 2 - 10, number(shape.y)
    curve = f"M{number(shape.x)} {y}q0 5 5 5h{number(half)}q5 0 5 5q0 -5 5 -5h{number(half)}q5 0 5 -5"
    return f'<path d="{curve}" class="a" stroke-width="1.4"/>'
