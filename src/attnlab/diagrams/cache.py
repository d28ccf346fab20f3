"""Keys and values kept while a text is written."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Group, Label, Matrix, Shape, join

STEPS, ROWS, COLUMNS, CELL = 4, 4, 3, 15
TEXT = (
    "Four steps of writing a text. At each step one new row is computed: a query, a key and a value for the newest token. The "
    "key and the value are appended to the cache, in which the rows of earlier tokens are kept: one row at step 1, four at step"
    " 4. The one query is compared with all keys in the cache, and the output is one row."
)


def kv_cache() -> Drawing:
    """A KV cache over four decoding steps: one new row a step, the earlier rows are kept."""
    wide = [shape for t in range(1, STEPS + 1) for shape in _step(t, 2 + 161 * (t - 1), 2)]
    narrow = [shape for t in range(1, STEPS + 1) for shape in _step(t, 2 + 171 * ((t - 1) % 2), 2 + 224 * ((t - 1) // 2))]
    return Drawing(
        "kv_cache", "A cache of keys and values over four steps", TEXT, (*wide, *_legend(320, 236)), (*narrow, *_legend(164, 460))
    )


def _cache(x: float, y: float, t: int, name: str) -> Matrix:
    """Room for four rows: t - 1 kept from before, one new, the others empty."""
    kinds = [name] * (t - 1) + [f"{name}2"] + [""] * (ROWS - t)
    return Matrix(x, y, ROWS, COLUMNS, CELL, name, tuple((kind or "blank",) * COLUMNS for kind in kinds))


def _step(t: int, x: float, y: float) -> list[Shape]:
    frame = Group(x, y, 153, 214, f"step {t}")
    query = Matrix(x + 18, y + 58, 1, COLUMNS, CELL, "q", (("q2",) * COLUMNS,))
    keys, values = _cache(x + 18, y + 104, t, "k"), _cache(x + 91, y + 104, t, "v")
    out = Matrix(x + 91, y + 190, 1, COLUMNS, CELL, "v", (("v2",) * COLUMNS,))
    flows = [join(query, keys, kind="q"), join(keys, values, kind="weight"), join(values, out, kind="v")]
    names = [Label(query.right + 8, query.cy, f"*q*_{{{t}}}", "start"), Label(keys.cx + 12, y + 92, "*K*", "start")]
    return [
        frame,
        query,
        keys,
        values,
        out,
        *flows,
        *names,
        Label(values.cx, y + 92, "*V*"),
        Label(out.x - 8, out.cy, f"*o*_{{{t}}}", "end"),
    ]


def _legend(cx: float, y: float) -> list[Shape]:
    return [Label(cx, y, "~ strong: computed now; faint: kept")]
