"""`{shorts}`: the idea in 60 seconds of every chapter, taken from the chapters when the page is read; there is no second copy."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import course
import course_map
from docutils import nodes

BOX = re.compile(r"^(:{3,})\{admonition\} The idea in 60 seconds\n:class: idea *\n(.*?)^\1 *$", re.M | re.S)


def idea(text: str) -> str:
    """What stands in a page's box; empty where it has none."""
    found = BOX.search(text)
    return found[2].strip() if found else ""


def ideas(root: Path) -> list[tuple[course.Chapter, str]]:
    """Every chapter that has such a box, in the order of the table of contents, with its text as it stands in the source."""
    found = ((one, idea((root / f"{one.page}.md").read_text("utf-8"))) for one in course.chapters(root))
    return [(one, text) for one, text in found if text]


class Shorts(course_map.Directive):
    """A section for each part, and in it the ideas with a link to their chapters."""

    def run(self) -> list[nodes.Node]:
        self.known()  # the page is read again when a chapter changes
        parts = groupby(ideas(Path(self.env.srcdir)), key=lambda found: found[0].part)
        return [self.part(name, list(found)) for name, found in parts]

    def part(self, name: str, found: list[tuple[course.Chapter, str]]) -> nodes.section:
        section = nodes.section("", nodes.title("", name), ids=[nodes.make_id(f"shorts-{name}")], names=[])
        for one, text in found:
            section += self.parsed(self.short(one, text), "short-idea")
        return section

    def short(self, one: course.Chapter, text: str) -> list[str]:
        words = course.rebased(text, one.page, self.env.docname)
        return [f"**[{one.title}]({self.source(one.page)})**", "", *words.splitlines()]


def setup(app) -> dict:
    app.add_directive("shorts", Shorts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
