"""Attention whose similarity is a product of features, so that sums may be taken in another order. Loops that define."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite
from attnlab.reference.attention import attention


class State(NamedTuple):
    """All that causal linear attention keeps of the past: `memory` (d_features, d_v), the sum of phi(k) vᵀ, and `total` (d_features), that of phi(k)."""

    memory: Array
    total: Array


def elu_plus_one(x: Real[Array, "..."]) -> Float[Array, "..."]:
    """x + 1 for x > 0, e^x below: positive everywhere. Source: [katharopoulos2020, equation 7]."""
    x = finite("x", x)
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def linear_attention(
    q: Real[Array, "queries d_k"],
    k: Real[Array, "keys d_k"],
    v: Real[Array, "keys d_v"],
    causal: bool = False,
    features: Callable = elu_plus_one,
) -> Float[Array, "queries d_v"]:
    """Each query takes the mean of the values it may see, weighted by phi(q) . phi(k).

    causal: query i sees the keys up to i. A query with no weight at all gets zeros.
    Source: [katharopoulos2020, equations 4 and 8].
    """
    q, k, v = features(finite("q", q)), features(finite("k", k)), finite("v", v)
    out = np.zeros((len(q), v.shape[-1]))
    for i, query in enumerate(q):
        seen = range(min(i + 1, len(k)) if causal else len(k))
        weights = [query @ k[j] for j in seen]
        if sum(weights):
            out[i] = sum(w * v[j] for w, j in zip(weights, seen)) / sum(weights)
    return out


def start(d_features: int, d_v: int) -> State:
    """A state that has seen nothing."""
    return State(np.zeros((d_features, d_v)), np.zeros(d_features))


def step(
    state: State, q: Real[Array, " d_k"], k: Real[Array, " d_k"], v: Real[Array, " d_v"], features: Callable = elu_plus_one
) -> tuple[State, Float[Array, " d_v"]]:
    """One token: add phi(k) vᵀ and phi(k) to the state, then read memoryᵀ phi(q) / (total . phi(q)).

    Source: [katharopoulos2020, equations 16 to 20].
    """
    q, k = features(finite("q", q)), features(finite("k", k))
    state = State(state.memory + np.outer(k, finite("v", v)), state.total + k)
    weight = state.total @ q
    return state, state.memory.T @ q / weight if weight else np.zeros(state.memory.shape[1])


def positive_features(x: Real[Array, "*tokens d_k"], directions: Real[Array, "m d_k"]) -> Float[Array, "*tokens m"]:
    """exp(w . x - |x|² / 2) / sqrt(m) for each direction w; with standard normal ones, the mean of phi(q) . phi(k) is exp(q . k).

    For attention give x / d_k ** (1 / 4), so that exp(q . k / sqrt(d_k)) is met.
    Source: [choromanski2021, lemma 1].
    """
    x, w = finite("x", x), finite("directions", directions)
    return np.exp(x @ w.T - (x**2).sum(axis=-1, keepdims=True) / 2) / np.sqrt(len(w))


def trigonometric_features(x: Real[Array, "*tokens d_k"], directions: Real[Array, "m d_k"]) -> Float[Array, "*tokens m_twice"]:
    """exp(|x|² / 2) [sin(w . x), cos(w . x)] / sqrt(m): the same mean exp(q . k), but the products may be negative.

    Source: [rahimi2007]; [choromanski2021, section 2].
    """
    x, w = finite("x", x), finite("directions", directions)
    turned = x @ w.T
    length = np.exp((x**2).sum(axis=-1, keepdims=True) / 2)
    return length * np.concatenate([np.sin(turned), np.cos(turned)], axis=-1) / np.sqrt(len(w))


def orthogonal_directions(normal: Real[Array, "m d_k"]) -> Float[Array, "m d_k"]:
    """Directions at right angles in groups of d_k, each with the length it had: still standard normal one by one.

    Source: [choromanski2021, section 2.4].
    """
    normal = finite("normal", normal)
    d, rows = normal.shape[1], []
    for first in range(0, len(normal), d):
        basis = []
        for row in normal[first : first + d]:
            for one in basis:
                row = row - (row @ one) * one
            basis.append(row / np.linalg.norm(row))
        rows += [np.linalg.norm(own) * one for own, one in zip(normal[first : first + d], basis)]
    return np.array(rows).reshape(normal.shape)


def linformer(
    q: Real[Array, "n d_k"],
    k: Real[Array, "n d_k"],
    v: Real[Array, "n d_v"],
    shorten_k: Real[Array, "m n"],
    shorten_v: Real[Array, "m n"],
) -> Float[Array, "n d_v"]:
    """softmax(q (E k)ᵀ / sqrt(d_k)) (F v): n keys and values are mixed into m before anybody looks.

    Each mixed key holds all positions, later ones too: there is no causal form, and n is fixed by E and F.
    Source: [wang2020linformer, section 4, equation 7].
    """
    return attention(q, finite("shorten_k", shorten_k) @ k, finite("shorten_v", shorten_v) @ v)
