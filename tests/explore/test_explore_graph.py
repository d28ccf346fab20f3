"""The graph view: its table, what it refuses, and its JavaScript against the package, with node."""

from __future__ import annotations

import re

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore, masks, reference
from attnlab.explore import WIDGETS, module_source
from attnlab.explore._sentence import SENTENCE, VECTORS
from attnlab.reference import graph

MODULE = WIDGETS / "graph_view.js"
KINDS = ("none", "causal", "window", "padding")
AT = np.arange(7)
MASKS = {
    "none": np.ones((7, 7), dtype=bool),
    "causal": masks.causal(AT, AT),
    "window": masks.window(AT, AT, 2),
    "padding": np.tile(AT < 6, (7, 1)),
}
ORDER = [3, 0, 6, 2, 5, 1, 4]
REMOVED = [[2, 0], [4, 4], [5, 3]]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_017)


def states(rng) -> list[dict]:
    """Seven tokens of width 3 under every mask, in both orders, with and without edges removed."""
    x, w_q, w_k = rng.normal(size=(7, 3)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    fixed = {"vectors": x.tolist(), "w_q": w_q.tolist(), "w_k": w_k.tolist(), "tokens": list("abcdefg")}
    return [
        {**fixed, "mask": mask, "order": order, "removed": removed, "query": 2, "layers": 2}
        for mask in KINDS
        for order in (list(range(7)), ORDER)
        for removed in ([], REMOVED)
    ]


def expected(state):
    """(edges, weights, output) by position, from the package."""
    order = np.array(state["order"])
    may = MASKS[state["mask"]].copy()
    for i, j in state["removed"]:
        may[state["order"].index(i), state["order"].index(j)] = False
    x = np.array(state["vectors"])[order]
    q, k = x @ np.array(state["w_q"]), x @ np.array(state["w_k"])
    return may, reference.attention_weights(q, k, may), reference.attention(q, k, x, may)


def test_edges_weights_and_outputs_are_the_packages(rng):
    given = states(rng)
    for state, result in zip(given, run(MODULE, *[["attend", state] for state in given])):
        may, weights, output = expected(state)
        assert result["may"] == may.tolist()
        close(result["weights"], weights)
        close(result["output"], output)


def test_moved_compares_each_token_with_itself_in_the_first_order(rng):
    given = states(rng)
    for state, result in zip(given, run(MODULE, *[["moved", state] for state in given])):
        first = expected({**state, "order": list(range(7))})[2]
        now = expected(state)[2][np.argsort(state["order"])]
        close(result, np.abs(first - now).max(axis=-1))
        if state["mask"] == "none" or state["order"] != ORDER:
            assert max(result) < 1e-12
        if state["mask"] == "causal" and state["order"] == ORDER:
            assert max(result) > 0.01


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_walks_are_the_packages(layers):
    for may in MASKS.values():
        [counts] = run(MODULE, ["walks", may.tolist(), layers])
        assert counts == graph.walks(may, layers).tolist()


def test_tokens_move_and_stop_at_the_ends():
    calls = [["moveToken", [2, 0, 1], i, step] for i, step in ((0, 1), (2, -1), (0, -1), (2, 1))]
    assert run(MODULE, *calls) == [[0, 2, 1], [2, 1, 0], [2, 0, 1], [2, 0, 1]]


def test_an_edge_is_removed_and_put_back():
    assert run(MODULE, ["toggle", [[1, 2]], 2, 1], ["toggle", [[1, 2], [0, 0]], 1, 2]) == [
        [[1, 2], [2, 1]],
        [[0, 0]],
    ]


def test_the_sentence_says_what_changed(rng):
    state = {**states(rng)[0], "mask": "causal", "order": ORDER}
    [gaps] = run(MODULE, ["moved", state])
    counts = graph.walks(MASKS["causal"], 2).tolist()
    [text] = run(MODULE, ["summary", state, counts, gaps])
    assert text == (
        "Mask: causal. Another order: 7 of 7 tokens have another output. Through 2 layers c is reached by d, a, g, c."
    )


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("graph_view"), encoding="utf-8")
    call = ["walks", MASKS["window"].tolist(), 3]
    assert run(joined, call) == run(MODULE, call)


@pytest.mark.parametrize("mask", KINDS)
def test_the_table_holds_weights_outputs_and_paths(mask):
    shown = explore.graph_view(mask=mask, layers=3)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', shown._repr_html_())
    numbers = [[float(x.replace("−", "-")) for x in re.findall(r"<td>(.*?)</td>", cells)] for _, cells in rows]
    assert [name for name, _ in rows] == list(SENTENCE)
    x, may = np.array(VECTORS), MASKS[mask][:5, :5]
    may = may if mask != "padding" else np.tile(np.arange(5) < 4, (5, 1))
    scores = np.outer(1.5 * x[:, 0], x[:, 1]) / np.sqrt(2)
    powers = np.exp(scores) * may
    weights = powers / powers.sum(axis=1, keepdims=True)
    paths = [sum(graph.walks(may, 3)[i]) for i in range(5)]
    np.testing.assert_allclose(numbers, np.column_stack([weights, weights @ x, paths]), atol=5.01e-3)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"mask": "future"}, "mask must be one of none, causal, window, padding, got 'future'"),
        ({"layers": 5}, "layers must be a whole number between 1 and 4, got 5"),
        ({"query": 5}, "query must be an index from 0 to 4, got 5"),
        ({"tokens": ["one"]}, "needs 2 to 8 tokens, got 1"),
    ],
)
def test_errors_name_what_is_wrong(options, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        explore.graph_view(**options)
