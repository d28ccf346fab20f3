"""Small tasks that ask something of attention, to look far or to look at nothing, and small models that learn them."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from attnlab._counts import counts
from attnlab._shapes import Array, Float, Integer
from attnlab.attention import Local, MultiHead, QKNorm, attention, grouped_attention, weights_of
from attnlab.layers import GatedFeedForward, PreNorm, RMSNorm
from attnlab.layers._hooks import hooked
from attnlab.masks import causal, positions
from attnlab.models.decoder import Config, Decoder
from attnlab.models.families import at, block, by_base
from attnlab.training import cross_entropy, seeded

N_TOKENS, N_TRIGGERS, START = 16, 3, 16
N_NEEDLES, QUESTION = 8, 10


@counts("n", "length")
def needles(n: int, length: int, generator: np.random.Generator) -> tuple[Integer[Array, "n length"], Integer[Array, "n"]]:
    """Texts of filler (8 or 9) with one needle (0 to 7) as the first token and a question as the last; and the needles."""
    texts = generator.integers(N_NEEDLES, N_NEEDLES + 2, size=(n, length))
    wanted = generator.integers(0, N_NEEDLES, size=n)
    texts[:, 0], texts[:, -1] = wanted, QUESTION
    return texts, wanted


def searcher(pattern: str, window: int) -> Decoder:
    """A decoder without positions, a layer for each letter: L sees the last `window` keys, G all."""
    config = Config(N_NEEDLES + 3, 32, len(pattern), 2, 2, 16, 64)
    kinds = {"L": Local(grouped_attention, window), "G": grouped_attention}
    return Decoder(config, lambda number: block(config, at(pattern, kinds, number)), tied=False)


def search(pattern: str, window: int, seed: int, steps: int = 100) -> float:
    """Share of 200 new needles that a `searcher`, trained on texts of eight windows and one token, names."""
    model, rng = seeded(lambda: searcher(pattern, window), seed), np.random.default_rng(seed)

    def loss() -> Tensor:
        texts, wanted = map(torch.tensor, needles(32, 8 * window + 1, rng))
        return nn.functional.cross_entropy(model(texts)[:, -1, :N_NEEDLES], wanted)

    _descend(model, loss, steps)
    texts, wanted = map(torch.tensor, needles(200, 8 * window + 1, np.random.default_rng(99)))
    with torch.no_grad():
        return float((model(texts)[:, -1, :N_NEEDLES].argmax(-1) == wanted).double().mean())


@functools.cache
def _chain() -> Array:
    """Where each token goes next: a row of probabilities for each, few of them large."""
    return np.random.default_rng(7).dirichlet(np.full(N_TOKENS, 0.3), N_TOKENS).cumsum(axis=1)


@counts("n", "length")
def copied_back(n: int, length: int, generator: np.random.Generator) -> Integer[Array, "n length"]:
    """A start mark, then tokens of a chain; but after a trigger (0, 1 or 2) comes the token from before the trigger, again.

    After other tokens the next one depends on the last alone: attention has nothing to find.
    Source: the task is named bigram-backcopy in [guo2024].
    """
    texts = np.full((n, length), START)
    texts[:, 1] = generator.integers(0, N_TOKENS, n)
    for i in range(2, length):
        drawn = (_chain()[texts[:, i - 1]] < generator.random((n, 1))).sum(axis=1).clip(0, N_TOKENS - 1)
        after_trigger = (texts[:, i - 1] < N_TRIGGERS) & (i > 2)
        texts[:, i] = np.where(after_trigger, texts[:, i - 2], drawn)
    return texts


class Copier(nn.Module):
    """One block with one head: what attends, and the gate, are passed in."""

    def __init__(self, attend: Callable = attention, gate: nn.Module | None = None, width: int = 32, length: int = 16):
        super().__init__()
        self.tokens, self.places = nn.Embedding(N_TOKENS + 1, width), nn.Embedding(length, width)
        self.attend = PreNorm(MultiHead(width, 1, attend=attend, gate=gate), RMSNorm(width))
        self.feed_forward = PreNorm(GatedFeedForward(width, 2 * width), RMSNorm(width))
        self.last, self.head = RMSNorm(width), nn.Linear(width, N_TOKENS)

    def forward(self, texts: Integer[Tensor, "batch tokens"]) -> Float[Tensor, "batch tokens kinds"]:
        x, mask = self._entered(texts)
        return self.head(self.last(self.feed_forward(self.attend(x, mask=mask))))

    @torch.no_grad()
    def weights(self, texts: Integer[Tensor, "batch tokens"]) -> Float[Tensor, "batch tokens keys"]:
        """Who looks at whom. Rows may sum to less than 1 if there is a sink."""
        x, mask = self._entered(texts)
        q, k, _ = self.attend.layer.project(self.attend.norm(x))
        return weights_of(self.attend.layer.attend, q, k, mask=mask)[:, 0]

    def _entered(self, texts: Tensor) -> tuple[Tensor, Tensor]:
        x = self.tokens(texts) + self.places.weight[: texts.shape[1]]
        return x, causal(*positions(texts.shape[1], texts.shape[1], x))


def learned_copier(make: Callable[[], Copier], seed: int, steps: int = 400) -> Copier:
    """A trained `Copier`; a sink, being one number against a whole matrix of scores, moves ten times as fast as the rest."""
    model, rng = seeded(make, seed), np.random.default_rng(seed)

    def loss() -> Tensor:
        texts = torch.tensor(copied_back(32, 17, rng))
        return cross_entropy(model(texts[:, :-1]), texts[:, 1:])

    _descend(model, loss, steps)
    return model


def shares(model: Copier) -> dict[str, float]:
    """Means over new texts: of the weight on the first token after a trigger and after another token, on the token before
    a trigger, and of the weight that rows without a trigger keep in all."""
    texts = torch.tensor(copied_back(256, 16, np.random.default_rng(99)))
    weights = model.weights(texts)
    late = torch.arange(16) >= 3
    trigger, other = (texts < N_TRIGGERS) & late, (texts >= N_TRIGGERS) & late
    before = torch.diagonal(weights, -1, 1, 2)
    found = {
        "first, at a trigger": weights[..., 0][trigger],
        "first, elsewhere": weights[..., 0][other],
        "copied, at a trigger": before[trigger[:, 1:]],
        "kept, elsewhere": weights.sum(-1)[other],
    }
    return {name: float(values.mean()) for name, values in found.items()}


def largest_score(kind: Callable[[Config], Decoder], rate: float, seed: int, steps: int = 80) -> tuple[float, float]:
    """The largest score that any head could give, |q| |k| / sqrt(d_head) for its longest query and key, after training a decoder of two layers on `copied_back`, and the last loss.

    kind: makes the decoder of its sizes and its turn, such as `families.llama` or `families.qwen3`; all turn by base 10,000.
    """
    config = Config(N_TOKENS + 1, 32, 2, 2, 2, 16, 64)
    model, rng, losses = seeded(lambda: kind(config, by_base(config)), seed), np.random.default_rng(seed), []

    def loss() -> Tensor:
        texts = torch.tensor(copied_back(32, 17, rng))
        current = cross_entropy(model(texts[:, :-1]), texts[:, 1:])
        losses.append(current.item())
        return current

    _descend(model, loss, steps, rate)
    texts = torch.tensor(copied_back(64, 16, np.random.default_rng(99)))
    return max(_scores(model, texts)), float(np.mean(losses[-10:]))


@torch.no_grad()
def _scores(model: Decoder, texts: Tensor) -> list[float]:
    """The largest |q| |k| / sqrt(d_head) of each layer; turning changes no length."""
    entered: list[tuple[MultiHead, Tensor]] = []
    layers = [module for module in model.modules() if isinstance(module, MultiHead)]
    def enters(layer: MultiHead, given: tuple, named: dict) -> None:
        entered.append((layer, given[0]))

    with hooked(layer.register_forward_pre_hook(enters, with_kwargs=True) for layer in layers):
        model(texts)
    found = []
    for layer, x in entered:
        q, k, _ = layer.project(x)
        if isinstance(layer.attend, QKNorm):
            q, k = layer.attend.q_norm(q), layer.attend.k_norm(k)
        lengths = q.norm(dim=-1).amax() * k.norm(dim=-1).amax()
        found.append(float(lengths * q.shape[-1] ** -0.5))
    return found


def _descend(model: nn.Module, loss: Callable[[], Tensor], steps: int, rate: float = 1e-2) -> None:
    sinks = [weight for name, weight in model.named_parameters() if name.endswith("sink")]
    others = [weight for name, weight in model.named_parameters() if not name.endswith("sink")]
    groups = [{"params": others}] + ([{"params": sinks, "lr": 10 * rate, "weight_decay": 0.0}] if sinks else [])
    optimiser = torch.optim.AdamW(groups, lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
