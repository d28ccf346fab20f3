"""`{reading-guides}`: papers with what to read, what to be careful of and questions with folded answers; `{reading-list}`: everything else."""
from __future__ import annotations

from docutils import nodes
from reference_data import Listing, pages

GUIDE = {"id": str, "paper": str, "read": str, "adds": str, "wrong": str, "pages": list, "questions": list}
ITEM = {"id": str, "name": str, "url": str, "adds": str, "careful": str, "pages": list}


def question(asked: str, answer: str) -> list[str]:
    """A question, and its answer in a box that is opened."""
    return [f":::{{admonition}} {asked}", ":class: dropdown answer", answer, ":::", ""]


class Guides(Listing):
    file, inner, fields = "guides", "guide", GUIDE

    def entry(self, guide: dict) -> list[nodes.Node]:
        bad = [one for one in guide["questions"] if not (isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) and part for part in one))]
        if bad:
            raise self.error(f"guides.toml: {guide['id']}: questions: {bad[0]!r} wants a question and an answer")
        lines = [f"{{cite:t}}`{guide['paper']}`. **Read:** {guide['read']} **Adds:** {guide['adds']} **Careful:** {guide['wrong']} **Here:** {pages(guide['pages'])}.", ""]
        lines += [line for asked, answer in guide["questions"] for line in question(asked, answer)]
        return [nodes.container("", *self.text(*lines), ids=[f"guide-{guide['id']}"], classes=["reference-entry", "guide"])]


class Reading(Listing):
    file, inner, fields = "reading", "item", ITEM

    def entry(self, item: dict) -> list[nodes.Node]:
        said = f"[**{item['name']}**]({item['url']}). {item['adds']} *Careful:* {item['careful']} Here: {pages(item['pages'])}."
        return [nodes.container("", *self.text(said), ids=[f"item-{item['id']}"], classes=["reference-entry", "step"])]


def setup(app) -> dict:
    app.setup_extension("reference_data")
    app.add_directive("reading-guides", Guides)
    app.add_directive("reading-list", Reading)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
