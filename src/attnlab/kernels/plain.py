"""Attention with the whole score matrix in memory: what the blocked kernel hands small inputs to.

Below about 512 x 512 scores a head fits in the processor's cache, and the loop would only add its own cost. Written
without regard to the blocked kernel, so that the tests can hold each against the other.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.heads import Options, working


def plain(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, options: Options) -> tuple[Tensor, Tensor]:
    """(out, lse), in working precision. Gradients are autograd's."""
    dtype = working(q.dtype)
    q, k, v = q.to(dtype), k.to(dtype), v.to(dtype)
    group = q.shape[-3] // k.shape[-3]
    if options.key_mask is not None:
        unseen = ~options.key_mask[..., None, :, None]
        k, v = k.masked_fill(unseen, 0.0), v.masked_fill(unseen, 0.0)
    # Queries that share keys become rows of one product, so that the keys are read once for all of them.
    rows = (q * options.scale).unflatten(-3, (-1, group)).flatten(-3, -2)
    scores = (rows @ k.mT).unflatten(-2, (group, -1)).flatten(-4, -3)
    scores = _overlay(scores, bias, options)
    lse = torch.logsumexp(scores, -1) if scores.shape[-1] else scores.new_full(scores.shape[:-1], -torch.inf)
    blind = torch.isneginf(lse)
    weights = torch.exp(scores - torch.where(blind, 0.0, lse)[..., None])
    if options.dropout_p:
        keep = dropout.keep_mask(options.seed, weights[..., 0].numel(), weights.shape[-1], options.dropout_p)
        weights = weights * keep.view(weights.shape) / dropout.kept(options.dropout_p)
    out = (weights.unflatten(-3, (-1, group)).flatten(-3, -2) @ v).unflatten(-2, (group, -1)).flatten(-4, -3)
    return out, lse


def _overlay(scores: Tensor, bias: Tensor | None, options: Options) -> Tensor:
    """The scores with bias and slopes added, and -inf where the masks say no."""
    n_queries, n_keys = scores.shape[-2:]
    behind = torch.arange(n_queries)[:, None] + (n_keys - n_queries) - torch.arange(n_keys)
    if bias is not None:
        scores = scores + bias.to(scores.dtype)
    if options.alibi_slopes is not None:
        scores = scores - options.alibi_slopes.to(scores.dtype)[:, None, None] * behind.abs()
    hidden = torch.zeros_like(behind, dtype=torch.bool)
    if options.causal or options.window is not None:
        hidden |= behind < 0
    if options.window is not None:
        hidden |= behind >= options.window
    if options.key_mask is not None:
        hidden = hidden | ~options.key_mask[..., None, None, :]
    return scores.masked_fill(hidden, -torch.inf) if hidden.any() else scores
