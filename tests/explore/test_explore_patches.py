"""Patches of a drawn digit: the table, what it refuses, and its JavaScript against the package, with node."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore, reference
from attnlab.explore import WIDGETS, module_source
from attnlab.reference import vit
from attnlab.reference.layers import gelu_tanh, layer_norm
from attnlab.reference.layers.patches import patches

MODULE = WIDGETS / "patches.js"
MODEL, KEPT = vit.load(), json.loads(vit.FILE.read_text(encoding="utf-8"))
IMAGES, LABELS = vit.samples()
DRAWN = np.random.default_rng(20_023).integers(0, 17, size=64)


def test_patches_are_the_packages():
    rng = np.random.default_rng(3)
    for side, size in ((8, 2), (6, 3), (4, 4), (6, 1)):
        image = rng.normal(size=(1, side, side))
        [rows] = run(MODULE, ["patches", image.ravel().tolist(), size])
        close(rows, patches(image, size))


def test_parts_of_the_arithmetic_on_other_sizes():
    rng = np.random.default_rng(4)
    x, gain, bias = rng.normal(size=(3, 6)), rng.normal(size=6), rng.normal(size=6)
    [normed, *bent] = run(MODULE, ["layerNorm", x.tolist(), {"gain": gain.tolist(), "bias": bias.tolist()}], *[["gelu", z] for z in (-3.0, -0.4, 0.0, 2.0)])
    close(normed, layer_norm(x, gain, bias, 1e-6))
    close(bent, gelu_tanh(np.array([-3.0, -0.4, 0.0, 2.0])))
    parts = {name: rng.normal(size=(6, 6)) for name in ("query", "key", "value", "output")}
    [layer] = run(MODULE, ["attend", x.tolist(), {name: w.tolist() for name, w in parts.items()}, 3])
    close(layer["out"], reference.heads.multi_head(x, None, reference.heads.Projections(**parts), 3))


@pytest.mark.parametrize("image", [IMAGES[0], IMAGES[33], DRAWN.reshape(1, 8, 8) / 16, np.zeros((1, 8, 8))])
def test_weights_logits_and_chances_are_the_packages(image):
    ink = [round(16 * x) for x in image.ravel()]
    [rows, seen] = run(MODULE, ["embed", KEPT["model"], ink], ["look", KEPT["model"], ink])
    close(rows, vit.embed(MODEL, image))
    close(seen["logits"], vit.logits(MODEL, image))
    close(seen["chances"], reference.softmax(vit.logits(MODEL, image)))
    weights = vit.weights(MODEL, image)
    for found, right in zip(seen["weights"], weights, strict=True):
        close(found, right)
    [one, mean] = run(MODULE, ["shares", seen["weights"], 0, 1, 5], ["shares", seen["weights"], 1, -1, 0])
    close(one, weights[0][1, 5])
    close(mean, weights[1].mean(axis=0)[0])


def test_samples_are_unpacked_as_the_package_reads_them():
    found = run(MODULE, *[["unpacked", text] for text in KEPT["samples"]["images"]])
    np.testing.assert_array_equal(np.array(found) / 16, IMAGES.reshape(50, 64))


def test_a_stroke_puts_ink_where_the_pen_went_and_takes_none_away():
    [dot, line, more] = run(MODULE, ["inked", [0] * 64, [3.5, 2.5], [3.5, 2.5]], ["inked", [0] * 64, [0.5, 4.5], [7.5, 4.5]],
                            ["inked", DRAWN.tolist(), [0.5, 4.5], [7.5, 4.5]])  # fmt: skip
    dot, line, more = (np.array(x).reshape(8, 8) for x in (dot, line, more))
    assert dot[2, 3] == 16 and (dot == dot.max()).sum() == 1 and dot[2, 5] == 0 and dot[1, 3] == dot[3, 3] == 4
    assert (line[4] == 16).all() and (line[3] == 4).all() and line[:3].sum() == line[6:].sum() == 0
    np.testing.assert_array_equal(more, np.maximum(DRAWN.reshape(8, 8), line))


def test_the_guess_in_a_sentence():
    [text] = run(MODULE, ["verdict", {"chances": [0.1, 0.62, 0.0, 0.28]}])
    assert text == "The model reads a 1 (62.0 %), then a 3 (28.0 %)."


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("patches"), encoding="utf-8")
    call = ["look", KEPT["model"], DRAWN.tolist()]
    assert run(joined, call) == run(MODULE, call)


def test_the_table_shows_the_packages_numbers():
    shown = explore.patches(sample=7, block=0, head=1, token=6)._repr_html_()
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', shown)
    cells = np.array([[float(x) for x in re.findall(r"<td>(.*?)</td>", line)] for _, line in rows])
    np.testing.assert_allclose(cells.ravel(), 100 * vit.weights(MODEL, IMAGES[7])[0][1, 6, 1:], atol=0.0501)
    assert f"the guess is {LABELS[7]}" in shown and repr(explore.patches()) == "<explorable patches>"
    assert explore.patches()._repr_html_() == explore.patches()._repr_html_()


@pytest.mark.parametrize(("options", "text"), [({"sample": 50}, "sample must be a whole number from 0 to 49, got 50"), ({"block": 2}, "block must be"),
                                               ({"head": 2}, "head must be a whole number from 0 to 1, got 2"), ({"token": 17}, "token must be a whole number from 0 to 16")])  # fmt: skip
def test_errors_name_what_is_wrong(options, text):
    with pytest.raises(ValueError, match=text):
        explore.patches(**options)
