"""Right answers to the exercises of the part on variants that look odd, or break nothing though they look as if."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch
from right_ways import collector

RIGHT, right = collector("variants")


@right("gate_each_head")
def plain_sigmoid_that_warns(heads, x, w_gate, w_out):
    return (heads * (1 / (1 + np.exp(-(x @ w_gate)))).T[:, :, None]).swapaxes(0, 1).reshape(len(x), -1) @ w_out


@right("gated_network")
def plain_silu_that_warns(x, w_gate, w_expand, w_contract):
    gate = x @ w_gate
    return (gate / (1 + np.exp(-gate)) * (x @ w_expand)) @ w_contract


@right("gated_network")
def silu_of_torch(*given):
    x, gate, expand, contract = (torch.as_tensor(np.asarray(one, dtype=float)) for one in given)
    return (torch.nn.functional.silu(x @ gate) * (x @ expand)) @ contract


@right("bits_per_byte")
def bits_in_a_loop(log_p, pieces):
    return math.fsum(-float(s) for s in log_p) / math.log(2) / len(bytes().join(pieces).decode().encode())


@right("raw_length")
def climbed_in_lists(room, rate, mean):
    n, told = 2, None
    while True:
        c = sorted((1, round(n * rate), n - 1))[1]
        s = sorted((1, round(c / mean), n - c))[1] if n - c >= 1 else 1
        if n - c + s + 1 > room and n > 2:
            return [n - 1, told]
        n, told = n + 1, c + s + 2


@right("deepest_decoder")
def by_bisection(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    def size(n):
        return (1 + (not tied)) * vocab_size * d_model + d_model + n * (d_model * (2 * d_head * (n_heads + n_kv_heads) + 3 * d_ff + 2))

    low, high = 0, budget + 1
    while high - low > 1:
        low, high = ((low + high) // 2, high) if size((low + high) // 2) <= budget else (low, (low + high) // 2)
    return low


@right("mending_pairs")
def pairs_as_sets(score, course, mine):
    def told(*names):
        return score({name: (mine if name in names else course)[name] for name in course})

    wrong = {name for name in mine if told(name) != told()}
    return [[a != b and {a, b} <= wrong and told(a, b) == told() for b in mine] for a in mine]


@right("class_token_map")
def sum_over_the_heads(weights, n_registers, across, size):
    asked = sum(head[0] for head in np.asarray(weights, dtype=float))[n_registers + 1 :]
    grid = [[Fraction(float(a)) for a in asked[i : i + across]] for i in range(0, len(asked), across)]
    whole = sum(map(sum, grid))
    return [[float(a / whole) for a in row for _ in range(size)] for row in grid for _ in range(size)]


@right("ring_positions")
def written_round(n_tokens, window):
    slots = [-1] * window
    for p in range(max(0, n_tokens - window), n_tokens):
        slots[p % window] = p
    return slots


@right("which_norm")
def norm_by_other_questions(layer, d):
    x = np.random.default_rng(5).normal(size=(1, d)) * 20
    if np.allclose(layer(x), 0):
        return "batch norm"
    if np.allclose(layer(3 * x), 3 * layer(x)):
        return "none"
    if np.allclose(layer(np.ones((1, d)) * 5), 0):
        return "layer norm"
    found = [layer(20 * np.eye(d)[[i]])[0, i] for i in range(d)]
    return "length" if np.allclose(found, 1, atol=1e-3) else "RMS norm"


@right("pair_input")
def lengths_by_a_formula(first, second, max_len, cls, sep):
    a, b, room = len(first), len(second), max_len - 3
    if a + b > room:
        small = min(a, b)
        a, b = ((room + 1) // 2, room // 2) if 2 * small >= room else (small, room - small) if a < b else (room - small, small)
    out = np.zeros((3, max_len), dtype=int)
    out[0, : a + b + 3] = (cls,) + tuple(first[:a]) + (sep,) + tuple(second[:b]) + (sep,)
    out[1, a + 2 : a + b + 3] = 1
    out[2, : a + b + 3] = 1
    return tuple(out)


@right("restore")
def spans_by_index(source, target, first, end):
    def text(ids):
        return list(ids)[: list(ids).index(end)] if end in ids else list(ids)

    def is_mark(t):
        return -100 < t - first <= 0

    target, out = text(target), []
    for t in text(source):
        if not is_mark(t):
            out.append(t)
        elif t in target:
            i = target.index(t) + 1
            while i < len(target) and not is_mark(target[i]):
                out.append(target[i])
                i += 1
    return out


@right("admit_by_weight")
def admitted_from_the_largest(experts, weights, places):
    left, out = {}, [[0.0] * len(row) for row in weights]
    for t, c in sorted(np.ndindex(*np.shape(weights)), key=lambda at: weights[at], reverse=True):
        left[experts[t, c]] = left.get(experts[t, c], places) - 1
        if left[experts[t, c]] >= 0:
            out[t][c] = float(weights[t, c])
    return out


@right("best_option")
def options_of_torch(log_p, context, options):
    means = []
    for option in options:
        rows = torch.as_tensor(np.asarray(log_p(list(context) + list(option)), dtype=float))[len(context) - 1 : -1]
        means.append(float(rows.gather(1, torch.tensor(option)[:, None]).mean()))
    return means.index(max(means)), means


@right("balance_of_layers")
def balance_of_torch(logits, k, real):
    z = torch.as_tensor(np.asarray(logits, dtype=float))[:, torch.as_tensor(real)]
    hot = torch.zeros_like(z).scatter_(2, z.topk(k, dim=2).indices, 1 / k)
    return (z.shape[2] * hot.mean(dim=1) * z.softmax(dim=2).mean(dim=1)).sum(dim=1).mean()


@right("cached_bias")
def bias_cell_by_cell(table, past, new, bucket):
    out = np.zeros((len(table[0]), new, past + new))
    for i, j in np.ndindex(new, past + new):
        out[:, i, j] = table[int(np.asarray(bucket(np.array([max(past + i - j, 0)])))[0])]
    return out


@right("pattern_for_a_budget")
def full_layer_last(n_layers, window, tokens, budget):
    for pattern in (["L"] * n_layers, ["L"] * (n_layers - 1) + ["G"]):
        reach = sum(tokens if one == "G" else window - 1 for one in pattern)
        if reach >= tokens - 1 and sum(tokens if one == "G" else min(window, tokens) for one in pattern) <= budget:
            return "".join(pattern)
    return "none"
