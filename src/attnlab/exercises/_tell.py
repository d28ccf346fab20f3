"""How an answer differs from the right one, in one sentence: by a factor, turned round, in one column, everywhere.

Each function takes yours and the right one, of one shape, and gives a sentence or None. `tell` gives the first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab.exercises import _outcome
from attnlab.exercises import _text as text

def alike(a, b) -> bool:
    """Whether two tables, or two single numbers, are the same answer."""
    return _outcome.alike(np.asarray(a), np.asarray(b))


def tell(yours: np.ndarray, right: np.ndarray) -> str:
    """What sets two tables of numbers or of truth values apart."""
    looks = MASKS if yours.dtype.kind == "b" else NUMBERS
    with np.errstate(all="ignore"):
        return next((told for look in looks if (told := look(yours, right))), "")


# Numbers


def not_numbers(yours, right):
    bad = ~np.isfinite(yours) & np.isfinite(right)
    if not bad.any():
        return None
    what = "NaN" if np.isnan(yours[bad]).all() else "infinite" if np.isinf(yours[bad]).all() else "NaN or infinite"
    return f"{text.count(int(bad.sum()), 'entry', 'entries')} of {yours.size} {'is' if bad.sum() == 1 else 'are'} {what}"


def factor(yours, right):
    c = _constant(yours, right, np.divide)
    if c is None or right.size < 2:
        return None
    if alike(np.array(c), np.array(-1.0)):
        return "every entry has the wrong sign"
    return f"every entry is {text.times(c)} the right one"


def offset(yours, right):
    c = _constant(yours, right, np.subtract) if right.size > 1 else None
    return None if c is None else f"every entry is {text.number(abs(c))} too {'large' if c > 0 else 'small'}"


def factor_of_each(yours, right):
    return _of_each(yours, right, np.divide, "times the right one")


def offset_of_each(yours, right):
    return _of_each(yours, right, np.subtract, "away from the right one")


def other_function(yours, right):
    if right.size < 2:
        return None
    known = {"the square of": np.square, "the square root of": np.sqrt, "the exponential of": np.exp,
             "the logarithm of": np.log, "one divided by": np.reciprocal, "one minus": lambda x: 1 - x,
             "2 to the power of": np.exp2, "the size, without its sign, of": np.abs}
    for words, f in known.items():
        wanted = f(right)
        if np.isfinite(wanted).all() and alike(yours, wanted):
            return f"every entry is {words} the right one"
    return None


def rounded(yours, right):
    for digits in range(4):
        if np.allclose(yours, np.round(right, digits), rtol=0, atol=1e-7):
            return "every entry is the right one, rounded" + (f" to {text.count(digits, 'digit')}" if digits else "")
    return None


# Numbers and truth values


def transposed(yours, right):
    square = right.ndim >= 2 and right.shape[-1] == right.shape[-2]
    return "rows and columns are exchanged" if square and alike(yours, np.swapaxes(right, -1, -2)) else None


def reversed_order(yours, right):
    for axis in range(-1, -right.ndim - 1, -1):
        if alike(yours, np.flip(right, axis)):
            return f"the right entries, in reverse order along {_axis(axis, right)}"
    return None


def shifted(yours, right):
    for axis in range(-1, -right.ndim - 1, -1):
        n = right.shape[axis]
        for by in (1, -1, 2, -2):
            if n <= 2 * abs(by) or alike(*_overlap(right, right, axis, by)):
                continue
            if alike(*_overlap(yours, right, axis, by)):
                return f"the right entries, but moved by {abs(by)} to the {'back' if by > 0 else 'front'} along {_axis(axis, right)}"
    return None


def other_order(yours, right):
    if right.ndim >= 2:
        rows = lambda a: a.reshape(-1, a.shape[-1])
        mine, its = _sorted(rows(yours)), _sorted(rows(right))
        if alike(mine, its):
            return "the right rows, in another order"
    same = right.size > 3 and alike(np.sort(yours, axis=None), np.sort(right, axis=None))
    return "the right entries, but in other places" if same and yours.dtype.kind != "b" else None


def one_line(yours, right):
    wrong = ~_close(yours, right)
    for axis in range(right.ndim):
        n = right.shape[axis]
        lines = np.flatnonzero(wrong.any(axis=tuple(a for a in range(right.ndim) if a != axis)))
        if n >= 3 and 0 < len(lines) < n:
            one, many = _line(axis - right.ndim, right)
            which = f"only {one} {lines[0]} of {n} is" if len(lines) == 1 else f"{many} {text.numbers(lines)} of {n} are"
            return f"{which} wrong ({_first_two(yours, right, wrong)})"
    return None


def along_diagonals(yours, right):
    if right.ndim < 2 or right.shape[-1] < 3:
        return None
    wrong = ~_close(yours, right)
    offsets = np.unique(np.argwhere(wrong)[:, -1] - np.argwhere(wrong)[:, -2])
    if len(offsets) == 1:
        return f"wrong only where the column is the row {'plus' if offsets[0] >= 0 else 'minus'} {abs(offsets[0])}"
    if (offsets > 0).all():
        return "wrong only right of the diagonal, where the column comes after the row"
    return "wrong only left of the diagonal, where the column comes before the row" if (offsets < 0).all() else None


def all_the_same(yours, right):
    if yours.size > 1 and alike(yours, np.full(yours.shape, yours.flat[0])) and not alike(right, np.full(right.shape, right.flat[0])):
        return f"every entry is {text.number(yours.flat[0])}"
    if yours.ndim > 1 and yours.shape[-2] > 1 and alike(yours, np.broadcast_to(yours[..., :1, :], yours.shape)):
        return None if alike(right, np.broadcast_to(right[..., :1, :], right.shape)) else "all rows are the same"
    return None


def how_many(yours, right):
    wrong = ~_close(yours, right)
    if not wrong.any():
        return None
    too_large, n = int((yours[wrong] > right[wrong]).sum()), int(wrong.sum())
    if right.size == 1:
        return _one_number(float(yours.flat[0]), float(right.flat[0]))
    sides = "all too large" if too_large == n else "all too small" if too_large == 0 else f"{too_large} too large, {n - too_large} too small"
    return f"{n} of {right.size} entries differ, {sides} ({_first_two(yours, right, wrong)})"


# Truth values


def inverted(yours, right):
    return "True and False are exchanged" if right.size > 1 and np.array_equal(yours, ~right) else None


def pairs(yours, right):
    more, less = int((yours & ~right).sum()), int((right & ~yours).sum())
    if right.size == 1:
        return f"the answer is {yours.flat[0]}, expected {right.flat[0]}"
    found = [f"True in {text.count(more, 'place')} that should be False" * bool(more),
             f"False in {text.count(less, 'place')} that should be True" * bool(less)]
    where = ", ".join(str(list(map(int, place))) for place in np.argwhere(yours != right)[:2])
    return f"{' and '.join(filter(None, found))}, of {right.size} (first at {where})"


NUMBERS = (not_numbers, factor, offset, transposed, reversed_order, shifted, other_order, other_function, all_the_same,
           rounded, factor_of_each, offset_of_each, along_diagonals, one_line, how_many)
MASKS = (inverted, transposed, shifted, reversed_order, all_the_same, along_diagonals, pairs)


def over_probes(yours: list[np.ndarray], right: list[np.ndarray]) -> str:
    """What the single answers on several probes have in common."""
    if len(yours) < 3 or not all(a.size == b.size == 1 and a.dtype.kind == b.dtype.kind for a, b in zip(yours, right)):
        return ""
    mine, its = (np.array([a.flat[0] for a in side]) for side in (yours, right))
    if alike(mine, its):
        return ""
    if mine.dtype.kind in "bU":
        return f"Your function answers {mine[0]} on every probe." if len(set(mine.tolist())) == 1 else ""
    with np.errstate(all="ignore"):
        told = next((t for look in (factor, offset, other_function, shifted, all_the_same) if (t := look(mine, its))), "")
    return f"Over the {len(mine)} probes: {told}." if told else ""


def counted(good: list[str], names: list[str]) -> str:
    """Which of the probes came out right."""
    if len(names) < 2:
        return ""
    if not good:
        return f"Wrong on all {len(names)} probes."
    bad = [name for name in names if name not in good]
    few, many, word = (bad, good, "Wrong") if len(bad) <= len(good) else (good, bad, "Right")
    return f"{word} only on: {'; '.join(few)}." if len(few) <= 3 else f"Right on {len(good)} of {len(names)} probes."


def _close(yours, right) -> np.ndarray:
    if yours.dtype.kind != "f":
        return np.asarray(yours == right)
    size = np.clip(np.abs(right[np.isfinite(right)]).max(initial=0), 0.05, 1)
    return np.asarray(np.isclose(yours, right, rtol=1e-4, atol=1e-4 * size, equal_nan=True))


def _constant(yours, right, between: Callable) -> float | None:
    """The one value of `between(yours, right)`, if there is one and it explains every entry."""
    if not (np.isfinite(yours).all() and np.isfinite(right).all()) or alike(yours, right):
        return None
    values = between(yours, right)[np.abs(right) > 1e-6 * np.abs(right).max(initial=0)] if between is np.divide else (yours - right)
    if not values.size:
        return None
    c = float(np.median(values))
    made = c * right if between is np.divide else right + c
    return c if alike(yours, made) and (between is np.subtract or abs(c) > 1e-3) else None


def _of_each(yours, right, between: Callable, words: str) -> str | None:
    """A constant for each row, or for each column."""
    if right.ndim < 2 or min(right.shape[-2:]) < 2:
        return None
    for name, axis in (("row", -2), ("column", -1)):
        a, b = (np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1) for x in (yours, right))
        if len(a[0]) < 2:
            continue
        found = [0.0 if alike(x, y) and between is np.subtract else 1.0 if alike(x, y) else _constant(x, y, between) for x, y in zip(a, b)]
        if all(c is not None for c in found):
            return f"each {name} is off by a number of its own (in order {text.numbers(found, 3)} {words})"
    return None


def _axis(axis: int, array) -> str:
    """A name for an axis counted from the end."""
    return {-1: "the last axis", -2: "the rows"}.get(axis, f"axis {axis + array.ndim}") if array.ndim > 1 else "the answer"


def _line(axis: int, array) -> tuple[str, str]:
    """What one place along an axis is called, and several."""
    if array.ndim == 1:
        return "entry", "entries"
    name = {-1: "column", -2: "row"}.get(axis, f"item of axis {axis + array.ndim}, number")
    return name, f"{name}s" if axis >= -2 else name.replace("item", "items", 1).replace("number", "numbers")


def _overlap(yours, right, axis: int, by: int):
    """Yours without its first `by` entries, the right one without its last; the other way for a negative number."""
    a, b = np.moveaxis(yours, axis, 0), np.moveaxis(right, axis, 0)
    return (a[by:], b[:-by]) if by > 0 else (a[:by], b[-by:])


def _sorted(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(np.round(rows.astype(float), 3).T[::-1])]


def _first_two(yours, right, wrong) -> str:
    """The two entries that differ most, if there are two."""
    gap = np.where(wrong, np.nan_to_num(np.abs(yours - right), nan=np.inf, posinf=np.inf), -1)
    order = np.argsort(-gap, axis=None, kind="stable")[: min(2, int(wrong.sum()))]
    return ", ".join(f"{list(map(int, np.unravel_index(i, gap.shape)))}: {text.apart(yours.flat[i], right.flat[i])}" for i in order)


def _one_number(mine: float, its: float) -> str:
    ratio = mine / its if its else np.nan
    told = f"yours is {text.apart(mine, its)}"
    if np.isfinite(ratio) and ratio > 0 and abs(ratio - 1) > 0.01:
        told += f", {text.number(ratio)} times as much"
    elif ratio < 0:
        told += ", of the other sign"
    return told
