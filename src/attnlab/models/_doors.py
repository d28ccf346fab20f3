"""What models check at the door: ids, the cache that goes with them, and which of them are real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def need_ids(name: str, ids: Tensor, n_rows: int) -> None:
    """`ids` (batch, tokens) name rows of a table of `n_rows`.

    On an accelerator the range is not looked at: that would make the CPU wait.
    Errors: TypeError for what holds no integers; ValueError for other axes, and for an id that names no row.
    """
    if ids.is_floating_point() or ids.dtype == torch.bool:
        raise TypeError(f"{name} must hold integers but their dtype is {ids.dtype}")
    if ids.ndim != 2:
        raise ValueError(f"{name} must have the axes (batch, tokens) but the shape is {tuple(ids.shape)}")
    if ids.device.type == "cpu" and ids.numel() and not 0 <= ids.min() <= ids.max() < n_rows:
        raise ValueError(f"{name} go from {ids.min()} to {ids.max()} but there are rows for 0 to {n_rows - 1}")


def need_text(ids: Tensor, cache: Any, config: Any) -> None:
    """What a decoder alone reads: `ids` of its vocabulary that, behind those in the cache, fit into it.

    Errors: those of `need_ids`; ValueError for a cache of another depth, and for more than max_len tokens.
    """
    need_ids("ids", ids, config.vocab_size)
    if cache is not None and len(cache.layers) != config.n_layers:
        raise ValueError(f"the cache has {len(cache.layers)} layers but the model {config.n_layers}")
    n = ids.shape[1] + (0 if cache is None else cache.length)
    if n > config.max_len:
        raise ValueError(f"{n} tokens do not fit into max_len = {config.max_len}")


def real_tokens(real: Tensor | None, ids: Tensor) -> Tensor:
    """Which of `ids` are no padding: all of them unless `real` is given. ValueError for another shape."""
    if real is None:
        return torch.ones_like(ids, dtype=torch.bool)
    if real.shape != ids.shape:
        raise ValueError(f"real has shape {tuple(real.shape)} but ids {tuple(ids.shape)}")
    return real


def layers_of(cache: Any, n_layers: int) -> tuple:
    """The cache of each layer; None for each where there is no cache."""
    return (None,) * n_layers if cache is None else tuple(cache.layers)


def need_memory(what: str, n_bytes: int) -> None:
    """MemoryError unless so many bytes and a fifth more are free; where the system does not tell, nothing is refused."""
    free = free_memory()
    if free is not None and free < 1.2 * n_bytes:
        raise MemoryError(f"{what} need {1.2 * n_bytes / 1e9:.1f} GB of memory but {free / 1e9:.1f} GB are free")


def free_memory() -> int | None:
    """Bytes that a program may still take, of the machine and of the container it runs in; None where Linux is not told apart."""
    found = [_meminfo(Path("/proc/meminfo")), _left_in_container(Path("/sys/fs/cgroup"))]
    return min((one for one in found if one is not None), default=None)


def _meminfo(path: Path) -> int | None:
    if not path.is_file():
        return None
    rows = dict(line.split(":") for line in path.read_text("utf-8").splitlines())
    return int(rows["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in rows else None


def _left_in_container(folder: Path) -> int | None:
    """What the second version of control groups leaves, pages of files that can be dropped counted as free."""
    limit, used, parts = (folder / name for name in ("memory.max", "memory.current", "memory.stat"))
    if not (limit.is_file() and used.is_file() and parts.is_file()) or limit.read_text("utf-8").strip() == "max":
        return None
    cached = dict(line.split() for line in parts.read_text("utf-8").splitlines()).get("inactive_file", "0")
    return int(limit.read_text("utf-8")) - int(used.read_text("utf-8")) + int(cached)
