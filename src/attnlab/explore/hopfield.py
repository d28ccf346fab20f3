"""A drawing of 8 by 8 cells that a Hopfield network completes: classical, or modern and with its sharpness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnlab.explore._explorable import Explorable, table
from attnlab.reference import memory as reference
from attnlab.reference.softmax import softmax

SIDE = 8
MEMORIES = ("modern", "classical")
PATTERNS = {
    "T": "######## ######## ...##... ...##... ...##... ...##... ...##... ...##...",
    "H": "##....## ##....## ##....## ######## ######## ##....## ##....## ##....##",
    "O": "..####.. .######. ##....## ##....## ##....## ##....## .######. ..####..",
    "board": "##..##.. ##..##.. ..##..## ..##..## ##..##.. ##..##.. ..##..## ..##..##",
    "house": "...##... ..####.. .######. ######## .#....#. .#....#. .#....#. .######.",
    "X": "##....## .##..##. ..####.. ...##... ...##... ..####.. .##..##. ##....##",
}
AN_H = ".#....#. ##....## .#....#. #######. .####### ##...##. .#...#.. ##....##"  # by an unsteady hand


def hopfield(drawing: str | Sequence[float] = AN_H, memory: str = "modern", sharpness: float = 0.1, stored: int = 4) -> Explorable:
    """Draw, and see what a memory of small pictures makes of it: a step of the modern network, or the rest of the classical one.

    `drawing` is 64 cells, as text of # and . or as numbers from -1 to 1; the first `stored` of six pictures are stored.
    """
    cells = cells_of(drawing) if isinstance(drawing, str) else [float(x) for x in drawing]
    if len(cells) != SIDE * SIDE or not all(-1 <= x <= 1 for x in cells):
        raise ValueError(f"drawing must be {SIDE * SIDE} cells from -1 to 1, got {len(cells)}")
    if memory not in MEMORIES:
        raise ValueError(f"memory must be one of {', '.join(MEMORIES)}, got {memory!r}")
    if not 0 <= sharpness <= 0.25:
        raise ValueError(f"sharpness must be between 0 and 0.25 but is {sharpness}")
    if stored not in range(1, len(PATTERNS) + 1):
        raise ValueError(f"stored must be a whole number from 1 to {len(PATTERNS)}, got {stored}")
    pictures = [cells_of(text) for text in PATTERNS.values()]
    state = {"names": list(PATTERNS), "patterns": pictures, "drawing": cells, "memory": memory, "sharpness": float(sharpness), "stored": stored}
    return Explorable("hopfield", state, _table(state))


def cells_of(text: str) -> list[int]:
    """Text of # and . as 1 and -1."""
    return [1 if one == "#" else -1 for one in text if one in "#."]


def weights_of(state: dict) -> np.ndarray:
    """The share of each stored picture: softmax(sharpness xi X^T)."""
    return softmax(state["sharpness"] * _stored(state) @ np.array(state["drawing"], dtype=float))


def answer_of(state: dict) -> np.ndarray:
    """What the memory makes of the drawing; the classical network begins with its signs."""
    drawing, patterns = np.array(state["drawing"], dtype=float), _stored(state)
    if state["memory"] == "modern":
        return reference.modern_step(drawing, patterns, state["sharpness"])
    return reference.settle(reference.store(patterns), np.where(drawing > 0, 1.0, -1.0), sweeps=100)


def _stored(state: dict) -> np.ndarray:
    return np.array(state["patterns"][: state["stored"]], dtype=float)


def _table(state: dict) -> str:
    patterns, signs = _stored(state), np.where(np.array(state["drawing"]) > 0, 1, -1)
    after = np.where(answer_of(state) > 0, 1, -1)
    agree = zip(state["names"], patterns, weights_of(state))
    rows = [(name, [int((signs == x).sum()), float(share), int((after == x).sum())]) for name, x, share in agree]
    columns = ["drawing agrees in", "weight", "answer agrees in"]
    return table(f"Stored pictures of {SIDE * SIDE} cells beside a drawing and the answer; {state['memory']} network, sharpness {state['sharpness']}.", columns, rows)
