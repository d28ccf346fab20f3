"""One write into a memory of fixed size: fade, look what the key reads, write what is missing."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Shape, chain, join, route

TEXT = (
    "The memory before the token, S of t minus 1, fades: it is multiplied by a decay alpha. The key reads the faded memory. What it reads "
    "is taken from the value; the rest is missing. The outer product of key and missing value, times the rate beta, is added "
    "to the faded memory. The result is the memory S of t; the query reads it. Without the step in which the key reads, the memory only adds."
)
STEPS = (
    ("*S*_{t−1}", "~ before"),
    ("fade", "~ *S′* = α_{t} *S*_{t−1}"),
    ("add", "~ *S′* + β_{t} *k*_{t} ⊗ …"),
    ("*S*_{t}", "~ after"),
)


def memory_write() -> Drawing:
    """One token writes by the gated delta rule, and reads."""
    return Drawing("memory_write", "One write by the gated delta rule", TEXT, _wide(), _narrow())


def _wide() -> tuple[Shape, ...]:
    row = [Box(x, 22, w, 58, lines, kind=kind) for x, w, lines, kind in
           zip((4, 152, 334, 508), (116, 140, 142, 126), STEPS, ("plain", "weight", "plain", "plain"))]  # fmt: skip
    key, asks, value, missing = _below(4, 136), Box(152, 136, 140, 58, ("key reads", "~ *k*_{t} *S′*"), kind="k"), \
        Box(152, 222, 140, 44, ("value *v*_{t}",), kind="v"), Box(334, 136, 142, 58, ("what is missing", "~ *v*_{t} − *k*_{t} *S′*"), kind="v")  # fmt: skip
    query = Box(508, 136, 126, 58, ("query reads", "~ *q*_{t} *S*_{t}"), kind="q")
    turn = route(value.on("right"), (missing.cx, value.cy), missing.on("bottom"), kind="v")
    return (*row, *chain(*row), key, asks, value, missing, query, join(key, asks, kind="k"), join(row[1], asks), join(asks, missing, kind="k"), turn,
            join(missing, row[2], kind="v"), join(row[3], query, kind="q"))  # fmt: skip


def _below(x: float, y: float) -> Box:
    return Box(x, y, 116, 58, ("key *k*_{t}", "~ of length 1"), kind="k")


def _narrow() -> tuple[Shape, ...]:
    before, fade, add, after = (Box(178, y, 146, 58, lines, kind=kind) for y, lines, kind in zip((8, 100, 296, 388), STEPS, ("plain", "weight", "plain", "plain")))
    key, asks = Box(4, 8, 136, 58, ("key *k*_{t}", "~ of length 1"), kind="k"), Box(4, 100, 136, 58, ("key reads", "~ *k*_{t} *S′*"), kind="k")
    missing, value = Box(4, 198, 136, 58, ("missing", "~ *v*_{t} − *k*_{t} *S′*"), kind="v"), Box(4, 296, 136, 44, ("value *v*_{t}",), kind="v")
    query = Box(4, 388, 136, 58, ("query reads", "~ *q*_{t} *S*_{t}"), kind="q")
    turn = route(missing.on("right"), (216, missing.cy), add.on("top", 216), kind="v")
    return (before, fade, add, after, key, asks, missing, value, query, join(before, fade), join(fade, add, at=280), join(add, after), join(key, asks, kind="k"),
            join(fade, asks), join(asks, missing, kind="k"), join(value, missing, kind="v"), turn, join(after, query, kind="q"))  # fmt: skip
