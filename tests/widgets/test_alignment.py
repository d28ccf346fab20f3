"""The arithmetic of alignment_explorer.js against NumPy, and what the kept alignments must be."""

from __future__ import annotations

import json

import numpy as np
import pytest
from in_node import close, run

from attnlab import data, explore
from attnlab.exercises import EXERCISES
from attnlab.explore import WIDGETS, module_source
from attnlab.explore.alignment_explorer import ALIGNMENTS

ALIGN = WIDGETS / "alignment_explorer.js"
KEPT = json.loads(ALIGNMENTS.read_text(encoding="utf-8"))


def tables(seed: int = 4):
    rng = np.random.default_rng(seed)
    return [rng.dirichlet(np.ones(m), size=n) for n, m in ((1, 3), (5, 2), (7, 11))]


def test_the_context_is_the_weighted_mean():
    rng = np.random.default_rng(3)
    cases = [(w[0], rng.normal(size=(w.shape[1], 4))) for w in tables()]
    for (w, h), result in zip(cases, run(ALIGN, *[["context", w.tolist(), h.tolist()] for w, h in cases])):
        close(result, w @ h)


def test_crossings_are_those_of_the_exercise():
    count = EXERCISES["fundamentals.crossings"].reference
    found = run(ALIGN, *[["crossings", w.tolist()] for w in tables()])
    assert found == [count(w) for w in tables()] and found[-1] > 0


def test_favourites_are_the_largest_and_never_none():
    assert run(ALIGN, ["favourites", [0.05, 0.7, 0.25]], ["favourites", [0.04] * 25]) == [
        [[1, 0.7], [2, 0.25]],
        [[0, 0.04]],
    ]


@pytest.mark.parametrize("phrase", range(len(KEPT)))
def test_what_is_seen_at_every_step(phrase):
    kept = KEPT[phrase]
    states = [
        {"phrases": KEPT, "phrase": phrase, "step": step, "look": look}
        for look, words in (("attention", kept["target"]), ("one vector", kept["alone"]))
        for step in range(len(words))
    ]
    for state, seen in zip(states, run(ALIGN, *[["view", state] for state in states])):
        right = [*kept["right"], "<end>"]
        assert seen["correct"] == [a == b for a, b in zip(seen["written"], right, strict=True)]
        if state["look"] == "attention":
            close(seen["context"], np.array(kept["weights"][state["step"]]) @ np.array(kept["states"]))
            assert all(seen["correct"])
        else:
            assert seen["context"] == kept["one"] and seen["weights"] == [None] * len(kept["source"])


def test_the_kept_alignments_are_translations_that_look_somewhere():
    for one in KEPT:
        assert tuple(one["source"]) == data.english(one["number"])
        assert tuple(one["right"]) == data.german(one["number"]) == tuple(one["target"][:-1])
        weights = np.array(one["weights"])
        assert weights.shape == (len(one["target"]), len(one["source"])) and (weights >= 0).all()
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=0.004)  # three decimals each
        assert np.array(one["states"]).shape == (len(one["source"]), 4) and len(one["one"]) == 4
    wrong = [one["number"] for one in KEPT if one["alone"] != one["target"]]
    assert wrong == [42863, 84634]


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("alignment_explorer"), encoding="utf-8")
    call = ["view", explore.alignment_explorer(phrase=3, step=2).state]
    assert run(joined, call) == run(ALIGN, call)
