"""Right answers to the exercises on the feed-forward network and the residual stream, written differently from the solutions."""

from __future__ import annotations

import functools
import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("architecture")


@right("packed_gated")
def gated_in_loops(x, w_in, w_out, limit):
    if x.ndim > 2:
        return [gated_in_loops(one, w_in, w_out, limit) for one in x]
    out = []
    for row in x:
        hidden = [math.fsum(float(a) * float(b) for a, b in zip(row, column)) for column in w_in.T]
        f = len(hidden) // 2
        gates = [min(g, limit) for g in hidden[:f]]
        opened = [g / (1 + math.exp(-g)) if g > -700 else 0.0 for g in gates]
        kept = [max(-limit, min(limit, u)) for u in hidden[f:]]
        out.append([sum(a * b * w for a, b, w in zip(opened, kept, column)) for column in w_out.T])
    return out


@right("packed_gated")
def gated_in_einsum_and_float32(x, w_in, w_out, limit):
    gate, up = np.split(np.einsum("...d,df->...f", x, w_in), 2, axis=-1)
    gate, up = np.where(gate > limit, limit, gate), np.maximum(np.minimum(up, limit), -limit)
    silu = 0.5 * gate * (1 + np.tanh(gate / 2))
    return np.einsum("...f,...f,fo->...o", silu, up, w_out).astype(np.float32)


@right("packed_gated")
def gated_in_place_on_a_copy(x, w_in, w_out, limit):
    hidden = np.array(x @ w_in, dtype=float)
    f = hidden.shape[-1] // 2
    hidden[..., :f] = np.fmin(hidden[..., :f], limit)
    hidden[..., f:].clip(-limit, limit, out=hidden[..., f:])
    hidden[..., :f] *= np.exp(-np.logaddexp(0, -hidden[..., :f]))
    return (hidden[..., :f] * hidden[..., f:]) @ w_out


@right("gated_width")
def width_by_trying_all(d_model, d_ff, multiple, biases):
    plain = d_model * d_ff + d_ff * d_model + (d_ff + d_model if biases else 0)
    fits = [f for f in range(0, d_ff + 1, multiple) if 3 * d_model * f + (2 * f + d_model if biases else 0) <= plain]
    return max(fits)


@right("gated_width")
def width_by_division(d_model, d_ff, multiple, biases):
    b = 1 if biases else 0
    return np.int64(multiple * math.floor(d_ff * (2 * d_model + b) / (multiple * (3 * d_model + 2 * b))))


@right("memory_credit")
def credit_in_loops(x, keys, bias, values, table, targets):
    return [[max(0.0, float(row @ keys[:, j]) + float(bias[j])) * float(values[j] @ table[t]) for j in range(len(values))]
            for row, t in zip(x, targets)]


@right("memory_credit")
def credit_through_all_words(x, keys, bias, values, table, targets):
    everything = np.einsum("nm,md,wd->nmw", (x @ keys + bias).clip(min=0), values, table)
    return np.take_along_axis(everything, np.asarray(targets)[:, None, None], axis=2)[..., 0]


@right("memory_credit")
def credit_by_one_hot_words(x, keys, bias, values, table, targets):
    z = (x @ keys + bias).astype(np.float32)
    return np.where(z > 0, z, 0) * (np.eye(len(table), dtype=np.float32)[targets] @ table @ np.transpose(values))


@right("parallel_block")
def parallel_row_by_row(x, attend, feed, gain, epsilon):
    rows = np.array([[value / math.sqrt(sum(float(v) ** 2 for v in row) / len(row) + epsilon) for value in row] for row in x])
    rows = rows * gain
    return np.add(np.add(attend(rows), feed(rows)), x)


@right("parallel_block")
def parallel_by_einsum(x, attend, feed, gain, epsilon):
    size = (np.einsum("nd,nd->n", x, x) / x.shape[1] + epsilon) ** -0.5
    h = np.einsum("nd,n,d->nd", x, size, gain)
    out = x + 0.0
    out += feed(h)
    out += attend(h)
    return out.tolist()


@right("direct_effects")
def effects_in_loops(parts, table, gain, epsilon, word, rival):
    n_parts, n, d = parts.shape
    out = np.empty((n_parts, n))
    for t in range(n):
        stream = [float(parts[:, t, c].sum()) for c in range(d)]
        size = math.sqrt(sum(s * s for s in stream) / d + epsilon)
        for i in range(n_parts):
            out[i, t] = sum(parts[i, t, c] / size * gain[c] * (table[word, c] - table[rival, c]) for c in range(d))
    return out


@right("direct_effects")
def effects_by_taking_a_part_away(parts, table, gain, epsilon, word, rival):
    stream = np.add.reduce(parts)
    size = ((stream * stream).sum(-1) / stream.shape[-1] + epsilon) ** 0.5

    def margin(x):
        logits = np.einsum("nd,d,wd->nw", x, gain, table) / size[:, None]
        return logits[:, word] - logits[:, rival]

    return [margin(stream) - margin(stream - part) for part in parts]


@right("attend_to_blocks")
def blocks_in_loops(writes, query, size):
    blocks, number = [[float(v) for v in writes[0]]], 0
    for row in writes[1:]:
        if number % size == 0:
            blocks.append([0.0] * len(query))
        blocks[-1] = [a + float(b) for a, b in zip(blocks[-1], row)]
        number += 1
    scores = [sum(a * float(q) for a, q in zip(block, query)) / math.sqrt(sum(a * a for a in block) / len(block)) for block in blocks]
    shares = [math.exp(s - max(scores)) for s in scores]
    return [sum(w * block[c] for w, block in zip(shares, blocks)) / sum(shares) for c in range(len(query))]


@right("attend_to_blocks")
def blocks_by_a_table_of_ones(writes, query, size):
    layers = len(writes) - 1
    member = np.zeros((1 + -(-layers // size), layers + 1), dtype=np.float32)
    member[0, 0] = 1
    member[1 + np.arange(layers) // size, 1 + np.arange(layers)] = 1
    blocks = member @ writes
    scores = np.einsum("bd,d->b", blocks, query) * np.sqrt(blocks.shape[1]) / np.linalg.norm(blocks, axis=1)
    return np.exp(scores - np.logaddexp.reduce(scores)) @ blocks


@right("composite_gain")
def gain_by_reduce(mixes):
    product = functools.reduce(lambda done, mix: np.matmul(mix, done), mixes)
    return [np.linalg.norm(product, np.inf), np.linalg.norm(product, 1)]


@right("composite_gain")
def gain_by_asking_the_worst_inputs(mixes):
    n = mixes.shape[-1]
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * n)).reshape(n, -1)
    there, back = signs, signs
    for mix in mixes:
        there = mix @ there
    for mix in mixes[::-1]:
        back = mix.T @ back
    return float(np.abs(there).max()), float(np.abs(back).max())
