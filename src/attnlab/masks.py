"""Who may look at whom: boolean masks as functions of positions, True = may look.

Each works on NumPy arrays and torch tensors alike and gives back the kind it was given. Join them with `&`.
Because a mask is a function of positions, one call gives the whole matrix, one block of it, or one row while
decoding.
"""

from __future__ import annotations

import numpy as np

from attnlab._counts import count
from attnlab._shapes import AnyArray, Bool, Integer


def causal(
    q_pos: Integer[AnyArray, "queries"], k_pos: Integer[AnyArray, "keys"]
) -> Bool[AnyArray, "queries keys"]:
    """key position <= query position: every query sees itself and its past, never its future.

    Errors: TypeError unless both are integer arrays of one library, ValueError unless both are 1-D.
    Source: [vaswani2017, section 3.2.3].
    """
    q_pos, k_pos = _grid(q_pos, k_pos)
    return k_pos <= q_pos


def window(
    q_pos: Integer[AnyArray, "queries"], k_pos: Integer[AnyArray, "keys"], size: int
) -> Bool[AnyArray, "queries keys"]:
    """0 <= query position - key position < size: the last `size` keys, the query's own included, no future.

    Because positions are counted from 0, the first `size` - 1 queries have fewer keys to see.
    Errors: those of `causal`; ValueError for a size below 1, TypeError for one that is not a whole number.
    Source: [jiang2023, section 2]; two-sided in [beltagy2020, section 3.1].
    """
    size = count("size", size, at_least=1)
    q_pos, k_pos = _grid(q_pos, k_pos)
    return (0 <= q_pos - k_pos) & (q_pos - k_pos < size)


def padding(lengths: Integer[AnyArray, "*batch"], n_keys: int) -> Bool[AnyArray, "*batch 1 n_keys"]:
    """key number < length: hides the filler behind each sequence from every query of that sequence.

    The middle axis, of size 1, is the queries': the result joins with `causal(...)` by `&` and broadcasts
    over the scores of a batch. With heads give `lengths[:, None]`, for a mask of shape (batch, 1, 1, n_keys).
    A length of 0 hides every key.

    Errors: TypeError unless lengths are integers, ValueError for a length below 0 or above `n_keys`.
    """
    lengths = _integers("lengths", lengths)
    n_keys = count("n_keys", n_keys)
    if (lengths < 0).any():
        raise ValueError(f"lengths must be at least 0 but the smallest is {int(lengths.min())}")
    if (lengths > n_keys).any():
        raise ValueError(f"lengths reach {int(lengths.max())} but there are only {n_keys} keys")
    return _count_to(n_keys, lengths) < lengths[..., None, None]


def positions(
    n_queries: int, n_keys: int, like: AnyArray = None
) -> tuple[Integer[AnyArray, "queries"], Integer[AnyArray, "keys"]]:
    """(q_pos, k_pos): keys stand at 0 ... n_keys - 1, queries so that the last query meets the last key.

    That is what decoding with a cache needs: the newest query stands beside the newest key. With
    `is_causal=True` torch's `scaled_dot_product_attention` aligns the first query with the first key instead;
    the two agree when the counts do. With more queries than keys the first queries stand at negative
    positions, before every key.

    NumPy arrays, or, given a tensor as `like`, tensors on its device.
    Errors: ValueError for counts below 0, TypeError for counts that are not whole numbers.
    """
    n_queries, n_keys = count("n_queries", n_queries), count("n_keys", n_keys)
    return _count_to(n_queries, like) + (n_keys - n_queries), _count_to(n_keys, like)


def _count_to(n: int, like: AnyArray) -> Integer[AnyArray, "n"]:
    """0, 1, ..., n - 1 in the library, and on the device, of `like`."""
    if hasattr(like, "new_ones"):  # a torch tensor, recognised without importing torch
        return like.new_ones(n).bool().cumsum(0) - 1
    return np.arange(n)


def _grid(q_pos: AnyArray, k_pos: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Queries as a column and keys as a row, so that an operator between them gives a matrix."""
    q_pos, k_pos = _integers("q_pos", q_pos), _integers("k_pos", k_pos)
    for name, pos in (("q_pos", q_pos), ("k_pos", k_pos)):
        if len(pos.shape) != 1:
            raise ValueError(f"{name} must be 1-D but has shape {tuple(pos.shape)}")
    if isinstance(q_pos, np.ndarray) != isinstance(k_pos, np.ndarray):
        raise TypeError(f"q_pos is a {type(q_pos).__name__} but k_pos is a {type(k_pos).__name__}")
    return q_pos[:, None], k_pos[None, :]


def _integers(name: str, x: AnyArray) -> Integer[AnyArray, "..."]:
    """`x` in 64 bits, so that nothing computed from it wraps around; TypeError unless it holds integers."""
    if not hasattr(x, "dtype"):
        raise TypeError(f"{name} must be an array or a tensor of integers but is a {type(x).__name__}")
    if "int" not in str(x.dtype):
        raise TypeError(f"{name} must hold integers but its dtype is {x.dtype}")
    return x.long() if hasattr(x, "long") else x.astype(np.int64)
