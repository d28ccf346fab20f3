"""Layers of a transformer around attention: norms, feed-forward networks, blocks, embeddings, and how states are passed on."""

from __future__ import annotations

from attnlab.layers.blocks import DecoderBlock, EncoderBlock, OutputNorm, ParallelBlock, PostNorm, PreNorm
from attnlab.layers.embedding import TiedEmbedding
from attnlab.layers.experts import Experts, Router, Routing, balance_loss, route, watched
from attnlab.layers.feedforward import FeedForward, GatedFeedForward, gelu, gelu_tanh, relu, silu
from attnlab.layers.norms import LayerNorm, RMSNorm, layer_norm, rms_norm
from attnlab.layers.residual import AttentionOverLayers, Connection, HyperConnection, HyperHead, sinkhorn

__all__ = [
    "AttentionOverLayers",
    "Connection",
    "DecoderBlock",
    "EncoderBlock",
    "Experts",
    "FeedForward",
    "GatedFeedForward",
    "HyperConnection",
    "HyperHead",
    "LayerNorm",
    "OutputNorm",
    "ParallelBlock",
    "PostNorm",
    "PreNorm",
    "RMSNorm",
    "Router",
    "Routing",
    "TiedEmbedding",
    "balance_loss",
    "gelu",
    "gelu_tanh",
    "layer_norm",
    "relu",
    "rms_norm",
    "route",
    "silu",
    "sinkhorn",
    "watched",
]
