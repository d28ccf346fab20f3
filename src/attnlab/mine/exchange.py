"""Kept answers on their way between the site's file of progress and the folder of notebooks. The newer of two answers stays."""

from __future__ import annotations

import json
import os
from pathlib import Path

from attnlab.exercises import EXERCISES, _keep
from attnlab.exercises._answer import LONGEST
from attnlab.exercises._keep import Kept

FORMAT, VERSION, FILE = "attnlab-progress", 1, "attnlab-progress.json"


def take(path: str | Path = FILE) -> list[str]:
    """Lay the answers of a file that the site saved into the folder; the exercises of those that were new.

    Errors: ValueError for a file that is none of progress, FileNotFoundError where no folder was switched on.
    """
    place, taken = _folder(), []
    for one in _answers(_document(Path(path))):
        mine = _mine(place, one.exercise)
        if mine is None or one.passed > mine.passed:
            _keep.store(place, one)
            taken.append(one.exercise)
    return taken


def give(path: str | Path = FILE) -> list[str]:
    """Write the folder's answers into a file of progress, a new one or beside what one holds; the exercises of those that were new.

    Errors: as for `take`.
    """
    place, path = _folder(), Path(path)
    document = _document(path) if path.exists() else {"format": FORMAT, "version": VERSION, "exercises": {}}
    known = {one.exercise: one for one in _answers(document)}
    given = [one for name in _keep.names(place) if (one := _mine(place, name)) and _newer(one, known.get(name))]
    document["answers"] = document.get("answers", {}) | {one.exercise: {"source": one.source, "slot": one.version, "passed": one.passed} for one in given}
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, path)
    return [one.exercise for one in given]


def _newer(one: Kept, other: Kept | None) -> bool:
    return len(one.source) <= LONGEST and (other is None or one.passed > other.passed)


def _folder() -> Path:
    place = _keep.home()
    if place is None:
        raise FileNotFoundError("no folder of answers is switched on: attnlab.exercises.keep() makes one")
    return place


def _mine(place: Path, exercise: str) -> Kept | None:
    path = place / _keep.file_name(exercise)
    return _keep.read(path.read_text("utf-8", errors="replace")) if path.is_file() else None


def _document(path: Path) -> dict:
    try:
        document = json.loads(path.read_text("utf-8"))
        good = document["format"] == FORMAT and document["version"] == VERSION and isinstance(document.get("answers", {}), dict)
    except (ValueError, TypeError, KeyError):
        good = False
    if not good:
        raise ValueError(f"{path.name} is no file of progress in this course, or one of a later version; nothing was changed")
    return document


def _answers(document: dict) -> list[Kept]:
    """The answers of a document that can be counted on; others are left out."""
    found = []
    for name, entry in document.get("answers", {}).items():
        texts = [entry.get(key) for key in ("source", "slot", "passed")] if isinstance(entry, dict) else [None]
        if name in EXERCISES and all(isinstance(text, str) for text in texts) and len(texts[0]) <= LONGEST:
            found.append(Kept(texts[0], name, texts[1], texts[2]))
    return found
