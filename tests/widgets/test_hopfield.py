"""The arithmetic of hopfield.js against the package's NumPy, with node."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore
from attnlab.explore import WIDGETS, module_source
from attnlab.explore.hopfield import MEMORIES, PATTERNS, answer_of, cells_of, weights_of
from attnlab.reference import memory

SCRIPT = WIDGETS / "hopfield.js"
rng = np.random.default_rng(0)
HALF = [x if i % 8 < 4 else -1 for i, x in enumerate(cells_of(PATTERNS["O"]))]
DRAWINGS = [explore.hopfield().state["drawing"], HALF, [-1] * 64, *rng.choice([-1.0, 1.0], size=(6, 64)).tolist(), *rng.uniform(-1, 1, size=(3, 64)).tolist()]
STATES = [explore.hopfield(x, kind, sharpness, stored).state for x in DRAWINGS for kind in MEMORIES for sharpness in (0, 0.02, 0.25) for stored in (1, 4, 6)]


def test_answers_and_weights_are_those_of_the_package():
    for state, seen in zip(STATES, run(SCRIPT, *[["recall", state] for state in STATES])):
        answer, patterns = answer_of(state), np.array(state["patterns"][: state["stored"]])
        close(seen["answer"], answer)
        close(seen["weights"], weights_of(state))
        assert seen["before"] == (patterns == np.where(np.array(state["drawing"]) > 0, 1, -1)).sum(axis=1).tolist()
        assert seen["after"] == (patterns == np.where(answer > 0, 1, -1)).sum(axis=1).tolist()


@pytest.mark.parametrize("size", [2, 6])
def test_the_classical_network_is_the_packages(size):
    patterns, cues = rng.choice([-1.0, 1.0], size=(size, 16)), rng.choice([-1.0, 1.0], size=(20, 16))
    [weights, *found] = run(SCRIPT, ["store", patterns.tolist()], *[["settle", memory.store(patterns).tolist(), cue.tolist()] for cue in cues])
    close(weights, memory.store(patterns))
    close(found, memory.settle(memory.store(patterns), cues, sweeps=100))


def test_at_a_sum_of_zero_a_cell_stays():
    assert run(SCRIPT, ["settle", [[0, 0], [0, 0]], [1, -1]]) == [[1, -1]]


def test_what_is_said():
    start, classical, full = explore.hopfield().state, explore.hopfield(memory="classical").state, explore.hopfield(stored=6, memory="classical").state
    ink = [[1] * 64, [-1] * 64]
    calls = [start, start | {"sharpness": 0}, classical, classical | {"drawing": ink[0]}, full | {"drawing": ink[1]}, start | {"drawing": start["patterns"][0]}]
    repaired, mixture, rest, turned, never, whole = run(SCRIPT, *[["verdict", state] for state in calls])
    assert repaired == "The H gets 98 % of the weight, and the answer has its signs; the drawing had 12 wrong."
    assert mixture == "A mixture: 25 % T, 25 % H. Its signs differ from those of the T in 24 cells."
    assert rest == "It comes to rest at the H, from which the drawing differed in 12 cells."
    assert turned == "It comes to rest at the T with all signs turned, which was never stored."
    assert never == "It comes to rest at a pattern that was never stored: nearest is the T, and 2 cells differ."
    assert whole == "The T gets 100 % of the weight, and the answer has its signs; so had the drawing."


def test_only_half_a_pattern_or_less_counts_as_completed():
    start = explore.hopfield().state
    o = cells_of(PATTERNS["O"])
    one_more = list(HALF)
    one_more[4] = 1
    stray = list(HALF)
    stray[0], stray[3] = 1, -1
    drawings = [HALF, one_more, stray, o, [-1] * 64]
    states = [start | {"drawing": x} for x in drawings]
    seen = run(SCRIPT, *[["recall", state] for state in states])
    assert run(SCRIPT, *[["completed", one] for one in seen]) == [True, False, False, False, False]
    assert run(SCRIPT, ["completed", run(SCRIPT, ["recall", states[0] | {"sharpness": 0}])[0]]) == [False]


def test_a_stroke_goes_through_all_cells_between():
    assert run(SCRIPT, ["along", [0.5, 0.5], [3.5, 0.5]], ["along", [2.5, 2.5], [2.5, 2.5]], ["along", [7.5, 7.5], [12, 7.5]]) == [[0, 1, 2, 3], [18], [63]]
    [diagonal] = run(SCRIPT, ["along", [0.5, 0.5], [7.5, 7.5]])
    assert {9 * i for i in range(8)} <= set(diagonal)


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("hopfield"), encoding="utf-8")
    call = ["verdict", explore.hopfield().state]
    assert run(joined, call) == run(SCRIPT, call)
    assert len(module_source("hopfield").encode()) < 50_000
