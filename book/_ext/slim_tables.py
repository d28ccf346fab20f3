"""Tables that are wider than a phone are marked: there each row becomes a card (css/phone.css), its cells named by their columns."""

from __future__ import annotations

import re
from html import escape, unescape

TABLE = re.compile(r'<table class="table">(.*?)</table>', re.S)
HEAD = re.compile(r"<thead>(.*?)</thead>", re.S)
ROW = re.compile(r"<tr\b[^>]*>(.*?)</tr>", re.S)
CELL = re.compile(r"<(td|th)\b([^>]*)>(.*?)</\1>", re.S)
MATHML = re.compile(r'<span class="katex-mathml">.*?</math></span>', re.S)
KEPT = re.compile(r"<code\b.*?</code>", re.S)
TAG = re.compile(r"<[^>]+>")
COLUMN, LETTER, BETWEEN = 328, 7.7, 16  # pixels: the column of a phone of 360, a letter, the room beside a cell


def words(cell: str) -> list[str]:
    """What cannot break in a cell: its words, and each piece of code whole."""
    plain = MATHML.sub("", cell)
    code = [TAG.sub("", one) for one in KEPT.findall(plain)]
    return [unescape(one) for one in code + TAG.sub("", KEPT.sub(" ", plain)).split()]


def named(cell: str) -> str:
    """The words of a column's head; a formula as one line of text."""
    return " ".join(unescape(TAG.sub("", _read(cell))).split())


def _read(cell: str) -> str:
    parts = re.split(r'(<span class="katex">)', cell)
    return "".join(_formula(text) if before == '<span class="katex">' else text
                   for before, text in zip(["", *parts], parts) if text != '<span class="katex">')


def _formula(text: str) -> str:
    """What follows the beginning of a formula: its text instead of its picture, and the rest."""
    alt, depth = re.search(r'<math alttext="([^"]*)"', text), 1
    for tag in re.finditer(r"<(/?)span\b[^>]*>", text):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return (alt[1] if alt else "") + text[tag.end():]
    return text


def least(rows: list[list[str]]) -> float:
    """The width below which the table scrolls."""
    columns = [[row[at] for row in rows if at < len(row)] for at in range(max(map(len, rows)))]
    return sum(max((len(word) for cell in column for word in words(cell)), default=0) * LETTER + BETWEEN for column in columns)


def mark(html: str) -> str:
    """The page with class `as-cards` on its wide tables."""
    return TABLE.sub(_table, html)


def _table(match: re.Match[str]) -> str:
    head = HEAD.search(match[1])
    if not head:
        return match[0]
    rows = [[cell[2] for cell in CELL.findall(row)] for row in ROW.findall(match[1])]
    if not rows or least(rows) <= COLUMN:
        return match[0]
    names = [named(cell) for cell in rows[0]]
    body = ROW.sub(lambda row: _row(row[0], names), match[1][head.end():])
    return f'<table class="table as-cards">{match[1][:head.end()]}{body}</table>'


def _row(row: str, names: list[str]) -> str:
    left = iter(names)

    def cell(found: re.Match[str]) -> str:
        name = next(left, "")
        said = f' data-column="{escape(name)}"' if name else ""
        return f"<{found[1]}{found[2]}{said}>{found[3]}</{found[1]}>"

    return CELL.sub(cell, row)
