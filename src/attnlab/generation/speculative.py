"""Speculative decoding: a small model proposes some tokens, the large one reads them in one pass and keeps what stands.

Both are functions from ids (texts, tokens) to logits at every place (texts, tokens, vocabulary), as a decoder is; the text that
comes out has the distribution of the large one, whatever the small one proposes. Source: [leviathan2023], [chen2023speculative].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float, Int
from attnlab.generation.write import Filter, check_prompt, draw

Model = Callable[[Tensor], Tensor]  # ids (1, tokens) -> logits (1, tokens, vocabulary)


class Speculated(NamedTuple):
    """What was written, and how many tokens of each round's draft stood."""

    ids: Int[Tensor, "1 written"]
    stood: tuple[int, ...]


@torch.no_grad()
def speculative(
    target: Model,
    draft: Model,
    prompt: Int[Tensor, "1 given"],
    longest: int,
    generator: torch.Generator,
    *filters: Filter,
    n_drafted: int = 4,
) -> Speculated:
    """`longest` tokens with the distribution of the target; the draft proposes n_drafted of them a round.

    The filters are applied to the logits of both. `target` is asked once a round, about the text and the whole draft.
    Errors: ValueError for an empty prompt, or more than one text.
    """
    longest, n_drafted = check_prompt(prompt, longest), count("n_drafted", n_drafted)
    if len(prompt) != 1:
        raise ValueError(f"one text is written at a time but the prompt has {len(prompt)}")
    ids, stood = prompt, []
    while ids.shape[1] - prompt.shape[1] < longest:
        drafted, q = _propose(draft, ids, filters, n_drafted, generator)
        p = _filtered(target(torch.cat([ids, drafted], dim=1))[0, ids.shape[1] - 1 :], filters).softmax(dim=-1)
        n_stood, rest = stands(drafted[0], p, torch.stack(q) if q else p[:0], generator)
        last = torch.multinomial(rest, 1, generator=generator)
        ids = torch.cat([ids, drafted[:, :n_stood], last[None]], dim=1)
        stood.append(n_stood)
    return Speculated(ids[:, prompt.shape[1] :][:, :longest], tuple(stood))


def stands(
    drafted: Int[Tensor, "n_drafted"],
    p: Float[Tensor, "n_passed vocabulary"],
    q: Float[Tensor, "n_drafted vocabulary"],
    generator: torch.Generator,
) -> tuple[int, Float[Tensor, "vocabulary"]]:
    """How many tokens of the draft stand, each with probability min(1, p / q), and the distribution of the token after them.

    At the first that does not stand it is max(0, p - q) over its sum, behind a whole draft the last row of p.
    Errors: ValueError unless p has a row more than q.
    """
    if len(p) != len(q) + 1 or len(drafted) != len(q):
        raise ValueError(f"{len(drafted)} tokens need as many rows of q and one more of p but there are {len(q)} and {len(p)}")
    at = torch.arange(len(drafted))
    u = torch.rand(len(drafted), generator=generator, dtype=torch.float64)
    refused = u * q[at, drafted] >= p[at, drafted]
    first = int(refused.nonzero()[0]) if refused.any() else len(drafted)
    if first == len(drafted):
        return first, p[first]
    rest = (p[first] - q[first]).clamp(min=0)
    return first, rest / rest.sum()


def _propose(draft: Model, ids: Tensor, filters: tuple[Filter, ...], n_drafted: int, generator: torch.Generator) -> tuple[Tensor, list[Tensor]]:
    """Tokens drawn from the draft one after the other, and the distributions they were drawn from."""
    start, rows = ids.shape[1], []
    for _ in range(n_drafted):
        logits = _filtered(draft(ids)[:, -1], filters)
        rows.append(logits[0].softmax(dim=-1))
        ids = torch.cat([ids, draw(logits, generator)[None]], dim=1)
    return ids[:, start:], rows


def _filtered(logits: Tensor, filters: tuple[Filter, ...]) -> Tensor:
    for one in filters:
        logits = one(logits)
    return logits
