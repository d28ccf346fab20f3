"""One T5, two tasks, told apart by the first word of the source: a number in words becomes German words, or digits.

`tasks` makes the texts, `learn` trains a small model on them, `write` writes greedily, `right` counts. Without the prefix the same
source has two right answers, and nothing says which is wanted: that is the control.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from attnlab.data import END, START, Vocabulary, digits, english, german, pad
from attnlab.generation import greedy, step_of
from attnlab.models.t5 import T5, Config, version_1_1
from attnlab.training import Recipe, cross_entropy, seeded, shift_right, train, warmup_cosine

MAKE = {"german": german, "digits": digits}


class Pair(NamedTuple):
    """What is read and what is to be written, as words; and which task it is."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    task: str


class Tasks(NamedTuple):
    """One vocabulary for everything, the texts to learn from, and those of the numbers that were kept back."""

    vocabulary: Vocabulary
    learned: list[Pair]
    held_out: list[Pair]


def tasks(largest: int = 999, held_out: int = 100, prefix: bool = True, seed: int = 0) -> Tasks:
    """Both tasks for every number from 1 to `largest`; `held_out` of the numbers are in neither task's texts to learn from."""
    order = 1 + np.random.default_rng(seed).permutation(largest)
    def pairs(numbers) -> list[Pair]:
        return [
            Pair((*((f"{task}:",) if prefix else ()), *english(int(n))), tuple(make(int(n))), task) for n in numbers for task, make in MAKE.items()
        ]
    kept, learned = pairs(order[:held_out]), pairs(order[held_out:])
    words = Vocabulary.of([side for pair in kept + learned for side in (pair.source, pair.target)])
    return Tasks(words, learned, kept)


def learn(tasks: Tasks, steps: int = 600, seed: int = 0, **sizes) -> T5:
    """A small T5 of version 1.1 trained on both tasks at once, 64 texts a step."""
    usual = {"d_model": 32, "n_heads": 4, "d_head": 8, "d_ff": 64, "n_layers": 1, "n_buckets": 16, "max_distance": 32}
    model = seeded(lambda: version_1_1(Config(len(tasks.vocabulary), **(usual | sizes))), seed)
    source, target = ids(tasks, tasks.learned)
    rng = np.random.default_rng(seed)
    batches = (torch.tensor(rng.integers(len(source), size=64)) for _ in range(steps))

    def loss(model: T5, rows: Tensor) -> Tensor:
        return cross_entropy(model(source[rows], shift_right(target[rows])), target[rows])

    train(model, batches, loss, Recipe(steps, seed=seed, schedule=lambda step: warmup_cosine(step, steps + 1, steps // 10, 1e-2)))
    return model


def ids(tasks: Tasks, pairs: Sequence[Pair]) -> tuple[Tensor, Tensor]:
    """Sources and targets as ids, the targets with their end mark."""
    source = pad([tasks.vocabulary.encode(pair.source) for pair in pairs])
    target = pad([[*tasks.vocabulary.encode(pair.target), END] for pair in pairs])
    return torch.tensor(source), torch.tensor(target)


def write(model: T5, tasks: Tasks, sources: Sequence[Sequence[str]], longest: int = 12) -> list[tuple[str, ...]]:
    """What the model writes for each source, greedily, up to the end mark."""
    read = torch.tensor(pad([tasks.vocabulary.encode(source) for source in sources]))
    start = torch.full((len(read), 1), START)
    return [tasks.vocabulary.decode(row) for row in greedy(step_of(model, read), start, longest, cache=model.start_cache()).tolist()]


def right(model: T5, tasks: Tasks) -> dict[str, float]:
    """For each task, the share of texts kept back that come out without a mistake."""
    said = write(model, tasks, [pair.source for pair in tasks.held_out])
    good = [(pair.task, mine == pair.target) for pair, mine in zip(tasks.held_out, said)]
    return {task: float(np.mean([ok for name, ok in good if name == task])) for task in MAKE}
