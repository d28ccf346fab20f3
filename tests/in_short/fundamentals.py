"""Softmax, scores, the gradient; self-attention in code, as patterns and as a graph; the backward pass in tiles."""

from __future__ import annotations

import numpy as np
import torch
from attnlab import attention as package
from attnlab import reference
from attnlab.attention import scoring as torch_scoring
from attnlab.kernels import cost
from attnlab.kernels.flash import flash_attention
from attnlab.reference import graph, scoring
from attnlab.studies import probe
from in_short.page import Bug, Page, close, differs, normal, tensor

# -- softmax


def softmax_agrees(f, g):
    x = 5 * normal(3, 7)
    x[1, 2:] = x[2] = -np.inf
    for temperature in (0.3, 1.0, 4.0):
        close(f.softmax(x, temperature), reference.softmax(x, temperature=temperature))
        close(g.softmax(tensor(x), temperature), reference.softmax(x, temperature=temperature))


def a_shift_changes_nothing(f):
    x = normal(3, 7)
    close(f.softmax(x + 1e4), f.softmax(x), 1e-9)


def cold_means_certain(f):
    p = f.softmax(np.array([[1.0, 2.0]]), 0.1)
    assert p[0, 1] > 0.9999 and abs(p[0, 1] / p[0, 0] - np.exp(10)) < 1e-6


def nothing_allowed_is_nothing(g):
    out = g.softmax(torch.full((1, 3), -torch.inf, dtype=torch.float64))
    close(out, np.zeros((1, 3)))


# -- scores


def scores_agree(f, g):
    q, k, w = normal(2, 5, 3), normal(2, 7, 4, seed=1), normal(3, 4, seed=2)
    w_q, w_k, u = normal(3, 6, seed=3), normal(4, 6, seed=4), normal(6, seed=5)
    close(f.additive(q, k, w_q, w_k, u), scoring.additive(q, k, w_q, w_k, u))
    close(f.general(q, k, w), scoring.general(q, k, w))
    close(g.additive(*map(tensor, (q, k, w_q, w_k, u))), torch_scoring.additive(*map(tensor, (q, k, w_q, w_k, u))))
    close(g.general(*map(tensor, (q, k, w))), scoring.general(q, k, w))


def every_pair_has_its_score(f):
    q, k, w_q, w_k, u = normal(5, 3), normal(5, 3, seed=1), normal(3, 6, seed=3), normal(3, 6, seed=4), normal(6, seed=5)
    out = f.additive(q, k, w_q, w_k, u)
    close(out[1, 3], u @ np.tanh(q[1] @ w_q + k[3] @ w_k))


def scores_are_bounded(g):
    q, k, w_q, w_k, u = (100 * tensor(normal(*shape)) for shape in ((5, 3), (7, 3), (3, 6), (3, 6), (6,)))
    assert g.additive(q, k, w_q, w_k, u).abs().max() <= u.abs().sum() + 1e-9


# -- the gradient


def gradient_agrees(f, g):
    q, k, v, d_out = normal(5, 3), normal(7, 3, seed=1), normal(7, 2, seed=2), normal(5, 2, seed=3)
    for ours, theirs in zip(f.attention_gradient(q, k, v, d_out), reference.attention_gradient(q, k, v, d_out)):
        close(ours, theirs)
    assert g.checked(package.attention, *map(tensor, (q, k, v)))


def steps_confirm_it(f):
    """A small step along one number changes the loss by the gradient."""
    q, k, v, d_out = normal(3, 2), normal(5, 2, seed=1), normal(5, 2, seed=2), normal(3, 2, seed=3)
    loss = lambda q, k, v: float((reference.attention(q, k, v) * d_out).sum())
    found = f.attention_gradient(q, k, v, d_out)
    for place, (x, gradient) in enumerate(zip((q, k, v), found)):
        step = np.zeros_like(x)
        step[1, 0] = 1e-6
        more, less = ([*(q, k, v)] for _ in range(2))
        more[place], less[place] = x + step, x - step
        assert abs((loss(*more) - loss(*less)) / 2e-6 - gradient[1, 0]) < 1e-7


class Wrong(torch.autograd.Function):
    """Its gradient is twice what it should be."""

    @staticmethod
    def forward(ctx, x):
        return x * 1.0

    @staticmethod
    def backward(ctx, d):
        return 2 * d


def a_wrong_gradient_is_noticed(g):
    assert not g.checked(Wrong.apply, torch.ones(3))


# -- the backward pass in tiles


def backward_agrees(f, g):
    q, k, v, d_out = normal(5, 3), normal(7, 3, seed=1), normal(7, 2, seed=2), normal(5, 2, seed=3)
    out, lse = reference.blocked_attention(q, k, v)
    for block in (1, 3, 64):
        for ours, theirs in zip(f.backward(q, k, v, out, lse, d_out, block), reference.blocked_gradient(q, k, v, out, lse, d_out)):
            close(ours, theirs)
    leaves = [tensor(x)[None, None].requires_grad_() for x in (q, k, v)]
    mine = g.gradients(torch.nn.functional.scaled_dot_product_attention, *leaves, tensor(d_out)[None, None])
    theirs = g.gradients(flash_attention, *leaves, tensor(d_out)[None, None])
    for a, b in zip(mine, theirs):
        close(a, b)


def tiles_do_not_matter(f):
    q, k, v, d_out = normal(5, 3), normal(7, 3, seed=1), normal(7, 2, seed=2), normal(5, 2, seed=3)
    out, lse = reference.blocked_attention(q, k, v)
    for a, b in zip(f.backward(q, k, v, out, lse, d_out, 2), reference.attention_gradient(q, k, v, d_out)):
        close(a, b)


def gradients_start_at_zero(g):
    x = [tensor(normal(1, 1, 4, 3, seed=i)).requires_grad_() for i in range(3)]
    d = tensor(normal(1, 1, 4, 3, seed=9))
    first = [one.clone() for one in g.gradients(package.attention, *x, d)]
    for a, b in zip(g.gradients(package.attention, *x, d), first):
        close(a, b)


# -- self-attention in code


def code_agrees(f, g):
    x, w = normal(2, 5, 6), [normal(6, 4, seed=i + 1) for i in range(3)]
    q, k, v = (x @ m for m in w)
    past = np.tri(5, dtype=bool)
    close(f.self_attention(x, *w), reference.attention(q, k, v))
    close(f.self_attention(x, *w, past), reference.attention(q, k, v, past))
    layer = g.SelfAttention(6, 4).double()
    layer.qkv.weight.data = tensor(np.concatenate([m.T for m in w]))
    close(layer(tensor(x)), reference.attention(q, k, v))
    close(layer(tensor(x), causal=True), package.attention(*map(tensor, (q, k, v, past))))


def texts_are_strangers(f):
    x, w = normal(3, 5, 6), [normal(6, 4, seed=i + 1) for i in range(3)]
    close(f.self_attention(x, *w)[1:2], f.self_attention(x[1:2], *w))


def equal_values_come_back(f):
    x, (w_q, w_k) = normal(1, 5, 6), (normal(6, 4, seed=i + 1) for i in range(2))
    x[..., 0] = 1
    close(f.self_attention(x, w_q, w_k, np.eye(6)[:, :1]), np.ones((1, 5, 1)))


def the_past_stays(g):
    torch.manual_seed(0)
    layer, x = g.SelfAttention(6, 4).double(), tensor(normal(1, 5, 6))
    moved = x.clone()
    moved[:, 3] *= -1
    close(layer(moved, causal=True)[:, :3], layer(x, causal=True)[:, :3])
    differs(layer(moved), layer(x))


# -- as a graph


def graph_agrees(f, g):
    scores, mask, v = normal(5, 7), normal(5, 7, seed=1) > -0.5, normal(7, 3, seed=2)
    mask[2] = False
    receivers, senders = graph.edges_of(mask)
    expected = graph.message_passing(scores[mask], v, receivers, senders, 5)
    close(f.message_passing(scores[mask], v, receivers, senders, 5), expected)
    close(g.message_passing(*map(tensor, (scores[mask], v, receivers, senders)), 5), expected)
    q, k = normal(5, 4, seed=3), normal(7, 4, seed=4)
    dots = graph.dot_scores(q, k, receivers, senders)
    close(f.message_passing(dots, v, receivers, senders, 5), reference.attention(q, k, v, mask))


def every_message_arrives(f):
    close(f.message_passing(np.zeros(4), np.eye(4), np.zeros(4, dtype=int), np.arange(4), 1), np.full((1, 4), 0.25))


def large_scores_are_finite(f):
    out = f.message_passing(np.array([1e3, 0.0]), np.eye(2), np.zeros(2, dtype=int), np.arange(2), 1)
    close(out, np.eye(2)[:1])


def who_asks_is_not_who_answers(g):
    """One edge, from node 1 to node 0: node 0 gets what node 1 has."""
    v = torch.eye(2, dtype=torch.float64)
    out = g.message_passing(torch.zeros(1, dtype=torch.float64), v, torch.tensor([0]), torch.tensor([1]), 2)
    close(out, [[0.0, 1.0], [0.0, 0.0]])


PAGES = {
    "fundamentals/softmax_temperature": Page(
        softmax_agrees,
        {
            "The exponential overflows": Bug("numpy", "x - np.maximum(x.max(-1, keepdims=True), np.finfo(float).min)", "x", a_shift_changes_nothing),
            "Multiplied by the temperature": Bug("numpy", "/ temperature", "* temperature", cold_means_certain),
            "A row of minus infinities": Bug("torch", ".nan_to_num(0.0)", "", nothing_allowed_is_nothing),
        },
        lambda: ["5"],
    ),
    "fundamentals/mathematics": Page(
        scores_agree,
        {
            "Pairs that are not all pairs": Bug("numpy", "[..., None, :, :]", "[..., :, None, :]", every_pair_has_its_score),
            "The bend is forgotten": Bug("torch", "torch.tanh(pairs)", "pairs", scores_are_bounded),
        },
        lambda: [f"{4096 * 4096 * 512:,}"],
    ),
    "fundamentals/from_scratch": Page(
        gradient_agrees,
        {
            "The mean of the row is forgotten": Bug("numpy", "d_a - (a * d_a).sum(-1, keepdims=True)", "d_a", steps_confirm_it),
            "The scale is forgotten on the way back": Bug("numpy", "return scale * d_s @ k, scale * d_s.T @ q, a.T @ d_out", "return d_s @ k, d_s.T @ q, a.T @ d_out", steps_confirm_it),
            "The check cannot fail": Bug("torch", "return torch.autograd.gradcheck(f, leaves, raise_exception=False)", "return True", a_wrong_gradient_is_noticed),
        },
        lambda: ["10", "2.5"],
    ),
    "efficiency/blocked_backward": Page(
        backward_agrees,
        {
            "The mean over a tile for the mean over the row": Bug("numpy", "drift = (d_out * out).sum(-1, keepdims=True)", "drift = (d_out * out).sum(-1, keepdims=True) * 0", tiles_do_not_matter),
            "The last tile counts alone": Bug("numpy", "dq += ", "dq = ", tiles_do_not_matter),
            "Gradients of the last call": Bug("torch", "torch.autograd.grad(f(q, k, v), (q, k, v), d_out)", "(f(q, k, v).backward(d_out), [x.grad for x in (q, k, v)])[1]", gradients_start_at_zero),
        },
        lambda: ["2.5", f"{cost.score_bytes(8192, 1):,}", f"{8192 * 4:,}"],
    ),
    "self_attention/implementation": Page(
        code_agrees,
        {
            "The batch takes part": Bug("numpy", "np.swapaxes(k, -1, -2)", "k[0].T", texts_are_strangers),
            "A softmax over the queries": Bug("numpy", "(-1, keepdims=True)", "(-2, keepdims=True)", equal_values_come_back),
            "The future leaks": Bug("torch", "is_causal=causal", "is_causal=False", the_past_stays),
        },
        lambda: [f"{3 * 512**2:,}"],
    ),
    "self_attention/graph_view": Page(
        graph_agrees,
        {
            "Only one message arrives at each node": Bug("numpy", "np.add.at(out, receivers, ", "out.__setitem__(receivers, ", every_message_arrives),
            "The exponential overflows": Bug("numpy", "scores - peak[receivers]", "scores", large_scores_are_finite),
            "The edge the wrong way round": Bug("torch", "values[senders]", "values[receivers]", who_asks_is_not_who_answers),
        },
        lambda: [f"{4096 * 4096:,}", f"{4096 * 256 - 256 * 255 // 2:,}"],
    ),
}
