"""Scaled dot-product attention in PyTorch: differentiable, batched, on any device."""

from __future__ import annotations

import contextlib
import math

import torch
from torch import Tensor

from attnlab._shapes import Bool, Float, check_attention, check_overlay, check_scores


def attention(
    q: Float[Tensor, "*#batch queries d_k"],
    k: Float[Tensor, "*#batch keys d_k"],
    v: Float[Tensor, "*#batch keys d_v"],
    mask: Bool[Tensor, "*#scores"] | None = None,
    bias: Float[Tensor, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "*all_batch queries d_v"]:
    """softmax(q kᵀ · scale + bias) v: every query takes a weighted mean of the values.

    `mask` is boolean, True = may look; `bias` is a float added to the scaled scores. Both broadcast to
    (*batch, queries, keys). `scale` is 1 / sqrt(d_k) unless given. Leading axes of all arguments broadcast.
    A query that may look at no key (all masked, or no keys at all) gets zeros, and sends zero gradients.

    The result has the dtype of `q`; float16 and bfloat16 are computed in float32 and rounded once, at the
    end, inside `torch.autocast` too. A bias of a wider type keeps what is finite finite.
    Errors: ValueError for sizes that disagree, and for NaN or infinity in q, k or v or +inf or NaN in the
    bias; TypeError for a mask that is not boolean, a bias that is not float, q, k and v of different dtypes.
    Looking for NaN costs one pass over the arguments, little beside the products; it is left out while
    compiling, inside `torch.func.vmap`, and on an accelerator, where looking would make the CPU wait: there NaN
    spreads to the output instead.
    Source: [vaswani2017, section 3.2.1, equation 1].
    """
    check_attention(q, k, v, mask, bias)
    _need_alike(q=q, k=k, v=v)
    _need_finite(v=v)
    weights = _weights(q, k, mask, bias, scale)
    with _as_written(q):
        return (weights @ v.to(weights.dtype)).to(v.dtype)  # mix


def attention_weights(
    q: Float[Tensor, "*#batch queries d_k"],
    k: Float[Tensor, "*#batch keys d_k"],
    mask: Bool[Tensor, "*#scores"] | None = None,
    bias: Float[Tensor, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "*all_batch queries keys"]:
    """softmax(q kᵀ · scale + bias): how much each query looks at each key.

    Every row sums to 1, or holds only zeros where the query may look at no key.
    Arguments, errors and source are those of `attention`.
    """
    return _weights(q, k, mask, bias, scale).to(q.dtype)


def _weights(q: Tensor, k: Tensor, mask: Tensor | None, bias: Tensor | None, scale: float | None) -> Tensor:
    """The weights before they are rounded to the precision of the arguments."""
    scores = masked_scores(q, k, mask, bias, scale)
    blind = torch.isneginf(scores).all(dim=-1, keepdim=True)
    # A row of nothing but -inf would normalise to NaN, gradient included: level it first, erase it after.
    return torch.softmax(scores.masked_fill(blind, 0.0), dim=-1).masked_fill(blind, 0.0)  # normalise


def masked_scores(
    q: Float[Tensor, "*#batch queries d_k"],
    k: Float[Tensor, "*#batch keys d_k"],
    mask: Bool[Tensor, "*#scores"] | None = None,
    bias: Float[Tensor, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "*all_batch queries keys"]:
    """q kᵀ · scale + bias, and -inf where the mask forbids to look; in float32 at least.

    Arguments and errors are those of `attention`.
    """
    shape = check_scores(q, k)
    _need_alike(q=q, k=k)
    _need_finite(q=q, k=k)
    working = torch.promote_types(q.dtype, torch.float32)
    with _as_written(q):
        scores = q.to(working) @ k.to(working).mT * _scale(scale, q.shape[-1])  # score, scale
    if bias is not None:
        need_bias(bias, shape)
        scores = scores + _narrowed(bias, working)
    if mask is not None:
        need_mask(mask, shape)
        scores = torch.where(mask, scores, -math.inf)  # mask
    return scores


def _as_written(x: Tensor):
    """Products in the precision of their factors, whatever `torch.autocast` is set to around the call."""
    kind = x.device.type
    return torch.autocast(kind, enabled=False) if _can_be_cast(kind) else contextlib.nullcontext()


def _can_be_cast(kind: str) -> bool:
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)


def _narrowed(bias: Tensor, working: torch.dtype) -> Tensor:
    """`bias` in the working precision; a finite number too large for it becomes its largest, not infinity."""
    if torch.finfo(bias.dtype).max <= torch.finfo(working).max:
        return bias.to(working)
    largest = torch.finfo(working).max
    return torch.where(torch.isneginf(bias), bias, bias.clamp(-largest, largest)).to(working)


def _scale(scale: float | None, d_k: int) -> float:
    if scale is None:
        return d_k**-0.5
    if not math.isfinite(scale):
        raise ValueError(f"scale must be finite but is {scale}")
    return scale


def _need_alike(**tensors: Tensor) -> None:
    """All float tensors, of one dtype and on one device."""
    for name, x in tensors.items():
        _need_tensor(name, x)
        if not x.is_floating_point():
            raise TypeError(f"{name} must hold floats but its dtype is {x.dtype}")
    for quality in ("dtype", "device"):
        found = {name: getattr(x, quality) for name, x in tensors.items()}
        if len(set(found.values())) > 1:
            listed = ", ".join(f"{name} {value}" for name, value in found.items())
            raise TypeError(f"{quality}s differ: {listed}")


def _need_tensor(name: str, x) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a tensor but is a {type(x).__name__}")


def _need_finite(**tensors: Tensor) -> None:
    for name, x in tensors.items():
        if _looks_free(x) and not torch.isfinite(x).all():
            bad = int((~torch.isfinite(x)).sum())
            raise ValueError(f"{name} holds NaN or infinity: {bad} of {x.numel()} numbers")


def _looks_free(x: Tensor) -> bool:
    """Whether `x` can be looked at without waiting for an accelerator or breaking a compiled or mapped function."""
    return x.device.type == "cpu" and not torch.compiler.is_compiling() and not _is_mapped(x)


def _is_mapped(x: Tensor) -> bool:
    """Whether `x` is one of many inside `torch.func.vmap`, where no decision may depend on a number."""
    return torch._C._functorch.is_batchedtensor(x)


def need_mask(mask, scores: tuple[int, ...]) -> None:
    """A mask for scores of this shape: TypeError unless it is a boolean tensor, ValueError where it does not fit."""
    _need_tensor("mask", mask)
    if mask.dtype != torch.bool:
        raise TypeError(
            f"mask must be boolean, True = may look, but its dtype is {mask.dtype}; numbers go in bias="
        )
    check_overlay("mask", mask, scores)


def need_bias(bias, scores: tuple[int, ...]) -> None:
    """A bias for scores of this shape: TypeError unless it is a tensor of floats, ValueError where it does not fit or holds NaN or +inf."""
    _need_tensor("bias", bias)
    if not bias.is_floating_point():
        raise TypeError(
            f"bias must be float but its dtype is {bias.dtype}; who may look at whom goes in mask="
        )
    check_overlay("bias", bias, scores)
    if _looks_free(bias) and not (bias < math.inf).all():
        raise ValueError("bias holds NaN or +infinity")
