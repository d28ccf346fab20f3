"""Threads of our own: one head each, every torch operation inside on a single thread.

Splitting the heads is better than letting torch split each product: tiles are too small to share, and
torch's threads wait for each other after every operation. Three settings belong to a thread, not to the
program: the number of threads inside an operation, whether gradients are recorded, and whether denormal
numbers are flushed to zero. The last one matters: on some chips weights below 1e-38 make every product 10
times slower (AMD Zen 5 does not mind them), and they count for nothing. Fresh threads take all three and
leave the caller's alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Item = TypeVar("Item")
_settling = threading.Lock()
_own = threading.local()


def share(work: Callable[[Item], None], items: Sequence[Item], limit: int | None = None) -> None:
    """Call `work` on every item, on at most as many threads as torch uses here. The first error is raised,
    and no item is begun after it.

    Starting threads costs 0.2 ms and is done anew for each call, so nothing outlives it, not even a fork.
    """
    available, queue, errors = torch.get_num_threads(), iter(items), []
    n_workers = min(available, limit or available, len(items))
    inference, settled = torch.is_inference_mode_enabled(), threading.Barrier(n_workers + 1)

    def run() -> None:
        try:
            torch.set_num_threads(1)
            torch.get_num_threads()  # asked for the first time, a thread takes the number that was said last
            torch.set_flush_denormal(True)
            settled.wait()
            with torch.inference_mode(inference), torch.no_grad():
                for item in queue:
                    work(item)
        except BaseException as error:
            errors.append(error)
            _drain(queue)

    threads = [threading.Thread(target=run) for _ in range(n_workers)]
    _start(threads, settled, available)
    try:
        for thread in threads:
            thread.join()
    finally:  # after an interruption nothing more is begun either, and what runs is waited for
        _drain(queue)
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def _start(threads: list[threading.Thread], settled: threading.Barrier, available: int) -> None:
    """Start the threads and say the caller's number of threads again as soon as each has said its own: a new
    thread, anyone's, begins with the number that was said last."""
    with _settling:
        try:
            for thread in threads:
                thread.start()
            settled.wait()
        except BaseException:
            settled.abort()
            raise
        finally:
            torch.set_num_threads(available)


def room(place: str, height: int, width: int, dtype: torch.dtype) -> Tensor:
    """Memory of this thread's own, used again by everything that asks for the same place: fresh memory for
    each tile costs 5 % of a product, and more where the system has to find it first."""
    flat = getattr(_own, place, None)
    if flat is None or flat.numel() < height * width or flat.dtype != dtype:
        flat = torch.empty(height * width, dtype=dtype, device="cpu")
        setattr(_own, place, flat)
    return flat[: height * width].view(height, width)


def _drain(queue: Iterator) -> None:
    for _ in queue:
        pass
