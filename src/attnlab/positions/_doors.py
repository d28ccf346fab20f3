"""What the schemes of this folder check at the door, and the offset between two positions."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def offsets_between(q_pos: Tensor, k_pos: Tensor) -> Tensor:
    for name, pos in (("q_pos", q_pos), ("k_pos", k_pos)):
        if pos.ndim != 1:
            raise ValueError(f"{name} must be 1-D but has shape {tuple(pos.shape)}")
        if pos.is_floating_point() or pos.dtype == torch.bool:
            raise TypeError(f"{name} must hold integers but its dtype is {pos.dtype}")
    return k_pos.long().unsqueeze(0) - q_pos.long().unsqueeze(1)


def need_even(width: int) -> None:
    if width < 2 or width % 2 == 1:
        raise ValueError(f"width must be even and at least 2 but is {width}")


def need_rows(rows: Tensor, n: int) -> None:
    if rows.numel() and not (0 <= int(rows.min()) and int(rows.max()) < n):
        wrong = int(rows.max()) if int(rows.max()) >= n else int(rows.min())
        raise ValueError(f"there is no row {wrong}: the table has {n}, numbered 0 to {n - 1}")


def need_factor(factor: float) -> None:
    if not 1 <= factor < math.inf:
        raise ValueError(f"factor must be at least 1 and finite but is {factor}")


def need_lengths(**lengths: int) -> None:
    for name, length in lengths.items():
        if length < 1:
            raise ValueError(f"{name} must be at least 1 position but is {length}")


def need_two(speeds: Tensor) -> None:
    if len(speeds) < 2:
        raise ValueError(f"at least 2 pairs are needed but there is {len(speeds)}")
