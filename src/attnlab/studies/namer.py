"""The small GPT of "Your own GPT" in PyTorch: the model, its training on first names, and its numbers for NumPy and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from attnlab._shapes import Float, Int
from attnlab.attention import MultiHead, attention
from attnlab.layers import EncoderBlock, GatedFeedForward, PreNorm, RMSNorm
from attnlab.masks import causal, positions
from attnlab.positions import rotary
from attnlab.reference import namer
from attnlab.training import Recipe, Run, cross_entropy, seeded, warmup_cosine

PARTS = ("query", "key", "value", "output")


def turned_attention(q: Tensor, k: Tensor, v: Tensor, **options) -> Tensor:
    """`attention` whose queries and keys are turned by their positions, neighbours paired; the last query stands at the last key."""
    at = torch.arange(k.shape[-2])
    return attention(rotary(q, at[-q.shape[-2] :]), rotary(k, at), v, **options)


class Model(nn.Module):
    """A decoder: rows of a table, blocks with a norm in front of every sublayer, a last norm, the table again."""

    def __init__(self, d_model: int = 20, n_heads: int = 2, d_ff: int = 40, n_layers: int = 2, attend: Callable = turned_attention):
        super().__init__()
        self.table = nn.Parameter(torch.randn(len(namer.LETTERS), d_model) * d_model**-0.5)
        self.blocks = nn.ModuleList(
            EncoderBlock(
                PreNorm(MultiHead(d_model, n_heads, attend=attend), RMSNorm(d_model)), PreNorm(GatedFeedForward(d_model, d_ff), RMSNorm(d_model))
            )
            for _ in range(n_layers)
        )
        self.last = RMSNorm(d_model)

    def forward(self, ids: Int[Tensor, "names n"]) -> Float[Tensor, "names n letters"]:
        """The logits of what follows each letter."""
        mask = causal(*positions(ids.shape[1], ids.shape[1], ids))
        x = self.table[ids]
        for block in self.blocks:
            x = block(x, mask=mask)
        return self.last(x) @ self.table.T


def start(names: Sequence[str], steps: int, seed: int = 0, peak: float = 1e-2, **sizes) -> Run:
    """Training of a new model on these names, 128 at a time, not yet begun: warm-up, then a cosine."""
    recipe = Recipe(steps, seed=seed, schedule=lambda step: warmup_cosine(step, steps + 1, max(steps // 20, 1), peak))
    return Run(seeded(lambda: Model(**sizes), seed), _batches(names, seed), loss, recipe)


def loss(model: Model, ids: Int[Tensor, "names n"]) -> Float[Tensor, ""]:
    """Mean surprise at the next letter, in nats, padding left out."""
    return cross_entropy(model(ids[:, :-1]), ids[:, 1:], ignore=namer.PAD)


@torch.no_grad()
def bits(model: Model, names: Sequence[str]) -> float:
    """Mean surprise in bits a character, the end of a name counted."""
    return float(loss(model, torch.tensor(namer.batch(names)))) / float(np.log(2))


def kept(model: Model, held_out: Sequence[str] = ()) -> dict:
    """The numbers as `attnlab.reference.namer.read` takes them: thousandths, matrices as x @ matrix."""
    def whole(x: Tensor) -> list:
        return np.round(1000 * x.detach().double().numpy()).astype(int).tolist()

    def block(part: EncoderBlock) -> dict:
        look, network = part.attend, part.feed_forward
        matrices = {name: whole(getattr(look.layer, name).weight.T) for name in PARTS}
        matrices |= {name: whole(getattr(network.layer, name).weight.T) for name in ("gate", "expand", "contract")}
        return {"look_gain": whole(look.norm.gain), "network_gain": whole(network.norm.gain)} | matrices

    return {"n_heads": model.blocks[0].attend.layer.n_heads, "table": whole(model.table), "last": whole(model.last.gain),
            "blocks": [block(part) for part in model.blocks], "held_out": list(held_out)}  # fmt: skip


@torch.no_grad()
def of_numpy(small: namer.Namer) -> Model:
    """The torch model with the numbers of the NumPy one, in float64."""
    model = Model(small.table.shape[1], small.n_heads, small.blocks[0].gate.shape[1], len(small.blocks)).double()
    model.table.copy_(torch.tensor(small.table))
    model.last.gain.copy_(torch.tensor(small.last))
    for part, numbers in zip(model.blocks, small.blocks):
        look, network = part.attend, part.feed_forward
        look.norm.gain.copy_(torch.tensor(numbers.look_gain))
        network.norm.gain.copy_(torch.tensor(numbers.network_gain))
        for layer, names in ((look.layer, PARTS), (network.layer, ("gate", "expand", "contract"))):
            for name in names:
                getattr(layer, name).weight.copy_(torch.tensor(getattr(numbers, name).T))
    return model.eval()


def _batches(names: Sequence[str], seed: int, size: int = 128) -> Iterator[Tensor]:
    rng = np.random.default_rng(seed)
    rows = torch.tensor(namer.batch(names))
    while True:
        yield rows[torch.tensor(rng.integers(len(rows), size=size))]
