"""A folder of kept answers as functions: each is checked again before it is used, and the course's own stands in for the rest.

Nothing that lies in the folder can break an import or a page: a file that is no Python, does not end, raises, or no longer passes is
told in one sentence that names the piece.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from attnlab.exercises import EXERCISES, diagnose
from attnlab.exercises._answer import version
from attnlab.exercises._keep import Kept, file_name, home, read
from attnlab.mine.pieces import PIECES, course

SECONDS = 10.0  # for a check
UNSOLVED = "not solved yet"
LONGEST = 40_000  # characters of a file that is looked at


@dataclass(frozen=True)
class State:
    """One piece: the function that is used for it, whether it is the reader's, and in a sentence why not."""

    name: str
    function: Callable
    yours: bool
    why: str = UNSOLVED
    source: str = ""

    @property
    def told(self) -> str:
        return f"{self.name:22s}" + ("yours" if self.yours else f"the course's: {self.why}")


@dataclass(frozen=True)
class Own:
    """All pieces, each the reader's or the course's: `own.softmax` is a function, `own.yours` the names of the reader's."""

    states: dict[str, State] = field(repr=False)

    def __getattr__(self, name: str) -> Callable:
        states = self.__dict__.get("states", {})
        return states[name].function if name in states else course(name)

    @property
    def yours(self) -> tuple[str, ...]:
        return tuple(name for name, state in self.states.items() if state.yours)

    def without(self, *names: str, why: str) -> Own:
        """The same, with the course's own for some pieces."""
        other = {name: State(name, course(name), False, why) for name in names}
        return Own(self.states | other)

    def __repr__(self) -> str:
        open_ = [name for name, state in self.states.items() if not state.yours and state.why == UNSOLVED]
        told = [state.told for state in self.states.values() if not state.yours and state.why != UNSOLVED]
        groups = [textwrap.fill(f"{words}: {', '.join(names)}", 96, subsequent_indent="  ") for words, names in (("Yours", self.yours), ("Not solved yet", open_)) if names]
        return "\n".join([*groups, *told, f"{len(self.yours)} of {len(self.states)} pieces are yours."])


def assemble(*functions: Callable, folder: str | Path | None = None) -> Own:
    """All pieces: the functions that are given and those of the folder that pass their checks, the course's for the rest.

    Errors: ValueError for a function whose name is that of no piece.
    """
    given = {one.__name__.removesuffix("_solution"): one for one in functions}
    strange = [name for name in given if name not in PIECES]
    if strange:
        raise ValueError(f"{', '.join(strange)} is no piece of the model; the pieces are {', '.join(PIECES)}")
    folder = home() if folder is None else Path(folder)
    return Own({name: _given(name, given[name]) if name in given else _found(name, folder) for name in PIECES})


def lookup(folder: Path) -> tuple[Callable, Callable]:
    """`__getattr__` and `__dir__` of the package in this folder: a piece or any other kept answer by the name of its function."""
    said: set[str] = set()
    others = {exercise.name: exercise.id for exercise in EXERCISES.values()}

    def find(name: str) -> Callable:
        if name not in others:
            raise AttributeError(f"no exercise asks for a function {name!r}")
        state = _of_exercise(name, others[name], folder)
        if not state.yours and state.why not in said:
            said.add(state.why)
            print(state.told)
        return state.function

    return find, lambda: sorted(others)


def _found(name: str, folder: Path | None) -> State:
    return _of_exercise(name, PIECES[name].exercise, folder)


def _of_exercise(name: str, exercise: str, folder: Path | None) -> State:
    """What the folder holds for an exercise."""
    path = folder / file_name(exercise) if folder else None
    otherwise = functools.partial(State, name, EXERCISES[exercise].reference, False)
    if path is None or not path.is_file():
        return otherwise()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        return otherwise(f"{path.name} cannot be read ({type(failure).__name__})")
    if len(text) > LONGEST:
        return otherwise(f"{path.name} has {len(text):,} characters; at most {LONGEST:,} are read")
    one = read(text) or Kept(text, exercise, version(EXERCISES[exercise]), "")
    why = _judged(one.source, name, exercise, one.version)
    return otherwise(why) if why else State(name, fitted(_made(one.source, name)), True, "", one.source)


def _given(name: str, function: Callable) -> State:
    exercise = PIECES[name].exercise
    found = diagnose(exercise, function, SECONDS)
    return State(name, fitted(function), True, "") if found.passed else State(name, course(name), False, _complaint(found))


@functools.lru_cache(256)
def _judged(source: str, name: str, exercise: str, passed: str) -> str:
    """Why a text is not used; empty where it is right."""
    try:
        compile(source, name, "exec")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as failure:
        line = f", line {failure.lineno}" if isinstance(failure, SyntaxError) and failure.lineno else ""
        return f"yours is no Python ({type(failure).__name__}{line})"
    found = diagnose(exercise, lambda *arguments: _made(source, name)(*arguments), SECONDS)
    if found.passed:
        return ""
    older = "" if passed == version(EXERCISES[exercise]) else "it was written for an earlier version of the exercise; "
    return older + _complaint(found)


def _complaint(found) -> str:
    """The first sentence of a verdict."""
    if not found.attempted:
        return "yours gives back nothing"
    first = re.split(r"\n(?!  )", found.text)[0].removeprefix("not yet: ")
    return f"yours does not pass now: {' '.join(first.split())[:160].rstrip('.:')}"


@functools.lru_cache(256)
def _made(source: str, name: str) -> Callable:
    """The function that a text defines. Errors: whatever its code raises; NameError where it defines no such function."""
    space: dict = {"__name__": f"mine.{name}"}
    exec(compile(source, f"mine/{name}.py", "exec"), space)
    if not callable(space.get(name)):
        raise NameError(f"the file defines no function {name}")
    return space[name]


def fitted(function: Callable) -> Callable:
    """The function as a part among others: it gets copies of arrays, its prints are left out, lists and tuples come back as arrays."""

    @functools.wraps(function)
    def part(*arguments):
        given = [copy.copy(one) if isinstance(one, np.ndarray) else one for one in arguments]
        with contextlib.redirect_stdout(io.StringIO()):
            result = function(*given)
        return tuple(map(_array, result)) if isinstance(result, tuple) else _array(result)

    return part


def _array(value):
    return np.asarray(value) if isinstance(value, list | np.ndarray) else value
