"""A formula as one line of text, for whatever cannot show mathematics: search, titles, descriptions.

`of_mathml` walks the MathML that KaTeX writes beside its picture: softmax(QKᵀ/√d_k)V.
"""

from __future__ import annotations

import re
from unicodedata import normalize
from xml.etree import ElementTree

SPACED = set("=≠≈≡∼<>≤≥≪≫→←↦⇒⟺⟹+−±×·∗⋅∈∉⊂∣∝≺≻∪∩")
RAISED = str.maketrans("0123456789+−-()n⊤T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿᵀᵀ")
ACCENTS = {"ˉ": "\u0304", "‾": "\u0304", "¯": "\u0304", "^": "\u0302", "ˆ": "\u0302", "~": "\u0303", "˜": "\u0303",
           "˙": "\u0307", "→": "\u20d7"}
SILENT = str.maketrans("", "", "\u2061\u2062\u2063\u200b")
APPLY = "\u2061"  # stands behind the name of a function
APPLIED = re.compile(APPLY + "(?=[^\\s(|∣])")  # ln x, but softmax(z)
SIGN = re.compile(r"(^|[(\[{|]|[,;=<>≤≥] ) ?([−+±]) ")  # of a number, not between two
THIN = set("\u2063\u200a\u2009\u2006\u2005")  # spaces that set type apart, not words; with U+2063 negative ones
MATH = re.compile(r"<math\b.*?</math>", re.S)


def of_mathml(mathml: str) -> str:
    """The formula's text on one line."""
    text = APPLIED.sub(" ", _read(ElementTree.fromstring(mathml)))
    text = " ".join(text.translate(SILENT).split())
    return normalize("NFC", SIGN.sub(r"\1\2", text))


def label(html: str) -> str:
    """KaTeX's HTML with that text as `alttext` of its <math>."""
    def named(match: re.Match[str]) -> str:
        text = of_mathml(match[0]).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        return f'<math alttext="{text}"{match[0][5:]}'

    return MATH.sub(named, html)


def _read(node) -> str:
    kind = node.tag.rpartition("}")[2]
    return KINDS.get(kind, _row)(node)


def _parts(node) -> list[str]:
    return [_read(child) for child in node]


def _row(node) -> str:
    return "".join(_parts(node)) if len(node) else (node.text or "")


def _operator(node) -> str:
    text = (node.text or "").strip()
    return f" {text} " if text in SPACED else text + (" " if text in {",", ";", ":"} else "")


def _group(text: str) -> str:
    """In brackets where it is more than one thing."""
    text = text.strip()
    return text if re.fullmatch(r"[\w.√′∞]+|\(.*\)", text) else f"({text})"


def _fraction(node) -> str:
    over, under = map(_group, _parts(node))
    return f"{over}/{under}"


def _power(base: str, exponent: str) -> str:
    if base.endswith(APPLY):
        return _power(base[:-1], exponent) + APPLY
    exponent = SIGN.sub(r"\1\2", exponent.strip())
    if exponent.strip("′") == "":
        return base + exponent
    raised = exponent.translate(RAISED)
    return base + (raised if not set(exponent) & set(raised) else f"^{_group(exponent)}")


def _index(base: str, index: str) -> str:
    name = base.rstrip(APPLY)
    return f"{name}_{_group(index)}{base[len(name):]}"


def _accent(base: str, mark: str) -> str:
    mark = mark.strip()
    return base + ACCENTS[mark] if mark in ACCENTS else base if mark in "⏞⏟" else _power(base, mark)


def _table(node) -> str:
    return "; ".join(filter(None, (", ".join(filter(None, map(str.strip, _parts(row)))) for row in node)))


KINDS = {
    "mo": _operator,
    "mfrac": _fraction,
    "msqrt": lambda node: "√" + _group(_row(node)),
    "msup": lambda node: _power(*_parts(node)),
    "mtext": lambda node: "" if set(node.text or "") & THIN else (node.text or ""),
    "msub": lambda node: _index(_parts(node)[0], "".join(_parts(node)[1:])),  # KaTeX may write two parts below
    "munder": lambda node: _index(_parts(node)[0], "".join(_parts(node)[1:])),
    "mover": lambda node: _accent(*_parts(node)),
    "msubsup": lambda node: _power(_index(*_parts(node)[:2]), _parts(node)[2]),
    "munderover": lambda node: _power(_index(*_parts(node)[:2]), _parts(node)[2]),
    "mtable": _table,
    "mspace": lambda node: " " if float(node.get("width", "1em").removesuffix("em")) > 0.3 else "",
    "annotation": lambda node: "",
}
