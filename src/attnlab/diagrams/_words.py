"""Text in a drawing: a little markup, and how wide it will be at most.

``*x*`` is set in italics, ``!x!`` in italics under a bar, ``_{k}`` below and ``^{2}`` above the line; a line that begins with ``# `` is bold, one that
begins with ``~ `` small and quiet.
"""

from __future__ import annotations

import re
from typing import NamedTuple

BODY, SMALL, LEAST = 15.0, 13.5, 12.0  # pixels; nothing is set smaller than the last
BOLD = 1.1  # how much wider a bold line is
TOKEN = re.compile(r"\*([^*]+)\*|!([^!]+)!|_\{([^}]*)\}|\^\{([^}]*)\}|([^*!_^]+)")
# Characters by their advance in units of the type size, rounded up, in the widest of the usual sans-serif faces.
FACES = {0.32: "ijlI '’.,", 0.43: "frt()[]:;/!|-·", 0.54: "cszJ?–∂", 0.62: "aeokvxyθλTYF", 0.65: "bdghnpquLPEμαβΣ√0123456789ß“”",
         0.71: "ABCKRSVXZ", 0.8: "DGHNOQU&", 0.9: "wM+−=×<>→←↑↓⊤∞✓"}  # fmt: skip
ADVANCE = {letter: advance for advance, letters in FACES.items() for letter in letters}


class Span(NamedTuple):
    """A piece of a line: its text, whether in italics, on the line (0), below (-1) or above (1), whether under a bar."""

    text: str
    italic: bool
    level: int
    bar: bool = False


def spans(line: str) -> list[Span]:
    """The pieces of a line. An index of up to three characters is in italics too."""
    found = []
    for italic, bar, below, above, plain in TOKEN.findall(line):
        text, level = (below, -1) if below else (above, 1) if above else (italic or bar or plain, 0)
        index = level != 0 and len(text) <= 3 and any(map(str.isalpha, text))
        found.append(Span(text, bool(italic or bar) or index, level, bool(bar)))
    return found


def looks(line: str, size: float) -> tuple[str, float, str]:
    """The line without its mark, its type size, and its class: ``b`` for bold, ``s`` for quiet."""
    if line.startswith("# "):
        return line[2:], size, "b"
    return (line[2:], min(size, SMALL), "s") if line.startswith("~ ") else (line, size, "")


def script(size: float) -> float:
    """The type size of what stands below or above a line of this size."""
    return max(LEAST, 0.78 * size)


def width(line: str, size: float) -> float:
    """Pixels that the line takes at most, whichever face is at hand."""
    text, size, look = looks(line, size)
    total = sum(ADVANCE.get(letter, 1.0) * (script(size) if span.level else size) for span in spans(text) for letter in span.text)
    return total * (BOLD if look == "b" else 1.0)
