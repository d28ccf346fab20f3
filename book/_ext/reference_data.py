"""What pages of reference are drawn from: a TOML file in book/reference/data for each, in groups of entries.

    [[group]]
    title = "NaN and infinity"

    [[group.symptom]]          # the word depends on the file
    id = "softmax-nan"         # no other entry of the file has it; its anchor on the page
    says = "NaN as soon as scores are large"

Each page's extension states the fields of its entries, and everything that is wrong with a file is told at once: file, entry, field.
"""
from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "src") not in sys.path:
    sys.path.insert(0, str(ROOT / "src"))  # the package from this repository, whether or not it is installed
from attnlab.exercises._pages import TITLES  # noqa: E402

DATA = ROOT / "book" / "reference" / "data"
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class DataError(ValueError):
    """What is wrong with a file, one complaint a line."""


class Group(NamedTuple):
    """A heading and what stands under it."""

    title: str
    entries: tuple[dict, ...]


def load(path: Path, inner: str, fields: Mapping[str, type]) -> list[Group]:
    """The groups of a file; a field whose name ends in ? may be missing.

    Errors: DataError naming file, entry and field.
    """
    content = tomllib.loads(path.read_text("utf-8"))
    complaints = [f"{path.name}: {complaint}" for complaint in _complaints(content, inner, fields)]
    if complaints:
        raise DataError("\n".join(complaints))
    return [Group(group["title"], tuple(group[inner])) for group in content["group"]]


def _complaints(content: dict, inner: str, fields: Mapping[str, type]) -> Iterator[str]:
    seen: set[str] = set()
    yield from (f"{key}: there is no such table" for key in content if key != "group")
    for place, group in enumerate(content.get("group", []), 1):
        if not isinstance(group.get("title"), str) or not isinstance(group.get(inner), list) or len(group) != 2:
            yield f"group {place}: wants a title and entries called {inner}, and nothing else"
            continue
        for number, entry in enumerate(group[inner], 1):
            name = entry.get("id", f"{inner} {number} of {group['title']!r}")
            yield from (f"{name}: {complaint}" for complaint in _of_entry(entry, fields, seen))


def _of_entry(entry: dict, fields: Mapping[str, type], seen: set[str]) -> Iterator[str]:
    known = {field.rstrip("?"): kind for field, kind in fields.items()}
    yield from (f"{field}: there is no such field" for field in entry if field not in known)
    for field, kind in fields.items():
        value = entry.get(field.rstrip("?"))
        if value is None:
            yield from () if field.endswith("?") else (f"{field}: is missing",)
        elif not isinstance(value, kind) or kind in (str, list) and not value:
            yield f"{field.rstrip('?')}: wants {kind.__name__} and not {value!r}"
    one = str(entry.get("id", ""))
    if not ID.fullmatch(one):
        yield f"id: {one!r} wants small letters, digits and hyphens"
    if one in seen:
        yield "id: another entry has it"
    seen.add(one)


class Listing(SphinxDirective):
    """A page drawn from a file; each has `file` and `inner`, its FIELDS, and `entry`, what is shown of one."""

    file: str
    inner: str
    fields: Mapping[str, type]

    def groups(self) -> list[Group]:
        path = DATA / f"{self.file}.toml"
        for source in (path, Path(sys.modules[type(self).__module__].__file__), Path(__file__)):
            self.env.note_dependency(str(source))
        try:
            return load(path, self.inner, self.fields)
        except (ValueError, OSError) as error:
            raise self.error(str(error)) from error

    def run(self) -> list[nodes.Node]:
        return [self.group(group) for group in self.groups()]

    def group(self, group: Group) -> nodes.section:
        return section(group.title, nodes.make_id(f"{self.inner} group {group.title}"), *(node for entry in group.entries for node in self.entry(entry)))

    def text(self, *lines: str) -> list[nodes.Node]:
        """MyST, as a page would have it."""
        place = nodes.container()
        self.state.nested_parse(StringList("\n".join(lines).splitlines(), self.env.doc2path(self.env.docname)), 0, place)
        return place.children


def section(title: str | list[nodes.Node], anchor: str, *children: nodes.Node, classes: tuple[str, ...] = ()) -> nodes.section:
    head = [nodes.Text(title)] if isinstance(title, str) else title
    return nodes.section("", nodes.title("", "", *head), *children, ids=[anchor], classes=list(classes))


def page(name: str, words: str = "") -> str:
    """A link in MyST from a page of reference to another: "positions/relative" under its title, with `#label` to what stands there."""
    name, _, label = name.partition("#")
    words = words or TITLES[name]
    if label:
        return f"{{ref}}`{words} <{label}>`"
    suffix = ".ipynb" if (ROOT / "book" / f"{name}.ipynb").is_file() else ".md"
    return f"[{words}](../{name}{suffix})"


def pages(names: list[str]) -> str:
    return ", ".join(page(name) for name in names)


def look_up_field(words: str) -> nodes.raw:
    """Where reference/filter.js puts its field."""
    return nodes.raw("", f'<div class="look-up" data-words="{words}" hidden></div>', format="html")


def page_head(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body") or ""
    if 'class="look-up"' in body:
        app.add_js_file("reference/filter.js", type="module")
    if 'class="reference-' in body or 'class="look-up"' in body:
        app.add_css_file("css/reference.css")


def setup(app) -> dict:
    app.connect("html-page-context", page_head)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
