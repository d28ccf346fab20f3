"""The digits, how they are split, and how they are moved."""

from __future__ import annotations

import numpy as np
import pytest
from compare import assert_same, normal
from sklearn.datasets import load_digits

from attnlab.data import handwriting as room
from attnlab.data.handwriting import handwritten, handwritten_split, shifted
from attnlab.weights import packages


def test_digits_are_those_of_the_package():
    images, labels = handwritten()
    theirs = load_digits()
    assert_same(images, theirs.images[:, None] / 16, 0)
    assert_same(labels, theirs.target.astype(np.int64), 0)
    assert images.shape == (1797, 1, 8, 8) and images.min() == 0 and images.max() == 1


def test_the_split_is_a_partition_and_the_same_for_a_seed():
    (learned, learned_labels), (held, held_labels) = handwritten_split()
    assert len(learned) == len(learned_labels) == 1397 and len(held) == len(held_labels) == 400
    every = np.sort(np.concatenate([learned, held]).reshape(1797, 64), axis=0)
    np.testing.assert_array_equal(every, np.sort(handwritten()[0].reshape(1797, 64), axis=0))
    again, other = handwritten_split(seed=0), handwritten_split(1000, seed=1)
    np.testing.assert_array_equal(again[1][0], held)
    assert len(other[0][0]) == 1000 and not np.array_equal(other[0][0][:9], learned[:9])
    images, labels = handwritten()
    for image, label in zip(held[:20], held_labels):
        assert label in labels[(images == image).all((1, 2, 3))]


@pytest.mark.parametrize("n", [0, 1797])
def test_a_split_leaves_something_on_both_sides(n):
    with pytest.raises(ValueError, match=f"n must be between 1 and 1796 but is {n}"):
        handwritten_split(n)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (1, 0), (-2, 3), (0, -1), (4, -6), (-4, 6)])
def test_shifted_by_hand(down, right):
    images = normal(0, 2, 1, 5, 7)
    moved = np.zeros_like(images)
    for i in range(5):
        for j in range(7):
            if 0 <= i - down < 5 and 0 <= j - right < 7:
                moved[:, :, i, j] = images[:, :, i - down, j - right]
    kept = images.copy()
    assert_same(shifted(images, down, right), moved, 0)
    assert_same(images, kept, 0)


def test_a_shift_out_of_the_image_is_refused():
    with pytest.raises(ValueError, match=r"a shift by \(0, -7\) leaves nothing of an image of 5 by 7"):
        shifted(np.zeros((5, 7)), 0, -7)


def test_a_missing_package_is_said(monkeypatch):
    monkeypatch.setattr(room, "data_file", lambda package, inside: packages.data_file("surely_not_installed", inside))
    with pytest.raises(ImportError, match="the data package surely_not_installed is not installed"):
        handwritten()
