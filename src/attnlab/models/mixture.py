"""Decoders with experts, each in one function: Mixtral, and DeepSeek-V3 with its latent attention.

What is notable about them:
- they are decoders as those of `families`, in which the feed-forward network of a block is an `Experts`;
- a model has two sizes: the parameters that must be in memory, and those that compute one token (`n_parameters`);
- Mixtral routes by softmax to 2 of 8 experts, each as wide as the network it stands for; DeepSeek-V3 by sigmoid to 8 of 256
  narrow ones, in 4 of 8 groups, beside one that every token uses, and its first 3 blocks have no experts;
- Mixtral's training adds a balancing loss, DeepSeek-V3 moves a bias (`Router.balance`) that no gradient reaches; the loss is
  `layers.balance_loss` of what `layers.watched` sees, and no part of the model;
- DeepSeek-V3's report also trains a module that predicts one token further; it is no part of the 671 billion, and not here.
The weights of the `transformers` library fit after `attnlab.weights.mixture.from_library`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab.attention import LatentAttention, grouped_attention
from attnlab.layers import EncoderBlock, Experts, GatedFeedForward, PreNorm, RMSNorm, Router, experts, route
from attnlab.models.decoder import Config, Decoder
from attnlab.models.families import Norm, Turn, by_base, heads
from attnlab.positions import angles, frequencies, rotate_adjacent


@dataclass(frozen=True)
class Mixture:
    """Sizes of the experts: each is d_ff wide, `n_shared` of them serve every token, the first `n_dense` blocks have none.

    n_groups, n_kept: the experts that may be chosen are those of the n_kept best groups.
    total: what the weights of a token add up to.
    """

    n_experts: int
    top_k: int
    d_ff: int
    n_shared: int = 0
    n_dense: int = 0
    n_groups: int = 1
    n_kept: int = 1
    total: float = 1.0

    def __post_init__(self):
        for name in ("n_experts", "top_k", "d_ff", "n_groups", "n_kept"):
            count(name, getattr(self, name), at_least=1)
        for name in ("n_shared", "n_dense"):
            count(name, getattr(self, name))
        if self.n_experts % self.n_groups:
            raise ValueError(f"n_groups = {self.n_groups} does not divide n_experts = {self.n_experts}")
        count("n_kept", self.n_kept, 1, self.n_groups)
        count("top_k", self.top_k, 1, self.n_kept * self.n_experts // self.n_groups)


@dataclass(frozen=True)
class Latent:
    """Widths of latent attention beside `Config.d_head`, that of an unfolded key: of the latents of queries and of keys and values,
    of the key that turns, and of a value.
    """

    d_query: int
    d_latent: int
    d_rotary: int
    d_value: int


def mixtral(config: Config, mixture: Mixture, turn: Turn | None = None, norm: Norm = RMSNorm) -> Decoder:
    """Mixtral (2023): Mistral with experts and without its window; each token is computed by 2 of 8. Base 1,000,000.

    `config.d_ff` is not used: the experts have their own. Source: [jiang2024, section 2].
    """
    attend = (turn or by_base(config, 1e6))(grouped_attention)

    def block(number: int) -> EncoderBlock:
        network = Experts(Router(config.d_model, mixture.n_experts, mixture.top_k), _expert(config, mixture))
        return _pre_norm(config, heads(config, attend), network, norm)

    return Decoder(config, block, norm, tied=False)


def deepseek_v3(
    config: Config,
    mixture: Mixture,
    latent: Latent,
    rotate: Callable[[Tensor, Tensor], Tensor] | None = None,
    score_factor: float = 1.0,
) -> Decoder:
    """DeepSeek-V3 (2024): keys and values unfolded from a latent; many narrow experts, one of them for all tokens.

    rotate: of rows and their positions, adjacent pairs by base 10,000 unless given; for long texts the speeds are scaled
        (`yarn`), and score_factor is `yarn_scale(40) ** 2`.
    The router's `project` has the scores' weights, its `balance` the bias that moves the choice alone.
    Source: [deepseek2024v3, section 2.1].
    """
    rotate = rotate or functools.partial(_turned, speeds=frequencies(latent.d_rotary))
    options = dict(d_head=config.d_head, d_value=latent.d_value, d_query=latent.d_query, norm=RMSNorm)

    def block(number: int) -> EncoderBlock:
        layer = LatentAttention(
            config.d_model, config.n_heads, latent.d_latent, latent.d_rotary, rotate, score_factor=score_factor, **options
        )
        dense = number < mixture.n_dense
        network = GatedFeedForward(config.d_model, config.d_ff) if dense else _many_narrow(config, mixture)
        return _pre_norm(config, layer, network, RMSNorm)

    return Decoder(config, block, tied=False)


MIXTRAL_8X7B = Config(32000, 4096, 32, 32, 8, 128, 14336, 32768), Mixture(8, 2, 14336)
DEEPSEEK_V3 = (
    Config(129280, 7168, 61, 128, 128, 128, 18432, 163840),
    Mixture(256, 8, 2048, n_shared=1, n_dense=3, n_groups=8, n_kept=4, total=2.5),
    Latent(1536, 512, 64, 128),
)


class Count(NamedTuple):
    """Parameters in all, and those that compute one token: all but the experts it is not sent to."""

    total: int
    active: int


def n_parameters(model: nn.Module) -> Count:
    """How many learned numbers a model with experts has, and how many of them each token meets.

    The tables of tokens and the head count in both. A router's balancing bias is no parameter.
    """
    total = sum(weight.numel() for weight in model.parameters())
    idle = 0
    for layer in model.modules():
        if isinstance(layer, Experts):
            one = sum(weight.numel() for weight in layer.experts[0].parameters())
            idle += one * (layer.router.n_experts - layer.router.top_k)
    return Count(total, total - idle)


def published(make: Callable[..., Decoder], sizes: tuple) -> Count:
    """`n_parameters` of a published model, without its memory: built on the meta device with its last block alone of its kind.

    make, sizes: such as `mixtral` and `MIXTRAL_8X7B`. Blocks of a kind are alike, so one of each is made and counted often.
    """
    config, mixture, *rest = sizes
    counts, n_dense = [], min(mixture.n_dense, config.n_layers)
    for n_layers in (n_dense, n_dense + 1):
        few = Config(**{**vars(config), "n_layers": max(n_layers, 1)})
        with torch.device("meta"):
            counts.append(n_parameters(make(few, mixture, *rest)))
    first, second = counts if n_dense else (_without_blocks(config), counts[1])
    times = config.n_layers - n_dense
    return Count(*(a + times * (b - a) for a, b in zip(first, second)))


def _without_blocks(config: Config) -> Count:
    size = 2 * config.vocab_size * config.d_model + config.d_model
    return Count(size, size)


def _many_narrow(config: Config, mixture: Mixture) -> Experts:
    limit = functools.partial(
        experts.best_groups, n_groups=mixture.n_groups, n_kept=mixture.n_kept, n_best=min(2, mixture.n_experts // mixture.n_groups)
    )
    weigh = functools.partial(experts.shares, total=mixture.total)
    how = functools.partial(route, score=torch.sigmoid, weigh=weigh, limit=limit)
    shared = GatedFeedForward(config.d_model, mixture.n_shared * mixture.d_ff) if mixture.n_shared else None
    return Experts(Router(config.d_model, mixture.n_experts, mixture.top_k, how), _expert(config, mixture), shared)


def _expert(config: Config, mixture: Mixture) -> Callable[[], GatedFeedForward]:
    return functools.partial(GatedFeedForward, config.d_model, mixture.d_ff)


def _pre_norm(config: Config, attention: nn.Module, network: nn.Module, norm: Norm) -> EncoderBlock:
    return EncoderBlock(*(PreNorm(layer, norm(config.d_model)) for layer in (attention, network)))


def _turned(rows: Tensor, at: Tensor, speeds: Tensor) -> Tensor:
    return rotate_adjacent(rows, angles(at, speeds.to(at.device)))
