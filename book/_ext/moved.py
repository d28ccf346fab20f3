"""Old links arrive: a page that has lost sections to others leads a link to one of them on to where it stands now.

`moved.toml` beside this file says which; js/moved.js does the leading, in the browser, since what follows the # never reaches a server.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

TABLE = Path(__file__).with_suffix(".toml")


def table(path: Path = TABLE) -> dict[str, dict[str, str]]:
    """page -> {anchor that stood there: page#anchor where it stands now}."""
    found = tomllib.loads(path.read_text("utf-8"))
    return {page: {old: to if "#" in to else f"{to}#{old}" for old, to in moved.items()} for page, moved in found.items()}


def addresses(app, page: str, moved: dict[str, str]) -> dict[str, str]:
    """The same with addresses as they are seen from the page."""
    seen = {}
    for old, to in moved.items():
        target, _, anchor = to.partition("#")
        seen[old] = f"{app.builder.get_relative_uri(page, target)}#{anchor}"
    return seen


def load(app, pagename, templatename, context, doctree) -> None:
    """Only a page that has lost something carries the script, and its part of the table."""
    moved = table(Path(app.confdir, app.config.moved_table)).get(pagename)
    if moved:
        data = json.dumps(addresses(app, pagename, moved), separators=(",", ":"))
        app.add_js_file("js/moved.js", loading_method="defer", **{"data-moved": data})


def setup(app) -> dict:
    app.add_config_value("moved_table", str(TABLE), "html", [str])
    app.connect("html-page-context", load)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
