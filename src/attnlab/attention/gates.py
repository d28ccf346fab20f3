"""A gate on what the heads found, before the output projection: each token says how much of it to let through."""

from __future__ import annotations

import torch
from einops import repeat
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.attention.heads import need_divisor


class OutputGate(nn.Module):
    """sigmoid(x W): a number between 0 and 1 for each feature of the merged heads, `MultiHead(gate=)` multiplies by it.

    gates_per_head: d_head unless given, one for each feature; 1 is a gate for each head; with a divisor in between
        each gate serves a run of d_head / gates_per_head features.
    Errors: ValueError unless gates_per_head divides d_head.
    Source: [qiu2025], which compares gates for each feature and for each head.
    """

    def __init__(self, d_model: int, n_heads: int, d_head: int, gates_per_head: int | None = None):
        super().__init__()
        n_heads, d_head = count("n_heads", n_heads, at_least=1), count("d_head", d_head, at_least=1)
        gates_per_head = d_head if gates_per_head is None else gates_per_head
        self.run = d_head // need_divisor("gates_per_head", gates_per_head, "d_head", d_head)
        n_gates = n_heads * d_head // self.run
        self.project = nn.Linear(count("d_model", d_model, at_least=1), n_gates, bias=False)

    def forward(self, x: Float[Tensor, "*batch tokens d_model"]) -> Float[Tensor, "*batch tokens width"]:
        return repeat(torch.sigmoid(self.project(x)), "... gates -> ... (gates run)", run=self.run)
