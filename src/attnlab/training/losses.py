"""What a sequence model is taught with: the target moved one place, and the surprise at it."""

from __future__ import annotations

import torch
from torch import Tensor

from attnlab._shapes import Float, Int
from attnlab.tokens.vocabulary import PAD, START


def cross_entropy(
    logits: Float[Tensor, "*places words"], targets: Int[Tensor, "*places"], smoothing: float = 0.0, ignore: int = PAD
) -> Float[Tensor, ""]:
    """Mean of -sum_k q_k ln softmax(logits)_k over the places whose target is not `ignore`, in nats.

    q is 1 - smoothing at the target plus smoothing / words at every word, the target included. The mean divides by
    the places that count, as torch.nn.functional.cross_entropy(ignore_index=, label_smoothing=) does.
    Errors: TypeError for logits that are not floats or targets that are not whole numbers; ValueError for shapes that
    disagree, a target outside the words, a smoothing outside [0, 1], or no place that counts.
    Source: [szegedy2016, section 7], used in [vaswani2017, section 5.4].
    """
    counts = _check(logits, targets, smoothing, ignore)
    right = logits.gather(-1, targets.masked_fill(~counts, 0).unsqueeze(-1)).squeeze(-1)
    surprise = logits.logsumexp(dim=-1) - right
    if smoothing:
        surprise = surprise + smoothing * (right - logits.mean(dim=-1))
    return surprise[counts].mean()


def shift_right(targets: Int[Tensor, "batch steps"], first: int = START) -> Int[Tensor, "batch steps"]:
    """What a decoder reads while it learns to write `targets`: `first`, then every token but the last.

    Place t of the result is the token before target t, so the decoder has seen the targets up to t - 1.
    """
    return torch.cat([torch.full_like(targets[:, :1], first), targets[:, :-1]], dim=1)


def _check(logits: Tensor, targets: Tensor, smoothing: float, ignore: int) -> Tensor:
    """Which places count."""
    if not logits.is_floating_point():
        raise TypeError(f"logits must hold floats but their dtype is {logits.dtype}")
    if targets.is_floating_point() or targets.is_complex() or targets.dtype == torch.bool:
        raise TypeError(f"targets must hold whole numbers but their dtype is {targets.dtype}")
    if logits.shape[:-1] != targets.shape:
        raise ValueError(f"targets have the shape {tuple(targets.shape)} but the logits {tuple(logits.shape)}")
    if not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing must be between 0 and 1 but is {smoothing}")
    counts = targets != ignore
    kept = targets[counts]
    if not len(kept):
        raise ValueError(f"no target counts: all {targets.numel()} are {ignore}")
    if kept.min() < 0 or kept.max() >= logits.shape[-1]:
        outside = int(kept.min() if kept.min() < 0 else kept.max())
        raise ValueError(f"target {outside} is none of the {logits.shape[-1]} words")
    return counts
