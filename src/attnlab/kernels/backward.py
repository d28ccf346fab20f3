"""The backward pass: the weights of each tile are computed again, and five products take them to the
gradients.

With E = exp(scores - peak), P = E / total the weights, dP = d_out vᵀ and D_i = sum_j P_ij dP_ij =
d_out_i · out_i, the gradient of the scores is dS = P (dP - D). Nobody divides E: the rows of d_out and D are
divided by the total instead, once. D is subtracted within the product, as one more column.

The peak and the log of the total come from the forward pass as two numbers. Their sum, the log-sum-exp, would
do if scores were small; it would lose the total beside a peak of -1e9. Where the scores may be large, they
are the same numbers as in the forward pass (same tiles, same products), so that none exceeds its peak.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.forward import erase
from attnlab.kernels.heads import Head, Options, Overlay, fold, working
from attnlab.kernels.inputs import Inputs, Slot
from attnlab.kernels.tiles import Tile
from attnlab.kernels.ways import Trial, Way, candidates, fastest, trial_of
from attnlab.kernels.workers import share

ROWS = {"mkl": (256, 512), "onednn": (512,)}  # of a tile: those that race


class Rows(NamedTuple):
    """What the forward pass gave for each row, and the gradients that come back to it: `d_log` is that of the
    log of the total, and so of the log-sum-exp."""

    out: Tensor
    peak: Tensor
    log_total: Tensor
    d_out: Tensor
    d_log: Tensor

    def of(self, slot: Slot) -> Rows:
        """Those of one head."""
        return Rows(*(x[slot.q] for x in self))


class Gradients(NamedTuple):
    """Of the whole call, to be filled in. `bias` may be None."""

    q: Tensor
    k: Tensor
    v: Tensor
    bias: Tensor | None


class Upstream(NamedTuple):
    """What comes back to one head, each row divided by its total."""

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
    q: Tensor, k: Tensor, v: Tensor, overlay: Overlay, options: Options, rows: Rows, need_bias: bool
) -> Gradients:
    """The gradients of q, k, v and the bias."""
    inputs = quick = Inputs(q, k, v, overlay, options)
    if not options.pinned:
        way = fastest_way(trial_of(q, v))
        quick = Inputs(q, k, v, overlay, replace(options, way=way))
    d_bias = torch.zeros_like(overlay.bias, dtype=working(q.dtype)) if need_bias else None
    grads = Gradients(*_zeros(q, k, v), d_bias)
    # Heads that share keys add to the same gradients, so they go to one worker.
    groups: dict[tuple[int, ...], list[Slot]] = {}
    for slot in inputs.slots():
        groups.setdefault(slot.k, []).append(slot)
    limit = 1 if need_bias else None  # heads may share a bias as well
    share(lambda group: _group_gradients(inputs, quick, group, rows, grads), list(groups.values()), limit)
    return grads


def _zeros(*tensors: Tensor) -> list[Tensor]:
    return [torch.zeros_like(x, memory_format=torch.contiguous_format) for x in tensors]


@functools.cache
def fastest_way(trial: Trial) -> Way:
    """The fastest way through the tiles backward, measured once."""
    (q, k), options = trial.tensors(), Options(False, None, 0.1, 0.0, 0, pinned=True)
    row = q[..., 0]
    rows, grads = Rows(out=q, peak=row, log_total=row, d_out=q, d_log=row), Gradients(*_zeros(q, k, k), None)

    def run(way: Way) -> None:
        inputs = Inputs(q, k, k, Overlay(), replace(options, way=way))
        _group_gradients(inputs, inputs, inputs.slots(), rows, grads)

    return fastest(candidates(trial.dtype, ROWS), run)


def _group_gradients(
    inputs: Inputs, quick: Inputs, group: list[Slot], rows: Rows, grads: Gradients
) -> None:
    """Fill in the gradients of the heads that share one head of keys: those whose scores are small in the way
    that is fastest backward, the others as the forward pass went."""
    keys, values, place = inputs.keys(group[0]), inputs.values(group[0]), group[0].k
    k_t, v_t = keys.new_zeros(keys.shape[::-1]), values.new_zeros(values.shape[::-1])
    for slot in group:
        d_bias = None if grads.bias is None else _shared(grads.bias, slot.q)
        sums = Sums(keys.new_zeros(inputs.q.shape[-2:]), k_t, v_t, d_bias)
        mine, (bound, unit) = rows.of(slot), inputs.bound(slot)
        way = inputs if bound is None else quick
        head = way.head(slot, None if bound is None else mine.peak, unit)
        _walk(way.tiles(slot), head, keys, mine.peak[:, None] * unit, _upstream(values, mine, head.rate), sums)
        grads.q[slot.q] = sums.q.mul_(inputs.options.scale)
    grads.k[place] = k_t.t()
    grads.v[place] = v_t.t() / dropout.kept(inputs.options.dropout_p)


def _upstream(values: Tensor, rows: Rows, rate: float) -> Upstream:
    """D_i, less the gradient of the log-sum-exp, which reaches every score of a row by its weight."""
    share = torch.exp(-rows.log_total).masked_fill_(torch.isneginf(rows.log_total), 0.0)
    drift = torch.linalg.vecdot(rows.d_out, rows.out).sub_(rows.d_log).mul_(share)
    d_out = rows.d_out * share[:, None]
    columns = [0.0 if rate else -drift]
    return Upstream(
        d_out_t=d_out.t().contiguous(),
        d_out_drift=fold(d_out, columns, 1 / dropout.kept(rate), values.dtype),
        values=fold(values, [1.0], 1.0, values.dtype),
        drift=drift[:, None],
    )


def _walk(
    tiles: list[Tile], head: Head, keys: Tensor, peak: Tensor, upstream: Upstream, sums: Sums
) -> None:
    """Add every tile's share to the sums.

    The gradients of keys and values are gathered transposed: dkᵀ += qᵀ dS takes dS as it lies, where dk +=
    dSᵀ q would have oneDNN copy it first: 0.72 ns a score against 1.05.
    """
    q_t = (head.queries[:, : sums.q.shape[-1]] / head.unit).t().contiguous()
    add = head.library.add
    for tile in tiles:
        weights = erase(head.weights(head.scores(tile), peak[tile.rows]), tile)
        d_scores = _d_scores(head, tile, weights, upstream, sums)
        add(sums.q[tile.rows], d_scores, keys[tile.keys])
        add(sums.k_t[:, tile.keys], q_t[:, tile.rows], d_scores)
        if sums.bias is not None:
            _add_bias(sums.bias, d_scores, tile)


def _d_scores(head: Head, tile: Tile, weights: Tensor, upstream: Upstream, sums: Sums) -> Tensor:
    """dS = P (dP - D), and dvᵀ += d_outᵀ P on the way, with the weights that dropout kept. `weights` are not
    divided by their total: the other factor is."""
    keep = head.keep_mask(tile) if head.rate else None
    mixed = weights if keep is None else weights * keep
    head.library.add(sums.v_t[:, tile.keys], upstream.d_out_t[:, tile.rows], mixed)
    d_weights = head.library.product(upstream.d_out_drift[tile.rows], upstream.values[tile.keys], "d_scores")
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
