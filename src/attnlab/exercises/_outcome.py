"""What a function gave back for one probe: parts as arrays, or the reason why there are none."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attnlab.exercises._accept import parts_of
from attnlab.exercises._report import TimeUp

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Outcome:
    """`kind` is "value", "nothing" (None or ...), "error" (it raised) or "unusable" (no array can be made of it)."""

    kind: str
    parts: tuple[np.ndarray, ...] = ()
    detail: str = ""
    edited: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


def call(exercise, function: Callable, arguments: tuple, inside=contextlib.nullcontext()) -> Outcome:
    """Call on copies of the arguments, inside a context; whatever happens is an outcome, except that the time is up."""
    given = tuple(copy.deepcopy(argument) for argument in arguments)
    try:
        with inside:
            value = function(*given)
        kind, parts, detail, types = _parts(exercise, value)
    except TimeUp:
        raise
    except NotImplementedError:
        kind, parts, detail, types = "nothing", (), "raised", ()
    except BaseException as failure:
        kind, parts, detail, types = "error", (), _complaint(function, failure), ()
    pairs = zip(exercise.parameters, arguments, given)
    edited = tuple(name for name, before, after in pairs if not _unchanged(before, after))
    return Outcome(kind, parts, detail, edited, types)


def agree(mine: Outcome, right: Outcome) -> bool:
    """Same kind of outcome (any error is like any other), same shapes, truth values or numbers, equal to 1e-4."""
    if mine.kind != right.kind or len(mine.parts) != len(right.parts):
        return False
    return all(alike(a, b, _whole(right, i) and _whole(mine, i)) for i, (a, b) in enumerate(zip(mine.parts, right.parts)))


def _whole(outcome: Outcome, part: int) -> bool:
    """Whether a part came as whole numbers, or as floats fine enough to hold them."""
    return outcome.types[part].startswith(("int", "uint", "float64", "object"))


def alike(a: np.ndarray, b: np.ndarray, whole: bool = False) -> bool:
    """Two arrays that a learner would call the same answer, b being the right one; NaN equals NaN.

    Whole numbers are equal or not; others may differ by 1e-4 of themselves or of the largest, if that is below 1.
    """
    if a.shape != b.shape or group(a) != group(b):
        return False
    if group(a) != "numbers":
        return bool(np.array_equal(a, b))
    if whole and b.size and 1e3 < np.abs(b).max() < np.inf and (b == np.rint(b)).all():
        return bool(np.abs(a - b).max() < 0.1)
    size = np.abs(b[np.isfinite(b)]).max(initial=0.0)
    return bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE * np.clip(size, 0.05, 1), equal_nan=True))


def group(array: np.ndarray) -> str:
    """The three sorts of answers: "masks", "labels" and "numbers"."""
    return {"b": "masks", "U": "labels"}.get(array.dtype.kind, "numbers")


def _parts(exercise, value) -> tuple[str, tuple, str, tuple]:
    """The kind, the parts, the complaint and the types of what a function returned."""
    if value is None or value is ...:
        return "nothing", (), "", ()
    parts, complaint, types = parts_of(exercise, value)
    return ("unusable", (), complaint, ()) if parts is None else ("value", parts, "", types)


def _unchanged(before, after) -> bool:
    """Whether an argument is as it was before the call."""
    if isinstance(before, np.ndarray):
        same_kind = before.shape == after.shape and before.dtype == after.dtype
        return same_kind and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    return before == after


def _complaint(function: Callable, failure: BaseException) -> str:
    """The exception's type and first line, and the line of the learner's function it came from."""
    try:
        message = str(failure).strip().splitlines()[0]
    except Exception:
        message = ""
    message = re.sub(r"0x[0-9a-fA-F]+", "(address)", message)
    message = re.sub(r"(\d+\.\d{3})\d+", r"\1", message)[:200]
    return type(failure).__name__.removeprefix("_Array") + (f": {message}" if message else "") + _line(function, failure)


def _line(function: Callable, failure: BaseException) -> str:
    """Where in the learner's function, counting its first line as 1; empty when that is unknown."""
    code, place, trace = getattr(function, "__code__", None), "", failure.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            place = f" (line {trace.tb_lineno - code.co_firstlineno + 1} of your function)"
        trace = trace.tb_next
    return place
