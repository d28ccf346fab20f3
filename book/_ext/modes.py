"""Ways through the course, read from modes.toml: each a list of pages in order, which practice/route.js then leads a reader along.

    {mode-cards}     a card for each way; without scripts it leads to the way's list
    {route} name     the list itself: its pages with their minutes, and what it takes as known
    {due}            what a reader who comes back should repeat today (practice/due.js)
"""

from __future__ import annotations

import json
import re
import tomllib
from html import escape
from pathlib import Path
from typing import NamedTuple

import course
import course_map
from docutils import nodes
from practice import html

from attnlab.exercises import EXERCISES  # course_map has put the package of this repository on the path
from attnlab.exercises._pages import TITLES

FILE = Path(__file__).with_suffix(".toml")
PLACE = "book/start/how_to_use"
EXERCISE = re.compile(r"^% exercise: (\S+)", re.M)
UNSAID = 10  # minutes for a page that names none
WITHOUT = "What is due today is worked out from your answers, which needs JavaScript and a page from a web server."


class Step(NamedTuple):
    """One page of a way: its address below book/, its title, the minutes of its text and of its exercises."""

    page: str
    title: str
    minutes: int
    exercises: int

    @property
    def address(self) -> str:
        page, _, anchor = self.page.partition("#")
        return f"book/{page}.html" + (f"#{anchor}" if anchor else "")


class Mode(NamedTuple):
    """A way through the course."""

    name: str
    title: str
    words: str
    pages: tuple[str, ...]
    steps: bool = True
    due: bool = False
    search: bool = False
    names: dict[str, str] = {}


def modes() -> list[Mode]:
    told = tomllib.loads(FILE.read_text("utf-8"))["mode"]
    return [Mode(**one | {"pages": tuple(one["pages"])}) for one in told]


def step(root: Path, mode: Mode, page: str) -> Step:
    file = page.partition("#")[0]
    text = (root / "book" / f"{file}.md").read_text("utf-8")
    minutes = course.chapter(root, f"book/{file}", "").minutes or UNSAID
    named = set() if file.endswith("/problems") else set(EXERCISE.findall(text))  # a page of problems counts them as its own
    return Step(page, mode.names.get(page, TITLES[file]), minutes, sum(EXERCISES[name].minutes for name in named))


def steps(root: Path, mode: Mode) -> list[Step]:
    return [step(root, mode, page) for page in mode.pages]


def taken(root: Path, mode: Mode) -> dict[str, list[str]]:
    """Page that the way leaves out -> the pages on it that need it, both in order."""
    found: dict[str, list[str]] = {}
    for page in mode.pages if mode.steps else ():
        for need in course.chapter(root, f"book/{page}", "").before:
            other = need.removeprefix("book/")
            if other not in mode.pages:
                found.setdefault(other, []).append(page)
    return found


def hours(minutes: int) -> str:
    """275 -> "4½ h", in halves of an hour."""
    halves = round(minutes / 30)
    whole = str(halves // 2) if halves > 1 else ""
    return f"{whole}{'½' * (halves % 2)} h"


def size(mode: Mode, found: list[Step]) -> str:
    """What a card says of a way's length."""
    if not mode.steps:
        return "the search and " + f"{len(found)} pages"
    reading, doing = sum(one.minutes for one in found), sum(one.exercises for one in found)
    pages = f"{len(found)} pages, {hours(reading)}"
    return f"{pages}, exercises {hours(doing)}" if doing else pages


class Cards(course_map.Directive):
    """Every way as a card."""

    def run(self) -> list[nodes.Node]:
        self.known()
        self.env.note_dependency(str(FILE))
        root = Path(self.env.srcdir)
        cards = "".join(self._card(mode, size(mode, steps(root, mode))) for mode in modes())
        return [nodes.raw("", f'<div class="modes"><ul>{cards}</ul></div>', format="html")]

    def _card(self, mode: Mode, said: str) -> str:
        to = f"{self.address(PLACE)}#mode-{mode.name}"
        return (f'<li><a class="mode-card" href="{to}" data-mode="{mode.name}"><strong>{escape(mode.title)}</strong>'
                f"<span>{escape(mode.words)}</span><small>{said}</small></a></li>")


class Route(course_map.Directive):
    """One way as a list of links."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.known()
        self.env.note_dependency(str(FILE))
        mode = next(one for one in modes() if one.name == self.arguments[0])
        box = html("div", *self.parsed(self.text(mode), "route"), data_route=mode.name)
        return [box]

    def text(self, mode: Mode) -> list[str]:
        found = steps(Path(self.env.srcdir), mode)
        mark = "1." if mode.steps else "-"
        rows = [f"{mark} {self.link(one.page, one.title)}{self.told(one, mode)}" for one in found]
        return [mode.words, "", *rows, "", *self.sums(mode, found), *self.left_out(mode)]

    def link(self, page: str, title: str) -> str:
        file, _, anchor = page.partition("#")
        return f"[{title}](#{anchor})" if anchor else f"[{title}]({self.source(f'book/{file}')})"

    def told(self, one: Step, mode: Mode) -> str:
        if not mode.steps:
            return ""
        return f", {one.minutes} minutes" + (f" and {one.exercises} of exercises" if one.exercises else "")

    def sums(self, mode: Mode, found: list[Step]) -> list[str]:
        if not mode.steps:
            return []
        reading, doing = sum(one.minutes for one in found), sum(one.exercises for one in found)
        return [f"Together {reading} minutes" + (f" of reading and {doing} of exercises." if doing else "."), ""]

    def left_out(self, mode: Mode) -> list[str]:
        if mode.due:
            return ["Each takes the chapters of its own part, and of the parts before it, as known."]
        missing = taken(Path(self.env.srcdir), mode)
        said = [f"{self.link(page, TITLES[page])} (for {', '.join(TITLES[one] for one in needing)})" for page, needing in missing.items()]
        return [f"Not on this route, and taken as known: {'; '.join(said)}."] if said else []


class Due(course_map.Directive):
    """Where practice/due.js says what to repeat."""

    def run(self) -> list[nodes.Node]:
        box = html("div", nodes.paragraph("", WITHOUT), role="status")
        box["classes"] += ["panel", "due"]
        return [box]


def told(root: Path) -> list[dict]:
    """What the scripts need of every way."""
    return [{"name": mode.name, "title": mode.title, "steps": mode.steps, "due": mode.due, "search": mode.search,
             "pages": [{"page": one.address, "title": one.title, "minutes": one.minutes} for one in steps(root, mode)]} for mode in modes()]


def write(app, exception) -> None:
    if not exception and app.builder.name == "html":
        text = json.dumps(told(Path(app.srcdir)), ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "_static", "modes.json").write_text(text, "utf-8")


def load(app, pagename, templatename, context, doctree) -> None:
    app.add_css_file("css/modes.css")
    app.add_js_file("practice/modes.js", type="module")


def setup(app) -> dict:
    app.add_directive("mode-cards", Cards)
    app.add_directive("route", Route)
    app.add_directive("due", Due)
    app.connect("html-page-context", load)
    app.connect("build-finished", write, priority=940)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
