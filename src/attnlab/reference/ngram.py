"""A language model that counts: the next token given the last few, and all shorter pasts mixed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from attnlab._counts import count as whole
from attnlab._shapes import Array, Float, Int

Past = tuple[int, ...]
Ids = Sequence[int] | Int[Array, "tokens"]


class Counts(NamedTuple):
    """How often each token followed each past of 0 to order - 1 tokens, and how often each past was there."""

    order: int
    vocab_size: int
    together: Counter[tuple[Past, int]]
    before: Counter[Past]


def count(texts: Iterable[Ids], order: int, vocab_size: int) -> Counts:
    """The counts of all windows of up to `order` tokens; no window reaches over the edge of a text.

    Errors: ValueError for an order or a vocabulary below 1.
    """
    order, vocab_size = whole("order", order, at_least=1), whole("vocab_size", vocab_size, at_least=1)
    together: Counter[tuple[Past, int]] = Counter()
    for text in texts:
        ids = [int(i) for i in text]
        for at, token in enumerate(ids):
            together.update((past, token) for past in _pasts(ids, at, order))
    before: Counter[Past] = Counter()
    for (past, _), times in together.items():
        before[past] += times
    return Counts(order, vocab_size, together, before)


def surprise(counts: Counts, text: Ids, strength: float = 5.0) -> Float[Array, "tokens"]:
    """-ln p of each token of the text, given up to order - 1 tokens before it.

    p_k = (times together + strength p_{k-1}) / (times before + strength), from p of no past at all, 1 / vocab_size, up to the
    longest past: where a past was seen often, its own counts decide, and where it was not, the shorter ones do.
    Errors: ValueError unless strength is above 0, or for a token outside the vocabulary.
    Source: [mackay1995], with one strength for every order.
    """
    if not 0 < strength < np.inf:
        raise ValueError(f"strength must be above 0 and finite but is {strength}")
    ids = [int(i) for i in text]
    outside = [i for i in ids if not 0 <= i < counts.vocab_size]
    if outside:
        raise ValueError(f"token {outside[0]} is none of the {counts.vocab_size} in the vocabulary")
    found = np.empty(len(ids))
    for at, token in enumerate(ids):
        p = 1 / counts.vocab_size
        for past in _pasts(ids, at, counts.order):
            p = (counts.together[past, token] + strength * p) / (counts.before[past] + strength)
        found[at] = -np.log(p)
    return found


def _pasts(ids: list[int], at: int, order: int) -> list[Past]:
    """The 0, 1, ... order - 1 tokens before place `at`, as far as there are as many."""
    return [tuple(ids[at - n : at]) for n in range(min(order - 1, at) + 1)]
