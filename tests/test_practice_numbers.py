"""Numbers as people type them into a quiz."""
from __future__ import annotations

from pathlib import Path

import pytest

from in_node import run

NUMBERS = Path(__file__).resolve().parents[1] / "book" / "_static" / "practice" / "numbers.js"
READ = {
    "0.5": [0.5], ".5": [0.5], "5.": [5], "0,505": [0.505], " 3 / 6 ": [0.5], "1,5/3": [0.5], "+5e-1": [0.5], "−2": [-2], "-1/4": [-0.25],
    "50%": [0.5], "50,0 %": [0.5], "1 048 576": [1048576], "1,048,576": [1048576], "1,000": [1000, 1], "12,5": [12.5],
    "1,048,576.5": [1048576.5], "1/3": [1 / 3], "0.1e1": [1], "1/0": [], "0/0": [], "1/2/1": [], "half": [], "": [], "%": [], "/": [], "1/": [],
    "0x1": [], "Infinity": [], "NaN": [], "1e999": [], "1.2.3": [], "5%%": [], "--1": [], "1,2,3": [],
}


def test_a_text_is_read_in_every_way_it_can_mean():
    assert run(NUMBERS, *(["readings", text] for text in READ)) == list(READ.values())


@pytest.mark.parametrize("text, value", [("25%", 25), ("25", 25), ("1/4", 0.25)])
def test_where_percent_is_asked_for_the_sign_only_names_the_unit(text, value):
    assert run(NUMBERS, ["readings", text, {"percent": True}]) == [[value]]


@pytest.mark.parametrize("text, number, tolerance, right", [
    ("1/3", 0.33, 0.006, True), ("1/3", 0.3333333333333333, 0, True), ("0.3", 0.33, 0.006, False), ("0.34", 0.33, 0.01, True),
    ("1,024", 1024, 0, True), ("1,024", 1.024, 0, True), ("1.024", 1024, 0, False), ("1048576", 1048576, 0, True),
    ("1048576.1", 1048576, 0, False), ("-1,5", -1.5, 0.001, True), ("33%", 0.33, 0.006, True)])
def test_one_reading_within_the_tolerance_is_right(text, number, tolerance, right):
    assert run(NUMBERS, ["means", text, number, tolerance]) == [right]
