"""One trained vector for each position."""

from __future__ import annotations

from torch import Tensor, nn

from attnlab._counts import counts
from attnlab._shapes import Float, Integer
from attnlab.positions._doors import need_rows


class Learned(nn.Module):
    """One trained vector for each position: `nn.Embedding`, with a clear error past its last row.

    Source: [gehring2017, section 3.1].
    """

    @counts("max_len", "d_model")
    def __init__(self, max_len: int, d_model: int):
        super().__init__()
        self.table = nn.Embedding(max_len, d_model)

    def forward(self, positions: Integer[Tensor, "*tokens"]) -> Float[Tensor, "*tokens d_model"]:
        need_rows(positions, self.table.num_embeddings)
        return self.table(positions)
