"""A memory that fades and only adds: a state-space model as a scan, and the same as one masked product."""

from __future__ import annotations

import numpy as np

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite
from attnlab.reference.mixers._memory import check_decay, start


def scan(
    q: Real[Array, "*batch tokens d_k"],
    k: Real[Array, "*batch tokens d_k"],
    v: Real[Array, "*batch tokens d_v"],
    log_decay: Real[Array, "*batch tokens"],
    memory: Real[Array, "*batch d_k d_v"] | None = None,
) -> tuple[Float[Array, "*batch tokens d_v"], Float[Array, "*batch d_k d_v"]]:
    """S_t = exp(log_decay_t) S_(t-1) + k_t outer v_t, read by q_t S_t; and the last S.

    In the letters of state-space models q is C, k is B and v is the input, already times its step.
    Errors: ValueError for shapes that disagree, NaN or infinity, and a log_decay above 0.
    Source: [dao2024, section 5.1].
    """
    q, k, v, memory = start(q, k, v, memory)
    log_decay = check_decay(log_decay, k, "tokens")
    read = np.empty(v.shape)
    for t in range(k.shape[-2]):
        memory = np.exp(log_decay[..., t])[..., None, None] * memory + k[..., t, :, None] * v[..., t, None, :]
        read[..., t, :] = (q[..., t, None, :] @ memory)[..., 0, :]
    return read, memory


def decay_mask(log_decay: Real[Array, "*batch tokens"]) -> Float[Array, "*batch tokens tokens"]:
    """L_ij = exp(log_decay_(j+1) + ... + log_decay_i) for j <= i, 0 above the diagonal: how much of token j is left at i.

    Source: [dao2024, section 5.2], a 1-semiseparable matrix.
    """
    total = finite("log_decay", log_decay).cumsum(axis=-1)
    between = total[..., :, None] - total[..., None, :]
    below = np.tri(total.shape[-1], dtype=bool)
    return np.where(below, np.exp(np.where(below, between, 0.0)), 0.0)


def masked_product(
    q: Real[Array, "*batch tokens d_k"],
    k: Real[Array, "*batch tokens d_k"],
    v: Real[Array, "*batch tokens d_v"],
    log_decay: Real[Array, "*batch tokens"],
) -> Float[Array, "*batch tokens d_v"]:
    """(L * Q K^T) V, with the decays of `decay_mask` in place of softmax and mask: the reads of `scan`.

    Errors: those of `scan`. Source: [dao2024, section 5.1, equation 16].
    """
    q, k, v, _ = start(q, k, v, None)
    return (decay_mask(check_decay(log_decay, k, "tokens")) * (q @ np.swapaxes(k, -1, -2))) @ v
