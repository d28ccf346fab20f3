"""Threads of our own: one head each, every torch operation inside on a single thread.

Splitting the heads is better than letting torch split each product: tiles are too small to share, and
torch's threads wait for each other after every operation. Three settings belong to a thread, not to the
program: the number of threads inside an operation, whether gradients are recorded, and whether denormal
numbers are flushed to zero. The last one matters: on some chips weights below 1e-38 make every product 10
times slower (AMD Zen 5 does not mind them), and they count for nothing. Fresh threads take all three and
leave the caller's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Item = TypeVar("Item")


def share(work: Callable[[Item], None], items: Sequence[Item], limit: int | None = None) -> None:
    """Call `work` on every item, on at most as many threads as torch uses here. The first error is raised.

    Starting threads costs 0.2 ms and is done anew for each call, so nothing outlives it, not even a fork.
    """
    inference = torch.is_inference_mode_enabled()

    def quietly(item: Item) -> None:
        with torch.inference_mode(inference), torch.no_grad():
            work(item)

    with _threads_given_back() as available:
        n_workers = max(1, min(available, limit or available, len(items)))
        with ThreadPoolExecutor(n_workers, initializer=_settle) as pool:
            for done in [pool.submit(quietly, item) for item in items]:
                done.result()


def _settle() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


@contextmanager
def _threads_given_back():
    """A new thread starts with the number set last, by whichever thread: say the caller's again at the
    end."""
    available = torch.get_num_threads()
    try:
        yield available
    finally:
        torch.set_num_threads(available)
