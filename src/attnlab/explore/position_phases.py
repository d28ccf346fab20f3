"""Hands of two positions, pair by pair."""

from __future__ import annotations

import numpy as np

from attnlab.explore._explorable import Explorable, table
from attnlab.reference import positions

PHASES = ("sinusoid", "rotary")
CONTENTS = (0.9, -0.6, 1.3, -1.1, 0.4, -0.2, 0.7, -1.5)


def position_phases(
    kind: str = "sinusoid", width: int = 8, base: int = 10000, position: int = 5, offset: int = 3
) -> Explorable:
    """The hands of positions p and p + offset, pair by pair, and the sum of the cosines between them.

    `kind` is "sinusoid" (two signals) or "rotary" (a query and a key of fixed contents, turned). Whatever the
    position is, the sum is the same.
    """
    if kind not in PHASES:
        raise ValueError(f"kind must be one of {', '.join(PHASES)}, got {kind!r}")
    limits = {"width": (width, 2, 16), "base": (base, 2, 10**6), "position": (position, 0, 500),
              "offset": (offset, -50, 50)}  # fmt: skip
    for name, (value, low, high) in limits.items():
        if not low <= value <= high or int(value) != value:
            raise ValueError(f"{name} must be a whole number between {low} and {high}, got {value}")
    if width % 2:
        raise ValueError(f"width must be even, got {width}")
    sizes = {"width": width, "base": base, "position": position, "offset": offset}
    state = {"kind": kind, **{name: int(size) for name, size in sizes.items()}}
    return Explorable("position_phases", state, _phase_table(state))


def _hands(state: dict) -> np.ndarray:
    """Angles of query and key in radians, (pairs, 2)."""
    speeds = positions.frequencies(state["width"], float(state["base"]))
    ends = np.array([state["position"], state["position"] + state["offset"]])
    angles = positions.angles(ends, speeds).T
    if state["kind"] == "rotary":
        angles[:, 1] += CONTENTS[: len(speeds)]
    return angles


def _phase_table(state: dict) -> str:
    hands, speeds = _hands(state), positions.frequencies(state["width"], float(state["base"]))
    apart = hands[:, 1] - hands[:, 0]
    degrees = np.rad2deg(np.column_stack([hands, apart])) % 360
    rows = [(f"pair {i}", [f"{speed:.4g}", *degrees[i]]) for i, speed in enumerate(speeds)]
    caption = (
        f"Hands at position {state['position']} and at {state['position'] + state['offset']}, {state['kind']}, in "
        f"degrees. The sum of the cosines between them is {np.cos(apart).sum():.3f}, wherever the two stand."
    )
    return table(caption, ["radians a step", "first hand", "second hand", "apart"], rows, digits=1)
