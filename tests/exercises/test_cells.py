"""The cells of an exercise: whichever of them a reader leaves out, the others find their names."""
from __future__ import annotations

import contextlib
import io

import pytest

from attnlab.exercises import EXERCISES, cells

ROADS = [("slot", "use"), ("slot", "check"), ("slot", "solution"), ("slot", "use", "solution")]
pytestmark = pytest.mark.usefixtures("as_readers_run_it")


def sources(exercise_id: str, role: str) -> list[str]:
    return [cell["source"] for cell in cells(exercise_id) if f"exercise-{role}" in cell["tags"]]


@pytest.mark.parametrize("exercise_id", sorted(EXERCISES))
def test_what_is_said_of_a_solution_is_folded_as_well(exercise_id):
    """JupyterLab's solution folds nothing by itself."""
    [text] = [cell["source"] for cell in cells(exercise_id) if "{solution-end}" in cell["source"]]
    assert text.startswith(":::{admonition} ") and "\n:class: dropdown solution-text\n" in text
    assert text.count(":::") == 2 and text.rpartition(":::")[2].strip() == "```{solution-end}\n```"


@pytest.mark.parametrize("exercise_id", sorted(EXERCISES))
@pytest.mark.parametrize("road", ROADS, ids="-".join)
def test_no_cell_leans_on_one_that_a_reader_may_leave_out(exercise_id, road):
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        for role in road:
            for source in sources(exercise_id, role):
                exec(source, names)
    assert callable(names[EXERCISES[exercise_id].name])
    if "solution" in road:
        assert "passed" in said.getvalue()
