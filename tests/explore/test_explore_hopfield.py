"""The drawing that a memory completes: its table, its pictures, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab import explore
from attnlab.explore.hopfield import PATTERNS, answer_of, cells_of
from attnlab.reference import memory


def test_six_pictures_of_64_cells_and_the_first_four_can_be_stored():
    pictures = np.array([cells_of(text) for text in PATTERNS.values()])
    assert pictures.shape == (6, 64) and set(pictures.ravel()) == {1, -1}
    for n, rest in ((1, 1), (4, 4), (6, 4)):
        assert (memory.settle(memory.store(pictures[:n]), pictures[:n]) == pictures[:n]).all(axis=1).sum() == rest


def test_the_opening_drawing_is_repaired_by_both():
    for kind in ("modern", "classical"):
        assert (np.sign(answer_of(explore.hopfield(memory=kind).state)) == cells_of(PATTERNS["H"])).all()


def test_the_table_without_javascript():
    said = explore.hopfield()._repr_html_()
    assert said.count('<th scope="row">') == 4 and "<td>52</td><td>0.979</td><td>64</td>" in said
    assert explore.hopfield(stored=6)._repr_html_().count('<th scope="row">') == 6


def test_a_drawing_is_text_or_numbers():
    assert explore.hopfield("#" * 64).state["drawing"] == explore.hopfield([1] * 64).state["drawing"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"drawing": "##.."}, "drawing must be 64 cells from -1 to 1, got 4"),
        ({"drawing": [2] * 64}, "drawing must be 64 cells from -1 to 1"),
        ({"memory": "old"}, "memory must be one of modern, classical, got 'old'"),
        ({"sharpness": 1}, "sharpness must be between 0 and 0.25 but is 1"),
        ({"stored": 7}, "stored must be a whole number from 1 to 6, got 7"),
        ({"stored": 0}, "stored must be a whole number from 1 to 6, got 0"),
    ],
)
def test_what_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        explore.hopfield(**options)
