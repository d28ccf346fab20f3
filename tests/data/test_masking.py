"""Hidden words: how many, which, what stands in their places; and the grammar they are hidden in."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.data import animals, masking

WORDS = np.arange(5, 24)
IDS = np.random.default_rng(0).integers(0, 24, size=(400, 250))


@pytest.fixture(scope="module")
def hidden() -> masking.Masked:
    return masking.mask_tokens(IDS, WORDS, 4, np.random.default_rng(1))


def test_shares_are_those_of_the_paper(hidden):
    chosen = hidden.targets != 0
    words = IDS >= 5
    n = chosen.sum()
    assert abs(n / words.sum() - 0.15) < 0.005
    became = hidden.ids[chosen]
    assert abs((became == 4).mean() - 0.8) < 0.01
    same = (became == IDS[chosen]).mean()  # left alone, or drawn by chance: 0.1 + 0.1 / 19
    assert abs(same - (0.1 + 0.1 / 19)) < 0.01
    drawn = became[(became != 4) & (became != IDS[chosen])]
    assert abs(len(drawn) / n - 0.1 * 18 / 19) < 0.01
    assert (np.bincount(drawn, minlength=24)[5:] > 0).all() and drawn.min() >= 5


def test_what_was_not_chosen_is_as_it_was_and_not_asked_for(hidden):
    chosen = hidden.targets != 0
    assert not chosen[IDS < 5].any()
    np.testing.assert_array_equal(hidden.ids[~chosen], IDS[~chosen])
    np.testing.assert_array_equal(hidden.targets[chosen], IDS[chosen])
    assert hidden.ids.dtype == IDS.dtype and hidden.targets.shape == IDS.shape


def test_all_or_none():
    rng = np.random.default_rng(2)
    assert (masking.mask_tokens(IDS, WORDS, 4, rng, 0.0).targets == 0).all()
    assert ((masking.mask_tokens(IDS, WORDS, 4, rng, 1.0).targets != 0) == (IDS >= 5)).all()


def test_arguments_are_left_alone_and_a_seed_decides_everything():
    ids = IDS.copy()
    a, b = (masking.mask_tokens(ids, WORDS, 4, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(ids, IDS)
    np.testing.assert_array_equal(a.ids, b.ids)


def test_each_word_hidden_in_its_turn():
    found = masking.mask_each(np.array([2, 7, 9, 7, 3]), WORDS, 4)
    assert found.ids.tolist() == [[2, 4, 9, 7, 3], [2, 7, 4, 7, 3], [2, 7, 9, 4, 3]]
    assert found.targets.tolist() == [[0, 7, 0, 0, 0], [0, 0, 9, 0, 0], [0, 0, 0, 7, 0]]


@pytest.mark.usefixtures("as_readers_run_it")
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((IDS, WORDS, 4, None, 1.5), ValueError, "share must be between 0 and 1 but is 1.5"),
        ((IDS, WORDS[:0], 4, None), ValueError, "words must name at least one id"),
        ((IDS, WORDS - 5, 4, None), ValueError, "and not 0, which is padding"),
        ((IDS * 1.0, WORDS, 4, None), TypeError, "ids must hold whole numbers but their dtype is float64"),
    ],
)
def test_what_it_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        masking.mask_tokens(*arguments)


def test_a_clause_agrees_in_number():
    found = animals.clauses()
    assert len(found) == len(set(found)) == 60
    for clause in found:
        several = clause[0] == "these"
        assert clause[-2].endswith("s") == several and clause[-1].endswith("s") != several
        assert animals.ANIMALS[clause[-2].removesuffix("s")] == clause[-1].removesuffix("s")
    assert {word for clause in found for word in clause} | {"and"} == set(animals.WORDS) and len(set(animals.WORDS)) == 31


def test_texts_are_split_without_a_rest():
    learned, kept = animals.split_texts(0.25, 3)
    assert len(animals.texts()) == 3600 and (len(learned), len(kept)) == (2700, 900)
    assert not set(learned) & set(kept) and set(learned) | set(kept) == set(animals.texts())
    with pytest.raises(ValueError, match="held_out must be between 0 and 1 but is 2"):
        animals.split_texts(2)
