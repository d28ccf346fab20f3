"""The sentence of the landing page: whose weights they are, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab import explore
from attnlab.studies import probe


def test_the_weights_are_those_of_the_head_among_the_words():
    state = explore.arcs(sentence=0, layer=2, head=9).state
    tokens, weights = probe.sample_weights()[0]
    words = [place for place, token in enumerate(tokens) if token not in ("[CLS]", "[SEP]", ".")]
    assert state["words"] == [tokens[place] for place in words]
    rows = np.array([[weights[2, 9, i, j] for j in words] for i in words], dtype=float)
    np.testing.assert_allclose(state["weights"], rows / rows.sum(axis=1)[:, None], atol=6e-5)


def test_the_two_cats_look_at_each_other():
    state = explore.arcs().state
    first, second = (place for place, word in enumerate(state["words"]) if word == "cat")
    assert state["query"] == first
    assert state["weights"][first][second] > 0.85 and state["weights"][second][first] > 0.85


def test_the_table_is_the_weights_in_per_cent():
    html = explore.arcs(query=3, hidden=True)._repr_html_()
    assert "weights in % of head 9 in layer 2 of MiniLM" in html and html.count("<tr>") == 10 and "<td>91</td>" in html


@pytest.mark.parametrize("options, message", [
    ({"sentence": 3}, "sentence must be a whole number from 0 to 2, got 3"),
    ({"layer": 6}, "layer must be a whole number from 0 to 5, got 6"),
    ({"head": 12}, "head must be a whole number from 0 to 11, got 12"),
    ({"query": 9}, "query must be a whole number from 0 to 8, got 9"),
    ({"hidden": 1}, "hidden must be True or False, got 1"),
])
def test_wrong_arguments_are_named(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.arcs(**options)
