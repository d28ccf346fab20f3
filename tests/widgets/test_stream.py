"""The arithmetic of stream_by_layer.js against attnlab.studies.stream, with node."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import close, run

from attnlab.explore import WIDGETS
from attnlab.reference import layers
from attnlab.studies import stream as study

STREAM = WIDGETS / "stream_by_layer.js"


def test_the_numbers_drawn_are_python_s():
    draw = study._uniform(7)
    (result,) = run(STREAM, ["uniform", 7, 500])
    assert result == [next(draw) for _ in range(500)]


@pytest.mark.parametrize("norm", study.NORMS)
def test_sizes_and_gradients_are_python_s(norm):
    states = [
        {"norm": norm, "depth": d, "scale": s, "seed": seed} for d, s, seed in ((2, 1.0, 1), (5, 0.3, 2), (17, 1.5, 9))
    ]
    for state, result in zip(states, run(STREAM, *[["stream", state] for state in states])):
        expected = study.stream(state["depth"], norm, state["scale"], state["seed"])
        for name, numbers in zip(("rms", "onStream", "onWeights"), expected):
            np.testing.assert_allclose(result[name], numbers, rtol=1e-10)


def test_the_norm_and_its_gradient_are_the_reference_s():
    rng = np.random.default_rng(0)
    x, gradient = rng.normal(size=(2, 3, 5))
    normed, back = run(STREAM, ["rmsNorm", x.tolist()], ["rmsNormGradient", x.tolist(), gradient.tolist()])
    close(normed, layers.rms_norm(x))
    close(back, layers.rms_norm_gradient(x, gradient)[0])


def test_the_sentence_tells_the_numbers():
    states = [{"norm": norm, "depth": 16, "scale": 1, "seed": 1} for norm in study.NORMS]
    seen = run(STREAM, *[["stream", state] for state in states])
    said = run(STREAM, *[["verdict", state, one] for state, one in zip(states, seen)])
    assert said[0].startswith(f"The stream grows to {seen[0]['rms'][16] / seen[0]['rms'][0]:.2f} times its size.")
    assert "holds the stream at 1.00" in said[1] and said[2].startswith("Without a norm the stream grows to")
    for one, sentence in zip(seen, said):
        assert f"which is {one['onWeights'][15]:.{0 if one['onWeights'][15] >= 100 else 2}f}." in sentence


def test_the_axis_holds_the_values_between_whole_powers_of_ten():
    cases = [[1, 5.8, 0.9], [1, 10], [3, 4], [1, 2.1e9], [1e-3, 1e3]]
    for values, axis in zip(cases, run(STREAM, *[["decades", values] for values in cases])):
        assert 10 ** axis["low"] <= min(values) and max(values) <= 10 ** axis["high"] and axis["low"] < axis["high"]
        assert (axis["high"] - axis["low"]) / axis["every"] <= 4
