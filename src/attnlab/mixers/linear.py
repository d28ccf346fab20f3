"""Linear attention: phi(q) (phi(k)ᵀ v), all at once, with a running sum, or chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.reference.mixers._memory import check_shapes


class State(NamedTuple):
    """What is kept of the past, whatever its length: `memory` (*batch, d_features, d_v) and `total` (*batch, d_features)."""

    memory: Tensor
    total: Tensor


def elu_plus_one(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """x + 1 for x > 0, e^x below. Source: [katharopoulos2020, equation 7]."""
    return torch.nn.functional.elu(x) + 1


def linear_attention(
    q: Float[Tensor, "*batch queries d_k"],
    k: Float[Tensor, "*batch keys d_k"],
    v: Float[Tensor, "*batch keys d_v"],
    features: Callable = elu_plus_one,
) -> Float[Tensor, "*batch queries d_v"]:
    """phi(q) (phi(k)ᵀ v) / (phi(q) . sum of phi(k)): every query sees every key, and no table of pairs is made.

    A query whose weights add up to 0 gets zeros. Errors: ValueError for shapes that disagree.
    Source: [katharopoulos2020, equations 4 to 6].
    """
    if q.shape[-1] != k.shape[-1] or k.shape[:-1] != v.shape[:-1]:
        raise ValueError(f"q, k and v have shapes {tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}: q and k need one width, each key its value")
    q, k = features(q), features(k)
    return _shared(q @ (k.mT @ v), q @ k.sum(dim=-2)[..., None])


def causal_linear_attention(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    features: Callable = elu_plus_one,
    chunk: int = 64,
) -> Float[Tensor, "*batch tokens d_v"]:
    """Query i sees the keys up to i: a masked product within each chunk, and a state for all chunks before it.

    chunk = 1 is the recurrence, a chunk of all tokens the masked product; the numbers are the same.
    Errors: ValueError for shapes that disagree, and for a chunk below 1.
    Source: the recurrence: [katharopoulos2020, section 3.4]; in chunks: [yang2024gla, section 2].
    """
    check_shapes(q.shape, k.shape, v.shape)
    chunk = count("chunk", chunk, at_least=1)
    q, k = features(q), features(k)
    state = start(q.shape[-1], v.shape[-1], like=v[..., :1, :])
    rows = []
    for first in range(0, q.shape[-2], chunk):
        part = slice(first, first + chunk)
        out, state = _chunk(q[..., part, :], k[..., part, :], v[..., part, :], state)
        rows.append(out)
    return torch.cat(rows, dim=-2) if rows else torch.zeros_like(v)


def masked_product(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    features: Callable = elu_plus_one,
) -> Float[Tensor, "*batch tokens d_v"]:
    """(phi(q) phi(k)ᵀ, its upper half set to 0, rows divided by their sums) v: the same numbers by way of the table."""
    check_shapes(q.shape, k.shape, v.shape)
    weights = (features(q) @ features(k).mT).tril()
    return _shared(weights @ v, weights.sum(dim=-1, keepdim=True))


def prefix_sums(
    q: Float[Tensor, "*batch tokens d_k"],
    k: Float[Tensor, "*batch tokens d_k"],
    v: Float[Tensor, "*batch tokens d_v"],
    features: Callable = elu_plus_one,
) -> Float[Tensor, "*batch tokens d_v"]:
    """Every token's state at once, as running sums over the tokens; keeps n states, where a step keeps one."""
    check_shapes(q.shape, k.shape, v.shape)
    q, k = features(q), features(k)
    memories = (k[..., None] * v[..., None, :]).cumsum(dim=-3)
    totals = k.cumsum(dim=-2)
    return _shared((q[..., None, :] @ memories)[..., 0, :], (q * totals).sum(dim=-1, keepdim=True))


def start(d_features: int, d_v: int, like: Float[Tensor, "*batch one d"]) -> State:
    """A state that has seen nothing, for the batch, dtype and device of `like`."""
    batch = like.shape[:-2]
    return State(like.new_zeros(*batch, d_features, d_v), like.new_zeros(*batch, d_features))


def step(
    state: State,
    q: Float[Tensor, "*batch d_k"],
    k: Float[Tensor, "*batch d_k"],
    v: Float[Tensor, "*batch d_v"],
    features: Callable = elu_plus_one,
) -> tuple[State, Float[Tensor, "*batch d_v"]]:
    """One token: add phi(k) vᵀ and phi(k), then read. Source: [katharopoulos2020, equations 16 to 20]."""
    q, k = features(q), features(k)
    state = State(state.memory + k[..., None] * v[..., None, :], state.total + k)
    return state, _shared((q[..., None, :] @ state.memory)[..., 0, :], (q * state.total).sum(dim=-1, keepdim=True))


def _chunk(q: Tensor, k: Tensor, v: Tensor, state: State) -> tuple[Tensor, State]:
    """The outputs of one chunk of features, and the state behind it."""
    weights = (q @ k.mT).tril()
    mixed = weights @ v + q @ state.memory
    total = weights.sum(dim=-1, keepdim=True) + q @ state.total[..., None]
    return _shared(mixed, total), State(state.memory + k.mT @ v, state.total + k.sum(dim=-2))


def _shared(mixed: Tensor, total: Tensor) -> Tensor:
    """mixed / total, and zeros where the total is 0."""
    empty = total == 0
    return (mixed / total.masked_fill(empty, 1)).masked_fill(empty, 0)
