from __future__ import annotations

import by_hand
import numpy as np
import pytest
import torch
from compare import assert_same
from hypothesis import given
from hypothesis import strategies as st

from attnlab.masks import causal, padding, positions, window

LIKES = {"numpy": None, "torch": torch.zeros(())}
libraries = pytest.mark.parametrize("like", LIKES.values(), ids=LIKES)


def typed(rows, like=None):
    """A matrix typed out by hand, in the library of `like`."""
    return np.array(rows, bool) if like is None else torch.tensor(rows, dtype=torch.bool)


def at(like, *places):
    return np.array(places) if like is None else torch.tensor(places)


@libraries
@pytest.mark.parametrize(
    ("queries", "keys", "expected"),
    [
        (5, 5, by_hand.CAUSAL_5),
        (3, 7, by_hand.CAUSAL_3_QUERIES_7_KEYS),
        (5, 3, by_hand.CAUSAL_5_QUERIES_3_KEYS),
    ],
)
def test_causal_aligns_the_last_query_with_the_last_key(queries, keys, expected, like):
    assert_same(causal(*positions(queries, keys, like)), typed(expected, like))


@libraries
def test_causal_follows_the_positions_it_is_given(like):
    top_left = causal(at(like, 0, 1, 2), at(like, 0, 1, 2, 3, 4, 5, 6))
    assert_same(top_left, typed(by_hand.CAUSAL_3_QUERIES_7_KEYS_TOP_LEFT, like))
    assert_same(causal(at(like, 4, 9), at(like, 5, 4, 9)), typed([[0, 1, 0], [1, 1, 1]], like))


@libraries
@pytest.mark.parametrize(
    ("queries", "keys", "size", "expected"),
    [
        (3, 3, 1, by_hand.WINDOW_1_OF_3),
        (7, 7, 3, by_hand.WINDOW_3_OF_7),
        (3, 5, 2, by_hand.WINDOW_2_3_QUERIES_5_KEYS),
    ],
)
def test_window(queries, keys, size, expected, like):
    assert_same(window(*positions(queries, keys, like), size), typed(expected, like))


@libraries
def test_padding(like):
    lengths = at(like, *by_hand.LENGTHS)
    assert_same(padding(lengths, 5), typed(by_hand.PADDING_OF_LENGTHS_5_KEYS, like))
    assert padding(lengths[:, None], 5).shape == (3, 1, 1, 5)
    assert padding(lengths[0], 5).shape == (1, 5)
    assert padding(lengths[1:2], 0).shape == (1, 1, 0)
    assert padding(lengths[:0], 5).shape == (0, 1, 5)


@libraries
def test_masks_join(like):
    joined = causal(*positions(5, 5, like)) & padding(at(like, 2, 5), 5)
    typed_out = [
        [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0]],
        by_hand.CAUSAL_5,
    ]
    assert_same(joined, typed(typed_out, like))


@libraries
def test_positions(like):
    q_pos, k_pos = positions(3, 5, like)
    assert_same(q_pos, at(like, 2, 3, 4))
    assert_same(k_pos, at(like, 0, 1, 2, 3, 4))
    assert_same(positions(3, 2, like)[0], at(like, -1, 0, 1))
    assert [p.shape for p in positions(0, 0, like)] == [(0,), (0,)]


counts = st.integers(1, 11)


@given(counts, counts, counts)
def test_a_window_of_n_sees_n_keys_its_own_included(queries, extra, size):
    q_pos, k_pos = positions(queries, queries + extra)
    mask = window(q_pos, k_pos, size)
    assert list(mask.sum(axis=1)) == [min(size, place + 1) for place in q_pos]
    assert mask[np.arange(queries), q_pos].all()
    assert_same(mask & causal(q_pos, k_pos), mask)
    assert_same(window(q_pos, k_pos, queries + extra), causal(q_pos, k_pos))


@given(counts, counts, st.integers(0, 10), st.integers(0, 10), st.integers(1, 5))
def test_a_block_of_the_mask_is_the_mask_of_the_block(queries, keys, row, column, size):
    q_pos, k_pos = positions(queries, keys)
    for mask in (causal, lambda q, k: window(q, k, size)):
        assert_same(mask(q_pos[row:], k_pos[:column]), mask(q_pos, k_pos)[row:, :column])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64])
def test_small_and_unsigned_positions_do_not_wrap_around(dtype):
    places = np.arange(7, dtype=dtype)
    assert_same(causal(places, places), causal(np.arange(7), np.arange(7)))
    assert_same(window(places, places, 3), typed(by_hand.WINDOW_3_OF_7))
    assert_same(padding(places, 7), padding(np.arange(7), 7))
    late = np.array([100, 120], dtype)
    assert window(late, late, 300).tolist() == [[True, False], [True, True]]


def test_uint8_lengths_count_beyond_255():
    assert int(padding(torch.tensor([200], dtype=torch.uint8), 300).sum()) == 200
    assert int(padding(np.array([200], np.uint8), 300).sum()) == 200


@libraries
def test_arguments_are_left_alone(like):
    q_pos, k_pos = at(like, 3, 4), at(like, 1, 2, 3)
    causal(q_pos, k_pos), window(q_pos, k_pos, 2), padding(k_pos, 3)
    assert_same(q_pos, at(like, 3, 4))
    assert_same(k_pos, at(like, 1, 2, 3))
