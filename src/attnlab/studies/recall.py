"""Pairs of key and value, read into a memory and asked for: how many can each kind of memory tell apart?

In a text every token is a key with its value; then every key is asked for once, in any order. What is shared by all kinds:
learned vectors for keys, questions and values, and a learned map from what is read to the values. What differs is the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from attnlab._counts import counts
from attnlab._shapes import Float, Integer
from attnlab.mixers import delta
from attnlab.training import seeded

Mix = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
N_KEYS, N_VALUES = 64, 64
SIZES = (4, 8, 16, 32, 64)
STEPS = 200


def looking_back(q: Tensor, k: Tensor, v: Tensor, rate: Tensor) -> Tensor:
    """softmax(q K^T) V: a memory that keeps every pair, and has no use for a rate."""
    return torch.softmax(q @ k.mT, dim=-1) @ v


def looking_back_lately(q: Tensor, k: Tensor, v: Tensor, rate: Tensor) -> Tensor:
    """softmax(q K^T + j / 10) V: of two pairs that match alike, the later one, j, counts more."""
    return torch.softmax(q @ k.mT + torch.arange(k.shape[-2], dtype=k.dtype) / 10, dim=-1) @ v


def adding(q: Tensor, k: Tensor, v: Tensor, rate: Tensor) -> Tensor:
    """q S with S = K^T (rate V): one matrix, to which every pair is added."""
    return q @ delta.summed(k, k, rate[..., None] * v)[1]


def erasing(q: Tensor, k: Tensor, v: Tensor, rate: Tensor) -> Tensor:
    """q S, where S was written by the delta rule."""
    return q @ delta.delta_rule(k, k, v, rate)[1]


class Recaller(nn.Module):
    """Learned vectors, a learned sharpness and a learned rate around a memory, which is passed in: `mix` takes questions, keys, values, rates."""

    def __init__(self, mix: Mix, width: int):
        super().__init__()
        self.mix = mix
        self.keys, self.asks = nn.Embedding(N_KEYS, width), nn.Embedding(N_KEYS, width)
        self.values, self.head = nn.Embedding(N_VALUES, width), nn.Linear(width, N_VALUES)
        self.sharpness, self.rate = nn.Parameter(torch.tensor(4.0)), nn.Parameter(torch.tensor(0.0))

    def forward(
        self, keys: Integer[Tensor, "batch pairs"], values: Integer[Tensor, "batch pairs"], asked: Integer[Tensor, "batch asks"]
    ) -> Float[Tensor, "batch asks values"]:
        k, q = (nn.functional.normalize(x, dim=-1) for x in (self.keys(keys), self.asks(asked)))
        rate = torch.sigmoid(self.rate).expand(keys.shape)
        return self.head(self.mix(self.sharpness * q, k, self.values(values), rate))


@counts("n", "n_keys", "times")
def pairs(n: int, n_keys: int, generator: np.random.Generator, times: int = 1) -> tuple[Tensor, ...]:
    """`n` texts: (keys, values, questions, answers). Each of `n_keys` different keys is written `times` times, each time with a
    new value, in any order, and then asked for once; the answer is the last value written to it."""
    own = np.argsort(generator.random((n, N_KEYS)), axis=1)[:, :n_keys]
    keys = generator.permuted(np.tile(own, (1, times)), axis=1)
    values = generator.integers(0, N_VALUES, keys.shape)
    questions = generator.permuted(own, axis=1)
    asked_here = questions[:, :, None] == keys[:, None, :]
    last = keys.shape[1] - 1 - asked_here[:, :, ::-1].argmax(axis=2)
    return tuple(map(torch.tensor, (keys, values, questions, np.take_along_axis(values, last, axis=1))))


def recalled(model: Recaller, n_keys: int, times: int = 1, seed: int = 99) -> float:
    """Share of the questions about 64 new texts that the model answers with the right value."""
    keys, values, questions, answers = pairs(64, n_keys, np.random.default_rng(seed), times)
    with torch.no_grad():
        return float((model(keys, values, questions).argmax(-1) == answers).double().mean())


def learned_recaller(mix: Mix, width: int, seed: int, sizes: Sequence[int] = SIZES, times: int = 1) -> Recaller:
    """A `Recaller` trained by Adam for 200 steps, on texts with so many keys in turn."""
    model, rng = seeded(lambda: Recaller(mix, width), seed), np.random.default_rng(seed)
    optimiser = torch.optim.Adam(model.parameters())
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = 0.02 * (1 - step / STEPS)
        keys, values, questions, answers = pairs(32, sizes[step % len(sizes)], rng, times)
        loss = nn.functional.cross_entropy(model(keys, values, questions).mT, answers)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


def recall_curve(mix: Mix, width: int, seed: int, sizes: Sequence[int] = SIZES, times: int = 1) -> list[float]:
    """What a trained `Recaller` recalls of texts with so many keys, of which each is written `times` times."""
    model = learned_recaller(mix, width, seed, sizes, times)
    return [recalled(model, n_keys, times) for n_keys in sizes]
