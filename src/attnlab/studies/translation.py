"""Learning to translate, measured: one task, one model, and the same with one thing left out or exchanged.

`NUMBERS` is English number words to German ones, where the units go before the tens; `FORMULAS` is signs between to signs
behind. `learn` trains, `translated` writes greedily, `VARIANTS` are the models and recipes that are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from attnlab._shapes import Int
from attnlab.data import Vocabulary, formula_pairs, number_pairs, pad, split
from attnlab.generation import greedy
from attnlab.layers import PreNorm
from attnlab.models.transformer import Config, Transformer, cross_weights
from attnlab.reference import translator
from attnlab.tokens.vocabulary import END, PAD, START
from attnlab.training import (
    Epochs, Muon, Recipe, Run, cross_entropy, exact_match, like_adamw, matrices_and_others, seeded, shift_right,
)  # fmt: skip
from attnlab.training.loop import adam

PEAK, WARMUP, BUDGET, SMOOTHING = 3e-3, 200, 1200, 0.1


class Task(NamedTuple):
    """Two vocabularies, and pairs of (source, target) ids to learn from and to be tested on; targets end with END."""

    source: Vocabulary
    target: Vocabulary
    learned: tuple[Tensor, Tensor]
    held_out: tuple[Tensor, Tensor]

    def sizes(self, **sizes) -> Config:
        """The sizes of a model for this task: one block a side, width 64, four heads, unless told otherwise."""
        usual = {"d_model": 64, "n_heads": 4, "d_ff": 256, "n_layers": 1, "max_len": 64, "dropout": 0.0}
        return Config(len(self.source), len(self.target), **(usual | sizes))


def task(pairs: list[tuple[tuple, tuple]], held_out: int) -> Task:
    """The pairs as ids, `held_out` of them kept for the test. Errors: ValueError if that leaves nothing to learn."""
    source, target = (Vocabulary.of(texts) for texts in zip(*pairs))
    return Task(source, target, *(_ids(part, source, target) for part in split(pairs, held_out)))


def numbers(n: int = 9000, largest: int = 999_999, held_out: int = 1000) -> Task:
    """English number words into German ones."""
    return task(number_pairs(n, largest), held_out)


def formulas(n: int = 13_000, most: int = 5, held_out: int = 1000) -> Task:
    """Formulas with their signs between into formulas with their signs behind."""
    return task(formula_pairs(n, most), held_out)


def batches(pair: tuple[Tensor, Tensor], budget: int = BUDGET, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of like length for ever, at most `budget` places with padding, each cut to its longest text."""
    lengths = torch.stack([(side != PAD).sum(dim=1) for side in pair], dim=1).numpy()
    for rows in Epochs(lengths, budget, seed):
        longest = lengths[rows].max(axis=0)
        yield tuple(side[rows, :n] for side, n in zip(pair, longest))


def loss(model: nn.Module, batch: tuple[Tensor, Tensor], smoothing: float = SMOOTHING) -> Tensor:
    """Smoothed cross-entropy of the target's tokens, each given those before it; padding does not count."""
    source, target = batch
    return cross_entropy(model(source, shift_right(target)), target, smoothing)


def schedule(step: int, peak: float = PEAK, warmup: int = WARMUP) -> float:
    """noam's shape with its peak chosen: up in a straight line to step `warmup`, then down with the root of the step."""
    return peak * min(step / warmup, (warmup / step) ** 0.5)


def no_warmup(step: int, peak: float = PEAK, warmup: int = WARMUP) -> float:
    """The same from step `warmup` on, and the peak from the first step."""
    return schedule(max(step, warmup), peak, warmup)


def no_positions(max_len: int, d_model: int) -> Callable[[Tensor], Tensor]:
    """Positions of which all are 0."""
    return lambda places: torch.zeros(*places.shape, d_model)


class Silent(nn.Module):
    """Cross-attention that adds nothing: its x as it came."""

    def forward(self, x: Tensor, **ignored) -> Tensor:
        return x


def deaf(config: Config) -> Transformer:
    """A transformer without cross-attention, so that its decoder hears nothing of the source."""
    model = Transformer(config)
    for block in model.decoder:
        block.cross_attend = Silent()
    return model


def muon(model: nn.Module) -> torch.optim.Optimizer:
    """Muon for the matrices inside the model, with steps as long as AdamW's, AdamW for the rest; no decay."""
    return Muon(*matrices_and_others(model), decay=0.0, scale=like_adamw)


@dataclass(frozen=True)
class Variant:
    """How a model is made from its sizes, which sizes differ, and what of the recipe does."""

    make: Callable[[Config], nn.Module] = Transformer
    sizes: dict[str, Any] = field(default_factory=dict)
    schedule: Callable[[int], float] = schedule
    smoothing: float = SMOOTHING
    optimiser: Callable[[nn.Module], torch.optim.Optimizer] = adam


VARIANTS = {
    "as in 2017": Variant(),
    "pre-norm": Variant(lambda config: Transformer(config, wrap=PreNorm)),
    "one head": Variant(sizes={"n_heads": 1}),
    "no label smoothing": Variant(smoothing=0.0),
    "no warm-up": Variant(schedule=no_warmup),
    "no positions": Variant(lambda config: Transformer(config, positions=no_positions)),
    "no cross-attention": Variant(deaf),
    "Muon": Variant(optimiser=muon),
}


def start(which: Task, variant: Variant = VARIANTS["as in 2017"], steps: int = 1000, seed: int = 0, **recipe) -> Run:
    """A run that is ready to be advanced; the seed decides the initial values and the order of the batches."""
    model = seeded(lambda: variant.make(which.sizes(**variant.sizes)), seed)
    how = replace(Recipe(steps, seed=seed, schedule=variant.schedule, optimiser=variant.optimiser), **recipe)
    return Run(model, batches(which.learned, seed=seed), lambda m, batch: loss(m, batch, variant.smoothing), how)


def of_numpy(small: translator.Translator) -> Transformer:
    """The model of `attnlab.reference.translator` as a torch module in double precision, with its numbers."""
    d_ff = small.encoder[0].network[0].bias.size
    sizes = {"d_model": small.target_table.shape[1], "n_heads": small.n_heads, "d_ff": d_ff, "n_layers": len(small.encoder)}
    model = Transformer(Config(len(small.source_words), len(small.target_words), max_len=64, dropout=0.0, **sizes)).double()
    with torch.no_grad():
        _copy(model.source.table, small.source_table)
        _copy(model.target.table, small.target_table)
        for theirs, ours in zip((*model.encoder, *model.decoder), (*small.encoder, *small.decoder)):
            for part, (layer, norm) in zip(theirs.children(), zip(ours[::2], ours[1::2])):
                _copy_linears(part.layer, layer)
                _copy(part.norm.gain, norm.gain)
                _copy(part.norm.bias, norm.bias)
    return model.eval()


def translated(model: Transformer, source: Int[Tensor, "batch words"], longest: int) -> Int[Tensor, "batch written"]:
    """What the model writes, the likeliest token at every step, with a cache."""
    with torch.no_grad():
        memory = model.encode(source)

        def step(ids, cache):
            return model.logits(model.decode(ids, memory, cache)[:, -1])

        return greedy(step, torch.full_like(source[:, :1], START), longest, cache=model.start_cache())


def exact(model: Transformer, pair: tuple[Tensor, Tensor]) -> float:
    """The share of texts that are written without a single wrong token."""
    source, target = pair
    return exact_match(translated(model, source, target.shape[1]).tolist(), target.tolist())


TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ONES = "one two three four five six seven eight nine".split()


class Crossing(NamedTuple):
    """How many texts end in a ten and a unit; in which share of them each is written while its own word is looked at most."""

    texts: int
    unit: float
    ten: float


def crossing(model: Transformer, which: Task, layer: int = -1) -> Crossing:
    """Of the held-out numbers that end like forty three: where the steps that write unit and ten look, mean of all heads.

    German writes the unit first, so the two looks cross. Errors: ValueError if no number ends so.
    """
    tens, ones = (torch.tensor([i for i, word in enumerate(which.source.words) if word in known]) for known in (TENS, ONES))
    source, target = which.held_out
    last = (source != PAD).sum(dim=1) - 1
    rows = torch.arange(len(source))
    chosen = (last > 0) & torch.isin(source[rows, last], ones) & torch.isin(source[rows, (last - 1).clamp(min=0)], tens)
    if not chosen.any():
        raise ValueError(f"none of the {len(source)} held-out texts ends in a ten and a unit")
    source, target, last = source[chosen], target[chosen], last[chosen]
    most = cross_weights(model, source, shift_right(target))[layer].mean(dim=1).argmax(dim=-1)
    end, rows = (target != PAD).sum(dim=1) - 1, torch.arange(len(source))
    unit, ten = most[rows, end - 3] == last, most[rows, end - 1] == last - 1
    return Crossing(len(source), unit.float().mean().item(), ten.float().mean().item())


def _ids(pairs: list, source: Vocabulary, target: Vocabulary) -> tuple[Tensor, Tensor]:
    return (
        torch.tensor(pad([source.encode(x) for x, _ in pairs])),
        torch.tensor(pad([[*target.encode(y), END] for _, y in pairs])),
    )


def _copy(theirs: Tensor, ours) -> None:
    theirs.copy_(torch.as_tensor(ours))


def _copy_linears(layer: nn.Module, ours: tuple) -> None:
    """Four projections of an attention layer, or the two of a feed-forward network, in the order of their use."""
    named = ("query", "key", "value", "output") if len(ours) == 4 else ("expand", "contract")
    for name, (matrix, bias) in zip(named, ours):
        _copy(getattr(layer, name).weight, matrix.T)
        _copy(getattr(layer, name).bias, bias)
