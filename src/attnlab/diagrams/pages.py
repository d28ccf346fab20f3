"""The pages of a cache: two block tables, one pool."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Shape, join

TEXT = (
    "Two texts that begin with the same eight tokens, a pool of six pages, four tokens a page. Each text has a block table, its pages in "
    "order. Text A has eleven tokens in pages 0, 2 and 3, text B nine in pages 0, 2 and 5. Pages 0 and 2 hold the common beginning once, "
    "for both texts. Page 3 holds tokens 9 to 11 of A, page 5 token 9 of B. Pages 1 and 4 are free."
)
POOL = (("1 to 4", "w2"), ("free", "plain"), ("5 to 8", "w2"), ("9-11, A", "strong"), ("free", "plain"), ("9, B", "strong"))
TABLES = {"A": (0, 2, 3), "B": (0, 2, 5)}


def paged_cache() -> Drawing:
    """Two block tables that share the pages of a common beginning."""
    return Drawing("paged_cache", "Two block tables, one pool of pages", TEXT, _wide(), _narrow())


def _wide() -> tuple[Shape, ...]:
    """Titles stand left of the pages, so that no arrow meets them."""
    pool = [Box(148 + 81 * i, 104, 75, 54, (f"page {i}", f"~ {holds}"), kind=kind) for i, (holds, kind) in enumerate(POOL)]
    shapes: list[Shape] = [Group(4, 92, 632, 78, "the pool"), *pool]
    for y, (name, table), n in zip((4, 194), TABLES.items(), (11, 9)):
        shapes.append(Group(4, y, 632, 62, f"{name}: {n} tokens"))
        for page in table:
            cell = Box(pool[page].cx - 22, y + 15, 44, 32, (f"{page}",))
            shapes += [cell, join(cell, pool[page], at=pool[page].cx)]
    return tuple(shapes)


def _narrow() -> tuple[Shape, ...]:
    pool = [Box(110, 40 + 66 * i, 108, 54, (f"page {i}", f"~ {holds}"), kind=kind) for i, (holds, kind) in enumerate(POOL)]
    shapes: list[Shape] = [Group(98, 4, 132, 434, "the pool"), *pool]
    for x, (name, table) in zip((4, 240), TABLES.items()):
        shapes.append(Group(x, 4, 84, 434, f"text {name}"))
        for page in table:
            cell = Box(x + 20, pool[page].cy - 16, 44, 32, (f"{page}",))
            shapes += [cell, join(cell, pool[page], at=pool[page].cy)]
    return (*shapes, Label(164, 454, "~ tables from above; in a page its tokens"))
