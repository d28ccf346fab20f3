"""What a drawing is made of, as values: box, matrix, group, label, arrow, brace. The unit is the CSS pixel."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from attnlab.diagrams._words import BODY, SMALL, width

Point = tuple[float, float]
LINE = 1.3  # distance of two lines in units of the type size


class Framed:
    """Anything with x, y, w, h: its edges, its centre, and points on its border."""

    x: float
    y: float
    w: float
    h: float

    left = property(lambda self: self.x)
    top = property(lambda self: self.y)
    right = property(lambda self: self.x + self.w)
    bottom = property(lambda self: self.y + self.h)
    cx = property(lambda self: self.x + self.w / 2)
    cy = property(lambda self: self.y + self.h / 2)

    def on(self, side: str, at: float | None = None) -> Point:
        """The point of the border on this side (left, right, top, bottom); `at` is its other coordinate."""
        if side in ("left", "right"):
            return getattr(self, side), self.cy if at is None else at
        return self.cx if at is None else at, getattr(self, side)


@dataclass(frozen=True)
class Box(Framed):
    """A rounded rectangle with lines of text in its middle; with a `page` it is a link to that page of the book."""

    x: float
    y: float
    w: float
    h: float
    lines: tuple[str, ...] = ()
    kind: str = "plain"
    page: str = ""
    size: float = BODY
    round: float = 8


@dataclass(frozen=True)
class Matrix(Framed):
    """Rows times columns of square cells; `cells` names the kind of each cell ("" for none), `words` what stands in it."""

    x: float
    y: float
    rows: int
    columns: int
    cell: float
    kind: str = "plain"
    cells: tuple[tuple[str, ...], ...] = ()
    words: tuple[tuple[str, ...], ...] = ()

    w = property(lambda self: self.columns * self.cell)
    h = property(lambda self: self.rows * self.cell)


@dataclass(frozen=True)
class Group(Framed):
    """A frame round other shapes, with a title in its upper left corner."""

    x: float
    y: float
    w: float
    h: float
    title: str = ""
    kind: str = "frame"
    page: str = ""
    round: float = 12


@dataclass(frozen=True)
class Label:
    """A line of text without a frame: (x, y) is its middle, or where it begins or ends; y is always its middle."""

    x: float
    y: float
    line: str
    anchor: str = "middle"
    size: float = BODY
    kind: str = ""

    @property
    def room(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the text at most."""
        long = width(self.line, self.size)
        left = self.x - {"start": 0.0, "middle": long / 2, "end": long}[self.anchor]
        return left, self.y - 0.6 * self.size, left + long, self.y + 0.6 * self.size


@dataclass(frozen=True)
class Arrow:
    """A line through points with rounded corners and a head at its end."""

    points: tuple[Point, ...]
    kind: str = "line"
    thick: float = 1.6
    head: bool = True


@dataclass(frozen=True)
class Brace:
    """A curly brace that opens upward, from x to x + w, its tip at y + 10."""

    x: float
    y: float
    w: float


Shape = Box | Matrix | Group | Label | Arrow | Brace


def box(x: float, y: float, w: float, *lines: str, h: float = 0, size: float = BODY, **rest) -> Box:
    """A box as high as its lines need, or `h`."""
    return Box(x, y, w, h or round(len(lines) * LINE * size + 16), lines, size=size, **rest)


def pill(cx: float, y: float, line: str, **rest) -> Box:
    """A box as wide as its one line, round at both ends, with its middle at cx."""
    w = round(width(line, SMALL) + 20)
    return Box(cx - w / 2, y, w, 26, (line,), size=SMALL, round=13, **rest)


def matrix(cx: float, y: float, rows: int, columns: int, cell: float = 15, **rest) -> Matrix:
    """A matrix with its middle at cx."""
    return Matrix(cx - columns * cell / 2, y, rows, columns, cell, **rest)


def join(a: Framed, b: Framed, at: float | None = None, **rest) -> Arrow:
    """A straight arrow from the border of `a` to that of `b` across the gap between them.

    `at` is the coordinate that both ends share; without it the middle of what both span.
    """
    if a.bottom <= b.top or b.bottom <= a.top:
        at = (max(a.left, b.left) + min(a.right, b.right)) / 2 if at is None else at
        sides = ("bottom", "top") if a.bottom <= b.top else ("top", "bottom")
    else:
        at = (max(a.top, b.top) + min(a.bottom, b.bottom)) / 2 if at is None else at
        sides = ("right", "left") if a.right <= b.left else ("left", "right")
    return Arrow((a.on(sides[0], at), b.on(sides[1], at)), **rest)


def route(start: Point, *rest: Point, **looks) -> Arrow:
    """An arrow through the points, each reached from the last one along a row or a column."""
    return Arrow((start, *rest), **looks)


def chain(*framed: Framed, **rest) -> tuple[Arrow, ...]:
    """A straight arrow from each to the next."""
    return tuple(join(a, b, **rest) for a, b in itertools.pairwise(framed))
