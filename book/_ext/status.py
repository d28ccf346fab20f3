"""`{status}`: versions, counts and when the outputs of each page were made, told at build; `{sources}`: data and weights with their licences."""
from __future__ import annotations

import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numbering
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from places import places
from reference_data import ROOT, Listing, page, pages, section
from sphinx.util.docutils import SphinxDirective

SOURCE = {"id": str, "package": str, "what": str, "licence": str, "papers?": list, "pages": list}
SHOWN = ("numpy", "torch", "einops", "transformers", "sphinx", "jupyter-book")
DATE = re.compile(r"^@(\d{4}-\d\d-\d\d)$")
CLAIM = re.compile(r"^:class: .*\bclaim\b", re.M)
CELL = re.compile(r"^```\{code-cell\}", re.M)


def pinned(name: str) -> str:
    """The version in requirements.txt."""
    found = re.search(rf"^{re.escape(name)}==(\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.M)
    return found[1] if found else ""


def made() -> dict[str, str]:
    """Notebook -> the day on which its outputs were last committed; empty without a history."""
    try:
        log = subprocess.run(["git", "log", "--format=@%cs", "--name-only", "--", "book/*/*.ipynb"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8").stdout
    except OSError:
        return {}
    found, day = {}, ""
    for line in log.splitlines():
        if match := DATE.match(line):
            day = match[1]
        elif line:
            found.setdefault(line.removesuffix(".ipynb"), day)
    return found


def sources() -> dict[str, str]:
    """Every page of the book with its text, in its order."""
    return {name: (ROOT / f"{name}.md").read_text("utf-8") for name in places(ROOT)}


def counts() -> list[tuple[str, int]]:
    """What there is, each counted where it stands."""
    texts = sources()
    bank = [item for path in sorted((ROOT / "book" / "practice" / "items").glob("*.yml")) for item in yaml.safe_load(path.read_text("utf-8"))]
    glossary = (ROOT / "book" / "reference" / "glossary.md").read_text("utf-8")
    return [("pages", len(texts)), ("notebooks", sum((ROOT / f"{name}.ipynb").is_file() for name in texts)),
            ("claims, each with its assertion", sum(len(CLAIM.findall(text)) for text in texts.values())),
            ("cells of code", sum(len(CELL.findall(text)) for text in texts.values())),
            ("exercises", len(numbering.exercises(ROOT))), ("cards and questions", len(bank)),
            ("entries of the glossary", len(re.findall(r"^  \S", glossary, re.M))),
            ("papers", len(re.findall(r"^@\w+\{", (ROOT / "book" / "references.bib").read_text("utf-8"), re.M)))]


def own_version() -> str:
    try:
        return version("attnlab")
    except PackageNotFoundError:
        return re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)[1]


class Status(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        for path in (ROOT / "requirements.txt", ROOT / "_toc.yml", Path(__file__), *(ROOT / f"{name}.md" for name in sources())):
            self.env.note_dependency(str(path))
        versions = [f"attnlab {own_version()}", *(f"{name} {pinned(name)}" for name in SHOWN)]
        there = ["| There are | |", "|---|---|", *(f"| {what} | {count:,} |" for what, count in counts())]
        return [*self._text(f"Made with {', '.join(versions)}, as `requirements.txt` pins them."), *self._text(*there), *self._pages()]

    def _pages(self) -> list[nodes.Node]:
        days = made()
        rows = [f"| {page(name.removeprefix('book/'))} | {len(CELL.findall(text))} | {len(CLAIM.findall(text))} | {days.get(name, 'not known here')} |"
                for name, text in sources().items() if (ROOT / f"{name}.ipynb").is_file()]
        head = ["| Page | Cells | Claims | Outputs of |", "|---|---|---|---|"]
        return [section("When each page was executed", "executed", *self._text(SAYS, "", *head, *rows))]

    def _text(self, *lines: str) -> list[nodes.Node]:
        place = nodes.container()
        self.state.nested_parse(StringList("\n".join(lines).splitlines(), self.env.doc2path(self.env.docname)), 0, place)
        return place.children


SAYS = """The day on which the outputs that you see were committed. They are compared with a new run whenever the tests run: every notebook is executed from an empty
kernel, each cell's output is compared, and its processor time is set beside a budget of a minute; a page that needs more than three is refused."""


class Sources(Listing):
    file, inner, fields = "sources", "source", SOURCE

    def entry(self, entry: dict) -> list[nodes.Node]:
        papers = "".join(f", {{cite:t}}`{paper}`" for paper in entry.get("papers", []))
        said = f"**{entry['package']}.** {entry['what']}. *Licence:* {entry['licence']}{papers}. Used in: {pages(entry['pages'])}."
        return [nodes.container("", *self.text(said), ids=[f"source-{entry['id']}"], classes=["reference-entry", "step"])]


def setup(app) -> dict:
    app.setup_extension("reference_data")
    app.add_directive("status", Status)
    app.add_directive("sources", Sources)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
