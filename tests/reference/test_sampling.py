"""reference.sampling: draws, filters by hand, and the test of a proposed token. The torch twins are in tests/generation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from compare import assert_same

from attnlab.reference import softmax
from attnlab.reference.sampling import accept, draw, min_p, temperature, top_k, top_p

INF = math.inf


def test_filters_by_hand():
    logits = np.log([0.5, 0.25, 0.15, 0.1])
    kept = lambda out: (out > -INF).tolist()
    assert kept(top_k(logits, 2)) == kept(top_p(logits, 0.6)) == kept(min_p(logits, 0.4)) == [True, True, False, False]
    assert kept(top_p(logits, 0.5)) == [True, False, False, False]
    assert kept(min_p(logits, 0.25)) == [True, True, True, False]
    assert_same(temperature(np.array([2, 4]), 2), np.array([1.0, 2.0]))
    assert_same(softmax(top_k(logits, 2)), np.array([2 / 3, 1 / 3, 0, 0]))


def test_the_smallest_nucleus_holds_one_token():
    for p in (1e-9, 1e-18):
        assert (top_p(np.log(np.array([0.2, 0.5, 0.3])), p) > -INF).tolist() == [False, True, False]


def test_a_draw_follows_the_probabilities_and_never_what_is_forbidden():
    logits = np.tile(np.log([0.125, 0.5, 0.375]), (6000, 1))
    logits[::2, 1] = -INF
    ids = draw(logits, np.random.default_rng(0))
    assert ids.shape == (6000,) and not (ids[::2] == 1).any()
    shares = np.bincount(ids[1::2], minlength=3) / 3000
    assert np.abs(shares - [0.125, 0.5, 0.375]).max() < 4 * 0.5 / math.sqrt(3000)
    assert draw(np.zeros(4), np.random.default_rng(1)).shape == ()


def test_what_is_kept_and_what_is_drawn_after_a_refusal_add_up_to_p():
    rng = np.random.default_rng(0)
    for n in (2, 5, 11):
        p, q = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))
        kept, rest = accept(p, q)
        refused = 1 - (q * kept).sum()
        assert_same(q * kept + refused * rest, p)
        assert refused == pytest.approx(np.abs(p - q).sum() / 2, abs=1e-12)
        assert rest.sum() == pytest.approx(1) and ((rest == 0) | (p > q)).all()


def test_equal_distributions_refuse_nothing_and_a_token_never_proposed_has_no_say():
    p = np.array([0.25, 0.75])
    kept, rest = accept(p, p)
    assert kept.tolist() == [1, 1] and rest.tolist() == p.tolist()
    kept, rest = accept(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    assert kept.tolist() == [0.5, 1] and rest.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (temperature, ([1.0], 0), "t must be above 0 but is 0"),
        (temperature, ([1.0], INF), "t must be finite"),
        (top_k, ([1.0], 0), "k must be at least 1 but is 0"),
        (top_p, ([1.0], 0), "p must be above 0 and at most 1 but is 0"),
        (top_p, ([1.0], 1.5), "p must be above 0 and at most 1 but is 1.5"),
        (min_p, ([1.0], -0.5), "p must be between 0 and 1 but is -0.5"),
        (draw, ([[-INF, -INF]], np.random.default_rng(0)), "it allows no token"),
        (accept, ([1.0], [0.5, 0.5]), "p has 1 tokens but q has 2"),
        (top_k, ([math.nan], 1), "logits holds NaN"),
    ],
)
def test_errors_at_the_door(function, arguments, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
