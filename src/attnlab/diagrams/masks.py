"""Masks as pictures: one square for each query and key, filled where the query may look."""

from __future__ import annotations

from collections.abc import Callable

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Label, Shape, matrix

N, CELL, REAL, WINDOW, FIRST = (
    6,
    21,
    4,
    3,
    4,
)  # tokens; tokens that are no padding; keys in a window; length of the first document
MAY_LOOK: dict[str, Callable[[int, int], bool]] = {
    "causal": lambda i, j: j <= i,
    "padding": lambda i, j: j < REAL,
    "window": lambda i, j: i - WINDOW < j <= i,
    "document": lambda i, j: j <= i and (i < FIRST) == (j < FIRST),
}
SAYS = {
    "causal": ("keys up to the", "query’s own place"),
    "padding": ("the last two keys", "are padding"),
    "window": ("the last three", "keys, own included"),
    "document": ("causal, within", "its own document"),
}
TEXT = (
    "Four tables of six queries, downward, by six keys, to the right; a filled square may be looked at. Causal: the lower "
    "triangle with its diagonal. Padding: the first four columns, whatever the query. Window: the diagonal and the two squares "
    "left of it. Document: two triangles, one for each of the two texts that share the row."
)


def mask_pictures() -> Drawing:
    """Four masks as permitted squares: causal, padding, window, document."""
    wide = [shape for i, name in enumerate(MAY_LOOK) for shape in _picture(name, 86 + 160 * i, 2)]
    narrow = [shape for i, name in enumerate(MAY_LOOK) for shape in _picture(name, 86 + 164 * (i % 2), 2 + 224 * (i // 2))]
    return Drawing("mask_pictures", "Four masks as permitted squares", TEXT, tuple(wide), tuple(narrow))


def _picture(name: str, cx: float, y: float) -> list[Shape]:
    cells = tuple(tuple("w4" if MAY_LOOK[name](i, j) else "" for j in range(N)) for i in range(N))
    grid = matrix(cx, y + 44, N, N, CELL, cells=cells)
    labels = [Label(cx, y + 10, f"# {name}"), Label(cx, y + 31, "~ queries ↓, keys →")]
    return [grid, *labels, *(Label(cx, grid.bottom + 16 + 19 * i, f"~ {line}") for i, line in enumerate(SAYS[name]))]
