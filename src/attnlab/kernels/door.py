"""What `flash_attention` refuses, and the words it does so with."""

from __future__ import annotations

import math
import numbers
from typing import NamedTuple, SupportsFloat, SupportsIndex

import torch
from torch import Tensor

from attnlab._counts import count

PRECISIONS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def check_tensors(q: Tensor, k: Tensor, v: Tensor) -> None:
    """TypeError unless q, k and v are float tensors of one dtype, ValueError unless on the CPU and of one
    shape."""
    for name, x in (("q", q), ("k", k), ("v", v)):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name} must be a tensor but is a {type(x).__name__}")
        if x.dtype not in PRECISIONS:
            raise TypeError(
                f"{name} must hold float16, bfloat16, float32 or float64 but its dtype is {x.dtype}"
            )
        if x.dtype != q.dtype:
            raise TypeError(f"dtypes differ: q {q.dtype}, {name} {x.dtype}")
        if x.device.type != "cpu":
            raise ValueError(
                f"this kernel runs on the CPU but {name} is on {x.device}; see flash_triton for a GPU"
            )
    _check_shapes(q, k, v)


def _check_shapes(q: Tensor, k: Tensor, v: Tensor) -> None:
    for name, x, words in (("q", q, "queries, d_head"), ("k", k, "keys, d_head"), ("v", v, "keys, d_value")):
        if x.ndim < 3:
            raise ValueError(f"{name} needs the axes (..., heads, {words}) but has shape {tuple(x.shape)}")
        if x.shape[:-3] != q.shape[:-3]:
            raise ValueError(f"batch axes differ: q {tuple(q.shape[:-3])}, {name} {tuple(x.shape[:-3])}")
    if q.shape[-1] != k.shape[-1] or q.shape[-1] == 0:
        raise ValueError(
            f"q has d_head = {q.shape[-1]} and k has d_head = {k.shape[-1]}: must agree and not be 0"
        )
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"k has {k.shape[-2]} keys but v has {v.shape[-2]}")
    if k.shape[-3] != v.shape[-3]:
        raise ValueError(f"k has {k.shape[-3]} heads but v has {v.shape[-3]}")
    if k.shape[-3] == 0 or q.shape[-3] % k.shape[-3]:
        raise ValueError(f"{k.shape[-3]} heads of keys do not divide {q.shape[-3]} heads of queries")


def check_overlays(
    q: Tensor, k: Tensor, key_mask: Tensor | None, bias: Tensor | None,
    alibi_slopes: Tensor | None, sinks: Tensor | None,
) -> None:  # fmt: skip
    """TypeError for a mask that is not boolean or a bias that is not float, ValueError for shapes that do
    not fit."""
    if key_mask is not None:
        if key_mask.dtype != torch.bool:
            raise TypeError(f"key_mask must be boolean, True = may look, but its dtype is {key_mask.dtype}")
        _need_shape("key_mask", key_mask, (*q.shape[:-3], k.shape[-2]))
    if bias is not None:
        _need_float("bias", bias)
        scores = (*q.shape[:-1], k.shape[-2])
        fits = bias.ndim <= len(scores) and all(
            size in (1, full) for size, full in zip(bias.shape[::-1], scores[::-1])
        )
        if not fits:
            raise ValueError(f"bias {tuple(bias.shape)} does not broadcast to scores {scores}")
    for name, x in (("alibi_slopes", alibi_slopes), ("sinks", sinks)):
        if x is not None:
            _need_float(name, x)
            _need_shape(name, x, (q.shape[-3],))
    if alibi_slopes is not None and alibi_slopes.requires_grad:
        raise ValueError("alibi_slopes get no gradient; slopes that are learnt go into bias=")


class Numbers(NamedTuple):
    """The numbers of a call, as Python's own."""

    window: int | None
    block_q: int | None
    block_k: int | None
    scale: float | None
    dropout_p: float


def check_numbers(
    window: SupportsIndex | None = None, scale: SupportsFloat | None = None, dropout_p: SupportsFloat = 0.0,
    generator: torch.Generator | None = None, block_q: SupportsIndex | None = None,
    block_k: SupportsIndex | None = None,
) -> Numbers:  # fmt: skip
    """TypeError for what is no number, ValueError for a window or block below 1, a dropout rate outside
    [0, 1), a scale that is not finite."""
    sizes = {"window": window, "block_q": block_q, "block_k": block_k}
    counts = [None if n is None else count(name, n, at_least=1) for name, n in sizes.items()]
    scale, dropout_p = None if scale is None else _real("scale", scale), _real("dropout_p", dropout_p)
    if not 0 <= dropout_p < 1:
        raise ValueError(f"dropout_p must be at least 0 and below 1 but is {dropout_p}")
    if scale is not None and not math.isfinite(scale):
        raise ValueError(f"scale must be finite but is {scale}")
    if generator is not None and getattr(generator, "device", None) != torch.device("cpu"):
        raise TypeError(f"generator must be a torch.Generator on the CPU but is {generator!r}")
    return Numbers(*counts, scale, dropout_p)


def _real(name: str, x) -> float:
    """`x` as a float: any real number but a boolean, or one of an array with no axes."""
    is_number = isinstance(x, numbers.Real) or getattr(x, "shape", None) == ()
    if not is_number or "bool" in f"{type(x)} {getattr(x, 'dtype', '')}":
        raise TypeError(f"{name} must be a number but is {x!r}")
    if getattr(x, "requires_grad", False):
        raise ValueError(f"{name} gets no gradient; a factor that is learnt multiplies q")
    return float(x)


def _need_float(name: str, x: Tensor) -> None:
    if x.dtype not in PRECISIONS:
        raise TypeError(f"{name} must hold floats but its dtype is {x.dtype}")


def _need_shape(name: str, x: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(x.shape) != shape:
        raise ValueError(f"{name} must have shape {shape} but has {tuple(x.shape)}")
