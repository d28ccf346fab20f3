"""The files that pages of reference are drawn from: what is wrong with one is told by file, entry and field, all at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
reference_data = pytest.importorskip("reference_data")

FIELDS = {"id": str, "says": str, "causes": list, "also?": str}
GOOD = '[[group]]\ntitle = "One"\n[[group.thing]]\nid = "a-b"\nsays = "x"\ncauses = ["y"]\n'


def load(folder: Path, text: str):
    path = folder / "things.toml"
    path.write_text(text, "utf-8")
    return reference_data.load(path, "thing", FIELDS)


def test_groups_come_in_their_order_with_their_entries(tmp_path):
    first, second = load(tmp_path, GOOD + GOOD.replace("One", "Two").replace("a-b", "c"))
    assert (first.title, second.title) == ("One", "Two")
    assert first.entries == ({"id": "a-b", "says": "x", "causes": ["y"]},)


@pytest.mark.parametrize("old, new, complaint", [
    ('says = "x"\n', "", "a-b: says: is missing"),
    ('says = "x"', 'says = ""', "a-b: says: wants str and not ''"),
    ('causes = ["y"]', 'causes = "y"', "a-b: causes: wants list and not 'y'"),
    ('causes = ["y"]', 'causes = ["y"]\nwhy = "z"', "a-b: why: there is no such field"),
    ('causes = ["y"]', 'causes = ["y"]\nalso = 3', "a-b: also: wants str and not 3"),
    ('"a-b"', '"A b"', "A b: id: 'A b' wants small letters, digits and hyphens"),
    ('title = "One"\n', "", "group 1: wants a title and entries called thing, and nothing else"),
    ("[[group]]", '[other]\nx = 1\n[[group]]', "other: there is no such table"),
    (GOOD, GOOD * 2, "a-b: id: another entry has it"),
])
def test_what_is_wrong_is_named(tmp_path, old, new, complaint):
    with pytest.raises(reference_data.DataError) as error:
        load(tmp_path, GOOD.replace(old, new))
    assert str(error.value) == f"things.toml: {complaint}"


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    with pytest.raises(reference_data.DataError) as error:
        load(tmp_path, GOOD.replace('says = "x"', "says = 1").replace('["y"]', "[]"))
    assert str(error.value).count("things.toml: a-b: ") == 2


def test_a_link_has_the_title_of_its_page_or_is_a_reference():
    assert reference_data.page("positions/relative") == "[Relative positions](../positions/relative.ipynb)"
    assert reference_data.page("start/notation#use-routes", "here") == "{ref}`here <use-routes>`"
