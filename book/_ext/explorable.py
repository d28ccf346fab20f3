"""`{explorable} name`: an explorable of attnlab.explore on a page without code; its arguments in YAML.

Also loads the script, on pages that show an explorable or have cells that may, and the style where there is
one (in the head, so that its table looks right before, and without, the script).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "src") not in sys.path:
    sys.path.insert(0, str(ROOT / "src"))

from attnlab import explore  # noqa: E402  (the package beside this book, installed or not)


class ExplorableDirective(SphinxDirective):
    """Inserts the HTML that `attnlab.explore.<name>(**options)` shows in a notebook."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        for source in Path(explore.__file__).parent.glob("*.py"):
            self.env.note_dependency(str(source))
        name = self.arguments[0]
        if getattr(explore, name, None) is None or not (explore.WIDGETS / f"{name}.js").exists():
            raise self.error(f"there is no explorable {name!r} in attnlab.explore")
        options = yaml.safe_load("\n".join(self.content)) or {}
        try:
            shown = getattr(explore, name)(**options)
        except (TypeError, ValueError) as error:
            raise self.error(f"explorable {name}: {error}") from error
        return [nodes.raw("", shown._repr_html_(), format="html")]


def add_script(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body") or ""
    if "data-afm=" in body:
        app.add_css_file("widgets/explore.css")
    for name in sorted(set(re.findall(r'data-afm="(\w+)"[^>]* data-sheet', body))):
        app.add_css_file(f"widgets/{name}.css")
    if "data-afm=" in body or 'class="cell ' in body:
        app.add_js_file("widgets/afm-mount.js", type="module")


def setup(app):
    app.add_directive("explorable", ExplorableDirective)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
