"""Beam search: the `width` likeliest beginnings are kept, not one."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float, Int
from attnlab.generation.write import Step, check_prompt, next_logits
from attnlab.tokens.vocabulary import END, PAD


class Found(NamedTuple):
    """The texts of a search, the best first, and their scores log p / penalty; a place not filled has the score -inf."""

    ids: Int[Tensor, "texts width written"]
    scores: Float[Tensor, "texts width"]


def penalty(length: int, alpha: float) -> float:
    """((5 + length) / 6)^alpha, by which a log probability is divided so that long texts are not at a disadvantage.

    Errors: ValueError unless alpha is 0 or more. Source: [wu2016, section 7].
    """
    length = count("length", length)
    if isinstance(alpha, bool) or not 0 <= alpha < math.inf:
        raise ValueError(f"alpha must be at least 0 and finite but is {alpha}")
    return ((5 + length) / 6) ** alpha


@torch.no_grad()
def beam(
    step: Step,
    prompt: Int[Tensor, "texts given"],
    longest: int,
    width: int,
    *,
    length_penalty: float = 0.0,
    cache: Any = None,
    end: int = END,
) -> Found:
    """The best finished texts of a search that keeps the `width` likeliest beginnings of each text.

    At each step the 2 width likeliest continuations are looked at: of the first `width` those that end are finished, the first
    `width` that do not end go on; after `longest` tokens everything is finished. The search stops early when no beginning can
    still overtake the finished ones. Lengths count the end mark; `PAD` stands after it.
    `step` is given width rows a text, text 0's first: the memory of an encoder must be repeated in the same order
    (`step_of` does so). A cache has `select(rows)`, which returns these rows of it.
    (More than five parameters: four say how to search, two how to step.)
    """
    longest, width, end = (check_prompt(prompt, longest), count("width", width, at_least=1), count("end", end))
    penalty(0, length_penalty)
    ids = prompt.repeat_interleave(width, dim=0)
    new, finished, live = ids, _nothing(prompt, width, longest), None
    for written in range(1, longest + 1):
        log_p = next_logits(step, ids if cache is None else new, cache).log_softmax(dim=-1)
        live = _first(log_p, len(prompt), width) if live is None else live
        total, parent, word = _best(live, log_p, width)
        ends = (word == end) | (written == longest)
        texts = _extend(ids[:, prompt.shape[1] :], parent, word)
        finished = _merge(finished, texts, total, ends, penalty(written, length_penalty))
        live, keep = _cut(total.masked_fill(ends, -math.inf), width)
        rows = (_along(parent, keep) + width * torch.arange(len(prompt), device=ids.device).unsqueeze(1)).flatten()
        new = _along(word, keep).reshape(-1, 1)
        ids = torch.cat([ids[rows], new], dim=1)
        if _decided(finished, live, penalty(longest, length_penalty)) or written == longest:
            break
        cache = None if cache is None else cache.select(rows)
    used = (finished.ids != PAD).flatten(0, 1).any(dim=0).nonzero()
    return Found(finished.ids[..., : int(used[-1]) + 1 if len(used) else 0], finished.scores)


def _nothing(prompt: Tensor, width: int, longest: int) -> Found:
    ids = torch.full((len(prompt), width, longest), PAD, dtype=prompt.dtype, device=prompt.device)
    return Found(ids, torch.full((len(prompt), width), -math.inf, dtype=torch.float64, device=prompt.device))


def _first(log_p: Tensor, n_texts: int, width: int) -> Tensor:
    """At the start the rows of a text are copies: one of them counts."""
    total = log_p.new_full((n_texts, width), -math.inf)
    total[:, 0] = 0.0
    return total


def _best(live: Tensor, log_p: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """The 2 width best continuations of each text, best first: total log probability, beam they come from, new token."""
    vocabulary = log_p.shape[-1]
    total = (live.unsqueeze(-1) + log_p.unflatten(0, live.shape)).flatten(1)
    total, place = _cut(total, min(2 * width, width * vocabulary))
    return total, place // vocabulary, place % vocabulary


def _cut(scores: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """The n largest of each row and their places, largest first, of equal ones the first."""
    values, places = scores.sort(dim=-1, descending=True, stable=True)
    return values[:, :n], places[:, :n]


def _along(x: Tensor, places: Tensor) -> Tensor:
    """x (texts, beams, ...) at the places (texts, n)."""
    return x[torch.arange(len(x), device=x.device).unsqueeze(1), places]


def _extend(ids: Tensor, parent: Tensor, word: Tensor) -> Tensor:
    """The beginnings of each candidate with its new token: (texts, candidates, written)."""
    before = _along(ids.unflatten(0, (len(parent), -1)), parent)
    return torch.cat([before, word.unsqueeze(-1)], dim=-1)


def _merge(finished: Found, texts: Tensor, total: Tensor, ends: Tensor, divisor: float) -> Found:
    """The best `width` of what was finished before and of the first `width` candidates that end now."""
    width, longest = finished.ids.shape[1:]
    now = total.double().masked_fill(~ends, -math.inf)[:, :width] / divisor
    padded = torch.nn.functional.pad(texts[:, :width], (0, longest - texts.shape[-1]), value=PAD)
    padded = padded.masked_fill((now == -math.inf).unsqueeze(-1), PAD)
    scores, keep = _cut(torch.cat([finished.scores, now], dim=1), width)
    return Found(_along(torch.cat([finished.ids, padded], dim=1), keep), scores)


def _decided(finished: Found, live: Tensor, largest: float) -> bool:
    """Whether no beginning can still enter: a total only falls, and is divided by the largest penalty at best."""
    return bool((finished.scores[:, -1] >= live[:, 0] / largest).all())
