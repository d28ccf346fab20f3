"""Speculative decoding, counted: everything that a round can write with its probability, and how many tokens that is on average.

A model is a function from the ids so far (a tuple) to the probabilities of the next one; `target` is the large one, whose
distribution is to be kept, `draft` the small one, which proposes `n_drafted` tokens a round. Source: [leviathan2023].
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Real
from attnlab.reference._numbers import finite_number
from attnlab.reference.sampling import accept

Ids = tuple[int, ...]
Model = Callable[[Ids], Real[Array, "vocabulary"]]


def a_round(target: Model, draft: Model, ids: Ids, n_drafted: int) -> dict[Ids, float]:
    """Every text that one round can append to `ids`, 1 to n_drafted + 1 tokens long, with its probability.

    The sum over all drafts and over the place at which each is refused: vocabulary^n_drafted terms, for small vocabularies.
    """
    n_drafted, found = count("n_drafted", n_drafted), {}
    for drafted in itertools.product(range(len(target(ids))), repeat=n_drafted):
        proposed, stands = 1.0, 1.0
        for i in range(n_drafted):
            before = (*ids, *drafted[:i])
            q = draft(before)
            proposed *= q[drafted[i]]
        for i in range(n_drafted + 1):
            before = (*ids, *drafted[:i])
            if i == n_drafted:
                refused, rest = 1.0, target(before)
            else:
                kept, rest = accept(target(before), draft(before))
                refused = 1.0 - kept[drafted[i]]
            for token, p in enumerate(rest):
                text = (*drafted[:i], token)
                found[text] = found.get(text, 0.0) + proposed * stands * refused * float(p)
            stands *= 1.0 - refused
    return found


def written(target: Model, draft: Model, n_tokens: int, n_drafted: int) -> dict[Ids, float]:
    """The probability of every text of n_tokens, written in rounds; what the last round writes beyond them is cut off."""
    open_, done = {(): 1.0}, {}
    while open_:
        ids, p = open_.popitem()
        for more, share in a_round(target, draft, ids, n_drafted).items():
            text = (*ids, *more)[: count("n_tokens", n_tokens, at_least=1)]
            where = done if len(text) == n_tokens else open_
            where[text] = where.get(text, 0.0) + p * share
    return done


def tokens_a_round(a: float, n_drafted: int) -> float:
    """(1 - a^(g + 1)) / (1 - a), g = n_drafted: tokens of one pass of the target, where each stands with probability a, independently.

    For a = 1 it is g + 1. Errors: ValueError unless 0 <= a <= 1. Source: [leviathan2023, equation 1].
    """
    a, n_drafted = finite_number("a", a), count("n_drafted", n_drafted)
    if not 0 <= a <= 1:
        raise ValueError(f"a must be between 0 and 1 but is {a}")
    return float(sum(a**i for i in range(n_drafted + 1)))


def speed_up(a: float, n_drafted: int, cost: float) -> float:
    """Tokens a round over what a round costs, in passes of the target: 1 for it, and `cost` for each token of the draft.

    As far as the target reads n_drafted + 1 tokens in the time of one. Errors: ValueError for a cost below 0.
    Source: [leviathan2023, theorem 3.8].
    """
    cost = finite_number("cost", cost)
    if cost < 0:
        raise ValueError(f"cost must be at least 0 but is {cost}")
    return tokens_a_round(a, n_drafted) / (1 + count("n_drafted", n_drafted) * cost)
