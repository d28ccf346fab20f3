"""Ring attention on real processes: exact forward and backward, clear errors, no hang when a peer dies."""

import datetime
import os
import queue
import socket
import time

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

pytestmark = pytest.mark.skipif(not dist.is_available() or not dist.is_gloo_available(), reason="needs gloo")
BATCH, HEADS, KV_HEADS, SHARD, D_HEAD, D_VALUE = 2, 6, 3, 13, 5, 7


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def enter(rank, world, port, deed, answers, seconds):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=world, timeout=datetime.timedelta(seconds=seconds))
    answers.put((rank, deed(rank, world)))
    if seconds > 5:
        dist.barrier()
        dist.destroy_process_group()


def run(deed, world, seconds=60, expect=None):
    """What `deed(rank, world)` returned in each of `world` fresh processes, as {rank: result}."""
    context = multiprocessing.get_context("spawn")
    answers, port = context.Queue(), free_port()
    processes = [context.Process(target=enter, args=(r, world, port, deed, answers, seconds)) for r in range(world)]
    for p in processes:
        p.start()
    results, deadline = {}, time.monotonic() + 90
    while len(results) < (world if expect is None else expect) and time.monotonic() < deadline:
        try:
            rank, value = answers.get(timeout=1)
            results[rank] = value
        except queue.Empty:
            assert any(p.is_alive() for p in processes), "the processes ended without an answer"
    for p in processes:
        p.join(timeout=20)
        if p.is_alive():
            p.kill()
    return results


def inputs(world):
    generator = torch.Generator().manual_seed(world)
    n = world * SHARD
    shapes = (HEADS, D_HEAD), (KV_HEADS, D_HEAD), (KV_HEADS, D_VALUE), (HEADS, D_VALUE)
    return [torch.randn(BATCH, h, n, d, generator=generator, dtype=torch.float64) for h, d in shapes]


def plain(q, k, v, causal):
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if causal:
        n = q.shape[-2]
        scores = scores.masked_fill(torch.ones(n, n, dtype=torch.bool).triu(1), -torch.inf)
    return torch.softmax(scores, -1) @ v


def unequal(rank):
    """What this rank is told when every rank brings a shard of another length."""
    from attnlab.kernels.ring import ring_attention

    n = SHARD + rank
    try:
        ring_attention(*(torch.zeros(1, 2, n, 3) for _ in range(3)))
    except ValueError as error:
        return str(error)


def twice(rank):
    """What is said of a second derivative."""
    from attnlab.kernels.ring import ring_attention

    q, k, v = (torch.ones(1, 2, 3, 5, requires_grad=True) for _ in range(3))
    try:
        torch.autograd.grad(ring_attention(q, k, v).sum(), q, create_graph=True)
    except RuntimeError as error:
        return str(error)


def large(q, k):
    """Scores of -1e30 and nothing else: every query is opposite to every key."""
    return 1e15 * torch.eye(D_HEAD, dtype=q.dtype)[0].expand_as(q), -1e15 * torch.eye(D_HEAD, dtype=k.dtype)[0].expand_as(k)


def exactness(rank, world):
    from attnlab.kernels.ring import ring_attention

    errors = {"refusal": unequal(rank), "twice": twice(rank)}
    for causal, enlarged in ((False, False), (True, False), (True, True)):
        q, k, v, d_out = inputs(world)
        q, k = large(q, k) if enlarged else (q, k)
        mine = slice(rank * SHARD, (rank + 1) * SHARD)
        shards = [x[:, :, mine].clone().requires_grad_() for x in (q, k, v)]
        with torch.autocast("cpu", torch.bfloat16):
            out = ring_attention(*shards, causal=causal)
            out.backward(d_out[:, :, mine])
        full = [x.clone().requires_grad_() for x in (q, k, v)]
        expected = plain(*full, causal)
        expected.backward(d_out)
        pairs = [(out, expected[:, :, mine])] + [(s.grad, f.grad[:, :, mine]) for s, f in zip(shards, full)]
        sizes = 1.0, (1e15 if enlarged else 1.0), (1e15 if enlarged else 1.0), 1.0
        errors[causal, enlarged] = [float((a - b).abs().max()) / size for (a, b), size in zip(pairs, sizes)]
    return errors


@pytest.mark.parametrize("world", [2, 4])
def test_equals_attention_in_one_piece_and_refuses_unequal_shards(world):
    results = run(exactness, world)
    assert sorted(results) == list(range(world))
    for errors in results.values():
        for case in ((False, False), (True, False), (True, True)):
            assert max(errors[case]) <= 1e-12
        assert "first derivatives only" in errors["twice"]
        assert "holds q of shape" in errors["refusal"] and f"{SHARD}" in errors["refusal"]


def dies(rank, world):
    from attnlab.kernels.ring import ring_attention

    if rank == 1:
        os._exit(0)
    x = torch.zeros(1, 2, SHARD, 3)
    try:
        ring_attention(x, x, x)
    except RuntimeError as error:
        return str(error)


def test_a_dead_peer_is_an_error_within_the_time_out():
    """Whoever waits for ever gives no answer, and `run` waits longer than the time-out."""
    (said,) = run(dies, 2, seconds=5, expect=1).values()
    assert said


def test_without_a_group_the_error_says_so():
    from attnlab.kernels.ring import ring_attention

    x = torch.zeros(1, 2, 3, 5)
    with pytest.raises(RuntimeError, match="init_process_group"):
        ring_attention(x, x, x)
