"""What the functions of this folder check at the door."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def widened(name: str, x: Tensor) -> Tensor:
    """`x` in the precision it is computed in: float16 and bfloat16 in float32, the others in their own."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a tensor but is a {type(x).__name__}")
    if not x.is_floating_point():
        raise TypeError(f"{name} must hold floats but its dtype is {x.dtype}")
    return x.to(torch.promote_types(x.dtype, torch.float32))


def vector(name: str, values: Tensor, x: Tensor) -> Tensor:
    """A gain or bias for the features of `x`, in the precision it is computed in; ValueError for another shape."""
    values = widened(name, values)
    if values.ndim != 1:
        raise ValueError(f"{name} must have one axis but has shape {tuple(values.shape)}")
    if values.shape[0] != x.shape[-1]:
        raise ValueError(f"x has width {x.shape[-1]} but {name} has width {values.shape[0]}")
    return values


def need_features(x: Tensor) -> Tensor:
    """`x`; ValueError where its last axis has nothing in it, or there is no axis."""
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"x needs at least one feature in its last axis but has shape {tuple(x.shape)}")
    return x


def need_width(x: Tensor, d_model: int) -> None:
    """ValueError unless the tokens are as wide as the layer."""
    if x.shape[-1] != d_model:
        raise ValueError(f"x has width {x.shape[-1]} but the layer has d_model = {d_model}")


def need_probability(name: str, p: float) -> float:
    """`p` as a float; ValueError unless it is between 0 and 1."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name} must be between 0 and 1 but is {p}")
    return float(p)


def need_epsilon(epsilon: float) -> float:
    """`epsilon` as a float; ValueError unless it is above 0 and finite: without it a row of equal numbers is 0 / 0."""
    if isinstance(epsilon, bool) or not isinstance(epsilon, int | float):
        raise TypeError(f"epsilon must be a number but is {epsilon!r}")
    if not 0 < epsilon < math.inf:
        raise ValueError(f"epsilon must be above 0 and finite but is {epsilon}")
    return float(epsilon)
