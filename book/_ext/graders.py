"""`{graders}`: how many wrong answers weaker checks would accept, counted over the course's own, beside what public checks accepted.

Three checks of rising strength are given every known wrong answer to every exercise that is judged by its values: the shape alone; one
example; the course's. The first two are counted here when the page is read, in a few seconds; of the third the kill table is the proof, since the
build fails where it accepts one.
"""
from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

SRC = Path(__file__).resolve().parents[2] / "src"
if str(SRC) not in sys.path:
    sys.path.insert(0, str(SRC))  # the package from this repository, whether or not it is installed
from attnlab.exercises import EXERCISES  # noqa: E402


class Count(NamedTuple):
    """Wrong answers, and how many of them have the right shapes, or the right values, on one example."""

    wrong: int
    shape: int
    example: int


def answer(function: Callable, arguments: tuple) -> list[np.ndarray] | None:
    """What it returns for copies of the arguments, as arrays; None where it raises."""
    try:
        found = function(*copy.deepcopy(arguments))
        several = isinstance(found, (tuple, list)) and not all(np.ndim(one) == 0 for one in found)
        return [np.asarray(one) for one in (found if several else [found])]
    except Exception:  # noqa: BLE001  a wrong answer may raise anything
        return None


def same_shape(a: list | None, b: list | None) -> bool:
    return a is not None and b is not None and [one.shape for one in a] == [one.shape for one in b]


def same_values(a: list | None, b: list | None) -> bool:
    """To three digits, as such checks ask for."""
    if not same_shape(a, b):
        return False
    try:
        return all(np.allclose(x.astype(float), y.astype(float), rtol=1e-3, atol=1e-5, equal_nan=True) for x, y in zip(a, b))
    except (TypeError, ValueError):
        return all(np.array_equal(x, y) for x, y in zip(a, b))


def counted(exercises: Iterator) -> Count:
    """The example is the first that the exercise's author chose, with ordinary scores."""
    seen = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for exercise in exercises:
            probes = [probe for probe in exercise.probes if not probe.extreme] or exercise.probes
            if exercise.judged_by == "values" and probes:
                right = answer(exercise.reference, probes[0].arguments)
                given = [answer(wrong, probes[0].arguments) for wrong in exercise.mutants.values()]
                seen += [(same_shape(one, right), same_values(one, right)) for one in given]
    return Count(len(seen), sum(shape for shape, _ in seen), sum(values for _, values in seen))


def table(count: Count) -> list[str]:
    share = lambda part: f"{part:,} ({part / count.wrong:.0%})"  # noqa: E731
    return ["| Check | Wrong answers | Accepted |", "|---|---|---|",
            f"| The shape of the result alone | {count.wrong:,} | {share(count.shape)} |",
            f"| One example with unlike sizes and ordinary scores, values to three digits | {count.wrong:,} | {share(count.example)} |",
            f"| The checks of this course, on the same answers | {count.wrong:,} | 0: they were made for them |"]


class Graders(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        for path in [*(SRC / "attnlab" / "exercises" / "bank").rglob("*.py"), Path(__file__)]:
            self.env.note_dependency(str(path))
        place = nodes.container()
        self.state.nested_parse(StringList(table(counted(EXERCISES.values())), self.env.doc2path(self.env.docname)), 0, place)
        return place.children


def setup(app) -> dict:
    app.add_directive("graders", Graders)
    return {"version": "1", "parallel_read_safe": True}
