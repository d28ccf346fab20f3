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
    return [np.array(a) if isinstance(a, tuple) else a for a in lists]


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
        close(function(*as_arrays(arguments, dtype)), result)
