"""From GPT-2 to Llama, one change at a time: models that differ in one part, counted, and trained alike.

What is notable about it:
- a model is `Sizes` and `Parts`; each part is a function that makes one, so that a change is one argument;
- the first rung is GPT-2, the last one Llama: with their sizes they have the published numbers of parameters;
- learned positions may have more rows than the model is trained on; those rows keep their first values.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from attnlab import data, training
from attnlab._counts import count
from attnlab._shapes import Float, Int
from attnlab.attention import MultiHead, attention
from attnlab.attention.heads import need_divisor
from attnlab.attention.parts import Rotated
from attnlab.layers import EncoderBlock, FeedForward, GatedFeedForward, LayerNorm, PreNorm, RMSNorm, gelu_tanh, silu
from attnlab.masks import causal, positions
from attnlab.positions import Learned, frequencies

LETTERS = "\nabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Sizes:
    """The numbers of a model; those of the smallest GPT-2 unless given. `d_ff` is the width of a network without a gate."""

    vocab_size: int = 50257
    d_model: int = 768
    n_heads: int = 12
    n_layers: int = 12
    d_ff: int = 3072
    max_len: int = 1024

    def __post_init__(self):
        for name in ("vocab_size", "d_model", "n_heads", "n_layers", "d_ff", "max_len"):
            count(name, getattr(self, name), at_least=1)


def plain(d_model: int, d_ff: int, bias: bool) -> nn.Module:
    """Two matrices with GELU between them."""
    return FeedForward(d_model, d_ff, gelu_tanh, bias)


def gated(d_model: int, d_ff: int, bias: bool) -> nn.Module:
    """Three matrices, two thirds as wide as the two, rounded down, with SiLU: as many parameters. Source: [shazeer2020, section 2]."""
    return GatedFeedForward(d_model, 2 * d_ff // 3, silu, bias)


def unturned(d_head: int) -> Callable:
    """Attention that knows no positions of its own."""
    return attention


def turned(d_head: int) -> Callable:
    """Queries and keys turned by their places."""
    return Rotated(attention, frequencies(d_head))


class Nowhere(nn.Module):
    """Adds nothing for a position, and has no parameters. It stands where a table of positions stands."""

    def __init__(self, max_len: int, d_model: int):
        super().__init__()

    def forward(self, at: Int[Tensor, "tokens"]) -> float:
        return 0.0


@dataclass(frozen=True)
class Parts:
    """What a decoder is made of; GPT-2's parts unless given.

    norm: from d_model to a norm. feed_forward: from (d_model, d_ff, bias) to a network. attend: from d_head to what
    `MultiHead` calls. places: from (max_len, d_model) to what is added for positions. bias: whether matrices add a vector.
    sharing: how many query heads share a head of keys and values. tied: whether the table of tokens also makes the logits.
    """

    norm: Callable = LayerNorm
    feed_forward: Callable = plain
    attend: Callable = unturned
    places: Callable = Learned
    bias: bool = True
    sharing: int = 1
    tied: bool = True


CHANGES = {"GPT-2": {}, "RMSNorm": {"norm": RMSNorm}, "no biases": {"bias": False}, "SwiGLU": {"feed_forward": gated},
           "rotary": {"attend": turned, "places": Nowhere}, "shared keys": {"sharing": 4}}  # fmt: skip


def ladder() -> dict[str, Parts]:
    """name of a rung -> its parts: each keeps the changes of those before it and makes one more."""
    rungs, parts = {}, Parts()
    for name, change in CHANGES.items():
        parts = replace(parts, **change)
        rungs[name] = parts
    return rungs


class Rung(nn.Module):
    """A causal decoder of these parts: logits = norm(blocks(table[ids] + places)) · (table or a matrix of its own)ᵀ.

    Errors: ValueError unless `sharing` divides the heads and the heads divide d_model.
    """

    def __init__(self, sizes: Sizes, parts: Parts):
        super().__init__()
        d_model = sizes.d_model
        self.sizes = sizes
        self.tokens = nn.Embedding(sizes.vocab_size, d_model)
        self.places = parts.places(sizes.max_len, d_model)
        self.blocks = nn.ModuleList(_block(sizes, parts) for _ in range(sizes.n_layers))
        self.last = parts.norm(d_model)
        self.head = None if parts.tied else nn.Linear(d_model, sizes.vocab_size, bias=False)
        initial_values(self)

    def forward(self, ids: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch tokens vocab_size"]:
        """Logits of the token after each token. Errors: ValueError for more tokens than max_len."""
        n = ids.shape[1]
        if n > self.sizes.max_len:
            raise ValueError(f"the text has {n} tokens but max_len = {self.sizes.max_len}")
        x = self.tokens(ids) + self.places(torch.arange(n, device=ids.device))
        mask = causal(*positions(n, n, ids))
        for block in self.blocks:
            x = block(x, mask=mask)
        return nn.functional.linear(self.last(x), self.tokens.weight if self.head is None else self.head.weight)


def initial_values(model: nn.Module) -> None:
    """The one table of initial values: tables of tokens and positions normal with 0.02, matrices with 1 / (2 sqrt(inputs)).

    Biases start at 0, gains at 1. At GPT-2's width that is 0.018 for a matrix; GPT-2 itself has 0.02 at any width.
    """
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.5 * module.in_features**-0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, LayerNorm | RMSNorm):
            module.reset_parameters()


def n_parameters(sizes: Sizes, parts: Parts) -> int:
    """How many numbers a `Rung` learns; none of them is stored."""
    with torch.device("meta"):
        return sum(p.numel() for p in Rung(sizes, parts).parameters())


def cache_bytes(sizes: Sizes, parts: Parts, bytes_each: int = 2) -> int:
    """Bytes of keys and values that one token of the past takes, in all layers."""
    kept = 2 * sizes.n_layers * _n_kv(sizes, parts) * (sizes.d_model // sizes.n_heads)
    return kept * count("bytes_each", bytes_each, at_least=1)


def stream_of_names(n: int, seed: int = 0) -> Int[Tensor, "letters"]:
    """n first names one after the other, as ids: 0 ends a name, 1 to 26 are a to z."""
    return torch.tensor([LETTERS.index(letter) for letter in "\n".join(data.names(n, seed)) + "\n"])


def trained(
    sizes: Sizes, parts: Parts, ids: Int[Tensor, "letters"], recipe: training.Recipe, tokens: int = 64
) -> Rung:
    """A rung after training on random pieces of `ids`, eight a step; the recipe's seed decides its first values and the pieces."""
    model = training.seeded(functools.partial(Rung, sizes, parts), recipe.seed)
    pieces = _pieces(ids, tokens + 1, torch.Generator().manual_seed(recipe.seed))
    training.train(model, pieces, _loss, recipe)
    return model


@torch.no_grad()
def bits_by_place(model: nn.Module, rows: Int[Tensor, "texts places"]) -> Float[Tensor, "predicted"]:
    """Mean surprise in bits at the 2nd, 3rd, ... token of the rows, each given those before it in its row."""
    loss = nn.functional.cross_entropy(model(rows[:, :-1]).transpose(1, 2), rows[:, 1:], reduction="none")
    return loss.mean(dim=0) / torch.log(torch.tensor(2.0))


def _block(sizes: Sizes, parts: Parts) -> nn.Module:
    d_model, n_heads = sizes.d_model, sizes.n_heads
    look = MultiHead(d_model, n_heads, _n_kv(sizes, parts), parts.attend(d_model // n_heads), parts.bias)
    think = parts.feed_forward(d_model, sizes.d_ff, parts.bias)
    return EncoderBlock(PreNorm(look, parts.norm(d_model)), PreNorm(think, parts.norm(d_model)))


def _n_kv(sizes: Sizes, parts: Parts) -> int:
    return sizes.n_heads // need_divisor("sharing", parts.sharing, "n_heads", sizes.n_heads)


def _pieces(ids: Tensor, length: int, generator: torch.Generator) -> Iterator[Tensor]:
    while True:
        starts = torch.randint(len(ids) - length + 1, (8, 1), generator=generator)
        yield ids[starts + torch.arange(length)]


def _loss(model: nn.Module, rows: Tensor) -> Tensor:
    return nn.functional.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
