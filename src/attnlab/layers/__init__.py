"""Layers of a transformer other than attention: how states are passed from layer to layer."""

from __future__ import annotations

from attnlab.layers.residual import AttentionOverLayers, Connection, HyperConnection, HyperHead, sinkhorn

__all__ = [
    "AttentionOverLayers",
    "Connection",
    "HyperConnection",
    "HyperHead",
    "sinkhorn",
]
