"""The whole transformer of `attnlab.reference.tiny` in PyTorch, to be trained: two blocks of width 16, one head, tied table.

Normalised before attention and before the feed-forward network, without gains; the last rows are compared with the table itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float, Int
from attnlab.attention import MultiHead
from attnlab.masks import causal


@dataclass(frozen=True)
class Config:
    """The sizes of the model that comes with the package."""

    vocab_size: int = 9
    max_len: int = 18
    d_model: int = 16
    d_ff: int = 32
    n_layers: int = 2

    def __post_init__(self):
        for name in ("vocab_size", "max_len", "d_model", "d_ff", "n_layers"):
            count(name, getattr(self, name), at_least=1)


class Block(nn.Module):
    """x + attention(norm(x)), then x + contract(relu(expand(norm(x)))): what goes in is normalised before."""

    def __init__(self, config: Config):
        super().__init__()
        self.norm = nn.LayerNorm(config.d_model, elementwise_affine=False)
        self.attention = MultiHead(config.d_model, 1)
        self.expand = nn.Linear(config.d_model, config.d_ff)
        self.contract = nn.Linear(config.d_ff, config.d_model, bias=False)

    def forward(self, x: Float[Tensor, "batch tokens d_model"]) -> Float[Tensor, "batch tokens d_model"]:
        """One block; every token sees itself and those before it."""
        places = torch.arange(x.shape[1], device=x.device)
        x = x + self.attention(self.norm(x), mask=causal(places, places))
        return x + self.contract(torch.relu(self.expand(self.norm(x))))


class Tiny(nn.Module):
    """norm(blocks(table[ids] + places)) tableᵀ: the logits of the next word, at every place."""

    def __init__(self, config: Config | None = None):
        super().__init__()
        config = config or Config()
        self.table = nn.Embedding(config.vocab_size, config.d_model)
        self.places = nn.Embedding(config.max_len, config.d_model)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model, elementwise_affine=False)
        for rows in (self.table, self.places):
            nn.init.normal_(rows.weight, std=0.3)

    def forward(self, ids: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch tokens vocab_size"]:
        """Errors: ValueError for more tokens than there are places."""
        if ids.shape[1] > self.places.num_embeddings:
            raise ValueError(f"{ids.shape[1]} words do not fit into {self.places.num_embeddings} places")
        x = self.table(ids) + self.places.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.table.weight.T
