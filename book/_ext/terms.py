"""The glossary is alive: a term is a link to its entry from its first use on every page, and js/terms.js shows what it means.

Nothing of it is typed. The names are those of the glossary's entries, the longest first, as whole words with a plural's ending. Left
alone are headings, code, formulas, links, captions, answers that are folded, exercises, questions and cards; `terms.toml` names the
words that are also plain English, and the company in which they are meant. `_static/terms.json` holds what is shown.

`{first-words}` on the glossary repeats, in the order it names them, the entries that stand below in the order of letters.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from katex_static import TYPESETTER
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import is_exercise_node

TABLE = Path(__file__).with_suffix(".toml")
ALONE = (nodes.title, nodes.caption, nodes.legend, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw,
         nodes.image, nodes.term, nodes.citation, nodes.footnote, nodes.comment, nodes.target, nodes.problematic, addnodes.pending_xref,
         addnodes.index, addnodes.toctree, addnodes.download_reference)
ALONE_NAMED = ("solution_node", "claim_line", "summary", "disclosure", "element", "counts")  # classes of ours and of sphinx-exercise
ASKS = "book/practice/"  # pages of questions: what a word means may be the answer
ALONE_BOXES = {"dropdown", "card", "cards", "quiz", "quiz-item", "prediction", "prerequisites"}


class Entry:
    """One thing of the glossary: its names, the anchor of the first, what is said of it, and the chapter that teaches it."""

    def __init__(self, item: nodes.definition_list_item):
        found = [child for child in item.children if isinstance(child, nodes.term)]
        self.names, self.anchor = [term.astext() for term in found], found[0]["ids"][0]
        paragraph = item.next_node(nodes.definition).next_node(nodes.paragraph)
        link = paragraph.children[-1]
        self.chapter = link.astext()
        self.says = "".join(map(_read, paragraph.children[:-1])).strip()


def _read(node: nodes.Node) -> str:
    return TYPESETTER.text(node) if isinstance(node, nodes.math) else node.astext()


def entries(doctree: nodes.document) -> list[Entry]:
    return [Entry(item) for glossary in doctree.findall(addnodes.glossary) for item in glossary.findall(nodes.definition_list_item)]


# -- what is looked for


class Words:
    """The names of a glossary as one pattern, and the words that must stand near those that are also plain English."""

    def __init__(self, known: list[Entry], table: dict):
        never = set(table.get("never", ()))
        self.company = {name: re.compile(rf"\b(?:{'|'.join(words)})", re.I) for name, words in table.get("company", {}).items()}
        self.entries = {_key(name): (name, entry) for entry in known for name in entry.names if name not in never}
        names = sorted((name for name, _ in self.entries.values()), key=len, reverse=True)
        self.pattern = re.compile(rf"(?<![\w/-])(?:{'|'.join(map(_spelled, names))})(?![\w/]|-\w)")

    def find(self, text: str, around: str) -> Iterator[tuple[re.Match[str], Entry]]:
        """Each name that stands in the text and is meant, with its entry."""
        for match in self.pattern.finditer(text):
            name, entry = self._named(" ".join(match[0].split()))
            if name not in self.company or self.company[name].search(around):
                yield match, entry

    def _named(self, word: str) -> tuple[str, Entry]:
        """The entry of a word, a plural being its singular."""
        shapes = (word, re.sub(r"ies$", "y", word), re.sub(r"s$", "", word), re.sub(r"es$", "", word))
        return next(self.entries[key] for key in map(_key, shapes) if key in self.entries)


def _key(name: str) -> str:
    """A name of small letters may begin a sentence; GPT and T5 are written one way."""
    return name[:1].lower() + name[1:] if name[1:].islower() else name


def _spelled(name: str) -> str:
    """The pattern of a name, with its plural and a line's end between its words."""
    body = r"\s+".join(map(re.escape, name.split(" ")))
    if _key(name) == name and name[0].isalpha():
        body = f"[{name[0].upper()}{name[0]}]{body[1:]}"
    if re.search(r"[^aeiou]y$", name):
        return f"{body[:-1]}(?:y|ies)"
    return body + ("(?:es)?" if re.search(r"(?:s|x|ch|sh)$", name) else "s?" if name[-1].isalnum() else "")


# -- in the pages


class LinkTerms(SphinxPostTransform):
    """After references are links (10) and before answers are folded (400)."""

    default_priority = 395
    formats = ("html",)

    def run(self, **kwargs) -> None:
        words, page = getattr(self.app, "attnlab_words", None), self.config.terms_page
        if words is None or self.env.docname == page or self.env.docname in self.config.terms_without or self.env.docname.startswith(ASKS):
            return
        address = self.app.builder.get_relative_uri(self.env.docname, page)
        seen: set[int] = set()
        for text in list(readable(self.document)):
            _mark(text, words, address, seen)


def readable(node: nodes.Node) -> Iterator[nodes.Text]:
    """Every text that may hold a link, in the order of reading."""
    if isinstance(node, nodes.Text):
        yield node
    elif not left_alone(node):
        _join(node)
        for child in list(node.children):
            yield from readable(child)


def _join(node: nodes.Element) -> None:
    """A line's end parts a text in two; a name may run over it."""
    runs = [list(run) for _, run in groupby(node.children, lambda child: isinstance(child, nodes.Text))]
    if any(len(run) > 1 for run in runs if isinstance(run[0], nodes.Text)):
        node.children = []
        for run in runs:
            node += [nodes.Text("".join(run))] if isinstance(run[0], nodes.Text) else run


def left_alone(node: nodes.Element) -> bool:
    if isinstance(node, ALONE) or type(node).__name__ in ALONE_NAMED or is_exercise_node(node) or node.get("nb_element") == "cell_code":
        return True
    return isinstance(node, nodes.Admonition) and bool(ALONE_BOXES & set(node.get("classes", ())))


def _mark(text: nodes.Text, words: Words, address: str, seen: set[int]) -> None:
    """Put links into one text."""
    pieces, end = [], 0
    for match, entry in words.find(text, _block(text)):
        if id(entry) not in seen:
            seen.add(id(entry))
            link = nodes.reference("", match[0], internal=True, refuri=f"{address}#{entry.anchor}", classes=["term"])
            pieces += [nodes.Text(text[end:match.start()]), link]
            end = match.end()
    if pieces:
        text.parent.replace(text, [piece for piece in [*pieces, nodes.Text(text[end:])] if piece.astext()])


def _block(text: nodes.Text) -> str:
    """The paragraph around it."""
    node = text.parent
    while isinstance(node, nodes.Inline) and node.parent is not None:
        node = node.parent
    return node.astext()


# -- the first words of the glossary


class FirstWords(Directive):
    """A name a line."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        return [nodes.definition_list("", classes=["first-words"], names_asked=list(self.content))]


class FillFirstWords(SphinxTransform):
    """Repeat the definitions; one without an entry is an error of the page."""

    default_priority = 300

    def apply(self, **kwargs) -> None:
        for place in [node for node in self.document.findall(nodes.definition_list) if "names_asked" in node]:
            below = {term.astext(): term for term in self.document.findall(nodes.term) if isinstance(term.parent.parent.parent, addnodes.glossary)}
            for name in place.attributes.pop("names_asked"):
                place += self._row(name, below[name])

    def _row(self, name: str, term: nodes.term) -> nodes.definition_list_item:
        link = nodes.reference("", name, internal=True, refid=term["ids"][0])
        said = term.parent.next_node(nodes.definition).deepcopy()
        return nodes.definition_list_item("", nodes.term("", "", link), said)


# -- the build


def know(app, env: BuildEnvironment) -> list[str]:
    """Read the glossary, once every page has been read."""
    page = app.config.terms_page
    known = entries(env.get_doctree(page)) if page in env.found_docs else []
    app.attnlab_words = Words(known, tomllib.loads(Path(app.config.terms_table).read_text("utf-8"))) if known else None
    app.attnlab_terms = {entry.anchor: [entry.names[0], entry.says, entry.chapter] for entry in known}
    return []


def load(app, pagename, templatename, context, doctree) -> None:
    """Only a page with marked terms carries the script."""
    if doctree is not None and any("term" in link["classes"] for link in doctree.findall(nodes.reference)):
        app.add_js_file("js/terms.js", type="module")


def write(app, exception) -> None:
    if not exception and app.builder.name == "html" and app.attnlab_terms:
        told = json.dumps(app.attnlab_terms, ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "_static", "terms.json").write_text(told, "utf-8")


def setup(app) -> dict:
    app.add_config_value("terms_page", "book/reference/glossary", "env", [str])
    app.add_config_value("terms_without", ["book/index", "book/reference/claims", "book/reference/exercises", "book/reference/map",
                                           "book/reference/bibliography"], "env", [list])
    app.add_config_value("terms_table", str(TABLE), "env", [str])
    app.add_directive("first-words", FirstWords)
    app.add_transform(FillFirstWords)
    app.add_post_transform(LinkTerms)
    app.connect("env-updated", know)
    app.connect("html-page-context", load)
    app.connect("build-finished", write, priority=880)
    app.add_css_file("css/terms.css", priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
