"""Sentences: numbers with at most three decimals, paragraphs of one width, evidence from two arrays."""

from __future__ import annotations

import textwrap

import numpy as np

WIDTH = 88


def number(x) -> str:
    """At most three decimals, no trailing zeros, no minus zero; truth values and labels as they are."""
    if isinstance(x, bool | np.bool_ | str):
        return str(x)
    if np.isnan(x):
        return "NaN"
    if np.isfinite(x) and abs(x) >= 1e6:
        return f"{x:.1e}"
    text = f"{float(x):.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def numbers(values, most: int = 4) -> str:
    """The first few of some numbers, separated by commas."""
    flat = np.asarray(values).ravel()
    return ", ".join(number(x) for x in flat[:most]) + (", ..." if len(flat) > most else "")


def shape(array: np.ndarray) -> str:
    """A shape as a learner would say it."""
    return "a single number" if array.ndim == 0 else str(tuple(array.shape))


def count(n: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 pair, 3 pairs."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def times(c: float) -> str:
    """A factor before "the right one", told apart from 1."""
    if number(c) != "1":
        return f"{number(c)} times"
    return f"{100 * abs(c - 1):.1g} percent {'larger' if c > 1 else 'smaller'} than"


def apart(mine, wanted) -> str:
    """What came and what was expected, told apart even where three decimals are the same."""
    if number(mine) != number(wanted):
        return f"{number(mine)}, expected {number(wanted)}"
    share = abs(mine / wanted - 1) if wanted else np.inf
    if not np.isfinite(share):
        return f"{mine:.0e}, expected {number(wanted)}"
    digits = f"{100 * share:.1g}" if share > 1e-4 else "less than 0.01"
    return f"{number(mine)}, too {'large' if abs(mine) > abs(wanted) else 'small'} by {digits} percent"


def paragraphs(*lines: str) -> str:
    """Each non-empty line wrapped by itself."""
    kept = [textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False) for line in lines if line]
    return "\n".join(kept)


# Evidence: what the learner's array shows where the right one shows something else.


def worst_entry(yours: np.ndarray, right: np.ndarray) -> str:
    """The first of the entries that differ most."""
    if yours.ndim == 0:
        return f"yours is {apart(yours[()], right[()]) if yours.dtype.kind == 'f' else f'{yours[()]}, expected {right[()]}'}"
    gap = np.where(np.isnan(yours), np.inf, np.abs(np.subtract(yours, right, dtype=float)))
    gap = np.where(np.isnan(gap), 0.0, gap)
    place = np.unravel_index(int(np.argmax(gap)), gap.shape)
    where = ", ".join(map(str, place))
    mine, wanted = yours[place], right[place]
    return f"entry [{where}] is {apart(mine, wanted) if yours.dtype.kind == 'f' else f'{mine}, expected {wanted}'}"


def row_sums(yours: np.ndarray, right: np.ndarray) -> str:
    """What the first rows add up to."""
    first, wanted = yours.sum(axis=-1).ravel(), right.sum(axis=-1).ravel()
    return f"your first rows add up to {numbers(first, 3)}, expected {numbers(wanted, 3)}"


def column_sums(yours: np.ndarray, right: np.ndarray) -> str:
    """What the rows and the columns add up to."""
    rows, columns = yours.sum(axis=-1).ravel(), yours.sum(axis=-2).ravel()
    return f"your columns add up to {numbers(columns, 2)} but your rows to {numbers(rows, 2)}"


def largest(yours: np.ndarray, right: np.ndarray) -> str:
    """The largest entry of each."""
    return f"your largest entry is {number(yours.max())}, expected {number(right.max())}"


def identical_rows(yours: np.ndarray, right: np.ndarray) -> str:
    """That all queries got the same row."""
    first = yours.reshape(-1, yours.shape[-1])[0]
    return f"every query gets the same row, which begins {numbers(first, 2)}"


def shapes(yours: np.ndarray, right: np.ndarray) -> str:
    """The two shapes."""
    return f"your output has shape {shape(yours)}, expected {shape(right)}"


def not_finite(yours: np.ndarray, right: np.ndarray) -> str:
    """How many entries are NaN or infinite."""
    bad = int(np.sum(~np.isfinite(yours)))
    return f"{bad} of your {yours.size} entries are NaN or infinite, expected none"


def allowed(yours: np.ndarray, right: np.ndarray) -> str:
    """How many pairs each mask lets through, and the first entry that differs."""
    counts = f"your mask allows {count(int(yours.sum()), 'pair')}, the right one {int(right.sum())}"
    return f"{counts}; {worst_entry(yours, right)}"


def values(yours: np.ndarray, right: np.ndarray) -> str:
    """The first entries of each."""
    return f"yours begins {numbers(yours, 3)}, expected {numbers(right, 3)}"
