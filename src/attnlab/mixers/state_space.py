"""State-space duality in PyTorch: the scan of a fading memory as a masked product, whole or chunk by chunk.

The loop that defines it stands in `attnlab.reference.mixers.state_space`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.mixers._memory import chunks, need_shape, start


def decay_mask(log_decay: Float[Tensor, "*batch tokens"]) -> Float[Tensor, "*batch tokens tokens"]:
    """L_ij = exp(log_decay_(j+1) + ... + log_decay_i) for j <= i, 0 above the diagonal. Source: [dao2024, section 5.2]."""
    total = log_decay.cumsum(dim=-1)
    later = torch.ones(total.shape[-1], total.shape[-1], dtype=torch.bool, device=total.device).triu(1)
    return (total[..., :, None] - total[..., None, :]).masked_fill(later, -torch.inf).exp()


def masked_product(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    log_decay: Float[Tensor, "*batch tokens"],
) -> Float[Tensor, "*batch tokens d_v"]:
    """(L * Q K^T) V with L of `decay_mask`: quadratic in the tokens, and one product.

    Errors: ValueError for shapes that disagree. Source: [dao2024, section 5.1, equation 16].
    """
    start(q, k, v, None)
    need_shape("log_decay", log_decay, k.shape[:-1])
    return (decay_mask(log_decay) * (q @ k.mT)) @ v


def scan(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    log_decay: Float[Tensor, "*batch tokens"],
    memory: Float[Tensor, "*batch d_k d_v"] | None = None,
    chunk: int = 64,
) -> tuple[Float[Tensor, "*batch tokens d_v"], Float[Tensor, "*batch d_k d_v"]]:
    """S_t = exp(log_decay_t) S_(t-1) + k_t outer v_t, read by q_t S_t: `masked_product` within a chunk, the memory between.

    Linear in the tokens. Errors: ValueError for shapes that disagree, and for a chunk below 1.
    Source: [dao2024, section 6].
    """
    memory = start(q, k, v, memory)
    need_shape("log_decay", log_decay, k.shape[:-1])
    read = []
    for part in chunks(k.shape[-2], count("chunk", chunk, at_least=1)):
        total = log_decay[..., part].cumsum(dim=-1)[..., None]
        own = masked_product(q[..., part, :], k[..., part, :], v[..., part, :], log_decay[..., part])
        read.append(own + (q[..., part, :] * total.exp()) @ memory)
        last = total[..., -1:, :]
        memory = last.exp() * memory + (k[..., part, :] * (last - total).exp()).mT @ v[..., part, :]
    return torch.cat(read, dim=-2) if read else torch.zeros_like(v), memory
