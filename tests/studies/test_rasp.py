"""Programs of select and aggregate: right for every input up to a length, by loops and by Python's own functions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from attnlab.studies import rasp

WORDS = [word for n in range(1, 6) for word in itertools.product((0, 1, 3), repeat=n)]


def equal(k, q):
    return k == q


# -- the three operations


def test_a_selector_is_the_predicate_of_key_and_query_in_this_order():
    keys, queries = [2, 5, 3], [3, 2, 9]
    table = rasp.select(keys, queries, lambda k, q: k < q).table
    assert table.tolist() == [[True, False, False], [False, False, False], [True, True, True]]


def test_the_score_of_a_pair_depends_on_what_the_two_hold_alone():
    selector = rasp.select([4, 7, 4], [1, 1, 2], lambda k, q: (k + q) % 2 == 0)
    scores = selector.queries @ selector.keys.T
    assert set(scores.ravel()) <= {0.0, 1.0}
    assert (scores[0] == scores[1]).all() and (scores[:, 0] == scores[:, 2]).all()


def test_aggregate_is_the_mean_of_what_is_selected_by_hand():
    selector = rasp.select([0, 1, 2], [0, 1, 2], lambda k, q: k <= q)
    np.testing.assert_allclose(rasp.aggregate(selector, [6.0, 2.0, 1.0]), [6, 4, 3], rtol=0, atol=1e-12)


@pytest.mark.parametrize("default", [0.0, -7.5, 1e6])
def test_where_nothing_is_selected_stands_the_default_and_nothing_else(default):
    out = rasp.aggregate(rasp.select([0, 1, 2], [1, 9, 9], equal), [3.0, 5.0, 1e9], default)
    assert out.tolist() == [5.0, default, default]


def test_a_single_selected_value_comes_back_exactly():
    values = np.random.default_rng(0).normal(size=7) * 10.0 ** np.arange(-3, 4)
    place = list(range(7))
    assert rasp.aggregate(rasp.select(place, place[::-1], equal), values, default=1e9).tolist() == values[::-1].tolist()


def test_the_width_counts_from_none_to_all():
    place = list(range(50))
    assert rasp.width(rasp.select(place, place, lambda k, q: k < q)).tolist() == place
    assert rasp.width(rasp.select(place, place, lambda k, q: True)).tolist() == [50] * 50


def test_as_many_keys_as_queries():
    with pytest.raises(ValueError, match="3 keys but 2 queries"):
        rasp.select([1, 2, 3], [1, 2], equal)


# -- the programs, for all inputs up to a length


@pytest.mark.parametrize("program, expected", [
    (rasp.reverse, lambda word: list(word)[::-1]),
    (rasp.histogram, lambda word: [word.count(one) for one in word]),
    (rasp.sort, sorted),
    (rasp.length, lambda word: [len(word)] * len(word)),
])
def test_a_program_is_right_for_all_words_of_three_letters_up_to_five(program, expected):
    assert [word for word in WORDS if list(program(word)) != expected(word)] == []


def test_a_long_list_is_sorted_too():
    values = np.random.default_rng(1).normal(size=60).round(1)
    assert rasp.sort(values.tolist()).tolist() == sorted(values.tolist())


def closes(text: str) -> bool:
    depth = 0
    for one in text:
        depth += 1 if one == "(" else -1
        if depth < 0:
            return False
    return depth == 0


def test_brackets_are_judged_rightly_for_all_texts_up_to_eight():
    texts = ["".join(one) for n in range(9) for one in itertools.product("()", repeat=n)]
    assert sum(map(closes, texts)) == 1 + 1 + 2 + 5 + 14  # Catalan
    assert [text for text in texts if rasp.balanced(text) is not closes(text)] == []


def test_brackets_alone():
    with pytest.raises(ValueError, match=r"may hold \( and \) alone but is '\(x\)'"):
        rasp.balanced("(x)")


def test_parity_is_right_for_all_words_up_to_nine_and_for_a_long_one():
    words = [one for n in range(10) for one in itertools.product((0, 1), repeat=n)]
    assert [word for word in words if rasp.parity(word) != sum(word) % 2] == []
    bits = np.random.default_rng(2).integers(0, 2, 301).tolist()
    assert rasp.parity(bits) == sum(bits) % 2


@pytest.mark.parametrize("program", [rasp.reverse, rasp.histogram, rasp.sort, rasp.length])
def test_an_empty_text_has_no_tokens(program):
    assert len(program([])) == 0
