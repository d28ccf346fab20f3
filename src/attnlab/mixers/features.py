"""Random features whose products are exp(q . k) on average: softmax attention in linear time, with an error."""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float


def positive_features(x: Float[Tensor, "*tokens d_k"], directions: Float[Tensor, "m d_k"]) -> Float[Tensor, "*tokens m"]:
    """exp(w . x - |x|² / 2) / sqrt(m) for each direction w: never negative. For attention give x / d_k ** (1 / 4).

    Source: [choromanski2021, lemma 1].
    """
    half = x.square().sum(dim=-1, keepdim=True) / 2
    return (x @ directions.mT - half).exp() * len(directions) ** -0.5


def trigonometric_features(x: Float[Tensor, "*tokens d_k"], directions: Float[Tensor, "m d_k"]) -> Float[Tensor, "*tokens m_twice"]:
    """exp(|x|² / 2) [sin(w . x), cos(w . x)] / sqrt(m): the same mean, but a product may be negative.

    Source: [rahimi2007]; [choromanski2021, section 2].
    """
    turned, half = x @ directions.mT, x.square().sum(dim=-1, keepdim=True) / 2
    return half.exp() * torch.cat([turned.sin(), turned.cos()], dim=-1) * len(directions) ** -0.5


def orthogonal_directions(normal: Float[Tensor, "m d_k"]) -> Float[Tensor, "m d_k"]:
    """Directions at right angles in groups of d_k, with the lengths they had. Source: [choromanski2021, section 2.4]."""
    groups = []
    for group in normal.split(normal.shape[-1]):
        basis, signs = torch.linalg.qr(group.mT)
        basis = basis * signs.diagonal().sign()
        groups.append(basis.mT * group.norm(dim=-1, keepdim=True))
    return torch.cat(groups)


def directions(m: int, d_k: int, generator: torch.Generator, orthogonal: bool = True) -> Float[Tensor, "m d_k"]:
    """`m` standard normal directions in float64, at right angles in groups of d_k unless `orthogonal` is False."""
    size = count("m", m, at_least=1), count("d_k", d_k, at_least=1)
    normal = torch.randn(size, generator=generator, dtype=torch.float64)
    return orthogonal_directions(normal) if orthogonal else normal
