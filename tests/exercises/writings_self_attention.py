"""Right answers to the exercises on self-attention in odd styles: single precision, lists, einsum, loops, other orders."""

from __future__ import annotations

import math

import numpy as np
from right_ways import collector

RIGHT, right = collector("self_attention")


def _shares(scores):
    """A row of shares in single precision, relative to the largest score that is not hidden."""
    scores = np.asarray(scores, np.float32)
    top = scores.max() if len(scores) else np.float32(0)
    powers = np.exp(scores - (top if np.isfinite(top) else np.float32(0)))
    return powers / max(powers.sum(), np.float32(1))


def _attend(q, k, v, mask):
    """Row by row in single precision, over the visible keys alone."""
    out = np.zeros((len(q), v.shape[-1]), np.float32)
    for i, query in enumerate(np.asarray(q, np.float32)):
        seen = np.flatnonzero(np.broadcast_to(mask, (len(q), len(k)))[i])
        scores = np.asarray(k, np.float32)[seen] @ query / np.float32(len(query) ** 0.5)
        out[i] = _shares(scores) @ np.asarray(v, np.float32)[seen]
    return out


def _each(function, *arrays):
    """Over any axes in front, as nested lists."""
    return [_each(function, *parts) for parts in zip(*arrays)] if arrays[0].ndim > 2 else function(*arrays)


@right("softmax")
def softmax_row_by_row(scores, temperature=1):
    return np.apply_along_axis(lambda row: _shares(row / temperature), -1, scores)


@right("softmax")
def softmax_by_differences(scores, temperature=1.0):
    gaps = np.clip((scores[..., None, :] - scores[..., :, None]) / temperature, -700, 700)
    return 1 / np.exp(gaps).sum(axis=-1)


@right("softmax")
def softmax_from_the_second_moment_on(scores, temperature=1.0):
    largest = np.sort(scores, axis=-1)[..., -1:]
    powers = np.power(math.e, (scores - largest) / temperature)
    return np.divide(powers, powers.sum(-1)[..., None]).astype(np.float32)


@right("scaled_dot_product")
def attention_row_by_row_beside_a_key_without_a_value(q, k, v, nobody):
    """One more feature makes the score of one more key; the widths d and d + 1 share one scale."""
    d = q.shape[-1]
    q = np.concatenate([q * math.sqrt((d + 1) / d), np.full((*q.shape[:-1], 1), math.sqrt(d + 1))], axis=-1)
    k = np.concatenate([np.pad(k, [(0, 0)] * (k.ndim - 1) + [(0, 1)]), np.zeros((*k.shape[:-2], 1, d + 1))], axis=-2)
    k[..., -1, -1] = nobody
    return _each(lambda *one: _attend(*one, True), q, k, np.concatenate([v, np.zeros((*v.shape[:-2], 1, v.shape[-1]))], axis=-2))


@right("self_attention")
def self_attention_in_float32(x, w, d_k):
    parts = w[:, :d_k], w[:, d_k:d_k + d_k], w[:, d_k + d_k:]
    return _each(lambda one: _attend(*(one @ part for part in parts), True), x)


@right("joined_attention")
def joined_attention_row_by_row(q, k, v, k_source, v_source):
    return [_attend(q[[i]], np.r_[k[:i + 1], k_source], np.r_[v[:i + 1], v_source], True)[0] for i in range(len(q))]


@right("picture_mask")
def picture_mask_by_repeating(pictures_before, n_pictures, patches):
    one = np.eye(n_pictures + 1, dtype=bool)[:, 1:]
    return np.repeat(one[pictures_before], patches, axis=1)


@right("picture_mask")
def picture_mask_in_lists(pictures_before, n_pictures, patches):
    return [[p + 1 == b for p in range(n_pictures) for _ in range(patches)] for b in pictures_before.tolist()]


@right("source_gradient")
def source_gradient_by_differences(x, y, w_q, w_k, w_v, d_output):
    def loss(x, y):
        scores = x @ w_q @ (y @ w_k).T / math.sqrt(w_q.shape[1])
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True) @ (y @ w_v) * d_output).sum()
    slopes = []
    for which, moved in enumerate((x, y)):
        slope = np.zeros(moved.shape)
        for place in np.ndindex(moved.shape):
            step = np.zeros(moved.shape)
            step[place] = 1e-6
            ends = [loss(*((moved + s, y) if which == 0 else (x, moved + s))) for s in (step, -step)]
            slope[place] = (ends[0] - ends[1]) / 2e-6
        slopes.append(slope)
    return tuple(slopes)


@right("masked_attention")
def masked_attention_over_visible_keys(q, k, v, mask):
    mask = np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2]))
    return _each(_attend, q, k, v, mask)


@right("masked_attention")
def masked_attention_by_a_large_fill_and_a_repair(q, k, v, mask):
    scores = np.where(mask, np.einsum("...id,...jd->...ij", q, k) / math.sqrt(q.shape[-1]), np.finfo(float).min)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) * np.any(mask, axis=-1, keepdims=True) @ v


@right("cached_step")
def cached_step_over_visible_keys(q, k_new, v_new, k_cache, v_cache):
    keys, values = np.append(k_cache, k_new, axis=-2), np.append(v_cache, v_new, axis=-2)
    past = np.tril(np.ones((q.shape[-2], keys.shape[-2]), bool), keys.shape[-2] - q.shape[-2])
    return _each(lambda *one: _attend(*one, past), q, keys, values), keys.tolist(), values.astype(np.float32)


@right("cross_attention")
def cross_attention_in_float32(x, y, lengths, w_q, w_k, w_v):
    return [_attend(a @ w_q, b[:n] @ w_k, b[:n] @ w_v, True) for a, b, n in zip(x, y, lengths)]


@right("graph_attention")
def graph_attention_over_neighbours(x, w, a, mask):
    h = np.einsum("id,de->ie", x, w)
    out = []
    for i, row in enumerate(mask):
        near = np.flatnonzero(row)
        z = [float(a[0] @ h[i] + a[1] @ h[j]) for j in near]
        out.append(_shares([s if s > 0 else s / 5 for s in z]).astype(float) @ h[near])
    return out


@right("message_passing")
def messages_in_a_dictionary(q, k, v, receivers, senders):
    heard, out = {}, np.zeros(v.shape, np.float32)
    for r, s in zip(receivers.tolist(), senders.tolist()):
        heard.setdefault(r, []).append(s)
    for r, mine in heard.items():
        out[r] = _shares(k[mine] @ q[r] / math.sqrt(len(q[r]))) @ v[mine]
    return out


@right("attention_dropout")
def dropout_backward_on_the_values(weights, v, keep, p, d_output):
    spread = np.where(keep[..., None], v[..., None, :, :], 0) / np.float64(1 - p)
    back = np.where(keep, weights, 0)[..., None] * d_output[..., None, :] / (1 - p)
    return (spread * d_output[..., None, :]).sum(-1), back.sum(-3)


@right("causal_mask")
def causal_mask_by_cumulative_sums(n_queries, n_keys):
    ends = n_keys - n_queries + np.arange(n_queries)
    return np.array([np.arange(n_keys) < end + 1 for end in ends.tolist()])


@right("causal_mask")
def causal_mask_from_a_square(n_queries, n_keys):
    n = max(n_queries, n_keys)
    return np.tri(n, dtype=bool)[n - n_queries:, n - n_keys:]


@right("window_mask")
def window_mask_by_loops(n_queries, n_keys, size):
    rows = np.full((n_queries, n_keys), False)
    for i in range(n_queries):
        end = i + n_keys - n_queries + 1
        rows[i, max(end - size, 0):max(end, 0)] = True
    return rows


@right("dilated_mask")
def dilated_mask_by_diagonals(n, size, step):
    return sum(np.eye(n, k=-s * step) for s in range(size)) > 0


@right("padding_mask")
def padding_mask_by_cumulative_sums(lengths, n_keys):
    rows = np.zeros((len(lengths), 1, n_keys), dtype=bool)
    for row, n in zip(rows, lengths):
        row[0, :n] = True
    return rows


@right("prefix_mask")
def prefix_mask_by_maximum(n_tokens, n_prefix):
    i, j = np.indices((n_tokens, n_tokens))
    return (j <= np.maximum(i, n_prefix - 1)).tolist()


@right("two_hop_mask")
def two_hop_mask_through_offices(n_tokens):
    b = max(math.isqrt(n_tokens), 1)
    return [[j <= i and (i // b == j // b or (j + 1) % b == 0) for j in range(n_tokens)] for i in range(n_tokens)]


@right("translate_mask")
def translated_with_lists(table, dialect):
    if dialect == "ones are real":
        return [[[[bool(x) for x in row]]] for row in table]
    return {"true looks": lambda: np.logical_and(table, True), "true hides": lambda: np.equal(table, False),
            "added": lambda: np.greater(np.asarray(table, float), -10000)}[dialect]()


@right("masked_entropy")
def entropy_as_a_distance_from_equal(weights, mask):
    """log m minus the divergence from equal weights, as a share of log m."""
    out = np.zeros(len(weights), np.float32)
    for i, (row, may) in enumerate(zip(weights, mask)):
        m, p = int(may.sum()), row[row > 0]
        out[i] = 1 - float((p * np.log(p * m)).sum()) / math.log(m) if m > 1 else 0
    return out


@right("offset_score")
def offset_by_trace(weights, offset):
    return np.trace(weights.astype(np.float32), offset, -2, -1) / (weights.shape[-1] - abs(offset))


@right("rollout")
def rollout_by_einsum(weights):
    weights = weights.astype(np.float32)
    reached = None
    for layer in weights:
        step = (np.einsum("hij->ij", layer) / len(layer) + np.identity(layer.shape[-1])) / 2
        reached = step if reached is None else np.dot(step, reached)
    return reached.tolist()


@right("reach")
def reach_by_spreading(mask, layers):
    out = np.eye(len(mask)) > 0
    for _ in range(layers):
        out = out | (mask[:, :, None] & out[None]).any(axis=1)
    return out.tolist()


@right("score_variance")
def score_scale_as_an_array(d_k, var_q, var_k):
    return np.array(math.exp(-0.5 * (math.log(d_k) + math.log(var_q) + math.log(var_k))), np.float32)


@right("without_one_key")
def without_one_key_through_logarithms(weights, values, j):
    scores = np.log(weights.astype(np.float32))
    scores[:, j] = -np.inf
    return np.array([_shares(row) for row in scores]) @ values


@right("neighbour_gap")
def gap_of_one_text_after_the_other(attend, x, lengths):
    batch, out = np.asarray(attend(x.copy(), lengths.copy()), np.float32), []
    for i in range(len(x)):
        alone = np.asarray(attend(x[i, :lengths[i]][None], lengths[[i]]), np.float32)
        out.append(max(abs(a - b) for a, b in zip(batch[i, :lengths[i]].ravel(), alone.ravel())))
    return tuple(out)


@right("previous_token")
def previous_token_in_whole_numbers(n_tokens):
    keys = np.eye(n_tokens, dtype=int)
    return [np.roll(keys, -1, axis=1) * 100, keys]


@right("previous_token")
def previous_token_on_a_parabola(n_tokens):
    """-(i - 1 - j)^2 without the part that a row has in common."""
    i = np.arange(n_tokens, dtype=float)
    return 20 * np.stack([2 * (i - 1), np.ones(n_tokens)], 1), np.stack([i, -i**2], 1)


@right("picture_mask")
def picture_mask_by_the_first_word_of_each_picture(pictures_before, n_pictures, patches):
    """The counts never fall along a text."""
    first = np.searchsorted(pictures_before, np.arange(1, n_pictures + 2))
    rows = np.zeros((len(pictures_before), n_pictures * patches), dtype=bool)
    for picture in range(n_pictures):
        rows[first[picture]:first[picture + 1], picture * patches:(picture + 1) * patches] = True
    return rows
