"""By symptom: every line is true of the right function and false of each cause that stands above it."""

from __future__ import annotations

import ast
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from attnlab.exercises import EXERCISES, MISCONCEPTIONS

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
symptoms = pytest.importorskip("symptoms")
reference_data = pytest.importorskip("reference_data")
GROUPS = reference_data.load(reference_data.DATA / "symptoms.toml", "symptom", symptoms.FIELDS)
ENTRIES = {entry["id"]: entry for group in GROUPS for entry in group.entries}


def holds(entry: dict, function) -> bool:
    """What the line says of a function; an exception is no answer."""
    names = {EXERCISES[entry["exercise"]].name: function}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        exec(symptoms.BEFORE + entry.get("given", ""), names)
        return bool(eval(entry["test"], names))


@pytest.mark.parametrize("name", ENTRIES)
def test_the_line_passes_what_is_right_and_fails_every_cause(name):
    entry = ENTRIES[name]
    exercise = EXERCISES[entry["exercise"]]
    assert holds(entry, exercise.reference)
    assert [cause for cause in entry["causes"] if holds(entry, exercise.mutants[cause])] == []


def test_there_are_enough_and_each_says_something_of_its_own():
    assert len(ENTRIES) >= 150 and len({entry["says"] for entry in ENTRIES.values()}) == len(ENTRIES)
    causes = {EXERCISES[e["exercise"]].same_as.get(cause, cause) for e in ENTRIES.values() for cause in e["causes"]}
    assert len(causes) >= 240 and causes <= set(MISCONCEPTIONS)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_is_shown_is_what_was_run_and_fits_the_page(name):
    entry = ENTRIES[name]
    shown = symptoms.line(entry)
    body = ast.parse(shown).body
    assert ast.dump(body[-1].test) == ast.dump(ast.parse(entry["test"], mode="eval").body)
    assert ast.dump(ast.Module(body[:-1], [])) == ast.dump(ast.Module(ast.parse(entry.get("given", "")).body, []))
    assert max(map(len, shown.splitlines())) <= 110


def test_a_long_line_is_broken_inside_brackets_alone():
    assert symptoms.broken("a == b") == "a == b"
    long = f"np.allclose(f({'x' * 50}, y), g({'z' * 50}, y))"
    assert symptoms.broken(long).splitlines() == [f"np.allclose(f({'x' * 50}, y),", f"       g({'z' * 50}, y))"]
