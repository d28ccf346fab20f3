"""The plan of a ring before any process is started: who holds which shard when, has how much to do, sends how much.

NumPy alone. A sequence of n positions is dealt out to `world` ranks, one row of positions each.
"""

from __future__ import annotations

import numpy as np

from attnlab._counts import counts
from attnlab._shapes import Array, Int


@counts("rank", "step", "world")
def source(rank: int, step: int, world: int) -> int:
    """(rank - step) mod world: whose keys and values `rank` has at hand in `step`, when all is passed to the right.

    Source: [liu2023ring, algorithm 1].
    """
    return (rank - step) % world


@counts("n", "world")
def contiguous(n: int, world: int) -> Int[Array, "world shard"]:
    """Positions 0 to n / world - 1 for the first rank, the next as many for the second, and so on.

    Errors: ValueError unless `world` divides n.
    """
    _need_parts(n, world)
    return np.arange(n).reshape(world, -1)


@counts("n", "world")
def striped(n: int, world: int) -> Int[Array, "world shard"]:
    """Every `world`-th position: rank r gets r, r + world, r + 2 world, ...

    Errors: ValueError unless `world` divides n.
    Source: [brandon2023].
    """
    _need_parts(n, world)
    return np.arange(n).reshape(-1, world).T.copy()


@counts("n", "world")
def zigzag(n: int, world: int) -> Int[Array, "world shard"]:
    """Of 2 world pieces, rank r gets the r-th from the front and the r-th from the back.

    Errors: ValueError unless 2 world divides n.
    """
    _need_parts(n, 2 * world)
    pieces = np.arange(n).reshape(2 * world, -1)
    return np.concatenate([pieces[:world], pieces[::-1][:world]], axis=1)


def causal_work(positions: Int[Array, "world shard"]) -> Int[Array, "world world"]:
    """How many pairs (query, key) with key position <= query position each rank (row) has in each step (column)."""
    world = len(positions)
    counts = np.zeros((world, world), dtype=int)
    for rank, step in np.ndindex(world, world):
        keys = positions[source(rank, step, world)]
        counts[rank, step] = (keys <= positions[rank][:, None]).sum()
    return counts


def finish(work: Int[Array, "world world"]) -> int:
    """The sum over the steps of the busiest rank's work: nobody starts a step before the shard has come."""
    return int(work.max(axis=0).sum())


@counts("world", "shard", "kv_heads", "d_head", "d_value", "bytes_each", "batch")
def bytes_sent(
    world: int, shard: int, kv_heads: int, d_head: int, d_value: int, bytes_each: int = 2, batch: int = 1
) -> tuple[int, int]:
    """(forward, backward): what one rank of `ring_attention` sends for one layer.

    A shard of keys and values has batch · kv_heads · shard · (d_head + d_value) · bytes_each bytes. Forward it is sent
    world - 1 times; backward, together with a gradient of the same size, world times, the last time home.
    Errors: ValueError for a size below 1.
    """
    sizes = dict(world=world, shard=shard, kv_heads=kv_heads, d_head=d_head, d_value=d_value, batch=batch)
    for name, size in {**sizes, "bytes_each": bytes_each}.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1 but is {size}")
    one = batch * kv_heads * shard * (d_head + d_value) * bytes_each
    return (world - 1) * one, 2 * world * one if world > 1 else 0


def _need_parts(n: int, parts: int) -> None:
    if parts < 1 or n % parts:
        raise ValueError(f"{n} positions cannot be cut into {parts} equal parts")
