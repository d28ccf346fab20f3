"""Attention with the whole score matrix in memory: what the blocked kernel hands small inputs to.

Below about 320 x 320 scores a head fits in the processor's cache, and the loop would only add its own cost.
Written without regard to the blocked kernel, so that the tests can hold each against the other.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.heads import Options, working
from attnlab.kernels.products import fastest

WORTH_A_CALL = 2**16  # numbers in a head's keys or values; below, one call for all heads is faster


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
    scores = _each_head(rows, k).unflatten(-2, (group, -1)).flatten(-4, -3)
    scores = _overlay(scores, bias, options)
    weights, lse = _normalise(scores)
    if options.dropout_p:
        keep = dropout.keep_mask(options.seed, weights[..., 0].numel(), weights.shape[-1], options.dropout_p)
        weights = weights * keep.view(weights.shape) / dropout.kept(options.dropout_p)
    out = _each_head(weights.unflatten(-3, (-1, group)).flatten(-3, -2), v.mT)
    return out.unflatten(-2, (group, -1)).flatten(-4, -3), lse


def _each_head(a: Tensor, b: Tensor) -> Tensor:
    """a bᵀ for each head: while decoding with a long cache by the faster library, 0.6 ms against 1.2 for
    16384 keys.

    Where gradients are recorded it is torch's own product, whose derivative torch knows.
    """
    recorded = torch.is_grad_enabled() and (a.requires_grad or b.requires_grad)
    if recorded or b.shape[-2] * b.shape[-1] < WORTH_A_CALL:
        return a @ b.mT
    multiply = fastest(a.dtype)
    out = a.new_empty(*a.shape[:-1], b.shape[-2])
    for index in itertools.product(*map(range, a.shape[:-2])):
        out[index] = multiply(a[index].contiguous(), _dense(b[index]))
    return out


def _dense(x: Tensor) -> Tensor:
    return x if x.is_contiguous() or x.t().is_contiguous() else x.contiguous()


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
