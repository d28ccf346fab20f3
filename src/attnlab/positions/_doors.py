"""What the schemes of this folder check at the door, and the offset between two positions."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnlab._counts import LARGEST, count


def offsets_between(q_pos: Tensor, k_pos: Tensor) -> Tensor:
    for name, pos in (("q_pos", q_pos), ("k_pos", k_pos)):
        if pos.ndim != 1:
            raise ValueError(f"{name} must be 1-D but has shape {tuple(pos.shape)}")
        if pos.is_floating_point() or pos.dtype == torch.bool:
            raise TypeError(f"{name} must hold integers but its dtype is {pos.dtype}")
    return k_pos.long().unsqueeze(0) - q_pos.long().unsqueeze(1)


WITHOUT_FLOAT64 = {"mps"}  # kinds of device that have no 64-bit numbers


def moved(x: Tensor, device: torch.device) -> Tensor:
    """`x`, computed in float64 on the CPU, on another device: cast to float32 first where that has no float64."""
    return x.to(torch.float32 if device.type in WITHOUT_FLOAT64 else x.dtype).to(device)


def need_even(width: int) -> int:
    width = count("width", width)
    if width < 2 or width % 2 == 1:
        raise ValueError(f"width must be even and at least 2 but is {width}")
    return width


def need_rows(rows: Tensor, n: int) -> None:
    if rows.numel() and not (0 <= int(rows.min()) and int(rows.max()) < n):
        wrong = int(rows.max()) if int(rows.max()) >= n else int(rows.min())
        raise ValueError(f"there is no row {wrong}: the table has {n}, numbered 0 to {n - 1}")


def need_factor(factor: float) -> None:
    if not 1 <= factor < math.inf:
        raise ValueError(f"factor must be at least 1 and finite but is {factor}")


def need_lengths(**lengths: int) -> None:
    for name, length in lengths.items():
        if count(name, length, at_least=-LARGEST) < 1:
            raise ValueError(f"{name} must be at least 1 position but is {length}")


def need_two(speeds: Tensor) -> None:
    if len(speeds) < 2:
        raise ValueError(f"at least 2 pairs are needed but there is {len(speeds)}")
