"""Scoring functions: against loops, NumPy against torch, and what must be true of each."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from compare import assert_same, normal, through_torch

from attnlab import reference
from attnlab.attention import scoring
from attnlab.reference import scoring as numpy_scoring

Q, K, V = normal(0, 2, 5, 7), normal(1, 2, 11, 7), normal(2, 2, 11, 3)
WIDE_K, W = normal(3, 2, 11, 13), normal(4, 7, 13)
W_Q, W_K, V_A = normal(5, 7, 17), normal(6, 13, 17), normal(7, 17)
CASES = {
    "dot": (Q, K),
    "scaled_dot": (Q, K),
    "general": (Q, WIDE_K, W),
    "additive": (Q, WIDE_K, W_Q, W_K, V_A),
    "gaussian": (Q, K, 1.7),
}
HANDS = [numpy_scoring, scoring]
every_score = pytest.mark.parametrize("name", CASES)
both = pytest.mark.parametrize("hand", HANDS, ids=["numpy", "torch"])


def called(hand, name):
    """The function of either hand as a function of arrays."""
    function = getattr(hand, name)
    return through_torch(function) if hand is scoring else function


def one_pair(name, q, k, *rest):
    """The score of one query and one key, in Python's own arithmetic."""
    if name == "general":
        (w,) = rest
        return math.fsum(q[a] * w[a, b] * k[b] for a in range(len(q)) for b in range(len(k)))
    if name == "additive":
        w_q, w_k, v = rest
        hidden = [sum(q * w_q[:, h]) + sum(k * w_k[:, h]) for h in range(len(v))]
        return math.fsum(v[h] * math.tanh(hidden[h]) for h in range(len(v)))
    if name == "gaussian":
        return -math.dist(q, k) ** 2 / (2 * rest[0] ** 2)
    product = math.fsum(q * k)
    return product / math.sqrt(len(q)) if name == "scaled_dot" else product


@both
@every_score
def test_a_score_is_its_formula_pair_by_pair(name, hand):
    q, k, *rest = CASES[name]
    loops = [[[one_pair(name, a, b, *rest) for b in k[i]] for a in q[i]] for i in range(2)]
    assert_same(called(hand, name)(q, k, *rest), np.array(loops))


@every_score
def test_numpy_and_torch_agree(name):
    assert_same(through_torch(getattr(scoring, name))(*CASES[name]), getattr(numpy_scoring, name)(*CASES[name]))


@both
@every_score
def test_leading_axes_broadcast(name, hand):
    q, k, *rest = CASES[name]
    score = called(hand, name)
    assert_same(score(q[:1], k, *rest)[1], score(q[0], k[1], *rest))


@both
@every_score
def test_shuffled_keys_shuffle_the_columns(name, hand):
    q, k, *rest = CASES[name]
    order = np.random.default_rng(8).permutation(11)
    score = called(hand, name)
    assert_same(score(q, k[:, order], *rest), score(q, k, *rest)[..., order])


@both
def test_special_cases_meet(hand):
    dot = called(hand, "dot")(Q, K)
    assert_same(called(hand, "general")(Q, K, np.eye(7)), dot)
    assert_same(called(hand, "scaled_dot")(Q, K) * math.sqrt(7), dot)
    assert_same(called(hand, "gaussian")(Q, Q, 0.3).diagonal(axis1=-2, axis2=-1), np.zeros((2, 5)))


@both
def test_additive_scores_are_bounded_by_their_vector(hand):
    huge = called(hand, "additive")(100 * Q, 100 * WIDE_K, W_Q, W_K, V_A)
    assert np.abs(huge).max() <= np.abs(V_A).sum() + 1e-12


@both
def test_kernel_regression_is_dot_product_attention_when_keys_have_one_norm(hand):
    one_norm = K / np.linalg.norm(K, axis=-1, keepdims=True) * 2.3
    regression = called(hand, "kernel_regression")(Q, one_norm, V, 0.6)
    assert_same(regression, reference.attention(Q, one_norm, V, scale=1 / 0.6**2))
    unequal = called(hand, "kernel_regression")(Q, K, V, 0.6)
    assert not np.allclose(unequal, reference.attention(Q, K, V, scale=1 / 0.6**2), atol=0.1)


@both
def test_kernel_regression_is_the_ratio_of_two_sums_of_bumps(hand):
    bumps = [[math.exp(-math.dist(q, k) ** 2 / (2 * 1.3**2)) for k in K[0]] for q in Q[0]]
    ratio = [[math.fsum(g * v for g, v in zip(row, V[0][:, c])) / math.fsum(row) for c in range(3)] for row in bumps]
    assert_same(called(hand, "kernel_regression")(Q[0], K[0], V[0], 1.3), np.array(ratio))


@both
def test_a_wide_kernel_averages_and_a_narrow_one_looks_up(hand):
    regression = called(hand, "kernel_regression")
    assert_same(regression(Q, K, V, 1e8), np.broadcast_to(V.mean(axis=-2, keepdims=True), (2, 5, 3)).copy())
    nearest = np.linalg.norm(Q[:, :, None] - K[:, None], axis=-1).argmin(axis=-1)
    assert_same(regression(Q, K, V, 0.01), np.take_along_axis(V, nearest[..., None], axis=1))


@pytest.mark.parametrize("name", [*CASES, "kernel_regression"])
def test_gradients_pass_the_check_of_finite_differences(name):
    arguments = (Q, K, V, 1.7) if name == "kernel_regression" else CASES[name]
    tensors = [torch.tensor(x, requires_grad=True) if isinstance(x, np.ndarray) else x for x in arguments]
    assert torch.autograd.gradcheck(getattr(scoring, name), tensors)


@both
def test_sizes_that_disagree_are_refused_by_name(as_readers_run_it, hand):
    refused = [
        ("dot", (Q, WIDE_K), "q has d_k = 7 but k has d_k = 13"),
        ("scaled_dot", (Q, WIDE_K), "q has d_k = 7 but k has d_k = 13"),
        ("gaussian", (Q, WIDE_K), "q has d_k = 7 but k has d_k = 13"),
        ("general", (Q, WIDE_K, W.T), r"w must have the shape \(d_q, d_k\) = \(7, 13\) but has \(13, 7\)"),
        ("additive", (Q, WIDE_K, W_K, W_K, V_A), r"w_q must have the shape .* = \(7, 17\) but has \(13, 17\)"),
        ("additive", (Q, WIDE_K, W_Q, W_Q, V_A), r"w_k must have the shape .* = \(13, 17\) but has \(7, 17\)"),
        ("additive", (Q, normal(0, 3, 11, 13), W_Q, W_K, V_A), "leading axes do not broadcast"),
        ("kernel_regression", (Q, K, V[:, :5]), r"there are 11 keys but v has shape \(2, 5, 3\)"),
    ]
    for name, arguments, message in refused:
        with pytest.raises(ValueError, match=message):
            called(hand, name)(*arguments)


@both
@pytest.mark.parametrize("width", [0.0, -1.0, math.nan, math.inf])
def test_a_width_must_be_positive_and_finite(as_readers_run_it, hand, width):
    for name, arguments in (("gaussian", (Q, K)), ("kernel_regression", (Q, K, V))):
        with pytest.raises(ValueError, match="width must be"):
            called(hand, name)(*arguments, width)


def test_numpy_refuses_what_is_no_number(as_readers_run_it):
    holed = Q.copy()
    holed[1, 2, 3] = np.nan
    for name, (_, *rest) in CASES.items():
        with pytest.raises(ValueError, match=r"q holds NaN or infinity: 1 of 70 numbers, the first at \(1, 2, 3\)"):
            getattr(numpy_scoring, name)(holed, *rest)


def test_torch_keeps_its_dtype():
    for name, arguments in CASES.items():
        singles = [torch.tensor(x, dtype=torch.float32) if isinstance(x, np.ndarray) else x for x in arguments]
        assert getattr(scoring, name)(*singles).dtype == torch.float32
