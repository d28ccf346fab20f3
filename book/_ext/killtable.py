"""The kill table: each exercise against every wrong answer it knows, made by running the checks during the build.

    ```{kill-table}
    ```

One section an exercise, in the order of the book: a table with the mistake by name, whether its own name was found, and where it is explained.
A mistake that a check no longer names is a warning, and so ends a strict build.
"""
from __future__ import annotations

import sys
from pathlib import Path

import numbering
from docutils import nodes
from practice import inline
from sphinx.addnodes import pending_xref
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

log = logging.getLogger(__name__)
SRC = Path(__file__).resolve().parents[2] / "src"
HEAD = ("Mistake", "What the check says", "Caught", "Named", "Seen in public code")


class KillTable(SphinxDirective):
    """Runs every check on every known mistake and shows what came of it."""

    def run(self) -> list[nodes.Node]:
        exercises = _exercises()
        tested, sections = 0, []
        names = numbering.exercises(Path(self.env.srcdir))
        order = {one: place for place, one in enumerate(names)}
        for exercise in sorted(exercises.EXERCISES.values(), key=lambda e: (order.get(e.id, len(order)), e.id)):
            rows = [self._row(exercises, exercise, name) for name in exercise.mutants]
            tested += len(rows)
            sections.append(self._section(exercise, names.get(exercise.id, ""), rows))
        for path in (SRC / "attnlab" / "exercises" / "misconceptions").glob("*.toml"):
            self.env.note_dependency(str(path))
        named = {e.same_as.get(name, name) for e in exercises.EXERCISES.values() for name in e.mutants}
        count = f"{len(sections)} exercises, {tested} wrong answers, {len(named)} mistakes by name."
        return [nodes.paragraph("", "", nodes.strong("", count)), *sections]

    def _row(self, exercises, exercise, name: str) -> list[list[nodes.Node]]:
        """The cells of one mistake."""
        found = exercises.diagnose(exercise.id, exercise.mutants[name])
        expected = exercise.same_as.get(name, name)
        if found.passed or found.mistake != expected:
            log.warning("%s takes %s for %s", exercise.id, name, found.mistake or "right", location=self.get_location())
        mistake = exercises.MISCONCEPTIONS[expected]
        title = mistake.title if name == expected else f"{mistake.title}, written differently"
        return [
            inline(title),
            inline(mistake.what),
            [nodes.Text("no" if found.passed else "yes")],
            [nodes.Text("yes" if found.mistake == expected else "no")],
            _threads(mistake.threads),
        ]

    def _section(self, exercise, name: str, rows: list) -> nodes.section:
        """A heading, a line about the exercise, its table."""
        section = nodes.section("", nodes.title("", f"{name} {exercise.title}".strip()), ids=[f"kills-{exercise.id.replace('.', '-').replace('_', '-')}"])
        link = pending_xref("", nodes.inline("", "the chapter"), refdomain="std", reftype="doc", refexplicit=True,
                            reftarget=f"/book/{exercise.page}", refwarn=True, refdoc=self.env.docname)
        about = f"{exercise.level.capitalize()}, {exercise.minutes} minutes, {len(rows)} wrong answers, in "
        section += nodes.paragraph("", "", nodes.literal("", exercise.id), nodes.Text(". " + about), link, nodes.Text("."))
        section += _table(rows)
        return section


def _exercises():
    """The package from this repository, whether or not it is installed."""
    if str(SRC) not in sys.path:
        sys.path.insert(0, str(SRC))
    from attnlab import exercises

    return exercises


def _threads(threads: tuple[str, ...]) -> list[nodes.Node]:
    """Links to public threads, or a dash."""
    found: list[nodes.Node] = []
    for thread in threads:
        repository, number = thread.split("#")
        address = f"https://github.com/{repository}/issues/{number}"
        found += [nodes.Text(", ")] if found else []
        found.append(nodes.reference("", thread, refuri=address))
    return found or [nodes.Text("–")]


def _table(rows: list) -> nodes.table:
    """A table with a head."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in HEAD), cols=len(HEAD))
    group += nodes.thead("", _line([inline(title) for title in HEAD]))
    group += nodes.tbody("", *(_line(row) for row in rows))
    return nodes.table("", group, classes=["kill-table"])


def _line(cells: list) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def setup(app) -> dict:
    app.add_directive("kill-table", KillTable)
    return {"version": "1", "parallel_read_safe": True}
