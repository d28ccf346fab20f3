"""A small training loop: the same for every model of the course, silent unless asked to speak."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab.training.clipping import clip

Made = TypeVar("Made")


def adam(model: nn.Module) -> torch.optim.Optimizer:
    """Adam on all parameters, with its usual settings."""
    return torch.optim.Adam(model.parameters())


@dataclass(frozen=True)
class Recipe:
    """How to train: Adam for `steps` steps, gradients cut to the length `clip`.

    The learning rate grows to `learning_rate` over the first `warmup` steps, then falls in a straight line, to
    nothing after the last; a `schedule` takes the place of all that and says the rate of step 1, 2, and so on.
    `seed` is for what is random inside the model, such as dropout; batches have their own. `optimiser` makes one
    from the model.
    """

    steps: int
    learning_rate: float = 3e-3
    warmup: int = 0
    clip: float = 1.0
    seed: int = 0
    schedule: Callable[[int], float] | None = None
    optimiser: Callable[[nn.Module], torch.optim.Optimizer] = adam

    def __post_init__(self):
        for name in ("steps", "warmup", "seed"):
            count(name, getattr(self, name))
        for name in ("learning_rate", "clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be above 0 and finite but is {getattr(self, name)}")

    def rate(self, done: int) -> float:
        """The learning rate of the next step after `done` steps."""
        if self.schedule is not None:
            return self.schedule(done + 1)
        rising = (done + 1) / (self.warmup + 1)
        falling = (self.steps - done) / max(self.steps - self.warmup, 1)
        return self.learning_rate * min(rising, falling, 1.0)


class Run:
    """Training under way: it can be advanced in pieces, saved in between, and gone on with as if never stopped.

    `loss(model, batch)` gives one number. `batches` may be anything that can be looped over; so that a run can be
    resumed, make it one that knows its place, such as `Epochs`, and save it beside the run.
    """

    def __init__(
        self, model: nn.Module, batches: Iterable[Any], loss: Callable[[nn.Module, Any], Tensor], recipe: Recipe
    ):
        self.model, self.loss, self.recipe = model, loss, recipe
        self.optimiser = recipe.optimiser(model)
        self.history: list[float] = []
        self.chance = torch.Generator().manual_seed(recipe.seed).get_state()
        self._batches, self._source = batches, None

    def advance(self, steps: int | None = None, report: Callable[[int, float], None] | None = None) -> list[float]:
        """Takes so many steps, or all that are left; returns their losses. `report` as for `train`."""
        left = self.recipe.steps - len(self.history)
        steps = left if steps is None else min(count("steps", steps), left)
        first = len(self.history)
        self._source = iter(self._batches) if self._source is None else self._source
        self.model.train()
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.chance)
            for _ in range(steps):
                self._step(self._next())
                if report is not None:
                    report(len(self.history), self.history[-1])
            self.chance = torch.get_rng_state()
        self.model.eval()
        return self.history[first:]

    def parts(self) -> dict[str, Any]:
        """What `checkpoint.save` and `resume` want, by name: the model, the optimiser, and the run itself."""
        return {"model": self.model, "optimiser": self.optimiser, "run": self}

    def state_dict(self) -> dict[str, Any]:
        """The losses so far, and where the random numbers inside the model stand."""
        return {"history": list(self.history), "chance": self.chance.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there. Errors: ValueError if more steps were taken than the recipe has."""
        if len(state["history"]) > self.recipe.steps:
            raise ValueError(f"{len(state['history'])} steps were taken but the recipe has {self.recipe.steps}")
        self.history, self.chance, self._source = (list(state["history"]), state["chance"].clone(), None)

    def _next(self) -> Any:
        try:
            return next(self._source)
        except StopIteration:
            raise ValueError(f"the batches ended after {len(self.history)} of {self.recipe.steps} steps") from None

    def _step(self, batch: Any) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate(len(self.history))
        loss = self.loss(self.model, batch)
        value = loss.item()
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss is {value} at step {len(self.history) + 1}")
        self.optimiser.zero_grad()
        loss.backward()
        _clip(self.model, self.recipe.clip)
        self.optimiser.step()
        self.history.append(value)


def train(
    model: nn.Module,
    batches: Iterable[Any],
    loss: Callable[[nn.Module, Any], Tensor],
    recipe: Recipe,
    report: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Changes the model's weights, one step a batch; returns the loss of every step.

    `loss(model, batch)` gives one number. `report(step, loss)` is called after each step, counted from 1; `progress`
    makes one that prints, `bar` one that draws. Torch's own random numbers are afterwards as they were.
    Errors: ValueError if the batches end before the steps do, FloatingPointError at a loss that is no number.
    """
    return Run(model, batches, loss, recipe).advance(report=report)


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


def bar(
    steps: int, write: Callable[[str], None] | None = None, clock: Callable[[], float] = time.monotonic
) -> Callable[[int, float], None]:
    """A `report` for `train` that draws one line again and again: how far, the loss lately, the time left.

    Without `write` it draws on the error stream of a terminal and is silent anywhere else, so that a notebook's output
    does not depend on the clock. The loss is a running mean over about the last 20 steps.
    """
    steps, start, mean = count("steps", steps, at_least=1), clock(), 0.0
    write = write or _on_a_terminal

    def report(step: int, loss: float) -> None:
        nonlocal mean
        share = 1 / min(step, 20)
        mean += share * (loss - mean)
        left = (clock() - start) * (steps - step) / step
        full = 24 * step // steps
        end = "\n" if step == steps else ""
        write(f"\r[{'#' * full}{'.' * (24 - full)}] {step}/{steps}  loss {mean:.3f}  {_minutes(left)} left{end}")

    return report


def _on_a_terminal(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(text)
        sys.stderr.flush()


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _clip(model: nn.Module, largest: float) -> None:
    """The gradients of a model cut as `clip` says."""
    with_gradient = [p for p in model.parameters() if p.grad is not None]
    if with_gradient:
        cut, _ = clip([p.grad for p in with_gradient], largest)
        for parameter, gradient in zip(with_gradient, cut):
            parameter.grad = gradient
