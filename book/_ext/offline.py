"""Keep this course on my device: `offline.js` at the root of the site is a service worker that a page starts only when its reader
asks for it, and `_static/keep/files.json` lists what it keeps, each file with its hash. keep/worker.js says how.

`{keep-course}` is the place of the buttons (keep/panel.js); a link at the foot of every page leads there.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from docutils import nodes
from practice import html
from sphinx.util.docutils import SphinxDirective

PYTHON = "_static/pyodide/"
UNREAD = re.compile(
    r"_sources/|_static/(?:styles|vendor|locales)/|.*\.(?:map|inv|xml)$|(?:.*/)?\.|(?:.*/)?LICENSE|search_docs\.json$|offline\.js$"
    r"|_static/keep/(?:files|sizes)\.json$|_static/pyodide/manifest\.json$|.*(?<!/print)(?<!_static/site-.{12})\.css$|_static/card\.png$"
    r"|_static/live/model\.gguf$"
)
PLACE = "book/start/how_to_use"
WITHOUT = "Keeping the course needs JavaScript and a page from a web server: one that was opened as a file is on your device already."


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def listed(site: Path) -> dict[str, list[list]]:
    """[path, hash, bytes] of every file that a reader's browser may ask for: those of the course, and those that run Python."""
    found: dict[str, list[list]] = {"course": [], "python": []}
    for path in sorted(path for path in site.rglob("*") if path.is_file()):
        name = path.relative_to(site).as_posix()
        if not UNREAD.match(name):
            data = path.read_bytes()
            found["python" if name.startswith(PYTHON) else "course"].append([name, digest(data), len(data)])
    return found


def write(site: Path) -> None:
    """The list, its sizes and the worker, for the site as it stands."""
    found = listed(site)
    version = digest(json.dumps(found).encode())
    sizes = {group: sum(row[2] for row in rows) for group, rows in found.items()}
    keep = site / "_static" / "keep"
    script = "_static/keep/worker.js"
    worker = f'self.VERSION = "{version}";\nimportScripts("{script}?v={digest((site / script).read_bytes())}");\n'
    (keep / "files.json").write_text(json.dumps({"version": version} | found, separators=(",", ":")), "utf-8")
    (keep / "sizes.json").write_text(json.dumps(sizes), "utf-8")
    (site / "offline.js").write_text(worker, "utf-8")


class KeepCourse(SphinxDirective):
    """Where the course is kept on the device, and removed again."""

    def run(self) -> list[nodes.Node]:
        box = html("div", nodes.paragraph("", WITHOUT))
        box["classes"] += ["panel", "keep-course"]
        return [box]


def foot(app, pagename, templatename, context, doctree) -> None:
    """Every page leads to the buttons."""
    if PLACE not in app.env.found_docs:
        return
    address = app.builder.get_relative_uri(pagename, PLACE)
    context["theme_extra_footer"] = f'<p><a class="keep-link" href="{address}#use-offline">Keep this course on my device</a></p>'
    app.add_js_file("keep/foot.js", type="module")
    if pagename == PLACE:
        app.add_js_file("keep/panel.js", type="module")


def finish(app, exception) -> None:
    if not exception and app.builder.name == "html":
        write(Path(app.outdir))


def setup(app) -> dict:
    app.add_directive("keep-course", KeepCourse)
    app.connect("html-page-context", foot)
    app.connect("build-finished", finish, priority=990)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
