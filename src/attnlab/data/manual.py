"""Sentences to search in: what the functions of Python's own library say of themselves, one sentence each.

They stand in the installed Python and differ a little between its versions.
"""

from __future__ import annotations

import importlib
import inspect
import re

MODULES = ("math", "random", "statistics", "string", "textwrap", "os.path", "shutil", "itertools", "functools", "heapq", "bisect", "time", "calendar", "socket",
           "threading", "json", "zlib", "gzip", "hashlib", "secrets", "colorsys", "copy", "inspect", "tempfile", "subprocess")  # fmt: skip
METHODS = (str, list, dict, set, float)


def sentences() -> dict[str, str]:
    """Name of a function -> the first sentence of its documentation; functions without one are left out."""
    found: dict[str, str] = {}
    for owner in (*map(importlib.import_module, MODULES), *METHODS):
        name = owner.__name__.replace("posixpath", "os.path").replace("ntpath", "os.path")
        for inner, thing in sorted(vars(owner).items()):
            if not inner.startswith("_") and callable(thing) and not inspect.isclass(thing) and _first(thing):
                found[f"{name}.{inner}"] = _first(thing)
    return _without_twins(found)


def _first(thing) -> str:
    """The first sentence; "" for none, or one too short or too long to be of use."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", inspect.getdoc(thing) or "")]
    prose = next((part for part in paragraphs if not re.match(r"[\w.]+\(.*\)", part)), "")
    sentence = re.split(r"(?<=[.!?]) ", prose)[0]
    return sentence if 15 <= len(sentence) <= 120 else ""


def _without_twins(found: dict[str, str]) -> dict[str, str]:
    """Each sentence once: some functions are kept under two names."""
    seen: dict[str, str] = {}
    for name, sentence in found.items():
        seen.setdefault(sentence, name)
    return {name: sentence for sentence, name in seen.items()}
