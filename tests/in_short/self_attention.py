"""Masks and scaled dot-product attention."""

from __future__ import annotations

import numpy as np
import torch
from attnlab import attention as package
from attnlab import masks, reference
from attnlab.kernels import cost
from in_short.page import Bug, Page, close, normal, tensor

# -- masks


def masks_agree(f, g):
    for n, m in ((5, 5), (3, 7), (7, 3)):
        at = masks.positions(n, m)
        assert np.array_equal(f.allowed(n, m), masks.causal(*at))
        assert np.array_equal(f.allowed(n, m, 2), masks.window(*at, 2))
    lengths = np.array([5, 2, 0])
    assert np.array_equal(f.allowed(5, 5, None, lengths), masks.causal(np.arange(5), np.arange(5)) & masks.padding(lengths, 5))
    scores, mask = normal(3, 5, 7), f.allowed(5, 7, 3, [7, 4, 0])
    expected = reference.softmax(np.where(mask, scores, -np.inf))
    close(f.masked_softmax(scores, mask), expected)
    close(g.masked_softmax(tensor(scores), tensor(mask)), expected)
    q, k = tensor(normal(3, 5, 2)), tensor(normal(3, 7, 2))
    close(g.masked_softmax(q @ k.mT / 2**0.5, tensor(mask)), package.attention_weights(q, k, tensor(mask)))


def the_first_query_sees_the_first_key_alone(f):
    assert f.allowed(5, 5)[0].tolist() == [True, False, False, False, False]


def the_last_query_sees_every_key(f):
    assert f.allowed(3, 7)[-1].all()


def a_blind_row_is_zero(f):
    mask = np.array([[True, False], [False, False]])
    assert not f.masked_softmax(normal(2, 2), mask)[1].any()


def gradients_are_finite(g):
    scores = tensor(normal(2, 3)).requires_grad_()
    g.masked_softmax(scores, torch.tensor([[True, False, True], [False, False, False]]))[0, 0].backward()
    assert torch.isfinite(scores.grad).all()


# -- scaled dot-product attention


def attention_agrees(f, g):
    q, k, v = normal(2, 5, 3), normal(2, 7, 3, seed=1), normal(2, 7, 11, seed=2)
    mask = normal(2, 5, 7, seed=3) > 0
    mask[1, 2] = False
    for m in (None, mask):
        expected = reference.attention(q, k, v, m)
        given = [tensor(x) for x in (q, k, v)], None if m is None else tensor(m)
        close(f.attention(q, k, v, m), expected)
        close(g.attention(*given[0], given[1]), expected)
        close(package.attention(*given[0], given[1]), expected)
    q = tensor(q).requires_grad_()
    g.attention(q, tensor(k), tensor(v), tensor(mask)).sum().backward()
    assert torch.isfinite(q.grad).all()


def three_to_one(f):
    """Scores 0 and ln 3 after the scale give the weights 1/4 and 3/4."""
    k = np.stack([np.zeros(4), np.full(4, np.log(3) / 2)])
    close(f.attention(np.ones((1, 4)), k, np.eye(2)), [[0.25, 0.75]])


def equal_values_come_back(f):
    close(f.attention(normal(5, 3), normal(7, 3, seed=1), np.ones((7, 2))), np.ones((5, 2)))


def large_scores_stay_finite(f):
    q, k, v = 1e3 * normal(5, 3), normal(7, 3, seed=1), normal(7, 2)
    close(f.attention(q, k + 7.0, v), reference.attention(q, k + 7.0, v))


def a_blind_row_is_zero_torch(g):
    q, k, v = tensor(normal(2, 3)), tensor(normal(4, 3, seed=1)), tensor(normal(4, 2))
    mask = torch.tensor([[True] * 4, [False] * 4])
    out = g.attention(q, k, v, mask)
    assert not out[1].any() and torch.isfinite(out).all()


PAGES = {
    "self_attention/masks": Page(
        masks_agree,
        {
            "The polarity": Bug("numpy", "ago >= 0", "ago <= 0", the_first_query_sees_the_first_key_alone),
            "First row on first key": Bug("numpy", " + n_keys - n_queries", "", the_last_query_sees_every_key),
            "A large negative number for minus infinity": Bug("numpy", "scores, -np.inf", "scores, -1e9", a_blind_row_is_zero),
            "NaN in the gradient": Bug("torch", "scores.masked_fill(~mask & ~blind, -torch.inf)", "(scores + torch.where(mask, 0.0, -torch.inf))", gradients_are_finite),
        },
        lambda: [f"{8192**2:,}", f"{8192**2 // 8:,}"],
    ),
    "self_attention/scaled_dot_product": Page(
        attention_agrees,
        {
            "The wrong scale": Bug("numpy", "np.sqrt(q.shape[-1])", "q.shape[-1]", three_to_one),
            "The softmax runs along the queries": Bug("numpy", "axis=-1", "axis=-2", equal_values_come_back),
            "The exponential overflows": Bug("numpy", "scores - peak", "scores", large_scores_stay_finite),
            "A row that may look nowhere": Bug("torch", "out.masked_fill(blind, 0.0)", "out", a_blind_row_is_zero_torch),
        },
        lambda: [f"{cost.score_bytes(4096, 32):,}", f"{cost.attention_flops(4096, 4096, 128, 128, 32):,}"],
    ),
}
