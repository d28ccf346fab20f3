"""The names of claims, exercises and figures: "Claim 2.4.3" is the third claim of the fourth chapter of part 2.

The table of contents and the order on the page decide them, so no number is typed in a source. A notebook gets them when its cells
are made (`write`, called by tools/expand.py), the site when it is built (numbered.py, boxes.py); a test holds them equal.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from places import places

WORDS = {"claim": "Claim", "exercise": "Exercise", "figure": "Fig."}
TITLE = re.compile(r"^Claim(?: [\dA-Z]+\.\d+\.\d+)?\s*[:.]?\s*")
MACRO = re.compile(r"^% *exercise: *(\S+) *$", re.M)
MARKS = {
    "claim": re.compile(r"^(:{3,}\{admonition\} Claim)()(?=: .*\n(?::\w+:.*\n)*?:class: .*\bclaim\b)", re.M),
    "exercise": re.compile(r"^(`{3,}\{exercise-start\}.*\n)()", re.M),
    "figure": re.compile(r"\A(\*\*Fig\.)(\*\*)"),
}
WRITTEN = {"claim": " {number}", "exercise": ":enumerator: {number}\n", "figure": " {number}"}


def number(chapter: str, count: int) -> str:
    """ "2.4.3"; on a page outside the table of contents only the count."""
    return f"{chapter}.{count}" if chapter else str(count)


def name(kind: str, chapter: str, count: int) -> str:
    return f"{WORDS[kind]} {number(chapter, count)}"


def anchor(name: str) -> str:
    """"Claim 2.4.3" -> "claim-2-4-3"."""
    return re.sub(r"\W+", "-", name.lower())


def caption(cell) -> str:
    """What is said under a figure in JupyterLab, which shows no captions; still without a number."""
    figure = cell.metadata.get("mystnb", {}).get("figure") or {}
    words = " ".join(str(figure.get("caption") or "").split())
    return f"**Fig.** {words}" if words and cell.cell_type == "code" else ""


def write(cells: list, chapter: str) -> None:
    """Put the numbers into the text cells of a chapter's notebook."""
    count: Counter[str] = Counter()
    for cell in cells:
        if cell.cell_type == "markdown":
            for kind, mark in MARKS.items():
                cell.source = mark.sub(lambda match: match[1] + _next(kind, chapter, count) + match[2], cell.source)


def _next(kind: str, chapter: str, count: Counter[str]) -> str:
    count[kind] += 1
    return WRITTEN[kind].format(number=number(chapter, count[kind]))


def exercises(root: Path) -> dict[str, str]:
    """Exercise by its id -> its name, in the order of the book, from the sources."""
    found = {}
    for page, place in places(root).items():
        source = root / f"{page}.md"
        ids = MACRO.findall(source.read_text("utf-8")) if source.is_file() else ()
        found |= {one: name("exercise", place.chapter, count) for count, one in enumerate(ids, 1)}
    return found
