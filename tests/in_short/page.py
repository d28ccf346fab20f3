"""A box *In short* as it stands in a page's source, its code run as a stranger runs it, and what is asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch

BOOK = Path(__file__).resolve().parents[2] / "book"
TITLE = "In short: other names, formula, code to copy, cost, bugs to test for"
BOX = re.compile(r"^::::\{admonition\} In short\b([^\n]*)\n:class: ([^\n]+)\n(.*?)^::::$", re.M | re.S)
PIECES = ("Also called", "Formula", "NumPy", "PyTorch", "Cost", "Test for")
LABEL = re.compile(r"^\*\*(" + "|".join(PIECES) + r")\*\*", re.M)
CODE = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
BULLET = re.compile(r"^- \*\*(.+?)\.\*\* (.+(?:\n(?!- |\n).+)*)", re.M)


class Bug(NamedTuple):
    """A mistake planted in one of the two listings, `right` being replaced by `wrong`, and the property that catches it."""

    listing: str
    right: str
    wrong: str
    holds: Callable[[SimpleNamespace], None]


class Page(NamedTuple):
    """agrees(numpy, torch) compares what the listings define with the package; costs() are the numbers that Cost must name."""

    agrees: Callable[[SimpleNamespace, SimpleNamespace], None]
    bugs: dict[str, Bug]
    costs: Callable[[], list[str]]


def box(page: str) -> dict[str, str]:
    """The pieces of the only box of a page, by their labels, in the order in which they stand."""
    found = BOX.findall((BOOK / f"{page}.md").read_text("utf-8"))
    assert len(found) == 1, f"{page} has {len(found)} boxes *In short*"
    _, *rest = LABEL.split(found[0][2])
    return {label: text.strip() for label, text in zip(rest[::2], rest[1::2])}


def listing(pieces: dict[str, str], label: str) -> str:
    """The one listing of a piece."""
    found = CODE.findall(f"{pieces[label]}\n")
    assert len(found) == 1, f"{label} has {len(found)} listings"
    return found[0]


def run(code: str, right: str = "", wrong: str = "") -> SimpleNamespace:
    """What a listing defines, run by itself, with a mistake planted where one is asked for."""
    assert right in code, f"not in the listing: {right}"
    names: dict = {"__name__": "stranger"}
    exec(compile(code.replace(right, wrong) if right else code, "In short", "exec"), names)
    return SimpleNamespace(**names)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal numbers, the same ones for the same seed and shape."""
    return np.random.default_rng(seed).standard_normal(shape)


def tensor(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(x))


def close(actual, expected, atol: float = 1e-12) -> None:
    """Same shape, same kind of number, and nowhere further apart than `atol`; NaN is close to nothing."""
    actual, expected = (x.detach().numpy() if torch.is_tensor(x) else np.asarray(x) for x in (actual, expected))
    assert actual.shape == expected.shape, f"shape {actual.shape} is not {expected.shape}"
    assert actual.dtype.kind == expected.dtype.kind and actual.dtype.itemsize == expected.dtype.itemsize, f"{actual.dtype} is not {expected.dtype}"
    gap = np.abs(actual.astype(float) - expected.astype(float))
    assert (gap <= atol).all(), f"largest difference {gap.max()}"


def differs(a, b) -> None:
    """Somewhere further apart than rounding."""
    a, b = (x.detach().numpy() if torch.is_tensor(x) else np.asarray(x) for x in (a, b))
    assert np.abs(a - b).max() > 1e-6
