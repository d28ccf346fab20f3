"""Fewer keys and values than tokens: a learned matrix mixes n of them into m before anybody looks."""

from __future__ import annotations

from torch import Tensor

from attnlab._shapes import Float
from attnlab.attention import attention


def linformer(
    q: Float[Tensor, "*batch n d_k"],
    k: Float[Tensor, "*batch n d_k"],
    v: Float[Tensor, "*batch n d_v"],
    shorten_k: Float[Tensor, "m n"],
    shorten_v: Float[Tensor, "m n"],
) -> Float[Tensor, "*batch n d_v"]:
    """softmax(q (E k)ᵀ / sqrt(d_k)) (F v). Source: [wang2020linformer, section 4, equation 7].

    Each mixed key holds later positions too, so there is no causal form; n is fixed by the size of E and F.
    """
    return attention(q, (shorten_k @ k).to(q.dtype), (shorten_v @ v).to(q.dtype))  # autocast would leave the products in half
