"""Graders, graded: weak checks accept what they should not, and the count tells shape from value."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
graders = pytest.importorskip("graders")
from attnlab.exercises import EXERCISES  # noqa: E402


def raises(x):
    raise ValueError(x)


def toy(judged_by="values"):
    wrong = {"shape": lambda x: x[:1], "value": lambda x: x + 1, "only_large": lambda x: np.minimum(x, 9), "raises": raises}
    probes = [SimpleNamespace(arguments=(np.array([100.0, 2]),), extreme=True), SimpleNamespace(arguments=(np.array([1.0, 2]),), extreme=False)]
    return SimpleNamespace(judged_by=judged_by, probes=probes, reference=lambda x: x.copy(), mutants=wrong)


def test_a_shape_passes_two_of_four_and_an_ordinary_example_one():
    assert graders.counted([toy()]) == (4, 2, 1)
    assert graders.counted([toy("properties")]) == (0, 0, 0)


def test_wrong_answers_work_on_copies():
    one = toy()
    one.mutants = {"in_place": lambda x: x.__iadd__(1)}
    graders.counted([one])
    assert one.probes[1].arguments[0].tolist() == [1, 2]


def test_weak_checks_accept_much_of_what_the_masks_chapter_catches():
    """One part of the course, so that it takes a second: nine tenths pass by their shape, a fraction by one example."""
    count = graders.counted(one for name, one in EXERCISES.items() if name.startswith("self_attention."))
    assert count.wrong > 300 and count.shape > 0.8 * count.wrong and 0.05 * count.wrong < count.example < 0.4 * count.wrong


def test_the_sums_of_the_second_table_are_its_rows():
    import re

    text = (ROOT / "book" / "reference" / "reproduced.md").read_text("utf-8")
    rows = [(int(wrong.replace(",", "")), int(accepted)) for wrong, accepted in re.findall(r"^\| (?:A public|This course)[^|]*\| ([\d,]+) \| (\d+) \|$", text, re.M)]
    public = [row for row in rows if row[0] < 100]
    assert f"accepted {sum(a for _, a in public)} of {sum(w for w, _ in public)}, ours {rows[-1][1]} of {rows[-1][0]:,}" in text
