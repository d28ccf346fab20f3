"""The arithmetic of sparse_reach.js against the package's NumPy, with node."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import run

from attnlab.explore import WIDGETS, module_source
from attnlab.explore.sparse_reach import N, PATTERNS, _hops

REACH = WIDGETS / "sparse_reach.js"
STATES = [{"pattern": pattern, "size": size, "layers": layers} for pattern in PATTERNS for size in (1, 2, 5, 8) for layers in (1, 2, 7)]


def test_masks_hops_and_counts_are_the_package_s():
    for state, found in zip(STATES, run(REACH, *[["reach", state] for state in STATES]), strict=True):
        mask, hops = _hops(state)
        assert np.array_equal(np.array(found["may"]), mask)
        steps = np.array([[np.inf if step is None else step for step in row] for row in found["steps"]])
        assert np.array_equal(steps, hops)
        assert found["pairs"] == mask.sum() and found["reached"] == (hops <= state["layers"]).sum()
        assert found["last"] == (hops[-1] <= state["layers"]).sum() and found["most"] == hops[np.isfinite(hops)].max()


def test_the_sentence_counts():
    state = {"pattern": "strided", "size": 5, "layers": 2}
    [found] = run(REACH, ["reach", state])
    [text] = run(REACH, ["sentenceOf", state, found])
    assert text == f"Strong: {found['pairs']} of {N * N} pairs, computed. After 2 layers {N * (N + 1) // 2} are reached; the last token depends on {N}."


@pytest.mark.parametrize("call", [["hops", [[True, False], [True, True]]]])
def test_joined_for_jupyterlab_it_computes_the_same(call, tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("sparse_reach"), encoding="utf-8")
    assert run(joined, call) == run(REACH, call) == [[[0, None], [1, 0]]]
    assert len(module_source("sparse_reach").encode()) < 50_000
