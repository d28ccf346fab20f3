"""Every mistake the course knows by name: what it is, why it is tempting, where to read, where it happened.

The files beside this one hold them, one for each part of the book:

    [[section]]                             # where it is explained: a page of the part, and one of its headings
    page = "self_attention/masks"
    heading = "How to see a leak"

    [section.mistakes.sees_the_next_token]  # its id; no other file has it
    title = "one token of the future"       # its name in a table
    what = "every query sees one key too many: the next token."
    tempting = "a triangle is easily off by one, and a model trained this way has a splendid loss."
    threads = ["owner/repository#12"]       # optional: public places where it was found in real code
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from attnlab.exercises._pages import TITLES, address, sentence

FOLDER = files(__package__)
TEXTS = ("title", "what", "tempting")
ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
THREAD = re.compile(r"[\w.-]+/[\w.-]+#\d+")


class MisconceptionError(ValueError):
    """One or more entries are wrong; the message lists them all, one a line: file, entry, field."""


@dataclass(frozen=True)
class Misconception:
    """One mistake. `threads` are public places where it was found in real code."""

    id: str
    title: str
    what: str
    tempting: str
    page: str
    heading: str
    threads: tuple[str, ...] = ()

    @property
    def read(self) -> str:
        """Page and section, as a sentence."""
        return sentence(self.page, (self.heading,))

    @property
    def href(self) -> str:
        """Page and section, as an address below the site's root."""
        return address(self.page, (self.heading,))


def load(folder=FOLDER, headings: Mapping[str, set[str]] | None = None) -> dict[str, Misconception]:
    """id -> mistake, from all files of the folder; with the pages' headings given, they too are looked up.

    Errors: MisconceptionError naming file, entry and field.
    """
    found, complaints = {}, []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml"):
            for what in _read(path, headings, found):
                complaints.append(f"{path.name}: {what}")
    if complaints:
        raise MisconceptionError("\n".join(complaints))
    return found


def _read(path, headings, found: dict) -> Iterator[str]:
    """Add the mistakes of one file to those found; yields what is wrong with it."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        yield f"not TOML: {error}"
        return
    yield from _fields(content, needed={"section"})
    sections = content.get("section", [])
    if not isinstance(sections, list) or not all(isinstance(section, dict) for section in sections):
        yield f"section is {sections!r}; each one must begin with [[section]]"
        return
    for n, section in enumerate(sections, start=1):
        wrong = list(_misplaced(section, path.name.removesuffix(".toml"), headings))
        yield from (f"section {n}: {what}" for what in wrong)
        yield from () if wrong else _add(section, found)


def _add(section: dict, found: dict) -> Iterator[str]:
    """Add the mistakes of one section to those found; yields what is wrong with them."""
    for name, entry in section["mistakes"].items():
        wrong = list(_problems(name, entry))
        if name in found:
            wrong.append(f"this id is used more than once, also on {found[name].page}")
        yield from (f"{name}: {what}" for what in wrong)
        if not wrong:
            place = {"page": section["page"], "heading": section["heading"]}
            found[name] = Misconception(name, **{**entry, "threads": tuple(entry.get("threads", ()))}, **place)


def _misplaced(section: dict, part: str, headings=None) -> Iterator[str]:
    """Everything wrong with the page, the heading and the table of mistakes of a section in the file of this part."""
    fields = ("page", "heading")
    wrong = [*_fields(section, needed={*fields, "mistakes"}), *_texts(section, fields)]
    mistakes = section.get("mistakes", {"": {}})
    if not isinstance(mistakes, dict) or not mistakes:
        wrong.append(f"mistakes is {mistakes!r}; each one must begin with [section.mistakes.<id>]")
    yield from wrong
    if wrong:
        return
    page, heading = section["page"], section["heading"]
    if page not in TITLES or not page.startswith(f"{part}/"):
        yield f"page is {page!r}; in this file it must be {part}/<page>, a page of the book"
    elif headings is not None and heading not in headings[page]:
        yield f"heading is {heading!r}; {page} has no such section"


def _problems(name: str, entry) -> Iterator[str]:
    """Everything wrong with one entry, as plain sentences."""
    if not isinstance(entry, dict):
        yield f"an entry is a table with {', '.join(TEXTS)}, not {entry!r}"
        return
    yield from _fields(entry, needed={*TEXTS}, optional={"threads"})
    yield from _texts(entry, TEXTS)
    for field in ("what", "tempting"):
        text = entry.get(field)
        if isinstance(text, str) and text.strip() and not text.endswith("."):
            yield f"{field} must end with a full stop"
    if not ID.fullmatch(name):
        yield "id must be lower-case words joined by underscores"
    threads = entry.get("threads", [])
    if not isinstance(threads, list) or not all(isinstance(at, str) and THREAD.fullmatch(at) for at in threads):
        yield f"threads is {threads!r}; it must be a list of texts like owner/repository#12"


def _fields(table: dict, needed: set, optional: set = frozenset()) -> Iterator[str]:
    yield from (f"{field} is missing" for field in sorted(needed - set(table)))
    yield from (f"{field} is an unknown field" for field in sorted(set(table) - needed - optional))


def _texts(table: dict, fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        value = table.get(field, "absent")
        if not isinstance(value, str):
            yield f"{field} is {value!r}; it must be a text"
        elif not value.strip():
            yield f"{field} is empty"


class _Known(Mapping):
    """id -> mistake, from the files beside this one. They are read when the first is looked up: an answer that is right needs none."""

    @cached_property
    def _found(self) -> dict[str, Misconception]:
        return load()

    def __getitem__(self, name: str) -> Misconception:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


MISCONCEPTIONS = _Known()
