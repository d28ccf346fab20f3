"""Small models that write: tables of logits by prefix, and an attention layer with a cache of its own, for tests/generation."""

from __future__ import annotations

import math

import numpy as np
import torch

from attnlab.attention import attention
from attnlab.tokens.vocabulary import PAD


def by_prefix(seed: int, vocabulary: int, spread: float = 1.5):
    """Logits that depend on everything written, and never allow padding: a function of a tuple of ids."""

    def row(ids: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng([seed, *ids])
        logits = spread * rng.normal(size=vocabulary)
        logits[PAD] = -math.inf
        return logits

    return row


def as_step(row, given: int = 1):
    """A `step` without a cache from a function of prefixes; the first `given` columns are the prompt."""

    def step(ids, cache=None):
        assert cache is None
        return torch.tensor(np.array([row(tuple(one)) for one in ids[:, given:].tolist()]))

    return step


class Kept:
    """What the layer below has seen: keys, values, and which of them are tokens."""

    def __init__(self, parts=None):
        self.parts, self.calls = parts, []

    def select(self, rows):
        kept = Kept(tuple(part[rows] for part in self.parts))
        kept.calls = self.calls
        return kept


class Layer:
    """One layer of attention over embedded tokens with a place each; padding in front is not seen and not counted."""

    def __init__(self, seed: int, vocabulary: int = 7, width: int = 10):
        rng = np.random.default_rng(seed)
        draw = lambda *shape: torch.tensor(rng.normal(size=shape))
        self.table, self.places = draw(vocabulary, width), draw(40, width)
        self.q, self.k, self.v, self.out = (draw(width, 5), draw(width, 5), draw(width, 5), draw(5, vocabulary))

    def step(self, ids, cache=None):
        """Logits after the last column. The cache notes how many columns it was given at each call."""
        real = ids != PAD
        before = None if cache is None else cache.parts
        seen = real if before is None else torch.cat([before[2], real], dim=1)
        at = (seen.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        x = self.table[ids] + self.places[at]
        k, v = x @ self.k, x @ self.v
        if before is not None:
            k, v = torch.cat([before[0], k], dim=1), torch.cat([before[1], v], dim=1)
        if cache is not None:
            cache.parts = (k, v, seen)
            cache.calls.append(ids.shape[1])
        mixed = attention(x[:, -1:] @ self.q, k, v, seen.unsqueeze(1))
        logits = 3 * (mixed[:, 0] + x[:, -1, :5]) @ self.out
        return torch.cat([torch.full_like(logits[:, :1], -math.inf), logits[:, 1:]], dim=1)
