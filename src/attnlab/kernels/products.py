"""Which library multiplies the matrices: torch ships two, and the chip decides which is faster.

Nine tenths of attention's time are matrix products. `torch.mm` calls MKL; for linear layers torch can also
call oneDNN. MKL writes into memory that it is given and adds to what stands there; oneDNN returns fresh memory
each time, and is quicker where the tiles are large, or the chip is new to MKL. So each has two deeds here, and
which of them is used, `ways` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.kernels.workers import room


class Library(NamedTuple):
    """`product(a, b, place)`: a bᵀ, to be found in the worker's own memory of that name, or anywhere, until the
    next product is put there. `add(total, a, b)`: total += a b."""

    name: str
    product: Callable[[Tensor, Tensor, str], Tensor]
    add: Callable[[Tensor, Tensor, Tensor], object]


def _mkl_product(a: Tensor, b: Tensor, place: str) -> Tensor:
    return torch.mm(a, b.t(), out=room(place, len(a), len(b), a.dtype))


def _onednn_product(a: Tensor, b: Tensor, place: str) -> Tensor:
    """In float32. `b`, or its transpose, must be contiguous: oneDNN is 2000 times slower on anything else."""
    return torch.ops.mkldnn._linear_pointwise.default(a, b, None, "none", [], "")


def _onednn_add(total: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return total.add_(_onednn_product(a, b.t(), ""))


MKL = Library("mkl", _mkl_product, Tensor.addmm_)
ONEDNN = Library("onednn", _onednn_product, _onednn_add)


def libraries(dtype: torch.dtype) -> list[Library]:
    """Those that can multiply `dtype` here, MKL first."""
    able = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return [MKL, ONEDNN] if able and dtype == torch.float32 else [MKL]
