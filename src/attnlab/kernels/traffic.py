"""A computer with two memories: a slow, large one and a fast one of M elements, every element moved between them counted.

Slow arrays cannot be computed with, only loaded and stored. Loaded arrays behave like NumPy arrays, and everything computed
from them occupies fast memory for as long as it lives; one element too many raises `FastMemoryFull`. Three attentions are
written against it, each with a closed form that equals its count exactly. The lesson is that the arithmetic is the same
in all three and the traffic is not. NumPy only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from attnlab._counts import counts


class FastMemoryFull(MemoryError):
    """More elements were to be held in fast memory than it has."""


class Slow:
    """An array in slow memory: it has a shape and slices, and nothing else until it is loaded."""

    __array_ufunc__ = None  # so that `slow + 1` is refused rather than computed

    def __init__(self, array):
        self._array = np.asarray(array, dtype=float)
        if np.isnan(self._array).any():
            raise ValueError(f"the array has {int(np.isnan(self._array).sum())} NaN among {self._array.size} entries")

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    def __len__(self) -> int:
        return len(self._array)

    def __eq__(self, other) -> bool:
        return isinstance(other, Slow) and np.array_equal(self._array, other._array)

    __hash__ = None

    def __getitem__(self, index) -> Slow:
        part = Slow.__new__(Slow)
        part._array = self._array[index]
        return part

    def __array__(self, *args, **kwargs):
        raise TypeError("an array in slow memory cannot be computed with; load it first")

    def numpy(self) -> np.ndarray:
        """A copy for looking at the result from outside the machine; nothing is counted."""
        return self._array.copy()


class Fast(np.ndarray):
    """An array in fast memory. Whatever is computed from it is in fast memory too, and is charged for."""

    _memory = None
    _charged = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        memory = self._memory or next((x._memory for x in inputs if getattr(x, "_memory", None)), None)
        if out is not None:
            kwargs["out"] = tuple(_plain(x) for x in out)
        result = getattr(ufunc, method)(*(_plain(x) for x in inputs), **kwargs)
        if out is not None:
            return out[0] if len(out) == 1 else out
        return memory._charge(result) if method != "at" else result

    def __array_function__(self, function, types, args, kwargs):
        result = function(*_plain_tree(args), **_plain_tree(kwargs))
        return self._memory._charge(result) if isinstance(result, np.ndarray) and result.base is None else result

    def __array_finalize__(self, source):
        self._memory = getattr(source, "_memory", None)

    def copy(self, order="C") -> Fast:
        return self._memory._charge(_plain(self).copy(order))

    def astype(self, dtype, *args, **kwargs) -> Fast:
        return self._memory._charge(_plain(self).astype(dtype, *args, **kwargs))

    def __del__(self):
        if self._charged:
            self._memory.used -= self._charged


@dataclass
class Memory:
    """Fast memory of `capacity` elements. `loads` and `stores` count the elements moved, `peak` the most ever held at once.

    Errors: ValueError for a capacity below 1.
    Source: the two-level model of [aggarwal1988]; for attention [dao2022, section 2.1 and theorem 2].
    """

    capacity: int
    loads: int = field(default=0, init=False)
    stores: int = field(default=0, init=False)
    used: int = field(default=0, init=False)
    peak: int = field(default=0, init=False)

    def __post_init__(self):
        if self.capacity < 1:
            raise ValueError(f"fast memory needs a capacity of at least 1 element but got {self.capacity}")

    @property
    def traffic(self) -> int:
        """Elements moved so far, in both directions."""
        return self.loads + self.stores

    def load(self, slow: Slow) -> Fast:
        """Copy from slow to fast memory; counts and occupies every element."""
        if not isinstance(slow, Slow):
            raise TypeError(f"only arrays in slow memory can be loaded, not a {type(slow).__name__}")
        self.loads += slow._array.size
        return self._charge(slow._array.copy())

    def store(self, slow: Slow, values: Fast) -> None:
        """Copy from fast to slow memory; counts every element."""
        if slow.shape != values.shape:
            raise ValueError(f"the place in slow memory has shape {slow.shape} but the values have shape {values.shape}")
        self.stores += values.size
        slow._array[...] = _plain(values)

    def full(self, shape: tuple[int, ...] | int, value: float) -> Fast:
        """A new array in fast memory; occupies it, moves nothing."""
        return self._charge(np.full(shape, value, dtype=float))

    def add_product(self, total: Fast, a: Fast, b: Fast) -> None:
        """total += a b without a temporary: matrix units add into the place where the sum is kept."""
        _plain(total)[...] += _plain(a) @ _plain(b)

    def _charge(self, array):
        """`array`, from now on counted as held in fast memory."""
        if not isinstance(array, np.ndarray) or array.ndim == 0:
            return array  # a single number lives in a register
        if self.used + array.size > self.capacity:
            raise FastMemoryFull(f"{self.used} elements are held and {array.size} more were asked for, of {self.capacity}")
        self.used += array.size
        self.peak = max(self.peak, self.used)
        fast = array.view(Fast)
        fast._memory, fast._charged = self, array.size
        return fast


def _plain(x):
    return x.view(np.ndarray) if isinstance(x, Fast) else x


def _plain_tree(x):
    if isinstance(x, dict):
        return {key: _plain_tree(value) for key, value in x.items()}
    return type(x)(_plain_tree(value) for value in x) if isinstance(x, (list, tuple)) else _plain(x)


# Standard attention: three passes, the n x n scores and weights written out and read back ------------------------


def standard(memory: Memory, q: Slow, k: Slow, v: Slow) -> Slow:
    """S = q kᵀ / sqrt(d), A = softmax(S), O = A v, each computed tile by tile and stored before the next begins.

    q, k, v (tokens, d). Needs room for one whole row of scores. Source: [dao2022, section 2.2, algorithm 0].
    """
    n, d = q.shape
    tile, rows, band = _standard_tiles(n, d, memory.capacity)
    scores, weights, out = (Slow(np.zeros(shape)) for shape in ((n, n), (n, n), (n, d)))
    for i in range(0, n, tile):
        q_tile = memory.load(q[i : i + tile])
        for j in range(0, n, tile):
            _score_tile(memory, q_tile, k[j : j + tile], scores[i : i + tile, j : j + tile])
    q_tile = None
    for i in range(0, n, rows):
        memory.store(weights[i : i + rows], _softmax_in_place(memory.load(scores[i : i + rows])))
    for i in range(0, n, band):
        total = memory.full((min(band, n - i), d), 0.0)
        for j in range(n):
            memory.add_product(total, memory.load(weights[i : i + band, j : j + 1]), memory.load(v[j : j + 1]))
        memory.store(out[i : i + band], total)
        total = None
    return out


@counts("n", "d", "capacity")
def standard_traffic(n: int, d: int, capacity: int) -> int:
    """Elements that `standard` moves: about 4 n² for the scores and weights, and Θ(n d) times the number of reloads."""
    tile, _, band = _standard_tiles(n, d, capacity)
    score = n * d + math.ceil(n / tile) * n * d + n * n
    softmax = 2 * n * n
    mix = n * n + math.ceil(n / band) * n * d + n * d
    return score + softmax + mix


def _standard_tiles(n: int, d: int, capacity: int) -> tuple[int, int, int]:
    """Side of a score tile (2 t d + t² <= M), whole rows per softmax pass, and rows of output per mix pass."""
    if capacity < n + 3 or capacity < 2 * d + 2:
        raise ValueError(f"standard attention needs room for a row of {n} scores and two tokens of {d}, not {capacity}")
    tile = max(1, math.isqrt(d * d + capacity) - d)
    return min(n, tile), min(n, max(1, capacity // (n + 3))), min(n, (capacity - d) // (d + 1))


def _score_tile(memory: Memory, q_tile: Fast, k_tile: Slow, place: Slow) -> None:
    """One tile of scores; the scale is folded in by the multiplication unit, so no copy is made."""
    tile = q_tile @ memory.load(k_tile).T
    tile /= math.sqrt(q_tile.shape[-1])
    memory.store(place, tile)


def _softmax_in_place(rows: Fast) -> Fast:
    rows -= rows.max(axis=-1, keepdims=True)
    np.exp(rows, out=rows)
    rows /= rows.sum(axis=-1, keepdims=True)
    return rows


# FlashAttention: keys outside, queries inside ------------------------------------------------------------------------


def flash_1(memory: Memory, q: Slow, k: Slow, v: Slow) -> Slow:
    """Keys and values are loaded once; for each of their blocks every output is loaded, improved and stored again.

    q, k, v (tokens, d). Source: [dao2022, algorithm 1], with a block of M / 6d keys, so that the scores fit as well.
    """
    n, d = q.shape
    block_q, block_k = flash_1_blocks(n, d, memory.capacity)
    out, total, largest = Slow(np.zeros((n, d))), Slow(np.zeros((n, 1))), Slow(np.full((n, 1), -np.inf))
    for j in range(0, n, block_k):
        k_block, v_block = memory.load(k[j : j + block_k]), memory.load(v[j : j + block_k])
        for i in range(0, n, block_q):
            rows = slice(i, i + block_q)
            _improve(memory, q[rows], k_block, v_block, out[rows], total[rows], largest[rows])
        k_block = v_block = None
    return out


def _improve(memory: Memory, q: Slow, k: Fast, v: Fast, out: Slow, total: Slow, largest: Slow) -> None:
    """Merge one block of keys into one block of outputs that lies in slow memory."""
    o, l_old, m_old = memory.load(out), memory.load(total), memory.load(largest)
    scores = memory.load(q) @ k.T
    scores /= math.sqrt(q.shape[-1])
    m_new = np.maximum(m_old, scores.max(axis=-1, keepdims=True))
    scores -= m_new
    np.exp(scores, out=scores)
    l_old *= np.exp(m_old - m_new)
    l_new = l_old + scores.sum(axis=-1, keepdims=True)
    o *= l_old
    memory.add_product(o, scores, v)
    o /= l_new
    for place, values in ((out, o), (total, l_new), (largest, m_new)):
        memory.store(place, values)


@counts("n", "d", "capacity")
def flash_1_blocks(n: int, d: int, capacity: int) -> tuple[int, int]:
    """(queries, keys) per block: M / 6d keys, and at most d queries."""
    block_k = capacity // (6 * d)
    if block_k < 1:
        raise ValueError(f"a block of one key needs 6 d = {6 * d} elements of fast memory but there are {capacity}")
    return min(n, block_k, d), min(n, block_k)


@counts("n", "d", "capacity")
def flash_1_traffic(n: int, d: int, capacity: int) -> int:
    """Elements that `flash_1` moves: 2 n d + ceil(n / block) (3 n d + 4 n), about 18 n² d² / M."""
    _, block_k = flash_1_blocks(n, d, capacity)
    return 2 * n * d + math.ceil(n / block_k) * (3 * n * d + 4 * n)


# FlashAttention-2: queries outside, keys inside ----------------------------------------------------------------------


def flash_2(
    memory: Memory, q: Slow, k: Slow, v: Slow, causal: bool = False, blocks: tuple[int, int] | None = None
) -> Slow:
    """An output stays in fast memory until it is finished; keys and values stream past it.

    q, k, v (tokens, d); also writes the log-sum-exp of each row, which the backward pass needs (and which is counted).
    `blocks` are (queries, keys), `flash_2_blocks` of the memory at hand unless given; FastMemoryFull if they do not fit.
    Errors: ValueError for a block below 1.
    Source: [dao2023, algorithm 1].
    """
    n, d = q.shape
    block_q, block_k = blocks or flash_2_blocks(n, d, memory.capacity)
    if min(block_q, block_k) < 1:
        raise ValueError(f"a block needs at least 1 query and 1 key but blocks is {(block_q, block_k)}")
    out, lse = Slow(np.zeros((n, d))), Slow(np.zeros((n, 1)))
    for i in range(0, n, block_q):
        rows = slice(i, min(n, i + block_q))
        _finish_rows(memory, q[rows], k[: rows.stop] if causal else k, v, i if causal else None, block_k, out[rows], lse[rows])
    return out


def _finish_rows(memory, q: Slow, k: Slow, v: Slow, first_row: int | None, block_k: int, out: Slow, lse: Slow) -> None:
    """All keys for one block of queries. `first_row` is None without a causal mask."""
    q_block, (rows, d) = memory.load(q), q.shape
    o, total, largest = memory.full((rows, d), 0.0), memory.full((rows, 1), 0.0), memory.full((rows, 1), -np.inf)
    for j in range(0, len(k), block_k):
        stop = min(len(k), j + block_k)
        scores = _scores(memory, q_block, k[j:stop], None if first_row is None else first_row - j)
        largest = _absorb(memory, scores, v[j:stop], o, total, largest)
        scores = None
    o /= total
    memory.store(out, o)
    np.log(total, out=total)
    total += largest
    memory.store(lse, total)


def _scores(memory: Memory, q: Fast, k: Slow, diagonal: int | None) -> Fast:
    """Scores of one tile, with the future set to -inf."""
    scores = q @ memory.load(k).T
    scores /= math.sqrt(q.shape[-1])
    if diagonal is not None:
        _plain(scores)[np.triu(np.ones(scores.shape, dtype=bool), diagonal + 1)] = -np.inf
    return scores


def _absorb(memory: Memory, scores: Fast, v: Slow, o: Fast, total: Fast, largest: Fast) -> Fast:
    """One step of the online softmax; returns the new running maximum. `o` and `total` are changed in place."""
    new = np.maximum(largest, scores.max(axis=-1, keepdims=True))
    scores -= new
    np.exp(scores, out=scores)
    largest -= new
    np.exp(largest, out=largest)
    total *= largest
    total += scores.sum(axis=-1, keepdims=True)
    o *= largest
    memory.add_product(o, scores, memory.load(v))
    return new


@counts("n", "d", "capacity", "most_keys")
def flash_2_blocks(n: int, d: int, capacity: int, most_keys: int = 16) -> tuple[int, int]:
    """(queries, keys) per block: few keys and as many queries as fit, since each block of queries reads all the keys.

    What is held at once: q and o (2 d a query), four numbers a query, a tile of scores and one block of keys or values.
    """
    block_k = max(1, min(n, most_keys, capacity // (8 * d)))
    block_q = min(n, (capacity - block_k * d) // (2 * d + block_k + 4))
    if block_q < 1:
        raise ValueError(f"one query and one key of width {d} do not fit into {capacity} elements of fast memory")
    return block_q, block_k


@counts("n", "d", "capacity")
def flash_2_traffic(n: int, d: int, capacity: int) -> int:
    """Elements that `flash_2` moves without a mask: 2 n d + n + 2 n d ceil(n / block), about 4 n² d² / M."""
    block_q, _ = flash_2_blocks(n, d, capacity)
    return 2 * n * d + n + 2 * n * d * math.ceil(n / block_q)
