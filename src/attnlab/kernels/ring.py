"""Exact attention over a sequence that no single process holds: keys and values travel round a ring.

Each process keeps its own queries. In every step it attends to the keys it has at hand, merges the result with what it
knew, and passes the keys on to its right. After as many steps as there are processes every query has met every key.
Backwards the keys travel round once more, and their gradients travel with them, home again after the last step.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor

from attnlab._shapes import Float
from attnlab.kernels.backward import Rows, backward
from attnlab.kernels.door import check_numbers, check_tensors
from attnlab.kernels.forward import choose_way, forward
from attnlab.kernels.heads import Options, Overlay
from attnlab.kernels.merge import merge_pairs


def ring_attention(
    q: Float[Tensor, "*batch heads shard d_head"],
    k: Float[Tensor, "*batch kv_heads shard d_head"],
    v: Float[Tensor, "*batch kv_heads shard d_value"],
    *,
    causal: bool = False,
    scale: float | None = None,
    group: dist.ProcessGroup | None = None,
) -> Float[Tensor, "*batch heads shard d_value"]:
    """This process's rows of softmax(scale · q kᵀ) v over the whole sequence, shard r of it being held by rank r.

    All processes of the group call it together, with shards of one length; so do their backward passes. With `causal`,
    shards that lie wholly in a rank's future are passed on unread. A process sends and receives one shard of k and v
    per step, and holds three at most (its own, the one at hand, the one arriving), whatever the length of the sequence.
    Gradients once: the derivative of a gradient is refused, and torch.func (vmap, grad) and forward mode have no way
    through a ring of processes. What autocast is on changes nothing.
    A peer that has died makes the waiting processes raise RuntimeError, at the latest after the group's time-out.

    Errors: RuntimeError without a process group; ValueError if the ranks' shards differ in shape; those of
    `flash_attention`.
    Source: [liu2023ring, section 3, algorithm 1].
    """
    check_tensors(q, k, v)
    if not dist.is_initialized():
        raise RuntimeError("ring_attention needs a process group: call torch.distributed.init_process_group first")
    _check_shards(q, k, v, group)
    given = check_numbers(scale=scale).scale
    scale = q.shape[-1] ** -0.5 if given is None else given
    return _Ring.apply(q, k.contiguous(), v.contiguous(), bool(causal), scale, group)


class _Ring(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, causal, scale, group):
        rank, world = dist.get_rank(group), dist.get_world_size(group)
        rows, k_now, v_now = None, k, v
        for step in range(world):
            source = (rank - step) % world
            if not causal or source <= rank:
                part = forward(q, k_now, v_now, Overlay(), _options(q, v, causal and source == rank, scale))
                rows = part if rows is None else merge_pairs(*rows, *part)
            if step < world - 1:
                k_now, v_now = _pass_on((k_now, v_now), rank, world, group)
        ctx.save_for_backward(q, k, v, *rows)
        ctx.causal, ctx.scale, ctx.group = causal, scale, group
        return rows[0].to(q.dtype)

    @staticmethod
    def backward(ctx, d_out):
        if torch.is_grad_enabled():
            raise RuntimeError("ring_attention has first derivatives only: create_graph=True asks for a second")
        q, k, v, out, peak, log_total = ctx.saved_tensors
        rows = Rows(out, peak, log_total, d_out.to(out.dtype), torch.zeros_like(peak))
        rank, world = dist.get_rank(ctx.group), dist.get_world_size(ctx.group)
        dq, travelling = torch.zeros_like(q), (k, v, torch.zeros_like(k), torch.zeros_like(v))
        for step in range(world):
            source = (rank - step) % world
            if not ctx.causal or source <= rank:
                k_now, v_now, dk, dv = travelling
                options = _options(q, v, ctx.causal and source == rank, ctx.scale)
                # the weights are those of the whole row, since its peak and total are those of the whole row
                part = backward(q, k_now, v_now, Overlay(), options, rows, False)
                dq, travelling = dq + part.q, (k_now, v_now, dk + part.k, dv + part.v)
            travelling = _pass_on(travelling, rank, world, ctx.group)
        return dq, travelling[2], travelling[3], None, None, None


def _options(q: Tensor, v: Tensor, causal: bool, scale: float) -> Options:
    return choose_way(q, v, Options(causal, window=None, scale=scale, dropout_p=0.0, seed=0))


def _pass_on(tensors: tuple[Tensor, ...], rank: int, world: int, group) -> tuple[Tensor, ...]:
    """Send to the right neighbour and receive the same from the left; sending and receiving overlap, so nobody waits
    for somebody who waits for him."""
    if world == 1:
        return tensors
    received = tuple(torch.empty_like(x) for x in tensors)
    right, left = (dist.get_global_rank(group, r % world) if group else r % world for r in (rank + 1, rank - 1))
    requests = []
    for sent, place in zip(tensors, received):
        requests.append(dist.isend(sent.contiguous(), right, group))
        requests.append(dist.irecv(place, left, group))
    for request in requests:
        request.wait()
    return received


def _check_shards(q: Tensor, k: Tensor, v: Tensor, group) -> None:
    """ValueError, on every rank alike, unless all shards have one shape and as many queries as keys."""
    mine = torch.tensor([*q.shape, *k.shape, *v.shape, q.shape[-2] - k.shape[-2]])
    if len(mine) != 13:
        raise ValueError(f"shards need the axes (batch, heads, shard, d_head) but q has shape {tuple(q.shape)}")
    every = [torch.empty_like(mine) for _ in range(dist.get_world_size(group))]
    dist.all_gather(every, mine, group)
    if int(mine[-1]):
        raise ValueError(f"a shard has {q.shape[-2]} queries but {k.shape[-2]} keys; self-attention needs as many")
    for rank, other in enumerate(every):
        if not torch.equal(other, mine):
            shapes = tuple(other[:4].tolist()), tuple(mine[:4].tolist())
            raise ValueError(f"rank {rank} holds q of shape {shapes[0]} but this rank of shape {shapes[1]}, or its k, v differ")
