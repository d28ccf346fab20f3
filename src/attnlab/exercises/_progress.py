"""A learner's progress as one small JSON file, written only where one was asked for.

Asked for means: the variable ATTNLAB_PROGRESS names a file, or `attnlab-progress.json` lies in the working folder.
Otherwise nothing is written, so that a notebook gives the same files wherever it is run.

An entry of an exercise has the same fields here and in the browser (book/_static/practice/progress.js): `attempts`,
`updated`, `passed` (the first time) and `mistakes`, times in UTC as 2026-03-14T09:26:53.589Z.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import json
import os
from pathlib import Path

FORMAT, VERSION = "attnlab-progress", 1
DEFAULT = "attnlab-progress.json"


def record(exercise_id: str, diagnosis) -> None:
    """Count an attempt and keep the first pass; a disk that refuses is no reason to stop a lesson."""
    path = _path()
    if path is None or not diagnosis.attempted:
        return
    with contextlib.suppress(OSError):
        document = _load(path)
        if document is not None:
            old = document["exercises"].get(exercise_id, {})
            if not _sound(old):
                _free(path).write_bytes(path.read_bytes())
                old = {}
            document["exercises"][exercise_id] = _updated(old, diagnosis)
            _write(path, document)


def _path() -> Path | None:
    """Where progress goes, or None."""
    named = os.environ.get("ATTNLAB_PROGRESS")
    if named:
        return Path(named)
    return Path(DEFAULT) if Path(DEFAULT).is_file() else None


def _load(path: Path) -> dict | None:
    """The document; a new one if there is none or it is damaged (put aside); None if it is from a later version."""
    if not path.exists() or not path.read_bytes().strip():
        return {"format": FORMAT, "version": VERSION, "exercises": {}}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        good = document["format"] == FORMAT and isinstance(document.setdefault("exercises", {}), dict)
    except (ValueError, TypeError, KeyError, AttributeError):
        good = False
    if not good:
        path.replace(_free(path))
        return {"format": FORMAT, "version": VERSION, "exercises": {}}
    return document if document.get("version") == VERSION else None


def _free(path: Path) -> Path:
    """A name beside the file that nothing has yet."""
    number = 1
    while (candidate := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return candidate


def _sound(entry) -> bool:
    """Whether an entry can be counted on."""
    if not isinstance(entry, dict) or not isinstance(entry.get("mistakes", {}), dict):
        return False
    return all(isinstance(count, int) for count in (entry.get("attempts", 0), *entry.get("mistakes", {}).values()))


def _updated(entry: dict, diagnosis) -> dict:
    """The entry after one more attempt; a pass is never taken back."""
    entry = copy.deepcopy(entry)
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    entry["attempts"] = entry.get("attempts", 0) + 1
    entry["updated"] = now
    if diagnosis.passed:
        entry.setdefault("passed", now)
    if diagnosis.mistake:
        mistakes = entry.setdefault("mistakes", {})
        mistakes[diagnosis.mistake] = mistakes.get(diagnosis.mistake, 0) + 1
    return entry


def _write(path: Path, document: dict) -> None:
    """Written whole beside the file, then moved over it."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, path)
