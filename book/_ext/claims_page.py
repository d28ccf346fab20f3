"""The page that lists every claim: `{claims}` becomes a heading for each part and chapter, each claim under its name, its assertions folded.

Its contents, and with them the list beside the page, are known when all pages are read; claims/filter.js adds a field to search in.
"""
from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numbering
from boxes import claims_of, claim_line, disclosure, ran_words
from docutils import nodes
from places import places
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

FLAG = "attnlab_claims_page"  # of pages that are written again at every build
LIST = "attnlab_claims_list"


class claim_list(nodes.General, nodes.Element):
    """Where `{claims}` stood; filled when the page is written."""


class Claims(SphinxDirective):
    """Every claim of the book, part by part and page by page, with its assertion."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname] |= {FLAG: "yes", LIST: "yes"}
        return [claim_list("")]


def reading_order(env: BuildEnvironment) -> Iterator[str]:
    """Documents as the table of contents orders them, then any that it leaves out."""
    seen: set[str] = set()
    waiting = [env.config.root_doc]
    while waiting:
        name = waiting.pop(0)
        if name not in seen and name in env.found_docs:
            seen.add(name)
            yield name
            waiting = [*env.toctree_includes.get(name, []), *waiting]
    yield from sorted(set(env.found_docs) - seen)


def parts(env: BuildEnvironment) -> dict[str, list[str]]:
    """Caption of a part with its number -> its pages that make claims; "" for those outside the parts."""
    known, found = places(Path(env.srcdir)), {}
    for page in reading_order(env):
        if claims_of(env).get(page):
            found.setdefault(known[page].label if page in known else "", []).append(page)
    return found


def heading(env: BuildEnvironment, page: str) -> list[nodes.Node]:
    """The title of a page with its number."""
    chapter = env.config.chapter_numbers.get(page, "")
    return [nodes.Text(f"{chapter} " if chapter else ""), *(node.deepcopy() for node in env.titles[page].children)]


def part_anchor(label: str) -> str:
    return numbering.anchor(f"part {label}").strip("-")


def page_anchor(page: str) -> str:
    return numbering.anchor(f"of {page}")


def assertions(code: str) -> str:
    """The assertions of a claim's code, each from its own margin; all of the code where it is none that Python reads."""
    try:
        found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    except SyntaxError:
        return code
    lines = [" " * node.col_offset + ast.get_source_segment(code, node) for node in sorted(found, key=lambda node: node.lineno)]
    return "\n".join(map(textwrap.dedent, lines)) or code


class ListClaims(SphinxPostTransform):
    """Fill `{claims}` before references are resolved (priority 10)."""
    default_priority = 5

    def run(self, **kwargs) -> None:
        for place in list(self.document.findall(claim_list)):
            listing = [node for label, pages in parts(self.env).items() for node in self._part(label, pages)]
            place.replace_self(listing or [nodes.paragraph("", "No page of this book makes a claim.")])

    def _part(self, label: str, pages: list[str]) -> list[nodes.Node]:
        head = nodes.rubric("", label, ids=[part_anchor(label)], classes=["claims-part"], **{"heading-level": 2})
        return [head] * bool(label) + [node for page in pages for node in self._page(page, 3 if label else 2)]

    def _page(self, page: str, level: int) -> list[nodes.Node]:
        title = nodes.rubric("", "", ids=[page_anchor(page)], classes=["claims-page"], **{"heading-level": level})
        title += self._link(page, "", heading(self.env, page))
        items = nodes.bullet_list("", classes=["claims"])
        items.extend(self._claim(page, claim) for claim in claims_of(self.env)[page])
        return [title, items]

    def _claim(self, page: str, claim: dict) -> nodes.list_item:
        head = nodes.paragraph("", "", classes=["claims-title"])
        head += self._link(page, claim["id"], [nodes.Text(claim["name"])])
        head += [nodes.Text(" "), *(node.deepcopy() for node in claim["title"])]
        item = nodes.list_item("", head, *(node.deepcopy() for node in claim["body"]), ids=[claim["id"]] * claim["in_book"])
        for reference in item.findall(lambda n: isinstance(n, nodes.Element) and "refdoc" in n):
            reference["refdoc"] = self.env.docname
        tested = assertions(claim["code"])
        code = nodes.literal_block(tested, tested, language="text")  # without colours, and without what the chapter shows: it would be half the page
        item += disclosure("", claim_line("", "", *ran_words(claim["ran"])), code, classes=["claim-code"])
        return item

    def _link(self, page: str, anchor: str, children: list[nodes.Node]) -> nodes.reference:
        address = self.app.builder.get_relative_uri(self.env.docname, page)
        return nodes.reference("", "", *children, internal=True, refuri=f"{address}#{anchor}" if anchor else address)


def contents(app, env: BuildEnvironment) -> list[str]:
    """The list of claims depends on every page, so its page is always written again; and what stands beside it is told anew."""
    flagged = [page for page, data in env.metadata.items() if FLAG in data and page in env.found_docs]
    for page in flagged:
        if LIST in env.metadata[page]:
            _tell(env, page)
    return flagged


def _tell(env: BuildEnvironment, page: str) -> None:
    title = env.tocs[page][0]
    title[1:] = [_entries(page, [(label, part_anchor(label), [(heading(env, one), page_anchor(one)) for one in pages])
                                 for label, pages in parts(env).items() if label])]


def _entries(page: str, listed: list[tuple]) -> nodes.bullet_list:
    found = nodes.bullet_list("")
    for words, anchor, *below in listed:
        children = [nodes.Text(words)] if isinstance(words, str) else words
        link = nodes.reference("", "", *children, internal=True, refuri=page, anchorname=f"#{anchor}")
        found += nodes.list_item("", addnodes.compact_paragraph("", "", link), *(_entries(page, one) for one in below))
    return found


def page_head(app, pagename, templatename, context, doctree) -> None:
    if LIST in app.env.metadata.get(pagename, {}):
        app.add_js_file("claims/filter.js", type="module")


def setup(app) -> dict:
    app.setup_extension("boxes")
    app.add_node(claim_list)
    app.add_directive("claims", Claims)
    app.add_post_transform(ListClaims)
    app.connect("env-updated", contents)
    app.connect("html-page-context", page_head)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
