"""Where to read: a page of the book and its sections, as a sentence and as an address on the site.

The titles in pages.json are the pages' own; tools/pages.py copies them, since the browser has no pages to look at.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

TITLES: dict[str, str] = json.loads(files("attnlab.exercises").joinpath("pages.json").read_text("utf-8"))


def sentence(page: str, headings: tuple[str, ...]) -> str:
    """`Masks, section "The mathematics".`; without a heading the learner has to find it."""
    if not headings:
        return f"{TITLES[page]}; finding the right chapter is part of the task."
    sections = "section" if len(headings) == 1 else "sections"
    return f"{TITLES[page]}, {sections} " + " and ".join(f'"{plain(heading)}"' for heading in headings) + "."


def address(page: str, headings: tuple[str, ...]) -> str:
    """The file of the page below the site's root, and the anchor of the first section."""
    return f"book/{page}.html" + (f"#{anchor(headings[0])}" if headings else "")


def beside(page: str, headings: tuple[str, ...]) -> str:
    """The notebook of a page as a link from another notebook of the book; empty where no file lies there."""
    file = Path("..", *f"{page}.ipynb".split("/"))
    if not headings or not file.is_file():
        return ""
    return file.as_posix() + ("" if "$" in headings[0] else f"#{plain(headings[0]).replace(' ', '-')}")


def anchor(heading: str) -> str:
    """The id that the site gives a section: lower-case words joined by hyphens."""
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", plain(heading).lower()))


def plain(heading: str) -> str:
    r"""A heading as a terminal can show it: `$\sqrt{d_k}$` is sqrt(d_k)."""
    return re.sub(r"[$*`]", "", re.sub(r"\\(\w+)\{(.*?)\}", r"\1(\2)", heading))
