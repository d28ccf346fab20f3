"""Many feed-forward networks, of which each token uses a few, in NumPy: routing, balance, capacity, and two gradients by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Bool, Float, Int, Integer, Real
from attnlab.reference._numbers import finite, finite_number
from attnlab.reference.softmax import softmax


class Routing(NamedTuple):
    """Who computes a token: `experts` and `weights` (*tokens, top_k), the best first; `scores` (*tokens, n_experts)."""

    experts: Array
    weights: Array
    scores: Array


def sigmoid(x: Real[Array, "*shape"]) -> Float[Array, "*shape"]:
    """1 / (1 + exp(-x)): a score for each expert by itself."""
    x = finite("x", x)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


def shares(scores: Real[Array, "*tokens top_k"], total: float = 1.0) -> Float[Array, "*tokens top_k"]:
    """total * score / sum of the chosen scores. With `softmax` and 1: the softmax of the chosen logits alone."""
    scores = finite("scores", scores)
    return finite_number("total", total) * scores / scores.sum(axis=-1, keepdims=True)


def unchanged(scores: Real[Array, "*tokens top_k"]) -> Float[Array, "*tokens top_k"]:
    """The chosen scores as they are. Source: [fedus2022, equation 2], there with one expert a token."""
    return finite("scores", scores)


def route(
    logits: Real[Array, "*tokens n_experts"],
    top_k: int,
    bias: Real[Array, " n_experts"] | None = None,
    score: Callable = softmax,
    weigh: Callable = shares,
    limit: Callable | None = None,
) -> Routing:
    """The `top_k` experts of the largest score + bias, weighted by weigh(their scores); of equal experts the first.

    Arguments and sources are those of `attnlab.layers.route`.
    Errors: ValueError unless top_k is between 1 and the number of experts that may be chosen.
    """
    logits = finite("logits", logits)
    top_k = count("top_k", top_k, 1, logits.shape[-1])
    scores = score(logits)
    wanted = scores if bias is None else scores + finite("bias", bias)
    if limit is not None:
        may = limit(wanted)
        left = int(may.sum(axis=-1).min(initial=may.shape[-1]))
        if left < top_k:
            raise ValueError(f"top_k = {top_k} but the limit leaves {left} experts to choose from")
        wanted = np.where(may, wanted, -np.inf)
    experts = _largest(wanted, top_k)
    return Routing(experts, weigh(np.take_along_axis(scores, experts, axis=-1)), scores)


def best_groups(
    scores: Real[Array, "*tokens n_experts"], n_groups: int, n_kept: int, n_best: int = 2
) -> Bool[Array, "*tokens n_experts"]:
    """True for the experts of the `n_kept` best of `n_groups` equal groups; a group is as good as its `n_best` best together.

    Errors: ValueError unless n_groups divides the number of experts and n_kept is at most n_groups.
    Source: [deepseek2024v3, section 2.1.2, node-limited routing].
    """
    scores = finite("scores", scores)
    n_experts = scores.shape[-1]
    n_groups = count("n_groups", n_groups, 1, n_experts)
    if n_experts % n_groups:
        raise ValueError(f"n_groups = {n_groups} does not divide n_experts = {n_experts}")
    n_kept, size = count("n_kept", n_kept, 1, n_groups), n_experts // n_groups
    ranked = np.sort(scores.reshape(*scores.shape[:-1], n_groups, size), axis=-1)
    worth = ranked[..., size - count("n_best", n_best, 1, size) :].sum(axis=-1)
    kept = np.zeros(worth.shape, dtype=bool)
    np.put_along_axis(kept, _largest(worth, n_kept), True, axis=-1)
    return np.repeat(kept, size, axis=-1)


def route_gradient(
    weights: Real[Array, "*tokens top_k"], d_weights: Real[Array, "*tokens top_k"]
) -> Float[Array, "*tokens top_k"]:
    """How the loss moves with the logits of the chosen experts, for `softmax` and `shares`: weights * (d - sum(weights * d)).

    d is how the loss moves with the weights. With one chosen expert the weight is 1 and the gradient 0. The other logits
    have none.
    """
    weights, d = finite("weights", weights), finite("d_weights", d_weights)
    return weights * (d - (weights * d).sum(axis=-1, keepdims=True))


def loads(experts: Integer[Array, "*tokens top_k"], n_experts: int) -> Int[Array, " n_experts"]:
    """How many choices fell on each expert."""
    return np.bincount(np.ravel(experts), minlength=count("n_experts", n_experts, at_least=1)).astype(np.int64)


def balance_loss(routing: Routing) -> float:
    """n_experts * sum over the experts of (share of the choices) * (mean share of the scores).

    Source: [fedus2022, equations 4 to 6], for top_k = 1; with more, the counts are divided by top_k.
    """
    scores = finite("scores", routing.scores)
    shared = (scores / scores.sum(axis=-1, keepdims=True)).reshape(-1, scores.shape[-1])
    return float(scores.shape[-1] * (_chosen(routing) * shared.mean(axis=0)).sum())


def balance_loss_gradient(routing: Routing) -> Float[Array, "*tokens n_experts"]:
    """How `balance_loss` moves with the logits, for `softmax`; the counts are held.

    With the share f of the choices, for each token:  n_experts / tokens * p * (f - sum(p * f)).  An expert that is
    busier than what the token's probabilities p expect goes down, one that is less busy up.
    """
    p = finite("scores", routing.scores)
    busy, n_experts = _chosen(routing), p.shape[-1]
    return n_experts / (p.size // n_experts) * p * (busy - (p * busy).sum(axis=-1, keepdims=True))


def nudged(
    bias: Real[Array, " n_experts"], experts: Integer[Array, "*tokens top_k"], rate: float
) -> Float[Array, " n_experts"]:
    """bias + rate * sign(mean load - load). Source: [wang2024, algorithm 1]; [deepseek2024v3, section 2.1.2]."""
    bias = finite("bias", bias)
    load = loads(experts, len(bias))
    return bias + finite_number("rate", rate) * np.sign(load.mean() - load)


def capacity(n_tokens: int, n_experts: int, top_k: int = 1, factor: float = 1.0) -> int:
    """factor * n_tokens * top_k / n_experts, rounded up: the places of an expert; factor 1 just fits a perfect balance.

    Source: [fedus2022, equation 3], there with one expert a token.
    """
    factor = finite_number("factor", factor)
    if factor <= 0:
        raise ValueError(f"factor must be above 0 but is {factor}")
    n_experts = count("n_experts", n_experts, at_least=1)
    choices = count("n_tokens", n_tokens) * count("top_k", top_k, at_least=1)
    return math.ceil(round(factor * choices / n_experts, 9))


def admitted(experts: Integer[Array, "*tokens top_k"], places: int) -> Bool[Array, "*tokens top_k"]:
    """Whether each choice finds a place: all first choices come before all second ones, earlier tokens before later.

    Source: the order: [lepikhin2021, section 2.2, algorithm 1].
    """
    places, taken, kept = count("places", places), {}, np.zeros(np.shape(experts), dtype=bool)
    for choice in range(np.shape(experts)[-1]):
        for token in np.ndindex(np.shape(experts)[:-1]):
            expert = int(experts[(*token, choice)])
            taken[expert] = taken.get(expert, 0) + 1
            kept[(*token, choice)] = taken[expert] <= places
    return kept


def mixture(
    x: Real[Array, "*tokens d_model"], routing: Routing, experts: Sequence[Callable], shared: Callable | None = None
) -> Float[Array, "*tokens d_out"]:
    """sum over the chosen experts of weight * expert(x), + shared(x) where there is one.

    experts: functions of (rows, d_model), of which each runs on the rows that chose it, together.
    Source: [shazeer2017, equation 1]; shared experts: [dai2024, section 3.2].
    """
    x = finite("x", x)
    rows, chosen, weights = (part.reshape(-1, part.shape[-1]) for part in (x, *routing[:2]))
    mixed = None
    for number, expert in enumerate(experts):
        row, place = np.nonzero((chosen == number) & (weights != 0))
        if len(row):
            result = expert(rows[row])
            mixed = np.zeros((len(rows), result.shape[-1])) if mixed is None else mixed
            np.add.at(mixed, row, weights[row, place, None] * result)
    mixed = (np.zeros_like(rows) if mixed is None else mixed).reshape(*x.shape[:-1], -1)
    return mixed if shared is None else mixed + shared(x)


def _chosen(routing: Routing) -> Array:
    """Share of the choices that fell on each expert."""
    if np.size(routing.experts) == 0:
        raise ValueError("a balancing loss needs at least one token")
    return loads(routing.experts, routing.scores.shape[-1]) / np.size(routing.experts)


def _largest(x: Array, k: int) -> Array:
    """Places of the `k` largest, the largest first; of equal ones the first."""
    return np.argsort(-x, axis=-1, kind="stable")[..., :k]
