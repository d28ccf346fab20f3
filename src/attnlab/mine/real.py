"""The published model of "A real language model" in NumPy, read by the reader's own functions.

What `says` and `tensors` are, `attnlab.weights.gguf.read` gives. A matrix is unpacked at the moment it is used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab._shapes import Array, Float
from attnlab.mine.models import look, tile_by_tile

TILE = (4, 4)  # queries and keys of a tile


def logits(own, says: dict, tensors: dict, ids: list[int], tiles: bool = False) -> Float[Array, "n words"]:
    """The scores of all words for what comes after each of the ids; with `tiles` the attention is `block_loop`'s."""
    def weights(name: str) -> Array:
        return tensors[f"{name}.weight"].numpy().T.astype(float)

    def norm(x: Array, name: str) -> Array:
        return own.rms_norm(x, weights(name), says["llama.attention.layer_norm_rms_epsilon"])

    attend, table = (tile_by_tile(own, *TILE) if tiles else look(own)), weights("token_embd")
    x = table.T[ids]
    for i in range(says["llama.block_count"]):
        x = x + _looked(own, norm(x, f"blk.{i}.attn_norm"), i, says, weights, attend)
        x = x + own.gated_network(norm(x, f"blk.{i}.ffn_norm"), *(weights(f"blk.{i}.ffn_{part}") for part in ("gate", "up", "down")))
    return norm(x, "output_norm") @ table


def _looked(own, x: Array, i: int, says: dict, weights: Callable, attend: Callable) -> Array:
    """Nine heads of queries on three of keys and values, which are repeated."""
    heads, shared = says["llama.attention.head_count"], says["llama.attention.head_count_kv"]
    q, k, v = (own.split_heads(x @ weights(f"blk.{i}.attn_{name}"), n) for name, n in (("q", heads), ("k", shared), ("v", shared)))
    q, k = (turned(own, rows, says["llama.rope.freq_base"]) for rows in (q, k))
    k, v = (np.repeat(rows, heads // shared, axis=0) for rows in (k, v))
    mixed = attend(q, k, v, own.causal_mask(len(x), len(x)))
    return own.merge_heads(mixed) @ weights(f"blk.{i}.attn_output")


def turned(own, x: Float[Array, "heads n d_head"], base: float) -> Float[Array, "heads n d_head"]:
    """Rotary positions of any base from a `rotary` of base 10,000.

    The one pair of a row of two features has the speed 1. So every pair is handed over as a row of its own, at the position that its speed
    makes of its place.
    """
    heads, n, width = x.shape
    speeds = base ** -(np.arange(0, width, 2) / width)
    places = np.broadcast_to(np.arange(n)[:, None] * speeds, (heads, n, width // 2))
    return own.rotary(x.reshape(-1, 2), places.ravel()).reshape(x.shape)
