"""Sampling: filters that change the logits of the next token, a draw, and the test of a token that another model proposed."""

from __future__ import annotations

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Float, Int, Real
from attnlab.reference._numbers import below_infinity, finite_number
from attnlab.reference.softmax import softmax


def temperature(logits: Real[Array, "*batch vocabulary"], t: float) -> Float[Array, "*batch vocabulary"]:
    """logits / t: below 1 the likely tokens gain, above 1 the unlikely ones.

    Errors: ValueError unless t is above 0 and finite. Greedy decoding is its limit for small t.
    """
    logits, t = below_infinity("logits", logits), finite_number("t", t)
    if t <= 0:
        raise ValueError(f"t must be above 0 but is {t}")
    return logits / t


def top_k(logits: Real[Array, "*batch vocabulary"], k: int) -> Float[Array, "*batch vocabulary"]:
    """The k largest logits as they are, the others -inf; what equals the k-th largest is kept too.

    With a k above the vocabulary everything is kept. Errors: ValueError unless k is at least 1.
    """
    logits, k = below_infinity("logits", logits), count("k", k, at_least=1)
    place = max(logits.shape[-1] - k, 0)
    smallest = np.sort(logits, axis=-1)[..., place, None]
    return np.where(logits < smallest, -np.inf, logits)


def top_p(logits: Real[Array, "*batch vocabulary"], p: float) -> Float[Array, "*batch vocabulary"]:
    """The smallest set of likeliest tokens whose probabilities add up to p or more (the nucleus); the others -inf.

    Of equal logits at the border those with lower ids are kept. Errors: ValueError unless 0 < p <= 1.
    Source: [holtzman2020], nucleus sampling.
    """
    logits, p = below_infinity("logits", logits), finite_number("p", p)
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1 but is {p}")
    order = np.argsort(-logits, axis=-1, kind="stable")
    probabilities = np.take_along_axis(softmax(logits), order, axis=-1)
    rest = np.cumsum(probabilities[..., ::-1], axis=-1)[..., ::-1]  # of a token and of all that are less likely
    drop = rest <= 1 - p
    drop[..., 0] = False
    out = logits.copy()
    np.put_along_axis(out, order, np.where(drop, -np.inf, np.take_along_axis(logits, order, axis=-1)), axis=-1)
    return out


def min_p(logits: Real[Array, "*batch vocabulary"], p: float) -> Float[Array, "*batch vocabulary"]:
    """The tokens whose probability is at least p times the largest; the others -inf.

    Errors: ValueError unless 0 <= p <= 1. Source: [nguyen2025].
    """
    logits, p = below_infinity("logits", logits), finite_number("p", p)
    if not 0 <= p <= 1:
        raise ValueError(f"p must be between 0 and 1 but is {p}")
    below = np.log(p) if p > 0 else -np.inf
    return np.where(logits < logits.max(axis=-1, keepdims=True) + below, -np.inf, logits)


def draw(logits: Real[Array, "*batch vocabulary"], rng: np.random.Generator) -> Int[Array, "*batch"]:
    """One token a row, with probability softmax(logits): the first at which the summed probability passes a uniform number.

    Errors: ValueError for a row that allows no token.
    """
    p = softmax(logits)
    if not p.any(axis=-1).all():
        raise ValueError("a row of logits is -inf everywhere: it allows no token")
    sums = np.cumsum(p, axis=-1)
    u = rng.random(p.shape[:-1])[..., None] * sums[..., -1:]
    return np.asarray((sums > u).argmax(axis=-1))


def accept(
    p: Real[Array, "vocabulary"], q: Real[Array, "vocabulary"]
) -> tuple[Float[Array, "vocabulary"], Float[Array, "vocabulary"]]:
    """How a token drawn from q becomes one drawn from p: min(1, p / q), with which it is kept, and from what the next try is drawn.

    The second is max(0, p - q) over its sum; where p equals q nothing is ever refused, and p itself stands in for it.
    A token that q never proposes has no say: its first number is 1. Source: [leviathan2023].
    """
    p, q = below_infinity("p", p), below_infinity("q", q)
    if p.shape != q.shape:
        raise ValueError(f"p has {len(p)} tokens but q has {len(q)}")
    kept = np.minimum(1.0, p / np.where(q > 0, q, 1.0), where=q > 0, out=np.ones_like(p))
    rest = np.maximum(0.0, p - q)
    return kept, rest / rest.sum() if rest.sum() > 0 else p
