"""A GGUF file, read with NumPy alone: what it says of itself, and its tensors, which stay in the mapped file in their few bits.

One file holds a whole model: names and values (the sizes, the vocabulary, its merges), then the tensors. Matrices are kept in
blocks of 32 weights along a row, each block with a scale of its own, so that a weight costs 5 bits or 8.5. Two oddities of
the format: the axis that runs fastest is named first, and in Q4_1 the low halves of the 16 bytes are the weights 0 to 15 of
a block, the high halves 16 to 31.
Source: the description of the format in the project that made it, github.com/ggml-org/ggml, docs/gguf.md.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from attnlab._shapes import Float

MAGIC, VERSION, ALIGNMENT = b"GGUF", 3, 32
STRING, ARRAY = 8, 9
SCALARS = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}  # number of a type -> its letter in `struct`
Q4_1 = np.dtype([("scale", "<f2"), ("least", "<f2"), ("codes", "u1", 16)])
Q8_0 = np.dtype([("scale", "<f2"), ("codes", "i1", 32)])


class Kind(NamedTuple):
    """How a type of tensor keeps its weights: so many in one item of this dtype."""

    name: str
    dtype: np.dtype
    weights: int


KINDS = {
    0: Kind("F32", np.dtype("<f4"), 1),
    1: Kind("F16", np.dtype("<f2"), 1),
    3: Kind("Q4_1", Q4_1, 32),
    8: Kind("Q8_0", Q8_0, 32),
}


@dataclass(frozen=True)
class Stored:
    """A tensor as it lies in the file; nothing of it is read before it is asked for."""

    kind: Kind
    shape: tuple[int, ...]
    blocks: np.ndarray

    @property
    def bits(self) -> float:
        """Bits a weight, scales included."""
        return 8 * self.kind.dtype.itemsize / self.kind.weights

    def numpy(self, dtype: Any = np.float32) -> Float[np.ndarray, "..."]:
        """The weights: scale · code + least (Q4_1, codes 0 to 15), scale · code (Q8_0, codes -128 to 127), or as they are."""
        return _weights(self.blocks).reshape(self.shape).astype(dtype, copy=False)


class File(NamedTuple):
    """What a GGUF file says of itself, and its tensors by name."""

    says: dict[str, Any]
    tensors: dict[str, Stored]


def read(path: str | Path) -> File:
    """The file, mapped into memory; a tensor's numbers are read where they are used.

    Errors: FileNotFoundError; ValueError for a file that is no GGUF of version 3, that ends too early, or that holds a type
    of tensor other than F32, F16, Q4_1 and Q8_0.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    data = np.memmap(path, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
    cursor = _Cursor(data, path.name)
    n_tensors, n_values = _head(cursor)
    says = {cursor.text(): cursor.value(cursor.number("I")) for _ in range(n_values)}
    places = [_place(cursor) for _ in range(n_tensors)]
    alignment = says.get("general.alignment", ALIGNMENT)
    start = math.ceil(cursor.at / alignment) * alignment
    return File(says, dict(_stored(data, start, place, path.name) for place in places))


def _head(cursor: _Cursor) -> tuple[int, int]:
    """How many tensors and how many values follow."""
    magic = bytes(cursor.take(4))
    if magic != MAGIC:
        raise ValueError(f"{cursor.name} is no GGUF file: it begins with {magic!r}, not {MAGIC!r}")
    version = cursor.number("I")
    if version != VERSION:
        raise ValueError(f"{cursor.name} is GGUF of version {version}; version {VERSION} can be read")
    return cursor.number("Q"), cursor.number("Q")


class _Place(NamedTuple):
    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int


def _place(cursor: _Cursor) -> _Place:
    name, n_axes = cursor.text(), cursor.number("I")
    shape = tuple(cursor.number("Q") for _ in range(n_axes))[::-1]
    return _Place(name, shape, cursor.number("I"), cursor.number("Q"))


def _stored(data: np.ndarray, start: int, place: _Place, file: str) -> tuple[str, Stored]:
    if place.kind not in KINDS:
        known = ", ".join(kind.name for kind in KINDS.values())
        raise ValueError(f"{file}: {place.name} is kept as type {place.kind}; {known} can be read")
    kind = KINDS[place.kind]
    if not place.shape or place.shape[-1] % kind.weights:
        raise ValueError(f"{file}: {place.name} {place.shape} has no rows of whole blocks of {kind.weights}")
    begin = start + place.offset
    end = begin + math.prod(place.shape) // kind.weights * kind.dtype.itemsize
    if end > len(data):
        raise ValueError(f"{file} is cut: {place.name} ends at byte {end:,} and the file at {len(data):,}")
    blocks = data[begin:end].view(kind.dtype).reshape(*place.shape[:-1], -1)
    return place.name, Stored(kind, place.shape, blocks)


def _weights(blocks: np.ndarray) -> np.ndarray:
    if blocks.dtype == Q4_1:
        codes = np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=-1)
        return codes * _single(blocks["scale"]) + _single(blocks["least"])
    if blocks.dtype == Q8_0:
        return blocks["codes"] * _single(blocks["scale"])
    return np.array(blocks)


def _single(numbers: np.ndarray) -> np.ndarray:
    return numbers.astype(np.float32)[..., None]


class _Cursor:
    """A place in the file that moves on as values are read."""

    def __init__(self, data: np.ndarray, name: str):
        self.data, self.name, self.at = data, name, 0

    def take(self, n: int) -> np.ndarray:
        """The next n bytes."""
        if self.at + n > len(self.data):
            raise ValueError(f"{self.name} is cut: it ends at byte {len(self.data):,}, within what it says of itself")
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, letter: str) -> Any:
        return struct.unpack("<" + letter, self.take(struct.calcsize("<" + letter)))[0]

    def text(self) -> str:
        return bytes(self.take(self.number("Q"))).decode("utf-8", errors="replace")

    def value(self, kind: int) -> Any:
        """One value of this type: a number, a text, or a list of values of one type."""
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            inner, n = self.number("I"), self.number("Q")
            return list(self._values(inner, n))
        if kind not in SCALARS:
            raise ValueError(f"{self.name} holds a value of type {kind}, which is none of the format's")
        return self.number(SCALARS[kind])

    def _values(self, kind: int, n: int) -> Iterator[Any]:
        return (self.value(kind) for _ in range(n))
