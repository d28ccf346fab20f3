"""The erasing memory: its table, what it refuses, and its arithmetic in JavaScript against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore
from attnlab.explore import WIDGETS
from attnlab.explore.erasing_memory import RULES, memory_of
from attnlab.reference.mixers import delta

ERASING = WIDGETS / "erasing_memory.js"
rng = np.random.default_rng(0)
WRITES = [(int(key), float(value)) for key, value in zip(rng.integers(0, 3, 9), rng.normal(size=9))]
STATES = [explore.erasing_memory(WRITES[:n], rule, decay).state for n in (0, 1, 9) for rule in RULES for decay in (0.0, 0.7, 1.0)]


def test_memory_and_reads_in_javascript_are_those_of_the_package():
    for state, memory, reads in zip(STATES, run(ERASING, *[["memory", s] for s in STATES]), run(ERASING, *[["reads", s] for s in STATES])):
        close(memory, memory_of(state))
        close(reads, np.array(state["vectors"]) @ memory_of(state))


def test_the_memory_is_that_of_the_delta_rule():
    state = explore.erasing_memory(WRITES, "delta rule", 0.7).state
    k, v = np.array(state["vectors"])[[key for key, _ in WRITES]], np.array([[value] for _, value in WRITES])
    _, wanted = delta.gated_delta_rule(k, k, v, np.ones(9), np.full(9, np.log(0.7)))
    np.testing.assert_allclose(memory_of(state), wanted[:, 0], atol=1e-12)


def test_what_is_said():
    start = explore.erasing_memory().state
    empty, twice = {**start, "writes": []}, {**start, "writes": [[0, 10], [0, 20]]}
    last, first, summed, none = run(ERASING, ["last", twice], ["next", twice], ["verdict", twice], ["verdict", empty])
    assert last == [20, None, None] and first == 30
    assert summed == "Key 1 was written last, with 20, and reads 30.0. The memory is (30.0, 0.0)."
    assert none == "The memory is empty; every key reads 0."
    [erased] = run(ERASING, ["verdict", {**twice, "rule": "delta rule"}])
    assert "reads 20.0" in erased


def test_the_table_without_javascript():
    said = explore.erasing_memory([(0, 10), (1, 20)])._repr_html_()
    assert said.count('<th scope="row">') == 3
    for text in ("<td>10</td><td>22.0</td>", "<td>20</td><td>26.0</td>", "<td>nothing</td><td>16.0</td>"):
        assert text in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"keys": [[1.0, 1.0]]}, "keys must be rows of length 1"),
        ({"rule": "add"}, "rule must be one of sum, delta rule, got 'add'"),
        ({"decay": 1.5}, "decay must be between 0 and 1 but is 1.5"),
        ({"writes": [(3, 10)]}, "the key of a write must be a whole number from 0 to 2, got 3"),
    ],
)
def test_what_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        explore.erasing_memory(**options)
