"""One style sheet a page: the sheets it links, in their order, without the rules that no page can use.

Rules of libraries are dropped when every selector names a class or an id that occurs nowhere, neither in a
page nor in a script or in data that scripts read. Our own sheets keep all their rules; white space that says
nothing goes everywhere.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import tinycss2
from tinycss2.ast import AtRule, HashToken, IdentToken, LiteralToken, QualifiedRule

LIBRARIES = re.compile(r"^(styles/|basic\.css|sphinx-design|mystnb|copybutton|pygments|exercise|proof|katex/)")
BUILT_IN_SCRIPTS = re.compile(r"^(bs-|collaps|dropdown|fade|modal|offcanvas|popover|show|tooltip)")
IMPORT = re.compile(r"""@import\s+(?:url\()?\s*["']?([^"')\s;]+)["']?\s*\)?\s*;""")
ADDRESS = re.compile(r"""url\(\s*(["']?)(?!data:|#|[a-z]+:|/)([^"')]+)\1\s*\)""")
WORD = re.compile(r"[A-Za-z_][\w-]*")
NAMED = re.compile(r"""\b(?:class|id)\s*=\s*(?:"([^"]*)"|'([^']*)')|<script\b[^>]*>(.*?)</script>""", re.DOTALL)
LINK = re.compile(
    r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")(?![^>]*\bmedia=)'
    r'[^>]*?\bhref="([^"]*?_static/)([^"?]+)[^"]*"[^>]*>\s*?\n?'
)


def words_in_use(site: Path) -> set[str]:
    """Classes and ids of all pages and every word of a script or of its data: what is not among them can never match."""
    words: set[str] = set()
    for path in site.rglob("*"):
        if path.suffix in {".html", ".js", ".mjs", ".json"} and "pyodide" not in path.parts:
            text = path.read_text("utf-8", errors="replace")
            named = " ".join("".join(found) for found in NAMED.findall(text)) if path.suffix == ".html" else text
            words.update(WORD.findall(named))
    return words


def selectors(prelude: list) -> list[list]:
    """The prelude cut at its commas."""
    parts: list[list] = [[]]
    for token in prelude:
        if isinstance(token, LiteralToken) and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def names(selector: list) -> list[str]:
    """Classes and ids that an element must have to match; what stands inside :not() and its like is free."""
    found = [token.value for token in selector if isinstance(token, HashToken)]
    for before, token in pairwise(selector):
        if isinstance(before, LiteralToken) and before.value == "." and isinstance(token, IdentToken):
            found.append(token.value)
    return found


def usable(selector: list, words: set[str]) -> bool:
    return all(name in words or BUILT_IN_SCRIPTS.match(name) for name in names(selector))


def purge(rules: list, words: set[str]) -> str:
    """The rules again, without the selectors that cannot match."""
    kept = []
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            alive = [
                tinycss2.serialize(part).strip() for part in selectors(rule.prelude) if usable(part, words)
            ]
            if alive:
                kept.append(f"{','.join(alive)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif (
            isinstance(rule, AtRule)
            and rule.lower_at_keyword in {"media", "supports", "layer"}
            and rule.content
        ):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            inside = purge(inner, words)
            if inside:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}")
        else:
            kept.append(rule.serialize())
    return "".join(kept)


def read(static: Path, name: str, words: set[str]) -> str:
    """A sheet with its imports in place, addresses relative to _static/, and a library's dead rules gone."""
    css = (static / name).read_text("utf-8")
    folder = posixpath.dirname(name)

    def address(match: re.Match[str]) -> str:
        return f'url("{posixpath.normpath(posixpath.join(folder, match[2]))}")'

    imported = "".join(
        read(static, posixpath.normpath(posixpath.join(folder, found)), words)
        for found in IMPORT.findall(css)
        if not re.match(r"[a-z]+:|//", found)
    )
    rules = tinycss2.parse_stylesheet(
        ADDRESS.sub(address, IMPORT.sub("", css)), skip_comments=True, skip_whitespace=True
    )
    broken = [rule for rule in rules if rule.type == "error"]
    if broken:
        raise ValueError(f"{name}: {broken[0].message}, line {broken[0].source_line}")
    return imported + (purge(rules, words) if LIBRARIES.match(name) else tinycss2.serialize(rules)) + "\n"


THEMED = re.compile(r"""(?<!:not\()\[data-theme=(["']?)(dark|light)\1\]""")


def tight(tokens: list) -> str:
    """What stands between the braces of a rule, without comments and without white space that says nothing."""
    spoken = [" " if token.type == "whitespace" else tinycss2.serialize([token]) for token in tokens if token.type != "comment"]
    words = [one for before, one in pairwise(["", *spoken]) if not before == one == " "]
    near, ends = ["", *words, ""], {";", ","}
    return "".join(one for before, one, after in zip(near, words, near[2:]) if one != " " or not {before, after} & ends).strip().removesuffix(";")


def for_paper(rules: list) -> str:
    """The rules again: those of the dark theme for screens alone, those of the light theme on paper for every theme."""
    return "".join(_rule_for_paper(rule) for rule in rules)


def _rule_for_paper(rule) -> str:
    if isinstance(rule, AtRule) and rule.lower_at_keyword in {"media", "supports", "layer"} and rule.content:
        inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        prelude = tinycss2.serialize(rule.prelude).replace("(prefers-color-scheme: dark)", "screen and (prefers-color-scheme: dark)")
        return f"@{rule.at_keyword}{prelude}{{{for_paper(inner)}}}"
    if not isinstance(rule, QualifiedRule):
        return rule.serialize()
    of: dict[str, list[str]] = {"": [], "dark": [], "light": []}
    for selector in selectors(rule.prelude):
        text = tinycss2.serialize(selector).strip()
        named = THEMED.search(text)
        of[named[2] if named else ""].append(text)
    body = f"{{{tight(rule.content)}}}"
    always, dark = ",".join(of[""] + of["light"]), ",".join(of["dark"])
    paper = ",".join(THEMED.sub("[data-theme]", text) for text in of["light"])
    return "".join([always and always + body, dark and f"@media screen{{{dark}{body}}}", paper and f"@media print{{{paper}{body}}}"])


def bundle(site: Path, parts: tuple[str, ...], words: set[str], finish: Callable[[str], str]) -> str:
    """Write the sheets `parts` as one file and return its name."""
    static = site / "_static"
    css = finish("".join(read(static, part, words) for part in parts))
    css = for_paper(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))
    name = f"site-{hashlib.sha256(css.encode()).hexdigest()[:12]}.css"
    (static / name).write_text(css, "utf-8")
    return name


def parts_of(html: str) -> tuple[str, ...]:
    """The sheets a page links, in order."""
    return tuple(match[2] for match in LINK.finditer(html))


def relink(html: str, name: str) -> str:
    """The page with one link, where the first of the old ones stood."""
    first = LINK.search(html)
    if not first:
        return html
    link = f'<link rel="stylesheet" href="{first[1]}{name}">\n'
    return html[: first.start()] + link + LINK.sub("", html[first.start() :])
