"""Memories that are read by similarity: soft look-up, erase and add, and Hopfield networks, classical and modern."""

from __future__ import annotations

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite, finite_number
from attnlab.reference.softmax import softmax


def look_up(
    q: Real[Array, "*batch queries d_k"],
    keys: Real[Array, "slots d_k"],
    values: Real[Array, "slots d_v"],
    sharpness: float,
) -> Float[Array, "*batch queries d_v"]:
    """softmax(sharpness q keys^T) values: a mixture of all values, of the best one alone as the sharpness grows.

    With sharpness 1 / sqrt(d_k) it is attention.
    Errors: ValueError for shapes that disagree, no slot, NaN or infinity.
    Source: [graves2014, section 3.3.1, equations 5 and 6], with a dot product in place of the cosine.
    """
    q, keys, values = finite("q", q), finite("keys", keys), finite("values", values)
    if len(keys) != len(values) or not len(keys):
        raise ValueError(f"there are {len(keys)} keys and {len(values)} values: as many of both are needed, and at least one")
    _need_width("q", q, keys)
    return softmax(finite_number("sharpness", sharpness) * (q @ keys.T)) @ values


def erase_add(
    memory: Real[Array, "slots width"],
    weights: Real[Array, "slots"],
    erase: Real[Array, "width"],
    add: Real[Array, "width"],
) -> Float[Array, "slots width"]:
    """(1 - w outer e) * M + w outer a: first each slot loses, then it gains, by its weight.

    weights, erase: from 0 to 1. With weight 1 and erase 1 a slot holds what is added and nothing else.
    Errors: ValueError for shapes that disagree, and for weights or erase outside 0 to 1.
    Source: [graves2014, section 3.2, equations 3 and 4].
    """
    memory, weights = finite("memory", memory), finite("weights", weights)
    erase, add = finite("erase", erase), finite("add", add)
    if memory.shape != (*weights.shape, *erase.shape) or add.shape != erase.shape:
        raise ValueError(f"memory has shape {memory.shape} but weights, erase and add have {weights.shape}, {erase.shape} and {add.shape}")
    for name, x in (("weights", weights), ("erase", erase)):
        if not ((x >= 0) & (x <= 1)).all():
            raise ValueError(f"{name} must lie from 0 to 1 but reach from {x.min()} to {x.max()}")
    return memory * (1 - np.outer(weights, erase)) + np.outer(weights, add)


def store(patterns: Real[Array, "n_patterns width"]) -> Float[Array, "width width"]:
    """X^T X / width without its diagonal: the weights of the classical Hopfield network for patterns of 1 and -1.

    Errors: ValueError for numbers other than 1 and -1. Source: [hopfield1982], whose weights lack the factor.
    """
    patterns = _signs("patterns", patterns)
    weights = patterns.T @ patterns / patterns.shape[-1]
    return weights - np.diag(np.diag(weights))


def settle(
    weights: Real[Array, "width width"], cues: Real[Array, "*batch width"], sweeps: int = 10
) -> Float[Array, "*batch width"]:
    """The classical network: unit after unit, x_i becomes the sign of sum_j W_ij x_j; at a sum of 0 it stays.

    sweeps: how often all units have their turn, in order; it ends earlier where nothing changes.
    Errors: ValueError for cues other than 1 and -1, and shapes that disagree.
    Source: [hopfield1982], which takes the units in random order.
    """
    weights, x = finite("weights", weights), _signs("cues", cues)
    _need_width("cues", x, weights)
    for _ in range(count("sweeps", sweeps)):
        before = x.copy()
        for unit in range(x.shape[-1]):
            field = x @ weights[unit]
            x[..., unit] = np.where(field == 0, x[..., unit], np.sign(field))
        if (before == x).all():
            break
    return x


def energy(weights: Real[Array, "width width"], x: Real[Array, "*batch width"]) -> Float[Array, "*batch"]:
    """-x W x / 2: no step of `settle` raises it. Source: [hopfield1982]."""
    x = finite("x", x)
    return np.asarray(-((x @ finite("weights", weights)) * x).sum(axis=-1) / 2)


def modern_step(
    x: Real[Array, "*batch width"], patterns: Real[Array, "n_patterns width"], sharpness: float
) -> Float[Array, "*batch width"]:
    """softmax(sharpness x X^T) X: a step of the continuous Hopfield network, attention with patterns as keys and values.

    Errors: those of `look_up`. Source: [ramsauer2021, equation 3].
    """
    x = finite("x", x)
    return look_up(x[..., None, :], patterns, patterns, sharpness)[..., 0, :]


def modern_energy(
    x: Real[Array, "*batch width"], patterns: Real[Array, "n_patterns width"], sharpness: float
) -> Float[Array, "*batch"]:
    """-log(sum_i exp(sharpness x . X_i)) / sharpness + |x|^2 / 2: no `modern_step` raises it.

    Source: [ramsauer2021, equation 2], without its constants.
    """
    x, patterns = finite("x", x), finite("patterns", patterns)
    scores = finite_number("sharpness", sharpness) * (x @ patterns.T)
    largest = scores.max(axis=-1, keepdims=True)
    lse = largest[..., 0] + np.log(np.exp(scores - largest).sum(axis=-1))
    return np.asarray(-lse / sharpness + (x * x).sum(axis=-1) / 2)


def _signs(name: str, x) -> Array:
    x = finite(name, x)
    if not (np.abs(x) == 1).all():
        raise ValueError(f"{name} must hold 1 and -1 alone")
    return x.copy()


def _need_width(name: str, x: Array, other: Array) -> None:
    if x.shape[-1] != other.shape[-1]:
        raise ValueError(f"{name} has width {x.shape[-1]} but what it is compared with has width {other.shape[-1]}")
