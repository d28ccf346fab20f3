"""The file of the language model on `variants/live`: put into the built site where its package is installed, and said in file.json.

It is no part of the repository nor of what Sphinx copies: a hard link, or a copy where the disk has none. file.json is null
where there is no file, and the page then offers none.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

INSIDE, MODEL = Path("_static", "live"), "model.gguf"


def published() -> tuple[Path, dict] | None:
    """The installed file, proved to be the published one, and what the page is told of it; None where it is not installed."""
    try:
        from attnlab.weights import smollm2

        path = smollm2.installed()
    except (ImportError, FileNotFoundError):
        return None
    smollm2.need_published(path)
    return path, {"bytes": path.stat().st_size, "sha256": smollm2.SHA256, "url": MODEL}


def place(site: Path) -> Path | None:
    """The file in a built site; without the package nothing stays of what an earlier build put there."""
    folder, found = site / INSIDE, published()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).unlink(missing_ok=True)
    (folder / "file.json").write_text(json.dumps(found and found[1]), encoding="utf-8")
    if not found:
        return None
    try:
        os.link(found[0], folder / MODEL)
    except OSError:  # another disk, or one without links
        shutil.copyfile(found[0], folder / MODEL)
    return folder / MODEL


def finish(app, exception) -> None:
    if not exception and app.builder.name == "html":
        place(Path(app.outdir))


def setup(app) -> dict:
    app.connect("build-finished", finish, priority=980)  # before offline.py lists what there is
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
