"""Filters: logits to logits, a row for each text. They compose: `top_p(temperature(logits, 0.8), 0.95)`."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float


def temperature(logits: Float[Tensor, "*batch vocabulary"], t: float) -> Float[Tensor, "*batch vocabulary"]:
    """logits / t: below 1 the likely tokens gain, above 1 the unlikely ones.

    Errors: ValueError unless t is above 0 and finite, or for logits that are NaN or +inf. Greedy decoding is its limit for small t.
    """
    check_logits(logits)
    return logits / _within("t", t, 0 < t < math.inf, "above 0 and finite")


def top_k(logits: Float[Tensor, "*batch vocabulary"], k: int) -> Float[Tensor, "*batch vocabulary"]:
    """The k largest logits as they are, the others -inf; what equals the k-th largest is kept too.

    With a k above the vocabulary everything is kept. Errors: ValueError unless k is at least 1.
    """
    check_logits(logits)
    k = min(count("k", k, at_least=1), logits.shape[-1])
    return logits.masked_fill(logits < logits.topk(k, dim=-1).values[..., -1:], -math.inf)


def top_p(logits: Float[Tensor, "*batch vocabulary"], p: float) -> Float[Tensor, "*batch vocabulary"]:
    """The smallest set of likeliest tokens whose probabilities add up to p or more (the nucleus); the others -inf.

    Of equal logits at the border those with lower ids are kept. Errors: ValueError unless 0 < p <= 1.
    Source: [holtzman2020], nucleus sampling.
    """
    check_logits(logits)
    p = _within("p", p, 0 < p <= 1, "above 0 and at most 1")
    values, order = logits.sort(dim=-1, descending=True, stable=True)
    probabilities = values.softmax(dim=-1, dtype=torch.promote_types(values.dtype, torch.float32))
    rest = probabilities.flip(-1).cumsum(-1).flip(-1)  # of a token and of all that are less likely
    drop = rest <= 1 - p
    drop[..., 0] = False
    return logits.masked_fill(torch.zeros_like(drop).scatter(-1, order, drop), -math.inf)


def min_p(logits: Float[Tensor, "*batch vocabulary"], p: float) -> Float[Tensor, "*batch vocabulary"]:
    """The tokens whose probability is at least p times the largest; the others -inf.

    Errors: ValueError unless 0 <= p <= 1. Source: [nguyen2025].
    """
    check_logits(logits)
    p = _within("p", p, 0 <= p <= 1, "between 0 and 1")
    below = math.log(p) if p > 0 else -math.inf
    return logits.masked_fill(logits < logits.amax(dim=-1, keepdim=True) + below, -math.inf)


def check_logits(logits: Float[Tensor, "*batch vocabulary"]) -> None:
    """ValueError where a logit is NaN or +inf, or there is none."""
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"logits need at least one token but have the shape {tuple(logits.shape)}")
    bad = ~(logits < math.inf)
    if bad.any():
        raise ValueError(f"logits hold NaN or +infinity: {int(bad.sum())} of {logits.numel()} numbers")


def _within(name: str, value: float, inside: bool, words: str) -> float:
    if isinstance(value, bool) or not inside:
        raise ValueError(f"{name} must be {words} but is {value}")
    return value
