"""Counts to beat, without a clock: what the reader's answers cost, beside the same count of the course's solution, the par.

Everything is counted on fixed inputs, so that the same answer always has the same score.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from attnlab.exercises import EXERCISES, _keep
from attnlab.exercises._exercise import source_of
from attnlab.exercises._run import quiet, run
from attnlab.kernels.traffic import Memory, Slow
from attnlab.mine.answers import Own, assemble
from attnlab.mine.pieces import PIECES

TOKENS, WIDTH, ROOM, BYTES = 61, 5, 700, 4  # of the machine with two memories, as in its exercise
QUERIES, KEYS, D = 24, 32, 8
LEAST = 2 * (2 * QUERIES * KEYS * D)  # operations of the two products that no attention goes without
SECONDS = 20.0


class Score(NamedTuple):
    """What is counted of a piece, and in which unit."""

    piece: str
    unit: str
    count: Callable[[Callable], int]


class Row(NamedTuple):
    """A count of the reader's, or why there is none; the par."""

    name: str
    yours: int | None
    par: int
    why: str = ""

    def __str__(self) -> str:
        if self.yours is None:
            return f"{self.name:32s}{'':>9s} par {self.par:7,d}   {self.why}"
        told = "under par" if self.yours < self.par else "par" if self.yours == self.par else f"{self.yours - self.par:,d} over par"
        return f"{self.name:32s}{self.yours:9,d} par {self.par:7,d}   {told}"


@dataclass(frozen=True)
class Card:
    """All counts."""

    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        return "\n".join(map(str, self.rows))


def score(own: Own | None = None) -> Card:
    """Count what can be counted of the reader's pieces, and have the best kept; `own` is what `assemble` finds unless given."""
    own = assemble() if own is None else own
    rows = [*(_counted(name, one, own) for name, one in SCORES.items()), *_lines(own)]
    for row in rows:
        if row.yours is not None:
            _keep.counted(row.name.replace(" ", "_"), row.yours)
    return Card(tuple(rows))


def _counted(name: str, one: Score, own: Own) -> Row:
    title, par = f"{one.unit} of {one.piece}", one.count(EXERCISES[PIECES[one.piece].exercise].solution)
    if one.piece not in own.yours:
        return Row(title, None, par, "not yours yet")
    found = _tried(one, getattr(own, one.piece))
    return Row(title, None, par, found) if isinstance(found, str) else Row(title, found, par)


def _tried(one: Score, function: Callable) -> int | str:
    """The count, or why there is none."""

    def work(tell, clock):
        with clock:
            try:
                tell("counted", one.count(function))
            except Exception as failure:  # a stranger's code
                tell("raised", f"{type(failure).__name__}: {failure}"[:120])

    with quiet(), np.errstate(all="ignore"):
        told = dict(run(work, SECONDS).told)
    return told.get("counted", told.get("raised", "it does not end"))


# -- the machine with two memories


class Watched(Memory):
    """A memory that also counts how often a part of the keys is loaded: once for each tile of scores."""

    tiles = 0

    def watch(self, keys: Slow) -> None:
        self.keys = keys._array

    def load(self, slow: Slow):
        self.tiles += bool(np.shares_memory(slow._array, self.keys))
        return super().load(slow)


def _on_the_machine(function: Callable) -> Watched:
    memory, (q, k, v) = Watched(ROOM), (Slow(one) for one in np.random.default_rng(3).normal(size=(3, TOKENS, WIDTH)))
    memory.watch(k)
    function(memory, q, k, v)
    return memory


def bytes_moved(function: Callable) -> int:
    """Bytes between the two memories, 4 an element."""
    return BYTES * _on_the_machine(function).traffic


def tiles_visited(function: Callable) -> int:
    """How often a part of the keys is loaded, which happens once a tile."""
    return _on_the_machine(function).tiles


# -- operations


class Counted(np.ndarray):
    """An array that counts: an operation for each number that NumPy computes, 2 n for each number of a product over n. The
    count stands in `done` of its class; each counting makes a class of its own (`_counter`), so that two do not mix."""

    done: list[int]

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        given = [np.asarray(one) if isinstance(one, Counted) else one for one in inputs]
        options |= {"out": tuple(np.asarray(one) for one in out)} if out is not None else {}
        options |= {"where": np.asarray(options["where"])} if isinstance(options.get("where"), Counted) else {}
        result = getattr(ufunc, method)(*given, **options)
        inner = 2 * np.shape(given[0])[-1] if ufunc is np.matmul else 1
        self.done[0] += inner * (np.size(given[0]) if method in ("reduce", "accumulate") else np.size(result))
        return _counting(result, type(self))

    def __array_function__(self, function, types, arguments, options):
        plain, named = _plain(arguments), _plain(options)
        result = function(*plain, **named)
        if function in PRODUCTS:
            self.done[0] += PRODUCTS[function](plain, result)
        return _counting(result, type(self))


def _counter() -> type[Counted]:
    """A kind of counting arrays that no other thread knows, at nought."""
    return type("Counted", (Counted,), {"done": [0]})


def _plain(thing):
    if isinstance(thing, Counted):
        return np.asarray(thing)
    if isinstance(thing, list | tuple):
        return type(thing)(map(_plain, thing))
    return {name: _plain(one) for name, one in thing.items()} if isinstance(thing, dict) else thing


def _counting(result, kind: type[Counted]):
    if isinstance(result, tuple | list):
        return type(result)(_counting(one, kind) for one in result)
    return np.asarray(result).view(kind) if isinstance(result, np.ndarray | np.generic) else result


def _einsum(given, result) -> int:
    """Two for each combination of all letters."""
    pattern = str(given[0]).replace(" ", "").split("->")[0].replace("...", "")
    sizes: dict[str, int] = {}
    for letters, array in zip(pattern.split(","), given[1:]):
        sizes |= dict(zip(letters, np.shape(array)[-len(letters) :] if letters else ()))
    return 2 * int(np.prod(list(sizes.values())))


PRODUCTS = {np.einsum: _einsum, np.dot: lambda given, result: 2 * np.size(result) * np.shape(given[0])[-1],
            np.inner: lambda given, result: 2 * np.size(result) * np.shape(given[0])[-1]}  # fmt: skip


def operations(function: Callable) -> int:
    """Arithmetic of masked attention for 24 queries and 32 keys of width 8. Errors: ValueError where it cannot be seen."""
    rng, kind = np.random.default_rng(5), _counter()
    q, k, v = (rng.normal(size=(n, D)).view(kind) for n in (QUERIES, KEYS, KEYS))
    getattr(function, "__wrapped__", function)(q, k, v, np.tri(QUERIES, KEYS, KEYS - QUERIES, dtype=bool))
    if kind.done[0] < LEAST:
        raise ValueError("not all of its arithmetic can be seen: it makes plain arrays of its arguments, or computes outside NumPy")
    return kind.done[0]


# -- lines


def lines(source: str) -> int:
    """Statements of a text, without docstrings and imports."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    return sum(not isinstance(node, ast.Import | ast.ImportFrom) and not _said(node) for node in found)


def _said(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _lines(own: Own) -> list[Row]:
    """The lines of all pieces that are the reader's, and of the solutions of the same."""
    texts = {name: state.source for name, state in own.states.items() if state.yours and state.source}
    par = sum(lines(source_of(EXERCISES[PIECES[name].exercise].solution)) for name in texts)
    count = f"lines of {len(texts)} pieces"
    return [Row(count, sum(map(lines, texts.values())), par)] if texts else [Row("lines of all your pieces", None, 0, "nothing is kept yet")]


SCORES = {
    "bytes": Score("my_attention", "bytes moved", bytes_moved),
    "tiles": Score("my_attention", "tiles visited", tiles_visited),
    "operations": Score("masked_attention", "operations", operations),
}
