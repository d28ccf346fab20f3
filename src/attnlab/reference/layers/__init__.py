"""Layers around attention in NumPy: norms and feed-forward networks, with gradients derived by hand."""

from __future__ import annotations

from attnlab.reference.layers.activations import (
    gelu,
    gelu_gradient,
    gelu_tanh,
    gelu_tanh_gradient,
    relu,
    relu_gradient,
    silu,
    silu_gradient,
)
from attnlab.reference.layers.feedforward import (
    FeedForward,
    Gated,
    feed_forward,
    feed_forward_gradient,
    gated_feed_forward,
    gated_feed_forward_gradient,
)
from attnlab.reference.layers.norms import (
    Norm,
    layer_norm,
    layer_norm_gradient,
    rms_norm,
    rms_norm_gradient,
)

__all__ = [
    "FeedForward",
    "Gated",
    "Norm",
    "feed_forward",
    "feed_forward_gradient",
    "gated_feed_forward",
    "gated_feed_forward_gradient",
    "gelu",
    "gelu_gradient",
    "gelu_tanh",
    "gelu_tanh_gradient",
    "layer_norm",
    "layer_norm_gradient",
    "relu",
    "relu_gradient",
    "rms_norm",
    "rms_norm_gradient",
    "silu",
    "silu_gradient",
]
