"""Which library multiplies the matrices: torch ships two, and the chip decides which is faster.

Nine tenths of attention's time are matrix products. `torch.mm` calls MKL; for linear layers torch can also
call oneDNN. On one thread of an AMD Zen 5, with tiles of 256 x 512 and a head of 64, MKL takes 1.27 ns a
score and oneDNN 0.61; on other chips MKL may win. So the two race once, for a millisecond, and the winner
is kept.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import torch
from torch import Tensor

Product = Callable[[Tensor, Tensor], Tensor]
MARGIN = 1.15  # the challenger must win clearly, so that a machine chooses the same way every time


def mkl(a: Tensor, b: Tensor) -> Tensor:
    """a bᵀ."""
    return torch.mm(a, b.t())


def onednn(a: Tensor, b: Tensor) -> Tensor:
    """a bᵀ in float32. `b`, or its transpose, must be contiguous: oneDNN is 2000 times slower on anything
    else."""
    return torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "")


@functools.cache
def fastest(dtype: torch.dtype) -> Product:
    """The faster product for `dtype` on this machine: measured on the first call, remembered after."""
    if dtype != torch.float32 or not _has_onednn():
        return mkl
    with torch.no_grad():
        a, b = (torch.ones(n, 64, dtype=torch.float32, device="cpu") for n in (256, 512))
        return onednn if MARGIN * _seconds(onednn, a, b) < _seconds(mkl, a, b) else mkl


def _has_onednn() -> bool:
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _seconds(product: Product, a: Tensor, b: Tensor) -> float:
    """The best of nine: what the machine can do, whatever else runs on it."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        product(a, b)
        times.append(time.perf_counter() - start)
    return min(times)
