"""What the memories of fixed size share: their first state, and how a text is cut."""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab.reference.mixers._memory import check_memory, check_shapes


def start(q: Tensor, k: Tensor, v: Tensor, memory: Tensor | None) -> Tensor:
    """The memory before the first token, zeros unless it is given; ValueError where shapes disagree."""
    check_shapes(q.shape, k.shape, v.shape)
    empty = (*k.shape[:-2], k.shape[-1], v.shape[-1])
    memory = v.new_zeros(empty) if memory is None else memory
    check_memory(memory.shape, empty)
    return memory


def chunks(n_tokens: int, size: int) -> list[slice]:
    """The tokens in slices of `size`, the last one as long as what is left."""
    return [slice(first, min(first + size, n_tokens)) for first in range(0, n_tokens, size)]


def need_shape(name: str, x: Tensor, shape: torch.Size) -> None:
    if x.shape != shape:
        raise ValueError(f"{name} has shape {tuple(x.shape)} but the keys need {tuple(shape)}")
