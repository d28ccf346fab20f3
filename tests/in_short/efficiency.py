"""Cost, online softmax, the blocked kernel, memory traffic, GPUs, several devices."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from attnlab import attention as package
from attnlab import masks, reference
from attnlab.kernels import cost, occupancy, ring_plan, traffic
from attnlab.kernels.flash import flash_attention
from attnlab.kernels.merge import merge
from attnlab.mixers import selected
from attnlab.reference.mixers import delta as np_delta
from attnlab.reference.mixers import linear as np_linear
from attnlab.reference.mixers import sparse as np_sparse
from attnlab.models import sizes
from attnlab.reference import speculative
from attnlab.reference.pages import Pages
from in_short.page import Bug, Page, close, normal, tensor
from torch.utils.flop_counter import FlopCounterMode


def qkv(n: int = 23, m: int = 23, d: int = 5, d_v: int = 3, seed: int = 0) -> tuple[np.ndarray, ...]:
    return normal(n, d, seed=seed), normal(m, d, seed=seed + 1), normal(m, d_v, seed=seed + 2)


# -- what attention costs


def overview_agrees(f, g):
    for n, d, d_ff in ((7, 5, 11), (13, 3, None)):
        assert f.layer_flops(n, d, d_ff).tolist() == list(cost.layer_flops(n, d, d_ff).values())
    close(f.attainable(7.0, 2.0, 11.0, 5.0), np.float64(cost.attainable(3.5, 11.0, 5.0)))
    assert f.attainable(7.0, 2.0, 11.0, 1.0) == cost.attainable(cost.intensity(7.0, 2.0), 11.0, 1.0)
    q, k, v = map(tensor, qkv(11, 7, 5, 5))
    assert g.counted_flops(package.attention, q, k, v) == cost.attention_flops(11, 7, 5, 5)


def products_are_all_there(f):
    n, d = 7, 6
    q = torch.ones(n, d)
    with FlopCounterMode(display=False) as counter:
        q @ q.mT @ q
    assert f.layer_flops(n, d)[1] == counter.get_total_flops()


def twice_the_width_is_four_times_the_projections(f):
    assert f.layer_flops(7, 6)[0] * 4 == f.layer_flops(7, 12)[0] and f.layer_flops(7, 6)[1] * 2 == f.layer_flops(7, 12)[1]


def a_multiplication_is_two(g):
    assert g.counted_flops(torch.matmul, torch.ones(2, 3), torch.ones(3, 5)) == 2 * 2 * 3 * 5


# -- online softmax


def whole(scores, values):
    return reference.softmax(scores) @ values


def online_agrees(f, g):
    scores, values = normal(7, 29), normal(29, 3)
    scores[2, 5:] = -np.inf
    scores[3] = -np.inf
    for block in (1, 4, 64):
        close(f.online_softmax(scores, values, block), whole(scores, values))
    parts = [(normal(2, 5, 3, seed=i), normal(2, 5, seed=i + 9)) for i in (0, 1)]
    parts[0][1][1, 2] = parts[1][1][1, 2] = parts[0][1][0, 0] = -np.inf
    parts[0][0][parts[0][1] == -np.inf] = parts[1][0][parts[1][1] == -np.inf] = 0
    tensors = [tensor(x) for part in parts for x in part]
    for ours, theirs, plain in zip(g.merge(*tensors), merge(*tensors), reference.merge(*parts[0], *parts[1])):
        close(ours, plain) if plain.ndim == 3 else close(ours.exp(), np.exp(plain))
        close(ours.exp(), theirs.exp())


def blocks_do_not_matter(f):
    scores, values = np.sort(normal(5, 13)), normal(13, 3)
    close(f.online_softmax(scores, values, 1), f.online_softmax(scores, values, 13))


def a_hidden_block_changes_nothing(f):
    scores, values = normal(5, 8), normal(8, 3)
    hidden = np.concatenate([np.full((5, 4), -np.inf), scores], axis=1)
    close(f.online_softmax(hidden, np.concatenate([values[:4], values]), 4), f.online_softmax(scores, values, 4))


def halves_make_the_whole(g):
    scores, values = tensor(normal(5, 8)), tensor(normal(8, 3))
    part = lambda keys: (scores[:, keys].softmax(-1) @ values[keys], scores[:, keys].logsumexp(-1))
    out, lse = g.merge(*part(slice(0, 3)), *part(slice(3, 8)))
    close(out, scores.softmax(-1) @ values)
    close(lse, scores.logsumexp(-1))


# -- the blocked kernel


def blocked_agrees(f, g):
    for n, m, causal in ((23, 23, False), (23, 23, True), (7, 23, True), (23, 7, True)):
        q, k, v = qkv(n, m)
        expected = reference.blocked_attention(q, k, v, masking=reference.blocked.Masking(causal))[0]
        for block in (4, 64):
            close(f.blocked_attention(q, k, v, block, causal), expected)
        if n <= m:
            close(g.attention(*(tensor(x)[None, None] for x in (q, k, v)), causal)[0, 0], expected)
            close(flash_attention(*(tensor(x)[None, None] for x in (q, k, v)), causal=causal)[0, 0], expected)


def any_block_will_do(f):
    q, k, v = qkv(13, 13)
    for causal in (False, True):
        for block in (1, 5, 13):
            close(f.blocked_attention(q, k, v, block, causal), f.blocked_attention(q, k, v, 64, causal))


def the_last_query_sees_every_key(f):
    q, k, v = qkv(5, 13)
    close(f.blocked_attention(q, k, v, 4, True)[-1], f.blocked_attention(q, k, v, 4, False)[-1])


def the_last_query_sees_every_key_torch(g):
    q, k, v = (tensor(x)[None, None] for x in qkv(5, 13))
    close(g.attention(q, k, v, True)[0, 0, -1], g.attention(q, k, v, False)[0, 0, -1])


# -- memory traffic


def traffic_agrees(f, g):
    for n, d, capacity in ((97, 8, 2_000), (1_031, 16, 5_000), (13, 7, 10_000)):
        assert f.blocked_traffic(n, d, capacity) == traffic.flash_2_traffic(n, d, capacity)
        assert f.table_traffic(n, d) == traffic.standard_traffic(n, d, 10**9)
    q, k, v = (tensor(x)[None, None].requires_grad_() for x in qkv(31, 31, 4, 4))
    plain = lambda q, k, v: (q @ k.mT).softmax(-1) @ v
    assert g.saved_bytes(plain, q, k, v) == 8 * (3 * 31 * 4 + 31 * 31)
    assert g.saved_bytes(flash_attention, q, k, v) < 8 * 31 * 31
    assert g.saved_bytes(package.attention, q, k, v) > 8 * 31 * 31


def saving_grows_with_the_length(g):
    """And not with its square."""
    size = lambda n: g.saved_bytes(g.attention, *(torch.ones(1, 1, n, 4).requires_grad_() for _ in range(3)))
    assert 1.8 * size(300) < size(600) < 2.2 * size(300)


def one_row_more_costs_a_sweep(f):
    n, d, capacity = 96, 8, 1_000
    block_q = (capacity - 15 * d) // (2 * d + 15 + 4)
    full, more = block_q * 4, block_q * 4 + 1
    assert f.blocked_traffic(more, d, capacity) - f.blocked_traffic(full, d, capacity) > 2 * n * d


# -- on a GPU


def gpu_agrees(f, g):
    for sizes in ((64, 64, 128, 128, 2, 2), (128, 32, 64, 96, 4, 3)):
        assert f.shared_bytes(*sizes) == occupancy.shared_bytes(*sizes)
    for warps, registers, shared in ((4, 128, 49_152), (8, 255, 98_304), (2, 33, 0)):
        assert f.programs(warps, registers, shared) == min(occupancy.resident(occupancy.H100, warps, registers, shared).values())
    scores, values = tensor(normal(7, 29)), tensor(normal(29, 3))
    out, lse = g.rows(scores, values)
    close(out, whole(scores.numpy(), values.numpy()))
    close(lse, scores.logsumexp(-1))


def tiles_are_those_with_a_visible_pair(f):
    for n, rows, width in ((23, 4, 3), (16, 4, 4), (17, 8, 2)):
        for program in range(-(-n // rows)):
            q = np.arange(program * rows, min(n, (program + 1) * rows))
            sees = masks.causal(q, np.arange(n))
            tile = [sees[:, j : j + width] for j in range(0, n, width)]
            assert f.tiles(program, n, rows, width) == (sum(t.all() for t in tile if t.shape[1] == width), sum(t.any() for t in tile))


def a_stage_is_a_pair_of_tiles(f):
    assert f.shared_bytes(64, 32, 128, 96, 2, 3) - f.shared_bytes(64, 32, 128, 96, 2, 2) == 2 * 32 * (128 + 96)


def lse_is_natural(g):
    scores = tensor(normal(5, 13))
    close(g.rows(scores, tensor(normal(13, 3)))[1], scores.logsumexp(-1))


# -- beyond one device


def beyond_agrees(f, g):
    n, ranks = 24, 3
    q, k, v = qkv(n, n)
    expected = reference.attention(q, k, v, masks.causal(np.arange(n), np.arange(n)))
    close(f.ring_attention(q, k, v, ranks), expected)
    close(gathered(g, q, k, v, ranks), expected)


def gathered(g, q, k, v, ranks: int) -> torch.Tensor:
    """Every rank in turn, with a stand-in for the processes that hands out their shards."""
    shards = [tuple(tensor(x)[None, None].chunk(ranks, dim=-2)[r] for x in (q, k, v)) for r in range(ranks)]

    def all_gather(parts, x, group):
        which = next(i for i in (1, 2) if any(torch.equal(x, shard[i]) for shard in shards))
        for part, shard in zip(parts, shards):
            part.copy_(shard[which])

    def attend(rank: int) -> torch.Tensor:
        stand_in = SimpleNamespace(get_world_size=lambda group: ranks, get_rank=lambda group: rank, all_gather=all_gather)
        g.gathered_attention.__globals__["dist"] = stand_in
        return g.gathered_attention(*shards[rank])[0, 0]

    return torch.cat([attend(rank) for rank in range(ranks)])


def ranks_do_not_matter(f):
    q, k, v = qkv(24, 24)
    close(f.ring_attention(q, k, v, 1), f.ring_attention(q, k, v, 4))


def ranks_do_not_matter_torch(g):
    q, k, v = qkv(24, 24, 5, 5)
    close(gathered(g, q, k, v, 1), gathered(g, q, k, v, 4))


def beyond_costs() -> list[str]:
    n, world = 8 * 32, 8
    busy = [ring_plan.finish(ring_plan.causal_work(deal(n, world))) for deal in (ring_plan.contiguous, ring_plan.zigzag)]
    return [f"{ring_plan.bytes_sent(8, 16_384, 8, 128, 128)[0]:,}", f"{busy[0] / busy[1]:.1f}"]


# -- inference


def inference_agrees(f, g):
    pages = Pages(9, 4)
    pages.join("other"), pages.grow("other", 5), pages.join("a"), pages.grow("a", 3), pages.leave("other"), pages.grow("a", 7)
    assert f.rows(pages.tables["a"], 4, 10).tolist() == pages.rows("a").tolist()
    for a, n in ((0.3, 0), (0.7, 4), (1.0, 3)):
        close(f.tokens_a_pass(a, n), np.float64(speculative.tokens_a_round(a, n)))
    p, q = (torch.tensor(reference.softmax(normal(4, 5, seed=seed))) for seed in (0, 1))
    for seed in range(200):
        torch.manual_seed(seed)
        n, token = g.verify(torch.multinomial(q[:3], 1)[:, 0], p, q[:3])
        rest = p[n] if n == 3 else (p[n] - q[n]).clamp(min=0)
        assert 0 <= n <= 3 and rest[token] > 0


def tables_apart_are_rows_apart(f):
    assert set(f.rows([3, 0], 4, 7).tolist()).isdisjoint(f.rows([1, 2], 4, 8).tolist())


def a_certain_draft_gives_one_more(f):
    assert f.tokens_a_pass(1.0, 5) == 6


def what_was_proposed_too_often_does_not_come(g):
    p, q = torch.tensor([[0.2, 0.8], [0.5, 0.5]]), torch.tensor([[0.9, 0.1]])
    for seed in range(50):
        torch.manual_seed(seed)
        n, token = g.verify(torch.tensor([0]), p, q)
        assert n == 1 or token == 1


def inference_costs() -> list[str]:
    use = sizes.cache_operations("Llama 3 8B", 9) // sizes.cache_bytes("Llama 3 8B", 9)
    return [f"{sizes.cache_bytes('Llama 3 8B', 1):,}", f"{use} operations", f"{speculative.tokens_a_round(0.8, 4):.1f}"]


def traffic_costs() -> list[str]:
    n, d, capacity = 4_096, 64, 100_000
    table, blocked = traffic.standard_traffic(n, d, 10**9), traffic.flash_2_traffic(n, d, capacity)
    return [f"{table:,}", f"{blocked:,}", f"{table / blocked:.0f}"]


def gpu_costs() -> list[str]:
    shared = occupancy.shared_bytes(128, 64, 128, 128, 2, 2)
    return [f"{shared:,}", str(min(occupancy.resident(occupancy.H100, 8, 128, shared).values()))]


# -- a memory that erases


def erasing_agrees(f, g):
    q, k, v = qkv(13, 13)
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    rate, decay = reference.softmax(normal(13, seed=7)), -np.abs(normal(13, seed=8))
    wanted, _ = np_delta.gated_delta_rule(q, k, v, rate, decay)
    close(f.gated_delta_rule(q, k, v, rate, decay), wanted)
    close(g.gated_delta_rule(*map(tensor, (q, k, v, rate, decay))), tensor(wanted))


def the_second_value_stands(f):
    k, v = np.array([[0.6, 0.8]] * 2), normal(2, 3)
    close(f.gated_delta_rule(k, k, v, np.ones(2), np.zeros(2))[1], v[1])


def the_newest_is_read_whatever_the_decay(f):
    k, v = normal(7, 5), normal(7, 3, seed=1)
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    close(f.gated_delta_rule(k, k, v, np.ones(7), np.full(7, -0.7)), v)


def orthonormal_keys_read_whole_values(g):
    k, v = torch.eye(5).double(), tensor(normal(5, 3))
    close(g.gated_delta_rule(k, k, v, torch.ones(5).double(), torch.zeros(5).double()), v)

# -- sparse attention


def sparse_agrees(f, g):
    for n, stride in ((1, 1), (13, 4), (30, 7)):
        assert np.array_equal(f.strided(n, stride), np_sparse.strided(n, stride))
        assert np.array_equal(f.layers_needed(f.strided(n, stride)), np_sparse.hops(np_sparse.strided(n, stride)))
    q, k, w = normal(11, 3, 5), normal(11, 5, seed=1), normal(11, 3, seed=2)
    scores = g.index_scores(tensor(q), tensor(k), tensor(w))
    close(scores, selected.index_scores(tensor(q), tensor(k), tensor(w)))
    for n_best in (1, 4, 11, 20):
        assert g.select(scores, n_best).equal(selected.best_keys(scores, n_best, torch.ones(11, 11, dtype=torch.bool).tril()))


def a_later_key_changes_no_choice(g):
    scores = tensor(normal(11, 11))
    moved = scores.clone()
    moved[:, 7:] += 9
    assert g.select(scores, 3)[:7].equal(g.select(moved, 3)[:7]) and g.select(moved, 3)[:7].sum() == 1 + 2 + 3 * 5


def a_token_sees_itself(f):
    assert np.diag(f.strided(12, 3)).all()


def the_first_layer_counts(f):
    """A line in which nobody sees themselves: everything before is reached, at the distance."""
    assert np.isfinite(f.layers_needed(np.eye(7, k=-1, dtype=bool))[np.tri(7, dtype=bool)]).all()
    assert f.layers_needed(np.tri(5, k=-1, dtype=bool))[4].tolist() == [1, 1, 1, 1, 0]


def sparse_costs() -> list[str]:
    """Token i sees min(i + 1, 64) in the window, and i // 64 along the stride beyond it."""
    return [f"{sum(min(i + 1, 64) + i // 64 for i in range(4096)):,}", f"{4096 * 4097 // 2:,}"]


# -- linear attention


def linear_agrees(f, g):
    q, k, v = (normal(13, d, seed=s) for s, d in enumerate((5, 5, 3)))
    expected = np_linear.linear_attention(q, k, v, causal=True)
    close(f.causal_linear(q, k, v), expected)
    for chunk in (1, 4, 13, 20):
        close(g.chunked(tensor(q), tensor(k), tensor(v), chunk), expected)


def equal_values_come_back(f):
    q, k = normal(9, 5), normal(9, 5, seed=1)
    close(f.causal_linear(q, k, np.full((9, 3), 2.5)), np.full((9, 3), 2.5))


def any_chunk_will_do(g):
    q, k, v = (tensor(normal(13, 5, seed=s)) for s in range(3))
    close(g.chunked(q, k, v, 4), g.chunked(q, k, v, 1))


def the_first_token_is_remembered(g):
    q, k, v = (tensor(normal(13, 5, seed=s)) for s in range(3))
    moved = v.clone()
    moved[0] += 5
    assert (g.chunked(q, k, moved, 4)[-1] - g.chunked(q, k, v, 4)[-1]).abs().max() > 1e-3


def linear_costs() -> list[str]:
    """The state with its normaliser; and the length at which 4 d (n + 1) / 2 is 4 d^2."""
    n = next(n for n in range(1, 10_000) if 4 * 128 * n * n / 2 >= 4 * 128 * 128 * n)
    return [f"{128 * 128 + 128:,}", str(n)]


PAGES = {
    "efficiency/overview": Page(
        overview_agrees,
        {
            "A product is forgotten": Bug("numpy", "4 * n**2 * d", "2 * n**2 * d", products_are_all_there),
            "Quadratic in the wrong number": Bug("numpy", "4 * n**2 * d", "4 * n * d**2", twice_the_width_is_four_times_the_projections),
            "Half of the operations": Bug("torch", "counter.get_total_flops()", "counter.get_total_flops() // 2", a_multiplication_is_two),
        },
        lambda: [f"{6 * 4096:,}", f"{cost.score_bytes(8192, 32):,}"],
    ),
    "efficiency/online_softmax": Page(
        online_agrees,
        {
            "The mix is not rescaled": Bug("numpy", "rescale * mix + p @ v", "mix + p @ v", blocks_do_not_matter),
            "Infinity minus infinity": Bug("numpy", "np.finfo(float).min", "-np.inf", a_hidden_block_changes_nothing),
            "Log-sum-exps are added": Bug("torch", "torch.logaddexp(lse_a, lse_b)", "lse_a + lse_b", halves_make_the_whole),
        },
        lambda: [str(128 + 2)],
    ),
    "efficiency/blocked_kernel": Page(
        blocked_agrees,
        {
            "The ragged tail": Bug("numpy", "range(0, m, block)", "range(0, m - block + 1, block)", any_block_will_do),
            "The causal index is local to the tile": Bug("numpy", "j + np.arange(s.shape[1])", "np.arange(s.shape[1])", any_block_will_do),
            "First row on first key": Bug("torch", "n == m:", "True:", the_last_query_sees_every_key_torch),
        },
        lambda: [f"{cost.score_bytes(8192, 1):,}", f"{8192 * 4:,}", "2.5"],
    ),
    "efficiency/memory_traffic": Page(
        traffic_agrees,
        {
            "The table is written after all": Bug("torch", "scaled_dot_product_attention(q, k, v)", "(q @ k.mT / q.shape[-1]**0.5).softmax(-1) @ v", saving_grows_with_the_length),
            "The last block is not counted": Bug("numpy", "-(-n // block_q)", "n // block_q", one_row_more_costs_a_sweep),
        },
        traffic_costs,
    ),
    "efficiency/on_a_gpu": Page(
        gpu_agrees,
        {
            "The last tile is skipped": Bug("numpy", "last // block_k + 1", "last // block_k", tiles_are_those_with_a_visible_pair),
            "A stage is forgotten": Bug("numpy", "stages * block_k", "block_k", a_stage_is_a_pair_of_tiles),
            "The logarithm is to the base 2": Bug("torch", "total.log2()) / LOG2E", "total.log2())", lse_is_natural),
        },
        gpu_costs,
    ),
    "efficiency/memory_that_erases": Page(
        erasing_agrees,
        {
            "The old value is not taken out": Bug("numpy", "v_t - k_t @ memory", "v_t", the_second_value_stands),
            "Taken out of the memory before it fades": Bug("numpy", "memory + b * np.outer(k_t, v_t - k_t @ memory)", "memory + b * np.outer(k_t, v_t - k_t @ memory / np.exp(g))", the_newest_is_read_whatever_the_decay),
            "A token erases what it is about to write": Bug("torch", "left).tril(-1)", "left).tril()", orthonormal_keys_read_whole_values),
        },
        lambda: [f"{128 * 128:,}", str(128 * 128 // (2 * 128))],
    ),
    "efficiency/inference": Page(
        inference_agrees,
        {
            "The table is ignored": Bug("numpy", "np.asarray(table)[i // page_size]", "(i // page_size)", tables_apart_are_rows_apart),
            "The large model's own token is forgotten": Bug("numpy", "np.arange(g + 1)", "np.arange(g)", a_certain_draft_gives_one_more),
            "A refusal draws from the large model": Bug("torch", "(p[n] - q[n]).clamp(min=0)", "p[n]", what_was_proposed_too_often_does_not_come),
        },
        inference_costs,
    ),
    "efficiency/beyond_one_device": Page(
        beyond_agrees,
        {
            "A causal flag on two different shards": Bug("numpy", "keys <= rows[:, None]", "np.arange(len(keys)) <= np.arange(len(rows))[:, None]", ranks_do_not_matter),
            "Positions start at zero on every rank": Bug("torch", "rank * shard + ", "", ranks_do_not_matter_torch),
        },
        beyond_costs,
    ),
    "efficiency/sparse": Page(
        sparse_agrees,
        {
            "The future is chosen": Bug("torch", "scores.masked_fill(~past, -torch.inf).topk", "scores.topk", a_later_key_changes_no_choice),
            "A window that loses its own token": Bug("numpy", "(back >= 0)", "(back > 0)", a_token_sees_itself),
            "The last layer in place of the first": Bug("numpy", "steps[known & np.isinf(steps)] = layer", "steps[known] = layer", the_first_layer_counts),
        },
        sparse_costs,
    ),
    "efficiency/linear": Page(
        linear_agrees,
        {
            "A normaliser that is not the query's": Bug("numpy", "one @ state / (one @ total)", "one @ (state / total[:, None])", equal_values_come_back),
            "A chunk sees its own future": Bug("torch", "(a @ b.mT).tril()", "a @ b.mT", any_chunk_will_do),
            "The state starts anew": Bug("torch", "state, total = state + b.mT @ c, total + b.sum(0)", "state, total = b.mT @ c, b.sum(0)", the_first_token_is_remembered),
        },
        linear_costs,
    ),
}
