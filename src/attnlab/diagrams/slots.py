"""A memory of slots: read by a soft look-up, and written by erasing and adding."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Shape, chain, join, route

TEXT = (
    "Reading, a soft look-up: the query is compared with the key of every slot, which gives a score for each. The softmax turns the scores into "
    "weights that add up to 1. The weights mix the values of all slots into one output. "
    "Writing, erase and add: the weights of another head say in which slots. The table of slots M first loses, where the products of weights and erase vector are, "
    "then gains the products of weights and add vector; the result is the new table."
)
READ = (("# scores", "~ β *q* · *k*_{i}, one a slot"), ("# weights", "~ softmax: sum 1"), ("# output", "~ Σ *w*_{i} *v*_{i}: all slots mixed"))
TABLE = (("# slots *M*", "~ before"), ("# erase", "~ (1 − *w* ⊗ *e*) ∘ *M*"), ("# add", "~ + *w* ⊗ *a*"), ("# slots *M*", "~ after"))
GIVEN = (("weights *w*", "~ in which slots"), ("*w* ⊗ *e*", "~ what is lost"), ("*w* ⊗ *a*", "~ what is gained"))
HIGH, STEP, FRAME = 54, 80, 342


def slots_read_and_written() -> Drawing:
    """Reading by query, keys and values; writing by erasing, then adding."""
    narrow = (*_read(8, 2), *_write(8, FRAME + 14))
    return Drawing("slots_read_and_written", "A memory of slots, read and written", TEXT, (*_read(4, 2), *_write(324, 2)), narrow)


def _read(x: float, y: float) -> tuple[Shape, ...]:
    """The way of a query."""
    query, keys, values = (Box(x + left, y + 36, 92, HIGH, lines, kind=kind) for left, lines, kind in
                           ((12, ("query *q*", "~ one"), "q"), (110, ("keys *K*", "~ one a slot"), "k"), (208, ("values *V*", "~ one a slot"), "v")))  # fmt: skip
    scores, weights = (Box(x + 12, y + 36 + STEP * i, 190, HIGH, lines, kind=kind) for i, lines, kind in ((1, READ[0], "plain"), (2, READ[1], "weight")))
    out = Box(x + 12, y + 36 + STEP * 3, 288, HIGH, READ[2], kind="v")
    asked = join(query, scores, at=query.cx, kind="q"), join(keys, scores, at=keys.cx, kind="k"), join(values, out, at=values.cx, kind="v")
    return Group(x, y, 312, FRAME, "read: a soft look-up"), query, keys, values, scores, weights, out, *asked, *chain(scores, weights), join(weights, out)


def _write(x: float, y: float) -> tuple[Shape, ...]:
    """The table on the right, what changes it on the left; the weights take part in both steps."""
    table = [Box(x + 160, y + 36 + STEP * i, 140, HIGH, lines, kind="strong" if i in (0, 3) else "plain") for i, lines in enumerate(TABLE)]
    where, erase, add = (Box(x + 28, y + 36 + STEP * i, 116, HIGH, lines, kind=kind) for i, (lines, kind) in enumerate(zip(GIVEN, ("weight", "plain", "v"))))
    lanes = [route(where.on("left"), (x + 12, where.cy), (x + 12, one.cy), one.on("left"), kind="weight") for one in (erase, add)]
    return Group(x, y, 312, FRAME, "write: erase, then add"), *table, where, erase, add, *lanes, *chain(*table), join(erase, table[1]), join(add, table[2], kind="v")
