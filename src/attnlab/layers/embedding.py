"""One table for both ends of a model: rows for the ids that enter, scores of all words for what leaves."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float, Integer
from attnlab.positions._doors import need_rows


class TiedEmbedding(nn.Module):
    """sqrt(d_model) * table[ids] on the way in, x tableᵀ on the way out, with one table.

    The table starts normal with standard deviation 1 / sqrt(d_model): so do the rows that enter a model with 1.
    Source: [press2017]; the factor: [vaswani2017, section 3.4].
    """

    def __init__(self, vocab_size: int, d_model: int):
        super().__init__()
        vocab_size, d_model = (
            count("vocab_size", vocab_size, at_least=1),
            count("d_model", d_model, at_least=1),
        )
        self.table = nn.Parameter(torch.randn(vocab_size, d_model) / math.sqrt(d_model))

    def forward(self, ids: Integer[Tensor, "*tokens"]) -> Float[Tensor, "*tokens d_model"]:
        """Errors: ValueError for an id that has no row."""
        if ids.is_floating_point() or ids.dtype == torch.bool:
            raise TypeError(f"ids must hold integers but their dtype is {ids.dtype}")
        need_rows(ids, self.table.shape[0])
        return math.sqrt(self.table.shape[1]) * self.table[ids]

    def logits(self, x: Float[Tensor, "*tokens d_model"]) -> Float[Tensor, "*tokens vocab_size"]:
        """x tableᵀ: a score for every word at every place."""
        if x.shape[-1] != self.table.shape[1]:
            raise ValueError(f"x has width {x.shape[-1]} but the table has width {self.table.shape[1]}")
        return x @ self.table.T
