"""`{concept-cards}`: cards of the item bank on a concept page.

The lines are ids of cards that a chapter owns, shown to be looked at; with a chapter as its argument the directive shows all cards and
questions whose home the page is, and there they answer back and are kept (practice.py).
"""

from __future__ import annotations

from docutils import nodes
from docutils.statemachine import StringList
from practice import bank
from sphinx.util.docutils import SphinxDirective


class ConceptCards(SphinxDirective):
    """Boxes as a chapter has them."""

    optional_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        known = {item["id"]: item for item in bank(self.env) if item["kind"] == "card"}
        own = bool(self.arguments)
        chosen = [item for item in known.values() if item["chapter"] == self.arguments[0]] if own else [known.get(name) for name in self.content]
        if not chosen or None in chosen:
            raise self.error(f"the item bank has no such cards: {', '.join(self.arguments or self.content)}")
        lines = ["::::{admonition} Cards", ":class: cards", ""]
        for item in chosen:
            lines += [line for part in box(item, own) for line in part.splitlines() or [""]]
        place = nodes.container()
        self.state.nested_parse(StringList([*lines, "::::"], "concepts"), 0, place)
        return place.children


def box(item: dict, own: bool) -> list[str]:
    """A card: a title that opens to its answer. Only where it is at home has it a name, and with it a memory."""
    named = [f":name: item-{item['id']}"] if own else []
    return [f":::{{admonition}} {' '.join(item['prompt'].split())}", f":class: {'card ' if own else ''}dropdown", *named, "", item["answer"].strip(), ":::", ""]


def setup(app) -> dict:
    app.add_directive("concept-cards", ConceptCards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
