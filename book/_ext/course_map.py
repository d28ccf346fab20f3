"""`{course-map}`: every chapter as a box, parts as lanes, a line from a chapter to those that need it; on a phone a list by part.

`{course-reasons}`: the same as text, with the reason of each line. Both are made from the sources when the page is read (course.py); nothing in
them needs a script. practice/map.js fills the boxes as far as the reader has come and lights the lines of the one that is pointed at.
"""

from __future__ import annotations

import sys
from html import escape
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import NamedTuple

import course
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "src") not in sys.path:
    sys.path.insert(0, str(ROOT / "src"))  # the package from this repository, whether or not it is installed
from attnlab.diagrams._words import width  # noqa: E402

WIDE, COLUMNS, GAP = 680, 6, 8
BOX, HIGH, BETWEEN = (WIDE - (COLUMNS - 1) * GAP) / COLUMNS, 46, 18
LANE, TYPE, LINE = 32, 12.0, 13.5
EDGE, BAND = 8, 10  # room beside the boxes, and between two lanes
UNNUMBERED = ("Start", "Your own model")


class Place(NamedTuple):
    """The upper left corner of a chapter's box."""

    x: float
    y: float


class Lane(NamedTuple):
    """A part: its label, the page that stands for it as a whole, if any, and the chapters with a box."""

    label: str
    home: str
    boxes: tuple[course.Chapter, ...]


def short(one: course.Chapter) -> str:
    """A title as it stands in a lane, which names its part already."""
    head = one.title.split(":")[0]
    return one.title if head == "Refresher" else head


def lanes(known: list[course.Chapter]) -> list[Lane]:
    """Parts in their order; an overview that is text alone is the lane's own page and has no box."""
    found, number = [], 0
    for part, members in groupby(known, key=lambda one: one.part):
        pages = list(members)
        number += part not in UNNUMBERED
        home = next((one.page for one in pages if one.page.endswith("/overview") and not one.minutes), "")
        label = part if part in UNNUMBERED else f"{number} {part}"
        found.append(Lane(label, home, tuple(one for one in pages if one.page != home)))
    return found


def rows(boxes: tuple[course.Chapter, ...]) -> list[tuple[course.Chapter, ...]]:
    """At most COLUMNS in a row, and all rows about as long."""
    count = ceil(len(boxes) / COLUMNS)
    long, more = divmod(len(boxes), count)
    ends = [0]
    for row in range(count):
        ends.append(ends[-1] + long + (row < more))
    return [boxes[start:end] for start, end in zip(ends, ends[1:])]


def placed(found: list[Lane]) -> tuple[dict[str, Place], list[float], float]:
    """Where each box stands, where each lane begins, and how high all of it is."""
    places, tops, y = {}, [], 0.0
    for lane in found:
        tops.append(y)
        y += LANE
        for row in rows(lane.boxes):
            places |= {one.page: Place(column * (BOX + GAP), y) for column, one in enumerate(row)}
            y += HIGH + BETWEEN
        y += BAND
    return places, tops, y


def lines(title: str) -> list[str]:
    """The title in lines that fit the box."""
    found = [""]
    for word in title.split():
        longer = f"{found[-1]} {word}".strip()
        if found[-1] and width(longer, TYPE) > BOX - 6:
            found.append(word)
        else:
            found[-1] = longer
    return found


def edge(start: Place, end: Place) -> str:
    """The path of a line between two boxes: down from one to the next, or over the row where both stand in one."""
    a, b = start.x + BOX / 2, end.x + BOX / 2
    if start.y == end.y:
        return f"M{a:.0f} {start.y:.0f}C{a:.0f} {start.y - 15:.0f} {b:.0f} {start.y - 15:.0f} {b:.0f} {start.y:.0f}"
    down = end.y > start.y
    top, foot = (start.y + HIGH, end.y) if down else (start.y, end.y + HIGH)
    bend = (foot - top) / 2
    return f"M{a:.0f} {top:.0f}C{a:.0f} {top + bend:.0f} {b:.0f} {foot - bend:.0f} {b:.0f} {foot:.0f}"


def about(one: course.Chapter) -> str:
    """What is said of a chapter that is pointed at."""
    minutes = f"{one.minutes} minutes. " if one.minutes else ""
    reasons = " ".join(course.plain(need.words) for need in one.needs)
    return f"{one.title}. {minutes}" + (f"It builds on: {reasons}" if reasons else "It needs no other chapter.")


def box(one: course.Chapter, place: Place, address: str) -> str:
    """A chapter as a link."""
    words = lines(short(one))
    first = place.y + HIGH / 2 - (len(words) - 1) * LINE / 2 + 4
    text = "".join(f'<text x="{place.x + BOX / 2:.0f}" y="{first + n * LINE:.1f}">{escape(line)}</text>' for n, line in enumerate(words))
    frame = f'x="{place.x:.0f}" y="{place.y:.0f}" width="{BOX:.0f}" height="{HIGH}" rx="7"'
    return (f'<a class="map-box" href="{address}" data-map="{one.page}.html" data-about="{escape(about(one))}">'
            f'<rect class="map-paper" {frame}/><rect class="map-fill" {frame}/><rect class="map-frame" {frame}/>{text}</a>')


def picture(known: list[course.Chapter], address) -> str:
    """All of it as one drawing; `address` gives the link to a page."""
    found = lanes(known)
    places, tops, high = placed(found)
    paths = "".join(f'<path data-from="{a}.html" data-to="{b}.html" d="{edge(places[a], places[b])}"/>'
                    for a, b in course.direct(known) if a in places and b in places)
    bands = "".join(_band(top, end - BAND) for top, end in zip(tops, [*tops[1:], high]))
    heads = "".join(_head(lane, top, address) for lane, top in zip(found, tops))
    boxes = "".join(box(one, places[one.page], address(one.page)) for lane in found for one in lane.boxes)
    return (f'<svg class="map-picture" viewBox="{-EDGE} 0 {WIDE + 2 * EDGE} {high - BAND:.0f}" role="group" aria-label="The chapters, part by part">'
            f'{bands}<g class="map-edges" aria-hidden="true">{paths}</g>{heads}{boxes}</svg>')


def _band(top: float, end: float) -> str:
    return f'<rect class="map-band" x="{-EDGE}" y="{top:.0f}" width="{WIDE + 2 * EDGE}" height="{end - top:.0f}" rx="10"/>'


def _head(lane: Lane, top: float, address) -> str:
    text = f'<text class="map-lane" x="0" y="{top + 20:.0f}">{escape(lane.label)}</text>'
    return f'<a class="map-home" href="{address(lane.home)}" data-map="{lane.home}.html">{text}</a>' if lane.home else text


def listing(known: list[course.Chapter], address) -> str:
    """The same for a phone: a box to open for each part."""
    return '<div class="map-list">' + "".join(_part(lane, address) for lane in lanes(known)) + "</div>"


def _part(lane: Lane, address) -> str:
    home = f'<li><a href="{address(lane.home)}" data-map="{lane.home}.html">Overview</a></li>' if lane.home else ""
    items = "".join(f'<li><a href="{address(one.page)}" data-map="{one.page}.html">{escape(short(one))}</a>'
                    + (f' <span class="map-minutes">{one.minutes} min</span>' if one.minutes else "") + "</li>" for one in lane.boxes)
    return f'<details class="map-part"><summary>{escape(lane.label)}</summary><ul>{home}{items}</ul></details>'


class Directive(SphinxDirective):
    """Reads the course; the page is read again when a source changes."""

    def known(self) -> list[course.Chapter]:
        root = Path(self.env.srcdir)
        found = course.chapters(root)
        for path in (root / "_toc.yml", *(root / f"{one.page}.md" for one in found), *(Path(__file__).parent.glob("course*.py"))):
            self.env.note_dependency(str(path))
        return found

    def address(self, page: str) -> str:
        return self.env.app.builder.get_relative_uri(self.env.docname, page)

    def source(self, page: str) -> str:
        """The page's file, the executed one where there is one, as a source links to it."""
        suffix = ".ipynb" if Path(self.env.srcdir, f"{page}.ipynb").is_file() else ".md"
        return course.relative(page + suffix, self.env.docname)

    def parsed(self, text: list[str], css: str) -> list[nodes.Node]:
        place = nodes.container(classes=[css])
        self.state.nested_parse(StringList(text, self.env.doc2path(self.env.docname)), 0, place)
        return [place]


class CourseMap(Directive):
    """The picture, and the list that stands in for it on a phone."""

    def run(self) -> list[nodes.Node]:
        known = self.known()
        said = '<p class="map-said" role="status" hidden></p>'
        shown = f'<div class="map">{picture(known, self.address)}{listing(known, self.address)}{said}</div>'
        return [nodes.raw("", shown, format="html")]


class CourseReasons(Directive):
    """What each chapter needs, in the words of its own "Before you start"."""

    def run(self) -> list[nodes.Node]:
        known, text = self.known(), []
        for part, members in groupby(known, key=lambda one: one.part):
            needing = [one for one in members if one.needs]
            text += [f"**{part}**", ""] * bool(needing)
            for one in needing:
                text += [f"- [{one.title}]({self.source(one.page)})", ""]
                text += [f"  - {course.rebased(need.words, one.page, self.env.docname)}" for need in one.needs] + [""]
        return self.parsed(text, "map-reasons")


def load(app, pagename, templatename, context, doctree) -> None:
    """Only a page with the map carries its style and its script."""
    if 'class="map"' in (context.get("body") or ""):
        app.add_css_file("css/map.css")
        app.add_js_file("practice/map.js", type="module")


def setup(app) -> dict:
    app.add_directive("course-map", CourseMap)
    app.add_directive("course-reasons", CourseReasons)
    app.connect("html-page-context", load)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
