"""The arithmetic of bias_shapes.js and position_phases.js against the package's NumPy, with node; 1e-12."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore
from attnlab.explore import WIDGETS, module_source
from attnlab.explore.bias_shapes import WISHES, _biases
from attnlab.explore.position_phases import PHASES, _hands
from attnlab.reference import positions

BIAS, HANDS = WIDGETS / "bias_shapes.js", WIDGETS / "position_phases.js"


def bias_states() -> list[dict]:
    sizes = [(1, 1, 4, 20, 1), (8, 3, 16, 64, 16), (16, 16, 32, 128, 64), (4, 2, 8, 33, 7)]
    return [
        {"wish": wish, "heads": heads, "head": head, "buckets": buckets, "most": most, "reach": reach, "distance": 5}
        for wish in WISHES
        for heads, head, buckets, most, reach in sizes
    ]


def test_biases_are_the_package_s():
    states = bias_states()
    for state, found in zip(states, run(BIAS, *[["shapes", state] for state in states]), strict=True):
        expected = _biases(state)
        close(found["wish"], expected["wish"])
        for key, name in {"alibi": "ALiBi", "t5": "T5", "shaw": "Shaw"}.items():
            close(found["biases"][key], expected[name])
            gap = np.sqrt(np.mean((expected[name] - expected["wish"]) ** 2))
            assert found["gaps"][key] == pytest.approx(gap, rel=1e-12)


@pytest.mark.parametrize(("buckets", "most"), [(4, 20), (8, 20), (16, 64), (32, 128), (16, 97)])
def test_buckets_are_the_package_s_at_every_distance(buckets, most):
    found = run(BIAS, *[["bucket", r, buckets, most] for r in range(300)])
    here = np.array([300])
    assert found == positions.t5_buckets(here, here - np.arange(300), buckets, most, False)[0].tolist()


def test_slopes_are_the_package_s():
    for heads in (1, 2, 4, 8, 16):
        close(run(BIAS, *[["slope", heads, head] for head in range(1, heads + 1)]), positions.alibi_slopes(heads))


def test_the_wishes_have_the_same_names_and_the_sentence_names_the_nearest():
    state = explore.bias_shapes("steady", reach=64).state
    [found] = run(BIAS, ["shapes", state])
    [text] = run(BIAS, ["verdict", state, found])
    assert text.startswith("Nearest to the wish: Shaw, off by 0.00") and "Shaw 65" in text
    source = BIAS.read_text(encoding="utf8")
    assert all(f'["{wish}",' in source for wish in WISHES)


def phase_states() -> list[dict]:
    return [
        {"kind": kind, "width": width, "base": base, "position": p, "offset": s}
        for kind in PHASES
        for width, base in ((2, 10000), (16, 10000), (6, 50))
        for p, s in ((0, 0), (7, -20), (500, 50))
    ]


def test_hands_and_products_are_the_package_s():
    states = phase_states()
    results = run(HANDS, *[[name, state] for state in states for name in ("hands", "product", "curve")])
    for state, hands, product, curve in zip(states, results[::3], results[1::3], results[2::3], strict=True):
        expected = _hands(state)
        close(hands, expected)
        assert product == pytest.approx(np.cos(expected[:, 1] - expected[:, 0]).sum(), abs=1e-11)
        assert len(curve) == 101 and curve[state["offset"] + 50] == pytest.approx(product, abs=1e-12)
        if state["kind"] == "sinusoid":
            ends = np.array([state["position"], state["position"] + state["offset"]])
            u, v = positions.sinusoidal(ends, state["width"], float(state["base"]))
            assert product == pytest.approx(u @ v, abs=1e-11)


def test_the_product_does_not_know_the_position():
    for kind in PHASES:
        states = [{"kind": kind, "width": 8, "base": 100, "position": p, "offset": -3} for p in (0, 1, 333)]
        products = run(HANDS, *[["product", state] for state in states])
        assert max(products) - min(products) < 1e-11


def test_degrees_go_once_round():
    found = run(HANDS, *[["degrees", x] for x in (0, np.pi, -np.pi / 2, 7 * np.pi)])
    assert found == pytest.approx([0, 180, 270, 180])


@pytest.mark.parametrize(
    ("name", "call"),
    [("bias_shapes", ["slope", 8, 3]), ("position_phases", ["speeds", 8, 100])],
)
def test_joined_for_jupyterlab_it_computes_the_same(name, call, tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source(name), encoding="utf-8")
    assert run(joined, call) == run(WIDGETS / f"{name}.js", call)
    assert len(module_source(name).encode()) < 50_000
