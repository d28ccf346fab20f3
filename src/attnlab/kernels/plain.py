"""Attention with the whole score matrix in memory: what the blocked kernel hands small inputs to.

Below about 320 x 320 scores a head fits in the processor's cache, and the loop would only add its own cost.
Written without regard to the blocked kernel, so that the tests can hold each against the other.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.backward import Gradients, Rows
from attnlab.kernels.heads import Options, Overlay, working
from attnlab.kernels.products import ONEDNN, libraries

LONG = 2**18  # numbers in a head's keys or values; below, one call for all heads is faster


def plain(
    q: Tensor, k: Tensor, v: Tensor, overlay: Overlay, options: Options
) -> tuple[Tensor, Tensor, Tensor]:
    """(out, peak, log of the total), in working precision, as the blocked kernel's `forward` gives them."""
    q, k, v = prepare(q, k, v, overlay)
    weights, peak, log_total = _normalise(all_scores(q, k, overlay, options))
    if options.dropout_p:
        weights = weights * keep_mask(weights.shape, options) / dropout.kept(options.dropout_p)
    return mix(weights, v), peak, log_total


def plain_gradient(
    q: Tensor, k: Tensor, v: Tensor, overlay: Overlay, options: Options, rows: Rows, need_bias: bool
) -> Gradients:
    """With P the weights, computed again, dP = d_out vᵀ and D = d_out · out - d_log of each row, the gradient
    of the scores is P (dP - D)."""
    group = q.shape[-3] // k.shape[-3]
    q, k, v = prepare(q, k, v, overlay)
    weights, _, _ = _normalise(all_scores(q, k, overlay, options))
    d_weights, mixed = _against(rows.d_out, v), weights
    if options.dropout_p:
        keep, kept = keep_mask(weights.shape, options), dropout.kept(options.dropout_p)
        mixed, d_weights = weights * keep / kept, d_weights * keep / kept
    drift = (rows.d_out * rows.out).sum(-1, keepdim=True) - rows.d_log[..., None]
    d_scores = weights * (d_weights - drift)
    return Gradients(
        q=mix(d_scores, k) * options.scale,
        k=_together(d_scores, group).mT @ _together(q, group) * options.scale,
        v=_together(mixed, group).mT @ _together(rows.d_out, group),
        bias=d_scores.sum_to_size(overlay.bias.shape) if need_bias else None,
    )


def prepare(q: Tensor, k: Tensor, v: Tensor, overlay: Overlay) -> tuple[Tensor, Tensor, Tensor]:
    """All in working precision, with zeros at hidden keys, so that what stands there multiplies to nothing."""
    q, k, v = (x.to(working(x.dtype)) for x in (q, k, v))
    if overlay.key_mask is not None:
        unseen = ~overlay.key_mask[..., None, :, None]
        k, v = k.masked_fill(unseen, 0.0), v.masked_fill(unseen, 0.0)
    return q, k, v


def all_scores(q: Tensor, k: Tensor, overlay: Overlay, options: Options) -> Tensor:
    """All scores, bias and slopes added, -inf where the masks say no."""
    return _lay_over(_against(q * options.scale, k), overlay, options)


def mix(weights: Tensor, v: Tensor) -> Tensor:
    """weights · v, each head of queries with the head of values that it shares."""
    group = weights.shape[-3] // v.shape[-3]
    return _apart(_each_head(_together(weights, group), v.mT), group)


def _against(x: Tensor, y: Tensor) -> Tensor:
    """x yᵀ, each head of queries with the head of keys that it shares."""
    group = x.shape[-3] // y.shape[-3]
    return _apart(_each_head(_together(x, group), y), group)


def keep_mask(shape: torch.Size, options: Options) -> Tensor:
    """The dropout mask of all weights: one draw for the whole call."""
    return dropout.keep_mask(options.seed, shape[:-1].numel(), shape[-1], options.dropout_p).view(shape)


def _together(x: Tensor, group: int) -> Tensor:
    """Heads that share keys become rows of one product, so that the keys are read once for all of them."""
    return x.unflatten(-3, (-1, group)).flatten(-3, -2)


def _apart(x: Tensor, group: int) -> Tensor:
    """Those rows as heads again."""
    return x.unflatten(-2, (group, -1)).flatten(-4, -3)


def _each_head(a: Tensor, b: Tensor) -> Tensor:
    """a bᵀ for each head. While decoding with a long cache by oneDNN: four queries against 16384 keys and back
    in 0.35 ms, where MKL takes 0.41 (AMD Zen 4; on Zen 5 it takes twice as long).

    Where gradients are recorded it is torch's own product, whose derivative torch knows.
    """
    if torch.is_grad_enabled() or b.shape[-2] * b.shape[-1] < LONG or ONEDNN not in libraries(a.dtype):
        return a @ b.mT
    out = a.new_empty(*a.shape[:-1], b.shape[-2])
    for index in itertools.product(*map(range, a.shape[:-2])):
        out[index] = ONEDNN.product(a[index].contiguous(), _dense(b[index]), "")
    return out


def _dense(x: Tensor) -> Tensor:
    return x if x.is_contiguous() or x.t().is_contiguous() else x.contiguous()


def _normalise(scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(weights, peak, log of the total); a row of nothing but -inf is levelled first and erased after, so
    that no NaN arises.

    The largest weight is 1 / total. One pass less than adding up exponentials: decoding with a cache of 16384
    spends its time reading.
    """
    if scores.shape[-1] == 0:
        empty = scores.new_zeros(scores.shape[:-1])
        return scores, empty, empty - torch.inf
    peak = scores.amax(-1, keepdim=True)
    blind = torch.isneginf(peak)
    some_blind = _any(blind)
    weights = torch.softmax(scores.masked_fill(blind, 0.0) if some_blind else scores, -1)
    log_total = -weights.amax(-1, keepdim=True).log()
    if some_blind:
        weights, peak = weights.masked_fill(blind, 0.0), peak.masked_fill(blind, 0.0)
        log_total = log_total.masked_fill(blind, -torch.inf)
    return weights, peak[..., 0], log_total[..., 0]


def _lay_over(scores: Tensor, overlay: Overlay, options: Options) -> Tensor:
    """The scores with bias and slopes added, and -inf where the masks say no."""
    n_queries, n_keys = scores.shape[-2:]
    if overlay.bias is not None:
        scores = scores + overlay.bias.to(scores.dtype)
    looks_back = options.causal or options.window is not None
    if overlay.alibi_slopes is None and not looks_back and overlay.key_mask is None:
        return scores
    rows, keys = (torch.arange(n, device=scores.device) for n in (n_queries, n_keys))
    behind = rows[:, None] + (n_keys - n_queries) - keys
    if overlay.alibi_slopes is not None:
        scores = scores - overlay.alibi_slopes.to(scores.dtype)[:, None, None] * behind.abs()
    hidden = behind < 0 if looks_back else torch.zeros_like(behind, dtype=torch.bool)
    if options.window is not None:
        hidden |= behind >= options.window
    if overlay.key_mask is not None:
        hidden = hidden | ~overlay.key_mask[..., None, None, :]
    return scores.masked_fill(hidden, -torch.inf) if _any(hidden) else scores


def _any(mask: Tensor) -> bool:
    """Whether any is True; yes where a tensor cannot be asked, as under vmap."""
    try:
        return bool(mask.any())
    except RuntimeError:
        return True
