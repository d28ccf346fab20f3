"""Right answers written differently: the exercises on rings of processes and the problems of that part."""

from __future__ import annotations

import numpy as np
from right_ways import collector

from attnlab import reference

RIGHT, right = collector("efficiency")


@right("ring_attention")
def all_keys_at_once(qs, ks, vs):
    k, v = ks.reshape(-1, ks.shape[-1]), vs.reshape(-1, vs.shape[-1])
    world = len(qs)
    return [reference.attention(q, k, v) for q in qs], [[(world + r - s) % world for s in range(world)] for r in range(world)]


@right("causal_work")
def causal_work_in_loops(positions):
    world = len(positions)
    return [[sum(int(j) <= int(i) for i in positions[r] for j in positions[r - s]) for s in range(world)]
            for r in range(world)]


@right("fair_order")
def there_and_back(n, world):
    rows = np.arange(n).reshape(-1, 2 * world)
    return [np.concatenate([rows[:, r], rows[:, 2 * world - 1 - r]]) for r in range(world)]


@right("ring_bytes")
def ring_bytes_message_by_message(world, shard, kv_heads, d_head, bytes_each):
    forward = sum(bytes_each * kv_heads * d_head * shard for _ in range(1, world) for _ in "kv")
    return [forward, sum(bytes_each * kv_heads * d_head * shard for _ in range(world) for _ in ("k", "v", "dk", "dv"))]


@right("document_mask")
def document_mask_in_loops(documents):
    n = len(documents)
    return [[bool(j <= i and documents[i] == documents[j]) for j in range(n)] for i in range(n)]


@right("users_that_fit")
def users_one_by_one(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    users, free = 0, memory - weights
    while free >= 2 * tokens * layers * kv_heads * d_head * bytes_each:
        free -= 2 * tokens * layers * kv_heads * d_head * bytes_each
        users += 1
    return users


@right("unmerge")
def unmerge_by_a_negative_weight(out, lse, out_2, lse_2):
    keep = -np.expm1(lse_2 - lse)
    return out / keep[:, None] + (1 - 1 / keep)[:, None] * out_2, np.log(keep) + lse


@right("judge_a_kernel")
def judge_by_hand_written_scores(kernel):
    rng = np.random.default_rng(5)
    for n, m, low, causal in ((5, 13, 3000, True), (5, 13, 0, True), (9, 9, 0, False), (2, 7, 0, False)):
        q, k, v = np.c_[rng.normal(size=(n, 3)), np.full(n, low)], np.c_[rng.normal(size=(m, 3)), -np.ones(m)], rng.normal(size=(m, 2))
        s = q @ k.T / 2
        if causal:
            s = np.where(np.tri(n, m, m - n, dtype=bool), s, -np.inf)
        p = np.exp(s - s.max(axis=1, keepdims=True))
        with np.errstate(all="ignore"):
            if not np.abs(kernel(q, k, v, causal) - p / p.sum(axis=1, keepdims=True) @ v).max() < 1e-2:
                return False
    return True


@right("document_mask")
def document_mask_block_by_block(documents):
    mask, start = np.zeros((len(documents),) * 2, dtype=bool), 0
    for stop in [*(np.flatnonzero(np.diff(documents)) + 1), len(documents)]:
        mask[start:stop, start:stop] = np.tril(np.ones((stop - start,) * 2))
        start = stop
    return mask.tolist()


@right("fair_order")
def pairs_from_both_ends(n, world):
    """Piece by piece, the first with the last, dealt in reverse."""
    size = n // (2 * world)
    return [[*range(r * size, (r + 1) * size)][::-1] + [*range(n - (r + 1) * size, n - r * size)] for r in reversed(range(world))]


@right("judge_a_kernel")
def judge_with_many_sizes(kernel):
    rng = np.random.default_rng(9)
    for trial in range(40):
        m = int(rng.integers(5, 20))
        n = int(rng.integers(1, m + 1))
        q, k, v = (rng.normal(size=(rows, 6)) * 1.5 for rows in (n, m, m))
        q[:, -1], k[:, -1] = -2000.0 * (trial % 2), 1
        mask = np.tri(n, m, m - n) > 0 if trial % 4 < 2 else np.ones((n, m), dtype=bool)
        with np.errstate(all="ignore"):
            got = np.asarray(kernel(q, k, v, bool(trial % 4 < 2)))
        if not np.allclose(got, reference.attention(q, k, v, mask), atol=2e-3):
            return np.False_
    return np.True_


@right("causal_work")
def causal_work_by_ranks_in_order(positions):
    """How many keys of a rank come up to a query, by searching in its sorted keys."""
    world, table = len(positions), []
    for rank, queries in enumerate(positions):
        order = [np.sort(positions[(rank - step) % world]) for step in range(world)]
        table.append([np.searchsorted(keys, queries, side="right").sum() for keys in order])
    return np.array(table, dtype=np.float32)
