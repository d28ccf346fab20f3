"""Right answers written differently must pass: loops, einsum, float32, lists, in place on a copy, torch tensors."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import numpy as np
import pytest

from attnlab.exercises import EXERCISES, diagnose

pytestmark = pytest.mark.usefixtures("as_readers_run_it")
RIGHT: list[tuple[str, object]] = []


def right(name):
    def add(function):
        RIGHT.append((f"self_attention.{name}", function))
        return function
    return add


@right("softmax")
def softmax_in_loops(scores, temperature=1.0):
    out = np.empty(scores.shape)
    for place in np.ndindex(scores.shape[:-1]):
        row = [math.exp((s - max(scores[place])) / temperature) for s in scores[place]]
        out[place] = [e / sum(row) for e in row]
    return out


@right("softmax")
def softmax_in_float32(scores, temperature=1.0):
    z = scores.astype(np.float32) / np.float32(temperature)
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@right("softmax")
def softmax_in_place_on_a_copy(scores, temperature=1.0):
    z = scores.copy()
    z -= z.max(axis=-1, keepdims=True)
    z /= temperature
    np.exp(z, out=z)
    z /= z.sum(axis=-1, keepdims=True)
    return z.tolist()


@right("softmax")
def softmax_through_logarithms(scores, temperature=1.0):
    z = scores / temperature
    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


@right("scaled_dot_product")
def attention_in_einsum(q, k, v, nobody):
    s = np.einsum("...id,...jd->...ij", q, k) / q.shape[-1] ** 0.5
    a = softmax_in_float32(np.pad(s, [(0, 0)] * (s.ndim - 1) + [(1, 0)], constant_values=nobody))
    return np.einsum("...ij,...jd->...id", a[..., 1:], v)


@right("scaled_dot_product")
def attention_in_loops(q, k, v, nobody):
    if q.ndim > 2:
        return [attention_in_loops(*part, nobody) for part in zip(q, k, v)]
    out = []
    for query in q:
        scores = [query.dot(key) / math.sqrt(len(query)) for key in k]
        weights = softmax_in_loops(np.array([nobody, *scores]))[1:]
        out.append([sum(w * value[c] for w, value in zip(weights, v)) for c in range(v.shape[1])])
    return out


@right("scaled_dot_product")
def attention_with_the_scale_in_the_query(q, k, v, nobody):
    q /= 1.0
    scores = (q * q.shape[-1] ** -0.5) @ np.moveaxis(k, -1, -2)
    top = np.maximum(scores.max(-1, keepdims=True), nobody)
    return np.exp(scores - top) @ v / (np.exp(nobody - top) + np.exp(scores - top).sum(-1, keepdims=True))


@right("self_attention")
def self_attention_through_three_products(x, w, d_k):
    q, k, v = (x @ w[:, part] for part in (slice(d_k), slice(d_k, 2 * d_k), slice(2 * d_k, None)))
    return attention_in_einsum(q, k, v, -np.inf)


@right("score_variance")
def score_scale_by_roots(d_k, var_q, var_k):
    return [d_k**-0.5 * var_q**-0.5 * var_k**-0.5][0]


@right("find_the_bug")
def find_the_bug_by_distance(q, k, weights):
    s = q @ k.T
    z = s / len(q[0]) ** 0.5
    made = {"swapped": softmax_in_loops(z.T), "wrong axis": softmax_in_loops(z.T).T, "correct": softmax_in_loops(z),
            "softmax twice": softmax_in_loops(softmax_in_loops(z)), "not scaled": softmax_in_loops(s)}
    return min(made, key=lambda name: np.abs(made[name] - weights).sum())


@right("previous_token")
def previous_token_on_a_circle(n_tokens):
    angle = np.arange(n_tokens) * 2 * np.pi / (n_tokens + 1)
    key = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    step = 2 * np.pi / (n_tokens + 1)
    query = np.stack([np.cos(angle - step), np.sin(angle - step)], axis=1)
    return query * 20000, key


@right("causal_mask")
def causal_mask_by_triangle(n_queries, n_keys):
    return np.tril(np.ones((n_queries, n_keys), dtype=bool), k=n_keys - n_queries)


@right("causal_mask")
def causal_mask_by_rows(n_queries, n_keys):
    return [[j <= i + n_keys - n_queries for j in range(n_keys)] for i in range(n_queries)]


@right("padding_mask")
def padding_mask_by_loops(lengths, n_keys):
    return [[[j < length for j in range(n_keys)]] for length in lengths]


@right("padding_mask")
def padding_mask_by_expansion(lengths, n_keys):
    return np.expand_dims(np.less.outer(np.arange(n_keys), lengths).T, 1)


@right("masked_attention")
def masked_attention_by_weights(q, k, v, mask):
    s = np.einsum("...id,...jd->...ij", q, k) / np.sqrt(q.shape[-1])
    m = np.broadcast_to(mask, s.shape)
    top = np.where(m, s, -1e30).max(-1, keepdims=True)
    e = np.where(m, np.exp(np.minimum(s - top, 0)), 0)
    z = e.sum(-1, keepdims=True)
    return np.divide(e, z, out=np.zeros_like(e), where=z > 0) @ v


@right("masked_attention")
def masked_attention_by_repairing_nan(q, k, v, mask):
    s = q @ np.moveaxis(k, -1, -2) / np.sqrt(q.shape[-1]) + np.where(mask, 0, -np.inf)
    e = np.exp(s - s.max(-1, keepdims=True))
    return np.nan_to_num(e / e.sum(-1, keepdims=True)) @ v


@right("window_mask")
def window_mask_by_triangles(n_queries, n_keys, size):
    ones = np.ones((n_queries, n_keys), dtype=bool)
    return np.tril(ones, n_keys - n_queries) & np.triu(ones, n_keys - n_queries - size + 1)


@right("cached_step")
def cached_step_one_by_one(q, k_new, v_new, k_cache, v_cache):
    keys, values, out = k_cache, v_cache, []
    for i in range(q.shape[-2]):
        keys = np.concatenate([keys, k_new[..., i:i + 1, :]], axis=-2)
        values = np.concatenate([values, v_new[..., i:i + 1, :]], axis=-2)
        out.append(attention_in_einsum(q[..., i:i + 1, :], keys, values, -np.inf))
    return [np.concatenate(out, axis=-2), keys, values]


@right("prefix_mask")
def prefix_mask_by_assignment(n_tokens, n_prefix):
    mask = np.tril(np.ones((n_tokens, n_tokens))) == 1
    mask[:, :n_prefix] = True
    return mask


@right("two_hop_mask")
def two_hop_mask_by_stride(n_tokens):
    width = math.isqrt(max(n_tokens - 1, 0)) + 1
    i, j = np.indices((n_tokens, n_tokens))
    return (j <= i) & ((i - j < width) | (j % width == width - 1))


for _part in sorted(Path(__file__).parent.glob("writings_*.py")):  # one file a part of the book, each with its own RIGHT
    RIGHT += runpy.run_path(str(_part))["RIGHT"]


@pytest.mark.parametrize(("exercise_id", "function"), RIGHT, ids=[f.__name__ for _, f in RIGHT])
def test_right_answer_written_differently_passes(exercise_id, function):
    found = diagnose(exercise_id, function)
    assert found.passed, found.text


def test_every_exercise_has_another_right_writing():
    assert {exercise_id for exercise_id, _ in RIGHT} == set(EXERCISES)


def test_torch_tensors_pass():
    torch = pytest.importorskip("torch")

    def attention(q, k, v, nobody):
        q, k, v = (torch.as_tensor(t, dtype=torch.float32).requires_grad_() for t in (q, k, v))
        k, v = (torch.nn.functional.pad(t, (0, 0, 0, 1)) for t in (k, v))
        bias = torch.zeros(q.shape[-2], k.shape[-2])
        bias[:, -1] = nobody
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)

    def mask(n_queries, n_keys):
        return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_keys - n_queries)

    assert diagnose("self_attention.scaled_dot_product", attention).passed
    assert diagnose("self_attention.causal_mask", mask).passed
    half = diagnose("self_attention.softmax",
                    lambda s, t=1.0: torch.softmax(torch.as_tensor(s) / t, -1).double())
    assert half.passed


def test_a_wrong_answer_with_the_overflow_of_a_beginner_is_still_named():
    def softmax(scores, temperature=1.0):
        e = np.exp(scores / temperature)
        return e / e.sum(axis=0)

    assert diagnose("self_attention.softmax", softmax).mistake == "softmax_over_queries"


def test_what_differs_on_huge_scores_alone_is_not_given_a_wrong_name():
    def softmax(scores, temperature=1.0):
        return EXERCISES["self_attention.softmax"].solution(np.clip(scores, -99, 99), temperature)

    found = diagnose("self_attention.softmax", softmax)
    assert not found.passed and found.mistake is None
