"""The alignment explorer: the numbers in its table, what it passes on, and what it refuses."""

from __future__ import annotations

import copy
import html
import json
import re

import numpy as np
import pytest

from attnlab import explore


def test_the_table_holds_the_weights_and_the_other_model_s_answer():
    shown = explore.alignment_explorer(phrase=3)
    kept = shown.state["phrases"][3]
    markup = shown._repr_html_()
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)
    assert [html.unescape(name) for name, _ in rows] == kept["target"]
    cells = np.array([[float(x) for x in re.findall(r"<td>(.*?)</td>", line)] for _, line in rows])
    np.testing.assert_allclose(cells, kept["weights"], atol=0.00501)
    assert "42,863" in markup and " ".join(kept["alone"][:-1]) in markup and "zwei und sechzig" in markup
    assert json.loads(html.unescape(re.search(r'data-state="([^"]*)"', markup)[1])) == shown.state


def test_other_phrases_may_be_passed():
    mine = {
        "number": 3, "source": ["three"], "right": ["drei"], "target": ["drei", "<end>"], "weights": [[1.0], [1.0]],
        "states": [[0.5, 0.5]], "alone": ["vier", "<end>"], "one": [0.1, 0.2],
    }  # fmt: skip
    assert explore.alignment_explorer(phrases=[mine]).state["phrases"] == [mine]
    wrong = copy.deepcopy(mine)
    wrong["weights"].append([1.0])
    with pytest.raises(ValueError, match=r"weights of 3 must have the shape \(2, 1\), got \(3, 1\)"):
        explore.alignment_explorer(phrases=[wrong])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phrase": 5}, "phrase must be a whole number from 0 to 4, got 5"),
        ({"step": 4}, "step must be a whole number from 0 to 3, got 4"),
        ({"look": "none"}, "look must be one of attention, one vector, got 'none'"),
    ],
)
def test_what_it_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        explore.alignment_explorer(**options)
