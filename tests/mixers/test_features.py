"""Random features: unbiased, positive or not, and the errors that theory gives them."""

from __future__ import annotations

import math

import pytest
import torch
from compare import assert_same, normal

from attnlab.mixers import features
from attnlab.reference.mixers import linear as by_loops

D = 5


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


X, W = t(0, 2, 7, D), t(1, 11, D)
MAPS = ["positive_features", "trigonometric_features"]


@pytest.mark.parametrize("name", MAPS)
def test_features_are_those_of_the_reference(name):
    assert_same(getattr(features, name)(X, W).numpy(), getattr(by_loops, name)(X.numpy(), W.numpy()))
    by_hand = [math.exp(float(w @ X[1, 3] - X[1, 3] @ X[1, 3] / 2)) / 11**0.5 for w in W]
    if name == "positive_features":
        assert_same(features.positive_features(X, W)[1, 3], torch.tensor(by_hand, dtype=torch.float64))


def drawn(name: str, q, k, m: int, times: int, orthogonal: bool = False) -> torch.Tensor:
    """phi(q) . phi(k) for `times` independent draws of m directions."""
    phi, w = getattr(features, name), features.directions(m * times, D, torch.Generator().manual_seed(3), orthogonal)
    products = phi(q, w) * phi(k, w) * times
    return products.unflatten(-1, (-1, times, m)).sum(dim=(-3, -1))


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize("name", MAPS)
def test_the_mean_is_the_exponential(name, orthogonal):
    q, k = 0.4 * t(2, D), 0.4 * t(3, D)
    found = drawn(name, q, k, 20, 4000, orthogonal)
    assert abs(found.mean() - (q @ k).exp()) < 4 * found.std() / 4000**0.5
    assert abs(found.mean() - (-q @ k).exp()) > 10 * found.std() / 4000**0.5  # and nothing else


def test_errors_are_those_of_lemma_2():
    """m * mean square error: positive exp(|q+k|²) SM² (1 - exp(-|q+k|²)), trigonometric exp(|q+k|²) / SM² / 2 (1 - exp(-|q-k|²))²."""
    q, k = 0.15 * t(2, D), 0.15 * t(3, D)
    exact, plus, minus = (q @ k).exp(), (q + k).square().sum(), (q - k).square().sum()
    theory = {
        "positive_features": plus.exp() * exact**2 * (1 - (-plus).exp()),
        "trigonometric_features": plus.exp() / exact**2 / 2 * (1 - (-minus).exp()) ** 2,
    }
    for name, expected in theory.items():
        error = (drawn(name, q, k, 10, 40000) - exact).square().mean() * 10
        assert 0.85 < error / expected < 1.15


def test_each_side_has_a_place_where_it_is_the_better_one():
    q = 0.5 * t(2, D)
    q = q / q.norm()
    for k, better in ((-q, "positive_features"), (q, "trigonometric_features")):
        error = {name: (drawn(name, q, k, 20, 1000) - (q @ k).exp()).square().mean() for name in MAPS}
        assert min(error, key=error.get) == better
    assert drawn("positive_features", q, -q, 20, 50).std() < 1e-12  # both sides of exp(0): exact whatever the draw
    assert (features.positive_features(X, W) > 0).all() and (features.trigonometric_features(X, W) < 0).any()


def test_directions_at_right_angles():
    w = features.orthogonal_directions(W)
    assert_same(w.norm(dim=-1), W.norm(dim=-1))
    for group in w.split(D):
        products = group @ group.mT
        assert_same(products, products.diagonal().diag())
    assert_same(w.numpy(), by_loops.orthogonal_directions(W.numpy()))
    assert_same(w[0], W[0])
    plain = features.directions(11, D, torch.Generator().manual_seed(5), orthogonal=False)
    assert_same(features.directions(11, D, torch.Generator().manual_seed(5)), features.orthogonal_directions(plain))


def test_right_angles_lower_the_error_of_positive_features():
    q, k = 0.15 * t(2, D), 0.15 * t(3, D)
    error = {o: (drawn("positive_features", q, k, D, 10000, o) - (q @ k).exp()).square().mean() for o in (False, True)}
    assert error[True] < 0.95 * error[False]
