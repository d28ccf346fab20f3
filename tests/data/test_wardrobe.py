"""Texts of clothes named twice: how many there are, what they say, and that the test's texts are new."""

from __future__ import annotations

import pytest

from attnlab.data.wardrobe import (
    CLOTHES,
    COLOURS,
    WORDS,
    wardrobe_split,
    wardrobe_texts,
)


@pytest.mark.parametrize(("n_pairs", "count"), [(1, 16), (2, 12 * 12 * 2), (3, 24 * 24 * 6)])
def test_wardrobe_texts_are_all_of_them_once(n_pairs, count):
    texts = wardrobe_texts(n_pairs)
    assert len(texts) == len(set(texts)) == count and {len(text) for text in texts} == {6 * n_pairs}
    assert {word for text in texts for word in text} == set(WORDS)


def test_the_second_half_says_what_the_first_does():
    assert ("red", "hat", ",", "blue", "coat", ",", "blue", "coat", ",", "red", "hat", ",") in wardrobe_texts(2)
    for text in wardrobe_texts(3):
        told = {text[i]: text[i + 1] for i in (0, 3, 6)}
        assert set(told) <= set(COLOURS) and set(told.values()) <= set(CLOTHES) and len(set(told.values())) == 3
        assert all(told[text[i]] == text[i + 1] and text[i + 2] == "," for i in (9, 12, 15))


def test_wardrobe_split_keeps_first_halves_apart():
    learned, kept_back = wardrobe_split(2)
    assert len(learned) == 216 and len(kept_back) == 72 and {*learned, *kept_back} == set(wardrobe_texts(2))
    assert not {text[:6] for text in learned} & {text[:6] for text in kept_back}
    assert wardrobe_split(2) == (learned, kept_back) and wardrobe_split(2, seed=1)[1] != kept_back
    assert wardrobe_split(1, held_out=0)[1] == [] and wardrobe_split(1, held_out=1)[0] == []


def test_what_cannot_be_is_refused():
    for n in (0, 5):
        with pytest.raises(ValueError, match=f"n_pairs must be between 1 and 4 but is {n}"):
            wardrobe_texts(n)
    with pytest.raises(ValueError, match="held_out must be between 0 and 1 but is 1.5"):
        wardrobe_split(2, held_out=1.5)
