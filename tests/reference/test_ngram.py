"""Counted windows: probabilities by hand, sums to 1, and what mixing in shorter pasts does."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.reference import ngram

TEXTS = [[0, 1, 2, 0, 1], [1, 1, 2]]


def chances(counts, past, strength):
    """The probability of every token after this past."""
    return np.exp([-ngram.surprise(counts, [*past, token], strength)[-1] for token in range(counts.vocab_size)])


def test_counts_are_those_of_a_hand():
    counts = ngram.count(TEXTS, 2, 3)
    assert counts.together[(), 1] == 4 and counts.before[()] == 8
    assert counts.together[(1,), 2] == 2 and counts.together[(1,), 1] == 1 and counts.before[(1,)] == 3
    assert counts.together[(2,), 0] == 1 and counts.before[(2,)] == 1  # the second text ends behind its 2
    assert not any(len(past) > 1 for past, _ in counts.together)


def test_a_probability_by_hand():
    counts = ngram.count(TEXTS, 2, 3)
    none = (4 + 2.0 / 3) / (8 + 2.0)  # token 1 with no past
    one = (2 + 2.0 * (2 + 2.0 / 3) / 10) / (3 + 2.0)  # token 2 after a 1
    assert ngram.surprise(counts, [1, 2], 2.0) == pytest.approx([-np.log(none), -np.log(one)], abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("past", [[], [1], [2, 2], [0, 1, 2, 0]])
def test_probabilities_add_up_to_1_seen_or_not(order, past):
    assert chances(ngram.count(TEXTS, order, 5), past, 0.7).sum() == pytest.approx(1, abs=1e-12)


def test_a_past_that_was_never_seen_leaves_it_to_the_shorter_ones():
    three, two = ngram.count(TEXTS, 3, 3), ngram.count(TEXTS, 2, 3)
    assert np.allclose(chances(three, [2, 1], 1.0), chances(two, [1], 1.0), atol=1e-12)
    assert np.allclose(chances(ngram.count([], 4, 7), [1, 2], 1.0), 1 / 7, atol=1e-12)


def test_with_little_strength_the_longest_past_decides():
    counts = ngram.count(TEXTS, 3, 3)
    assert chances(counts, [0, 1], 1e-9)[2] == pytest.approx(1, abs=1e-6)


def test_arrays_are_read_and_stay_as_they_are():
    rows = np.array([[0, 1, 2], [2, 1, 0]])
    before = rows.copy()
    counts = ngram.count(rows, 2, 3)
    assert ngram.surprise(counts, rows[0]).shape == (3,) and (rows == before).all()
    assert ngram.surprise(counts, []).shape == (0,)


def test_mistakes_are_refused():
    with pytest.raises(ValueError, match="order must be at least 1"):
        ngram.count(TEXTS, 0, 3)
    counts = ngram.count(TEXTS, 2, 3)
    with pytest.raises(ValueError, match="token 3 is none of the 3 in the vocabulary"):
        ngram.surprise(counts, [0, 3])
    for strength in (0, -1, float("inf")):
        with pytest.raises(ValueError, match="strength must be above 0 and finite"):
            ngram.surprise(counts, [0], strength)
