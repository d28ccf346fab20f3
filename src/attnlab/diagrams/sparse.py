"""A query, an indexer that scores all keys, and attention over the few that it names."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Shape, chain, join, route

TEXT = (
    "The query of one token goes two ways. The indexer compares a short form of it with a short key of each of five earlier tokens and "
    "names the two with the largest scores, the second and the fifth. Attention then compares the query with the full keys of these two "
    "alone and mixes their values. The other three are not read."
)
CHOSEN = (1, 4)


def indexed_attention() -> Drawing:
    """A query, an indexer and five keys: two are named, and attention reads those."""
    return Drawing("indexed_attention", "An indexer names the keys that attention reads", TEXT, _wide(), _narrow())


def _key(number: int, x: float, y: float, w: float, h: float) -> Box:
    lines = (f"# token {number + 1}", "~ read" if number in CHOSEN else "~ not read")
    return Box(x, y, w, h, lines, kind="k" if number in CHOSEN else "quiet", size=13 if w < 64 else 15)


def _wide() -> tuple[Shape, ...]:
    query, indexer = Box(2, 106, 92, 54, ("# query", "~ one token"), kind="q"), Box(130, 106, 142, 54, ("# indexer", "~ scores all keys"), kind="strong")
    keys = [_key(number, 326, 6 + 52 * number, 112, 46) for number in range(5)]
    mix = Box(506, 106, 132, 54, ("# attention", "~ over two keys"))
    flows = [*chain(query, indexer)]
    for number in CHOSEN:
        y, own = keys[number].cy, 122 if number == CHOSEN[0] else 144
        flows.append(route(indexer.on("right", own), (299, own), (299, y), keys[number].on("left"), kind="weight"))
        flows.append(route(keys[number].on("right"), (472, y), (472, own), mix.on("left", own), kind="weight"))
    return (query, indexer, *keys, mix, *flows)


def _narrow() -> tuple[Shape, ...]:
    query, indexer = Box(104, 4, 120, 50, ("# query", "~ one token"), kind="q"), Box(4, 78, 320, 50, ("# indexer", "~ scores all keys"), kind="strong")
    keys = [Box(4 + 65 * number, 160, 60, 50, (f"# {number + 1}", "~ read" if number in CHOSEN else "~ not"), kind="k" if number in CHOSEN else "quiet", size=13) for number in range(5)]
    mix = Box(4, 242, 320, 50, ("# attention", "~ over two keys"))
    flows = [join(query, indexer)]
    flows += [join(indexer, keys[number], kind="weight") for number in CHOSEN]
    flows += [join(keys[number], mix, kind="weight") for number in CHOSEN]
    return (query, indexer, *keys, mix, *flows)
