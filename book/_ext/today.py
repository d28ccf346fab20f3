"""Today's session: a link to it in the header of every page, with what is due (practice/today.js), and its place on its own page.

    {review}       where practice/review.js asks what is due; without scripts, every chapter that holds cards and questions
    {mastery}      where practice/mastery.js shows how far the reader has come, and what keeps going wrong

`_static/bank/cures.json` says of every misconception what it is, where to read, and which exercises know it.
"""

from __future__ import annotations

import json
from pathlib import Path

import items
from docutils import nodes
from practice import EXERCISES, MISCONCEPTIONS, html
from places import places
from shelf import asked, ordered
from sphinx.util.docutils import SphinxDirective

from attnlab.exercises._pages import TITLES, address  # practice.py made the package of this repository known

PAGE = "book/practice/review"
BUTTONS = '<div class="article-header-buttons">'
WITHOUT = "{} needs JavaScript, and a page that was not opened as a file. The same cards and questions, each with its folded answer, stand at the end of these chapters:"


class Place(SphinxDirective):
    """A box for a script; what stands in it without one leads to the chapters."""

    css, words, marks, ids = "", "", {}, []

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        held: dict[str, str] = {}
        for item in asked(ordered(items.load(root / self.env.config.practice_items), root)):
            if not item.get(items.APART):
                held.setdefault(f"book/{item['chapter']}", item["id"])
        listing = nodes.bullet_list("", *(self._row(page, first) for page, first in held.items() if page in self.env.found_docs))
        box = html("div", nodes.paragraph("", WITHOUT.format(self.words)), listing, **self.marks)
        box["classes"] += [self.css, "asks", "panel"]
        box["ids"] += self.ids
        return [box]

    def _row(self, page: str, first: str) -> nodes.list_item:
        """A link to the first item of a chapter."""
        uri = self.env.app.builder.get_relative_uri(self.env.docname, page)
        link = nodes.reference("", TITLES.get(page.removeprefix("book/"), page), internal=True, refuri=f"{uri}#item-{first}")
        return nodes.list_item("", nodes.paragraph("", "", link))


class Review(Place):
    css, words, marks = "review", "A session", {"data_study": "review"}  # what is answered there is logged so
    ids = ["now"]  # a link to it begins today's session


class Mastery(Place):
    css, words = "mastery", "What you know and what keeps going wrong is worked out from your answers, which"


def cures(homes: dict[str, str]) -> dict:
    """{exercises: [[id, name, minutes, address]], mistakes: {id: [title, what, address, [places in exercises]]}}; `homes` says on
    which page an exercise stands."""
    known: dict[str, list[int]] = {}
    for at, (name, exercise) in enumerate(EXERCISES.items()):
        for mutant in exercise.mutants:
            known.setdefault(exercise.same_as.get(mutant, mutant), []).append(at)
    listed = [[name, one.title, one.minutes, f"{homes.get(name, '')}#exercise-{name.replace('.', '-').replace('_', '-')}"] for name, one in EXERCISES.items()]
    mistakes = {name: [one.title, one.what, address(one.page, (one.heading,)), _near(known.get(name, []), one.page, listed)]
                for name, one in MISCONCEPTIONS.items()}
    return {"exercises": listed, "mistakes": mistakes}


def _near(found: list[int], page: str, listed: list[list]) -> list[int]:
    """Places of exercises, those on the page itself first, then those of its part."""
    starts = (f"book/{page}.html#", f"book/{page.split('/')[0]}/")
    return sorted(found, key=lambda at: [not listed[at][3].startswith(start) for start in starts])


def write(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir, "_static")
    held = json.loads((static / "way.json").read_text("utf-8"))  # by way.py, just before
    homes = {name: one["page"] for one in held for name in one["exercises"]}
    (static / "bank").mkdir(exist_ok=True)
    (static / "bank" / "cures.json").write_text(json.dumps(cures(homes), ensure_ascii=False, separators=(",", ":")), "utf-8")
    for page in [*places(Path(app.srcdir)), app.config.root_doc]:
        _link(Path(app.outdir), page)


def _link(site: Path, page: str) -> None:
    """The header's link, where the page has a header."""
    path, up = site / f"{page}.html", "../" * page.count("/")
    if not path.is_file():
        return
    text = path.read_text("utf-8")
    link = f'<a class="today-link" href="{up}{PAGE}.html" aria-label="Review"><span class="today-word">Review</span><span class="today-count"></span></a>'
    path.write_text(text.replace(BUTTONS, BUTTONS + link, 1), "utf-8")


def load(app, pagename, templatename, context, doctree) -> None:
    if PAGE not in app.env.found_docs:
        return
    app.add_css_file("css/review.css")
    app.add_js_file("practice/today.js", type="module")
    boxes = {name for node in doctree.findall(nodes.Element) for name in node["classes"]} if doctree is not None else set()
    for name in ("review", "mastery", "recall"):
        if name in boxes:
            app.add_js_file(f"practice/{name}.js", type="module")


def setup(app) -> dict:
    app.add_directive("review", Review)
    app.add_directive("mastery", Mastery)
    app.connect("html-page-context", load)
    app.connect("build-finished", write, priority=946)  # after the marks of way.py, before slim.py
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
