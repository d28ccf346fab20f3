"""Pairs written into a memory of two numbers, by adding or by the delta rule; what every key reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnlab.explore._explorable import Explorable, Rows, check_index, table
from attnlab.reference.mixers.delta import write_delta, write_sum

KEYS = ((1.0, 0.0), (0.6, 0.8), (0.0, 1.0))
RULES = ("sum", "delta rule")


def erasing_memory(
    writes: Sequence[tuple[int, float]] = ((0, 10),),
    rule: str = "sum",
    decay: float = 1.0,
    keys: Rows = KEYS,
) -> Explorable:
    """Write values under keys that overlap, and see what every key reads: a sum piles up, the delta rule overwrites.

    `writes` are pairs of a key's place and a value; `decay` multiplies the memory before each write. Keys have length 1.
    """
    keys = np.asarray(keys, dtype=float)
    if keys.ndim != 2 or not np.allclose((keys**2).sum(axis=-1), 1):
        raise ValueError("keys must be rows of length 1")
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    if not 0 <= decay <= 1:
        raise ValueError(f"decay must be between 0 and 1 but is {decay}")
    for key, _ in writes:
        check_index("the key of a write", key, len(keys))
    state = {"vectors": keys.tolist(), "writes": [[int(key), value] for key, value in writes], "rule": rule, "decay": float(decay)}
    return Explorable("erasing_memory", state, _table(state))


def memory_of(state: dict) -> np.ndarray:
    """The memory after all writes: a vector, since values are numbers."""
    keys, write = np.array(state["vectors"]), write_sum if state["rule"] == "sum" else write_delta
    memory = np.zeros((keys.shape[1], 1))
    for key, value in state["writes"]:
        memory = write(state["decay"] * memory, keys[key], np.array([value]))
    return memory[:, 0]


def _table(state: dict) -> str:
    last = {key: value for key, value in state["writes"]}
    reads = np.array(state["vectors"]) @ memory_of(state)
    rows = [(f"key {i + 1}", [last.get(i, "nothing"), float(read)]) for i, read in enumerate(reads)]
    return table(f"What each key reads, beside what was written to it last; rule: {state['rule']}.", ["written last", "reads"], rows, digits=1)
