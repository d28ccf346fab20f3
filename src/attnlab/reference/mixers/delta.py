"""Memories of fixed size that take out what a key reads before they write: the delta rule, with and without decay.

The memory is a matrix of d_k rows and d_v columns. Each function is the loop that defines it, token by token, and gives
what every query reads, right after its token has written, and the memory at the end.
"""

from __future__ import annotations

import numpy as np

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite
from attnlab.reference.mixers._memory import check_decay, check_rate, start


def write_sum(
    memory: Real[Array, "*batch d_k d_v"], k: Real[Array, "*batch d_k"], v: Real[Array, "*batch d_v"]
) -> Float[Array, "*batch d_k d_v"]:
    """S + k outer v: what is written is added to all that was. Source: [schlag2021, section 3]."""
    memory, k, v = finite("memory", memory), finite("k", k), finite("v", v)
    return memory + k[..., :, None] * v[..., None, :]


def write_delta(
    memory: Real[Array, "*batch d_k d_v"],
    k: Real[Array, "*batch d_k"],
    v: Real[Array, "*batch d_v"],
    rate: float | Real[Array, "*batch"] = 1.0,
) -> Float[Array, "*batch d_k d_v"]:
    """S + rate k outer (v - k S): a step of gradient descent on |k S - v|^2 / 2.

    With a key of length 1 and rate 1, the key then reads exactly v. Source: [schlag2021, section 4.2].
    """
    memory, k, v = finite("memory", memory), finite("k", k), finite("v", v)
    missing = v - (k[..., None, :] @ memory)[..., 0, :]
    return memory + np.asarray(rate)[..., None, None] * k[..., :, None] * missing[..., None, :]


def summed(
    q: Real[Array, "*batch tokens d_k"],
    k: Real[Array, "*batch tokens d_k"],
    v: Real[Array, "*batch tokens d_v"],
    memory: Real[Array, "*batch d_k d_v"] | None = None,
) -> tuple[Float[Array, "*batch tokens d_v"], Float[Array, "*batch d_k d_v"]]:
    """S_t = S_(t-1) + k_t outer v_t, read by q_t S_t: causal linear attention without a denominator.

    memory: what stands in it before the first token; zeros without one.
    Errors: ValueError for shapes that disagree, NaN or infinity.
    Source: [schlag2021, section 3].
    """
    q, k, v, memory = start(q, k, v, memory)
    read = np.empty(v.shape)
    for t in range(k.shape[-2]):
        memory = write_sum(memory, k[..., t, :], v[..., t, :])
        read[..., t, :] = (q[..., t, None, :] @ memory)[..., 0, :]
    return read, memory


def delta_rule(
    q: Real[Array, "*batch tokens d_k"],
    k: Real[Array, "*batch tokens d_k"],
    v: Real[Array, "*batch tokens d_v"],
    rate: Real[Array, "*batch tokens"],
    memory: Real[Array, "*batch d_k d_v"] | None = None,
) -> tuple[Float[Array, "*batch tokens d_v"], Float[Array, "*batch d_k d_v"]]:
    """S_t = S_(t-1) + rate_t k_t outer (v_t - k_t S_(t-1)), read by q_t S_t.

    rate: 0 leaves the memory as it is, 1 with a key of length 1 replaces what the key reads. Nothing is normalised here.
    memory and errors: as for `summed`; ValueError unless there is one rate a token.
    Source: [schlag2021, section 4.2; yang2024delta].
    """
    return gated_delta_rule(q, k, v, rate, 0 * check_rate(rate, k), memory)


def gated_delta_rule(
    q: Real[Array, "*batch tokens d_k"],
    k: Real[Array, "*batch tokens d_k"],
    v: Real[Array, "*batch tokens d_v"],
    rate: Real[Array, "*batch tokens"],
    log_decay: Real[Array, "*batch tokens"],
    memory: Real[Array, "*batch d_k d_v"] | None = None,
) -> tuple[Float[Array, "*batch tokens d_v"], Float[Array, "*batch d_k d_v"]]:
    """The memory fades, S' = exp(log_decay_t) S_(t-1), then the delta rule writes: S_t = S' + rate_t k_t outer (v_t - k_t S').

    log_decay: one number a token, 0 or below; 0 keeps everything.
    memory and errors: as for `delta_rule`; ValueError for a log_decay above 0.
    Source: [yang2025gated, section 3.1].
    """
    log_decay = check_decay(log_decay, k, "tokens")
    return channel_delta_rule(q, k, v, rate, np.broadcast_to(log_decay[..., None], np.shape(k)), memory)


def channel_delta_rule(
    q: Real[Array, "*batch tokens d_k"],
    k: Real[Array, "*batch tokens d_k"],
    v: Real[Array, "*batch tokens d_v"],
    rate: Real[Array, "*batch tokens"],
    log_decay: Real[Array, "*batch tokens d_k"],
    memory: Real[Array, "*batch d_k d_v"] | None = None,
) -> tuple[Float[Array, "*batch tokens d_v"], Float[Array, "*batch d_k d_v"]]:
    """`gated_delta_rule` with a decay for each channel: row c of the memory is multiplied by exp(log_decay_tc).

    memory and errors: as for `gated_delta_rule`. Source: Kimi Delta Attention, [kimi2025linear, section 3].
    """
    q, k, v, memory = start(q, k, v, memory)
    rate, log_decay = check_rate(rate, k), check_decay(log_decay, k, "tokens, d_k")
    read = np.empty(v.shape)
    for t in range(k.shape[-2]):
        memory = np.exp(log_decay[..., t, :, None]) * memory
        memory = write_delta(memory, k[..., t, :], v[..., t, :], rate[..., t])
        read[..., t, :] = (q[..., t, None, :] @ memory)[..., 0, :]
    return read, memory
