"""The chapters of the course and why one needs another, read from the sources.

The order and the parts stand in `_toc.yml`, the minutes in a page's front matter, and what it needs in its box of class `prerequisites`:
each item that links to another page is a need, and the item is the reason.
"""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath, relpath
from pathlib import Path
from typing import NamedTuple

import yaml

LEFT_OUT = ("book/start/how_to_use",)  # about the course, not of it
PARTS_LEFT_OUT = ("Practice", "Concepts", "Reference")
TITLE = re.compile(r"^# +(.+?) *$", re.M)
BOX = re.compile(r"^:::\{admonition\}[^\n]*\n:class: prerequisites\n(.*?)^:::$", re.M | re.S)
ITEM = re.compile(r"^- (.*(?:\n(?!- ).+)*)", re.M)
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s#]+)\.(?:ipynb|md)(#[^)\s]*)?\)")
MARKUP = re.compile(r"\*\*|`|\$")


class Need(NamedTuple):
    """One item of "Before you start": the pages it links to, and the item itself as it stands in the source."""

    pages: tuple[str, ...]
    words: str


class Chapter(NamedTuple):
    """One page of the course."""

    page: str
    title: str
    part: str
    minutes: int
    needs: tuple[Need, ...]

    @property
    def before(self) -> tuple[str, ...]:
        """Every page that it needs, once."""
        return tuple(dict.fromkeys(page for need in self.needs for page in need.pages))


def needs(text: str, page: str) -> tuple[Need, ...]:
    """The items of a page's "Before you start" that name another page."""
    box = BOX.search(text)
    items = [" ".join(item.split()) for item in ITEM.findall(box[1])] if box else []
    found = (Need(tuple(normpath(join(dirname(page), to)) for _, to, _ in LINK.findall(item)), item) for item in items)
    return tuple(need for need in found if need.pages)


def plain(words: str) -> str:
    """An item without its markup."""
    return MARKUP.sub("", LINK.sub(r"\1", words))


def relative(path: str, reader: str) -> str:
    """A file of the book as it is seen from the page `reader`."""
    return relpath(path, dirname(reader))


def rebased(words: str, page: str, reader: str) -> str:
    """An item of `page` with its links as they are seen from the page `reader`."""
    def link(match: re.Match[str]) -> str:
        to = match[0].rpartition("](")[2][:-1]
        return f"[{match[1]}]({relative(join(dirname(page), to), reader)})"

    return LINK.sub(link, words)


def chapter(root: Path, page: str, part: str) -> Chapter:
    text = (root / f"{page}.md").read_text("utf-8")
    front = yaml.safe_load(text.split("---\n", 2)[1]) if text.startswith("---\n") else {}
    return Chapter(page, TITLE.search(text)[1], part, (front.get("attnlab") or {}).get("minutes", 0), needs(text, page))


def chapters(root: Path) -> list[Chapter]:
    """Every chapter, in the order of the table of contents."""
    parts = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))["parts"]
    return [chapter(root, one["file"], part["caption"]) for part in parts if part["caption"] not in PARTS_LEFT_OUT
            for one in part["chapters"] if one["file"] not in LEFT_OUT]


def direct(known: list[Chapter]) -> list[tuple[str, str]]:
    """(page, page that needs it) for every need that does not follow from the others."""
    before = {one.page: [page for page in one.before if page != one.page] for one in known}
    known_pages = set(before)

    def behind(page: str, seen: frozenset = frozenset()) -> set[str]:
        ways = [to for to in before.get(page, ()) if to not in seen]
        return set(ways).union(*(behind(to, seen | {page}) for to in ways))

    all_behind = {page: behind(page) for page in before}
    return [(to, page) for page, ways in before.items() for to in ways
            if to in known_pages and not any(to in all_behind[other] for other in ways if other != to and other in known_pages)]
