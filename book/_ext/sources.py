"""A notebook's text source (x.md) steps aside where its executed form (x.ipynb) lies beside it."""

from __future__ import annotations

from pathlib import Path


def hide_sources(app, config) -> None:
    root = Path(app.srcdir)
    for notebook in sorted((root / "book").rglob("*.ipynb")):
        source = notebook.with_suffix(".md")
        if source.is_file():
            config.exclude_patterns.append(source.relative_to(root).as_posix())


def setup(app):
    app.connect("config-inited", hide_sources, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
