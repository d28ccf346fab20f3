"""Normalisation of each token by itself: LayerNorm and RMSNorm, pure functions and modules that hold a gain."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.layers._doors import need_epsilon, need_features, vector, widened


def layer_norm(
    x: Float[Tensor, "*tokens d_model"],
    gain: Float[Tensor, " d_model"] | None = None,
    bias: Float[Tensor, " d_model"] | None = None,
    epsilon: float = 1e-5,
) -> Float[Tensor, "*tokens d_model"]:
    """gain * (x - mean) / sqrt(variance + epsilon) + bias, each row by itself.

    mean and variance are those of the d_model features of one token; the variance is the mean of the squared
    deviations, divided by d_model and not by d_model - 1. The result has the dtype of `x`; float16 and bfloat16
    are computed in float32 and rounded once, at the end. NaN and infinity spread to their own row.
    Errors: ValueError for a gain or bias of another width and an epsilon that is not above 0; TypeError for what
    holds no floats.
    Source: [ba2016, section 3], which has no epsilon.
    """
    wide, epsilon = need_features(widened("x", x)), need_epsilon(epsilon)
    centred = wide - wide.mean(dim=-1, keepdim=True)
    normed = centred * torch.rsqrt(centred.square().mean(dim=-1, keepdim=True) + epsilon)
    return _shifted(_scaled(normed, gain), bias).to(x.dtype)


def rms_norm(
    x: Float[Tensor, "*tokens d_model"],
    gain: Float[Tensor, " d_model"] | None = None,
    epsilon: float = 1e-6,
) -> Float[Tensor, "*tokens d_model"]:
    """gain * x / sqrt(mean of x² + epsilon), each row by itself: no mean is subtracted, no bias added.

    Precision and errors are those of `layer_norm`. Some published models round to 16 bits before the gain, not
    after it; here all of it is computed before the one rounding, as in `torch.nn.functional.rms_norm`.
    Source: [zhang2019], which has no epsilon.
    """
    wide, epsilon = need_features(widened("x", x)), need_epsilon(epsilon)
    normed = wide * torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + epsilon)
    return _scaled(normed, gain).to(x.dtype)


class LayerNorm(nn.Module):
    """`layer_norm` with a gain that starts at 1 and a bias that starts at 0, both learned; bias: whether there is one."""

    def __init__(self, d_model: int, epsilon: float = 1e-5, bias: bool = True):
        super().__init__()
        d_model = count("d_model", d_model, at_least=1)
        self.gain = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model)) if bias else None
        self.epsilon = need_epsilon(epsilon)

    def reset_parameters(self) -> None:
        """The gain 1 and the bias 0 again."""
        nn.init.ones_(self.gain)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Float[Tensor, "*tokens d_model"]) -> Float[Tensor, "*tokens d_model"]:
        return layer_norm(x, self.gain, self.bias, self.epsilon)


class RMSNorm(nn.Module):
    """`rms_norm` with a gain that starts at 1 and is learned."""

    def __init__(self, d_model: int, epsilon: float = 1e-6):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(count("d_model", d_model, at_least=1)))
        self.epsilon = need_epsilon(epsilon)

    def reset_parameters(self) -> None:
        """The gain 1 again."""
        nn.init.ones_(self.gain)

    def forward(self, x: Float[Tensor, "*tokens d_model"]) -> Float[Tensor, "*tokens d_model"]:
        return rms_norm(x, self.gain, self.epsilon)


def _scaled(normed: Tensor, gain: Tensor | None) -> Tensor:
    return normed if gain is None else normed * vector("gain", gain, normed)


def _shifted(scaled: Tensor, bias: Tensor | None) -> Tensor:
    return scaled if bias is None else scaled + vector("bias", bias, scaled)
