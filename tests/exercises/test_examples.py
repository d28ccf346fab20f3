"""The tiny examples of the statements hold for solution and reference: whole numbers, single precision, plain lists."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from attnlab.exercises import EXERCISES

pytestmark = pytest.mark.usefixtures("as_readers_run_it")
EXAMPLES: list[tuple] = []  # exercise, arguments as the statement writes them, what it says comes out
for _part in sorted(Path(__file__).parent.glob("examples_*.py")):  # one file a part of the book, each with its own EXAMPLES
    EXAMPLES += runpy.run_path(str(_part))["EXAMPLES"]
every_example = pytest.mark.parametrize(("exercise_id", "arguments", "result"), EXAMPLES,
                                        ids=[f"{i} {one[0]}" for i, one in enumerate(EXAMPLES)])


def as_arrays(arguments, dtype=None):
    """Lists as arrays, their numbers as they are written or in another type; tuples hold counts and places, whole numbers always."""
    lists = [np.array(a) if isinstance(a, list) else a for a in arguments]
    lists = [a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind in "if" and dtype else a for a in lists]
    return [np.array(a) if isinstance(a, tuple) and not ragged(a) else a for a in lists]


def ragged(rows: tuple) -> bool:
    """Whether these are rows of unequal length, which no array can hold."""
    return len({len(row) for row in rows if isinstance(row, tuple)}) > 1


def close(out, result):
    """Equal to the decimals of the statement, in shape and in kind."""
    out, result = np.asarray(out), np.asarray(result)
    assert out.shape == result.shape and (out.dtype.kind == result.dtype.kind or out.dtype.kind in "if")
    assert np.array_equal(out, result) if result.dtype.kind in "bU" else np.allclose(out, result, atol=6e-4)


@every_example
@pytest.mark.parametrize("dtype", [None, float, np.float32], ids=["as written", "float64", "float32"])
def test_example_holds_for_solution_and_reference(exercise_id, arguments, result, dtype):
    exercise = EXERCISES[exercise_id]
    for function in (exercise.solution, exercise.reference):
        out = function(*as_arrays(arguments, dtype))
        for mine, wanted in zip(out, result) if isinstance(result, tuple) else [(out, result)]:
            if wanted is not None:
                close(mine, wanted)


@every_example
def test_pasted_lists_are_right_or_refused_but_never_wrong(exercise_id, arguments, result):
    try:
        out = EXERCISES[exercise_id].solution(*arguments)
    except (TypeError, AttributeError, IndexError, ValueError):
        return
    for mine, wanted in zip(out, result) if isinstance(result, tuple) else [(out, result)]:
        if wanted is not None:
            close(mine, wanted)


# examples that say something other than what one call gives
OTHERWISE = {"efficiency.judge_a_kernel", "multi_head.match_heads", "multi_head.two_relations", "positions.knows_only_offsets",
             "positions.rotary_in_a_picture", "self_attention.find_the_bug", "self_attention.judge_attention"}


def test_every_statement_that_gives_an_example_is_run():
    told = {name for name, e in EXERCISES.items() if "iny example" in e.statement or "or example" in e.statement}
    run = {exercise_id for exercise_id, *_ in EXAMPLES}
    assert told - run - OTHERWISE == set() and run <= set(EXERCISES)
