"""reference.decoding: greedy, a beam and every text, on tables small enough to check by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from compare import assert_same

from attnlab.reference import softmax
from attnlab.reference.decoding import Text, beam, every_text, greedy, grow, log_softmax, penalty

TABLE = {(): [0.6, 0.3, 0.1], (0,): [0.4, 0.4, 0.2], (1,): [0.0, 0.0, 1.0]}


def step(ids):
    """Tokens 0 and 1, and 2 for the end; after two tokens the end is certain."""
    with np.errstate(divide="ignore"):
        return np.log(TABLE.get(tuple(ids), [0.0, 0.0, 1.0]))


def by_hand(*pairs):
    return [(ids, pytest.approx(math.log(p), abs=1e-12)) for ids, p in pairs]


def test_every_text_by_hand():
    found = every_text(step, 3, 2)
    assert sorted(found) == sorted(by_hand(((1, 2), 0.3), ((0, 0, 2), 0.24), ((0, 1, 2), 0.24), ((0, 2), 0.12), ((2,), 0.1)))
    assert sum(math.exp(text.log_p) for text in found) == pytest.approx(1, abs=1e-12)
    assert found[0].ids == (1, 2)
    assert [text.ids for text in every_text(step, 1, 2)] == [(0,), (1,), (2,)]


def test_greedy_and_beam_by_hand():
    assert greedy(step, 3, 2) == by_hand(((0, 0, 2), 0.24))[0]
    assert beam(step, 3, 2, 2) == by_hand(((1, 2), 0.3), ((0, 0, 2), 0.24))
    assert beam(step, 3, 1, 2) == [greedy(step, 3, 2)]
    assert greedy(step, 1, 2).ids == (0,)


def test_long_texts_gain_by_the_penalty():
    assert beam(step, 3, 9, 2, alpha=5.0)[0].ids[:2] == (0, 0)
    assert (penalty(1, 2.0), penalty(7, 1.0), penalty(4, 0)) == (1, 2, 1)


def test_grow_leaves_out_what_cannot_be():
    grown = grow(step, [Text((1,), -1.0)])
    assert grown == [Text((1, 2), -1.0)]


def test_log_softmax():
    x = 30 * np.random.default_rng(0).normal(size=7)
    assert_same(np.exp(log_softmax(x)), softmax(x))
    assert log_softmax(np.array([1000, -1000]))[1] == -2000
    with pytest.raises(ValueError, match="allows no token"):
        log_softmax(np.array([-math.inf]))


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (beam, (step, 0, 1, 2), "longest must be at least 1 but is 0"),
        (beam, (step, 1, 0, 2), "width must be at least 1 but is 0"),
        (beam, (step, 3, 1, 2, -1.0), "alpha must be at least 0 but is -1.0"),
        (every_text, (step, 0, 2), "longest must be at least 1"),
        (penalty, (-1, 1.0), "length must be at least 0"),
    ],
)
def test_errors_at_the_door(function, arguments, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
