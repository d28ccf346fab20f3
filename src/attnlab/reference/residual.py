"""Residual streams as definitions: matrices made doubly stochastic, one layer among several streams, attention over layers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite
from attnlab.reference.attention import attention


def sinkhorn(logits: Real[Array, "*batch rows columns"], steps: int) -> Float[Array, "*batch rows columns"]:
    """exp(logits), its columns and then its rows divided by their sums, `steps` times; in logarithms, so that none is lost.

    Square logits tend to a doubly stochastic matrix: rows and columns that sum to 1. The rows do so after each step.
    Errors: ValueError for fewer than one step, fewer than two axes, NaN or infinity.
    Source: [xie2025, equation 9]; [sinkhorn1967].
    """
    logarithms = finite("logits", logits)
    if logarithms.ndim < 2:
        raise ValueError(f"logits needs the axes (..., rows, columns) but has shape {logarithms.shape}")
    for _ in range(count("steps", steps, at_least=1)):
        for axis in (-2, -1):
            logarithms = logarithms - np.logaddexp.reduce(logarithms, axis=axis, keepdims=True)
    return np.exp(logarithms)


def through_streams(
    streams: Real[Array, "*batch streams d_model"],
    layer: Callable,
    read: Real[Array, " streams"],
    write: Real[Array, " streams"],
    mix: Real[Array, "streams streams"],
) -> Float[Array, "*batch streams d_model"]:
    """M X + w · layer(r X) for the n streams X of each token: one layer, joined to several residual streams.

    read r: the weight of each stream in the layer's input. write w: how strongly its output is added to each stream.
    mix M: row i says of which streams the new stream i is made, before the output is added.
    With one stream and r = w = M = 1 it is x + layer(x).
    Errors: ValueError where the sizes disagree, for NaN or infinity.
    Source: [zhu2025].
    """
    streams, read, write, mix = (finite(*one) for one in zip(("streams", "read", "write", "mix"), (streams, read, write, mix)))
    n = streams.shape[-2]
    if read.shape != (n,) or write.shape != (n,) or mix.shape != (n, n):
        raise ValueError(f"{n} streams need read {(n,)}, write {(n,)} and mix {(n, n)}, not {read.shape}, {write.shape}, {mix.shape}")
    out = layer(np.einsum("s,...sd->...d", read, streams))
    return np.einsum("ts,...sd->...td", mix, streams) + np.einsum("t,...d->...td", write, out)


def attention_over_layers(
    states: Real[Array, "*batch layers d_model"],
    query: Real[Array, " d_model"],
    value: Callable | None = None,
    scale: float | None = None,
) -> Float[Array, "*batch d_model"]:
    """Σ a_l value(h_l) with a = softmax(q · norm(h_l) scale) over the states h_l of earlier layers, token by token.

    q is one vector for all tokens, and norm divides by the root mean square (of 0, it gives 0). value: norm unless given.
    scale: 1/√d_model unless given.
    Errors: those of `attention`.
    Source: [kimi2026], where value changes nothing and the scale is 1.
    """
    states, query = finite("states", states), finite("query", query)
    keys = states / np.sqrt((states**2).mean(axis=-1, keepdims=True) + 1e-6)
    values = keys if value is None else value(states)
    return attention(query[None], keys, values, scale=scale)[..., 0, :]
