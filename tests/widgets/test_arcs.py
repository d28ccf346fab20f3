"""arcs.js against NumPy: a row without its future is the softmax without those keys."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import close, run

from attnlab import masks, reference
from attnlab.explore import WIDGETS, module_source

ARCS, COMMON = WIDGETS / "arcs.js", WIDGETS / "common.js"


@pytest.mark.parametrize("n", [2, 5, 7])
def test_a_row_with_and_without_its_future(n, rng):
    scores = rng.normal(size=(n, n)) * 3
    weights = reference.softmax(scores)
    causal = masks.causal(np.arange(n), np.arange(n))
    without = reference.softmax(np.where(causal, scores, -np.inf))
    rows = run(ARCS, *[["looks", weights.tolist(), i, hidden] for i in range(n) for hidden in (False, True)])
    close(rows[0::2], weights)
    close(rows[1::2], without)


def test_an_arc_goes_from_one_word_to_the_other_and_higher_the_further():
    near, far, back, own = run(COMMON, ["arc", 1, 2, 7], ["arc", 0, 6, 7], ["arc", 5, 3, 7], ["arc", 2, 2, 7])
    for points, ends in ((near, (1.5, 2.5)), (far, (0.5, 6.5)), (back, (5.5, 3.5)), (own, (2.5, 2.5))):
        assert (points[0], points[-1]) == ([ends[0], 1], [ends[1], 1])
    assert far[1][1] < back[1][1] < near[1][1] < 1 and own[1][0] < 2.5 < own[2][0]


def test_thickness_grows_with_the_weight():
    thin, middle, thick = run(COMMON, ["thickness", 0], ["thickness", 0.5], ["thickness", 1])
    assert thin == 1 and middle - thin == thick - middle > 5


def test_turned_an_arc_stands_on_the_left_edge():
    points = run(COMMON, ["arc", 0, 2, 3])[0]
    flat, turned = run(COMMON, ["arcPath", points, False], ["arcPath", points, True])
    assert flat.startswith("M0.5 1C") and flat.endswith("2.5 1")
    assert turned.startswith("M0 0.5C") and turned.endswith("0 2.5")


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("arcs"), encoding="utf-8")
    call = ["looks", [[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]], 1, True]
    assert run(joined, call) == run(ARCS, call)
