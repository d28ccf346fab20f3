"""Batches by length: every example once an epoch, within the budget, little wasted, and resumed where they stopped."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnlab.training import Epochs, by_length, waste

LENGTHS = np.random.default_rng(0).integers(1, 30, 211)


def rng(seed=0):
    return np.random.default_rng(seed)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=40), st.integers(1, 80), st.integers(0, 5))
def test_every_example_once_and_no_batch_over_the_budget(lengths, budget, seed):
    lengths = np.array(lengths)
    batches = by_length(lengths, budget, rng(seed))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= budget
    assert 0 <= waste(lengths, batches) < 1


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=30), st.integers(1, 60))
def test_two_sides_cost_the_sum_of_their_longest(pairs, budget):
    lengths = np.array(pairs)
    batches = by_length(pairs, budget, rng())
    assert sorted(np.concatenate(batches)) == list(range(len(pairs)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * lengths[batch].max(axis=0).sum() <= budget


def test_batches_are_as_large_as_the_budget_allows():
    batches = by_length([3] * 10, 12, rng())
    assert sorted(map(len, batches)) == [2, 4, 4]
    assert sorted(map(len, by_length([5, 1, 1, 1], 4, rng()))) == [1, 3]
    sides = [[9, 1]] * 2 + [[1, 2]] * 4  # a new batch knows nothing of the long sources in the last one
    assert sorted(map(len, by_length(sides, 20, rng()))) == [2, 4]


def test_padding_is_counted_and_little():
    assert waste([1, 3], [np.array([0, 1])]) == pytest.approx(2 / 6)
    assert waste([[1, 2], [3, 2]], [np.array([0, 1])]) == pytest.approx(2 / 10)
    assert waste([2, 2, 5], [np.array([0, 1]), np.array([2])]) == 0
    sorted_in = waste(LENGTHS, by_length(LENGTHS, 200, rng()))
    as_they_come = waste(LENGTHS, np.array_split(rng().permutation(len(LENGTHS)), 20))
    assert sorted_in < 0.07 and as_they_come > 0.3


def test_the_generator_decides_and_lengths_are_left_alone():
    as_lists = lambda batches: [b.tolist() for b in batches]
    before = LENGTHS.copy()
    assert as_lists(by_length(LENGTHS, 100, rng(1))) == as_lists(by_length(LENGTHS, 100, rng(1)))
    assert as_lists(by_length(LENGTHS, 100, rng(1))) != as_lists(by_length(LENGTHS, 100, rng(2)))
    assert (LENGTHS == before).all()
    order = [int(LENGTHS[b].max()) for b in by_length(LENGTHS, 100, rng(1))]
    assert order != sorted(order), "long and short batches must be mixed"
    partners = {frozenset(b.tolist()) for seed in range(4) for b in by_length([7] * 6, 14, rng(seed))}
    assert len(partners) > 3, "equal lengths are shuffled before they are cut"


def test_epochs_go_on_where_they_stopped():
    straight = [b.tolist() for b in islice(iter(Epochs(LENGTHS, 100, seed=3)), 100)]
    for stop in (0, 1, 37, 41, 99):
        first = Epochs(LENGTHS, 100, seed=3)
        head = [b.tolist() for b in islice(iter(first), stop)]
        second = Epochs(LENGTHS, 100, seed=3)
        second.load_state_dict(first.state_dict())
        assert head + [b.tolist() for b in islice(iter(second), 100 - stop)] == straight
    wanted = [[b.tolist() for b in by_length(LENGTHS, 100, rng((3, epoch)))] for epoch in (0, 1)]
    per_epoch = len(wanted[0])
    assert straight[: per_epoch + len(wanted[1])] == wanted[0] + wanted[1]
    assert straight[:per_epoch] != straight[per_epoch : 2 * per_epoch]


def test_what_is_refused():
    for lengths, message in (([], "none of them 0"), ([3, 0], "a length must be at least 1 but the smallest is 0")):
        with pytest.raises(ValueError, match=message):
            by_length(lengths, 5, rng())
    with pytest.raises(ValueError, match="budget must be at least 1 but is 0"):
        by_length([3], 0, rng())
    other = Epochs(LENGTHS, 100, seed=3).state_dict()
    for wrong, message in (
        (Epochs(LENGTHS, 100, seed=4), "the batches were made with seed 3, not 4"),
        (Epochs(LENGTHS, 90, seed=3), "the batches were made with budget 100, not 90"),
        (Epochs(LENGTHS[1:], 100, seed=3), "the batches were made with examples 211, not 210"),
    ):
        with pytest.raises(ValueError, match=message):
            wrong.load_state_dict(other)
    with pytest.raises(ValueError, match="an order of batches is saved as"):
        Epochs(LENGTHS, 100).load_state_dict({"seed": 0})
