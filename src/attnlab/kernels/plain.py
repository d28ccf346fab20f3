"""Attention with the whole score matrix in memory: what the blocked kernel hands small inputs to.

Below about 512 x 512 scores a head fits in the processor's cache, and the loop would only add its own cost.
Written without regard to the blocked kernel, so that the tests can hold each against the other.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.heads import Options, working


def plain(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, options: Options) -> tuple[Tensor, Tensor]:
    """(out, lse), in working precision. Gradients are autograd's.

    The log-sum-exp of a row is score - log(weight) of any of its keys; the largest is the most precise one.
    One pass less than adding up exponentials: decoding with a cache of 16384 spends its time reading.
    """
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
    weights, lse = _normalise(scores)
    if options.dropout_p:
        keep = dropout.keep_mask(options.seed, weights[..., 0].numel(), weights.shape[-1], options.dropout_p)
        weights = weights * keep.view(weights.shape) / dropout.kept(options.dropout_p)
    out = (weights.unflatten(-3, (-1, group)).flatten(-3, -2) @ v).unflatten(-2, (group, -1)).flatten(-4, -3)
    return out, lse


def _normalise(scores: Tensor) -> tuple[Tensor, Tensor]:
    """(weights, lse); a row of nothing but -inf is levelled first and erased after, so that no NaN arises."""
    if scores.shape[-1] == 0:
        return scores, scores.new_full(scores.shape[:-1], -torch.inf)
    peak = scores.amax(-1, keepdim=True)
    blind = torch.isneginf(peak)
    some_blind = bool(blind.any())
    weights = torch.softmax(scores.masked_fill(blind, 0.0) if some_blind else scores, -1)
    lse = peak - weights.amax(-1, keepdim=True).log()
    if some_blind:
        weights, lse = weights.masked_fill(blind, 0.0), lse.masked_fill(blind, -torch.inf)
    return weights, lse[..., 0]


def _overlay(scores: Tensor, bias: Tensor | None, options: Options) -> Tensor:
    """The scores with bias and slopes added, and -inf where the masks say no."""
    n_queries, n_keys = scores.shape[-2:]
    if bias is not None:
        scores = scores + bias.to(scores.dtype)
    looks_back = options.causal or options.window is not None
    if options.alibi_slopes is None and not looks_back and options.key_mask is None:
        return scores
    behind = torch.arange(n_queries)[:, None] + (n_keys - n_queries) - torch.arange(n_keys)
    if options.alibi_slopes is not None:
        scores = scores - options.alibi_slopes.to(scores.dtype)[:, None, None] * behind.abs()
    hidden = behind < 0 if looks_back else torch.zeros_like(behind, dtype=torch.bool)
    if options.window is not None:
        hidden |= behind >= options.window
    if options.key_mask is not None:
        hidden = hidden | ~options.key_mask[..., None, None, :]
    return scores.masked_fill(hidden, -torch.inf) if hidden.any() else scores
