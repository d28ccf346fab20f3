"""Cross-entropy with padding and label smoothing, and its gradient."""

from __future__ import annotations

import numpy as np

from attnlab._shapes import Array, Float, Int, Real
from attnlab.reference.softmax import softmax


def cross_entropy(
    logits: Real[Array, "*places words"], targets: Int[Array, "*places"], smoothing: float = 0.0, ignore: int = 0
) -> float:
    """Mean of -sum_k q_k ln softmax(logits)_k over the places whose target is not `ignore`, in nats.

    q is 1 - smoothing at the target plus smoothing / words at every word, the target included. 0 is the id of padding.
    Errors: ValueError for shapes that disagree, a smoothing outside [0, 1], or no place that counts.
    Source: [szegedy2016, section 7], used in [vaswani2017, section 5.4].
    """
    z, q, counts = _wanted(logits, targets, smoothing, ignore)
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    terms = np.multiply(q, log_p, where=q > 0, out=np.zeros_like(z))  # what is not wanted costs nothing, even ln 0
    return float(-terms.sum(axis=-1)[counts].mean())


def cross_entropy_gradient(
    logits: Real[Array, "*places words"], targets: Int[Array, "*places"], smoothing: float = 0.0, ignore: int = 0
) -> Float[Array, "*places words"]:
    """(softmax(logits) - q) / n at the n places that count, 0 at the others.

    -sum_k q_k ln p_k = ln sum_k exp(z_k) - sum_k q_k z_k, since q adds up to 1; the first term's slope is the softmax.
    """
    z, q, counts = _wanted(logits, targets, smoothing, ignore)
    return np.where(counts[..., None], softmax(z) - q, 0.0) / counts.sum()


def _wanted(logits, targets, smoothing: float, ignore: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits as floats, the distribution wanted at each place, and which places count."""
    z, targets = np.asarray(logits, dtype=np.float64), np.asarray(targets)
    if z.shape[:-1] != targets.shape:
        raise ValueError(f"targets have the shape {targets.shape} but the logits {z.shape}")
    if not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing must be between 0 and 1 but is {smoothing}")
    counts = targets != ignore
    if not counts.any():
        raise ValueError(f"no target counts: all {targets.size} are {ignore}")
    kept = targets[counts]
    if kept.min() < 0 or kept.max() >= z.shape[-1]:
        outside = kept.min() if kept.min() < 0 else kept.max()
        raise ValueError(f"target {outside} is none of the {z.shape[-1]} words")
    hit = np.arange(z.shape[-1]) == targets[..., None]
    return z, (1 - smoothing) * hit + smoothing / z.shape[-1], counts
