"""Gradients cut to a largest length, all parameters together."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from attnlab._shapes import Float


def clip(gradients: Iterable[Tensor], largest: float) -> tuple[list[Tensor], Float[Tensor, ""]]:
    """(g min(1, largest / (length + 1e-6)) for each gradient g, length), where length^2 is the sum of all squares.

    One factor for all, so the direction stays. The gradients given are left as they are.
    Errors: ValueError for a `largest` that is not above 0, or no gradient.
    Source: [pascanu2013, section 3.2, algorithm 1]; the 1e-6 is that of torch.nn.utils.clip_grad_norm_.
    """
    gradients = list(gradients)
    if not largest > 0:
        raise ValueError(f"largest must be above 0 but is {largest}")
    if not gradients:
        raise ValueError("there is no gradient to clip")
    length = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    factor = 1.0 if math.isinf(largest) else (largest / (length + 1e-6)).clamp(max=1.0)
    return [g * factor for g in gradients], length
