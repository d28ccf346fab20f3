"""Other ways to mix tokens, as definitions in NumPy: a loop over queries and keys, or a step a token."""

from __future__ import annotations

from attnlab.reference.mixers.linear import elu_plus_one, linear_attention, linformer
from attnlab.reference.mixers.selected import best_blocks, best_keys, index_scores
from attnlab.reference.mixers.sparse import big_bird, hops

__all__ = [
    "best_blocks",
    "best_keys",
    "big_bird",
    "elu_plus_one",
    "hops",
    "index_scores",
    "linear_attention",
    "linformer",
]
