"""The vision transformer: the encoder of the text chapters, read over squares of an image.

What is notable about it:
- a token is a square of pixels times one matrix; nothing else in the model knows that it looks at an image;
- nothing says which squares are neighbours but a learned vector for each place, so this is learned from images;
- one more token, the class token, has no pixels: what is read off its last row is the answer;
- registers, tokens with neither pixels nor a place, can be added as a scratch pad; they are thrown away at the end;
- every token looks at every other: no mask; pre-norm, with a norm after the last block; GELU; biases everywhere;
- the sizes here are those of ViT-B/16 at 224 · 224 pixels, 196 squares of 16 · 16; an image of another size needs another table of places.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float
from attnlab.attention import MultiHead, attention, attention_weights
from attnlab.layers import EncoderBlock, FeedForward, LayerNorm, PreNorm, gelu
from attnlab.layers._hooks import hooked
from attnlab.layers.patches import PatchEmbedding
from attnlab.positions import Learned


@dataclass(frozen=True)
class Config:
    """The sizes, those of ViT-B/16 unless given. Source: [dosovitskiy2021, table 1]; registers: [darcet2024]."""

    side: int = 224
    patch: int = 16
    channels: int = 3
    d_model: int = 768
    n_heads: int = 12
    d_ff: int = 3072
    n_layers: int = 12
    n_registers: int = 0

    def __post_init__(self):
        for name in ("side", "patch", "channels", "d_model", "n_heads", "d_ff", "n_layers"):
            count(name, getattr(self, name), at_least=1)
        count("n_registers", self.n_registers)
        if self.side % self.patch:
            raise ValueError(f"an image of {self.side} by {self.side} cannot be cut into squares of {self.patch} by {self.patch}")

    @property
    def n_patches(self) -> int:
        return (self.side // self.patch) ** 2

    @property
    def n_tokens(self) -> int:
        """The class token, the registers, the patches."""
        return 1 + self.n_registers + self.n_patches


class ViT(nn.Module):
    """head(class token's row of norm(blocks([class token; registers; patches W + b] + positions))).

    head: what reads the class token's last row, such as `nn.Linear(d_model, n_classes)`; nothing unless given. Its matrices get
        fresh values with the others: load trained ones afterwards.
    positions: from (n_patches + 1, d_model) to a function of positions 0 (the class token), 1, 2, ...; registers have none.
    norm: from d_model to a module; wrap: how a sublayer is added, a function of (layer, norm); attend: as in
        `MultiHead`; feed_forward: from (d_model, d_ff) to a module.
    Errors: ValueError for images of another size or number of channels.
    Source: [dosovitskiy2021, section 3.1, equations 1 to 4].
    """

    def __init__(
        self,
        config: Config,
        head: nn.Module | None = None,
        *,
        positions: Callable = Learned,
        norm: Callable[[int], nn.Module] = functools.partial(LayerNorm, epsilon=1e-6),
        wrap: Callable = PreNorm,
        attend: Callable = attention,
        feed_forward: Callable = functools.partial(FeedForward, activation=gelu),
    ):
        super().__init__()
        d_model = config.d_model
        self.config = config
        self.patches = PatchEmbedding(config.channels, config.patch, d_model)
        self.class_token = nn.Parameter(torch.empty(d_model))
        self.registers = nn.Parameter(torch.empty(config.n_registers, d_model))
        self.positions = positions(config.n_patches + 1, d_model)
        self.blocks = nn.ModuleList(
            EncoderBlock(
                wrap(MultiHead(d_model, config.n_heads, attend=attend, bias=True), norm(d_model)),
                wrap(feed_forward(d_model, config.d_ff), norm(d_model)),
            )
            for _ in range(config.n_layers)
        )
        self.norm = norm(d_model)
        self.head = nn.Identity() if head is None else head
        initial_values(self)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch ..."]:
        """What the head makes of the class token."""
        return self.head(self.states(images)[:, 0])

    def states(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch tokens d_model"]:
        """The normalised last rows: the class token, the registers, the patches in reading order."""
        x = self.embed(images)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def embed(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch tokens d_model"]:
        """What enters the first block."""
        side = self.config.side
        if images.ndim != 4 or images.shape[-2:] != (side, side):
            raise ValueError(f"images need the axes (batch, channels, {side}, {side}) but have shape {tuple(images.shape)}")
        rows = self.patches(images)
        first = self.class_token.expand(len(images), 1, -1)
        placed = torch.cat([first, rows], dim=1) + self.positions(torch.arange(rows.shape[1] + 1, device=rows.device))
        registers = self.registers.expand(len(images), -1, -1)
        return torch.cat([placed[:, :1], registers, placed[:, 1:]], dim=1)


def no_positions(n: int, d_model: int) -> Callable[[Tensor], float]:
    """Nothing is added to any token: for models that turn queries and keys instead, and to see what is lost."""
    return _nothing


def initial_values(model: ViT) -> None:
    """The one table of initial values, written into `model`.

    matrices            uniform within ± sqrt(6 / (inputs + outputs)) [glorot2010, equation 16]
    biases              0
    class token         0: it has a place, and so a vector of its own
    registers           normal, standard deviation 0.02; registers that start equal would stay equal for ever
    learned positions   normal, standard deviation 0.02
    normalisations      gain 1, bias 0
    """
    nn.init.zeros_(model.class_token)
    nn.init.normal_(model.registers, std=0.02)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        elif isinstance(module, LayerNorm):
            module.reset_parameters()


def n_parameters(config: Config, n_classes: int = 0) -> int:
    """How many numbers a ViT learns, with a linear head if there are classes; none of them is stored."""
    n_classes = count("n_classes", n_classes)
    with torch.device("meta"):
        head = nn.Linear(config.d_model, n_classes) if n_classes else None
        return sum(p.numel() for p in ViT(config, head).parameters())


@torch.no_grad()
def weights(
    model: ViT, images: Float[Tensor, "batch channels height width"]
) -> Float[Tensor, "n_layers batch n_heads tokens tokens"]:
    """The attention weights of every block, projected, scored and normalised a second time from what each layer is given.

    They are those of a model whose `attend` is `attention`: an attend that changes queries or keys is not asked.
    """
    asked: list[Tensor] = []

    def watch(layer: MultiHead, arguments: tuple) -> None:
        q, k, _ = layer.project(arguments[0])
        asked.append(attention_weights(q, k))

    layers = [layer for layer in model.modules() if isinstance(layer, MultiHead)]
    with hooked(layer.register_forward_pre_hook(watch) for layer in layers):
        model.states(images)
    return torch.stack(asked)


def _nothing(places: Tensor) -> float:
    return 0.0
