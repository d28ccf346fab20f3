"""Right answers to the exercises on efficient attention, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

from attnlab.kernels.traffic import Slow

RIGHT, right = collector("efficiency")


@right("layer_flops")
def layer_flops_one_matrix_at_a_time(n, d_model):
    def product(a, b, c):
        return 2 * a * b * c
    projections = sum(product(n, d_model, d_model) for _ in range(4))
    attention = product(n, d_model, n) + product(n, n, d_model)
    return [projections, attention, product(n, d_model, 4 * d_model) + product(n, 4 * d_model, d_model)]


@right("cache_bytes")
def cache_bytes_in_loops(tokens, layers, kv_heads, d_head, bytes_each):
    total = 0
    for _ in range(layers):
        for _table in ("keys", "values"):
            total += kv_heads * d_head * bytes_each * tokens
    return np.int64(total)


@right("roofline")
def least_time_through_the_speed(flops, bytes_moved, peak, bandwidth):
    return flops / min(peak, flops / bytes_moved * bandwidth)


@right("merge")
def merge_row_by_row(out_1, lse_1, out_2, lse_2):
    outs, lses = [], []
    for a, x, b, y in zip(out_1, lse_1, out_2, lse_2):
        high, low = (x, y) if x >= y else (y, x)
        if high == -math.inf:
            outs.append(np.zeros_like(a))
            lses.append(-math.inf)
            continue
        lse = high + math.log1p(math.exp(low - high))
        outs.append(math.exp(x - lse) * a + math.exp(y - lse) * b)
        lses.append(lse)
    return np.array(outs), lses


@right("online_softmax")
def online_softmax_with_the_lse(scores, values, block):
    out, lse = np.zeros(values.shape[1] + 1), -np.inf
    for i in range(0, len(scores), block):
        s, v = scores[i:i + block], np.column_stack([values, scores])[i:i + block]
        new = np.logaddexp(lse, np.logaddexp.reduce(s))
        out = np.exp(lse - new) * out + np.exp(s - new) @ v
        lse = new
    return out[:-1], lse - out[-1]


@right("online_softmax")
def online_softmax_relative_and_shifted(scores, values, block):
    """The scores collected relative to the maximum, and shifted with it."""
    m, total, gap, out = scores[0], 0.0, 0.0, 0.0
    for s, v in ((scores[i:i + block], values[i:i + block]) for i in range(0, len(scores), block)):
        new = max(m, s.max())
        r, p = np.exp(m - new), np.exp(s - new)
        gap = r * (gap + (m - new) * total) + p @ (s - new)
        total, out, m = r * total + p.sum(), r * out + p @ v, new
    return (out / total).tolist(), np.array(np.log(total) - gap / total)


@right("online_softmax")
def online_softmax_merging_entropies(scores, values, block):
    """Entropy of a union: the mean of the parts' entropies and the entropy of their shares."""
    out, lse, entropy = np.zeros(values.shape[1]), -np.inf, 0.0
    for s, v in zip(scores, values):
        new = np.logaddexp(lse, s)
        old, now = np.exp(lse - new), np.exp(s - new)
        entropy = old * entropy - sum(w * np.log(w) for w in (old, now) if w > 0)
        out, lse = old * out + now * v, new
    return out, float(entropy)


@right("tree_merge")
def merge_all_in_a_loop(outs, lses):
    out, lse = outs[0], lses[0]
    for o, x in zip(outs[1:], lses[1:]):
        new = np.logaddexp(lse, x)
        out = np.exp(lse - new)[:, None] * out + np.exp(x - new)[:, None] * o
        lse = new
    return out, lse


@right("traffic_closed_form")
def elements_moved_by_walking(n, d, block_q):
    moved = 0
    for first in range(0, n, block_q):
        rows = min(block_q, n - first)
        moved += rows * d + 2 * n * d + rows * d + rows
    return moved


@right("largest_block")
def largest_block_by_trying(capacity, d, block_k):
    block = 0
    while (block + 1) * (2 * d + block_k + 4) + block_k * d <= capacity:
        block += 1
    return float(block)


@right("traffic_score")
def my_attention_in_larger_blocks(memory, q, k, v):
    n, d = q.shape
    out = Slow(np.zeros((n, d)))
    for i in range(0, n, 21):
        _one_block(memory, q[i:i + 21], k, v, out[i:i + 21])
    return out.numpy(), memory.traffic


def _one_block(memory, q, k, v, place):
    d = q.shape[1]
    queries = memory.load(q)
    mix, total, peak = memory.full(q.shape, 0.0), memory.full((len(q), 1), 0.0), memory.full((len(q), 1), -1e30)
    for j in range(len(k)):
        scores = queries @ memory.load(k[j:j + 1]).T
        scores /= math.sqrt(d)
        new = np.maximum(peak, scores)
        peak -= new
        np.exp(peak, out=peak)
        mix *= peak
        total *= peak
        scores -= new
        np.exp(scores, out=scores)
        total += scores
        memory.add_product(mix, scores, memory.load(v[j:j + 1]))
        peak[...] = new
    mix /= total
    memory.store(place, mix)


@right("program_work")
def program_work_by_listing_everything(block, number, n_queries, block_q, heads, group):
    text, head = divmod(number, heads)
    rows = [range(n_queries)[top : top + block_q] for top in range(0, n_queries, block_q)][::-1][block]
    shared = [kv for kv in range(heads // group) for _ in range(group)][head]
    return [text, head, shared, rows.start, rows.stop]


@right("causal_tiles")
def causal_tiles_pair_by_pair(top, n_queries, n_keys, block_q, block_k):
    rows = range(n_queries)[top : top + block_q]
    tiles = [range(n_keys)[left : left + block_k] for left in range(0, n_keys, block_k)]
    seen = [[key - n_keys <= row - n_queries for row in rows for key in tile] for tile in tiles]
    whole = [all(pairs) and len(pairs) == len(rows) * block_k for pairs in seen]
    return sum(map(any, seen)), sum(whole)


@right("shared_budget")
def shared_budget_by_halving(budget, block_k, d_head, d_value, bytes_each, stages):
    queries = 1024
    while queries >= 16:
        if queries * d_head * bytes_each + stages * block_k * (d_head + d_value) * bytes_each <= budget:
            return queries
        queries //= 2
    return 0


@right("roofline")
def least_time_in_fractions(flops, bytes_moved, peak, bandwidth):
    from fractions import Fraction
    return sorted([Fraction(flops) / Fraction(peak), Fraction(bytes_moved) / Fraction(bandwidth)])[-1]


@right("shared_budget")
def shared_budget_by_the_highest_bit(budget, block_k, d_head, d_value, bytes_each, stages):
    room = (budget - bytes_each * stages * block_k * (d_head + d_value)) // (bytes_each * d_head)
    return float(min(1 << (room.bit_length() - 1), 1024)) if room >= 16 else 0


@right("unmerge")
def unmerge_relative_to_the_larger(out, lse, out_2, lse_2):
    top = np.maximum(lse, lse_2)
    whole, part = np.exp(lse - top), np.exp(lse_2 - top)
    left = whole - part
    return [(whole[:, None] * out - part[:, None] * out_2) / left[:, None], (top + np.log(left)).tolist()]


@right("tree_merge")
def tree_merge_two_by_two(outs, lses):
    """Halves first, as in a tree."""
    if len(outs) == 1:
        return outs[0], lses[0]
    half = len(outs) // 2
    (a, x), (b, y) = tree_merge_two_by_two(outs[:half], lses[:half]), tree_merge_two_by_two(outs[half:], lses[half:])
    both = np.logaddexp(x, y)
    return np.exp(x - both)[:, None] * a + np.exp(y - both)[:, None] * b, both


@right("users_that_fit")
def users_that_fit_by_division(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return np.maximum(np.floor_divide(memory - weights, np.prod([2, tokens, layers, kv_heads, d_head, bytes_each])), 0)


@right("traffic_closed_form")
def traffic_by_lengths(n, d, block_q):
    return float(n * (2 * d + 1) + len(range(0, n, block_q)) * 2 * n * d)


@right("window_detective")
def window_detective_by_comparing(attend, size):
    """Every verdict is played through and compared."""
    n = 3 * size + 5
    q, k, v = np.random.default_rng(1).normal(size=(3, n, 4))
    back = np.subtract.outer(np.arange(n), np.arange(n))
    s, masks = q @ k.T / 2, {"correct": (back >= 0) & (back < size), "one too wide": (back >= 0) & (back <= size),
                             "one too narrow": (back >= 0) & (back < size - 1), "sees the future": (back >= -1) & (back < size - 1),
                             "no far end": back >= 0}
    for verdict, mask in masks.items():
        w = np.where(mask, np.exp(s), 0)
        if np.allclose(attend(q, k, v), w @ v / np.maximum(w.sum(axis=1, keepdims=True), 1e-30)):
            return verdict


@right("ring_attention")
def ring_attention_with_lists_that_move(qs, ks, vs):
    world, hand = len(qs), list(range(len(qs)))
    held, scores = [[] for _ in range(world)], [np.zeros((len(qs[0]), 0))] * world
    for _ in range(world):
        for rank, shard in enumerate(hand):
            held[rank].append(shard)
            scores[rank] = np.hstack([scores[rank], qs[rank] @ ks[shard].T / math.sqrt(qs.shape[-1])])
        hand = hand[-1:] + hand[:-1]
    outs = []
    for rank in range(world):
        w = np.exp(scores[rank] - scores[rank].max(axis=1, keepdims=True))
        outs.append((w / w.sum(axis=1, keepdims=True) @ np.concatenate([vs[shard] for shard in held[rank]])).astype(np.float32))
    return outs, held


@right("online_softmax")
def online_softmax_score_by_score(scores, values, block):
    top, total, seen, out = float("-inf"), 0.0, 0.0, [0.0] * values.shape[1]
    for s, v in zip(scores.tolist(), values.tolist()):
        new = max(top, s)
        old, p = math.exp(top - new), math.exp(s - new)
        total, seen, out, top = old * total + p, old * seen + p * s, [old * a + p * b for a, b in zip(out, v)], new
    return [a / total for a in out], top + math.log(total) - seen / total


@right("merge")
def merge_by_a_sigmoid(out_1, lse_1, out_2, lse_2):
    """The share of the second is a sigmoid of the difference."""
    gap = np.subtract(lse_2, lse_1, where=np.isfinite(lse_1) | np.isfinite(lse_2), out=np.zeros_like(lse_1))
    share = (0.5 * (1 + np.tanh(np.clip(gap, -1e4, 1e4) / 2)))[:, None].astype(np.float32)
    return (1 - share) * out_1 + share * out_2, np.logaddexp(lse_1, lse_2)


@right("layer_flops")
def layer_flops_as_an_array(n, d_model):
    return np.array([8 * d_model, 4 * n, 16 * d_model]) * n * d_model


@right("largest_block")
def largest_block_by_divmod(capacity, d, block_k):
    return max(divmod(capacity - block_k * d, 2 * d + block_k + 4)[0], 0)


@right("causal_tiles")
def causal_tiles_by_comparing_starts(top, n_queries, n_keys, block_q, block_k):
    starts = np.arange(0, n_keys, block_k)
    first, last = (row + n_keys - n_queries for row in (top, min(top + block_q, n_queries) - 1))
    return np.count_nonzero(starts <= last), np.count_nonzero(starts + block_k - 1 <= first)


@right("cache_bytes")
def cache_bytes_of_real_tables(tokens, layers, kv_heads, d_head, bytes_each):
    return 2.0 * math.prod((tokens, layers, kv_heads, d_head)) * bytes_each
