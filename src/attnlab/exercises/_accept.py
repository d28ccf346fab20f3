"""What is taken as an answer: arrays, lists, numbers, fractions, tensors; or one sentence on what to give back instead."""

from __future__ import annotations

import inspect

import numpy as np

MOST = 20_000_000  # entries; no answer is a thousandth of this


def parts_of(exercise, value) -> tuple[tuple[np.ndarray, ...] | None, str, tuple[str, ...]]:
    """The parts of an answer as arrays, or None and the complaint; and their types as they came."""
    single = len(exercise.parts) == 1
    if single:
        values = (value,)
        if isinstance(value, tuple) and len(value) > 1 and any(np.ndim(_plain(v)) != np.ndim(_plain(value[0])) for v in value):
            return None, f"{kind_of(value)} came back; this exercise asks for one result", ()
    else:
        values = _several(value, len(exercise.parts))
        if values is None:
            return None, f"{kind_of(value)} came back; this exercise asks for {', '.join(exercise.parts)}", ()
    parts, types = [], []
    for name, part in zip(exercise.parts, values):
        array, complaint = _array(part, exercise.returns)
        if array is None:
            return None, complaint if single else f"{name}: {complaint}", ()
        parts.append(array)
        types.append(_type_of(part))
    return tuple(parts), "", tuple(types)


def _type_of(part) -> str:
    """The name of the type of the entries, as they came."""
    kind = getattr(part, "dtype", None)
    return str(np.asarray(_plain(part)).dtype if kind is None else kind).removeprefix("torch.")


def _several(value, count: int):
    """Results side by side: a tuple, a list, or one array that holds them along its first axis."""
    if isinstance(value, tuple | list):
        return value if len(value) == count else None
    shape = getattr(value, "shape", None)
    return tuple(value) if shape is not None and len(shape) > 0 and shape[0] == count else None


def _array(value, returns: str) -> tuple[np.ndarray | None, str]:
    """A copy as a NumPy array of booleans, of floats or of one string; or the complaint."""
    if returns == "labels":
        return _label(value)
    if _is_no_table(value):
        return None, f"{kind_of(value)} came back; give back an array, a list or a number"
    try:
        array = np.asarray(_plain(value))
    except Exception:
        return None, f"{kind_of(value)} came back that is no array: its pieces have different shapes or types"
    if array.size > MOST:
        return None, f"{array.size} numbers came back, in the shape {array.shape}, far more than any answer here has"
    return _numbers(array, returns)


def _label(value) -> tuple[np.ndarray | None, str]:
    """One string."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    return (np.array(str(value)), "") if isinstance(value, str) else (None, f"{kind_of(value)} came back, not a string")


def _numbers(array: np.ndarray, returns: str) -> tuple[np.ndarray | None, str]:
    """Booleans or floats, copied; fractions and real complex numbers become floats."""
    if array.dtype.kind == "O":
        kinds = sorted({type(entry).__name__ for entry in array.ravel()})
        try:
            array = np.array(array, dtype=bool if kinds and set(kinds) <= {"bool", "bool_"} else float)
        except (TypeError, ValueError, OverflowError):
            return None, f"the entries are of type {' and '.join(kinds[:3])}, not numbers"
    if array.dtype.kind == "c":
        if array.imag.any():
            return None, "the entries are complex numbers; real ones are asked for"
        array = array.real
    if array.dtype.kind not in "biuf":
        return None, f"the entries are of type {array.dtype.name}, not numbers"
    keeps = array.dtype.kind == "b" and returns != "numbers"
    return np.array(array, dtype=bool if keeps else float), ""


def _is_no_table(value) -> bool:
    """Whether this is a function, a generator, a set, a mapping or the like, of which NumPy makes no table."""
    if isinstance(value, np.ndarray | np.generic | str | bytes) or hasattr(value, "detach"):
        return False
    return (callable(value) or inspect.iscoroutine(value) or isinstance(value, dict | set | frozenset)
            or hasattr(value, "__next__"))


def _plain(value):
    """Tensors of another library, detached and on the host, also those in lists; anything else as it is."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return (value.double() if value.is_floating_point() else value).numpy()
    if isinstance(value, list | tuple) and any(hasattr(v, "detach") or isinstance(v, list | tuple) for v in value):
        return [_plain(v) for v in value]
    return value


def kind_of(value) -> str:
    """A type in words, with the length of a tuple or list and the shape of an array."""
    name = type(value).__name__
    if isinstance(value, tuple | list):
        return f"a {name} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"
