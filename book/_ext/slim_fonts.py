"""Fonts cut down to the characters the site shows: the theme's icons, and KaTeX's letters and signs."""

from __future__ import annotations

import base64
import io
import logging
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools").setLevel(logging.WARNING)  # its hundred lines a font would hide what matters

ICON_FONT = re.compile(
    r'src:url\("(vendor/fontawesome/webfonts/[\w-]+\.woff2)"\)(?:\s*format\("woff2"\))?'
    r'(?:,\s*url\([^)]*\)\s*format\("[a-z]+"\))*'
)
ESCAPE = re.compile(r"\\([0-9a-fA-F]{2,6})")
FORMULA = re.compile(
    r'<span class="katex-html".*?(?=<span class="katex-mathml"|</p>|</div>|</li>|</td>|$)', re.S
)
TAG = re.compile(r"<[^>]*>")
ENTITY = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#x27;": "'"}


def cut(path: Path, characters: set[int]) -> bytes:
    """The font at `path` with only those of its characters, as woff2."""
    font = TTFont(path)
    options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False, notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters & set(font.getBestCmap()))
    cutter.subset(font)
    out = io.BytesIO()
    font.flavor = "woff2"
    font.save(out)
    return out.getvalue()


def icons_into(css: str, static: Path) -> str:
    """The icons that the sheet names, inside the sheet itself: about two kilobytes and no request."""
    used = {int(code, 16) for code in ESCAPE.findall(css)}
    used |= {ord(sign) for sign in css if "\ue000" <= sign <= "\uf8ff"}  # written out, where a tool unescaped it

    def inline(match: re.Match[str]) -> str:
        if not used & set(TTFont(static / match[1]).getBestCmap()):
            return 'src:local("no icon of this font is used")'
        data = base64.b64encode(cut(static / match[1], used)).decode()
        return f'src:url(data:font/woff2;base64,{data}) format("woff2")'

    return ICON_FONT.sub(inline, css)


def characters_of_formulas(pages: list[str]) -> set[int]:
    """Every character that stands in a formula of any page, reading generously where a formula ends."""
    found: set[str] = set()
    for html in pages:
        for formula in FORMULA.findall(html):
            text = TAG.sub("", formula)
            for entity, character in ENTITY.items():
                text = text.replace(entity, character)
            found.update(text)
    return {ord(character) for character in found}


def cut_formula_fonts(source: Path, static: Path, pages: list[str]) -> None:
    """Write each of KaTeX's fonts anew from `source`, with the characters of the site's formulas."""
    used = characters_of_formulas(pages)
    for font in sorted((source / "fonts").glob("*.woff2")):
        (static / "katex" / "fonts" / font.name).write_bytes(cut(font, used))
