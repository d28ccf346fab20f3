"""Ring attention on real processes, started from a notebook or a program, and watched until all of them have ended.

Every rank is a fresh Python that runs this file. The ranks meet through a file in a temporary folder, talk over sockets
(gloo), and write their rows into the folder. Nothing is left running, whatever happens.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.distributed as dist

from attnlab._shapes import Array, Float, Int
from attnlab.kernels.ring import ring_attention

START_SECONDS = 120.0  # to start Python, import torch and meet, on a busy machine
FAILURES = {"dies": "leaves before the first step", "hangs": "lives on and is silent"}


class Result(NamedTuple):
    """The whole sequence again, put together from the ranks' rows, and the bytes that each rank sent."""

    out: Float[Array, "batch heads n d_value"]
    dq: Float[Array, "batch heads n d_head"]
    dk: Float[Array, "batch kv_heads n d_head"]
    dv: Float[Array, "batch kv_heads n d_value"]
    sent: Int[Array, "world 2"]


class RingFailure(RuntimeError):
    """Not every rank finished. `seconds` holds, for each rank that raised, how long it had been at it."""

    def __init__(self, fates: dict[int, str], seconds: dict[int, float]):
        super().__init__("; ".join(f"rank {rank} {fate}" for rank, fate in fates.items()))
        self.fates, self.seconds = fates, seconds


def run(
    q: Float[Array, "batch heads n d_head"],
    k: Float[Array, "batch kv_heads n d_head"],
    v: Float[Array, "batch kv_heads n d_value"],
    d_out: Float[Array, "batch heads n d_value"],
    *,
    world: int = 2,
    causal: bool = False,
    seconds: float = 60.0,
    fail: dict[int, str] | None = None,
) -> Result:
    """`ring_attention` and its backward pass on `world` processes, rank r holding the r-th part of the sequence.

    `seconds` is the time-out of the process group. `fail` makes ranks fail on purpose: {1: "dies"} leaves before the
    first step, {1: "hangs"} stays and is silent.
    Errors: ValueError unless `world` divides n, or for an unknown way to fail; RingFailure, with every rank's fate,
    if one did not finish.
    """
    fail = fail or {}
    _check(q.shape[-2], world, fail)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "inputs.npz", q=q, k=k, v=v, d_out=d_out)
        order = {"folder": name, "world": world, "causal": causal, "seconds": seconds}
        ranks = [_start({**order, "rank": r, "fail": fail.get(r, "")}, folder) for r in range(world)]
        try:
            _wait([process for r, process in enumerate(ranks) if fail.get(r) != "hangs"], seconds)
        finally:
            for process in ranks:
                process.kill()
                process.wait()
        _raise_if_any_failed(ranks, folder)
        return _collect(folder, world)


def _check(n: int, world: int, fail: dict[int, str]) -> None:
    if world < 1 or n % world:
        raise ValueError(f"{n} positions cannot be dealt out evenly to {world} processes")
    for rank, way in fail.items():
        if way not in FAILURES or not 0 <= rank < world:
            raise ValueError(f"rank {rank} of {world} cannot fail like {way!r}; ways to fail are {sorted(FAILURES)}")


def _start(order: dict, folder: Path) -> subprocess.Popen:
    """One rank; what it complains about goes to a file, not to the reader's screen."""
    here = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    with open(folder / f"{order['rank']}.log", "wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "attnlab.kernels.ring_demo", json.dumps(order)],
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip


def _wait(ranks: list[subprocess.Popen], seconds: float) -> None:
    """Until all have ended. Once one has failed, the others have their time-out and a little more."""
    deadline = time.monotonic() + START_SECONDS + 2 * seconds
    while any(process.poll() is None for process in ranks) and time.monotonic() < deadline:
        if any(process.poll() for process in ranks):
            deadline = min(deadline, time.monotonic() + seconds + 2)
        time.sleep(0.02)


def _raise_if_any_failed(ranks: list[subprocess.Popen], folder: Path) -> None:
    fates, seconds = {}, {}
    for rank, process in enumerate(ranks):
        report = folder / f"{rank}.json"
        if report.exists():
            told = json.loads(report.read_text(encoding="utf-8"))
            fates[rank], seconds[rank] = f"raised {told['error']}", told["seconds"]
        elif process.returncode:
            killed = process.returncode < 0
            fates[rank] = "was still silent and was stopped" if killed else f"died with exit code {process.returncode}"
    if fates:
        raise RingFailure(fates, seconds)


def _collect(folder: Path, world: int) -> Result:
    parts = []
    for rank in range(world):
        with np.load(folder / f"{rank}.npz") as rows:
            parts.append({name: rows[name] for name in rows})
    whole = {x: np.concatenate([part[x] for part in parts], axis=-2) for x in ("out", "dq", "dk", "dv")}
    return Result(**whole, sent=np.stack([part["sent"] for part in parts]))


# -- in the child process ------------------------------------------------------------------------------------


def _child(order: dict) -> None:
    """Meet the others, fail if told to, else attend; write the rows, or what was raised and when."""
    torch.set_num_threads(1)
    folder, rank = Path(order["folder"]), order["rank"]
    dist.init_process_group(
        "gloo", init_method=(folder / "meeting").as_uri(), rank=rank, world_size=order["world"],
        timeout=timedelta(seconds=START_SECONDS),
    )  # fmt: skip
    group = dist.new_group(timeout=timedelta(seconds=order["seconds"]))
    dist.barrier()
    if order["fail"] == "dies":
        os._exit(86)
    if order["fail"] == "hangs":
        time.sleep(3600)
    begin = time.monotonic()
    try:
        rows = _attend(order, folder, rank, group)
    except Exception as error:
        told = {"error": type(error).__name__, "seconds": time.monotonic() - begin}
        (folder / f"{rank}.json").write_text(json.dumps(told), encoding="utf-8")
        os._exit(1)
    np.savez(folder / f"{rank}.npz", **rows)
    dist.barrier()
    dist.destroy_process_group()


def _attend(order: dict, folder: Path, rank: int, group: dist.ProcessGroup) -> dict[str, np.ndarray]:
    """This rank's rows of the output and of the gradients, and the bytes sent (forward, backward)."""
    with np.load(folder / "inputs.npz") as given:
        mine = {x: np.split(given[x], order["world"], axis=-2)[rank] for x in given}
    q, k, v, d_out = (torch.from_numpy(mine[x].copy()) for x in ("q", "k", "v", "d_out"))
    for x in (q, k, v):
        x.requires_grad_()
    with _counted() as forward:
        out = ring_attention(q, k, v, causal=order["causal"], group=group)
    with _counted() as backward:
        out.backward(d_out)
    rows = {"out": out, "dq": q.grad, "dk": k.grad, "dv": v.grad}
    sent = np.array([sum(forward), sum(backward)])
    return {**{name: row.detach().numpy() for name, row in rows.items()}, "sent": sent}


@contextlib.contextmanager
def _counted():
    """A list that gets the size in bytes of every tensor this process sends meanwhile."""
    sizes, isend = [], dist.isend

    def counting(tensor, *args, **kwargs):
        sizes.append(tensor.nbytes)
        return isend(tensor, *args, **kwargs)

    dist.isend = counting
    try:
        yield sizes
    finally:
        dist.isend = isend


if __name__ == "__main__":
    _child(json.loads(sys.argv[1]))
