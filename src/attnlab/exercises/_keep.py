"""Passed answers kept in a folder `mine/`, one readable file an answer; `from mine import softmax` gives it back.

Nothing is written before a reader asks for it: `keep()` makes the folder, and from then on every notebook of the same course
finds it. A file is never overwritten: what stood there goes to `mine/earlier/`.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from attnlab.exercises._answer import Unkept, standalone, version
from attnlab.exercises._judge import find

VARIABLE, MARK = "ATTNLAB_MINE", "Your own pieces"
ROOT = "_toc.yml"  # lies where the course begins
UP = 4  # folders above the working one in which the course may begin
INIT = f'''"""{MARK}: `from mine import softmax` gives your answer, or the course's own where yours is missing or broken.

The files beside this one are your answers, one each. Read them, change them, take them with you: each is checked again
before it is used. What a newer answer replaced lies in `earlier/`.
"""

from pathlib import Path

from attnlab.mine import lookup

__getattr__, __dir__ = lookup(Path(__file__).parent)
'''
HEAD = re.compile(r'"""Your answer to .*?\n\nExercise (?P<id>[\w.]+), version (?P<version>\w+)\. Passed (?P<passed>[\w:.-]+)\.\n"""\n\n?', re.DOTALL)
IDENTIFIER = re.compile(r"[a-z_]+\.[a-z_0-9]+")


class Kept(NamedTuple):
    """A kept answer: the text alone, the exercise, the version of it that was passed, and when."""

    source: str
    exercise: str
    version: str
    passed: str


def keep(folder: str = "mine") -> Path:
    """Keep the answers that pass from now on in this folder: of the course where there is one, else of the working folder.

    Errors: FileExistsError where a folder of this name holds something else.
    """
    place = _place(folder)
    start = place / "__init__.py"
    if start.exists() and not _ours(place):
        raise FileExistsError(f"{place} holds a package of another kind: give another name, as in keep('my_answers')")
    place.mkdir(parents=True, exist_ok=True)
    if not start.exists() or start.read_text("utf-8") != INIT:
        start.write_text(INIT, "utf-8")
    os.environ[VARIABLE] = str(place)
    if str(place.parent) not in sys.path:
        sys.path.insert(0, str(place.parent))
    print(f"Answers that pass are kept in {place.name}/: {len(names(place))} so far. `from {place.name} import ...` gives them back.")
    return place


def home() -> Path | None:
    """The folder that was switched on, here or in an earlier session; None where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named) if _ours(Path(named)) else None
    return next((place for place in (above / "mine" for above in _above()) if _ours(place)), None)


def kept(exercise_id: str, function: Callable, diagnosis) -> None:
    """Keep an answer that has passed; says what it kept, or why not."""
    place = home() if diagnosis.passed else None
    if place is not None:
        with contextlib.suppress(OSError):  # a disk that refuses is no reason to stop a lesson
            print(put(place, exercise_id, function))


def put(place: Path, exercise_id: str, function: Callable) -> str:
    """Write the answer; a sentence that says so, or why it cannot be kept."""
    try:
        return store(place, answer(exercise_id, function))
    except Unkept as reason:
        return f"Not kept: {reason}."


def answer(exercise_id: str, function: Callable) -> Kept:
    """A passed function as it is kept. Errors: Unkept, with the reason."""
    exercise = find(exercise_id)
    try:
        return Kept(standalone(function, exercise.name), exercise_id, version(exercise), _now())
    except Unkept:
        raise
    except Exception as failure:  # a stranger's objects
        raise Unkept(f"its text cannot be written down ({type(failure).__name__})") from None


def store(place: Path, one: Kept) -> str:
    """Write a file; one that says something else is moved to `earlier/` before."""
    path = place / file_name(one.exercise)
    before = path.read_text("utf-8") if path.exists() else ""
    old = read(before)
    if old and old.source == one.source and old.version == one.version:
        return f"{place.name}/{path.name} holds this answer already."
    moved = f"; what was there is {_aside(path)} now" if before else ""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.write_text(written(one), "utf-8")
    os.replace(beside, path)
    return f"Kept as {place.name}/{path.name}{moved}."


def written(one: Kept) -> str:
    """The text of the file of an answer."""
    title = find(one.exercise).title
    return f'"""Your answer to "{title}".\n\nExercise {one.exercise}, version {one.version}. Passed {one.passed}.\n"""\n\n{one.source}'


def read(text: str) -> Kept | None:
    """The answer in the text of a file; None where it is none of ours."""
    head = HEAD.match(text)
    return Kept(text[head.end() :], head["id"], head["version"], head["passed"]) if head else None


def names(place: Path) -> list[str]:
    """The exercises of which the folder has a file."""
    return sorted(path.stem.replace("__", ".", 1) for path in place.glob("*__*.py") if not path.stem.startswith("_"))


def file_name(exercise_id: str) -> str:
    """`self_attention__softmax.py` for self_attention.softmax. Errors: ValueError for what is no id."""
    if not IDENTIFIER.fullmatch(exercise_id):
        raise ValueError(f"{exercise_id!r} is no id of an exercise")
    return exercise_id.replace(".", "__", 1) + ".py"


def _aside(path: Path) -> str:
    """Move a file to `earlier/`, under a name that nothing has yet."""
    folder, number = path.parent / "earlier", 1
    folder.mkdir(exist_ok=True)
    while (free := folder / f"{path.stem}-{number}.py").exists():
        number += 1
    path.replace(free)
    return f"earlier/{free.name}"


def _place(folder: str) -> Path:
    """Where a folder of this name belongs."""
    if Path(folder).is_absolute():
        return Path(folder)
    found = next((above for above in _above() if _ours(above / folder)), None)
    found = found or next((above for above in _above() if (above / ROOT).is_file()), Path.cwd())
    return found / folder


def _above() -> list[Path]:
    here = Path.cwd()
    return [here, *here.parents][: UP + 1]


def _ours(place: Path) -> bool:
    try:
        return MARK in (place / "__init__.py").read_text("utf-8")[:200]
    except (OSError, UnicodeDecodeError):
        return False


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def counted(name: str, count: int) -> None:
    """Keep the lowest count under a name, in `scores.json` of the folder that was switched on."""
    place = home()
    if place is None:
        return
    with contextlib.suppress(OSError):
        path = place / "scores.json"
        best = _scores(path)
        if count < best.get(name, count + 1):
            path.write_text(json.dumps(best | {name: count}, indent=1, sort_keys=True) + "\n", "utf-8")


def _scores(path: Path) -> dict[str, int]:
    """What is kept of scores; nothing where the file is missing or damaged."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return {str(name): count for name, count in found.items() if type(count) is int}
    except (OSError, ValueError, AttributeError):
        return {}
