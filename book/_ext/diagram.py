"""`{diagram} name`: a drawing of attnlab.diagrams on a page without code; its arguments in YAML.

Also turns the pages that boxes of a drawing name (`data-page`) into links, as seen from the page that shows it. A drawing
in a notebook knows no folder, so there the name leads nowhere. The drawing of the reader's own model gets the script that marks its pieces.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "src") not in sys.path:
    sys.path.insert(0, str(ROOT / "src"))

from attnlab import diagrams

log = logging.getLogger(__name__)
NAMED = re.compile(r'<a data-page="([^"#]*)(#[^"]*)?">')


class DiagramDirective(SphinxDirective):
    """Inserts the HTML that `attnlab.diagrams.<name>(**options)` shows in a notebook."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        for source in Path(diagrams.__file__).parent.glob("*.py"):
            self.env.note_dependency(str(source))
        name = self.arguments[0]
        if name not in diagrams.__all__:
            raise self.error(f"there is no drawing {name!r} in attnlab.diagrams")
        options = yaml.safe_load("\n".join(self.content)) or {}
        try:
            shown = getattr(diagrams, name)(**options)
        except (TypeError, ValueError) as error:
            raise self.error(f"diagram {name}: {error}") from error
        return [nodes.raw("", shown._repr_html_(), format="html")]


def link(app, pagename, templatename, context, doctree) -> None:
    """Named pages become addresses; a page that is not in the book is no link, and is reported."""
    body = context.get("body") or ""
    if "data-page=" not in body:
        return
    if 'data-diagram="your_model"' in body:
        app.add_js_file("practice/mine.js", type="module")

    def address(match: re.Match[str]) -> str:
        page, anchor = match[1], match[2] or ""
        if page not in app.env.found_docs:
            log.warning("a drawing links to %r, which is no page of the book", page, location=pagename)
            return "<a>"
        return f'<a data-page="{page}{anchor}" href="{context["pathto"](page)}{anchor}">'

    context["body"] = NAMED.sub(address, body)


def setup(app):
    app.add_directive("diagram", DiagramDirective)
    app.connect("html-page-context", link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
