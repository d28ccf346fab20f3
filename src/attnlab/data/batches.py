"""Which examples are learnt from, which are kept back, and which go through the model together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

from attnlab._counts import counts
from attnlab._shapes import Array, Int

Item = TypeVar("Item")


@counts("held_out", "seed")
def split(items: Sequence[Item], held_out: int, seed: int = 0) -> tuple[list[Item], list[Item]]:
    """The items shuffled and cut in two: to learn from, and `held_out` that are nowhere among the first.

    Equal items count once. Errors: ValueError if that leaves nothing to learn from.
    """
    different = list(dict.fromkeys(items))
    if not 0 <= held_out < len(different):
        raise ValueError(f"held_out is {held_out} but there are {len(different)} different items")
    order = np.random.default_rng(seed).permutation(len(different))
    shuffled = [different[i] for i in order]
    return shuffled[held_out:], shuffled[:held_out]


@counts("size", "seed")
def by_length(
    lengths: Sequence[int] | Int[Array, "examples"], size: int, seed: int = 0
) -> Iterator[Int[Array, "batch"]]:
    """Places of `size` examples at a time, for ever, examples of like length together, so that little is padded.

    Each round shuffles all examples, sorts them by length, cuts the row into batches and shuffles the batches; every
    example is seen once a round. Errors: ValueError for a size below 1 or no example.
    """
    if size < 1 or len(lengths) == 0:
        raise ValueError(f"size must be at least 1 and there must be an example: got {size} and {len(lengths)}")
    return _rounds(np.asarray(lengths), size, np.random.default_rng(seed))


def _rounds(lengths: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    while True:
        shuffled = rng.permutation(len(lengths))
        order = shuffled[np.argsort(lengths[shuffled], kind="stable")]
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        for i in rng.permutation(len(batches)):
            yield batches[i]
