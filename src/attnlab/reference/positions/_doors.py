"""What the schemes of this folder check at the door, and the offset between two positions."""

from __future__ import annotations

import numpy as np

from attnlab._counts import LARGEST, count
from attnlab._shapes import Array, Float, Integer
from attnlab.reference._numbers import finite, finite_number


def offsets_between(q_pos, k_pos) -> Integer[Array, "queries keys"]:
    """Key position minus query position."""
    q_pos, k_pos = whole("q_pos", q_pos), whole("k_pos", k_pos)
    for name, pos in (("q_pos", q_pos), ("k_pos", k_pos)):
        if pos.ndim != 1:
            raise ValueError(f"{name} must be 1-D but has shape {pos.shape}")
    return k_pos - q_pos[:, None]


def whole(name: str, x) -> Integer[Array, "..."]:
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"{name} must hold integers but its dtype is {x.dtype}")
    return x.astype(np.int64)


def need_even(name: str, n: int) -> int:
    n = count(name, n)
    if n < 2 or n % 2:
        raise ValueError(f"{name} must be even and at least 2 but is {n}")
    return n


def need_rows(rows: Array, n: int) -> None:
    if rows.size and (rows.min() < 0 or rows.max() >= n):
        wrong = rows.max() if rows.max() >= n else rows.min()
        raise ValueError(f"there is no row {wrong}: the table has {n}, numbered 0 to {n - 1}")


def need_factor(factor: float) -> None:
    if not finite_number("factor", factor) >= 1:
        raise ValueError(f"factor must be at least 1 but is {factor}")


def need_lengths(**lengths: int) -> None:
    for name, length in lengths.items():
        if count(name, length, at_least=-LARGEST) < 1:
            raise ValueError(f"{name} must be at least 1 position but is {length}")


def two_pairs(speeds) -> Float[Array, "pairs"]:
    speeds = finite("speeds", speeds)
    if speeds.size < 2:
        raise ValueError(f"at least 2 pairs are needed but there is {speeds.size}")
    return speeds
