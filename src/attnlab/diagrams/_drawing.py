"""A drawing in two layouts, shown as inline SVG."""

from __future__ import annotations

import html
from dataclasses import dataclass

from attnlab.diagrams._shapes import Arrow, Brace, Group, Label, Shape
from attnlab.diagrams._style import style
from attnlab.diagrams._svg import draw, number

WIDE, NARROW = 640, 328  # pixels: the widths for which the two layouts are drawn
MARGIN = 4


@dataclass(frozen=True)
class Drawing:
    """Shapes for a wide column and for a phone, a title, and the whole in a sentence or two for those who do not see it."""

    name: str
    title: str
    text: str
    wide: tuple[Shape, ...]
    narrow: tuple[Shape, ...]

    def __repr__(self) -> str:
        return f"<diagram {self.name}: {self.text}>"

    def _repr_html_(self) -> str:
        """Where a notebook is not trusted, its host takes style and drawing out of this: then the sentence is left, and no litter."""
        said = f"<p>{html.escape(self.title)}. {html.escape(self.text)} (Run the cell to see it drawn.)</p>"
        wide = self._svg("wide", self.wide, WIDE, f"<style>{style()}</style>")
        narrow = self._svg("narrow", self.narrow, NARROW)
        return f'<div class="dg" data-diagram="{self.name}">{said}<div hidden="hidden">{wide}{narrow}</div></div>'

    def _svg(self, layout: str, shapes: tuple[Shape, ...], across: int, first: str = "") -> str:
        """One layout. What holds links is a group, since the parts of an image cannot be reached one by one."""
        role = "group" if any(getattr(shape, "page", "") for shape in shapes) else "img"
        named = html.escape(f"{self.title}. {self.text}")
        said = f"<title>{html.escape(self.title)}</title><desc>{html.escape(self.text)}</desc>"
        place = f'viewBox="0 0 {across} {number(height(shapes))}"'
        drawn = "".join(map(draw, sorted(shapes, key=_depth)))
        return f'<svg class="{layout}" {place} role="{role}" aria-label="{named}">{said}{first}{drawn}</svg>'


def _depth(shape: Shape) -> int:
    """Frames lie below arrows, arrows below boxes, and text is on top."""
    return 0 if isinstance(shape, Group) else 1 if isinstance(shape, Arrow | Brace) else 3 if isinstance(shape, Label) else 2


def bounds(shape: Shape) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a shape."""
    if isinstance(shape, Label):
        return shape.room
    if isinstance(shape, Arrow):
        xs, ys = zip(*shape.points)
        return min(xs), min(ys), max(xs), max(ys)
    if isinstance(shape, Brace):
        return shape.x, shape.y, shape.x + shape.w, shape.y + 10
    return shape.left, shape.top, shape.right, shape.bottom


def height(shapes: tuple[Shape, ...]) -> float:
    """How high a layout is, with its margin."""
    return max(bounds(shape)[3] for shape in shapes) + MARGIN
