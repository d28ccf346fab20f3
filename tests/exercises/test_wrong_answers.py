"""Wrong answers that nobody registered as mistakes must not pass, and no check may call them by a name that is not theirs."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from attnlab.exercises import EXERCISES, diagnose

pytestmark = pytest.mark.usefixtures("as_readers_run_it")
WRONG: list[tuple] = []  # exercise, what is wrong, the function, the names that would be true of it
for _part in sorted(Path(__file__).parent.glob("wrong_*.py")):  # one file a part of the book, each with its own WRONG
    WRONG += runpy.run_path(str(_part))["WRONG"]


@pytest.mark.parametrize(("exercise_id", "function", "names"), [(one[0], *one[2:]) for one in WRONG],
                         ids=[f"{one[0]}: {one[1]}" for one in WRONG])
def test_wrong_answer_is_rejected_and_not_called_by_a_wrong_name(exercise_id, function, names):
    found = diagnose(exercise_id, function)
    assert found.attempted and not found.passed
    assert found.mistake is None or found.mistake in names, found.text


def test_each_wrong_answer_is_told_apart_by_its_words():
    told = [one[:2] for one in WRONG]
    assert len(set(told)) == len(told) and {one[0] for one in WRONG} <= set(EXERCISES)
