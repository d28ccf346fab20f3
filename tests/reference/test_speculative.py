"""Speculative decoding by enumeration: every text comes out with the target's probability, and as many tokens as the formula says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from attnlab.reference.speculative import a_round, speed_up, tokens_a_round, written


def model(seed: int, vocabulary: int = 3, zeros: bool = False):
    """Probabilities that depend on everything before; with zeros, one token in each row is impossible."""

    def row(ids):
        rng = np.random.default_rng([seed, *ids])
        p = rng.dirichlet(np.ones(vocabulary))
        if zeros:
            p[rng.integers(vocabulary)] = 0
        return p / p.sum()

    return row


def alone(target, n: int, vocabulary: int = 3) -> dict:
    texts = itertools.product(range(vocabulary), repeat=n)
    return {text: float(np.prod([target(text[:i])[text[i]] for i in range(n)])) for text in texts}


@pytest.mark.parametrize("n_drafted", [0, 1, 2, 3])
@pytest.mark.parametrize("zeros", [False, True])
def test_every_text_comes_out_as_often_as_from_the_target_alone(n_drafted, zeros):
    target, draft = model(1, zeros=zeros), model(2, zeros=zeros)
    found, expected = written(target, draft, 4, n_drafted), alone(target, 4)
    assert set(found) == set(expected)
    for text, p in expected.items():
        assert found[text] == pytest.approx(p, abs=1e-12)


def test_a_draft_that_is_the_target_is_never_refused():
    target = model(3)
    lengths = {len(text) for text, p in a_round(target, target, (1,), 3).items() if p > 1e-15}
    assert lengths == {4}


def test_the_texts_of_a_round_add_up_to_one():
    assert sum(a_round(model(4), model(5), (0, 2), 3).values()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("n_drafted", [0, 1, 2, 4])
def test_tokens_of_a_round_are_those_of_the_formula(n_drafted):
    """Where each row is the same, each token stands with probability sum min(p, q), independently."""
    p, q = np.random.default_rng(0).dirichlet(np.ones(3), size=2)
    mean = sum(len(text) * share for text, share in a_round(lambda ids: p, lambda ids: q, (), n_drafted).items())
    a = np.minimum(p, q).sum()
    assert mean == pytest.approx((1 - a ** (n_drafted + 1)) / (1 - a), abs=1e-12)
    assert tokens_a_round(a, n_drafted) == pytest.approx(mean, abs=1e-12)


def test_the_ends_of_the_formulas():
    assert tokens_a_round(1, 5) == 6 and tokens_a_round(0, 5) == 1 and tokens_a_round(0.5, 0) == 1
    assert speed_up(0.8, 4, 0.05) == pytest.approx(3.3616 / 1.2, abs=1e-12)
    assert speed_up(0.8, 4, 0) == tokens_a_round(0.8, 4)
    assert speed_up(0.0, 4, 0.25) == 0.5 and speed_up(0.9, 0, 0.5) == 1


def test_what_is_refused():
    for a in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="a must be"):
            tokens_a_round(a, 3)
    with pytest.raises(ValueError, match="cost must be at least 0 but is -1"):
        speed_up(0.5, 3, -1)
    with pytest.raises(ValueError, match="n_drafted must be at least 0 but is -1"):
        tokens_a_round(0.5, -1)
