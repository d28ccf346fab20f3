"""Real prose without a download: what the functions of NumPy say of themselves, so that a pinned NumPy gives one text."""

from __future__ import annotations

import importlib
import inspect
import string
import sys

PLAIN = frozenset(string.ascii_letters + string.digits + " .,;:!?'\"()-_*=+/[]`@#%&\n")
LETTERS = frozenset(string.ascii_letters + " ")
NAMESPACES = ("numpy", "numpy.fft", "numpy.linalg", "numpy.random")


def prose() -> list[str]:
    """The texts of NumPy's public names, one a name, in the order of the names: paragraphs of English, each on one line.

    Examples, lists of parameters and tables are left out: a paragraph begins with a capital letter, ends with a full stop or a
    colon, has eight words or more, and at least nine in ten of its signs are letters or spaces. The texts differ between versions
    of NumPy and not between machines.
    Errors: ImportError where Python leaves out the texts of functions (`python -OO`).
    """
    if sys.flags.optimize > 1:
        raise ImportError("this Python leaves out what functions say of themselves (python -OO), the texts that are read here")
    topics = {f"{module}.{name}": text for module in NAMESPACES for name, text in _texts(importlib.import_module(module))}
    seen: set[str] = set()
    texts = ("\n".join(_new(_paragraphs(topics[name]), seen)) for name in sorted(topics))
    return [text for text in texts if text]


def _texts(module) -> list[tuple[str, str]]:
    """Name and text of all that a module offers."""
    told = ((name, getattr(module, name).__doc__) for name in module.__all__)
    return [(name, inspect.cleandoc(text)) for name, text in told if isinstance(text, str)]


def _paragraphs(topic: str) -> list[str]:
    """Each paragraph of running text as one line."""
    lines = (" ".join(block.split()) for block in topic.split("\n\n"))
    return [line for line in lines if _is_prose(line)]


def _is_prose(line: str) -> bool:
    plain = PLAIN.issuperset(line) and not any(sign in line for sign in ("::", ">>>", "---", " : "))
    english = line[:1].isupper() and line[-1:] in ".:" and len(line.split()) >= 8
    return plain and english and sum(sign in LETTERS for sign in line) >= 0.9 * len(line)


def _new(lines: list[str], seen: set[str]) -> list[str]:
    """Those that no name has had before: some texts repeat others."""
    fresh = [line for line in dict.fromkeys(lines) if line not in seen]
    seen.update(fresh)
    return fresh
