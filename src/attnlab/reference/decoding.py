"""Writing a text token by token, in plain Python: the likeliest token, a beam, and every text there is.

A model is a function `step`: from the ids written so far (a tuple) to a row of logits for the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import below_infinity, finite_number

Ids = tuple[int, ...]
Step = Callable[[Ids], Real[Array, "vocabulary"]]


class Text(NamedTuple):
    """What was written, and the logarithm of its probability."""

    ids: Ids
    log_p: float


def log_softmax(logits: Real[Array, "vocabulary"]) -> Float[Array, "vocabulary"]:
    """log(exp(x_i) / sum_j exp(x_j)): the logarithm of the probability of every token; -inf stays -inf.

    Errors: ValueError if every logit is -inf.
    """
    x = below_infinity("logits", logits)
    if not np.isfinite(x).any():
        raise ValueError("a row of logits is -inf everywhere: it allows no token")
    shifted = x - x.max()
    return shifted - np.log(np.exp(shifted).sum())


def penalty(length: int, alpha: float) -> float:
    """((5 + length) / 6)^alpha, by which a log probability is divided so that long texts are not at a disadvantage.

    Errors: ValueError unless alpha is 0 or more. Source: [wu2016, section 7].
    """
    length, alpha = count("length", length), finite_number("alpha", alpha)
    if alpha < 0:
        raise ValueError(f"alpha must be at least 0 but is {alpha}")
    return ((5 + length) / 6) ** alpha


def greedy(step: Step, longest: int, end: int) -> Text:
    """The likeliest token again and again, until `end` is written or `longest` tokens are."""
    longest, end = count("longest", longest), count("end", end)
    ids, total = (), 0.0
    while len(ids) < longest and (not ids or ids[-1] != end):
        log_p = log_softmax(step(ids))
        ids, total = (*ids, int(log_p.argmax())), total + float(log_p.max())
    return Text(ids, total)


def grow(step: Step, texts: list[Text]) -> list[Text]:
    """Every text with every token after it, the likeliest first; tokens of probability 0 are left out."""
    grown = []
    for ids, total in texts:
        log_p = log_softmax(step(ids))
        grown += [Text((*ids, i), total + float(log_p[i])) for i in np.flatnonzero(log_p > -np.inf).tolist()]
    return sorted(grown, key=lambda text: -text.log_p)


def beam(step: Step, longest: int, width: int, end: int, alpha: float = 0.0) -> list[Text]:
    """The best finished texts of a search that keeps the `width` likeliest beginnings; at most `width`, the best first.

    At each step the 2 width likeliest continuations are looked at. Of the first `width` those that end are finished; the first
    `width` that do not end go on. A text of `longest` tokens is finished as well. Finished texts are ordered by
    log_p / penalty(length, alpha), the end mark counted in the length.
    """
    longest, width = (count("longest", longest, at_least=1), count("width", width, at_least=1))
    end = count("end", end)
    live, finished = [Text((), 0.0)], []
    for written in range(1, longest + 1):
        best = grow(step, live)[: 2 * width]
        finished += [text for text in best[:width] if text.ids[-1] == end or written == longest]
        live = [text for text in best if text.ids[-1] != end][:width]
    return sorted(finished, key=lambda text: -text.log_p / penalty(len(text.ids), alpha))[:width]


def every_text(step: Step, longest: int, end: int) -> list[Text]:
    """All texts that end, and all of `longest` tokens that do not, the likeliest first. Their probabilities add up to 1."""
    longest, end = count("longest", longest, at_least=1), count("end", end)
    live, finished = [Text((), 0.0)], []
    for written in range(1, longest + 1):
        grown = grow(step, live)
        finished += [text for text in grown if text.ids[-1] == end or written == longest]
        live = [text for text in grown if text.ids[-1] != end]
    return sorted(finished, key=lambda text: -text.log_p)
