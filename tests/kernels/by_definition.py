"""Attention as the definition has it: every score written down, in float64, gradients by autograd. The
kernels' examiner.

Imports nothing of the package. Its own masks and its alignment are held against loops over Python lists in
`test_by_definition.py`.
"""

from __future__ import annotations

import math

import torch


def may_look(n_queries, n_keys, causal=False, window=None):
    """(queries, keys), the last query beside the last key."""
    behind = torch.arange(n_queries)[:, None] + n_keys - n_queries - torch.arange(n_keys)[None]
    allowed = torch.ones(n_queries, n_keys, dtype=torch.bool)
    if causal or window is not None:
        allowed &= behind >= 0
    if window is not None:
        allowed &= behind < window
    return allowed


def scores(q, k, causal=False, window=None, key_mask=None, bias=None, alibi_slopes=None, scale=None):
    """All scores, -inf where a query may not look."""
    n_queries, n_keys = q.shape[-2], k.shape[-2]
    s = torch.einsum("...id,...jd->...ij", q, k) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if bias is not None:
        s = s + bias
    if alibi_slopes is not None:
        distance = (torch.arange(n_queries)[:, None] + n_keys - n_queries - torch.arange(n_keys)[None]).abs()
        s = s - alibi_slopes[:, None, None] * distance
    allowed = may_look(n_queries, n_keys, causal, window)
    if key_mask is not None:
        allowed = allowed & key_mask[..., None, None, :]
    return torch.where(allowed, s, -math.inf)


def attention(q, k, v, *, sinks=None, kept=None, **masking):
    """(out, lse). `kept` multiplies the normalised weights, as dropout does."""
    group = q.shape[-3] // k.shape[-3]
    k, v = k.repeat_interleave(group, -3), v.repeat_interleave(group, -3)
    s = scores(q, k, **masking)
    if sinks is not None:
        s = torch.cat([s, sinks[:, None, None].expand(*s.shape[:-1], 1)], -1)
    blind = (s == -math.inf).all(-1, keepdim=True)
    level = torch.where(blind, torch.zeros_like(s), s)
    if s.shape[-1] == 0:
        return q.new_zeros(*q.shape[:-1], v.shape[-1]), q.new_full(q.shape[:-1], -math.inf)
    weights = torch.where(blind, 0.0, torch.softmax(level, -1))[..., : k.shape[-2]]
    peak = level.detach().amax(-1, keepdim=True)  # taken out first: beside -1e9 no digit is left for the total
    lse = torch.where(blind[..., 0], -math.inf, peak[..., 0] + torch.logsumexp(level - peak, -1))
    return (weights if kept is None else weights * kept) @ v, lse


def grads(result, inputs, seed=0):
    """Gradients of a random combination of the output and of the log-sum-exps that are finite."""
    out, lse = result
    g = torch.Generator().manual_seed(seed)
    loss = (out * torch.randn(out.shape, generator=g, dtype=torch.float64).to(out.dtype)).sum()
    weight = torch.randn(lse.shape, generator=g, dtype=torch.float64).to(lse.dtype)
    finite = ~torch.isneginf(lse)
    loss = loss + (lse[finite] * weight[finite]).sum().to(loss.dtype)
    return torch.autograd.grad(loss, inputs)


def draw(seed, *shape, dtype=torch.float64, grad=True):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)
    return x.requires_grad_(grad)


def same(actual, expected, atol=1e-12):
    """Equal shape and dtype, and equal up to atol · max(1, largest expected); -inf must stand in the same
    places."""
    assert actual.shape == expected.shape and actual.dtype == expected.dtype
    dead = torch.isneginf(expected)
    assert torch.equal(torch.isneginf(actual), dead)
    actual, expected = actual[~dead], expected[~dead]
    if expected.numel():
        gap = (actual - expected).abs().max().item()
        assert gap <= atol * max(1.0, expected.abs().max().item()), gap
