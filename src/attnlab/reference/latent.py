"""Attention from one narrow vector a token, as a definition, and the same numbers without unfolding it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Bool, Float, Real
from attnlab.reference._numbers import finite
from attnlab.reference.attention import attention, attention_weights
from attnlab.reference.heads import merge_heads, need_heads_axis, split_heads


class Latents(NamedTuple):
    """The seven matrices of a layer with latent keys and values, each used as `tokens @ matrix`.

    query: (d_model, n_heads * d_head), rotary_query: (d_model, n_heads * d_rotary), latent: (d_model, d_latent),
    rotary_key: (d_model, d_rotary), key: (d_latent, n_heads * d_head), value: (d_latent, n_heads * d_value),
    output: (n_heads * d_value, d_model).
    """

    query: Array
    rotary_query: Array
    latent: Array
    rotary_key: Array
    key: Array
    value: Array
    output: Array


def latent_attention(
    x: Real[Array, "*batch tokens d_model"],
    weights: Latents,
    n_heads: int,
    mask: Bool[Array, "*#scores"] | None = None,
    rotate: Callable | None = None,
) -> Float[Array, "*batch tokens d_model"]:
    """Every head has keys c U_h beside one shared key, and values c V_h, all from the latent c = x W_D.

    rotate: turns rows (..., tokens, d_rotary) by their place, for the shared key and the queries that ask it.
    Scores are scaled by 1 / sqrt(d_head + d_rotary).
    Source: [deepseek2024, section 2.1].
    """
    need_heads_axis(x.ndim + 1, mask=mask)
    q, latent, shared = _asked(x, weights, n_heads, rotate)
    keys = split_heads(latent @ weights.key, n_heads)
    shared = np.broadcast_to(shared[..., None, :, :], (*keys.shape[:-1], shared.shape[-1]))
    values = split_heads(latent @ weights.value, n_heads)
    mixed = attention(np.concatenate(q, axis=-1), np.concatenate([keys, shared], axis=-1), values, mask)
    return merge_heads(mixed) @ weights.output


def latent_attention_absorbed(
    x: Real[Array, "*batch tokens d_model"],
    weights: Latents,
    n_heads: int,
    mask: Bool[Array, "*#scores"] | None = None,
    rotate: Callable | None = None,
) -> Float[Array, "*batch tokens d_model"]:
    """The same numbers from the latents alone: U_h is moved to the queries, V_h behind the mix.

    Arguments are those of `latent_attention`.
    """
    (own, turned), latent, shared = _asked(x, weights, n_heads, rotate)
    key_of_head, value_of_head = (split_heads(w, n_heads) for w in (weights.key, weights.value))
    kept = np.concatenate([latent, shared], axis=-1)[..., None, :, :]
    q = np.concatenate([own @ key_of_head.mT, turned], axis=-1)
    scale = (own.shape[-1] + turned.shape[-1]) ** -0.5
    mixed = attention_weights(q, kept, mask, scale=scale) @ latent[..., None, :, :]
    return merge_heads(mixed @ value_of_head) @ weights.output


def _asked(x: Array, weights: Latents, n_heads: int, rotate: Callable | None):
    """The two parts of the queries, the latents, and the key that all heads share."""
    x, n_heads = finite("x", x), count("n_heads", n_heads, at_least=1)
    rotate = rotate or (lambda rows: rows)
    own, turned = (split_heads(x @ w, n_heads) for w in (weights.query, weights.rotary_query))
    return (own, rotate(turned)), x @ weights.latent, rotate(x @ weights.rotary_key)
