"""The NumPy experts against loops, finite differences and what must be true of them."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from compare import assert_same, normal

from attnlab.reference.layers import experts as of
from attnlab.reference.layers.experts import Routing, route

N = 7
LOGITS = normal(0, 3, 5, N)
CHOSEN = np.array([[0, 1], [0, 2], [1, 0], [0, 1], [2, 0]])


def slopes(function, x, step=1e-6):
    out = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        out[place] = (function(up) - function(down)) / (2 * step)
    return out


@pytest.mark.parametrize("top_k", [1, 2, N])
def test_routing_is_a_sort(top_k):
    found = route(LOGITS, top_k)
    for token in np.ndindex(3, 5):
        powers = np.exp(LOGITS[token])
        best = sorted(range(N), key=lambda e: -powers[e])[:top_k]
        assert found.experts[token].tolist() == best
        assert np.allclose(found.weights[token], powers[best] / powers[best].sum(), atol=1e-12)
        assert np.allclose(found.scores[token], powers / powers.sum(), atol=1e-12)


def test_bias_moves_the_choice_and_not_the_weights():
    bias = np.zeros(N)
    bias[3] = 9
    found = route(LOGITS, 2, bias, of.sigmoid, of.unchanged)
    assert (found.experts[..., 0] == 3).all()
    assert_same(found.weights[..., 0], of.sigmoid(LOGITS)[..., 3])
    assert_same(found.scores, 1 / (1 + np.exp(-LOGITS)))


def test_sigmoid_far_out():
    assert of.sigmoid(np.array([-1e4, -800.0, 0.0, 800.0])).tolist() == [0, 0, 0.5, 1]


def test_shares_unchanged_and_total():
    scores = np.array([[0.2, 0.6]])
    assert_same(of.shares(scores), np.array([[0.25, 0.75]]))
    assert_same(of.shares(scores, 2.5), np.array([[0.625, 1.875]]))
    assert_same(of.unchanged(scores), scores, atol=0)


def test_groups_by_hand():
    scores = np.array([[0.9, 0.0, 0.5, 0.5, 0.6, 0.3]])
    assert of.best_groups(scores, 3, 1).tolist() == [[False, False, True, True, False, False]]
    assert of.best_groups(scores, 3, 2).tolist() == [[True, True, True, True, False, False]]
    assert of.best_groups(scores, 3, 1, n_best=1).tolist() == [[True, True, False, False, False, False]]
    negative = np.array([-5.0, -4, -9, -8, -1, -2])
    limit = functools.partial(of.best_groups, n_groups=3, n_kept=1)
    assert route(scores, 2, negative, of.sigmoid, limit=limit).experts.tolist() == [[4, 5]]
    assert of.best_groups(scores, 6, 1, n_best=1).tolist() == [[True] + [False] * 5]


def test_gradient_of_the_weights():
    d = normal(3, 3, 5, 2)
    experts = route(LOGITS, 2).experts
    loss = lambda logits: (of.shares(np.take_along_axis(of.softmax(logits), experts, -1)) * d).sum()
    by_hand = np.zeros_like(LOGITS)
    np.put_along_axis(by_hand, experts, of.route_gradient(route(LOGITS, 2).weights, d), -1)
    assert np.allclose(by_hand, slopes(loss, LOGITS), atol=1e-8)
    assert_same(of.route_gradient(np.ones((4, 1)), normal(0, 4, 1)), np.zeros((4, 1)), atol=0)


def test_gradient_of_the_balance():
    routing = route(LOGITS, 2)
    loss = lambda logits: of.balance_loss(routing._replace(scores=of.softmax(logits)))
    assert np.allclose(of.balance_loss_gradient(routing), slopes(loss, LOGITS), atol=1e-8)


def test_balance_by_hand():
    scores = np.array([[0.5, 0.3, 0.1, 0.1]] * 5)
    assert of.loads(CHOSEN, 4).tolist() == [5, 3, 2, 0]
    assert abs(of.balance_loss(Routing(CHOSEN, scores[:, :2], scores)) - 4 * (0.25 + 0.09 + 0.02)) < 1e-12
    assert abs(of.balance_loss(Routing(CHOSEN, scores[:, :2], 3 * scores)) - 4 * (0.25 + 0.09 + 0.02)) < 1e-12
    assert abs(of.balance_loss(route(60 * np.eye(N), 1)) - 1) < 1e-12
    assert_same(of.nudged(np.zeros(4), CHOSEN, 0.1), np.array([-0.1, -0.1, 0.1, 0.1]))


def test_capacity_and_places():
    assert [of.capacity(12, 4), of.capacity(13, 4), of.capacity(12, 4, 2, 1.25), of.capacity(10, 1, 1, 1.1)] == [3, 4, 8, 11]
    assert of.admitted(CHOSEN, 2).tolist() == [[True, True], [True, True], [True, False], [False, False], [True, False]]
    assert of.admitted(np.zeros((0, 2), int), 2).shape == (0, 2)


def test_a_mixture_is_a_sum():
    functions = [lambda x, m=normal(e, 7, 3): np.tanh(x @ m) for e in range(N)]
    x = normal(9, 3, 5, 7)
    routing = route(LOGITS, 2)
    expected = np.zeros((3, 5, 3))
    for token in np.ndindex(3, 5):
        for e, w in zip(routing.experts[token], routing.weights[token]):
            expected[token] += w * functions[e](x[token])
    assert_same(of.mixture(x, routing, functions), expected)
    assert_same(of.mixture(x, routing, functions, lambda x: x[..., :3]), expected + x[..., :3])


def test_errors():
    with pytest.raises(ValueError, match="top_k must be between 1 and 7 but is 8"):
        route(LOGITS, 8)
    with pytest.raises(ValueError, match="n_groups = 2 does not divide n_experts = 7"):
        of.best_groups(LOGITS, 2, 1)
    with pytest.raises(ValueError, match="top_k = 2 but the limit leaves 1"):
        route(LOGITS, 2, limit=functools.partial(of.best_groups, n_groups=7, n_kept=1, n_best=1))
    with pytest.raises(ValueError, match="factor must be above 0"):
        of.capacity(3, 3, factor=0)
    with pytest.raises(ValueError, match="at least one token"):
        of.balance_loss(route(LOGITS[:0], 2))
