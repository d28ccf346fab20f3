from __future__ import annotations

import by_hand
import numpy as np
import pytest
import scipy.special
import torch
from compare import assert_same, normal
from hypothesis import given
from hypothesis import strategies as st

from attnlab.reference import softmax

scores = st.lists(st.floats(-50, 50), min_size=1, max_size=7)
temperatures = st.floats(0.1, 10)


@given(scores, temperatures)
def test_equals_the_loop(x, temperature):
    assert_same(softmax(np.array(x), temperature=temperature), np.array(by_hand.softmax(x, temperature)))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_equals_scipy_and_torch_along_every_axis(axis):
    x = normal(0, 3, 5, 7) * 4
    assert_same(softmax(x, axis=axis), scipy.special.softmax(x, axis=axis))
    assert_same(softmax(x, axis=axis), torch.softmax(torch.tensor(x), dim=axis).numpy())


def test_normalises_the_last_axis_at_temperature_one_unless_told():
    x = normal(1, 3, 5)
    assert_same(softmax(x), softmax(x, axis=1, temperature=1.0))


@pytest.mark.parametrize("size", [60.0, 1e4, 1e300])
def test_large_scores_neither_overflow_nor_lose_the_rest(size):
    x = np.array([-size, size, size, 0.0])
    assert_same(softmax(x), np.array(by_hand.softmax(list(x))), atol=1e-16)
    assert_same(softmax(np.array([size, size + 1.0 if size < 1e9 else size])).sum(), np.float64(1.0))


def test_a_tiny_temperature_gives_all_weight_to_the_largest():
    assert_same(softmax(np.array([1.0, 3.0, 2.0]), temperature=1e-300), np.array([0.0, 1.0, 0.0]), atol=0)
    assert_same(softmax(np.array([-1e308, 1e308]), temperature=0.5), np.array([0.0, 1.0]), atol=0)


def test_a_high_temperature_makes_all_equal():
    assert_same(softmax(normal(2, 7), temperature=1e13), np.full(7, 1 / 7))


@given(scores, temperatures)
def test_sums_to_one_and_is_never_negative(x, temperature):
    weights = softmax(np.array(x), temperature=temperature)
    assert abs(weights.sum() - 1) < 1e-12
    assert (weights >= 0).all()


@given(scores, st.floats(-1000, 1000))
def test_a_shift_changes_nothing(x, shift):
    assert_same(softmax(np.array(x) + shift), softmax(np.array(x)), atol=1e-11)


@given(scores, st.randoms(use_true_random=False))
def test_moving_scores_about_moves_the_weights_along(x, random):
    order = list(range(len(x)))
    random.shuffle(order)
    assert_same(softmax(np.array(x)[order]), softmax(np.array(x))[order])


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=7, unique=True), temperatures)
def test_the_order_of_scores_is_the_order_of_weights(x, temperature):
    assert list(np.argsort(softmax(np.array(x), temperature=temperature))) == list(np.argsort(x))


def test_a_temperature_divides_the_scores():
    x = normal(3, 3, 5)
    assert_same(softmax(x, temperature=2.5), softmax(x / 2.5))


def test_minus_infinity_gets_no_weight():
    assert_same(softmax(np.array([0.0, -np.inf, 0.0])), np.array([0.5, 0.0, 0.5]), atol=0)


def test_a_slice_of_minus_infinity_alone_gives_zeros():
    x = np.array([[-np.inf, -np.inf, -np.inf], [-np.inf, 2.0, -np.inf]])
    assert_same(softmax(x), np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), atol=0)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)])
def test_nothing_in_nothing_out(shape):
    assert_same(softmax(np.zeros(shape)), np.zeros(shape))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.uint8, np.int64])
def test_every_real_dtype_becomes_float64(dtype):
    x = np.array([3, 1, 2], dtype)
    assert_same(softmax(x), softmax(np.array([3.0, 1.0, 2.0])))


def test_the_argument_is_left_alone():
    x = normal(4, 3, 5)
    before = x.copy()
    x.flags.writeable = False
    softmax(x, axis=0, temperature=3.0)
    assert_same(x, before, atol=0)
