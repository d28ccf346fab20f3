"""Right answers to the exercises on modern decoders and the mixed problems of the part, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
import torch
from right_ways import collector

RIGHT, right = collector("variants")


@right("deepest_decoder")
def layers_counted_upwards(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    spent, layers = vocab_size * d_model * (1 if tied else 2) + d_model, 0
    layer = sum((d_model * n_heads * d_head, d_model * n_kv_heads * d_head, d_model * n_kv_heads * d_head, n_heads * d_head * d_model,
                 d_model * d_ff, d_model * d_ff, d_ff * d_model, d_model, d_model))  # fmt: skip
    while spent + layer <= budget:
        spent += layer
        layers += 1
    return layers


@right("deepest_decoder")
def layers_as_a_float_that_is_whole(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    layer = 2 * d_model * d_head * (n_heads + n_kv_heads) + d_model * (3 * d_ff + 2)
    return np.floor(max(0, budget - d_model - (2 - int(tied)) * vocab_size * d_model) / layer)


@right("deepest_decoder")
def layers_by_halving(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    def size(n):
        return n * (2 * d_model * d_head * (n_heads + n_kv_heads) + 3 * d_model * d_ff + 2 * d_model) + d_model + vocab_size * d_model * (2 - bool(tied))

    low, high = 0, budget
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(middle) <= budget else (low, middle - 1)
    return np.int64(low)


@right("centred_stream")
def centred_by_a_projection(*writers):
    d = writers[0].shape[1]
    off = np.eye(d) - np.ones((d, d)) / d
    return [one @ off for one in writers]


@right("centred_stream")
def centred_row_by_row(table, w_look, b_look, w_think, b_think):
    def rows(matrix):
        return [[float(a) - math.fsum(map(float, row)) / len(row) for a in row] for row in matrix]

    return rows(table), rows(w_look), rows([b_look])[0], rows(w_think), rows([b_think])[0]


@right("centred_stream")
def centred_in_torch(*writers):
    return tuple(t - t.mean(-1, keepdim=True) for t in (torch.tensor(one).double() for one in writers))


@right("centred_stream")
def centred_in_place_on_copies(table, w_look, b_look, w_think, b_think):
    out = []
    for one in (table, w_look, b_look, w_think, b_think):
        one = one.astype(np.float32)
        one -= one.sum(-1, keepdims=True) / one.shape[-1]
        out.append(one)
    return tuple(out)


@right("llama_step")
def step_head_by_head(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    groups, past, d_head = keys.shape
    n, y = norm(x), np.array(x, dtype=float)
    new_k = np.array([rotate(n @ w_k[:, g * d_head : (g + 1) * d_head], past) for g in range(groups)])
    new_v = np.array([n @ w_v[:, g * d_head : (g + 1) * d_head] for g in range(groups)])
    keys, values = np.append(keys, new_k[:, None], axis=1), np.append(values, new_v[:, None], axis=1)
    heads = w_q.shape[1] // d_head
    for h in range(heads):
        q, g = rotate(n @ w_q[:, h * d_head : (h + 1) * d_head], past), h // (heads // groups)
        s = [float(q @ k) / math.sqrt(d_head) for k in keys[g]]
        e = [math.exp(a - max(s)) for a in s]
        y = y + sum(a / sum(e) * v for a, v in zip(e, values[g])) @ w_o[h * d_head : (h + 1) * d_head]
    return y + think(norm(y)), keys, values


@right("llama_step")
def step_with_einsum(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    groups, past, d_head = keys.shape
    n = norm(x[None])[0]
    q = rotate((n @ w_q).reshape(groups, -1, d_head), past)
    keys = np.concatenate([keys, rotate((n @ w_k).reshape(groups, 1, d_head), past)], 1)
    values = np.concatenate([values, (n @ w_v).reshape(groups, 1, d_head)], 1)
    s = np.einsum("ghd,gtd->ght", q, keys) * d_head**-0.5
    p = np.exp(s - s.max(-1, keepdims=True))
    z = x + np.einsum("ght,gtd->ghd", p / p.sum(-1, keepdims=True), values).ravel() @ w_o
    return z + think(norm(z[None]))[0], keys, values


@right("llama_step")
def step_with_torch(x, keys, values, w_q, w_k, w_v, w_o, norm, rotate, think):
    groups, past, d_head = keys.shape
    n = norm(x)
    q, k, v = ((n @ w).reshape(-1, 1, d_head) for w in (w_q, w_k, w_v))
    keys, values = np.concatenate([keys, rotate(k, past)], 1), np.concatenate([values, v], 1)
    t = lambda a: torch.tensor(np.asarray(a, dtype=float))  # noqa: E731
    out = torch.nn.functional.scaled_dot_product_attention(t(rotate(q, past))[None], t(keys)[None], t(values)[None], enable_gqa=True)
    z = x + out.flatten().numpy() @ w_o
    return t(z + think(norm(z))), keys, t(values)


@right("fused_groups")
def cut_with_a_counter(fused, n_heads, n_kv_heads):
    d_head, per = len(fused) // (n_heads + 2 * n_kv_heads), n_heads // n_kv_heads
    rows = np.split(fused, len(fused) // d_head)
    kind = np.arange(len(rows)) % (per + 2)
    join = lambda keep: np.vstack([row for row, ok in zip(rows, keep) if ok]).T  # noqa: E731
    return join(kind < per), join(kind == per), join(kind == per + 1)


@right("fused_groups")
def cut_by_indices(fused, n_heads, n_kv_heads):
    place = np.arange(len(fused)).reshape(n_kv_heads, n_heads // n_kv_heads + 2, -1)
    return [np.array(fused[place[:, part].ravel()].T) for part in (slice(0, -2), -2, -1)]


@right("fused_groups")
def cut_in_torch(fused, n_heads, n_kv_heads):
    parts = torch.tensor(fused).unflatten(0, (n_kv_heads, n_heads // n_kv_heads + 2, -1))
    return tuple(one.flatten(0, -2).mT for one in (parts[:, :-2], parts[:, -2], parts[:, -1]))


@right("which_norm")
def norm_asked_with_rows_of_its_own(layer, d):
    rows = np.vander(np.linspace(1, 2, 4), d) / 3 + np.eye(4, d)
    out = layer(rows)
    if np.abs(layer(rows[1:2]) - out[1]).max() > 1e-2:
        return "batch norm"
    if np.abs(layer(rows * 5) - 5 * out).max() < 1e-2:
        return "none"
    if np.abs(layer(rows + 7) - out).max() < 1e-2:
        return "layer norm"
    return np.str_("length" if np.abs(np.linalg.norm(out, axis=1) - 1).max() < 1e-3 else "RMS norm")


@right("which_norm")
def norm_by_what_ones_become(layer, d):
    ones = np.full((1, d), 2.0)
    if np.abs(layer(np.vstack([ones, -ones, 0 * ones + 3])) - layer(np.vstack([ones, ones * 5, ones]))).max(axis=1)[0] > 1e-3:
        return "batch norm"
    out = layer(ones)
    if np.allclose(out, 0, atol=1e-3):
        return "layer norm"
    if np.allclose(layer(3 * ones), 3 * out):
        return "none"
    return "length" if abs((out**2).sum() - 1) < 1e-3 else "RMS norm"


@right("pattern_for_a_budget")
def full_layer_at_the_end(n_layers, window, tokens, budget):
    kept = min(window, tokens)
    local = "L" * n_layers
    if n_layers * (window - 1) + 1 >= tokens and len(local) * kept <= budget:
        return local
    return local[:-1] + "G" if tokens + kept * (n_layers - 1) <= budget else "none"


@right("pattern_for_a_budget")
def pattern_by_trying(n_layers, window, tokens, budget):
    for full in range(n_layers + 1):
        pattern = "L" * (n_layers // 2)
        pattern = (pattern + "G" * full + "L" * n_layers)[:n_layers] if full else "L" * n_layers
        rows = sum(tokens if p == "G" else min(tokens, window) for p in pattern)
        if rows <= budget and ("G" in pattern or n_layers * (window - 1) >= tokens - 1):
            return pattern
    return "none"
