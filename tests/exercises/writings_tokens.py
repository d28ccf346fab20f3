"""Right answers to the exercises on what a transformer is and on tokens, written differently from the solutions."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from right_ways import collector

RIGHT, right = collector("start")


@right("continue_text")
def continued_by_calling_itself(scores_of, ids, stop, most):
    ids = list(map(int, ids))
    if most == 0:
        return ids
    row = list(scores_of(ids)[-1])
    longer = [*ids, row.index(max(row))]
    return longer if longer[-1] == stop else continued_by_calling_itself(scores_of, longer, stop, most - 1)


@right("continue_text")
def continued_in_an_array(scores_of, ids, stop, most):
    ids = np.asarray(ids)
    end = len(ids) + most
    while len(ids) < end:
        ids = np.append(ids, np.argsort(-scores_of(ids.tolist())[-1], kind="stable")[0])
        if ids[-1] == stop:
            return ids
    return ids


@right("post_norm_block")
def block_row_by_row(x, attend, feed, epsilon):
    def norm(rows):
        out = []
        for row in rows:
            mean = sum(row) / len(row)
            variance = sum((a - mean) ** 2 for a in row) / len(row)
            out.append([(a - mean) / math.sqrt(variance + epsilon) for a in row])
        return np.array(out)
    x = norm(np.add(x, attend(x)))
    return norm(x + feed(x))


@right("post_norm_block")
def block_with_library_moments(x, attend, feed, epsilon):
    for step in (attend, feed):
        x = step(x) + x
        x = ((x.T - x.mean(-1)) / (x.var(-1) + epsilon) ** 0.5).T
    return x


@right("count_parameters")
def counted_matrix_by_matrix(vocab, places, d, d_ff, blocks):
    shapes = [(vocab, d), (places, d), (2, d)]
    for _ in range(blocks):
        shapes += [(d, d), (1, d)] * 4 + [(d, d_ff), (1, d_ff), (d_ff, d), (1, d)] + [(2, d)] * 2
    return sum(a * b for a, b in shapes)


@right("nearest_rows")
def nearest_in_loops(table, row, k):
    def cosine(u, v):
        return sum(a * b for a, b in zip(u, v)) / math.hypot(*u) / math.hypot(*v)
    others = [i for i in range(len(table)) if i != row]
    return sorted(others, key=lambda i: -cosine(table[i], table[row]))[:k]


@right("nearest_rows")
def nearest_without_dividing_by_its_own_length(table, row, k):
    score = table @ table[row] / np.linalg.norm(table, axis=1)
    order = np.argsort(score)[::-1]
    return order[order != row][:k]


@right("apply_merges")
def merged_by_the_earliest_rank(ids, merges, first):
    rank = {tuple(map(int, pair)): k for k, pair in reversed(list(enumerate(merges)))}
    ids, done = list(map(int, ids)), -1
    while True:
        found = [rank[pair] for pair in pairwise(ids) if rank.get(pair, -1) > done]
        if not found:
            return ids
        done, i = min(found), 0
        while i + 1 < len(ids):
            if rank.get((ids[i], ids[i + 1])) == done:
                ids[i:i + 2] = [first + done]
            i += 1


@right("apply_merges")
def merged_with_a_stack(ids, merges, first):
    new = first
    for left, second in merges:
        out = []
        for token in ids:
            if out and out[-1] == left and token == second:
                out[-1] = new
            else:
                out.append(token)
        ids, new = out, new + 1
    return np.array(ids)


@right("next_token_loss")
def loss_in_loops(logits, ids, pad):
    costs = []
    for rows, text in zip(logits, ids):
        for row, target in zip(rows, text[1:]):
            if target != pad:
                top = max(row)
                costs.append(top + math.log(sum(math.exp(z - top) for z in row)) - row[target])
    return sum(costs) / len(costs)


@right("next_token_loss")
def loss_with_logaddexp(logits, ids, pad):
    b, t = np.nonzero(ids[:, 1:] != pad)
    z = logits[b, t]
    return np.mean(np.logaddexp.reduce(z, axis=-1) - z[np.arange(len(b)), ids[b, t + 1]])
