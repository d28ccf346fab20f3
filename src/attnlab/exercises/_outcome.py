"""What a function gave back for one probe: parts as arrays, or the reason why there are none."""

from __future__ import annotations

import contextlib
import copy
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attnlab.exercises._report import TimeUp

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Outcome:
    """`kind` is "value", "nothing" (None or ...), "error" (it raised) or "unusable" (no array can be made of it)."""

    kind: str
    parts: tuple[np.ndarray, ...] = ()
    detail: str = ""
    edited: tuple[str, ...] = ()


def call(exercise, function: Callable, arguments: tuple, inside=contextlib.nullcontext()) -> Outcome:
    """Call on copies of the arguments, inside a context; whatever happens is an outcome, except that the time is up."""
    given = tuple(copy.deepcopy(argument) for argument in arguments)
    try:
        with inside:
            value = function(*given)
        kind, parts, detail = _parts(exercise, value)
    except TimeUp:
        raise
    except NotImplementedError:
        kind, parts, detail = "nothing", (), "raised"
    except BaseException as failure:
        kind, parts, detail = "error", (), _complaint(function, failure)
    pairs = zip(exercise.parameters, arguments, given)
    edited = tuple(name for name, before, after in pairs if not _unchanged(before, after))
    return Outcome(kind, parts, detail, edited)


def agree(one: Outcome, other: Outcome) -> bool:
    """Same kind of outcome (any error is like any other), same shapes, truth values or numbers, equal to 1e-4."""
    if one.kind != other.kind or len(one.parts) != len(other.parts):
        return False
    return all(alike(a, b) for a, b in zip(one.parts, other.parts))


def alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Two arrays that a learner would call the same answer; NaN equals NaN."""
    if a.shape != b.shape or group(a) != group(b):
        return False
    if group(a) != "numbers":
        return bool(np.array_equal(a, b))
    return bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))


def group(array: np.ndarray) -> str:
    """The three sorts of answers: "masks", "labels" and "numbers"."""
    return {"b": "masks", "U": "labels"}.get(array.dtype.kind, "numbers")


def _parts(exercise, value) -> tuple[str, tuple, str]:
    """The kind, the parts and the complaint for what a function returned."""
    if value is None or value is ...:
        return "nothing", (), ""
    single = len(exercise.parts) == 1
    values = (value,) if single else value
    if not single and (not isinstance(value, tuple | list) or len(value) != len(exercise.parts)):
        wanted = ", ".join(exercise.parts)
        return "unusable", (), f"{_kind_of(value)} came back; this exercise asks for {wanted}"
    parts = []
    for name, part in zip(exercise.parts, values):
        array, complaint = _array(part, exercise)
        if array is None:
            return "unusable", (), complaint if single else f"{name}: {complaint}"
        parts.append(array)
    return "value", tuple(parts), ""


def _array(value, exercise) -> tuple[np.ndarray | None, str]:
    """A copy as a NumPy array, from NumPy, lists, numbers or another library's tensor; or the complaint."""
    if exercise.returns == "labels":
        good = isinstance(value, str)
        return (np.array(value), "") if good else (None, f"{_kind_of(value)} came back, not a string")
    if inspect.isgenerator(value) or inspect.iscoroutine(value) or callable(value) or isinstance(value, dict | set):
        return None, f"{_kind_of(value)} came back, not an array"
    try:
        array = np.array(_plain(value))
    except (ValueError, TypeError):
        return None, f"{_kind_of(value)} came back that is no array: its pieces have different shapes or types"
    if array.dtype.kind not in "biuf":
        return None, f"the entries are of type {array.dtype.name}, not numbers"
    if array.dtype.kind == "b" and exercise.returns == "numbers":
        return array.astype(float), ""
    return array if array.dtype.kind == "b" else array.astype(float), ""


def _plain(value):
    """A tensor of another library, detached and on the host; anything else as it is."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return (value.double() if value.is_floating_point() else value).numpy()
    return value


def _kind_of(value) -> str:
    """A type in words, with the length of a tuple or list."""
    name = type(value).__name__
    if isinstance(value, tuple | list):
        return f"a {name} of {len(value)}"
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


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
    return type(failure).__name__ + (f": {message}" if message else "") + _line(function, failure)


def _line(function: Callable, failure: BaseException) -> str:
    """Where in the learner's function, counting its first line as 1; empty when that is unknown."""
    code, place, trace = getattr(function, "__code__", None), "", failure.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            place = f" (line {trace.tb_lineno - code.co_firstlineno + 1} of your function)"
        trace = trace.tb_next
    return place
