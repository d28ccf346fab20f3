"""The definitions, in NumPy and float64, with gradients derived by hand. Imports NumPy alone."""

from __future__ import annotations

from attnlab.reference.attention import attention, attention_gradient, attention_weights
from attnlab.reference.blocked import blocked_attention, blocked_gradient, merge
from attnlab.reference.softmax import softmax

__all__ = [
    "attention",
    "attention_gradient",
    "attention_weights",
    "blocked_attention",
    "blocked_gradient",
    "merge",
    "softmax",
]
