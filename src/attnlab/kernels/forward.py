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
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.heads import LOG2E, Head, Options, Overlay, working
from attnlab.kernels.inputs import Inputs, Slot
from attnlab.kernels.tiles import Tile
from attnlab.kernels.ways import DEFAULT, Trial, Way, candidates, fastest, trial_of
from attnlab.kernels.workers import share

ROWS = {"mkl": (256, 512), "onednn": (512, 1024)}  # of a tile: those that race


class Sums(NamedTuple):
    """What is gathered of each row, tile by tile: its weights times the values, its weights, and the peak that
    both are relative to."""

    mix: Tensor
    total: Tensor
    peak: Tensor


def forward(
    q: Tensor, k: Tensor, v: Tensor, overlay: Overlay, options: Options
) -> tuple[Tensor, Tensor, Tensor]:
    """(out, peak, log of the total), in working precision. The peak is always finite; the log of the total is
    -inf for a row that sees no key."""
    inputs = Inputs(q, k, v, overlay, options)
    rows = _empty_rows(q, v)
    share(lambda slot: _attend(inputs, slot, *(x[slot.q] for x in rows)), inputs.slots())
    return rows


def _empty_rows(q: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    out = torch.empty(*q.shape[:-1], v.shape[-1], dtype=working(q.dtype), device="cpu")
    peak, log_total = out.new_empty(q.shape[:-1]), out.new_empty(q.shape[:-1])
    return out, peak, log_total


def choose_way(q: Tensor, v: Tensor, options: Options) -> Options:
    """The options with a way through the tiles: the fastest one, with the blocks that were asked for.

    Under a short window 256 x 512 makes one tile of each block: the window and its two triangles. Dropout draws
    a mask for each tile, so its tiles are the same on every machine.
    """
    fixed = torch.are_deterministic_algorithms_enabled()
    way = DEFAULT if fixed else fastest_way(trial_of(q, v))
    block_q, block_k = options.blocks
    pinned = fixed or bool(block_q or block_k or options.window or options.dropout_p)
    if pinned:
        rows = 256 if options.window is not None and options.window < 512 else 512
        way = way._replace(blocks=(block_q or rows, block_k or 512))
    return replace(options, way=way, pinned=pinned)


@functools.cache
def fastest_way(trial: Trial) -> Way:
    """The fastest way through the tiles forward, measured once."""
    (q, k), options = trial.tensors(), Options(False, None, 0.1, 0.0, 0)
    rows = [x[0] for x in _empty_rows(q, k)]

    def run(way: Way) -> None:
        inputs = Inputs(q, k, k, Overlay(), replace(options, way=way))
        _attend(inputs, inputs.slots()[0], *rows)

    return fastest(candidates(trial.dtype, ROWS), run)


def _attend(inputs: Inputs, slot: Slot, out: Tensor, peak: Tensor, log_total: Tensor) -> None:
    """Fill in the output, the peak and the log of the total of one head."""
    bound, unit = inputs.bound(slot)
    head, values = inputs.head(slot, bound, unit), inputs.values(slot)
    sums = Sums(
        mix=out.zero_(),
        total=out.new_zeros(len(out), 1),
        peak=out.new_full((len(out), 1), torch.finfo(out.dtype).min / unit),
    )
    for tile in inputs.tiles(slot):
        _add(head, values, tile, sums)
    out.div_(_divisor(sums.total, head.rate))
    found = sums.peak, sums.total
    if bound is not None:
        found = _as_one(bound[:, None], sums.total)
    elif unit != 1.0:
        found = _natural(*found)
    peak.copy_(found[0][:, 0]), log_total.copy_(found[1].log()[:, 0])


def _divisor(total: Tensor, rate: float) -> Tensor:
    """What turns the mix into the output. A row that saw nothing is 0, and stays so."""
    return (total * dropout.kept(rate)).clamp_(min=torch.finfo(total.dtype).tiny)


def _as_one(bound: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    """The log-sum-exp as the peak, and 1 as the total, or 0 for a row that saw nothing: a bounded row is
    small enough for one number, and its total may be tiny."""
    seen = total > 0
    return torch.where(seen, total.log().add_(bound), bound), seen.to(total.dtype)


def _natural(peak: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    """A peak in base 2 as one in base e, rounded, and the total relative to what the backward pass will make
    of it: at 1e6 the rounding alone is worth 3 % of every weight."""
    rounded = peak / LOG2E
    return rounded, total.mul_(torch.exp2(peak - rounded * LOG2E))


def _add(head: Head, values: Tensor, tile: Tile, sums: Sums) -> None:
    """Add what the rows of a tile see in it."""
    mix, total = sums.mix[tile.rows], sums.total[tile.rows]
    if head.bounded:
        weights = erase(head.scores(tile).exp2_(), tile)
    else:
        weights = _weigh_online(head, tile, mix, total, sums.peak[tile.rows])
    total.add_(weights.sum(-1, keepdim=True))
    if head.rate:
        weights.mul_(head.keep_mask(tile))
    head.library.add(mix, weights, values[tile.keys])


def _weigh_online(head: Head, tile: Tile, mix: Tensor, total: Tensor, peak: Tensor) -> Tensor:
    """exp(scores - peak) with the peak raised to the tile's, and what was gathered so far rescaled to it."""
    scores = _bury(head.scores(tile), tile)
    new_peak = torch.maximum(peak, scores.amax(-1, keepdim=True))
    rescale = peak.sub_(new_peak).mul_(LOG2E / head.unit).exp2_()
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
