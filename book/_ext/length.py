"""How long a page is, counted in its source: the words of its prose and its code cells, of its core and of all.

Depth is what a reader may leave out: a section whose heading is followed by the line `% deeper`, with the sections inside it, and
a box of class `deeper`. Words are those of the text and its boxes, answers among them, and of tables; a formula in a line is one word.
Code, captions, displayed formulas, and what exercises, cards and questions bring do not count: a cell has its minute, and exercises have theirs.
"""

from __future__ import annotations

import re
from math import ceil
from typing import NamedTuple

WORDS_A_MINUTE = 200
FRONT = re.compile(r"\A---\n.*?^---\n", re.M | re.S)
SHORT = re.compile(r"^(:{3,})\{admonition\}[^\n]*\n:class: short\b.*?^\1$\n", re.M | re.S)
CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.M | re.S)
HEADING = re.compile(r"^(#{1,6}) +(.+?) *$")
DEEPER = re.compile(r"^% *deeper *$")
FENCE = re.compile(r"^(:{3,}|`{3,})")
DEEPER_BOX = re.compile(r"^:class:.*\bdeeper\b")
CELL_LINE = "⟦cell⟧"
UNREAD = [(re.compile(pattern, re.M), instead) for pattern, instead in (
    (r"^(`{3,}).*\n(?:.*\n)*?\1$", ""), (r"\$\$[^$]*\$\$", ""), (r"\$[^$]+\$", "x"), (r"\{cite:\w+\}`[^`]*`", "x"), (r"\{[\w:]+\}(?=`)", ""),
    (r"!?\[([^\]]*)\]\([^)]*\)", r"\1"), (r"^%.*$", ""), (r"^:{3,} *(?:\{[\w:]+\})?", ""), (r"^:[\w-]+:.*$", ""), (r"^\+\+\+.*$", ""),
    (r"^\(.+\)=$", ""), (r"^[|\s:-]+$", ""), (r"^#+ ", ""))]
WORD = re.compile(r"\S*\w\S*")


class Length(NamedTuple):
    """Words and cells of a stretch of source."""

    words: int
    cells: int

    @property
    def minutes(self) -> int:
        return ceil(self.words / WORDS_A_MINUTE) + self.cells


def folded(lines: list[str]) -> list[bool]:
    """For each line of a source without code: whether it is depth."""
    found, under, box = [], 7, None
    for number, line in enumerate(lines):
        heading, fence = HEADING.match(line), FENCE.match(line)
        if heading and len(heading[1]) <= under:
            follows = next((rest for rest in lines[number + 1:] if rest.strip()), "")
            under = len(heading[1]) if DEEPER.match(follows) else 7
        if fence and box is None and DEEPER_BOX.match((lines[number + 1:] or [""])[0]):
            box = fence[1]
        found.append(under < 7 or box is not None)
        if box is not None and line == box:
            box = None
    return found


def lines(source: str) -> list[str]:
    """The text of a source, each code cell as one mark; without the box *In short*, which is for others."""
    return CELL.sub(CELL_LINE, SHORT.sub("", FRONT.sub("", source))).split("\n")


def prose(text: str) -> str:
    for pattern, instead in UNREAD:
        text = pattern.sub(instead, text)
    return text


def measured(kept: list[str]) -> Length:
    text = "\n".join(kept)
    return Length(len(WORD.findall(prose(text.replace(CELL_LINE, "")))), text.count(CELL_LINE))


def whole(source: str) -> Length:
    """A page with its depth."""
    return measured(lines(source))


def core(source: str) -> Length:
    """A page without its depth."""
    text = lines(source)
    return measured([line for line, deep in zip(text, folded(text)) if not deep])
