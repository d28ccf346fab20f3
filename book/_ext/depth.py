"""Core and depth: a section whose heading is followed by the line `% deeper` is folded, its heading the summary.

The fold is a <details> inside the section, so that a link to the heading finds it whether it is open or not, and needs no script; how
many minutes it holds stands beside the heading. practice/depth.js adds the switch between core and everything, on pages that have depth.
"""

from __future__ import annotations

import re

from boxes import disclosure
from docutils import nodes
from length import Length
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

log = logging.getLogger(__name__)
MARK = re.compile(r"(<!--)?\s*deeper\s*(-->)?\s*")
OPENS = '<details class="depth"><summary>'


def is_mark(node: nodes.Node) -> bool:
    """The comment, as a page (`% deeper`) and as a notebook (`<!-- deeper -->`) give it."""
    return isinstance(node, (nodes.comment, nodes.raw)) and bool(MARK.fullmatch(node.astext()))


def minutes(section: nodes.section) -> int:
    """How long the section takes, counted as `length` counts a source."""
    words = sum(len(part.astext().split()) for part in section.findall(nodes.paragraph))
    cells = sum(1 for part in section.findall(nodes.container) if part.get("nb_element") == "cell_code")
    return Length(words, cells).minutes


def raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def fold(section: nodes.section) -> None:
    """The section's title as a summary, all that follows it inside."""
    title, *rest = section.children
    count = minutes(section)
    says = f'<span class="depth-says">Deeper · {count} minute{"s" * (count > 1)}</span>'
    section.children = []
    section += [raw(OPENS), title, raw(f"{says}</summary>"), *rest, raw("</details>")]


class FoldDepth(SphinxPostTransform):
    """Marked sections -> <details>, once references are resolved."""

    default_priority = 410
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for mark in list(self.document.findall(is_mark)):
            section, place = mark.parent, mark.parent.index(mark)
            section.remove(mark)
            if place == 1 and isinstance(section, nodes.section) and isinstance(section.parent, nodes.section):
                fold(section)
            else:
                log.warning("`%% deeper` must stand right behind the heading of a section, and not behind the page's own",
                            location=section, type="depth")


def has_depth(doctree: nodes.document) -> bool:
    return any(node.astext() == OPENS for node in doctree.findall(nodes.raw)) or any(
        "deeper" in box["classes"] for box in doctree.findall(disclosure))


def script(app, pagename, templatename, context, doctree) -> None:
    if doctree is not None and has_depth(doctree):
        app.add_js_file("practice/depth.js", type="module")


def setup(app) -> dict:
    app.add_post_transform(FoldDepth)
    app.connect("html-page-context", script)
    app.add_css_file("css/depth.css", priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
