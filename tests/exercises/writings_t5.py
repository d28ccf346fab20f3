"""Right answers to the exercises on T5 and on one's own GPT, written differently from the solutions."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("variants")


@right("rms_norm")
def rms_in_loops(x, gain, epsilon):
    out = np.empty(np.shape(x))
    for place in np.ndindex(out.shape[:-1]):
        row = [float(v) for v in x[place]]
        size = math.sqrt(sum(v * v for v in row) / len(row) + epsilon)
        out[place] = [g * v / size for g, v in zip(gain, row)]
    return out


@right("rms_norm")
def rms_by_norms_in_float32(x, gain, epsilon):
    x = np.asarray(x, dtype=np.float32)
    return x / np.sqrt(np.einsum("...i,...i->...", x, x) / x.shape[-1] + epsilon)[..., None] * gain


@right("gated_network")
def gated_in_loops(x, w_gate, w_expand, w_contract):
    rows = np.reshape(x, (-1, np.shape(x)[-1]))
    out = []
    for row in rows:
        hidden = []
        for j in range(w_gate.shape[1]):
            z = sum(float(a) * float(b) for a, b in zip(row, w_gate[:, j]))
            e = math.exp(-abs(z))
            s = 1 / (1 + e) if z >= 0 else e / (1 + e)
            hidden.append(z * s * sum(float(a) * float(b) for a, b in zip(row, w_expand[:, j])))
        out.append(np.array(hidden) @ w_contract)
    return np.reshape(out, (*np.shape(x)[:-1], w_contract.shape[1])).tolist()


@right("gated_network")
def gated_by_one_product(x, w_gate, w_expand, w_contract):
    both = np.asarray(x, dtype=float) @ np.hstack([w_gate, w_expand])
    g, u = np.split(both, 2, axis=-1)
    return np.matmul(g * np.exp(np.minimum(g, 0)) / (1 + np.exp(-np.abs(g))) * u, w_contract)


@right("mending_pairs")
def pairs_as_lists(score, course, mine):
    names = list(mine)
    base = score(course)

    def with_mine(*some):
        return score(course | {name: mine[name] for name in some})

    return [[a != b and with_mine(a) != base and with_mine(b) != base and with_mine(a, b) == base for b in names] for a in names]


@right("mending_pairs")
def pairs_upper_then_mirrored(score, course, mine):
    names, base = tuple(mine), score(dict(course))
    bad = [i for i, name in enumerate(names) if score({**course, name: mine[name]}) != base]
    table = np.zeros((len(names),) * 2, bool)
    for n, i in enumerate(bad):
        for j in bad[n + 1 :]:
            table[i, j] = score({**course, names[i]: mine[names[i]], names[j]: mine[names[j]]}) == base
    return table | table.T


@right("restore")
def restore_by_cutting(source, target, first, end):
    def cut(ids):
        ids = [int(i) for i in ids]
        return ids[: ids.index(end)] if end in ids else ids

    marks = set(range(first - 99, first + 1))
    target = cut(target)
    at = [i for i, token in enumerate(target) if token in marks]
    spans = {target[i]: target[i + 1 : j] for i, j in zip(at, [*at[1:], len(target)])}
    return np.array([t for token in cut(source) for t in (spans.get(token, []) if token in marks else [token])], dtype=np.int32)


@right("restore")
def restore_with_a_generator(source, target, first, end):
    spans, current = {}, []
    for token in target:
        if token == end:
            break
        if 0 <= first - token < 100:
            current = spans[token] = []
        else:
            current.append(token)
    out = []
    for token in source:
        if token == end:
            break
        out.extend(spans.get(token, ()) if 0 <= first - token < 100 else (token,))
    return tuple(out)


@right("raw_length")
def raw_length_by_recursion(room, rate, mean):
    def lost(n):
        return sorted((1, round(n * rate), n - 1))[1]

    def spans(n):
        return max(1, min(round(lost(n) / mean), n - lost(n)))

    n = 2
    while n + 1 - lost(n + 1) + spans(n + 1) + 1 <= room:
        n = n + 1
    return [n, 2 + lost(n) + spans(n)]


@right("cached_bias")
def bias_in_loops(table, past, new, bucket):
    heads = len(table[0])
    out = np.empty((heads, new, past + new))
    for i in range(new):
        for j in range(past + new):
            row = int(np.asarray(bucket(np.array([max(past + i - j, 0)])))[0])
            for h in range(heads):
                out[h, i, j] = table[row][h]
    return out


@right("cached_bias")
def bias_from_the_whole_square(table, past, new, bucket):
    at = np.arange(past + new)
    whole = np.asarray(table, dtype=np.float32)[bucket(np.clip(at[:, None] - at[None], 0, None))]
    return np.einsum("ijh->hij", whole)[:, past:]
