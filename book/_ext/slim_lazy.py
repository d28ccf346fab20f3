"""Name the heavy blocks of text, so that a browser lays them out when they come near the window.

A block counts as heavy when it holds many tags (formulas, coloured code) and nothing that can be pressed:
links and buttons are always laid out, so that what is measured of them is true. What opens the page is left as
it is, so that nothing moves under the reader's eyes. The style sheet gives `.heavy-block` its `content-visibility`; the
numbers here let it guess the height until then. What may turn out wider than its box can be reached with Tab from
the start; js/boxes.js takes that back where it was laid out and fits.
"""

from __future__ import annotations

import re
from html import unescape

SECTION = re.compile(r"<section\b")
PARAGRAPH = re.compile(r"<p>(?:(?!</?p\b).)*?</p>", re.S)
CODE = re.compile(r"(<pre)(>.*?</pre>)", re.S)
FORMULA = re.compile(r'(<div class="math notranslate nohighlight)"(.*?<span class="katex-display")', re.S)
MATHML = re.compile(r'<span class="katex-mathml">.*?</math></span>', re.S)
TAG = re.compile(r"<[^>]+>")
PRESSED = re.compile(r"<(?:a|button|input|summary)\b")
HEAVY = 24  # tags
FITS_A_PHONE = 28  # characters of code in a line, inside the box of an exercise
REACHED = ' tabindex="0" data-scrolls="yes"'


def mark(html: str) -> str:
    """The page with class `heavy-block` on its heavy paragraphs, displayed formulas and pieces of code, from the
    second section of the second order on."""
    opening = [match.start() for match in SECTION.finditer(html)][2:3]
    if not opening:
        return html
    first, rest = html[: opening[0]], html[opening[0] :]
    rest = CODE.sub(_code, PARAGRAPH.sub(_paragraph, rest))
    return first + FORMULA.sub(rf'\1 heavy-block"\2{REACHED}', rest)


def _light(html: str) -> bool:
    return html.count("<") < 2 * HEAVY or bool(PRESSED.search(html))


def _paragraph(match: re.Match[str]) -> str:
    if _light(match[0]):
        return match[0]
    letters = len(" ".join(TAG.sub("", MATHML.sub("", match[0])).split()))
    return f'<p class="heavy-block" style="--letters:{letters}">{match[0][3:]}'


def _code(match: re.Match[str]) -> str:
    if _light(match[0]):
        return match[0]
    lines = unescape(TAG.sub("", match[2][1:])).split("\n")
    reached = REACHED if max(map(len, lines)) > FITS_A_PHONE else ""
    return f'{match[1]} class="heavy-block"{reached} style="--lines:{len(lines) - 1}"{match[2]}'
