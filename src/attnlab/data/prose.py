"""Real prose without a download: the topics of Python's own help, from `pydoc_data.topics`, which comes with Python."""

from __future__ import annotations

import importlib
import string

PLAIN = frozenset(string.ascii_letters + string.digits + " .,;:!?'\"()-_*=+/[]`@#%&\n")
LETTERS = frozenset(string.ascii_letters + " ")


def prose() -> list[str]:
    """The texts of Python's help, one a topic, in the order of their names: paragraphs of English, each on one line.

    Examples, grammar and tables are left out: a paragraph begins with a capital letter, ends with a full stop or a colon, has
    eight words or more, and at least nine in ten of its signs are letters or spaces. The texts differ between versions of Python.
    Errors: ImportError where this Python was installed without them.
    """
    try:
        topics = importlib.import_module("pydoc_data.topics").topics
    except ImportError:
        raise ImportError("this Python was installed without pydoc_data.topics, the texts of its help") from None
    seen: set[str] = set()
    texts = ("\n".join(_new(_paragraphs(topics[name]), seen)) for name in sorted(topics))
    return [text for text in texts if text]


def _paragraphs(topic: str) -> list[str]:
    """Each paragraph of running text as one line."""
    lines = (" ".join(block.split()) for block in topic.split("\n\n"))
    return [line for line in lines if _is_prose(line)]


def _is_prose(line: str) -> bool:
    plain = PLAIN.issuperset(line) and "::=" not in line and ">>>" not in line
    english = line[:1].isupper() and line[-1:] in ".:" and len(line.split()) >= 8
    return plain and english and sum(sign in LETTERS for sign in line) >= 0.9 * len(line)


def _new(lines: list[str], seen: set[str]) -> list[str]:
    """Those that no topic has had before: some topics repeat others."""
    fresh = [line for line in dict.fromkeys(lines) if line not in seen]
    seen.update(fresh)
    return fresh
