"""The backward pass: the weights of each tile are computed again, and five products take them to the
gradients.

With P the weights, dP = d_out vᵀ and D_i = sum_j P_ij dP_ij = d_out_i · out_i, the gradient of the scores is
dS = P (dP - D). Both subtractions, of the log-sum-exp before the exponential and of D after the product, are
folded into the products as one more column, so a tile is five products, exp2_ and mul_.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.forward import erase
from attnlab.kernels.heads import LN2, LOG2E, Head, Options, fold, working
from attnlab.kernels.inputs import Inputs, Slot
from attnlab.kernels.tiles import Tile
from attnlab.kernels.workers import share

NOTHING = -1e30  # the score of a key for a row that sees none: its weight is exactly 0


class Gradients(NamedTuple):
    """Of the whole call, to be filled in. `bias` may be None."""

    q: Tensor
    k: Tensor
    v: Tensor
    bias: Tensor | None


class Upstream(NamedTuple):
    """What the forward pass left for one head, and what comes back to it."""

    d_out: Tensor  # (queries, d_value)
    d_out_t: Tensor  # (d_value, queries)
    d_out_drift: Tensor  # (queries, d_value + 1), -D beside it unless there is dropout
    values: Tensor  # (keys, d_value + 1), ones beside it
    drift: Tensor  # (queries, 1)


class Sums(NamedTuple):
    """Gradients of one head while they are gathered; those of keys and values lie transposed."""

    q: Tensor  # (queries, d_head)
    k_t: Tensor  # (d_head, keys)
    v_t: Tensor  # (d_value, keys)
    bias: Tensor | None


def backward(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, options: Options,
    out: Tensor, lse: Tensor, d_out: Tensor, d_lse: Tensor, need_bias: bool,
) -> Gradients:  # fmt: skip
    """The gradients for the gradients of `forward`'s two results."""
    inputs = Inputs(q, k, v, bias, options)
    grads = Gradients(
        q=torch.zeros_like(q, memory_format=torch.contiguous_format),
        k=torch.zeros_like(k, memory_format=torch.contiguous_format),
        v=torch.zeros_like(v, memory_format=torch.contiguous_format),
        bias=torch.zeros(bias.shape, dtype=working(q.dtype)) if need_bias else None,
    )
    # Heads that share keys add to the same gradients, so they go to one worker.
    groups: dict[tuple[int, ...], list[Slot]] = {}
    for slot in inputs.slots():
        groups.setdefault(slot.k, []).append(slot)

    def work(group: list[Slot]) -> None:
        _group_gradients(inputs, group, out, lse, d_out, d_lse, grads)

    share(work, list(groups.values()), limit=1 if need_bias else None)  # heads may share a bias as well
    return grads


def _group_gradients(
    inputs: Inputs,
    group: list[Slot],
    out: Tensor,
    lse: Tensor,
    d_out: Tensor,
    d_lse: Tensor,
    grads: Gradients,
) -> None:
    """Fill in the gradients of the heads that share one head of keys."""
    keys, values, place = inputs.keys(group[0]), inputs.values(group[0]), group[0].k
    k_t, v_t = keys.new_zeros(keys.shape[::-1]), values.new_zeros(values.shape[::-1])
    for slot in group:
        d_bias = None if grads.bias is None else _shared(grads.bias, slot.q)
        sums = Sums(keys.new_zeros(inputs.q.shape[-2:]), k_t, v_t, d_bias)
        level = lse[slot.q].mul(LOG2E)
        head = inputs.head(slot, torch.where(torch.isneginf(level), -NOTHING, level))
        upstream = _upstream(values, out[slot.q], d_out[slot.q], d_lse[slot.q], head.rate)
        _walk(inputs, slot, head, keys, upstream, sums)
        grads.q[slot.q] = sums.q.mul_(inputs.options.scale)
    grads.k[place] = k_t.t() * LN2  # the folded queries carry scale · log2(e)
    grads.v[place] = v_t.t() / dropout.kept(inputs.options.dropout_p)


def _upstream(values: Tensor, out: Tensor, d_out: Tensor, d_lse: Tensor, rate: float) -> Upstream:
    """D_i, less the gradient of the log-sum-exp, which reaches every score of a row by its weight."""
    d_out = d_out.contiguous()
    drift = torch.linalg.vecdot(d_out, out).sub_(d_lse)
    columns = [0.0 if rate else -drift]
    return Upstream(
        d_out=d_out,
        d_out_t=d_out.t().contiguous(),
        d_out_drift=fold(d_out, columns, 1 / dropout.kept(rate), values.dtype),
        values=fold(values, [1.0], 1.0, values.dtype),
        drift=drift[:, None],
    )


def _walk(inputs: Inputs, slot: Slot, head: Head, keys: Tensor, upstream: Upstream, sums: Sums) -> None:
    """Add every tile's share to the sums.

    The gradients of keys and values are gathered transposed: dkᵀ += qᵀ dS takes dS as it lies, where dk +=
    dSᵀ q would have oneDNN copy it first: 0.72 ns a score against 1.05.
    """
    q_t = head.queries[:, : sums.q.shape[-1]].t().contiguous()
    multiply = head.multiply
    for block in inputs.blocks(slot):
        for tile in block.tiles:
            weights = erase(head.scores(tile).exp2_(), tile)
            d_scores = _d_scores(head, tile, weights, upstream, sums)
            sums.q[tile.rows].add_(multiply(d_scores, keys[tile.keys].t()))
            sums.k_t[:, tile.keys].add_(multiply(q_t[:, tile.rows], d_scores.t()))
            if sums.bias is not None:
                _add_bias(sums.bias, d_scores, tile)


def _d_scores(head: Head, tile: Tile, weights: Tensor, upstream: Upstream, sums: Sums) -> Tensor:
    """dS = P (dP - D), and dvᵀ += d_outᵀ P on the way, with the weights that dropout kept."""
    keep = head.keep_mask(tile) if head.rate else None
    mixed = weights if keep is None else weights * keep
    sums.v_t[:, tile.keys].add_(head.multiply(upstream.d_out_t[:, tile.rows], mixed.t()))
    d_weights = head.multiply(upstream.d_out_drift[tile.rows], upstream.values[tile.keys])
    if keep is not None:
        d_weights.mul_(keep).sub_(upstream.drift[tile.rows])
    return d_weights.mul_(weights)


def _shared(d_bias: Tensor, index: tuple[int, ...]) -> Tensor:
    """The two last axes of the bias's gradient that a head adds to; axes of size 1 are shared."""
    d_bias = torch.atleast_2d(d_bias)
    leading = d_bias.shape[:-2]
    index = index[len(index) - len(leading) :]
    return d_bias[tuple(0 if size == 1 else i for size, i in zip(leading, index))]


def _add_bias(d_bias: Tensor, d_scores: Tensor, tile: Tile) -> None:
    rows = tile.rows if d_bias.shape[0] > 1 else slice(0, 1)
    keys = tile.keys if d_bias.shape[1] > 1 else slice(0, 1)
    d_bias[rows, keys].add_(d_scores.sum_to_size(d_bias[rows, keys].shape))
