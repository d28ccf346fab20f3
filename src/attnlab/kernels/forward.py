"""The forward pass: the textbook's loop over tiles, with one head at a time and as few passes over a tile as
possible.

A tile needs two products and an exponential. What else is done to it is worth avoiding, for at this speed
each reading of a tile costs 4 to 8 % of the whole. Two ways through a tile:

bounded: by Cauchy and Schwarz no score of row i exceeds r_i = |scale| |q_i| max_j |k_j|. If r_i is small
    enough that exp(score - r_i) cannot underflow, r_i serves as the row's peak: no maximum, no rescaling,
    and the subtraction is folded into the product. Decided for each head.
online: the running maximum of the textbook, for every other head.

Either way a row ends as three things: its output, its peak, and the log of the sum of exp(score - peak). The
log-sum-exp is the sum of the last two. As one number it cannot be trusted with the gradient: beside a peak of
-1e9, a float32 has no digit left for the log of a sum.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.heads import LOG2E, Head, Options, Overlay, working
from attnlab.kernels.inputs import Inputs, Slot
from attnlab.kernels.tiles import Block, Tile
from attnlab.kernels.workers import share


def forward(
    q: Tensor, k: Tensor, v: Tensor, overlay: Overlay, options: Options
) -> tuple[Tensor, Tensor, Tensor]:
    """(out, peak, log of the total), in working precision. The peak is always finite; the log of the total is
    -inf for a row that sees no key."""
    inputs = Inputs(q, k, v, overlay, options)
    out = torch.empty(*q.shape[:-1], v.shape[-1], dtype=working(q.dtype), device="cpu")
    peak, log_total = out.new_empty(q.shape[:-1]), out.new_empty(q.shape[:-1])
    rows = out, peak, log_total
    share(lambda slot: _attend(inputs, slot, *(x[slot.q] for x in rows)), inputs.slots())
    return rows


def _attend(inputs: Inputs, slot: Slot, out: Tensor, peak: Tensor, log_total: Tensor) -> None:
    """Fill in the output, the peak and the log of the total of one head."""
    bound = inputs.bound(slot)
    head, values = inputs.head(slot, bound), inputs.values(slot)
    for block in inputs.blocks(slot):
        mix, total, block_peak = _mix_rows(head, values, block)
        torch.div(mix, _divisor(total, head.rate), out=out[block.rows])
        if bound is not None:
            block_peak, total = _as_one(bound[block.rows, None], total)
        peak[block.rows], log_total[block.rows] = block_peak[:, 0], total.log()[:, 0]


def _divisor(total: Tensor, rate: float) -> Tensor:
    """What turns the mix into the output. A row that saw nothing is 0, and stays so."""
    return (total * dropout.kept(rate)).clamp_(min=torch.finfo(total.dtype).tiny)


def _as_one(bound: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    """The log-sum-exp as the peak, and 1 as the total, or 0 for a row that saw nothing: a bounded row is
    small enough for one number, and its total may be tiny."""
    seen = total > 0
    return torch.where(seen, total.log().add_(bound), bound), seen.to(total.dtype)


def _mix_rows(head: Head, values: Tensor, block: Block) -> tuple[Tensor, Tensor, Tensor]:
    """The unnormalised output of a block of rows, the sum of its weights, and the peak they are relative
    to."""
    height = block.rows.stop - block.rows.start
    mix = values.new_zeros(height, values.shape[-1])
    total = values.new_zeros(height, 1)
    peak = values.new_full((height, 1), torch.finfo(values.dtype).min)
    for tile in block.tiles:
        part = tile.part
        if head.bounded:
            weights = erase(head.weights(head.scores(tile), peak[part]), tile)
        else:
            weights = _weigh_online(head, tile, mix[part], total[part], peak[part])
        total[part].add_(weights.sum(-1, keepdim=True))
        if head.rate:
            weights.mul_(head.keep_mask(tile))
        mix[part].add_(head.multiply(weights, values[tile.keys].t()))
    return mix, total, peak


def _weigh_online(head: Head, tile: Tile, mix: Tensor, total: Tensor, peak: Tensor) -> Tensor:
    """exp(scores - peak) with the peak raised to the tile's, and what was gathered so far rescaled to it."""
    scores = _bury(head.scores(tile), tile)
    new_peak = torch.maximum(peak, scores.amax(-1, keepdim=True))
    rescale = (peak - new_peak).mul_(LOG2E).exp2_()
    mix.mul_(rescale)
    total.mul_(rescale)
    peak.copy_(new_peak)
    return head.weights(scores, new_peak)


def erase(weights: Tensor, tile: Tile) -> Tensor:
    """Zero the weights outside the band, in place: tril_ takes 0.03 ns a score, masked_fill_ 2.9."""
    if tile.last is not None:
        weights.tril_(tile.last)
    if tile.first is not None:
        weights.triu_(tile.first)
    return weights


def _bury(scores: Tensor, tile: Tile) -> Tensor:
    """Add -inf outside the band, in place. Zeros would not do here: they could be the row's maximum."""
    if tile.first is not None or tile.last is not None:
        scores.add_(_curtain(*scores.shape, tile.first, tile.last, scores.dtype))
    return scores


@functools.lru_cache(maxsize=16)
def _curtain(height: int, width: int, first: int | None, last: int | None, dtype: torch.dtype) -> Tensor:
    """-inf outside the band and 0 inside. All strips of a causal mask share a few of them."""
    place = torch.arange(width, device="cpu") - torch.arange(height, device="cpu")[:, None]
    outside = torch.zeros_like(place, dtype=torch.bool)
    if first is not None:
        outside |= place < first
    if last is not None:
        outside |= place > last
    return torch.zeros_like(place, dtype=dtype).masked_fill_(outside, -torch.inf)
