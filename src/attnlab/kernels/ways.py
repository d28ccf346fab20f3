"""Which way through the tiles is fastest on this chip: a library for the products, and the size of the tiles.

No rule names it. One way is half as fast again as another on one chip and a tenth slower on the next, and what a
product takes alone does not say what it takes in the loop, where the memory of a tile has just been used or not.
So whole tiles race, as the kernel runs them: once a process for each pass. The race takes some 30 milliseconds.
It is run without a mask: nearly all tiles of a long text lie off the diagonal, and are whole. All ways give the same numbers up to rounding; `torch.use_deterministic_algorithms`
calls the race off, and the numbers are the same in every run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.kernels.products import MKL, Library, libraries
from attnlab.kernels.workers import share

# The processor time of a thread, where the system counts it finely enough.
CLOCK = time.thread_time if time.get_clock_info("thread_time").resolution < 1e-5 else time.perf_counter
ROUNDS = 3
WIDEST = 256


class Way(NamedTuple):
    """A library, and the size of a tile: (queries, keys)."""

    library: Library
    blocks: tuple[int, int]


class Trial(NamedTuple):
    """What races: one head."""

    dtype: torch.dtype
    width: int

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Queries, and keys that serve as values too: whole tiles of every size that races."""
        return tuple(
            torch.full((1, n, self.width), 0.1, dtype=self.dtype, device="cpu") for n in (1024, 512)
        )


DEFAULT = Way(MKL, (512, 512))


def trial_of(q: Tensor, v: Tensor) -> Trial:
    """The trial that stands for heads of such a width: 64 for all up to 64, and so on."""
    width = max(q.shape[-1], v.shape[-1], 1)
    dtype = torch.promote_types(q.dtype, torch.float32)
    return Trial(dtype, min(WIDEST, 64 * -(-width // 64)))


def candidates(dtype: torch.dtype, rows: dict[str, tuple[int, ...]]) -> list[Way]:
    """A way for each library that can multiply `dtype`, and each number of `rows` given under its name."""
    return [Way(library, (n, 512)) for library in libraries(dtype) for n in rows[library.name]]


def fastest(ways: Sequence[Way], run: Callable[[Way], object]) -> Way:
    """The way that `run` takes least time with, in a worker of its own: they take turns, and the best of a few
    rounds counts, which is what the machine can do, whatever else runs on it."""
    times = {way: float("inf") for way in ways}

    def turn(way: Way) -> None:
        start = CLOCK()
        run(way)
        times[way] = min(times[way], CLOCK() - start)

    if len(ways) > 1:
        share(turn, [*ways] * ROUNDS, limit=1)
    return min(times, key=times.__getitem__)
