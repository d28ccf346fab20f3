"""Beam tree and sampling filters: their tables, what they refuse, and their arithmetic in JavaScript against NumPy."""

from __future__ import annotations

import html
import math
import re

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore, reference
from attnlab.explore import WIDGETS
from attnlab.explore.beam_tree import step_of_table
from attnlab.explore.sampling_filters import filtered
from attnlab.reference import decoding, sampling

BEAM, FILTERS = WIDGETS / "beam_tree.js", WIDGETS / "sampling_filters.js"


def random_state(rng, n: int = 5, longest: int = 4) -> dict:
    rows = rng.dirichlet(np.ones(n), size=n)
    return {"names": [f"w{i}" for i in range(n)], "first": rows[0].tolist(), "next": rows[1:].tolist(), "longest": longest}


def cells(markup: str) -> dict[str, list[str]]:
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)
    return {html.unescape(name): re.findall(r"<td>(.*?)</td>", rest) for name, rest in rows}


# ---- beam tree -----------------------------------------------------------------------------------


def test_the_story_of_the_tree():
    """Greedy misses a text, a beam of two finds it, one of three the empty text, and a penalty makes up for it."""
    told = cells(explore.beam_tree()._repr_html_())
    assert [told[f"width {w}"][0] for w in (1, 2, 3, 4)] == ["a cat ∎", "the cat ∎", "∎", "∎"]
    assert [told[f"width {w}"][1] for w in (1, 2, 3)] == ["0.104", "0.108", "0.150"]
    assert cells(explore.beam_tree(alpha=0.7)._repr_html_())["width 3"][0] == "the cat ∎"
    assert cells(explore.beam_tree(alpha=1.5)._repr_html_())["width 3"][0] == "the cat sleeps ∎"


def test_rows_of_the_model_add_up_to_one():
    state = explore.beam_tree().state
    for row in [state["first"], *state["next"]]:
        assert sum(row) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_search_in_javascript_is_that_of_the_package(width):
    rng = np.random.default_rng(width)
    states = [{**random_state(rng), "width": width, "alpha": float(a), "steps": 4} for a in (0, 0.6, 1.3) for _ in range(4)]
    states.append(explore.beam_tree(width=width).state)
    for state, found in zip(states, run(BEAM, *[["finished", state] for state in states])):
        expected = decoding.beam(step_of_table(state), 4, width, len(state["names"]) - 1, state["alpha"])
        assert [tuple(one["ids"]) for one in found] == [text.ids for text in expected]
        close([one["logp"] for one in found], [text.log_p for text in expected])
        close([one["score"] for one in found], [text.log_p / decoding.penalty(len(text.ids), state["alpha"]) for text in expected])


def test_candidates_of_a_step_are_the_best_and_have_one_fate_each():
    state = {**random_state(np.random.default_rng(9)), "width": 3, "alpha": 0.0, "steps": 4}
    [levels] = run(BEAM, ["levels", state])
    step, live = step_of_table(state), [decoding.Text((), 0.0)]
    for i, level in enumerate(levels):
        best = decoding.grow(step, live)[:6]
        assert [tuple(one["ids"]) for one in level] == [text.ids for text in best]
        close([one["logp"] for one in level], [text.log_p for text in best])
        live = [text for text in best if text.ids[-1] != 4][:3]
        kept = [tuple(one["ids"]) for one in level if one["fate"] == "kept"]
        assert kept == ([] if i == 3 else [text.ids for text in live])
        assert {one["fate"] for one in level} <= {"kept", "finished", "dropped"}


def test_penalty_and_what_is_said():
    assert run(BEAM, ["penalty", 1, 0.6], ["penalty", 7, 1], ["penalty", 4, 0]) == [1, 2, 1]
    states = [explore.beam_tree(width=w).state for w in (1, 2, 3)]
    said = run(BEAM, *[["verdict", state] for state in states])
    assert "“a cat”" in said[0] and "the same" in said[0]
    assert "“the cat”" in said[1] and "Greedy decoding writes “a cat”, 0.104" in said[1]
    assert "the empty text, probability 0.150" in said[2]
    assert BEAM.stat().st_size < 50 * 1024


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width must be between 1 and 4 but is 0"),
        ({"width": 5}, "width must be between 1 and 4 but is 5"),
        ({"steps": 5}, "steps must be between 1 and 4 but is 5"),
        ({"alpha": -0.1}, "alpha must be between 0 and 2 but is -0.1"),
        ({"alpha": 3}, "alpha must be between 0 and 2 but is 3"),
    ],
)
def test_what_the_tree_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.beam_tree(**options)


# ---- sampling filters ----------------------------------------------------------------------------


def test_filters_in_javascript_are_those_of_the_package():
    rng = np.random.default_rng(0)
    rows = [2 * rng.normal(size=n) for n in (1, 2, 5, 8)] + [np.array([1.0, 3, 1, 3, 3, 0]), np.zeros(4)]
    for name, js, values in (("top_k", "topK", (1, 3, 8)), ("top_p", "topP", (0.01, 0.37, 0.8, 1.0)), ("min_p", "minP", (0.0, 0.2, 1.0))):
        for value in values:
            found = run(FILTERS, *[[js, z.tolist(), value] for z in rows])
            for z, result in zip(rows, found):
                expected = getattr(sampling, name)(z, value)
                kept = [x is not None and x != "-Infinity" for x in result]
                assert kept == (expected > -math.inf).tolist(), (name, value, z, result)


def test_what_is_left_at_every_setting():
    for keep in ("none", "top-k", "top-p", "min-p"):
        for t in (0.1, 1.0, 2.3):
            state = explore.sampling_filters(keep=keep, temperature=t).state
            for context in state["contexts"]:
                expected = filtered(state, context["logits"])
                result, told = run(FILTERS, ["left", state, context["logits"]], ["summary", state, context["logits"]])
                close(result, expected)
                before = reference.softmax(np.array(context["logits"]))
                assert told["kept"] == int((expected > 0).sum())
                close(told["mass"], before[expected > 0].sum())
                close(told["bits"], -(expected[expected > 0] * np.log2(expected[expected > 0])).sum())


def test_the_table_and_its_two_steps():
    told = cells(explore.sampling_filters()._repr_html_())
    assert len(told) == 16 and told["Two and two make four"][0] == "86.0"
    assert [cell[1] for cell in told.values()].count("0.0") == 10
    both = explore.sampling_filters(keep="top-p").state
    kept = [int((filtered(both, c["logits"]) > 0).sum()) for c in both["contexts"]]
    assert kept == [1, 6]
    [said] = run(FILTERS, ["verdict", both])
    assert said.startswith("Where the model is sure 1 of 8 tokens are left") and "where it is not 6" in said
    for context in both["contexts"]:
        assert np.exp(context["logits"]).sum() == pytest.approx(1)
    assert FILTERS.stat().st_size < 50 * 1024


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": "beam"}, "keep must be one of none, top-k, top-p, min-p, got 'beam'"),
        ({"k": 0}, "k must be between 1 and 8 but is 0"),
        ({"p": 0.0}, "p must be between 0.01 and 1 but is 0.0"),
        ({"share": 1.5}, "share must be between 0 and 1 but is 1.5"),
        ({"temperature": 0}, "temperature must be between 0.1 and 3 but is 0"),
        ({"steps": {}}, "shows two steps, got 0"),
    ],
)
def test_what_the_filters_refuse(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=message):
        explore.sampling_filters(**options)
