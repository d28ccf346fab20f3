"""The forward pass: the textbook's loop over tiles, with one head at a time and as few passes over a tile as
possible.

A tile needs two products and an exponential. What else is done to it is worth avoiding, for at this speed
each reading of a tile costs 4 to 8 % of the whole. Two ways through a tile:

bounded: by Cauchy and Schwarz no score of row i exceeds r_i = |scale| |q_i| max_j |k_j|. If r_i is small
    enough that exp(score - r_i) cannot underflow, r_i serves as the row's peak: no maximum, no rescaling,
    and the subtraction is folded into the product. Decided for each head.
online: the running maximum of the textbook, for every other head.
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.heads import LN2, LOG2E, Head, Options, working
from attnlab.kernels.inputs import Inputs, Slot
from attnlab.kernels.tiles import Block, Tile
from attnlab.kernels.workers import share


def forward(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, options: Options) -> tuple[Tensor, Tensor]:
    """(out, lse), in working precision."""
    inputs = Inputs(q, k, v, bias, options)
    dtype = working(q.dtype)
    out = torch.empty(*q.shape[:-1], v.shape[-1], dtype=dtype)
    lse = torch.empty(q.shape[:-1], dtype=dtype)
    share(lambda slot: _attend(inputs, slot, out[slot.q], lse[slot.q]), inputs.slots())
    return out, lse


def _attend(inputs: Inputs, slot: Slot, out: Tensor, lse: Tensor) -> None:
    """Fill in the output and the log-sum-exp of one head."""
    bound = _bound(inputs, slot)
    head, values = inputs.head(slot, bound), inputs.values(slot)
    for block in inputs.blocks(slot):
        mix, total, peak = _mix_rows(head, values, block, online=bound is None)
        if bound is not None:
            peak = bound[block.rows]
        _finish(mix, total[:, 0], peak, head.rate, out[block.rows], lse[block.rows])


def _bound(inputs: Inputs, slot: Slot) -> Tensor | None:
    """r_i of each row in base 2, or None if it may be too large: then exp2(-2 r) would leave the range of
    normal numbers. The limit, 38 in natural units for float32, keeps a reserve of 1e5."""
    if inputs.bias is not None or inputs.options.alibi_slopes is not None or inputs.k.shape[-2] == 0:
        return None
    q, k = inputs.q[slot.q].to(working(inputs.q.dtype)), inputs.keys(slot)
    longest = torch.linalg.vector_norm(k, dim=-1).amax() * abs(inputs.options.scale) * LOG2E
    bound = torch.linalg.vector_norm(q, dim=-1).mul_(longest)
    limit = -0.435 * math.log2(torch.finfo(q.dtype).tiny)
    return bound if bool((bound < limit).all()) else None  # NaN is not below the limit


def _mix_rows(head: Head, values: Tensor, block: Block, online: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The unnormalised output of a block of rows, the sum of its weights, and the peak they are relative
    to."""
    height = block.rows.stop - block.rows.start
    mix = values.new_zeros(height, values.shape[-1])
    total = values.new_zeros(height, 1)
    peak = values.new_full((height, 1), torch.finfo(values.dtype).min)
    for tile in block.tiles:
        part = tile.part
        if online:
            weights = _weigh_online(head, tile, mix[part], total[part], peak[part])
        else:
            weights = _weigh_bounded(head, tile)
        total[part].add_(weights.sum(-1, keepdim=True))
        if head.rate:
            weights.mul_(head.keep_mask(tile))
        mix[part].add_(head.multiply(weights, values[tile.keys].t()))
    return mix, total, peak[:, 0]


def _weigh_bounded(head: Head, tile: Tile) -> Tensor:
    """exp2(scores): the bound is already subtracted."""
    return erase(head.scores(tile).exp2_(), tile)


def _weigh_online(head: Head, tile: Tile, mix: Tensor, total: Tensor, peak: Tensor) -> Tensor:
    """exp2(scores - peak) with the peak raised to the tile's, and what was gathered so far rescaled to it."""
    scores = _bury(head.scores(tile), tile)
    new_peak = torch.maximum(peak, scores.amax(-1, keepdim=True))
    rescale = torch.exp2(peak - new_peak)
    mix.mul_(rescale)
    total.mul_(rescale)
    peak.copy_(new_peak)
    return scores.sub_(new_peak).exp2_()


def _finish(mix: Tensor, total: Tensor, peak: Tensor, rate: float, out: Tensor, lse: Tensor) -> None:
    """out = mix / total and lse = peak + log(total). A row that saw nothing has total 0: output 0 and lse
    -inf."""
    torch.add(peak, total.log2(), out=lse).mul_(LN2)
    share = total.clamp(min=torch.finfo(total.dtype).tiny).mul_(dropout.kept(rate))
    torch.div(mix, share[:, None], out=out)


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
    place = torch.arange(width) - torch.arange(height)[:, None]
    outside = torch.zeros(height, width, dtype=torch.bool)
    if first is not None:
        outside |= place < first
    if last is not None:
        outside |= place > last
    return torch.zeros(height, width, dtype=dtype).masked_fill_(outside, -torch.inf)
