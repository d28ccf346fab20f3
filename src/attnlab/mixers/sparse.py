"""Fixed sparse patterns as functions of positions, how far they reach, and attention that computes only the blocks they need."""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Integer
from attnlab.attention import attention


def local(q_pos: Integer[Tensor, " queries"], k_pos: Integer[Tensor, " keys"], radius: int) -> Bool[Tensor, "queries keys"]:
    """|query position - key position| <= radius. Source: [beltagy2020, section 3.1]."""
    return (q_pos[:, None] - k_pos).abs() <= count("radius", radius)


def strided(q_pos: Integer[Tensor, " queries"], k_pos: Integer[Tensor, " keys"], stride: int) -> Bool[Tensor, "queries keys"]:
    """The last `stride` keys, and every stride-th key before; no future. Source: [child2019, section 4.3], its two halves joined."""
    stride = count("stride", stride, at_least=1)
    back = q_pos[:, None] - k_pos
    return (back >= 0) & ((back < stride) | (back % stride == 0))


def leading(q_pos: Integer[Tensor, " queries"], k_pos: Integer[Tensor, " keys"], n_global: int) -> Bool[Tensor, "queries keys"]:
    """The first `n_global` tokens see all and are seen by all. Source: [zaheer2020, section 2]."""
    n_global = count("n_global", n_global)
    return (q_pos[:, None] < n_global) | (k_pos < n_global)


def drawn(chosen: Integer[Tensor, "n n_random"]) -> Bool[Tensor, "n n"]:
    """The keys that were drawn for each query. Source: [zaheer2020, section 2]."""
    none = torch.zeros(len(chosen), len(chosen), dtype=torch.bool, device=chosen.device)
    return none.scatter(1, chosen, True)


def big_bird(
    n_blocks: int, size: int, radius: int, n_global: int, chosen: Integer[Tensor, "n_blocks n_random"]
) -> Bool[Tensor, "n n"]:
    """local | leading | drawn, all counted in blocks of `size` tokens. Source: [zaheer2020, section 2 and appendix D]."""
    at = torch.arange(count("n_blocks", n_blocks), device=chosen.device)
    return spread(local(at, at, radius) | leading(at, at, n_global) | drawn(chosen), size)


def spread(blocks: Bool[Tensor, "q_blocks k_blocks"], size: int) -> Bool[Tensor, "queries keys"]:
    """The mask of tokens in which each block stands for size x size pairs."""
    size = count("size", size, at_least=1)
    return blocks.repeat_interleave(size, dim=0).repeat_interleave(size, dim=1)


def occupied(mask: Bool[Tensor, "n n"], size: int) -> Bool[Tensor, "blocks blocks"]:
    """The blocks of size x size in which at least one pair may look.

    Errors: ValueError unless `size` divides the number of tokens.
    """
    n, size = len(mask), count("size", size, at_least=1)
    if n % size:
        raise ValueError(f"size = {size} does not divide the {n} tokens")
    return mask.unflatten(1, (n // size, size)).unflatten(0, (n // size, size)).any(dim=3).any(dim=1)


def hops(mask: Bool[Tensor, "n n"]) -> Float[Tensor, "n n"]:
    """Layers until token i can depend on token j, the residual included: 0 for itself, infinite where it never can.

    One product of 0s and 1s a layer: j is known to i if it was, or if somebody whom i sees knew it.
    """
    sees = (mask | torch.eye(len(mask), dtype=torch.bool, device=mask.device)).double()
    known = torch.eye(len(mask), dtype=torch.float64, device=mask.device)
    steps = torch.where(known > 0, 0.0, torch.inf).double()
    for layer in range(1, len(mask)):
        known = (sees @ known > 0).double()
        new = (known > 0) & torch.isinf(steps)
        if not new.any():
            break
        steps = steps.masked_fill(new, layer)
    return steps


def block_sparse_attention(
    q: Float[Tensor, "*batch n d_k"],
    k: Float[Tensor, "*batch n d_k"],
    v: Float[Tensor, "*batch n d_v"],
    mask: Bool[Tensor, "n n"],
    size: int,
) -> Float[Tensor, "*batch n d_v"]:
    """attention(q, k, v, mask), multiplying only the blocks in which somebody may look.

    Each block of queries gathers the keys of its occupied blocks; within them the mask holds pair by pair.
    Errors: ValueError unless `size` divides the number of tokens.
    """
    needed = occupied(mask, size)
    rows, places = [], torch.arange(len(mask), device=mask.device).view(len(needed), int(size))
    for row, blocks in zip(places, needed):
        keys = places[blocks].flatten()
        rows.append(attention(q[..., row, :], k[..., keys, :], v[..., keys, :], mask[row][:, keys]))
    return torch.cat(rows, dim=-2) if rows else torch.zeros_like(v)
