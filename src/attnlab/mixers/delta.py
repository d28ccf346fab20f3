"""The delta rule by chunks, in PyTorch: within a chunk one triangular system, from chunk to chunk the memory.

The loops that define these functions stand in `attnlab.reference.mixers.delta`. Nothing is normalised or scaled here.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.mixers._memory import chunks, need_shape, start


def summed(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    memory: Float[Tensor, "*batch d_k d_v"] | None = None,
) -> tuple[Float[Tensor, "*batch tokens d_v"], Float[Tensor, "*batch d_k d_v"]]:
    """tril(Q K^T) V, and what the memory held before: every query reads the sum of k outer v up to its token.

    memory: what stands in it before the first token; zeros without one.
    Errors: ValueError for shapes that disagree.
    Source: [schlag2021, section 3].
    """
    memory = start(q, k, v, memory)
    return (q @ k.mT).tril() @ v + q @ memory, memory + k.mT @ v


def delta_rule(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    rate: Float[Tensor, "*batch tokens"],
    memory: Float[Tensor, "*batch d_k d_v"] | None = None,
    chunk: int = 64,
) -> tuple[Float[Tensor, "*batch tokens d_v"], Float[Tensor, "*batch d_k d_v"]]:
    """S_t = S_(t-1) + rate_t k_t outer (v_t - k_t S_(t-1)), read by q_t S_t, `chunk` tokens at a time; and the last S.

    Errors: ValueError for shapes that disagree, and for a chunk below 1.
    Source: [yang2024delta, section 3].
    """
    need_shape("rate", rate, k.shape[:-1])
    return gated_delta_rule(q, k, v, rate, torch.zeros_like(rate), memory, chunk)


def gated_delta_rule(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    rate: Float[Tensor, "*batch tokens"],
    log_decay: Float[Tensor, "*batch tokens"],
    memory: Float[Tensor, "*batch d_k d_v"] | None = None,
    chunk: int = 64,
) -> tuple[Float[Tensor, "*batch tokens d_v"], Float[Tensor, "*batch d_k d_v"]]:
    """`delta_rule` in a memory that is first multiplied by exp(log_decay_t), one number of at most 0 a token.

    Errors: as for `delta_rule`. Source: [yang2025gated, section 3.1; in chunks: section 3.3].
    """
    need_shape("log_decay", log_decay, k.shape[:-1])
    return _by_chunks(q, k, v, rate, log_decay[..., None], memory, chunk)


def channel_delta_rule(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    rate: Float[Tensor, "*batch tokens"],
    log_decay: Float[Tensor, "*batch tokens d_k"],
    memory: Float[Tensor, "*batch d_k d_v"] | None = None,
    chunk: int = 64,
) -> tuple[Float[Tensor, "*batch tokens d_v"], Float[Tensor, "*batch d_k d_v"]]:
    """`gated_delta_rule` with a decay for each channel of the keys: Kimi Delta Attention.

    Errors: as for `delta_rule`. Source: [kimi2025linear, section 3].
    """
    need_shape("log_decay", log_decay, k.shape)
    return _by_chunks(q, k, v, rate, log_decay, memory, chunk)


def _by_chunks(q: Tensor, k: Tensor, v: Tensor, rate: Tensor, log_decay: Tensor, memory: Tensor | None, chunk: int) -> tuple[Tensor, Tensor]:
    """The decay has a last axis of d_k channels, or of one that stands for all."""
    memory = start(q, k, v, memory)
    need_shape("rate", rate, k.shape[:-1])
    read = []
    for part in chunks(k.shape[-2], count("chunk", chunk, at_least=1)):
        out, memory = _chunk(q[..., part, :], k[..., part, :], v[..., part, :], rate[..., part, None], log_decay[..., part, :], memory)
        read.append(out)
    return torch.cat(read, dim=-2) if read else torch.zeros_like(v), memory


def _chunk(q: Tensor, k: Tensor, v: Tensor, rate: Tensor, log_decay: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """What the queries of one chunk read, and the memory behind it.

    Row i of `new` is what token i adds, rate_i (v_i - k_i S'), where S' holds what earlier rows of the chunk added: one
    system, (I + A) new = rate (V - K S), lower triangular.
    """
    total = log_decay.cumsum(dim=-2)
    taken, seen = rate * _overlap(k, k, total).tril(-1), _overlap(q, k, total).tril()
    missing = rate * (v - (k * total.exp()) @ memory)
    new = torch.linalg.solve_triangular(taken, missing, upper=False, unitriangular=True)
    last = total[..., -1:, :]
    return (q * total.exp()) @ memory + seen @ new, last.exp().mT * memory + (k * (last - total).exp()).mT @ new


def _overlap(a: Tensor, b: Tensor, total: Tensor) -> Tensor:
    """sum_c a_ic b_jc exp(total_ic - total_jc) for j <= i: what a_i meets, faded, of what was written at b_j."""
    difference = total[..., :, None, :] - total[..., None, :, :]
    later = torch.ones(total.shape[-2], total.shape[-2], dtype=torch.bool, device=total.device).triu(1)
    left = difference.masked_fill(later[..., None], 0.0).exp()
    return (a @ b.mT) * left[..., 0] if left.shape[-1] == 1 else torch.einsum("...ic,...jc,...ijc->...ij", a, b, left)
