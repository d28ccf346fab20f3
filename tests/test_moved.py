"""The table of what has moved: each thing stands where the table says, and no longer where it stood."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from docutils.nodes import make_id

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "tools")]
import moved  # noqa: E402
import pages  # noqa: E402

NAMED = re.compile(r"^\(([\w-]+)\)=$|^:name: ([\w-]+)$|\bname: ([\w-]+)\}", re.M)
EXERCISE = re.compile(r"^% exercise: (\S+)$", re.M)
LINES = [(page, old, to) for page, entries in moved.table().items() for old, to in entries.items()]


def anchors(page: str) -> set[str]:
    """Every anchor that the source of a page makes."""
    text = (ROOT / f"{page}.md").read_text("utf-8")
    sections = {make_id(heading.replace("$", "")) for _, heading in pages.headings(ROOT / f"{page}.md")}
    exercises = {"exercise-" + re.sub(r"[._]", "-", name) for name in EXERCISE.findall(text)}
    return sections | exercises | {name for names in NAMED.findall(text) for name in names if name}


@pytest.mark.parametrize(("page", "old", "to"), LINES, ids=[f"{page}#{old}" for page, old, _ in LINES])
def test_what_has_moved_stands_where_the_table_says(page, old, to):
    target, _, anchor = to.partition("#")
    assert old not in anchors(page), "it has not moved"
    assert anchor in anchors(target)


def test_an_anchor_that_keeps_its_name_is_not_written_twice(tmp_path):
    table = tmp_path / "moved.toml"
    table.write_text('["a/b"]\n"one" = "a/c"\n"two" = "a/c#three"\n', encoding="utf-8")
    assert moved.table(table) == {"a/b": {"one": "a/c#one", "two": "a/c#three"}}


def test_every_anchor_is_found():
    found = anchors("book/efficiency/kernel_tricks")
    assert {"the-bound", "every-chip-is-different", "claim-blocked-bound", "fig-blocked-waterfall", "exercise-efficiency-fold-columns"} <= found
