"""Every exercise: each module of a part's folder holds one, called EXERCISE, whose id is `<part>.<module>`.

A file is read when its exercise is asked for: a page of the site that checks one function need not load them all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping


def _ids() -> Iterator[str]:
    """The ids of all files beside this one."""
    for part in pkgutil.iter_modules(__path__):
        folder = importlib.import_module(f"{__name__}.{part.name}")
        for module in pkgutil.iter_modules(folder.__path__):
            yield f"{part.name}.{module.name}"


class _Bank(Mapping):
    """id -> exercise, in the order of folders and files."""

    def __init__(self):
        self._ids = dict.fromkeys(_ids())

    def __getitem__(self, exercise_id: str):
        if exercise_id not in self._ids:
            raise KeyError(exercise_id)
        exercise = importlib.import_module(f"{__name__}.{exercise_id}").EXERCISE
        if exercise.id != exercise_id:
            raise ValueError(f"the exercise in {exercise_id.replace('.', '/')}.py is called {exercise.id!r}, not {exercise_id!r}")
        return exercise

    def __contains__(self, exercise_id) -> bool:
        return exercise_id in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


EXERCISES = _Bank()
