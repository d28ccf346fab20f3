"""The explorable of a hidden word: the numbers in its table, what it passes on, and what it refuses."""

from __future__ import annotations

import copy
import html
import json
import re

import numpy as np
import pytest

from attnlab import explore
from attnlab.data import animals


def test_the_table_holds_the_likeliest_guess_of_both():
    shown = explore.masked_word(text=1)
    kept, markup = shown.state["texts"][1], shown._repr_html_()
    rows = [re.findall(r">([^<>]+)</t[hd]>", line) for line in re.findall(r"<tr><th scope=\"row\">.*?</tr>", markup)]
    assert [row[0] for row in rows] == kept["words"]
    assert [row[1] for row in rows] == [both[0][0] for both in kept["both"]] and [row[3] for row in rows] == [left[0][0] for left in kept["left"]]
    assert [int(row[2]) for row in rows] == [round(100 * both[0][1]) for both in kept["both"]]
    assert json.loads(html.unescape(re.search(r'data-state="([^"]*)"', markup)[1])) == shown.state


def test_the_kept_texts_are_of_the_grammar_and_the_weights_add_up_to_one():
    for one in explore.masked_word().state["texts"]:
        n = len(one["words"])
        assert " ".join(one["words"]) in animals.texts()
        weights = np.array(one["attention"])
        assert weights.shape == (n, 6, n + 2)
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=0.006)  # three decimals each
        for guesses in (*one["both"], *one["left"]):
            p = [share for _, share in guesses]
            assert len(guesses) == 4 and p == sorted(p, reverse=True) and sum(p) < 1.002


def test_both_sides_know_determiner_noun_and_verb_and_the_left_side_does_not():
    kinds = {word: kind for kind, words in animals.KINDS.items() for word in words}
    hits = {"both": [], "left": []}
    for one in explore.masked_word().state["texts"]:
        for side in hits:
            hits[side] += [guesses[0][0] == word for word, guesses in zip(one["words"], one[side]) if kinds.get(word) in ("determiner", "noun")]
    assert all(hits["both"]) and np.mean(hits["left"]) < 0.6


def test_other_texts_may_be_passed():
    mine = {"words": ["a", "b"], "both": [[["a", 0.9]], [["b", 0.8]]], "left": [[["b", 0.5]], [["b", 0.7]]], "attention": [[[0.25] * 4]] * 2}
    assert explore.masked_word(texts=[mine], place=1).state["texts"] == [mine]
    wrong = copy.deepcopy(mine)
    wrong["left"].pop()
    with pytest.raises(ValueError, match=r"'a b' has 2 words but its guesses 2 and 1, its attention \(2, 1, 4\)"):
        explore.masked_word(texts=[wrong])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": 4}, "text must be a whole number from 0 to 3, got 4"),
        ({"place": 8}, "place must be a whole number from 0 to 7, got 8"),
        ({"layer": 6}, "layer must be a whole number from 0 to 5, got 6"),
        ({"side": "right"}, "side must be one of both, left, got 'right'"),
    ],
)
def test_what_it_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        explore.masked_word(**options)
