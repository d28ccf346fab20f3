"""Other ways to mix tokens than softmax attention over all pairs."""

from __future__ import annotations

from attnlab.mixers.linear import causal_linear_attention, elu_plus_one, linear_attention
from attnlab.mixers.low_rank import linformer
from attnlab.mixers.selected import Indexer, best_blocks, best_keys, index_scores, selected_attention
from attnlab.mixers.sparse import big_bird, block_sparse_attention, hops

__all__ = [
    "Indexer",
    "best_blocks",
    "best_keys",
    "big_bird",
    "block_sparse_attention",
    "causal_linear_attention",
    "elu_plus_one",
    "hops",
    "index_scores",
    "linear_attention",
    "linformer",
    "selected_attention",
]
