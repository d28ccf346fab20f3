"""Which pairs a sparse pattern computes, and what each token can depend on after several layers."""

from __future__ import annotations

import numpy as np

from attnlab.explore._explorable import Explorable, table
from attnlab.reference.mixers import sparse

PATTERNS = ("local", "strided", "global")
N = 24


def sparse_reach(pattern: str = "strided", size: int = 5, layers: int = 1) -> Explorable:
    """Reach of a pattern over 24 tokens after `layers` layers, to be covered with few pairs.

    size: the radius of "local", the stride of "strided" (causal), the number of tokens that see all and are seen by all in "global".
    """
    if pattern not in PATTERNS:
        raise ValueError(f"pattern must be one of {', '.join(PATTERNS)}, got {pattern!r}")
    for name, (value, high) in {"size": (size, 8), "layers": (layers, N)}.items():
        if not 1 <= value <= high or int(value) != value:
            raise ValueError(f"{name} must be a whole number between 1 and {high}, got {value}")
    state = {"pattern": pattern, "size": int(size), "layers": int(layers)}
    return Explorable("sparse_reach", state, _reach_table(state))


def _hops(state: dict) -> tuple[np.ndarray, np.ndarray]:
    """The mask of the state's pattern, and the hops between all pairs."""
    make = {"local": sparse.local, "strided": sparse.strided, "global": sparse.leading}[state["pattern"]]
    mask = make(N, state["size"])
    return mask, sparse.hops(mask)


def _reach_table(state: dict) -> str:
    mask, hops = _hops(state)
    most = int(hops[np.isfinite(hops)].max())
    shown = sorted({1, 2, 3, state["layers"], most})
    rows = [(f"{t} layers" if t > 1 else "1 layer", [int((hops <= t).sum()), int((hops[-1] <= t).sum())]) for t in shown]
    caption = f"Pattern: {state['pattern']}, {state['size']}; {int(mask.sum())} of {N * N} pairs in a layer. Pairs of tokens that depend on each other, and tokens that the last one depends on."
    return table(caption, ["pairs reached", "by the last token"], rows)
