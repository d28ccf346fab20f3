"""Right answers to the exercises of the part on multi-head attention, written differently."""

from __future__ import annotations

import numpy as np
from right_ways import collector

from attnlab.reference import attention
from attnlab.reference.heads import merge_heads, split_heads

RIGHT, right = collector("multi_head")


@right("split_heads")
def split_in_pieces(x, n_heads):
    return np.stack(np.split(x, n_heads, axis=-1), axis=-3)


@right("split_heads")
def split_in_loops(x, n_heads):
    d_head = x.shape[-1] // n_heads
    out = np.empty((*x.shape[:-2], n_heads, x.shape[-2], d_head))
    for h in range(n_heads):
        for c in range(d_head):
            out[..., h, :, c] = x[..., h * d_head + c]
    return out


@right("merge_heads")
def merge_by_joining(x):
    return np.concatenate([x[..., h, :, :] for h in range(x.shape[-3])], axis=-1)


@right("merge_heads")
def merge_by_einsum(x):
    moved = np.einsum("...hnd->...nhd", x)
    return moved.reshape(*moved.shape[:-2], -1)


@right("multi_head")
def one_head_at_a_time(x, w_q, w_k, w_v, w_o, n_heads):
    parts = [np.split(w, n_heads, axis=1) for w in (w_q, w_k, w_v)]
    rows = np.split(w_o, n_heads, axis=0)
    return sum(attention(x @ q, x @ k, x @ v) @ o for q, k, v, o in zip(*parts, rows))


@right("multi_head")
def heads_in_einsum(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = ((x @ w).reshape(*x.shape[:-1], n_heads, -1) for w in (w_q, w_k, w_v))
    scores = np.einsum("...ihd,...jhd->...hij", q, k) / q.shape[-1] ** 0.5
    powers = np.exp(scores)
    weights = powers / powers.sum(-1, keepdims=True)
    return np.einsum("...hij,...jhd->...ihd", weights, v).reshape(*x.shape[:-1], -1) @ w_o


@right("multi_head")
def in_float32(x, w_q, w_k, w_v, w_o, n_heads):
    q, k, v = (split_heads((x @ w).astype(np.float32), n_heads) for w in (w_q, w_k, w_v))
    return merge_heads(attention(q, k, v)) @ w_o


@right("grouped_attention")
def grouped_by_broadcasting(q, k, v):
    *batch, n_heads, n, d_k = q.shape
    grouped = q.reshape(*batch, k.shape[-3], n_heads // k.shape[-3], n, d_k)
    out = attention(grouped, k[..., None, :, :], v[..., None, :, :])
    return out.reshape(*batch, n_heads, n, -1)


@right("grouped_attention")
def grouped_by_looking_up(q, k, v):
    who = np.arange(q.shape[-3]) * k.shape[-3] // q.shape[-3]
    return attention(q, k[..., who, :, :], v[..., who, :, :])


@right("count_weights")
def count_one_matrix_at_a_time(d_model, n_heads, n_kv_heads):
    shared = d_model * n_kv_heads // n_heads
    return sum(d_model * width for width in (d_model, shared, shared, d_model))


@right("contributions")
def contributions_in_einsum(mixed, w_o):
    return np.einsum("hic,hco->hio", mixed, np.array(np.split(w_o, len(mixed))))


@right("permute_heads")
def permuted_in_a_reshape(w_q, w_k, w_v, w_o, order):
    moved = [w.reshape(len(w), len(order), -1)[:, order].reshape(w.shape) for w in (w_q, w_k, w_v)]
    return *moved, w_o.reshape(len(order), -1, w_o.shape[1])[order].reshape(w_o.shape)


@right("mean_pool")
def pooled_in_loops(w, n_heads, n_kv_heads):
    d_head, group = w.shape[1] // n_heads, n_heads // n_kv_heads
    out = np.zeros((len(w), n_kv_heads * d_head))
    for h in range(n_heads):
        start = h // group * d_head
        out[:, start : start + d_head] += w[:, h * d_head : (h + 1) * d_head] / group
    return out


@right("latent_cache")
def latent_cache_in_floats(tokens, layers, n_heads, d_head, d_latent, d_rotary, bytes_each):
    return float(bytes_each * tokens) * (d_latent + d_rotary) * layers


@right("absorb")
def absorbed_one_head_at_a_time(q, w_up):
    return np.stack([q_h @ u.T for q_h, u in zip(q, np.split(w_up, len(q), axis=1))])


@right("two_relations")
def on_a_circle(n_tokens):
    angle = 2 * np.pi * np.arange(n_tokens) / n_tokens
    turn = 2 * np.pi / n_tokens

    def point(a):
        return np.c_[np.cos(a), np.sin(a)]
    return 9.0 * n_tokens**2 * np.stack([point(angle - turn), point(angle + turn)]), np.stack([point(angle)] * 2)


@right("prune_heads")
def pruned_from_the_last_to_the_first(w_q, w_k, w_v, w_o, gates):
    d_head = len(w_o) // len(gates)
    for head in reversed(range(len(gates))):
        if not gates[head]:
            run = slice(head * d_head, (head + 1) * d_head)
            w_q, w_k, w_v = (np.delete(w, run, axis=1) for w in (w_q, w_k, w_v))
            w_o = np.delete(w_o, run, axis=0)
    return w_q, w_k, w_v, w_o


@right("prune_heads")
def pruned_in_a_reshape(w_q, w_k, w_v, w_o, gates):
    stays = np.asarray(gates, bool)
    cut = [w.reshape(len(w), len(gates), -1)[:, stays].reshape(len(w), -1) for w in (w_q, w_k, w_v)]
    return *cut, w_o.reshape(len(gates), -1, w_o.shape[1])[stays].reshape(-1, w_o.shape[1])


@right("head_importance")
def importance_in_einsum(mixed, d_mixed):
    return np.abs(np.einsum("xhnd,xhnd->xh", mixed, d_mixed)).mean(0)


@right("head_importance")
def importance_in_loops(mixed, d_mixed):
    total = [0.0] * mixed.shape[1]
    for out, slope in zip(mixed, d_mixed):
        for h in range(len(total)):
            total[h] += abs(float(out[h].ravel() @ slope[h].ravel()))
    return [score / len(mixed) for score in total]


@right("sharp_enough")
def factor_from_two_logarithms(gap, n_keys, weight):
    return (np.log(weight) - np.log1p(-weight) + np.log(n_keys - 1.0)) / gap


@right("match_heads")
def matched_by_what_comes_out(first, second, n_heads):
    """Heads told apart by their outputs on random tokens."""
    x = np.random.default_rng(3).normal(size=(9, first.shape[1]))

    def outputs(layer):
        q, k, v = (split_heads(x @ w, n_heads) for w in layer[:3])
        return attention(q, k, v) @ layer[3].reshape(n_heads, -1, layer.shape[2])
    old = outputs(first)
    return [int(np.argmin([np.abs(new - other).sum() for other in old])) for new in outputs(second)]


@right("head_windows")
def windows_in_loops(n_queries, n_keys, sizes):
    out = np.zeros((len(sizes), n_queries, n_keys), bool)
    for h, size in enumerate(sizes):
        for i in range(n_queries):
            here = i + n_keys - n_queries
            out[h, i, max(0, here - size + 1) : here + 1] = True
    return out


@right("match_heads")
def matched_one_pair_at_a_time(first, second, n_heads):
    def products(layer, h):
        q, k, v = (np.split(w, n_heads, axis=1)[h] for w in layer[:3])
        return np.array([q @ k.T, v @ np.split(layer[3], n_heads)[h]])

    found = np.zeros((n_heads, n_heads))
    for i in range(n_heads):
        for j in range(n_heads):
            found[i, j] = np.allclose(products(second, i), products(first, j), atol=1e-6)
    return (found @ np.arange(n_heads)).tolist()


@right("permute_heads")
def permuted_by_a_matrix(w_q, w_k, w_v, w_o, order):
    move = np.kron(np.eye(len(order))[order], np.eye(len(w_o) // len(order))).T
    return [w_q @ move, w_k @ move, w_v @ move, move.T @ w_o]


@right("sharp_enough")
def factor_by_bisection(gap, n_keys, weight):
    low, high = np.full(np.shape(gap), -100.0), np.full(np.shape(gap), 100.0)
    for _ in range(80):
        middle = (low + high) / 2
        little = 1 / (1 + (n_keys - 1) * np.exp(-middle * gap)) < weight
        low, high = np.where(little, middle, low), np.where(little, high, middle)
    return low


@right("two_relations")
def two_relations_in_float32(n_tokens):
    keys = np.eye(n_tokens, dtype=np.float32)
    return 90 * np.stack([np.roll(keys, 1, axis=0), np.roll(keys, -1, axis=0)]), np.stack([keys, keys])
