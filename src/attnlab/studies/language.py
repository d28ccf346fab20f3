"""Learning to write, measured: a GPT on short texts or on one long one, its bits a token, and what it writes.

`texts` makes a task of short texts (names, number words), `stream` of long ones cut into pieces; `start` trains, `surprise` measures
on what was kept back, `written` draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Array, Float, Int
from attnlab.data import Vocabulary, pad, split
from attnlab.generation import sample, step_of
from attnlab.generation.write import Filter
from attnlab.models.gpt import GPT, Config
from attnlab.tokens.vocabulary import END, PAD, START
from attnlab.training import (
    AdamW, Epochs, Muon, Recipe, Run, cross_entropy, like_adamw, matrices_and_others, seeded, shift_right, warmup_cosine,
)  # fmt: skip

SIZES = {"d_model": 64, "n_heads": 4, "n_layers": 2, "d_ff": 256, "dropout": 0.0}
PEAK, BUDGET = 4e-3, 1000
Ids = Sequence[int] | Int[Array, "tokens"] | Int[Tensor, "tokens"]


class Texts(NamedTuple):
    """A vocabulary, and rows of ids to learn from and to be tested on; each text ends with END."""

    vocabulary: Vocabulary
    learned: Tensor
    held_out: Tensor


def texts(items: Sequence[Sequence[str]], held_out: int, seed: int = 0) -> Texts:
    """The texts as ids, `held_out` of them kept for the test, at least one. Errors: ValueError if that leaves nothing to learn."""
    held_out = count("held_out", held_out, at_least=1)
    vocabulary = Vocabulary.of(items)
    learned, kept = split(items, held_out, seed)
    return Texts(vocabulary, *(torch.tensor(pad([[*vocabulary.encode(text), END] for text in part])) for part in (learned, kept)))


def batches(rows: Tensor, budget: int = BUDGET, seed: int = 0) -> Iterator[Tensor]:
    """Batches of like length for ever, at most `budget` places with padding, each cut to its longest text."""
    lengths = (rows != PAD).sum(dim=1).numpy()
    for chosen in Epochs(lengths, budget, seed):
        yield rows[chosen, : lengths[chosen].max()]


def loss(model: GPT, batch: Tensor) -> Tensor:
    """Cross-entropy of each token given those before it, the end mark included; padding does not count."""
    return cross_entropy(model(shift_right(batch)), batch)


def start(which: Texts, steps: int, seed: int = 0, peak: float = PEAK, **sizes) -> Run:
    """A run that is ready to be advanced; the seed decides the initial values and the order of the batches.

    AdamW with a warm-up of a tenth of the steps and a cosine. A model of 2 blocks of width 64 unless `sizes` say otherwise.
    """
    longest = max(which.learned.shape[1], which.held_out.shape[1])
    config = Config(len(which.vocabulary), **({"max_len": longest} | SIZES | sizes))
    return Run(seeded(lambda: GPT(config), seed), batches(which.learned, seed=seed), loss, recipe(steps, seed, peak))


def adamw(model: GPT) -> torch.optim.Optimizer:
    """AdamW for every parameter."""
    return AdamW(model.parameters(), decay=0.01)


def muon(model: GPT) -> torch.optim.Optimizer:
    """Muon for the matrices inside the model, with steps as long as AdamW's, AdamW for the rest; no decay."""
    return Muon(*matrices_and_others(model), decay=0.0, scale=like_adamw)


def recipe(steps: int, seed: int = 0, peak: float = PEAK, optimiser: Callable = adamw) -> Recipe:
    """How the models of this study are trained: a warm-up of a tenth of the steps, then a cosine."""
    schedule = lambda step: warmup_cosine(step, steps + 1, max(steps // 10, 1), peak)
    return Recipe(steps, seed=seed, schedule=schedule, optimiser=optimiser)


@torch.no_grad()
def surprise(model: GPT, rows: Int[Tensor, "texts longest"]) -> Float[Array, "tokens"]:
    """-ln p of every token of every text, one text after the other, the end marks included."""
    log_p = model(shift_right(rows)).log_softmax(dim=-1)
    return -log_p.gather(-1, rows[..., None])[..., 0][rows != PAD].double().numpy()


def written(model: GPT, which: Texts, n: int, seed: int, *filters: Filter) -> list[tuple[str, ...]]:
    """`n` texts drawn from the model after the filters."""
    prompt = torch.full((n, 1), START)
    ids = sample(step_of(model), prompt, model.config.max_len - 1, torch.Generator().manual_seed(seed), *filters, cache=model.start_cache())
    return [which.vocabulary.decode(row) for row in ids.tolist()]


def windows(ids: Ids, length: int, size: int, seed: int = 0) -> Iterator[Tensor]:
    """Batches of `size` pieces of `length` + 1 tokens from random places of one long text, for ever.

    Errors: ValueError for a text that is not longer than `length`.
    """
    whole, rng = torch.as_tensor(ids), np.random.default_rng(seed)
    if len(whole) <= length:
        raise ValueError(f"pieces of {length + 1} tokens do not fit into a text of {len(whole)}")
    while True:
        first = torch.tensor(rng.integers(0, len(whole) - length, size=size))
        yield whole[first[:, None] + torch.arange(length + 1)]


def window_loss(model: GPT, batch: Tensor) -> Tensor:
    """Cross-entropy of each token of a piece, given those before it in the piece; every token counts."""
    return cross_entropy(model(batch[:, :-1]), batch[:, 1:], ignore=-1)


@torch.no_grad()
def strided(model: GPT, ids: Ids, stride: int) -> Float[Array, "judged"]:
    """-ln p of every token of a long text but the first, each once, with as many tokens before it as the places allow.

    Pieces of max_len tokens are read, `stride` further each time, and of each piece only what no earlier one has judged.
    Errors: ValueError unless stride is between 1 and max_len, and for a text of fewer than two tokens.
    """
    whole, length, found = torch.as_tensor(ids), model.config.max_len, []
    if len(whole) < 2:
        raise ValueError(f"a text of {len(whole)} tokens has none to judge")
    stride, judged = count("stride", stride, 1, length), 1
    while judged < len(whole):
        last = min(judged - 1 + (length if judged == 1 else stride), len(whole) - 1)
        first = max(last - length, 0)
        log_p = model(whole[None, first:last])[0].log_softmax(dim=-1)
        right = log_p.gather(-1, whole[first + 1 : last + 1, None])[:, 0]
        found.append(-right[judged - first - 1 :])
        judged = last + 1
    return torch.cat(found).double().numpy()
