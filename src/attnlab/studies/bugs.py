"""Self-attention with one thing wrong: specimens of the mistakes that run, train and raise no error.

`RIGHT` is a causal multi-head layer made of five exchangeable steps. Every entry of `BUGS` is the same layer
with one step exchanged, so that training it, or testing it, shows what that one mistake does. All of it works on
NumPy arrays and torch tensors alike and is written for reading, not for speed; `attnlab.attention.heads` is the layer to use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from attnlab import masks
from attnlab._shapes import AnyArray, Bool, Float, Integer


def place(
    x: Float[AnyArray, "batch tokens d_model"],
    signal: Float[AnyArray, "max_len d_model"],
    start: Integer[AnyArray, "batch"],
) -> Float[AnyArray, "batch tokens d_model"]:
    """x + signal of each token's position, counted from the token at which its text starts."""
    _, steps = masks.positions(0, x.shape[-2], like=x)
    return x + signal[(steps - start[:, None]).clip(0)]


def project(x: Float[AnyArray, "batch tokens d_model"], w: Mapping, n_heads: int) -> tuple:
    """Queries, keys and values, each (batch, heads, tokens, d_head)."""
    return tuple(_split(x @ w[name], n_heads) for name in "QKV")


def permit(start: Integer[AnyArray, "batch"], n: int) -> Bool[AnyArray, "batch 1 n n"]:
    """Who may look at whom: no query at a later key, nobody at the padding in front of a text."""
    q_pos, k_pos = masks.positions(n, n, like=start)
    return (masks.causal(q_pos, k_pos) & (k_pos >= start[:, None, None]))[:, None]


def weigh(
    q: Float[AnyArray, "batch heads n d_k"], k: Float[AnyArray, "batch heads n d_k"], permitted: AnyArray
) -> Float[AnyArray, "batch heads n n"]:
    """softmax(q kᵀ / sqrt(d_k)) over the permitted keys; zeros for a query with none."""
    return _shares(_scores(q, k), permitted)


def merge(o: Float[AnyArray, "batch heads tokens d_head"]) -> Float[AnyArray, "batch tokens d_model"]:
    """The heads of each token side by side: exchange heads and tokens, then join."""
    o = _library(o).swapaxes(o, 1, 2)
    return o.reshape(*o.shape[:2], -1)


@dataclass(frozen=True)
class Layer:
    """merge(weigh(q, k, permitted) v) W_O, with q, k, v projected from the placed tokens."""

    n_heads: int = 2
    place: Callable = place
    project: Callable = project
    permit: Callable = permit
    weigh: Callable = weigh
    merge: Callable = merge

    def __call__(
        self,
        x: Float[AnyArray, "batch tokens d_model"],
        w: Mapping,
        start: Integer[AnyArray, "batch"] | None = None,
    ) -> Float[AnyArray, "batch tokens d_model"]:
        """Tokens mixed with their past. `w` maps Q, K, V, O (d_model, d_model) and P (max_len, d_model).

        start: the number of padding tokens in front of each text; none unless given.
        Errors: ValueError if n_heads does not divide the width, or P has fewer rows than there are tokens.
        """
        weights, v = self.weights(x, w, start)
        return self.merge(weights @ v) @ w["O"]

    def weights(self, x: AnyArray, w: Mapping, start: AnyArray | None = None) -> tuple:
        """The table of weights (batch, heads, tokens, tokens), and the values that it mixes."""
        if w["Q"].shape[-1] % self.n_heads:
            raise ValueError(f"n_heads = {self.n_heads} does not divide the width {w['Q'].shape[-1]}")
        if len(w["P"]) < x.shape[1]:
            raise ValueError(f"P has {len(w['P'])} positions but there are {x.shape[1]} tokens")
        start = _zeros(x) if start is None else start
        q, k, v = self.project(self.place(x, w["P"], start), w, self.n_heads)
        return self.weigh(q, k, self.permit(start, x.shape[1])), v


# -- one step exchanged -------------------------------------------------------------------------------------


def place_twice(x, signal, start):
    """The positions are added, and then added again."""
    return place(place(x, signal, start), signal, start)


def keys_for_values(x, w, n_heads):
    """Keys and values change places."""
    q, k, v = project(x, w, n_heads)
    return q, v, k


def one_too_far(start, n):
    """Every query sees one key too many, the next token."""
    q_pos, k_pos = masks.positions(n, n, like=start)
    return (masks.causal(q_pos + 1, k_pos) & (k_pos >= start[:, None, None]))[:, None]


def upside_down(start, n):
    """What may be seen is hidden, and what must be hidden is seen."""
    return ~permit(start, n)


def padding_seen(start, n):
    """Causal, but the padding in front of a text is looked at like any token."""
    return permit(start * 0, n)


def first_text_for_all(start, n):
    """Every text of the batch gets the padding mask of the first."""
    return permit(start * 0 + start[0], n)


def over_queries(q, k, permitted):
    """The softmax runs over the queries, so that columns add up to one."""
    return _shares(_scores(q, k), permitted, axis=-2)


def unscaled(q, k, permitted):
    """The scores are not divided by sqrt(d_k)."""
    return _shares(_scores(q, k) * q.shape[-1] ** 0.5, permitted)


def masked_late(q, k, permitted):
    """The mask multiplies the finished weights, and nothing is divided by the new sum."""
    return _shares(_scores(q, k), permitted | True) * permitted


def dropping(rng: np.random.Generator, rate: float = 0.1) -> Callable:
    """A `weigh` that loses each weight with probability `rate`, in training and ever after."""

    def weigh_and_drop(q, k, permitted):
        weights = weigh(q, k, permitted)
        kept = (rng.random(tuple(weights.shape)) >= rate) / (1 - rate)
        return weights * (kept if isinstance(weights, np.ndarray) else weights.new_tensor(kept))

    return weigh_and_drop


def merge_by_reshape(o):
    """Heads and tokens are not exchanged before they are joined."""
    return o.reshape(o.shape[0], o.shape[2], -1)


RIGHT = Layer()
BUGS = {
    "softmax over the queries": replace(RIGHT, weigh=over_queries),
    "scale forgotten": replace(RIGHT, weigh=unscaled),
    "mask one too far": replace(RIGHT, permit=one_too_far),
    "mask upside down": replace(RIGHT, permit=upside_down),
    "mask after the softmax": replace(RIGHT, weigh=masked_late),
    "padding seen": replace(RIGHT, permit=padding_seen),
    "first text's padding for all": replace(RIGHT, permit=first_text_for_all),
    "heads merged by reshape": replace(RIGHT, merge=merge_by_reshape),
    "keys and values exchanged": replace(RIGHT, project=keys_for_values),
    "dropout never off": replace(RIGHT, weigh=dropping(np.random.default_rng(0))),
    "positions added twice": replace(RIGHT, place=place_twice),
}


# -- what the steps share -----------------------------------------------------------------------------------


def _library(x: AnyArray):
    """NumPy, or torch if `x` is a tensor; torch is not imported for it, whoever made the tensor did that."""
    return np if isinstance(x, np.ndarray) else sys.modules["torch"]


def _zeros(x: AnyArray) -> AnyArray:
    """A start of 0 for each text."""
    return masks.positions(0, len(x), like=x)[1] * 0


def _split(x: AnyArray, n_heads: int) -> AnyArray:
    return _library(x).swapaxes(x.reshape(*x.shape[:2], n_heads, -1), 1, 2)


def _scores(q: AnyArray, k: AnyArray) -> AnyArray:
    return q @ k.mT / q.shape[-1] ** 0.5


def _shares(scores: AnyArray, permitted: AnyArray, axis: int = -1) -> AnyArray:
    """Exponentials of the permitted scores, divided by their sum along `axis`; zeros where it is empty."""
    xp = _library(scores)
    top = xp.amax(xp.where(permitted, scores, -np.inf), axis, keepdims=True)
    top = xp.where(xp.isinf(top), 0 * top.clip(0), top)
    powers = xp.exp(xp.where(permitted, scores - top, -np.inf))
    total = powers.sum(axis, keepdims=True)
    return powers / (total + (total == 0))
