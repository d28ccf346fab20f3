"""JupyterLab with a start page: every notebook of the course in order, and boxes that look as they do on the site.

    python tools/lab.py            write the start notebook and open JupyterLab with it
    python tools/lab.py --write    only write it, and have any JupyterLab of this environment begin there (Binder)

Further arguments go to JupyterLab. Nothing outside this folder and its environment is changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
TARGET = BOOK / "START_HERE.ipynb"
LOOKS = BOOK / "_static" / "lab"  # custom.css
sys.path[:0] = [str(BOOK / "_ext"), str(ROOT / "src")]
import course  # noqa: E402

OPENING = """# Attention, from Intuition to Variants

Every chapter below is a notebook: open it, read it, and run its cells with **Shift + Enter**, from the top. What you see before you
run anything was computed when the course was made. *Kernel → Restart Kernel and Run All Cells* runs a whole chapter.

| What you meet | What it is |
|---|---|
| ✦ the idea in 60 seconds | the chapter in a few sentences |
| ? predict, then run | guess before you run the cell below it; the answer is folded |
| ✓ a claim | the cell right below it asserts what it says: change it and see it fail |
| § a source | where a formula comes from, and how our notation differs |
| ! a bug | a mistake, mostly one that raises no error |
| an exercise | a function with three dots in it. Write yours, run the cell, then run the cell with `check(...)`. Four hints are folded below it, and the solution: open it with the blue bar at its left or *View → Expand Selected Code* |

Your progress is not kept unless you ask for it: put an empty file called `attnlab-progress.json` beside a notebook, and its checks note there
what you have passed."""

CLOSING = """## Where to begin

If all of this is new, begin at the top. [How to use this course](start/how_to_use.md) has shorter ways for those who bring some of it, and a plan for
eight weeks. Pages with a file name ending in `.md` have nothing to run; a right click on a name and *Open With → Markdown Preview* shows them as text."""


def entry(number: int, one: course.Chapter) -> str:
    """A line of the map: the notebook of a chapter, or its text where it has none."""
    page = one.page.removeprefix("book/")
    suffix = "ipynb" if (ROOT / f"{one.page}.ipynb").is_file() else "md"
    return f"{number}. [{one.title}]({page}.{suffix})" + (f", {one.minutes} minutes" if one.minutes else "")


def parts() -> list[str]:
    """A cell for each part, its pages in the order of _toc.yml."""
    found, count = [], 0
    for part, members in groupby(course.chapters(ROOT), key=lambda one: one.part):
        count += part != "Start"
        head = part if part == "Start" else f"{count} {part}"
        found.append("\n".join([f"## {head}", "", *(entry(number, one) for number, one in enumerate(members, 1))]))
    return found


def notebook() -> nbformat.NotebookNode:
    cells = [OPENING, *parts(), CLOSING]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id=f"start-{at}") for at, text in enumerate(cells)])
    book.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return book


def write(target: Path = TARGET) -> Path:
    target.write_text(nbformat.writes(notebook(), indent=1) + "\n", "utf-8", newline="\n")
    return target


def looks() -> dict:
    """The setting that gives JupyterLab our style sheet: `custom.css`, which it loads where it is told to."""
    return {"static_custom_path": [str(LOOKS)]}


def settle(folder: Path) -> None:
    """Have JupyterLab of this environment begin with the start notebook, wherever in the repository its server was started."""
    folder.mkdir(parents=True, exist_ok=True)
    lab = {"LabApp": {"custom_css": True, "default_url": f"/lab/tree/{TARGET.relative_to(ROOT).as_posix()}"}}
    server = {"ServerApp": {"tornado_settings": looks()}}
    for name, settings in (("jupyter_lab_config", lab), ("jupyter_server_config", server)):
        (folder / f"{name}.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")


def command(arguments: list[str]) -> list[str]:
    """The line that starts JupyterLab in book/."""
    return [sys.executable, "-m", "jupyterlab", str(BOOK), "--LabApp.custom_css=True", f"--LabApp.default_url=/lab/tree/{TARGET.name}",
            f"--ServerApp.tornado_settings={looks()!r}", *arguments]


def main(arguments: list[str]) -> int:
    write()
    if "--write" in arguments:
        settle(Path(sys.prefix, "etc", "jupyter"))
        return 0
    return subprocess.run(command(arguments), cwd=ROOT, env=os.environ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
