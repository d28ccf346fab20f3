"""The loop of blocked attention as a textbook has it: one head, no tricks. The fast kernel is this loop,
sped up."""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab._counts import counts
from attnlab._shapes import Bool, Float


@counts("block_q", "block_k")
def forward(
    q: Float[Tensor, "queries d_head"],
    k: Float[Tensor, "keys d_head"],
    v: Float[Tensor, "keys d_value"],
    mask: Bool[Tensor, "queries keys"],
    block_q: int,
    block_k: int,
) -> tuple[Float[Tensor, "queries d_value"], Float[Tensor, "queries"]]:
    """out = softmax(q kᵀ / sqrt(d_head)) v and the log-sum-exp of each row, never holding more than one tile
    of scores.

    Source: [dao2023, algorithm 1].
    """
    out, lse = v.new_zeros(len(q), v.shape[-1]), q.new_full((len(q),), -torch.inf)
    for i in range(0, len(q), block_q):
        rows = slice(i, i + block_q)
        peak = q.new_full((len(q[rows]), 1), torch.finfo(q.dtype).min)
        total, mix = torch.zeros_like(peak), torch.zeros_like(out[rows])
        for j in range(0, len(k), block_k):
            keys = slice(j, j + block_k)
            scores = _scores(q[rows], k[keys], mask[rows, keys])
            new_peak = torch.maximum(peak, scores.amax(-1, keepdim=True))
            weights = torch.exp(scores - new_peak)
            rescale = torch.exp(peak - new_peak)
            total = rescale * total + weights.sum(-1, keepdim=True)
            mix = rescale * mix + weights @ v[keys]
            peak = new_peak
        out[rows] = mix / total.clamp(min=torch.finfo(q.dtype).tiny)
        lse[rows] = (peak + torch.log(total))[:, 0]
    return out, lse


@counts("block_q", "block_k")
def backward(
    q: Float[Tensor, "queries d_head"],
    k: Float[Tensor, "keys d_head"],
    v: Float[Tensor, "keys d_value"],
    mask: Bool[Tensor, "queries keys"],
    out: Float[Tensor, "queries d_value"],
    lse: Float[Tensor, "queries"],
    d_out: Float[Tensor, "queries d_value"],
    block_q: int,
    block_k: int,
) -> tuple[Float[Tensor, "queries d_head"], Float[Tensor, "keys d_head"], Float[Tensor, "keys d_value"]]:
    """(dq, dk, dv): the weights of each tile are computed again from the saved log-sum-exp, and used at once.

    They are divided by their sum, which differs from 1 only by the rounding of the log-sum-exp; but where that
    is -1e9, rounding has taken all digits of the sum.

    Source: [dao2023, algorithm 2].
    """
    dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    drift = (d_out * out).sum(-1, keepdim=True)  # what every score of a row has in common
    level = torch.where(torch.isneginf(lse), 0.0, lse)[:, None]
    for i in range(0, len(q), block_q):
        rows = slice(i, i + block_q)
        total = torch.zeros_like(level[rows])
        for j in range(0, len(k), block_k):
            keys = slice(j, j + block_k)
            total += torch.exp(_scores(q[rows], k[keys], mask[rows, keys]) - level[rows]).sum(-1, keepdim=True)
        total = torch.where(total > 0, total, 1.0)
        for j in range(0, len(k), block_k):
            keys = slice(j, j + block_k)
            weights = torch.exp(_scores(q[rows], k[keys], mask[rows, keys]) - level[rows]) / total
            d_scores = weights * (d_out[rows] @ v[keys].t() - drift[rows]) / q.shape[-1] ** 0.5
            dv[keys] += weights.t() @ d_out[rows]
            dk[keys] += d_scores.t() @ q[rows]
            dq[rows] += d_scores @ k[keys]
    return dq, dk, dv


def _scores(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask, q @ k.t() / q.shape[-1] ** 0.5, -torch.inf)
