"""Biases of ALiBi, T5 and Shaw against the distance."""

from __future__ import annotations

import numpy as np

from attnlab.explore._explorable import Explorable, table
from attnlab.reference import positions

WISHES = ("steady", "previous", "logarithm", "seventh")
SCHEMES = ("alibi", "t5", "shaw")
FARTHEST = 64


def bias_shapes(
    wish: str = "steady",
    heads: int = 8,
    head: int = 1,
    buckets: int = 16,
    most: int = 64,
    reach: int = 16,
    distance: int = 12,
) -> Explorable:
    """The bias of ALiBi, T5 or Shaw against the distance, to be bent until a head looks where it should.

    T5 and Shaw get the best numbers that their rows allow: the mean wish of the distances that share one. (Shaw's
    rows are vectors; for one query each adds a number.) ALiBi has `heads` heads, a power of two, and shows `head`,
    counted from 1. `most` is T5's largest distance, `reach` Shaw's.
    """
    _check_biases(wish, heads, head, buckets, most, reach, distance)
    sizes = {"heads": heads, "head": head, "buckets": buckets, "most": most, "reach": reach, "distance": distance}
    state = {"wish": wish, "scheme": SCHEMES[0], **{name: int(size) for name, size in sizes.items()}}
    return Explorable("bias_shapes", state, _bias_table(state))


def _check_biases(
    wish: str, heads: int, head: int, buckets: int, most: int, reach: int, distance: int
) -> None:
    if wish not in WISHES:
        raise ValueError(f"wish must be one of {', '.join(WISHES)}, got {wish!r}")
    limits = {
        "heads": (heads, 1, 16),
        "head": (head, 1, heads),
        "buckets": (buckets, 4, 32),
        "most": (most, 20, 128),
        "reach": (reach, 1, FARTHEST),
        "distance": (distance, 0, FARTHEST),
    }
    for name, (value, low, high) in limits.items():
        if not low <= value <= high or int(value) != value:
            raise ValueError(f"{name} must be a whole number between {low} and {high}, got {value}")
    for name, value in {"heads": heads, "buckets": buckets}.items():
        if int(value).bit_count() != 1:
            raise ValueError(f"{name} must be a power of two, got {value}")


def _wished(wish: str, distances: np.ndarray) -> np.ndarray:
    """What a head would like to add to the score of a key so far back."""
    return {
        "steady": -0.1 * distances,
        "previous": np.where(distances == 1, 0.0, -4.0),
        "logarithm": -np.log2(1.0 + distances),
        "seventh": np.where(distances % 7 == 0, 0.0, -3.0),
    }[wish]


def _mean_of_each(row: np.ndarray, wish: np.ndarray) -> np.ndarray:
    """The mean wish of the distances that share a number. `row` in the machine's own integers: 32 bits in a browser."""
    return np.bincount(row, wish) / np.maximum(np.bincount(row), 1)


def _biases(state: dict) -> dict[str, np.ndarray]:
    """Wish and biases at the distances 0 to 64, as the best of each scheme."""
    here, back = np.array([FARTHEST]), np.arange(FARTHEST + 1)
    wish = _wished(state["wish"], back)
    rows = {
        "T5": positions.t5_buckets(here, here - back, state["buckets"], state["most"], False)[0],
        "Shaw": np.minimum(back, state["reach"]),
    }
    best = {name: _mean_of_each(row.astype(np.intp), wish)[row] for name, row in rows.items()}
    line = positions.alibi(state["heads"], here, here - back)[state["head"] - 1, 0]
    return {"wish": wish, "ALiBi": line, **best}


def _bias_table(state: dict) -> str:
    found = _biases(state)
    shown = sorted({0, 1, 2, 4, 8, 16, 32, FARTHEST, state["distance"]})
    rows = [(f"{r} back", [found[name][r] for name in found]) for r in shown]
    caption = (
        f"Bias against the distance, wish: {state['wish']}. ALiBi head {state['head']} of {state['heads']}, "
        f"T5 with {state['buckets']} buckets up to {state['most']}, Shaw with reach {state['reach']}."
    )
    return table(caption, list(found), rows, digits=2)
