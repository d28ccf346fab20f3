"""Take away what a reader would download and never use.

thebe (twice on every page, pointing at another host) and the scripted copy of the icons (540 kB compressed) go.
"""
from __future__ import annotations

import re
from pathlib import Path

UNWANTED = ("thebe",)
SCRIPTED_ICONS = re.compile(r'\s*<(?:script|link)[^>]*fontawesome\.js[^>]*>(?:</script>)?')


def names(asset) -> str:
    """Everything an asset says of itself, file name and inline body."""
    return f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', '')}"


def drop_assets(app, pagename, templatename, context, doctree) -> None:
    for kind in ("script_files", "css_files"):
        context[kind] = [a for a in context[kind] if not any(word in names(a) for word in UNWANTED)]


def slim_page(html: str) -> str:
    return SCRIPTED_ICONS.sub("", html)


def slim_site(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    for page in site.rglob("*.html"):
        before = page.read_text("utf-8")
        after = slim_page(before)
        if after != before:
            page.write_text(after, "utf-8")
    for script in (site / "_static" / "scripts").glob("fontawesome.js*"):
        script.unlink()


def setup(app):
    app.connect("html-page-context", drop_assets, priority=900)
    app.connect("build-finished", slim_site, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
