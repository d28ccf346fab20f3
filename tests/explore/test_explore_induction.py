"""The explorable of two heads that copy: its kept numbers are of one text, its table says where they look, and what it refuses."""

from __future__ import annotations

import re

import numpy as np
import pytest

from attnlab import explore


def test_the_kept_weights_are_causal_rows_and_the_guesses_are_sorted():
    state = explore.induction_walk().state
    n = len(state["tokens"])
    assert state["tokens"][: n // 2] == state["tokens"][n // 2 :] and len(set(state["tokens"])) == n // 2
    for one in (state["whole"], state["silent"]):
        for head in ("before", "induction"):
            weights = np.array(one[head])
            assert weights.shape == (n, n) and not np.triu(weights, 1).any()
            np.testing.assert_allclose(weights.sum(axis=1), 1, atol=0.006)  # three decimals each
        for guesses in one["next"]:
            chances = [chance for _, chance in guesses]
            assert len(guesses) == 3 and chances == sorted(chances, reverse=True) and sum(chances) < 1.002


def test_silencing_the_first_head_moves_the_second_alone():
    state = explore.induction_walk().state
    assert state["whole"]["before"] == state["silent"]["before"] and state["whole"]["induction"] != state["silent"]["induction"]


def test_after_its_first_letter_the_second_round_is_copied_and_without_the_first_head_it_is_not():
    state = explore.induction_walk().state
    tokens, n = state["tokens"], len(state["tokens"])
    hits = {name: sum(state[name]["next"][t][0][0] == tokens[t + 1] for t in range(n // 2 + 1, n - 1)) for name in ("whole", "silent")}
    assert hits["whole"] == n // 2 - 2 >= hits["silent"] + 3
    assert all(int(np.argmax(state["whole"]["induction"][t])) == t - n // 2 + 1 for t in range(n // 2 + 1, n))


def test_the_table_says_where_both_heads_look():
    shown = explore.induction_walk()
    rows = [re.findall(r">([^<>]+)</t[hd]>", line) for line in re.findall(r"<tr><th scope=\"row\">.*?</tr>", shown._repr_html_())]
    assert len(rows) == len(shown.state["tokens"])
    row = rows[9]
    assert row[0] == "l, token 10" and row[1] == "o, token 9" and row[3] == "f, token 4" and row[5] == "f"
    assert int(row[4]) == round(100 * max(shown.state["whole"]["induction"][9]))


@pytest.mark.parametrize(("options", "message"), [
    ({"query": 14}, "query must be a whole number from 0 to 13, got 14"),
    ({"head": "after"}, "head must be one of before, induction, got 'after'"),
    ({"silent": 1}, "silent must be True or False, got 1"),
])
def test_what_it_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.induction_walk(**options)
