"""Where the reader is on the way: the parts of the sidebar are numbered and folded, a line under each title names part, chapter
and minutes, the links to the next page say when another part begins, and `way.json` tells practice/way.js what each page holds.

All of it works without scripts; practice/way.js adds how much of it the reader has done.
"""

from __future__ import annotations

import json
import re
from html import escape, unescape
from pathlib import Path

from places import Place, places
from search_docs import plain

PRACTICE = "book/practice/"  # what is asked there belongs to chapters
PART = re.compile(r'<p aria-level="2" class="caption" role="heading"><span class="caption-text">([^<]*)</span></p>\s*(<ul class="[^"]*">.*?</ul>)', re.S)
TITLE = re.compile(r'(<article class="bd-article".*?</h1>)', re.S)
MINUTES = re.compile(r"<p>(\d+) minutes\b(?:, (\d+) with its depth)?")
NEIGHBOUR = re.compile(r'(<a class="(left-prev|right-next)"\s+href="([^"]*)".*?prev-next-subtitle">)(previous|next)(</p>)', re.S)
START = re.compile(r'(<button class="sidebar-toggle primary-toggle.*?</button></div>)', re.S)
ITEM = re.compile(r'class="item item-(\w+)" data-item="([^"]+)"')
EXERCISE = re.compile(r'tag_exercise-check.*?check(?:</span>|<[^>]*>|\()*.*?(?:&quot;|")([a-z_]+\.[a-z_0-9]+)(?:&quot;|")', re.S)


def fold(html: str, labels: dict[str, str]) -> str:
    """The sidebar's parts as boxes to open, the present one open."""
    def box(match: re.Match[str]) -> str:
        caption, entries = match.groups()
        is_open = " open" if "current" in entries else ""
        label = escape(labels.get(unescape(caption), unescape(caption)))
        return f'<details class="way-part"{is_open}><summary><span class="caption-text">{label}</span></summary>{entries}</details>'

    return PART.sub(box, html)


def length(minutes: re.Match[str] | None) -> str:
    """How long a page is: in minutes, or without and with its depth, where practice/depth.js puts its switch."""
    core, everything = minutes.groups() if minutes else ("", "")
    if everything:
        return f'</span><span class="depth-minutes" data-core="{core}" data-everything="{everything}">{core} minutes · {everything} with depth'
    return f" · {core} minutes" if core else ""


def here(html: str, place: Place, home: str, title: str) -> str:
    """The line under the title, and the same in the header of the page."""
    said = f"chapter {place.number} of {place.chapters}{length(MINUTES.search(html))}"
    line = f'<p class="way-here"><a href="{home}">{escape(place.label)}</a><span>{said}</span></p>'
    crumb = f'<div class="header-article-item way-crumb"><a href="{home}">{escape(place.label)}</a><span>› {escape(title)}</span></div>'
    html = TITLE.sub(lambda match: match[1] + line, html, count=1)
    return START.sub(lambda match: match[1] + crumb, html, count=1)


def neighbours(html: str, own: str, places: dict[str, Place]) -> str:
    """The links at the foot say so where they lead into another part."""
    folder = Path(own).parent

    def link(match: re.Match[str]) -> str:
        page = (folder / match[3].removesuffix(".html")).as_posix()
        to = places.get(str(Path(_resolved(page))))
        other = to and to.part != getattr(places.get(own), "part", None)
        return match[1] + (f"{match[4]}: {escape(to.label)}" if other else match[4]) + match[5]

    return NEIGHBOUR.sub(link, html)


def _resolved(path: str) -> str:
    left: list[str] = []
    for step in path.split("/"):
        left = left[:-1] if step == ".." else left + [step] * (step not in ("", "."))
    return "/".join(left)


def holds(html: str) -> dict[str, list[str]]:
    """The exercises, questions and cards of a page, by their ids."""
    kinds: dict[str, list[str]] = {"quiz": [], "cards": []}
    for kind, item in ITEM.findall(html):
        if kind not in ("prediction", "lines"):
            kinds["cards" if kind == "card" else "quiz"].append(item)
    exercises = [match for cell in html.split("tag_exercise-check")[1:] for match in EXERCISE.findall("tag_exercise-check" + cell[:4000])[:1]]
    return {"exercises": list(dict.fromkeys(exercises)), **{kind: list(dict.fromkeys(ids)) for kind, ids in kinds.items()}}


def mark(app, exception) -> None:
    """Every page of the site gets its marks; `way.json` is written beside them."""
    if exception or app.builder.name != "html":
        return
    site, known = Path(app.outdir), places(Path(app.confdir))
    labels = {place.part: place.label for place in known.values()}
    told = []
    for page in [*known, app.config.root_doc, "search", "404"]:
        path = site / f"{page}.html"
        if not path.is_file():
            continue
        html = fold(path.read_text("utf-8"), labels)
        if page in known:
            title = plain(app.env.titles[page].astext())
            html = neighbours(here(html, known[page], _link(page, known[page].first), title), page, known)
            told.append({"page": f"{page}.html", "title": title, "part": known[page].label, **holds("" if page.startswith(PRACTICE) else html)})
        path.write_text(html, "utf-8")
    (site / "_static" / "way.json").write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")), "utf-8")


def _link(page: str, to: str) -> str:
    """From a page to another, as an address."""
    folder, target = page.split("/")[:-1], to.split("/")
    while folder and len(target) > 1 and folder[0] == target[0]:
        folder, target = folder[1:], target[1:]
    return "../" * len(folder) + "/".join(target) + ".html"


def own_page(app, pagename, templatename, context, doctree) -> None:
    app.add_js_file("practice/way.js", type="module", **{"data-way-page": f"{pagename}.html"})


def setup(app) -> dict:
    app.connect("html-page-context", own_page)
    app.connect("build-finished", mark, priority=940)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
