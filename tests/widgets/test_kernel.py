"""The arithmetic of temperature_and_kernel_width.js against the package's NumPy, with node; 1e-12."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore, reference
from attnlab.explore import WIDGETS, module_source
from attnlab.explore.temperature_and_kernel_width import _bent
from attnlab.reference import scoring

KERNEL = WIDGETS / "temperature_and_kernel_width.js"


def states(rng) -> list[dict]:
    return [
        {
            "places": rng.uniform(-3, 3, n).tolist(),
            "values": rng.normal(size=n).tolist(),
            "query": float(rng.uniform(-3, 3)),
            "width": width,
            "space": space,
        }
        for n in (2, 5, 7)
        for width in (0.3, 1.0, 50.0)
        for space in ("line", "circle")
    ]


def arrays(state: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    q, k = (_bent(places, state["space"]) for places in ([state["query"]], state["places"]))
    return q, k, np.asarray(state["values"])[:, None]


def test_weights_by_distance_are_gaussian_scores_through_a_softmax(rng):
    cases = states(rng)
    for state, result in zip(cases, run(KERNEL, *[["byDistance", state] for state in cases])):
        q, k, _ = arrays(state)
        close(result, reference.softmax(scoring.gaussian(q, k, state["width"]))[0])


def test_weights_by_dot_product_are_attention(rng):
    cases = states(rng)
    for state, result in zip(cases, run(KERNEL, *[["byDot", state] for state in cases])):
        q, k, _ = arrays(state)
        close(result, reference.attention_weights(q, k, scale=state["width"] ** -2)[0])


def test_curves_are_kernel_regression_and_attention(rng):
    cases, queries = states(rng), [-3.0, -0.7, 0.0, 2.9]
    for state, result in zip(cases, run(KERNEL, *[["curves", state, queries] for state in cases])):
        q, (_, k, v), width = _bent(queries, state["space"]), arrays(state), state["width"]
        assert [point["query"] for point in result] == queries
        close([point["distance"] for point in result], scoring.kernel_regression(q, k, v, width)[:, 0])
        close([point["dot"] for point in result], reference.attention(q, k, v, scale=width**-2)[:, 0])


def test_on_the_circle_the_two_agree_and_the_ends_meet(rng):
    bent = [state for state in states(rng) if state["space"] == "circle"]
    for state in bent:
        near, dots = run(KERNEL, ["byDistance", state], ["byDot", state])
        assert run(KERNEL, ["gap", near, dots])[0] < 1e-12
    [first, last] = run(KERNEL, ["vector", -3, "circle"], ["vector", 3, "circle"])
    close(first, last)


def test_the_sentence_names_the_two_limits_and_the_agreement():
    state = {"places": [-2, 0.5, 2], "values": [1, 2, 6], "query": 0.4, "width": 0.7, "space": "circle"}
    cold, hot, line, between = run(
        KERNEL,
        ["verdict", {**state, "width": 0.05}],
        ["verdict", {**state, "width": 50}],
        ["verdict", {**state, "space": "line"}],
        ["verdict", state],
    )
    assert cold.startswith("A look-up: the nearest key, number 2,")
    assert hot.startswith("An average: every key has about 1/3") and "same weights" in hot
    assert "differ by up to" in line
    assert between.startswith("In between") and "same weights" in between


@pytest.mark.parametrize(("share", "place"), [(0, -3), (0.5, 0), (1, 3), (-0.2, -3), (1.7, 3), (0.6, 0.6)])
def test_the_pointer_gives_a_place_on_the_axis(share, place):
    assert run(KERNEL, ["placeAt", share]) == [place]


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("temperature_and_kernel_width"), encoding="utf-8")
    call = ["curves", explore.temperature_and_kernel_width().state, [-1.0, 0.3]]
    assert run(joined, call) == run(KERNEL, call)
    assert KERNEL.stat().st_size <= 50 * 1024
