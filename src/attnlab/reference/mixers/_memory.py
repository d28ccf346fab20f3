"""What the memories of fixed size ask of their arguments."""

from __future__ import annotations

import numpy as np

from attnlab._shapes import Array
from attnlab.reference._numbers import finite, real


def start(q, k, v, memory) -> tuple[Array, Array, Array, Array]:
    """Queries, keys, values and the memory before the first token, in float64; ValueError where their shapes disagree."""
    q, k, v = finite("q", q), finite("k", k), finite("v", v)
    check_shapes(q.shape, k.shape, v.shape)
    empty = (*k.shape[:-2], k.shape[-1], v.shape[-1])
    memory = np.zeros(empty) if memory is None else finite("memory", memory)
    check_memory(memory.shape, empty)
    return q, k, v, memory


def check_shapes(q: tuple[int, ...], k: tuple[int, ...], v: tuple[int, ...]) -> None:
    """ValueError unless q and k have one shape, (..., tokens, d_k), and v has theirs up to its width."""
    if len(k) < 2:
        raise ValueError(f"k needs the axes (..., tokens, d_k) but has shape {tuple(k)}")
    if tuple(q) != tuple(k):
        raise ValueError(f"q has shape {tuple(q)} but k has shape {tuple(k)}: each token writes one key and reads with one query")
    if tuple(v[:-1]) != tuple(k[:-1]):
        raise ValueError(f"k has shape {tuple(k)} but v has shape {tuple(v)}: each key needs its value")


def check_memory(shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if tuple(shape) != tuple(wanted):
        raise ValueError(f"memory has shape {tuple(shape)} but keys and values need {tuple(wanted)}")


def check_rate(rate, k) -> Array:
    """`rate` in float64, one number for each token of `k`."""
    rate = finite("rate", rate)
    if rate.shape != np.shape(k)[:-1]:
        raise ValueError(f"rate has shape {rate.shape} but there are tokens {np.shape(k)[:-1]}")
    return rate


def check_decay(log_decay, k, axes: str) -> Array:
    """`log_decay` in float64, finite and nowhere above 0, with the axes of `k` up to those named."""
    log_decay = real("log_decay", log_decay)
    wanted = np.shape(k)[:-1] if axes == "tokens" else np.shape(k)
    if log_decay.shape != wanted:
        raise ValueError(f"log_decay has shape {log_decay.shape} but needs {wanted}, the axes (..., {axes})")
    if not ((log_decay <= 0) & (log_decay > -np.inf)).all():
        raise ValueError("log_decay must be finite and at most 0, the logarithm of a factor from above 0 to 1")
    return log_decay
