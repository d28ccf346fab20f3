"""Greedy decoding and sampling: predict, choose, append, repeat."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float, Int
from attnlab.generation.filters import check_logits
from attnlab.tokens.vocabulary import END, PAD

Step = Callable[[Tensor, Any], Tensor]  # (ids (texts, new or all), cache or None) -> logits (texts, vocabulary)
Filter = Callable[[Tensor], Tensor]


def greedy(
    step: Step, prompt: Int[Tensor, "texts given"], longest: int, cache: Any = None, end: int = END
) -> Int[Tensor, "texts written"]:
    """The likeliest token, appended and read again; what was written, `end` included and `PAD` after it.

    Stops when every text has ended or `longest` tokens are written. A given `cache` holds what was read before the prompt, usually nothing.
    Errors: ValueError for an empty prompt and for logits of the wrong shape, NaN, or -inf in a whole row.
    """
    return write(step, prompt, longest, lambda logits: logits.argmax(dim=-1), cache, end)


def sample(
    step: Step,
    prompt: Int[Tensor, "texts given"],
    longest: int,
    generator: torch.Generator,
    *filters: Filter,
    cache: Any = None,
    end: int = END,
) -> Int[Tensor, "texts written"]:
    """Tokens drawn with the probabilities that are left after the filters, in the order given; otherwise as `greedy`.

    A filter is a function from logits to logits: `lambda logits: top_p(temperature(logits, 0.8), 0.95)`.
    All texts of a step share one draw from the generator, so a text in a batch is not the text drawn alone.
    """
    if not isinstance(generator, torch.Generator):
        raise TypeError(f"generator must be a torch.Generator but is {type(generator).__name__}")

    def choose(logits: Tensor) -> Tensor:
        for one in filters:
            logits = one(logits)
        return draw(logits, generator)

    return write(step, prompt, longest, choose, cache, end)


def draw(logits: Float[Tensor, "texts vocabulary"], generator: torch.Generator) -> Int[Tensor, "texts"]:
    """One token a row, with probability softmax(logits). Errors: ValueError for a row that is -inf everywhere."""
    check_row(logits)
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=generator).squeeze(-1)


@torch.no_grad()
def write(step: Step, prompt: Tensor, longest: int, choose: Callable[[Tensor], Tensor], cache: Any, end: int) -> Tensor:
    """The loop of `greedy` and `sample`; `choose` makes ids of logits, a row a text."""
    longest, end = check_prompt(prompt, longest), count("end", end)
    ended, ids, new = torch.zeros_like(prompt[:, 0], dtype=torch.bool), prompt, prompt
    while ids.shape[1] - prompt.shape[1] < longest and not ended.all():
        logits = next_logits(step, ids if cache is None else new, cache)
        word = choose(logits).masked_fill(ended, PAD)
        ended = ended | (word == end)
        new = word.unsqueeze(1)
        ids = torch.cat([ids, new], dim=1)
    return ids[:, prompt.shape[1] :]


def next_logits(step: Step, ids: Tensor, cache: Any) -> Float[Tensor, "texts vocabulary"]:
    """What `step` returns, looked at before it is used. Errors: ValueError as `greedy`."""
    logits = step(ids, cache)
    if logits.ndim != 2 or len(logits) != len(ids):
        raise ValueError(
            f"step must return logits (texts, vocabulary), a row for each of {len(ids)} texts, but they are {tuple(logits.shape)}"
        )
    check_row(logits)
    return logits


def check_row(logits: Float[Tensor, "texts vocabulary"]) -> None:
    """ValueError where a row of logits allows no token, or holds NaN or +inf."""
    check_logits(logits)
    nothing = (logits == -math.inf).all(dim=-1)
    if nothing.any():
        raise ValueError(f"row {int(nothing.nonzero()[0])} of the logits is -inf everywhere: it allows no token")


def check_prompt(prompt: Int[Tensor, "texts given"], longest: int) -> int:
    """`longest` as a whole number. Errors: ValueError unless the prompt has a token for every text."""
    if prompt.ndim != 2 or 0 in prompt.shape:
        raise ValueError(f"prompt needs the axes (texts, given), both at least 1, but has the shape {tuple(prompt.shape)}")
    return count("longest", longest)
