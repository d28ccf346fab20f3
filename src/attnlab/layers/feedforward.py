"""The network that changes every token by itself: expand, activate, contract; with a gate or without."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.layers._doors import need_width, widened


def relu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """max(0, x). Its derivative at 0 is taken to be 0."""
    return torch.relu(widened("x", x)).to(x.dtype)


def gelu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """x Φ(x): each number times the probability that a standard normal one lies below it.

    Φ(x) = erfc(-x / √2) / 2. float16 and bfloat16 are computed in float32 and rounded once, at the end.
    Source: [hendrycks2016].
    """
    wide = widened("x", x)
    return (wide * torch.erfc(wide * -math.sqrt(0.5)) / 2).to(x.dtype)


def gelu_tanh(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2: an approximation of `gelu`, off by less than 0.0005.

    Published parameters are meant for the one or for the other.
    Source: [hendrycks2016].
    """
    wide = widened("x", x)
    inner = math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)
    return (wide * (1 + torch.tanh(inner)) / 2).to(x.dtype)


def silu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """x / (1 + exp(-x)), also called swish.

    Source: [hendrycks2016], where it is named; [ramachandran2017].
    """
    wide = widened("x", x)
    return (wide * torch.sigmoid(wide)).to(x.dtype)


class FeedForward(nn.Module):
    """activation(x W₁ + b₁) W₂ + b₂: the same small network for every token.

    d_ff is its inner width; bias: whether the two projections add a vector.
    Source: [vaswani2017, section 3.3, equation 2], with `relu`.
    """

    def __init__(self, d_model: int, d_ff: int, activation: Callable = relu, bias: bool = True):
        super().__init__()
        d_model, d_ff = (
            count("d_model", d_model, at_least=1),
            count("d_ff", d_ff, at_least=1),
        )
        self.expand = nn.Linear(d_model, d_ff, bias)
        self.contract = nn.Linear(d_ff, d_model, bias)
        self.activation = activation

    def forward(self, x: Float[Tensor, "*tokens d_model"]) -> Float[Tensor, "*tokens d_model"]:
        need_width(x, self.expand.in_features)
        return self.contract(self.activation(self.expand(x)))


class GatedFeedForward(nn.Module):
    """(activation(x W_gate) * (x W_expand)) W_contract: one projection is multiplied by another, activated one.

    With `silu` it is called SwiGLU, with `gelu` GEGLU, with `relu` ReGLU, with `torch.sigmoid` GLU.
    Source: [shazeer2020, section 2].
    """

    def __init__(self, d_model: int, d_ff: int, activation: Callable = silu, bias: bool = False):
        super().__init__()
        d_model, d_ff = (
            count("d_model", d_model, at_least=1),
            count("d_ff", d_ff, at_least=1),
        )
        self.gate = nn.Linear(d_model, d_ff, bias)
        self.expand = nn.Linear(d_model, d_ff, bias)
        self.contract = nn.Linear(d_ff, d_model, bias)
        self.activation = activation

    def forward(self, x: Float[Tensor, "*tokens d_model"]) -> Float[Tensor, "*tokens d_model"]:
        need_width(x, self.gate.in_features)
        return self.contract(self.activation(self.gate(x)) * self.expand(x))
