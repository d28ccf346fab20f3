"""A small training loop: the same for every model of the course, silent unless asked to speak."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from attnlab._counts import count

Made = TypeVar("Made")


@dataclass(frozen=True)
class Recipe:
    """How to train: Adam for `steps` steps, gradients cut to the length `clip`.

    The learning rate grows to `learning_rate` over the first `warmup` steps, then falls in a straight line, to
    nothing after the last. `seed` is for what is random inside the model, such as dropout; batches have their own.
    """

    steps: int
    learning_rate: float = 3e-3
    warmup: int = 0
    clip: float = 1.0
    seed: int = 0

    def __post_init__(self):
        for name in ("steps", "warmup", "seed"):
            count(name, getattr(self, name))
        for name in ("learning_rate", "clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be above 0 and finite but is {getattr(self, name)}")

    def rate(self, done: int) -> float:
        """The learning rate of the next step after `done` steps."""
        rising = (done + 1) / (self.warmup + 1)
        falling = (self.steps - done) / max(self.steps - self.warmup, 1)
        return self.learning_rate * min(rising, falling, 1.0)


def train(
    model: nn.Module,
    batches: Iterable[Any],
    loss: Callable[[nn.Module, Any], Tensor],
    recipe: Recipe,
    report: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Changes the model's weights, one step a batch; returns the loss of every step.

    `loss(model, batch)` gives one number. `report(step, loss)` is called after each step, counted from 1; `progress`
    makes one that prints. Torch's own random numbers are afterwards as they were.
    Errors: ValueError if the batches end before the steps do, FloatingPointError at a loss that is no number.
    """
    optimiser = torch.optim.Adam(model.parameters())
    history: list[float] = []
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        for batch in _first(batches, recipe.steps):
            for group in optimiser.param_groups:
                group["lr"] = recipe.rate(len(history))
            history.append(_step(model, loss(model, batch), optimiser, recipe.clip, len(history) + 1))
            if report is not None:
                report(len(history), history[-1])
    model.eval()
    return history


def seeded(make: Callable[[], Made], seed: int = 0) -> Made:
    """What `make()` returns with torch's random numbers started from `seed`; afterwards they are as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def progress(every: int = 100, write: Callable[[str], None] = print) -> Callable[[int, float], None]:
    """A `report` for `train` that says the mean loss since it last spoke, after every so many steps."""
    if every < 1:
        raise ValueError(f"every must be at least 1 but is {every}")
    recent: list[float] = []

    def report(step: int, loss: float) -> None:
        recent.append(loss)
        if step % every == 0:
            write(f"step {step}: loss {sum(recent) / len(recent):.3f}")
            recent.clear()

    return report


def _first(batches: Iterable[Any], steps: int) -> Iterable[Any]:
    source = iter(batches)
    for step in range(steps):
        try:
            yield next(source)
        except StopIteration:
            raise ValueError(f"the batches ended after {step} of {steps} steps") from None


def _step(model: nn.Module, loss: Tensor, optimiser: torch.optim.Optimizer, clip: float, step: int) -> float:
    value = loss.item()
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss is {value} at step {step}")
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimiser.step()
    return value
