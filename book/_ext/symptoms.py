"""`{symptoms}`: what one notices, its likely causes, the line that finds out, where to read and what to practise.

The causes are mistakes that the exercises know; their words, their sections and the public threads come from there. The words before all
lines are BEFORE; tests/test_symptoms.py runs every line on the right function and on each cause.
"""
from __future__ import annotations

import re

from docutils import nodes
from practice import inline
from reference_data import Listing, look_up_field, section
from sphinx.util.docutils import SphinxDirective

from attnlab.exercises import EXERCISES, MISCONCEPTIONS

FIELDS = {"id": str, "says": str, "exercise": str, "causes": list, "law": str, "given?": str, "test": str, "also?": str}
BEFORE = """\
import numpy as np

rng = np.random.default_rng(0)
q, k, v = rng.normal(size=(5, 6)), rng.normal(size=(7, 6)), rng.normal(size=(7, 3))
"""
LONGEST = 88  # characters of a line that is shown


def line(entry: dict) -> str:
    """The lines to copy: what is given, and the assertion; one that is too long is broken after a comma."""
    given = entry.get("given", "").strip()
    return f"{given}\nassert {broken(entry['test'])}".strip()


def broken(test: str) -> str:
    """The same expression in lines of at most LONGEST characters; breaks stand inside brackets alone."""
    if len(test) + 7 <= LONGEST:
        return test
    lines, at = [], 0
    while len(test) - at > LONGEST - 7:
        here = max((m.end() for m in re.finditer(r", ", test) if at < m.end() <= at + LONGEST - 7 and depth(test[:m.end()])), default=0)
        if not here:
            break
        lines.append(test[at:here].rstrip())
        at = here
    return "\n       ".join([*lines, test[at:]])


def depth(code: str) -> int:
    return sum(code.count(a) - code.count(b) for a, b in ("()", "[]", "{}"))


class Symptoms(Listing):
    file, inner, fields = "symptoms", "symptom", FIELDS

    def run(self) -> list[nodes.Node]:
        return [look_up_field("Filter the symptoms"), *super().run()]

    def entry(self, entry: dict) -> list[nodes.Node]:
        if entry["exercise"] not in EXERCISES:
            raise self.error(f"symptoms.toml: {entry['id']}: exercise: there is no {entry['exercise']!r}")
        exercise = EXERCISES[entry["exercise"]]
        unknown = [cause for cause in entry["causes"] if cause not in exercise.mutants]
        if unknown:
            raise self.error(f"symptoms.toml: {entry['id']}: causes: {exercise.id} does not know {', '.join(unknown)}")
        named = list(dict.fromkeys(exercise.same_as.get(cause, cause) for cause in entry["causes"]))
        causes = [MISCONCEPTIONS[name] for name in named]
        code = nodes.literal_block(line(entry), line(entry), language="text")  # without colours: they are a third of the page
        also = [nodes.paragraph("", "", nodes.emphasis("", "Or else: "), *inline(entry["also"]))] if "also" in entry else []
        parts = [self._causes(causes), *also, nodes.paragraph("", "", *inline(entry["law"]), classes=["law"]), code, self._where(exercise, causes[0])]
        return [section(inline(entry["says"]), f"symptom-{entry['id']}", *parts, classes=("reference-entry",))]

    def _causes(self, causes: list) -> nodes.Element:
        items = [nodes.list_item("", nodes.paragraph("", "", nodes.strong("", one.title), nodes.Text(": "), *inline(one.what))) for one in causes]
        return nodes.enumerated_list("", *items, enumtype="arabic", prefix="", suffix=".")

    def _where(self, exercise, first) -> nodes.paragraph:
        """Where to read, what to practise, and where it happened."""
        found = [nodes.Text("Read "), self._link(first.href, re.sub(r"\.$", "", first.read)), nodes.Text("; practise "),
                 self._link(f"book/{exercise.page}.html#exercise-{nodes.make_id(exercise.id)}", exercise.title), nodes.Text(".")]
        for place, thread in enumerate(first.threads):
            found += [nodes.Text(" Seen in " if not place else ", "), nodes.reference("", thread, refuri="https://github.com/" + thread.replace("#", "/issues/"))]
        return nodes.paragraph("", "", *found, *[nodes.Text(".")] * bool(first.threads), classes=["where"])

    def _link(self, href: str, words: str) -> nodes.reference:
        page, _, anchor = href.partition("#")
        address = self.env.app.builder.get_relative_uri(self.env.docname, page.removesuffix(".html"))
        return nodes.reference("", "", *inline(words), internal=True, refuri=f"{address}#{anchor}" if anchor else address)


class Before(SphinxDirective):
    """The lines that stand before all others."""

    def run(self) -> list[nodes.Node]:
        return [nodes.literal_block(BEFORE.strip(), BEFORE.strip(), language="python")]


def setup(app) -> dict:
    app.add_directive("symptoms-before", Before)
    app.setup_extension("reference_data")
    app.add_directive("symptoms", Symptoms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
