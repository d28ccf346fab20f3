"""Which texts go through the model together: of like length, so that little is padded, in an order that can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from attnlab._counts import count, counts
from attnlab._shapes import Array, Int

Lengths = Sequence[int] | Sequence[Sequence[int]] | Int[Array, "examples"] | Int[Array, "examples sides"]


@counts("budget")
def by_length(lengths: Lengths, budget: int, generator: np.random.Generator) -> list[np.ndarray]:
    """One epoch: the places of all examples, each once, in batches of at most `budget` places with their padding.

    A batch of n examples costs n times its longest example; with several sides (source and target), n times the sum of
    the longest of each. Examples are shuffled, sorted by length, cut, and the batches shuffled. An example longer than
    the budget is a batch by itself. Errors: ValueError for a budget of 0, no example, or a length below 1.
    Source: batches "by approximate sequence length" [vaswani2017, section 5.1].
    """
    sides = _sides(lengths)
    budget = count("budget", budget, at_least=1)
    shuffled = generator.permutation(len(sides))
    order = shuffled[np.lexsort(sides[shuffled].T)]  # the last side first, then those before it
    batches = _cut(order, sides, budget)
    return [batches[i] for i in generator.permutation(len(batches))]


def waste(lengths: Lengths, batches: Sequence[np.ndarray]) -> float:
    """The share of places that hold padding, over all the batches."""
    sides = _sides(lengths)
    places = sum(len(batch) * sides[batch].max(axis=0).sum() for batch in batches)
    return float(1 - sum(sides[batch].sum() for batch in batches) / places)


class Epochs:
    """Batches for ever, epoch after epoch; where it stands can be saved, so that a run goes on with the next batch.

    Epoch e is `by_length(lengths, budget, default_rng((seed, e)))`: it depends on nothing that came before.
    """

    def __init__(self, lengths: Lengths, budget: int, seed: int = 0):
        self.lengths, self.budget = _sides(lengths), count("budget", budget, at_least=1)
        self.seed, self.epoch, self.place = count("seed", seed), 0, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        while True:
            batches = by_length(self.lengths, self.budget, np.random.default_rng((self.seed, self.epoch)))
            while self.place < len(batches):
                self.place += 1
                yield batches[self.place - 1]
            self.epoch, self.place = self.epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        """Seed, budget, number of examples, and how many batches of which epoch have been handed out."""
        return {"seed": self.seed, "budget": self.budget, "examples": len(self.lengths), "epoch": self.epoch,
                "place": self.place}  # fmt: skip

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on after the batch that was handed out last. Errors: ValueError if it was another order of batches."""
        own = self.state_dict()
        if set(own) != set(state):
            raise ValueError(f"an order of batches is saved as {sorted(own)}, not as {sorted(state)}")
        for name in ("seed", "budget", "examples"):
            if own[name] != state[name]:
                raise ValueError(f"the batches were made with {name} {state[name]}, not {own[name]}")
        self.epoch, self.place = (count("epoch", state["epoch"]), count("place", state["place"]))


def _sides(lengths: Lengths) -> np.ndarray:
    """Lengths as (examples, sides)."""
    sides = np.asarray(lengths)
    if sides.ndim not in (1, 2) or not sides.size:
        raise ValueError(f"lengths need the axes (examples) or (examples, sides), none of them 0: got {sides.shape}")
    if sides.min() < 1:
        raise ValueError(f"a length must be at least 1 but the smallest is {sides.min()}")
    return sides.reshape(len(sides), -1)


def _cut(order: np.ndarray, sides: np.ndarray, budget: int) -> list[np.ndarray]:
    """The row cut into batches from the left, each as long as the budget allows."""
    batches, first, longest = [], 0, np.zeros(sides.shape[1], dtype=sides.dtype)
    for at, example in enumerate(order):
        grown = np.maximum(longest, sides[example])
        if at > first and (at + 1 - first) * grown.sum() > budget:
            batches.append(order[first:at])
            first, grown = at, sides[example]
        longest = grown
    return [*batches, order[first:]]
