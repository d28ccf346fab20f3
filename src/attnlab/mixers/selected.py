"""Learned selection: an indexer scores all keys cheaply, or blocks by their mean key; attention looks at the best alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Integer


def index_scores(
    q: Float[Tensor, "*batch queries index_heads d_index"],
    k: Float[Tensor, "*batch keys d_index"],
    weights: Float[Tensor, "*batch queries index_heads"],
) -> Float[Tensor, "*batch queries keys"]:
    """sum over the heads h of weights[i, h] * relu(q[i, h] . k[j]). Source: [deepseek2025v32, section 2.1, equation 1]."""
    products = torch.einsum("...qhd, ...kd -> ...qhk", q, k).relu()
    return torch.einsum("...qh, ...qhk -> ...qk", weights, products)


def best_keys(
    scores: Float[Tensor, "*batch queries keys"], n_best: int, mask: Bool[Tensor, "*#batch queries keys"] | None = None
) -> Bool[Tensor, "*batch queries keys"]:
    """True for the `n_best` keys of largest score among those that may be seen; of equal scores the first. Fewer where there are fewer."""
    mask = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    wanted = scores.masked_fill(~mask, -math.inf)
    order = wanted.sort(dim=-1, descending=True, stable=True).indices[..., : count("n_best", n_best)]
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order, True) & mask


def best_blocks(
    q: Float[Tensor, "*batch tokens d_k"], k: Float[Tensor, "*batch tokens d_k"], size: int, n_best: int
) -> Bool[Tensor, "*batch tokens tokens"]:
    """Causal: the query's own block up to itself, and the n_best - 1 past blocks of largest q . (mean key of the block).

    `n_best` counts the own block. No gradient passes through the choice.
    Errors: ValueError unless `size` divides the number of tokens.
    Source: [lu2025, section 2.2].
    """
    n, size = q.shape[-2], count("size", size, at_least=1)
    if n % size:
        raise ValueError(f"size = {size} does not divide the {n} tokens")
    means = k.detach().unflatten(-2, (n // size, size)).mean(dim=-2)
    own = torch.arange(n, device=q.device) // size
    past = own[:, None] > torch.arange(n // size, device=q.device)
    chosen = best_keys(q.detach() @ means.mT, count("n_best", n_best, at_least=1) - 1, past)
    chosen = chosen | (own[:, None] == torch.arange(n // size, device=q.device))
    at = torch.arange(n, device=q.device)
    return chosen.repeat_interleave(size, dim=-1) & (at <= at[:, None])


def places(chosen: Bool[Tensor, "*batch queries keys"]) -> Integer[Tensor, "*batch queries most"]:
    """The numbers of the chosen keys, a row a query, -1 behind them where a query has fewer than the most."""
    most = int(chosen.sum(dim=-1).max()) if chosen.numel() else 0
    order = chosen.to(torch.uint8).sort(dim=-1, descending=True, stable=True).indices[..., :most]
    return order.masked_fill(~chosen.gather(-1, order), -1)


def selected_attention(
    q: Float[Tensor, "*batch queries d_k"],
    k: Float[Tensor, "*batch keys d_k"],
    v: Float[Tensor, "*batch keys d_v"],
    at: Integer[Tensor, "*batch queries most"],
    scale: float | None = None,
) -> Float[Tensor, "*batch queries d_v"]:
    """softmax over the keys at the places `at` alone (-1: none): each query fetches its own keys, and no table of all pairs is made.

    A query with no key gives zeros. scale: 1 / sqrt(d_k) unless given.
    """
    keys, values = _fetched(k, at), _fetched(v, at)
    scores = (q[..., None, :] * keys).sum(dim=-1) * (q.shape[-1] ** -0.5 if scale is None else scale)
    blind = (at < 0).all(dim=-1, keepdim=True)
    weights = scores.masked_fill((at < 0) & ~blind, -math.inf).softmax(dim=-1).masked_fill(blind, 0)
    return (weights[..., None] * values).sum(dim=-2)


def mass_kept(weights: Float[Tensor, "*batch queries keys"], chosen: Bool[Tensor, "*#batch queries keys"]) -> Float[Tensor, "*batch queries"]:
    """Sum of the full attention's weights on the chosen keys."""
    return (weights * chosen).sum(dim=-1)


def indexer_loss(
    scores: Float[Tensor, "*batch queries keys"],
    weights: Float[Tensor, "*batch heads queries keys"],
    mask: Bool[Tensor, "queries keys"],
) -> Float[Tensor, ""]:
    """Mean of KL(p || softmax(scores)) over the queries, p the heads' weights added and divided by their sum.

    Source: [deepseek2025v32, section 2.1, the dense warm-up stage], a sum over the queries there.
    """
    p = weights.sum(dim=-3)
    p = p / p.sum(dim=-1, keepdim=True)
    guess = scores.masked_fill(~mask, -math.inf).log_softmax(dim=-1).masked_fill(~mask, 0)
    return (torch.xlogy(p, p) - p * guess).sum(dim=-1).mean()


class Indexer(nn.Module):
    """index_scores(x W_q, x W_k, x W_w / sqrt(index_heads * d_index)): a few narrow heads that share one key a token.

    The division keeps the scores of order 1 at the start.
    """

    def __init__(self, d_model: int, n_heads: int, d_index: int):
        super().__init__()
        self.n_heads = count("n_heads", n_heads, at_least=1)
        d_model, d_index = count("d_model", d_model, at_least=1), count("d_index", d_index, at_least=1)
        self.query = nn.Linear(d_model, self.n_heads * d_index, bias=False)
        self.key = nn.Linear(d_model, d_index, bias=False)
        self.weigh = nn.Linear(d_model, self.n_heads, bias=False)

    def forward(self, x: Float[Tensor, "*batch tokens d_model"]) -> Float[Tensor, "*batch tokens tokens"]:
        q = self.query(x).unflatten(-1, (self.n_heads, -1))
        return index_scores(q, self.key(x), self.weigh(x) * (self.n_heads * q.shape[-1]) ** -0.5)


def _fetched(x: Tensor, at: Tensor) -> Tensor:
    """The rows of `x` at the places of each query: (*batch, queries, most, width)."""
    flat = at.clamp(min=0).flatten(-2)[..., None].expand(*at.shape[:-2], -1, x.shape[-1])
    return x.gather(-2, flat).unflatten(-2, at.shape[-2:])
