"""The one rule that joins two partial results of attention, each over its own keys."""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab._shapes import Float


def merge(
    out_1: Float[Tensor, "*rows d_value"],
    lse_1: Float[Tensor, "*rows"],
    out_2: Float[Tensor, "*rows d_value"],
    lse_2: Float[Tensor, "*rows"],
) -> tuple[Float[Tensor, "*rows d_value"], Float[Tensor, "*rows"]]:
    """lse = log(exp(lse_1) + exp(lse_2));  out = exp(lse_1 - lse) out_1 + exp(lse_2 - lse) out_2.

    `lse` is the log-sum-exp of a row's scores, in natural logarithms: how much weight the row's softmax had
    before it was normalised. Each result is therefore the mean of its values, and the two are averaged by
    weight. The rule is associative and commutative, and (0, -inf), a row that saw no key, changes nothing.
    Differentiable in all four.

    Errors: ValueError if the shapes of an output and its log-sum-exp do not fit.
    Source: [milakov2018, section 3.1]; for attention [rabe2021, section 2] and [liu2023ring, section 3].
    """
    _need_rows("1", out_1, lse_1)
    _need_rows("2", out_2, lse_2)
    out, peak, log_total = merge_pairs(out_1, lse_1, 0.0, out_2, lse_2, 0.0)
    return out, peak + log_total


def merge_pairs(
    out_1: Tensor, peak_1: Tensor, log_1: Tensor | float, out_2: Tensor, peak_2: Tensor, log_2: Tensor | float
) -> tuple[Tensor, Tensor, Tensor]:
    """The same with each log-sum-exp in two parts, peak + log of the total, and so is the result's: at -1e9
    a single float32 knows the peak and nothing of the total. The result's peak gets no gradient: its log of
    the total does, which is that of the sum."""
    # -inf - -inf is NaN, in the value and in the gradient: give dead rows a finite peak first.
    peak = torch.maximum(peak_1, peak_2).detach()
    peak = torch.where(torch.isneginf(peak), 0.0, peak)
    weight_1, weight_2 = torch.exp(peak_1 - peak + log_1), torch.exp(peak_2 - peak + log_2)
    total = weight_1 + weight_2
    alive = total > 0
    share = torch.where(alive, total, 1.0)
    log_total = torch.where(alive, torch.log(share), -torch.inf)
    out = (weight_1 / share)[..., None] * out_1 + (weight_2 / share)[..., None] * out_2
    return out, peak, log_total


def _need_rows(name: str, out: Tensor, lse: Tensor) -> None:
    if out.shape[:-1] != lse.shape:
        raise ValueError(
            f"out_{name} has rows {tuple(out.shape[:-1])} but lse_{name} has shape {tuple(lse.shape)}"
        )
