"""One product of three matrices, in two orders: the table of pairs first, or the sums over the keys first."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, chain, join

TEXT = (
    "Two ways to multiply the features of the queries, the features of the keys and the values. Above, queries and keys are multiplied "
    "first: a table of n times n entries, then the values are mixed in. Below, keys and values are multiplied first: a state of d times d "
    "numbers, which every query then reads. Both end in the same output."
)
TABLE = (("# queries, keys", "~ n × d each"), ("# table", "~ n × n"), ("# output", "~ n × d"))
STATE = (("# keys, values", "~ n × d each"), ("# state", "~ d × d"), ("# output", "~ n × d"))
THEN = ("~ then the values", "~ then the queries")


def two_brackets() -> Drawing:
    """The table of pairs first, or the sums over the keys first."""
    return Drawing("two_brackets", "The same product in two orders", TEXT, _wide(), _narrow())


def _row(texts, y: float, middle: str) -> list[Box]:
    kinds = ("plain", middle, "plain")
    return [Box(x, y, w, 54, lines, kind=kind) for x, w, lines, kind in zip((4, 262, 506), (168, 112, 130), texts, kinds)]


def _wide() -> tuple[Shape, ...]:
    above, below = _row(TABLE, 8, "weight"), _row(STATE, 112, "strong")
    labels = [Label(440, 8 + 72, THEN[0]), Label(440, 112 + 72, THEN[1])]
    return (*above, *chain(*above), *below, *chain(*below), *labels)


def _column(texts, x: float, middle: str) -> list[Box]:
    kinds = ("plain", middle, "plain")
    return [Box(x, y, 152, 50, lines, kind=kind) for y, lines, kind in zip((4, 84, 190), texts, kinds)]


def _narrow() -> tuple[Shape, ...]:
    left, right = _column(TABLE, 4, "weight"), _column(STATE, 172, "strong")
    flows = [join(a, b) for boxes in (left, right) for a, b in zip(boxes, boxes[1:])]
    labels = [Label(boxes[0].x, 262, words, "start") for boxes, words in zip((left, right), THEN)]
    return (*left, *right, *flows, *labels)
