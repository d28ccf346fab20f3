"""What cures a misconception is there: a title, a section, and exercises that stand where they are said to stand."""
from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "src")]
import items  # noqa: E402
import today  # noqa: E402

PLACED = re.compile(r"^% exercise: (\S+)", re.M)
HOMES = {name: f"book/{page.relative_to(ROOT / 'book').with_suffix('.html').as_posix()}"
         for page in sorted((ROOT / "book").rglob("*.md")) for name in PLACED.findall(page.read_text("utf-8"))}


def test_every_exercise_has_its_page_and_its_anchor():
    listed = today.cures(HOMES)["exercises"]
    assert len(listed) == len(today.EXERCISES)
    for name, title, minutes, address in listed:
        assert title and minutes > 0 and address == f"{HOMES[name]}#exercise-{re.sub('[._]', '-', name)}"


def test_every_misconception_that_an_answer_can_show_has_a_section_to_read():
    found = today.cures(HOMES)
    shown = {name for item in items.load() for name in [item.get("misconception"), *(wrong["misconception"] for wrong in item.get("wrong", ()))] if name}
    assert len(shown) > 300 and shown <= set(found["mistakes"])
    for title, what, read, exercises in found["mistakes"].values():
        page, anchor = read.split("#")
        assert title and what and anchor and (ROOT / page).with_suffix(".md").is_file()
        assert all(0 <= at < len(found["exercises"]) for at in exercises)


def test_exercises_on_the_page_itself_come_first_then_those_of_its_part():
    listed = [[name, "", 1, f"book/{page}.html#{name}"] for name, page in (("x", "c/d"), ("y", "a/e"), ("z", "a/b"))]
    assert today._near([0, 1, 2], "a/b", listed) == [2, 1, 0]
    found = today.cures(HOMES)
    pages = [found["exercises"][at][3] for at in found["mistakes"]["no_scale"][3]]
    own = [page.startswith("book/self_attention/") for page in pages]
    assert any(own) and own == sorted(own, reverse=True)
