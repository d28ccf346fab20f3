"""Values written again and again under the same keys of a matrix memory: what does each key read in the end?

The memories here are not trained, and NumPy is enough; `attnlab.studies.recall` trains models around a memory.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab._counts import counts
from attnlab._shapes import Array, Float, Integer
from attnlab.reference.mixers.delta import write_delta, write_sum


@counts("n_writes", "n_keys", "width")
def rewritten(
    n_writes: int, n_keys: int, width: int, generator: np.random.Generator
) -> tuple[Float[Array, "n_keys width"], Integer[Array, "n_writes"], Float[Array, "n_writes width"]]:
    """Random keys of length 1, which of them each write goes to, and what is written: all drawn anew."""
    keys = generator.normal(size=(n_keys, width))
    which = generator.integers(0, n_keys, n_writes)
    return keys / np.linalg.norm(keys, axis=-1, keepdims=True), which, generator.normal(size=(n_writes, width))


def cosine_of_last(
    keys: Float[Array, "n_keys width"],
    which: Integer[Array, "n_writes"],
    values: Float[Array, "n_writes d_v"],
    write: Callable[[Array, Array, Array], Array],
) -> Float[Array, "n_written"]:
    """Write all pairs, read every key that was written: its cosine with the last value written to it, newest key first.

    write: from memory, key and value to the memory after.
    """
    memory, last = np.zeros((keys.shape[1], values.shape[1])), {}
    for i, value in zip(which, values):
        memory = write(memory, keys[i], value)
        last.pop(int(i), None)
        last[int(i)] = value
    read = np.array([keys[i] @ memory for i in last])[::-1]
    wanted = np.array(list(last.values()))[::-1]
    return (read * wanted).sum(-1) / (np.linalg.norm(read, axis=-1) * np.linalg.norm(wanted, axis=-1))


def fading(decay: float, write: Callable[[Array, Array, Array], Array]) -> Callable[[Array, Array, Array], Array]:
    """`write` into a memory that is first multiplied by `decay`."""
    return lambda memory, k, v: write(decay * memory, k, v)


WRITES = {"sum": write_sum, "sum, fading": fading(0.95, write_sum), "delta": write_delta, "delta, fading": fading(0.95, write_delta)}
