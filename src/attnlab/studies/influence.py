"""How far one token moves the answer of a reader that looks once at a whole text, and what becomes of it as texts grow.

The reader is one head without layer norm: a question, keys and values of the tokens, and a small network that reads a number from
the mean. Its scores are bounded whatever the text, so the influence of one token falls as 1/n, in the end.
Source: [hahn2020, lemma 5], [chiang2022].
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attnlab._shapes import Float, Int
from attnlab.attention import attention


def unchanged(n: int) -> float:
    """Scores do not depend on the length."""
    return 1.0


class Reader(nn.Module):
    """w · tanh(U m): m is the mean of the values, weighted by what a question scores at each key. The first token is marked.

    sharpen: what the scores are multiplied by in a text of n tokens beside 1/sqrt(d_model), for example `math.log`.
    """

    def __init__(self, d_model: int, generator: torch.Generator, sharpen: Callable[[int], float] = unchanged):
        super().__init__()
        normal = lambda *size: nn.Parameter(torch.randn(*size, generator=generator) * size[-1] ** -0.5)
        self.token, self.first, self.question = normal(2, d_model), normal(d_model), normal(d_model)
        self.key, self.value, self.hidden = (normal(d_model, d_model) for _ in range(3))
        self.answer, self.sharpen = normal(d_model), sharpen

    def forward(self, bits: Int[Tensor, "texts tokens"]) -> Float[Tensor, "texts"]:
        x = self.token[bits]
        x = torch.cat([x[:, :1] + self.first, x[:, 1:]], dim=1)
        scale = self.sharpen(bits.shape[1]) / math.sqrt(len(self.question))
        mean = attention(self.question.expand(len(bits), 1, -1), x @ self.key, x @ self.value, scale=scale)[:, 0]
        return torch.tanh(mean @ self.hidden) @ self.answer


def train_first(reader: Reader, steps: int, generator: torch.Generator, longest: int = 16) -> Reader:
    """The same reader, trained to say whether the first bit is 1: texts of 2 to `longest` bits, 64 a step."""
    optimiser = torch.optim.Adam(reader.parameters(), lr=0.02)
    for _ in range(steps):
        n = int(torch.randint(2, longest + 1, (), generator=generator))
        bits = torch.randint(2, (64, n), generator=generator)
        loss = F.binary_cross_entropy_with_logits(reader(bits), bits[:, 0].float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return reader.requires_grad_(False)


@torch.no_grad()
def influence(read: Callable[[Tensor], Tensor], n: int, place: int, generator: torch.Generator, texts: int = 20) -> float:
    """Mean change of the answer when the bit at this place of a random text of n bits is turned over."""
    bits = torch.randint(2, (texts, n), generator=generator)
    other = bits.clone()
    other[:, place] = 1 - other[:, place]
    return (read(other) - read(bits)).abs().mean().item()
