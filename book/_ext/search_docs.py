"""What the search reads: every section of the book as text, with its title, its page, its part and the names in its code; and
every claim, exercise and figure by its number.

Written to `_static/search_docs.js`, a script that hands the data to js/search.js, so that it is read from a folder too, and only
when somebody searches. Formulas are read as text. `search.toml` beside this file holds the other names of things and the pages that are
their home. The page search.html is ours; Sphinx's own index is not made.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import yaml
from docutils import nodes
from katex_static import TYPESETTER
from numbered import named
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

log = logging.getLogger(__name__)
HERE = Path(__file__).resolve().parent
WORDS = HERE / "search.toml"
KEPT = "search_docs.json"  # of the last build, for pages that this one does not write
NAME = re.compile(r"\b(?=\w*[a-z0-9][_A-Z]|[A-Z]\w*[a-z])[A-Za-z]\w{3,}")  # of two words, or of a class: others are common words
TAG = re.compile(r"<[^>]+>")
FORMULA = re.compile(r'<span class="math\b.*?alttext="([^"]*)".*?</math></span>.*?</span>(?=</span>|[^<]*$)', re.S)
UNREAD = ("solution_node", "comment", "image", "raw", "system_message", "toctree", "index", "claim_line")
LISTS = ("book/reference/claims", "book/reference/exercises", "book/reference/map", "book/reference/glossary", "book/reference/symptoms",
         "book/reference/timeline", "book/reference/reproduced", "book/reference/reading", "book/reference/api", "book/reference/status")  # they repeat what stands elsewhere: found by their headings
PRACTICE = "book/practice/"  # so do these
LONGEST, LONGEST_TASKS = 4000, 700  # characters of a section that are read; of exercises, cards and questions
TASKS = ("exercises", "remember")


@contextmanager
def read_as_text(doctree: nodes.document):
    """Inside, every formula of the document holds its reading instead of its TeX."""
    formulas = [node for kind in (nodes.math, nodes.math_block) for node in doctree.findall(kind)]
    kept = [list(node.children) for node in formulas]
    for node in formulas:
        text = TYPESETTER.text(node)
        node.clear()
        node.append(nodes.Text(f" {text} " if isinstance(node, nodes.math_block) else text))
    try:
        yield
    finally:
        for node, children in zip(formulas, kept):
            node.clear()
            node.extend(children)


def plain(html: str) -> str:
    """A title's text, its formulas read."""
    return unescape(TAG.sub("", FORMULA.sub(lambda match: match[1], html)))


class Reader:
    """Prose and listings of one section, sections inside it left out."""

    def __init__(self, section: nodes.Element):
        self.prose: list[str] = []
        self.code: list[str] = []
        for child in section.children:
            if not isinstance(child, (nodes.section, nodes.title)):
                self._read(child)

    def _read(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.section) or type(node).__name__ in UNREAD:
            return
        if isinstance(node, nodes.literal_block):
            self.code.append(node.astext())
        elif isinstance(node, nodes.TextElement):
            self.prose.append(node.astext())
        else:
            for child in node.children:
                self._read(child)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.prose).split())

    @property
    def names(self) -> str:
        """Each name in the listings once."""
        return " ".join(dict.fromkeys(NAME.findall("\n".join(self.code))))


def sections(doctree: nodes.document, repeats: bool = False) -> Iterator[list[str]]:
    """[anchor, heading, text, names] of every section; the anchor of the page's own is empty. Of a page that repeats
    what others say, no text."""
    for place, section in enumerate(doctree.findall(nodes.section)):
        read, anchor = Reader(section), section["ids"][0] if place else ""
        title = section.next_node(nodes.title)
        longest = 0 if repeats else LONGEST_TASKS if anchor in TASKS else LONGEST
        yield [anchor, title.astext() if title is not None else "", read.text[:longest], "" if repeats else read.names]


class SearchedBuilder(StandaloneHTMLBuilder):
    """HTML as ever, with the sections of each page kept for the search."""

    name = "html"
    search = False

    def init(self) -> None:
        super().init()
        kept = Path(self.outdir, KEPT)
        self.found: dict[str, list] = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}

    def index_page(self, pagename: str, doctree: nodes.document, title: str) -> None:
        with read_as_text(doctree):
            self.found[pagename] = [plain(title), list(sections(doctree, pagename in LISTS or pagename.startswith(PRACTICE))), list(named(self.env, pagename, doctree))]


def parts(root: Path) -> dict[str, str]:
    """Page -> the caption it stands under in the table of contents."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    return {page: part.get("caption", "") for part in toc.get("parts", []) for page in _files(part)}


def _files(entry: dict) -> Iterator[str]:
    for one in entry.get("chapters", entry.get("sections", [])):
        yield one["file"]
        yield from _files(one)


def other_names(pages: dict[str, list]) -> dict:
    """`search.toml`, with a warning for every home that is no page and no section of one."""
    words = tomllib.loads(WORDS.read_text("utf-8"))
    for name, home in words["home"].items():
        page, _, anchor = home.partition("#")
        if page not in pages or anchor and anchor not in {section[0] for section in pages[page][1]}:
            log.warning("search.toml: the home of %r is %r, which is not there", name, home)
    return words


def write(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    builder, under = app.builder, parts(Path(app.confdir))
    pages = {name: builder.found[name] for name in sorted(app.env.found_docs) if name in builder.found}
    Path(app.outdir, KEPT).write_text(json.dumps(pages), "utf-8")
    words = other_names(pages)
    rows = [[builder.get_target_uri(name), title, under.get(name, ""), found, names] for name, (title, found, names) in pages.items()]
    told = {"pages": rows, "same": words["same"], "home": _addresses(builder, words["home"])}
    script = "attnlabSearchDocs(" + json.dumps(told, ensure_ascii=False, separators=(",", ":")) + ");\n"
    Path(app.outdir, "_static", "search_docs.js").write_text(script, "utf-8")


def _addresses(builder, homes: dict[str, str]) -> dict[str, str]:
    found = {name: home.partition("#") for name, home in homes.items()}
    return {name: builder.get_target_uri(page) + (f"#{anchor}" if anchor else "") for name, (page, _, anchor) in found.items()}


def field() -> str:
    """The form of the search, as the dialog has it too."""
    return (
        '<form class="bd-search d-flex align-items-center" role="search" action="search.html"><i class="fa-solid fa-magnifying-glass"></i>'
        '<input type="search" class="form-control" name="q" aria-label="Search this course" placeholder="Search this course" '
        'autocomplete="off" autocorrect="off" autocapitalize="off" spellcheck="false"></form>'
    )


def search_page(app):
    """The page that lists what was found."""
    body = (
        f'<section class="search-page"><h1>Search</h1>{field()}'
        '<div id="search-results"><noscript>The search needs JavaScript; <a href="book/index.html">the map of the course</a> names '
        "every page.</noscript></div></section>"
    )
    yield "search", {"title": "Search", "body": body, "meta": {}}, "page.html"


def setup(app) -> dict:
    app.add_builder(SearchedBuilder, override=True)
    app.connect("html-collect-pages", search_page)
    app.add_js_file("js/search.js", loading_method="defer")
    app.connect("build-finished", write, priority=890)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
