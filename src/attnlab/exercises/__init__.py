"""The judge: exercises, checks that say what went wrong, hints, solutions.

`check("self_attention.softmax", softmax)` prints a verdict. The check compares your function with the right one and
with every wrong one that is known, so it can often name the mistake. NumPy alone; it runs in the browser too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from attnlab.exercises._cells import cells, hint_texts, solved
from attnlab.exercises._exercise import Exercise, source_of
from attnlab.exercises._judge import Diagnosis, UnknownExercise, diagnose, find
from attnlab.exercises._keep import keep, kept
from attnlab.exercises._milestone import assemble, assemble_gpt, milestone, milestone_gpt
from attnlab.exercises._pages import TITLES, beside
from attnlab.exercises._progress import record
from attnlab.exercises.bank import EXERCISES
from attnlab.exercises.misconceptions import MISCONCEPTIONS, Misconception

__all__ = [
    "EXERCISES", "MISCONCEPTIONS", "Diagnosis", "Exercise", "Misconception", "UnknownExercise",
    "assemble", "assemble_gpt", "cells", "check", "diagnose", "hint", "keep", "milestone", "milestone_gpt", "solution", "solved", "use",
]


class Markdown(str):
    """Text that a notebook shows formatted and a terminal shows as it is."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return str(self)


def check(exercise_id: str, function: Callable) -> None:
    """Print what is right or wrong with a function.

    Errors: UnknownExercise for an id that no exercise has. Nothing the function does raises here.
    """
    diagnosis = diagnose(exercise_id, function)
    shown = f"{find(exercise_id).name}_solution"  # to run the solution that a page shows is no attempt
    if getattr(function, "__name__", "") != shown:
        record(exercise_id, diagnosis)
    print(diagnosis.text)
    if getattr(function, "__name__", "") != shown:
        kept(exercise_id, function, diagnosis)
    if diagnosis.attempted and not diagnosis.passed:
        _link_place(MISCONCEPTIONS[diagnosis.mistake] if diagnosis.mistake else find(exercise_id))


def _link_place(place: Misconception | Exercise) -> None:
    """In a notebook among the book's others: a link to where the verdict says to read."""
    headings = (place.heading,) if isinstance(place, Misconception) else place.headings
    shell, path = sys.modules.get("IPython"), beside(place.page, headings)
    if shell and path and shell.get_ipython():
        shell.display.display(Markdown(f"[Open: {TITLES[place.page]}]({path})"))


def hint(exercise_id: str, n: int) -> Markdown:
    """Hint number n: 1 the property, 2 the formula, 3 the skeleton, 4 lines to put in order.

    Errors: ValueError for a number that no hint has.
    """
    texts = hint_texts(find(exercise_id))
    if n not in range(1, len(texts) + 1):
        raise ValueError(f"{exercise_id} has hints 1 to {len(texts)}, not {n}")
    return Markdown(texts[n - 1][1])


def solution(exercise_id: str) -> Markdown:
    """The source of the course's own answer."""
    return Markdown(source_of(find(exercise_id).solution))


def use(exercise_id: str, function: Callable) -> Callable:
    """The learner's function if it passes its check, else the course's own; prints which."""
    exercise, diagnosis = find(exercise_id), diagnose(exercise_id, function)
    if diagnosis.passed:
        print(f"The cells below use your {exercise.name}.")
        return function
    verdict = "not attempted yet" if not diagnosis.attempted else "not right yet"
    print(f"The cells below use the course's {exercise.name} (yours is {verdict}).")
    return exercise.reference
