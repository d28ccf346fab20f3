"""Masked words: which tokens a model has to guess, and what it sees in their places."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Int
from attnlab.tokens.vocabulary import PAD


class Masked(NamedTuple):
    """What the model reads, and what it has to say: the token where one was chosen, padding (0) everywhere else."""

    ids: Array
    targets: Array


def mask_tokens(
    ids: Int[Array, "*tokens"], words: Int[Array, "words"], mask: int, rng: np.random.Generator, share: float = 0.15
) -> Masked:
    """Each token that is one of `words` is chosen with probability `share`; a chosen one becomes the id `mask` in 8 of 10
    cases, a random word (maybe itself) in 1, and stays in 1.

    words: the ids that may be hidden and drawn; leave out padding and the other special tokens.
    Errors: TypeError for ids that are not integers; ValueError for a share outside [0, 1], no words, or 0 among them.
    Source: [devlin2019, section 3.1 and appendix A.1]; its code takes a share of each text, not each token by chance.
    """
    ids, words = np.asarray(ids), np.asarray(words)
    _need(ids, words, share)
    chosen = np.isin(ids, words) & (rng.random(ids.shape) < share)
    fate, drawn = rng.random(ids.shape), rng.choice(words, ids.shape)
    shown = np.where(fate < 0.8, mask, np.where(fate < 0.9, drawn, ids))
    return Masked(np.where(chosen, shown, ids), np.where(chosen, ids, PAD))


def mask_each(ids: Int[Array, " tokens"], words: Int[Array, "words"], mask: int) -> Masked:
    """The text once for each of its tokens that is one of `words`, with that token hidden: (texts, tokens)."""
    ids, words = np.asarray(ids), np.asarray(words)
    _need(ids, words, 1.0)
    chosen = np.arange(len(ids)) == np.flatnonzero(np.isin(ids, words))[:, None]
    return Masked(np.where(chosen, mask, ids), np.where(chosen, ids, PAD))


def _need(ids: np.ndarray, words: np.ndarray, share: float) -> None:
    for name, numbers in (("ids", ids), ("words", words)):
        if numbers.dtype.kind not in "iu":
            raise TypeError(f"{name} must hold whole numbers but their dtype is {numbers.dtype}")
    if not words.size or (words == PAD).any():
        raise ValueError(f"words must name at least one id, and not {PAD}, which is padding")
    if not 0 <= share <= 1:
        raise ValueError(f"share must be between 0 and 1 but is {share}")
