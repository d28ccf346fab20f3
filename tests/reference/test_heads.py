from __future__ import annotations

import math

import by_hand
import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab import masks, reference
from attnlab.reference.heads import Projections, merge_heads, multi_head, repeat_heads, split_heads

B, N, M, D_MODEL, D_CONTEXT, D_OUT = 2, 5, 7, 13, 11, 17
HEADS, KV_HEADS, D_K, D_V = 6, 3, 2, 5  # heads of keys as wide as queries, values wider
X, CONTEXT = normal(0, B, N, D_MODEL), normal(1, B, M, D_CONTEXT)
MASK = normal(2, B, 1, N, M) > -0.5
MASK[0, 0, 3] = False  # a query that may look at nobody
BIAS = normal(3, HEADS, N, M)


def projections(kv_heads=HEADS, d_context=D_CONTEXT, heads=HEADS) -> Projections:
    sizes = ((D_MODEL, heads * D_K), (d_context, kv_heads * D_K), (d_context, kv_heads * D_V), (heads * D_V, D_OUT))
    return Projections(*(normal(10 + i, *size) / 3 for i, size in enumerate(sizes)))


def by_loops(x, context, weights, heads, kv_heads, mask=None, bias=None):
    """One head at a time, each with its own columns of every matrix; lists in, lists out."""
    w_q, w_k, w_v, w_o = (w.tolist() for w in weights)
    merged = [[] for _ in x]
    for h in range(heads):
        g = h * kv_heads // heads
        q, k, v = product(x, w_q, h, heads), product(context, w_k, g, kv_heads), product(context, w_v, g, kv_heads)
        for row, out in zip(merged, by_hand.attention(q, k, v, mask, None if bias is None else bias[h])):
            row.extend(out)
    return product(merged, w_o, 0, 1)


def product(x, w, part, parts):
    """x times the columns of w that belong to `part`."""
    width = len(w[0]) // parts
    return [
        [math.fsum(a * w[i][part * width + c] for i, a in enumerate(row)) for c in range(width)] for row in x
    ]


def test_split_and_merge_typed_out():
    x = np.array([[1.0, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])
    heads = np.array([[[1.0, 2], [7, 8]], [[3, 4], [9, 10]], [[5, 6], [11, 12]]])
    assert_same(split_heads(x, 3), heads, atol=0)
    assert_same(merge_heads(heads), x, atol=0)
    assert_same(repeat_heads(np.array([[[1.0]], [[2.0]]]), 4), np.array([[[1.0]], [[1]], [[2]], [[2]]]), atol=0)


@pytest.mark.parametrize("heads", [1, 3, 5, 15])
def test_merge_undoes_split_and_each_head_holds_its_run_of_features(heads):
    x = normal(4, 2, 3, 7, 15)
    split = split_heads(x, heads)
    assert split.shape == (2, 3, heads, 7, 15 // heads)
    assert_same(merge_heads(split), x, atol=0)
    for h, run in enumerate(np.split(x, heads, axis=-1)):
        assert_same(split[:, :, h], run, atol=0)


@pytest.mark.parametrize("kv_heads", [HEADS, KV_HEADS, 1])
@pytest.mark.parametrize("masked", [False, True])
def test_equals_the_loops(kv_heads, masked):
    weights = projections(kv_heads)
    mask, bias = (MASK, BIAS[None]) if masked else (None, None)
    out = multi_head(X, CONTEXT, weights, HEADS, kv_heads, mask=mask, bias=bias)
    for b in range(B):
        given = (MASK[b, 0].tolist(), BIAS.tolist()) if masked else (None, None)
        loops = by_loops(X[b].tolist(), CONTEXT[b].tolist(), weights, HEADS, kv_heads, *given)
        assert_same(out[b], np.array(loops))


def test_without_a_context_the_tokens_ask_each_other():
    weights = projections(d_context=D_MODEL)
    assert_same(multi_head(X, None, weights, HEADS), multi_head(X, X, weights, HEADS), atol=0)


def test_equals_the_layer_of_torch():
    """Matrices copied with their transposes; in `nn.MultiheadAttention` a mask of True hides."""
    theirs = torch.nn.MultiheadAttention(15, 5, bias=False, batch_first=True, dtype=torch.float64)
    w_q, w_k, w_v = theirs.in_proj_weight.detach().numpy().reshape(3, 15, 15)
    weights = Projections(w_q.T, w_k.T, w_v.T, theirs.out_proj.weight.detach().numpy().T)
    x, context = normal(5, 2, 7, 15), normal(6, 2, 11, 15)
    mask = masks.padding(np.array([[3], [11]]), 11)
    with torch.no_grad():
        out, _ = theirs(*map(torch.tensor, (x, context, context)), key_padding_mask=torch.tensor(~mask[:, 0, 0]))
    assert_same(multi_head(x, context, weights, 5, mask=mask), out.numpy())


def test_another_way_to_attend_can_be_passed_in():
    def in_blocks(q, k, v, mask, bias):
        return reference.blocked_attention(q, k, v, (2, 3), bias=bias)[0]

    weights = projections()
    for bias in (None, BIAS[None]):
        blocks = multi_head(X, CONTEXT, weights, HEADS, bias=bias, attend=in_blocks)
        assert_same(blocks, multi_head(X, CONTEXT, weights, HEADS, bias=bias))


def test_arguments_are_left_alone():
    weights, x = projections(), X.copy()
    kept = [w.copy() for w in weights]
    multi_head(x, CONTEXT, weights, HEADS, mask=MASK)
    for now, before in zip((x, *weights), (X, *kept), strict=True):
        assert_same(now, before, atol=0)


NARROW = projections()._replace(output=np.ones((29, 3)))
BAD = {
    "n_heads = 4 does not divide the width = 15": lambda: split_heads(np.ones((7, 15)), 4),
    "n_heads must be at least 1 but is 0": lambda: split_heads(np.ones((7, 15)), 0),
    r"x needs the axes \(..., tokens, width\) but has shape \(15,\)": lambda: split_heads(np.ones(15), 3),
    r"x needs the axes \(..., n_heads, tokens, d_head\) but has shape \(7, 15\)": lambda: merge_heads(np.ones((7, 15))),
    r"x needs the axes \(..., n_kv_heads, tokens, d_head\) but": lambda: repeat_heads(np.ones((7, 15)), 14),
    "n_kv_heads = 4 does not divide n_heads = 6": lambda: repeat_heads(np.ones((4, 7, 5)), 6),
    "n_kv_heads = 5 does not divide n_heads = 6": lambda: multi_head(X, CONTEXT, projections(), 6, 5),
    "x has width 11 but weights.query has 13 rows": lambda: multi_head(CONTEXT, X, projections(), 6),
    "context has width 13 but weights.key has 11 rows": lambda: multi_head(X, X, projections(), 6),
    "n_heads = 5 does not divide the columns of weights.query = 12": lambda: multi_head(X, CONTEXT, projections(), 5),
    "heads of queries have width 12 / 6 but heads of keys 6 / 6": lambda: multi_head(X, CONTEXT, projections(3), 6),
    "merged heads have width 30 but weights.output has 29 rows": lambda: multi_head(X, CONTEXT, NARROW, 6),
    r"mask has shape \(2, 5, 7\) but the scores have 4 axes": lambda: multi_head(
        X, CONTEXT, projections(), 6, mask=MASK[:, 0]
    ),
    "x holds NaN": lambda: split_heads(np.full((7, 15), np.nan), 3),
}


@pytest.mark.parametrize("message", BAD)
def test_errors_at_the_door(message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        BAD[message]()


def test_a_head_count_must_be_a_whole_number(as_readers_run_it):
    for count in (2.0, True):
        with pytest.raises(TypeError, match="n_heads must be a whole number"):
            split_heads(np.ones((7, 14)), count)
