"""Every exercise: each module of a part's folder holds one, called EXERCISE."""

from __future__ import annotations

import importlib
import pkgutil


def _collect() -> dict:
    """id -> exercise, from all folders and files beside this one."""
    found = {}
    for part in pkgutil.iter_modules(__path__):
        folder = importlib.import_module(f"{__name__}.{part.name}")
        for module in pkgutil.iter_modules(folder.__path__):
            exercise = importlib.import_module(f"{folder.__name__}.{module.name}").EXERCISE
            if exercise.id in found:
                raise ValueError(f"two exercises are called {exercise.id!r}")
            found[exercise.id] = exercise
    return found


EXERCISES = _collect()
