"""The ways to study: pages whose scripts draw on the whole item bank (shelf.py lays it beside the site, a file a part).

    {study} flashcards   the place of one way; without scripts it leads to the chapters, where the same stands as question and folded answer
    {games} match        every task of a kind, as question and folded answer; practice/games.js plays it
    {thinking} masks     the open questions of a part with a model answer and its points; practice/thinking.js keeps what is written
    {paths}              the routes of modes.toml, to be seen on the map
    {ways}               all ways, what each is for, how long it takes and on how much it draws
    {topics}             every tag of the bank with the chapters that hold it

`_static/study/read.json` names the section that puts right what a wrong answer shows.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter, defaultdict
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import items
import places
from docutils import nodes
from practice import bank, html, inline, template
from sphinx.util.docutils import SphinxDirective

from attnlab.exercises import MISCONCEPTIONS  # practice has put the package of this repository on the path
from attnlab.exercises._pages import TITLES, address

WAYS = Path(__file__).with_name("ways.toml")
DRAWN = ("card", *items.QUIZ)  # the kinds that any way can ask
REMEMBER = re.compile(r"^## Remember$", re.M)
SCRIPTS = ("flashcards", "learn", "test", "games", "tutor", "thinking", "paths")
WITHOUT = "This way of studying needs JavaScript. The same cards and questions stand at the end of their chapters, with the answer folded away:"


# -- what the bank holds

def parts(root: Path, known: list[dict]) -> list[dict]:
    """Every part of the course that has items, with its chapters."""
    held = {item["chapter"] for item in known}
    labels = {page.removeprefix("book/"): found.label for page, found in places.places(root).items()}
    chapters = [chapter for chapter in labels if chapter in held]
    return [{"part": part, "label": labels[members[0]],
             "chapters": [{"chapter": one, "title": TITLES[one]} for one in members]}
            for part, members in ((part, list(group)) for part, group in groupby(chapters, key=lambda one: one.partition("/")[0]))]


def plain(text: str) -> str:
    """Words without their marks, as a screen reader is told them: a formula as its source."""
    return "".join(node.astext() for node in inline(text)).strip()


def read(known: list[dict]) -> dict[str, list[str]]:
    """Misconception that a question can show -> its title, and the address of the section that puts it right."""
    shown = {wrong["misconception"] for item in known for wrong in item.get("wrong", ())}
    shown |= {item["misconception"] for item in known if "misconception" in item}
    return {name: [plain(MISCONCEPTIONS[name].title), place(name)] for name in sorted(shown)}


def place(misconception: str) -> str:
    found = MISCONCEPTIONS[misconception]
    return address(found.page, (found.heading,))


def write(app, exception) -> None:
    if not exception and app.builder.name == "html":
        text = json.dumps(read(items.load(Path(app.srcdir, app.config.practice_items))), ensure_ascii=False, separators=(",", ":"))
        path = Path(app.outdir, "_static", "study", "read.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def drawn(known: list[dict]) -> list[dict]:
    return [item for item in known if item["kind"] in DRAWN]


# -- in the page

class Directive(SphinxDirective):
    """Links to pages of the course by their names below book/."""

    def link(self, chapter: str, words: str, anchor: str = "", query: str = "") -> nodes.Node:
        page = f"book/{chapter}"
        if page not in self.env.found_docs:
            return nodes.inline("", words)
        address = self.env.app.builder.get_relative_uri(self.env.docname, page) + query + (f"#{anchor}" if anchor else "")
        return nodes.inline("", "", nodes.reference("", "", *inline(words), internal=True, refuri=address))

    def cards(self, chapter: str, words: str) -> nodes.Node:
        """A link to a chapter's cards and questions; to its beginning where they have no section of their own."""
        source = self.root() / "book" / f"{chapter}.md"
        return self.link(chapter, words, "remember" if REMEMBER.search(source.read_text("utf-8")) else "")

    def root(self) -> Path:
        return Path(self.env.srcdir)


class Study(Directive):
    """The place of one way, and what stands there without scripts."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        rows = [self.row(part) for part in parts(self.root(), drawn(bank(self.env)))]
        box = html("div", html("p", nodes.Text(WITHOUT)), html("ul", *rows), data_study=self.arguments[0])
        box["classes"] += ["study"]
        return [box]

    def row(self, part: dict):
        links = [self.cards(one["chapter"], one["title"]) for one in part["chapters"]]
        between = [node for link in links for node in (nodes.Text(" · "), link)][1:]
        return html("li", html("strong", nodes.Text(part["label"])), nodes.Text(": "), nodes.inline("", "", *between))


class Games(Directive):
    """Every task of one kind: match, sort or order."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        found = [item for item in bank(self.env) if item["kind"] == self.arguments[0]]
        box = html("div", *map(self.game, found), data_study="games")
        box["classes"] += ["study", "games"]
        return [box]

    def game(self, item: dict):
        head = html("summary", *inline(" ".join(item["prompt"].split())))
        where = nodes.paragraph("", "", nodes.Text("From "), self.link(item["chapter"], TITLES[item["chapter"]]), nodes.Text("."))
        where["classes"].append("game-from")
        why = nodes.paragraph("", "", *inline(item["why"].strip()))
        own = {"data_item": item["id"]} if item.get(items.APART) else {"data_game": item["id"]}  # shelf.py takes an item from its own place
        frame = html("div", template(item), html("details", head, *SOLVED[item["kind"]](item), why), where, **own)
        frame["classes"] += ["item", f"item-{item['kind']}"]
        return frame


def listed(rows: list[list[nodes.Node]], tag: str = "ul"):
    return html(tag, *(html("li", *row) for row in rows))


def paired(item: dict) -> list:
    return [listed([[*inline(left), nodes.Text(" — "), *inline(right)] for left, right in item["pairs"]])]


def sorted_out(item: dict) -> list:
    return [listed([[html("strong", *inline(name)), nodes.Text(": "), *inline("; ".join(cards))] for name, cards in item["buckets"].items()])]


def ordered(item: dict) -> list:
    return [listed([inline(step) for step in item["steps"]], "ol")]


SOLVED = {"match": paired, "sort": sorted_out, "order": ordered}


class Thinking(Directive):
    """The open questions of a part."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        found = [item for item in bank(self.env) if item["kind"] == "open" and item["chapter"].startswith(f"{self.arguments[0]}/")]
        box = html("div", *map(self.question, found), data_study="thinking")
        box["classes"] += ["study", "thinking"]
        return [box]

    def question(self, item: dict):
        answer = html("div", html("p", *inline(" ".join(item["answer"].split()))), data_part="model")
        points = listed([inline(point) for point in item["rubric"]])
        points["attributes"]["data-part"] = "rubric"
        where = html("p", nodes.Text("Read: "), self.link(item["chapter"], TITLES[item["chapter"]]), data_part="read")
        head = html("p", *inline(" ".join(item["prompt"].split())), data_part="ask")
        folded = html("details", html("summary", nodes.Text("A model answer, and the points it makes")), answer, points, where)
        frame = html("div", head, folded, data_think=item["id"])
        frame["classes"].append("think")
        return frame


class Paths(Directive):
    """Where a route of modes.toml is chosen for the map below."""

    def run(self) -> list[nodes.Node]:
        link = self.link("start/how_to_use", "The routes, page by page", "use-routes")
        box = html("div", html("p", link, nodes.Text(".")), data_study="paths")
        box["classes"].append("study")
        return [box]


class Ways(Directive):
    """A card for each way to study."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(WAYS))
        counts = Counter(item["kind"] for item in bank(self.env))
        grid = html("ul", *(self.way(one, counts) for one in tomllib.loads(WAYS.read_text("utf-8"))["way"]))
        grid["classes"].append("ways")
        return [grid]

    def way(self, one: dict, counts: Counter):
        said = f"{one['minutes']} · {self.number(one, counts)} {one['of']}"
        link = self.link(one["page"], one["button"], one.get("anchor", ""))
        link["classes"].append("way-go")
        return html("li", html("strong", nodes.Text(one["title"])), html("p", nodes.Text(one["for"])), html("p", html("small", nodes.Text(said))), html("p", link))


    def number(self, one: dict, counts: Counter) -> int:
        """On how much a way draws."""
        import shorts
        import tutor  # which stand on this module

        others = {"dialogues": lambda: len(tutor.load()), "ideas": lambda: len(shorts.ideas(self.root()))}
        return others[one["of"]]() if one["of"] in others else sum(counts[kind] for kind in one["kinds"])


class Topics(Directive):
    """Every tag, in the order of letters, with a link to its cards, where there are some, and to its chapters."""

    def run(self) -> list[nodes.Node]:
        found, known = defaultdict(Counter), drawn(bank(self.env))
        for item in known:
            for tag in item["tags"]:
                found[tag][item["chapter"]] += 1
        carded = {tag for item in known if item["kind"] == "card" for tag in item["tags"]}
        rows = [self.row(tag, found[tag], tag in carded) for tag in sorted(found, key=str.casefold)]
        box = html("ul", *rows)
        box["classes"].append("topics")
        return [box]

    def row(self, tag: str, chapters: Counter, cards: bool):
        links = [node for chapter in chapters for node in (nodes.Text(", "), self.cards(chapter, TITLES[chapter]))][1:]
        name = self.link("practice/flashcards", tag, query=f"?tag={quote(tag)}") if cards else html("strong", nodes.Text(tag))
        return html("li", name, nodes.Text(f" ({sum(chapters.values())}): "), nodes.inline("", "", *links), data_topic=tag)


def load(app, pagename, templatename, context, doctree) -> None:
    """Only the pages of the ways carry their style, their script and the style of formulas."""
    found = {node["attributes"].get("data-study") for node in doctree.findall(lambda node: "attributes" in getattr(node, "attributes", {}))} if doctree else set()
    for name in found & set(SCRIPTS):
        app.add_js_file(f"practice/{name}.js", type="module")
    if found - {None}:
        app.add_css_file("katex/katex.min.css")
        app.add_css_file("css/study.css")


def setup(app) -> dict:
    found = {"study": Study, "games": Games, "thinking": Thinking, "paths": Paths, "ways": Ways, "topics": Topics}
    for name, directive in found.items():
        app.add_directive(name, directive)
    app.connect("html-page-context", load)
    app.connect("build-finished", write, priority=945)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
