"""The geometry: which rectangles of the score matrix have to be visited, and how each is cut by the band.

Causal and window masks make a band: query i sees the keys i + first ... i + last. A block of queries meets
three kinds of keys: those none of its rows sees, which are never visited; those all of its rows see, which
are taken in tiles of `block_k`; and those on the edge of the band, which are taken in strips of STRIP rows,
so that less is computed in vain. A narrow band is all edge.
"""

from __future__ import annotations

from typing import NamedTuple

STRIP = 256  # causal, N = 2048, milliseconds: strips of 128 rows 29.7, of 256 27.2, whole blocks of 512 29.2


NARROW = 256  # keys that all rows of a block see; if fewer, one tile a strip is faster than three


class Band(NamedTuple):
    """Query i sees the keys i + first ... i + last; None where there is no limit."""

    first: int | None
    last: int | None


class Tile(NamedTuple):
    """Rows x keys of the score matrix. Element (r, c) is visible if first <= c - r <= last; None: no
    limit."""

    rows: slice
    keys: slice
    first: int | None
    last: int | None
    number: int  # counts the tiles of one head


def band(n_queries: int, n_keys: int, causal: bool, window: int | None) -> Band:
    """The band of a mask that aligns the last query with the last key. A window looks back only, like
    causal."""
    offset = n_keys - n_queries
    return Band(
        first=None if window is None else offset - window + 1,
        last=offset if causal or window is not None else None,
    )


def plan(n_queries: int, keys: tuple[int, int], limits: Band, block_q: int, block_k: int) -> list[Tile]:
    """The tiles of all blocks of queries, of the keys start ... stop - 1; empty ones are left out."""
    tiles: list[Tile] = []
    for start in range(0, n_queries, block_q):
        rows = slice(start, min(start + block_q, n_queries))
        for part, columns in _rectangles(rows, keys, limits, block_k):
            tiles.append(_tile(part, columns, limits, number=len(tiles)))
    return tiles


def _rectangles(rows: slice, keys: tuple[int, int], limits: Band, block_k: int):
    """(rows, keys) of each tile: first what all rows see, then the two edges, strip by strip."""
    left, right = _common(rows, keys, limits)
    narrow = right - left < NARROW or rows.stop - rows.start <= STRIP
    for columns in () if narrow else _pieces(left, right, block_k):
        yield rows, columns
    for start in range(rows.start, rows.stop, STRIP):
        strip = slice(start, min(start + STRIP, rows.stop))
        low, high = _visible(strip, keys, limits)
        if narrow:
            edges = [(low, high)]
        else:
            edges = [(low, min(left, high)), (max(right, low), high)]
        for edge in edges:
            for columns in _pieces(*edge, block_k):
                yield strip, columns


def _visible(rows: slice, keys: tuple[int, int], limits: Band) -> tuple[int, int]:
    """The keys that at least one of the rows sees, start and stop."""
    low, high = keys
    if limits.first is not None:
        low = max(low, rows.start + limits.first)
    if limits.last is not None:
        high = min(high, rows.stop + limits.last)
    return low, high


def _common(rows: slice, keys: tuple[int, int], limits: Band) -> tuple[int, int]:
    """The keys that all of the rows see, less one on the right: so the tiles of a square causal mask end
    where a block begins, and have even widths."""
    low, high = keys
    if limits.first is not None:
        low = max(low, rows.stop - 1 + limits.first)
    if limits.last is not None:
        high = min(high, rows.start + limits.last)
    return low, high


def _pieces(start: int, stop: int, size: int):
    for low in range(start, stop, size):
        yield slice(low, min(low + size, stop))


def _tile(rows: slice, keys: slice, limits: Band, number: int) -> Tile:
    """The limits, counted inside the tile, and only where they cut it."""
    height, width = rows.stop - rows.start, keys.stop - keys.start
    first = None if limits.first is None else rows.start + limits.first - keys.start
    last = None if limits.last is None else rows.start + limits.last - keys.start
    return Tile(
        rows=rows,
        keys=keys,
        first=first if first is not None and first > 1 - height else None,
        last=last if last is not None and last < width - 1 else None,
        number=number,
    )
