"""The chapters and what each needs, read from the sources; the map that is drawn of them."""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import course  # noqa: E402

course_map = pytest.importorskip("course_map")

BOX = """---
attnlab: {module: m, minutes: 35}
---
# Masks: who may look

:::{admonition} Before you start
:class: prerequisites
- [Scores](scores.ipynb), because a mask is one
  of its **six** steps.
- Broadcasting in `NumPy`, and no page.
- A derivative ([refresher](../start/calculus.md#the-chain-rule)) of $x$.
:::

- [Elsewhere](../start/other.ipynb) is no need.
"""


@pytest.fixture(scope="module")
def known() -> list[course.Chapter]:
    return course.chapters(ROOT)


def test_the_items_that_name_a_page_are_needs_and_their_own_reasons():
    found = course.needs(BOX, "book/self_attention/masks")
    assert [need.pages for need in found] == [("book/self_attention/scores",), ("book/start/calculus",)]
    assert course.plain(found[0].words) == "Scores, because a mask is one of its six steps."


def test_a_page_without_the_box_needs_nothing():
    assert course.needs("# Title\n\n- [A](b.ipynb)\n", "book/x/y") == ()


def test_links_of_a_reason_are_turned_to_where_it_is_read():
    words = course.needs(BOX, "book/self_attention/masks")[1].words
    assert "(../start/calculus.md#the-chain-rule)" in course.rebased(words, "book/self_attention/masks", "book/reference/map")
    assert "(start/calculus.md#the-chain-rule)" in course.rebased(words, "book/self_attention/masks", "book/index")


def test_title_and_minutes_are_the_page_s_own(tmp_path):
    (tmp_path / "masks.md").write_text(BOX, encoding="utf-8")
    one = course.chapter(tmp_path, "masks", "Self-attention")
    assert (one.title, one.minutes, one.before) == ("Masks: who may look", 35, ("scores", "../start/calculus"))


def test_every_page_of_the_course_is_a_chapter_once_in_order(known):
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    pages = [one["file"] for part in parts if part["caption"] not in ("Practice", "Concepts", "Reference") for one in part["chapters"]]
    assert [one.page for one in known] == [page for page in pages if page != "book/start/how_to_use"]


def test_what_a_chapter_needs_is_a_page_of_the_course(known):
    pages = {one.page for one in known}
    assert {to for one in known for to in one.before} <= pages
    assert sum(len(one.before) for one in known) > 2 * len(known)


def chain(**needs: str) -> list[course.Chapter]:
    """Chapters a, b, c, ... with what they need, as letters."""
    return [course.Chapter(page, page, "Part", 1, (course.Need(tuple(letters), ""),) if letters else ()) for page, letters in needs.items()]


@pytest.mark.parametrize("needs, lines", [
    ({"a": "", "b": "a", "c": "ab"}, {"ab", "bc"}),
    ({"a": "", "b": "a", "c": "b", "d": "abc"}, {"ab", "bc", "cd"}),
    ({"a": "", "b": "", "c": "ab"}, {"ac", "bc"}),
    ({"a": "b", "b": "a"}, {"ab", "ba"}),
    ({"a": "", "b": "az"}, {"ab"}),
])
def test_a_line_that_follows_from_others_is_not_drawn(needs, lines):
    assert {a + b for a, b in course.direct(chain(**needs))} == lines


def test_every_need_can_be_walked_along_the_lines(known):
    ways: dict[str, set[str]] = {}
    for to, page in course.direct(known):
        ways.setdefault(page, set()).add(to)

    def behind(page: str) -> set[str]:
        return set().union(*({to} | behind(to) for to in ways.get(page, ())))

    assert [(one.page, to) for one in known for to in one.before if to not in behind(one.page)] == []


# -- the picture


@pytest.fixture(scope="module")
def drawn(known) -> ElementTree.Element:
    return ElementTree.fromstring(course_map.picture(known, lambda page: f"{page}.html"))


def boxes(drawn) -> dict[str, tuple[float, ...]]:
    """page -> left, top, right and bottom of its box."""
    frames = {link.get("data-map"): link.find("rect") for link in drawn.iter("a") if link.get("class") == "map-box"}
    return {page: (x := float(f.get("x")), y := float(f.get("y")), x + float(f.get("width")), y + float(f.get("height"))) for page, f in frames.items()}


def test_every_chapter_has_its_place_and_no_two_boxes_touch(drawn, known):
    found = boxes(drawn)
    homes = {link.get("data-map") for link in drawn.iter("a") if link.get("class") == "map-home"}
    assert set(found) | homes == {f"{one.page}.html" for one in known} and not set(found) & homes
    left, _, wide, high = map(float, drawn.get("viewBox").split())
    for x, y, right, bottom in found.values():
        assert left < x and right < left + wide and 0 < y and bottom < high
    for a, b in itertools.combinations(found.values(), 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


def test_a_line_begins_and_ends_at_the_boxes_it_joins(drawn):
    found = boxes(drawn)
    for path in drawn.iter("path"):
        numbers = [float(n) for n in re.findall(r"-?\d+", path.get("d"))]
        for page, (x, y) in ((path.get("data-from"), numbers[:2]), (path.get("data-to"), numbers[-2:])):
            left, top, right, bottom = found[page]
            assert abs(x - (left + right) / 2) <= 1 and min(abs(y - top), abs(y - bottom)) <= 1, path.get("d")


def test_titles_fit_their_boxes(known):
    for lane in course_map.lanes(known):
        for one in lane.boxes:
            lines = course_map.lines(course_map.short(one))
            assert len(lines) <= 3 and " ".join(lines) == course_map.short(one)


def test_a_phone_gets_the_same_chapters_as_a_list(known):
    listed = re.findall(r'data-map="([^"]+)\.html"', course_map.listing(known, str))
    assert listed == [one.page for one in known]


def test_what_is_said_of_a_chapter_is_its_reasons(known):
    masks = next(one for one in known if one.page == "book/self_attention/masks")
    assert course_map.about(masks).startswith("Masks. 35 minutes. It builds on: Scaled dot-product attention, because ")
    assert "no other chapter" in course_map.about(known[0])
