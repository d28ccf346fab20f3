"""Right answers to the exercises on code and on graphs in the part on self-attention, written differently."""

from __future__ import annotations

import numpy as np
from right_ways import collector

RIGHT, right = collector("self_attention")


@right("translate_mask")
def translated_by_a_table(table, dialect):
    readers = {
        "true looks": lambda t: np.array(t),
        "true hides": lambda t: np.logical_not(t),
        "added": lambda t: np.exp(t / 1e3) > np.exp(-10),
        "ones are real": lambda t: np.expand_dims(t > 0, (1, 2)),
    }
    return readers[dialect](table)


@right("attention_dropout")
def dropout_backward_in_loops(weights, v, keep, p, d_output):
    if weights.ndim > 2:
        parts = [dropout_backward_in_loops(*one[:3], p, one[3]) for one in zip(weights, v, keep, d_output)]
        return tuple(np.stack(same) for same in zip(*parts))
    d_weights, d_v = np.zeros(weights.shape), np.zeros(v.shape)
    for i, j in zip(*np.nonzero(keep)):
        d_weights[i, j] = v[j] @ d_output[i] / (1 - p)
        d_v[j] += weights[i, j] / (1 - p) * d_output[i]
    return d_weights, d_v


@right("attention_dropout")
def dropout_backward_in_float32(weights, v, keep, p, d_output):
    dropped = np.where(keep, weights / (1 - p), 0).astype(np.float32)
    d_dropped = d_output.astype(np.float32) @ np.moveaxis(v, -1, -2)
    return np.where(keep, d_dropped, 0) / np.float32(1 - p), np.moveaxis(dropped, -1, -2) @ d_output


@right("who_hears_whom")
def hears_by_adding_noise(layer, x):
    rng, before = np.random.default_rng(99), layer(x)
    columns = []
    for j in range(len(x)):
        noise = np.zeros_like(x)
        noise[j] = rng.normal(size=x.shape[1])
        columns.append((np.abs(layer(x + noise) - before) > 1e-9).any(axis=-1))
    return np.stack(columns, axis=1)


@right("message_passing")
def messages_node_by_node(q, k, v, receivers, senders):
    out = []
    for i in range(len(q)):
        mine = senders[receivers == i]
        scores = k[mine] @ q[i] / len(q[i]) ** 0.5
        powers = np.exp(scores - scores.max(initial=-np.inf))
        out.append(powers @ v[mine] / powers.sum() if len(mine) else np.zeros(v.shape[1]))
    return np.array(out)


@right("message_passing")
def messages_by_counting(q, k, v, receivers, senders):
    scores = np.einsum("ed,ed->e", q[receivers], k[senders]) / np.sqrt(q.shape[1])
    largest = np.array([max(scores[receivers == i], default=0) for i in range(len(q))])
    powers = np.exp(scores - largest[receivers])
    total = np.bincount(receivers, powers, minlength=len(q))
    columns = [np.bincount(receivers, powers * c[senders], minlength=len(q)) for c in v.T]
    return np.stack(columns, axis=1) / np.maximum(total, 1e-300)[:, None]


@right("graph_attention")
def graph_attention_pair_by_pair(x, w, a, mask):
    h = x @ w
    out = np.zeros_like(h)
    for i in range(len(h)):
        mine = np.flatnonzero(mask[i])
        z = np.array([np.concatenate([h[i], h[j]]) @ a.ravel() for j in mine])
        powers = np.exp(np.maximum(z, 0.2 * z) - np.maximum(z, 0.2 * z).max())
        out[i] = powers @ h[mine] / powers.sum()
    return out


@right("reach")
def reach_by_powers(mask, layers):
    step = (mask | np.eye(len(mask), dtype=bool)).astype(int)
    return np.linalg.matrix_power(step, layers) > 0


@right("reach")
def reach_by_walking(mask, layers):
    out = np.eye(len(mask), dtype=bool)
    for i in range(len(mask)):
        edge = {i}
        for _ in range(layers):
            edge |= {int(j) for t in edge for j in np.flatnonzero(mask[t])}
        out[i, list(edge)] = True
    return out
