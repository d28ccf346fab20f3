"""Made-up tasks whose right answer is known and whose difficulty is one number."""

from __future__ import annotations

import numpy as np

from attnlab._counts import counts
from attnlab._shapes import Array, Int


@counts("n", "length", "n_symbols", "seed")
def reverse(
    n: int, length: int, n_symbols: int, seed: int = 0
) -> tuple[Int[Array, "n length"], Int[Array, "n length"]]:
    """Random symbols, and the same from the last to the first. Symbols are 0 .. n_symbols - 1.

    Errors: ValueError for a size below 1.
    """
    _check(n=n, length=length, n_symbols=n_symbols)
    x = np.random.default_rng(seed).integers(n_symbols, size=(n, length))
    return x, x[:, ::-1].copy()


@counts("n", "n_pairs", "n_keys", "n_values", "seed")
def recall(
    n: int, n_pairs: int, n_keys: int, n_values: int, seed: int = 0
) -> tuple[Int[Array, "n tokens"], Int[Array, "n"]]:
    """Pairs of a key and a value in one row, then one of the keys again; the answer is its value.

    Keys are 0 .. n_keys - 1, different within a row; values are n_keys .. n_keys + n_values - 1. A row holds
    2 n_pairs + 1 tokens. Errors: ValueError for a size below 1 or more pairs than keys.
    """
    _check(n=n, n_pairs=n_pairs, n_keys=n_keys, n_values=n_values)
    if n_pairs > n_keys:
        raise ValueError(f"n_pairs is {n_pairs} but only {n_keys} keys are different")
    rng = np.random.default_rng(seed)
    keys = rng.permuted(np.tile(np.arange(n_keys), (n, 1)), axis=1)[:, :n_pairs]
    values = n_keys + rng.integers(n_values, size=(n, n_pairs))
    rows, asked = np.arange(n), rng.integers(n_pairs, size=n)
    told = np.stack([keys, values], axis=-1).reshape(n, 2 * n_pairs)
    return np.concatenate([told, keys[rows, asked, None]], axis=1), values[rows, asked]


def _check(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1 but is {size}")
