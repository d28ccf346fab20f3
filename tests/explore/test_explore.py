"""Explorables as objects: what they print, what they refuse, and the numbers in their tables."""

from __future__ import annotations

import html
import importlib.util
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest

from attnlab import explore

NAMES = [
    "live",
    "softmax_and_scale",
    "arcs",
    "attention_on_a_sentence",
    "hopfield",
    "sparse_reach",
    "tile_walk",
    "cost_against_length",
    "heads_side_by_side",
    "graph_view",
    "temperature_and_kernel_width",
    "walk_a_token",
    "stream_by_layer",
    "builder",
]


def make(name: str, **options):
    return getattr(explore, name)(**options)


def state_of(markup: str) -> dict:
    """The JSON that the page's script will read."""
    return json.loads(html.unescape(re.search(r'data-state="([^"]*)"', markup)[1]))


def table_of(markup: str) -> dict[str, list[float]]:
    """The fallback table: row name -> numbers."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)
    return {
        html.unescape(name): [float(cell.replace("−", "-")) for cell in re.findall(r"<td>(.*?)</td>", cells)]
        for name, cells in rows
    }


def softmax_by_hand(row: list[float]) -> list[float]:
    powers = [math.exp(x) for x in row]
    return [power / sum(powers) for power in powers]


# ---- every explorable ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_committed_output_is_the_same_every_time(name):
    first, second = make(name), make(name)
    assert repr(first) == f"<explorable {name}>"
    assert first._repr_html_() == second._repr_html_()
    for kind in ("text/plain", "text/html"):
        assert first._repr_mimebundle_()[kind] == second._repr_mimebundle_()[kind]


@pytest.mark.parametrize("name", NAMES)
def test_the_place_names_its_module_and_holds_state_and_table(name):
    shown = make(name)
    markup = shown._repr_html_()
    assert markup.startswith(f'<div data-afm="{name}" ') and markup.endswith("</table></div>")
    assert (explore.WIDGETS / f"{name}.js").exists()
    assert state_of(markup) == shown.state


@pytest.mark.parametrize("name", NAMES)
def test_jupyterlab_gets_a_live_widget_with_the_same_state(name):
    shown = make(name)
    bundle = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert {key: getattr(shown._widget, key) for key in shown._state} == shown._state
    assert shown._widget._esm == explore.module_source(name)
    assert ".attnx" in shown._widget._css


def test_state_follows_what_the_reader_moves():
    shown = explore.softmax_and_scale(temperature=2)
    assert shown.state["temperature"] == 2
    shown._repr_mimebundle_()
    shown._widget.temperature = 0.5
    assert shown.state["temperature"] == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_without_anywidget_the_table_is_shown(name, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda wanted: None)
    bundle = make(name)._repr_mimebundle_()
    assert sorted(bundle) == ["text/html", "text/plain"]
    assert "<table" in bundle["text/html"]


def test_import_needs_only_numpy():
    code = (
        "import sys\nclass Door:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in 'torch anywidget jaxtyping traitlets matplotlib yaml'.split():\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Door())\n"
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'anywidget' else find(name, *rest)\n"
        "from attnlab import explore\n"
        "print(sorted(explore.softmax_and_scale()._repr_mimebundle_()), explore.attention_on_a_sentence())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, encoding="utf-8")
    assert done.stdout.strip() == "['text/html', 'text/plain'] <explorable attention_on_a_sentence>", (
        done.stderr
    )


def test_text_of_the_reader_cannot_become_markup():
    shown = explore.attention_on_a_sentence(["<b>", '"&'], [(1, 0), (0, 1)], query=0)
    markup = shown._repr_html_()
    assert "<b>" not in markup
    assert state_of(markup)["tokens"] == ["<b>", '"&']
    assert list(table_of(markup)) == ["<b>", '"&']


# ---- softmax and scale ---------------------------------------------------------------------------


@pytest.mark.parametrize("divide", [True, False])
def test_softmax_table_has_the_numbers(divide):
    scores = [0.3, -0.2, 0.1]
    markup = explore.softmax_and_scale(scores, temperature=1.7, d_k=13, divide=divide)._repr_html_()
    products = [score * math.sqrt(13) for score in scores]
    logits = scores if divide else products
    weights = softmax_by_hand([logit / 1.7 for logit in logits])
    for row, expected in zip(table_of(markup).values(), zip(products, logits, weights), strict=True):
        assert row == pytest.approx(expected, abs=5.01e-4)
    bits = -sum(p * math.log2(p) for p in weights)
    assert f"entropy {bits:.3f} bits of at most {math.log2(3):.3f}" in markup


def test_saturated_table_says_zero_entropy():
    markup = explore.softmax_and_scale(temperature=0.01, divide=False)._repr_html_()
    assert "entropy 0.000 bits" in markup
    assert [row[-1] for row in table_of(markup).values()] == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scores": [1.0]}, "needs 2 to 8 scores, got 1"),
        ({"scores": [0.0] * 9}, "needs 2 to 8 scores, got 9"),
        ({"scores": [0.0, 5.0]}, r"between -4 and 4 standard deviations, got \[0.0, 5.0\]"),
        ({"scores": [0.0, math.nan]}, "between -4 and 4 standard deviations"),
        ({"temperature": 0}, "between 0.01 and 100, got 0"),
        ({"temperature": math.nan}, "between 0.01 and 100, got nan"),
        ({"d_k": 0}, "whole number between 1 and 1024, got 0"),
        ({"d_k": 2048}, "whole number between 1 and 1024, got 2048"),
        ({"d_k": 2.5}, "whole number between 1 and 1024, got 2.5"),
    ],
)
def test_softmax_and_scale_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.softmax_and_scale(**options)


# ---- attention on a sentence ---------------------------------------------------------------------


def weights_by_hand(state: dict) -> list[list[float]]:
    """Loops only: q . k / sqrt(2) where the mask allows it, then softmax."""
    n = len(state["tokens"])

    def row_times(x, w):
        return [x[0] * w[0][c] + x[1] * w[1][c] for c in range(2)]

    q = [row_times(x, state["w_q"]) for x in state["vectors"]]
    k = [row_times(x, state["w_k"]) for x in state["vectors"]]
    may = {
        "none": lambda i, j: True,
        "causal": lambda i, j: j <= i,
        "padding": lambda i, j: j < state["length"],
    }[state["mask"]]
    rows = []
    for i in range(n):
        keys = [j for j in range(n) if may(i, j)]
        weights = softmax_by_hand([(q[i][0] * k[j][0] + q[i][1] * k[j][1]) / math.sqrt(2) for j in keys])
        rows.append([weights[keys.index(j)] if j in keys else 0.0 for j in range(n)])
    return rows


@pytest.mark.parametrize("mask", ["none", "causal", "padding"])
@pytest.mark.parametrize("projections", ["identity", "previous", "noun"])
def test_sentence_table_has_the_weights(projections, mask):
    shown = explore.attention_on_a_sentence(projections=projections, mask=mask)
    for row, expected in zip(
        table_of(shown._repr_html_()).values(), weights_by_hand(shown.state), strict=True
    ):
        assert row == pytest.approx(expected, abs=5.01e-3)


def test_presets_do_what_they_say():
    nouns = {"cat", "bird"}
    state = explore.attention_on_a_sentence(projections="noun").state
    for row in weights_by_hand(state):
        best_two = {state["tokens"][j] for j in np.argsort(row)[-2:]}
        assert best_two == nouns
    for n in (3, 5, 8):
        state = explore.attention_on_a_sentence([str(i) for i in range(n)], [(1, 0)] * n, "previous", 0).state
        weights = np.array(weights_by_hand(state))
        assert weights[1:].argmax(axis=1).tolist() == list(range(n - 1))


def test_own_vectors_may_be_an_array_and_stay_as_they_were():
    vectors = np.array([[1.0, 0.5], [-1.0, 2.0], [0.25, 0.0]])
    before = vectors.copy()
    shown = explore.attention_on_a_sentence(["x", "y", "z"], vectors, "identity")
    assert shown.state["vectors"] == before.tolist()
    np.testing.assert_array_equal(vectors, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokens": ["one"]}, "needs 2 to 8 tokens, got 1"),
        ({"tokens": ["a", "b"]}, "2 tokens need 2 vectors, got 5"),
        ({"vectors": [(0, 0)] * 4}, "5 tokens need 5 vectors, got 4"),
        (
            {"vectors": [(0, 0, 0)] * 5},
            r"vector of 'the' must be 2 numbers between -3 and 3, got \[0.0, 0.0, 0.0\]",
        ),
        ({"vectors": [(0, 3.5)] * 5}, r"between -3 and 3, got \[0.0, 3.5\]"),
        ({"vectors": [(0, math.nan)] * 5}, "between -3 and 3"),
        ({"projections": "verb"}, "one of identity, previous, noun, got 'verb'"),
        ({"mask": "window"}, "one of none, causal, padding, got 'window'"),
        ({"query": 5}, "index from 0 to 4, got 5"),
        ({"query": -1}, "index from 0 to 4, got -1"),
    ],
)
def test_attention_on_a_sentence_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.attention_on_a_sentence(**options)
