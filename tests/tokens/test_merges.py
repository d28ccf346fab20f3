"""Pairs are counted and joined as by hand."""

from __future__ import annotations

import pytest

from attnlab.tokens.merges import join_pair, most_frequent_pair


def test_three_merges_of_a_line_done_by_hand():
    tokens = list("the thin thing then")
    assert len(tokens) == 19 and most_frequent_pair(tokens) == (("t", "h"), 4)
    tokens = join_pair(tokens, ("t", "h"))
    assert tokens == "th e _ th i n _ th i n g _ th e n".replace("_", "\0").replace(" ", "|").replace("\0", " ").split("|")
    assert most_frequent_pair(tokens) == ((" ", "th"), 3)
    tokens = join_pair(tokens, (" ", "th"))
    assert most_frequent_pair(tokens) == ((" th", "i"), 2)  # as often as ("i", "n"), which comes later
    assert join_pair(tokens, (" th", "i")) == ["th", "e", " thi", "n", " thi", "n", "g", " th", "e", "n"]


def test_a_joined_token_is_not_joined_again_and_nothing_is_lost():
    assert join_pair(list("aaaaa"), ("a", "a")) == ["aa", "aa", "a"]
    assert join_pair(["a"], ("a", "b")) == ["a"] and join_pair([], ("a", "b")) == []
    tokens = list("banana")
    assert join_pair(tokens, ("an", "a")) == tokens == list("banana")


def test_a_single_token_has_no_pair():
    with pytest.raises(ValueError, match="a pair needs two tokens but there are 1"):
        most_frequent_pair(["a"])
