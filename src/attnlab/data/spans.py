"""Span corruption, the exercise on which T5 was trained: runs of tokens are replaced by marks, and have to be written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Bool, Int

Token = TypeVar("Token")


class Corrupted(NamedTuple):
    """What the encoder reads, and what the decoder has to write."""

    source: list
    target: list


def span_lengths(n: int, rate: float = 0.15, mean: float = 3.0) -> tuple[int, int]:
    """(how many of n tokens are corrupted, in how many spans): round(n rate), and round(that / mean), both at least 1.

    At least one token stays, and there are as many runs of kept tokens as spans.
    Errors: ValueError for fewer than 2 tokens, a rate outside (0, 1), a mean below 1.
    Source: [raffel2020, section 3.3.4], as in the code published with it.
    """
    n = count("n", n)
    if n < 2 or not 0 < rate < 1 or not mean >= 1:
        raise ValueError(f"spans need 2 tokens, a rate between 0 and 1 and a mean of at least 1, not {n}, {rate} and {mean}")
    corrupted = min(max(round(n * rate), 1), n - 1)
    return corrupted, min(max(round(corrupted / mean), 1), n - corrupted)


def span_mask(n: int, rng: np.random.Generator, rate: float = 0.15, mean: float = 3.0) -> Bool[Array, "n"]:
    """True for the tokens to be corrupted: kept and corrupted runs take turns, kept ones first, all ways to cut them equally likely.

    So the first token stays and the last is corrupted, as in the code published with the paper. Errors: those of `span_lengths`.
    """
    corrupted, spans = span_lengths(n, rate, mean)
    kept = _composition(n - corrupted, spans, rng)
    lost = _composition(corrupted, spans, rng)
    lengths = np.stack([kept, lost], axis=1).ravel()
    return np.repeat(np.arange(2 * spans) % 2 == 1, lengths.astype(np.intp))


def corrupt(tokens: Sequence[Token], mask: Sequence[bool] | Bool[Array, "n"], marks: Sequence[Token]) -> Corrupted:
    """Each run of corrupted tokens becomes one mark in the source; the target holds each mark, the run, and one mark to end.

    Errors: ValueError unless the mask has an entry for each token and there is one mark more than spans.
    Source: [raffel2020, section 3.1.4 and figure 2].
    """
    mask = np.asarray(mask, dtype=bool)
    if mask.shape != (len(tokens),):
        raise ValueError(f"the mask has shape {mask.shape} but there are {len(tokens)} tokens")
    starts = mask & ~np.r_[False, mask[:-1]]
    if len(marks) <= starts.sum():
        raise ValueError(f"{starts.sum()} spans need {starts.sum() + 1} marks but there are {len(marks)}")
    source, target, left = [], [], iter(marks)
    for token, lost, first in zip(tokens, mask, starts):
        if first:
            mark = next(left)
            source.append(mark)
            target.append(mark)
        (target if lost else source).append(token)
    return Corrupted(source, [*target, next(left)])


def _composition(total: int, parts: int, rng: np.random.Generator) -> Int[Array, "parts"]:
    """`total` as a sum of so many whole numbers of at least 1, each way equally likely."""
    cuts = np.sort(rng.choice(np.arange(1, total), size=parts - 1, replace=False))
    return np.diff(np.r_[0, cuts, total]).astype(np.int64)
