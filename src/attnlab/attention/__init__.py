"""Attention in PyTorch: `attention` itself, ways to score, many heads, one narrow cache for all heads, graphs."""

from __future__ import annotations

from attnlab.attention.core import attention, attention_weights
from attnlab.attention.heads import (
    MultiHead,
    grouped_attention,
    merge_heads,
    repeat_heads,
    split_heads,
)
from attnlab.attention.latent import LatentAttention
from attnlab.attention.parts import AllHeads, Local, QKNorm, Rotated, SoftCapped, soft_cap, weights_of

__all__ = [
    "AllHeads",
    "LatentAttention",
    "Local",
    "MultiHead",
    "QKNorm",
    "Rotated",
    "SoftCapped",
    "attention",
    "attention_weights",
    "grouped_attention",
    "merge_heads",
    "repeat_heads",
    "soft_cap",
    "split_heads",
    "weights_of",
]
