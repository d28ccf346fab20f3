"""Attention in PyTorch: `attention` itself, ways to score, many heads, one narrow cache for all heads, sinks, gates, graphs."""

from __future__ import annotations

from attnlab.attention.core import attention, attention_weights
from attnlab.attention.gates import OutputGate
from attnlab.attention.heads import (
    MultiHead,
    grouped_attention,
    merge_heads,
    repeat_heads,
    split_heads,
)
from attnlab.attention.latent import LatentAttention
from attnlab.attention.parts import AllHeads, Local, QKNorm, Rotated, SoftCapped, soft_cap, weights_of
from attnlab.attention.sinks import Sinks, sink_attention, sink_gate, sink_weights

__all__ = [
    "AllHeads",
    "LatentAttention",
    "Local",
    "MultiHead",
    "OutputGate",
    "QKNorm",
    "Rotated",
    "Sinks",
    "SoftCapped",
    "attention",
    "attention_weights",
    "grouped_attention",
    "merge_heads",
    "repeat_heads",
    "sink_attention",
    "sink_gate",
    "sink_weights",
    "soft_cap",
    "split_heads",
    "weights_of",
]
