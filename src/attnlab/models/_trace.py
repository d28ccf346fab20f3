"""What the models that can be watched hand out."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Trace(NamedTuple):
    """What happened to a batch of texts on its way up.

    hidden: (n_layers + 1, batch, tokens, d_model), what enters each block and what leaves the last one, or the norm behind it;
    weights: (n_layers, batch, heads, queries, keys).
    """

    hidden: Tensor
    weights: Tensor
