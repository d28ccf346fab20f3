"""The item bank as the browser reads it: `_static/bank/<part>.json` holds the items of a part as they stand on the built pages, formulas
set, and `_static/bank/index.json` says of each item what a queue or a filter asks for. practice/shelf.js reads both.

A page whose scripts lay out items from there marks their place with the class `asks`; it gets the style of formulas.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import items
from docutils import nodes
from places import places
from search_docs import plain
from sphinx.util import logging

log = logging.getLogger(__name__)
FOLDER = Path("_static", "bank")
FRAME = re.compile(r'<div class="item item-[\w-]+" data-item="([^"]+)">(<template\b.*?</template>|<details class="admonition card".*?</details>)', re.S)
ID = re.compile(r'(<details[^>]*) id="[^"]*"')


def frames(html: str) -> dict[str, str]:
    """What a page lays beside each of its items: the parts of a question, or the two faces of a card."""
    return {name: ID.sub(r"\1", held) for name, held in FRAME.findall(html)}


def mistakes(item: dict) -> list[str]:
    """The misconceptions that a wrong answer to an item shows."""
    found = [item["misconception"]] if "misconception" in item else [wrong["misconception"] for wrong in item.get("wrong", ())]
    return list(dict.fromkeys(found))


def asked(bank: list[dict]) -> list[dict]:
    """What can be asked anywhere: a prediction belongs to its cell, an open question to the page of those."""
    return [item for item in bank if item["kind"] not in ("prediction", "open")]


def laid(site: Path) -> dict[str, tuple[str, str]]:
    """id -> the page where an item stands, and what stands there."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(Path(site, "book").rglob("*.html")):
        page = path.relative_to(site).as_posix()
        found |= {name: (page, held) for name, held in frames(path.read_text("utf-8")).items()}
    return found


def row(item: dict, page: str, held: str) -> dict:
    """An item of a part's file."""
    frame = f'<div class="item item-{item["kind"].replace("_", "-")}" data-item="{item["id"]}">{held}</div>'
    return {key: item[key] for key in ("id", "kind", "level", "chapter", "tags")} | {"page": page, "html": frame}


def parted(bank: list[dict], site: Path) -> dict[str, list[dict]]:
    """Part -> its items, in the order of the course; those that no page shows are told of and left out."""
    shown, found = laid(site), {}
    for item in asked(bank):
        if item["id"] in shown:
            page, held = shown[item["id"]]
            page = f"book/{item['chapter']}.html" if item.get(items.APART) else page  # where it is read about
            found.setdefault(item["chapter"].split("/")[0], []).append(row(item, page, held))
        else:
            log.warning("no page shows the item %r of %s", item["id"], item["chapter"], type="practice", subtype="shelf")
    return found


def index(bank: list[dict], rows: dict[str, list[dict]], titles: dict[str, str], labels: dict[str, str]) -> dict:
    """What is known of every item without its text: [id, number of its page, kind, level, tags, misconceptions]."""
    known = {item["id"]: item for item in bank}
    pages: dict[str, list] = {}
    listed = []
    for one in (one for part in rows.values() for one in part):
        pages.setdefault(one["page"], [len(pages), one["chapter"]])
        listed.append([one["id"], pages[one["page"]][0], one["kind"], one["level"], one["tags"], mistakes(known[one["id"]])])
    named = [[chapter, titles.get(page, chapter), page, labels.get(page, "")] for page, (_, chapter) in pages.items()]
    return {"pages": named, "items": listed}


def ordered(bank: list[dict], root: Path) -> list[dict]:
    """Items in the order in which the table of contents has their chapters."""
    order = {page: number for number, page in enumerate(places(root))}
    return sorted(bank, key=lambda item: order.get(f"book/{item['chapter']}", len(order)))


def write(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    site, root = Path(app.outdir), Path(app.srcdir)
    bank = ordered(items.load(root / app.config.practice_items), root)
    rows = parted(bank, site)
    titles = {f"{page}.html": plain(title.astext()) for page, title in app.env.titles.items()}
    labels = {f"{page}.html": place.label for page, place in places(root).items()}
    (site / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, content in {**{part: {"items": found} for part, found in rows.items()}, "index": index(bank, rows, titles, labels)}.items():
        (site / FOLDER / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), "utf-8")


def style(app, pagename, templatename, context, doctree) -> None:
    if doctree is not None and any("asks" in node["classes"] for node in doctree.findall(nodes.Element)):
        app.add_css_file("katex/katex.min.css")


def setup(app) -> dict:
    app.connect("html-page-context", style)
    app.connect("build-finished", write, priority=945)  # with the line of way.py, before slim.py
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
