"""The colours of a drawing as numbers: the site's from its style sheet, a notebook's from what stands in; contrast of text."""

from __future__ import annotations

import re
from pathlib import Path

from attnlab.diagrams._shapes import Box, Group, Label, Matrix
from attnlab.diagrams._style import COLOURS, FILLS, INKS, SOFT
from attnlab.diagrams._words import looks, spans

CSS = Path(__file__).resolve().parents[2] / "book" / "_static" / "css" / "book.css"
BLOCKS = {"light": r'html, html\[data-theme="light"\] \{(.*?)\n\}', "dark": r'html\[data-theme="dark"\] \{(.*?)\n\}'}


def rgb(text: str) -> tuple[float, ...]:
    digits = text.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    return tuple(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))


def palette(host: str, theme: str) -> dict[str, tuple[float, ...]]:
    """name -> colour, on the site or where no variable of a host is known, in light, in dark and on paper."""
    dark = theme == "dark"
    found = {name: rgb(stand_in[dark]) for name, (_, *stand_in) in COLOURS.items()}
    if host == "site":
        block = re.search(BLOCKS["dark" if dark else "light"], CSS.read_text(encoding="utf8"), re.DOTALL)[1]
        known = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", block))
        found = {name: rgb(known[hosts[0]]) for name, (hosts, *_) in COLOURS.items()}
    return found | ({"ink": (0, 0, 0), "page": (1, 1, 1)} if theme == "print" else {})


def mixed(palette, colour: str, percent: int) -> tuple[float, ...]:
    return tuple(percent / 100 * a + (1 - percent / 100) * b for a, b in zip(palette[colour], palette["page"]))


def light(colour) -> float:
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts))


def contrast(palette, kind: str, tint: str) -> float:
    """Of text in this tint on a box of this kind; "" is the page."""
    ground = mixed(palette, *FILLS[kind]) if kind else palette["page"]
    ink = mixed(palette, "ink", SOFT) if tint == "soft" else palette[tint]
    a, b = sorted((light(ink), light(ground)))
    return (b + 0.05) / (a + 0.05)


def tints(line: str, kind: str) -> set[str]:
    """The colours of the text of a line in a box of this kind; the colour of a dark kind is set after that of quiet text."""
    text, _, look = looks(line, 15)
    own = {f"t{span.text.lower()}" for span in spans(text) if span.italic and not span.level and span.text in "QKVqkv"}
    return own | {INKS.get(kind, "soft" if look == "s" else "ink")}


def pairs(shapes) -> set[tuple[str, str]]:
    """(kind of ground, colour of text) of every line of a layout."""
    found = set()
    for shape in shapes:
        if isinstance(shape, Box):
            found |= {(shape.kind, tint) for line in shape.lines for tint in tints(line, shape.kind)}
        elif isinstance(shape, Label):
            found |= {("", tint) for tint in tints(shape.line, "")}
        elif isinstance(shape, Group):
            found |= {("", tint) for tint in tints(f"# {shape.title}", "")}
        elif isinstance(shape, Matrix) and shape.words:
            found |= {(kind, "ink") for row in shape.cells for kind in row if kind}
    return found
