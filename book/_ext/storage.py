"""Scripts that are not ours use the browser's storage too, and end where it is blocked or full: a guard for them all.

It stands in the page before every other script. Storage that may not be touched is replaced by one that lasts as long
as the page (`temporary` says so). What a full one refuses is held as long as the page too, and `setItem` gives false
instead of ending the script that called it.
"""

from __future__ import annotations

from pathlib import Path

GUARD = Path(__file__).with_name("storage_guard.js")


def guard() -> str:
    """The script on one line, without its comments."""
    lines = (line.split("//")[0].strip() for line in GUARD.read_text(encoding="utf-8").splitlines())
    return f"<script>{' '.join(line for line in lines if line)}</script>"


def put_first(app, pagename, templatename, context, doctree) -> None:
    context["metatags"] = guard() + context.get("metatags", "")


def setup(app) -> dict:
    app.connect("html-page-context", put_first, priority=960)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
