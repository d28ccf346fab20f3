"""A round of speculative decoding, token by token."""

from __future__ import annotations

import numpy as np

from attnlab._counts import count
from attnlab.explore._explorable import Explorable, table
from attnlab.explore.beam_tree import FIRST, NAMES, NEXT

OTHER = (0.30, 0.20, 0.20, 0.15, 0.15)
MOST = 5


def speculation(distance: float = 0.6, n_drafted: int = 4, round: int = 4) -> Explorable:
    """A draft proposes `n_drafted` of five words, a target reads them all; which stand, and from what the next is drawn.

    The target's words depend on the last one, as in `beam_tree` (behind the end mark a text begins anew); the draft's chances are (1 - distance) of the target's and distance
    of a fixed row. Every `round` draws other numbers.
    """
    if not 0 <= distance <= 1:
        raise ValueError(f"distance must be between 0 and 1 but is {distance}")
    state = {"names": list(NAMES), "next": [list(row) for row in (*NEXT, FIRST)], "other": list(OTHER), "distance": float(distance),
             "n_drafted": count("n_drafted", n_drafted, at_least=1, at_most=MOST), "round": count("round", round, at_least=1, at_most=999)}  # fmt: skip
    return Explorable("speculation", state, _table(state))


def draft_of(state: dict) -> np.ndarray:
    """The draft's rows."""
    return (1 - state["distance"]) * np.array(state["next"]) + state["distance"] * np.array(state["other"])


def expected_tokens(state: dict) -> float:
    """The mean length of what a round behind the first word writes: 1, and for each place the chance that all up to it stand."""
    both, chances, total = np.minimum(state["next"], draft_of(state)), np.eye(len(NAMES))[0], 1.0
    for _ in range(state["n_drafted"]):
        chances = chances @ both
        total += float(chances.sum())
    return total


def _table(state: dict) -> str:
    counts = (1, 2, 4)
    rows = [
        (f"distance {far:g}", [expected_tokens({**state, "distance": far, "n_drafted": n}) for n in counts])
        for far in (0.0, 0.2, 0.6, 1.0)
    ]
    return table("Tokens that a round writes on average", [f"{n} drafted" for n in counts], rows)
