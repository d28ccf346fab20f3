"""The transformer of 2017, an encoder-decoder, composed from the rooms before.

What is notable about it:
- one table of tokens may serve three times: source, target and, transposed, the logits; it is multiplied by
  sqrt(d_model) where tokens enter and not where logits leave;
- positions are added once, at the entrance, as sines and cosines; any other signal can be passed in;
- every sublayer is wrapped alike: `PostNorm` as in 2017, or `PreNorm`, which then normalises once more at the end;
- padding (id 0) is found by the model itself, in front of a text or behind it, and positions are counted without it;
- the projections of attention have biases, as in torch; the formulas of the paper show none;
- dropout stands behind every sublayer and behind the sum of tokens and positions [vaswani2017, section 5.4].
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Int
from attnlab.attention import MultiHead, attention_weights
from attnlab.cache import ModelCache
from attnlab.layers import DecoderBlock, EncoderBlock, FeedForward, LayerNorm, PostNorm, TiedEmbedding
from attnlab.layers._hooks import hooked
from attnlab.masks import causal, positions
from attnlab.models._doors import layers_of, need_ids
from attnlab.positions import sinusoidal
from attnlab.tokens.vocabulary import PAD
from attnlab.weights.torch_transformer import from_torch


@dataclass(frozen=True)
class Config:
    """The sizes; without vocabularies, those of the base model. Source: [vaswani2017, table 3]."""

    n_source: int
    n_target: int
    d_model: int = 512
    n_heads: int = 8
    d_ff: int = 2048
    n_layers: int = 6
    max_len: int = 512
    dropout: float = 0.1

    def __post_init__(self):
        for name in ("n_source", "n_target", "d_model", "n_heads", "d_ff", "n_layers", "max_len"):
            count(name, getattr(self, name), at_least=1)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1 but is {self.dropout}")


class Memory(NamedTuple):
    """What the encoder hands over: the states of the source, and which of its tokens may be looked at."""

    states: Float[Tensor, "batch source d_model"]
    may: Bool[Tensor, "batch 1 1 source"]

    def select(self, rows: Int[Tensor, "chosen"]) -> Memory:
        """These rows of the batch, in this order."""
        return Memory(self.states[rows], self.may[rows])


def waves(max_len: int, d_model: int) -> Callable[[Tensor], Tensor]:
    """Positions as sines and cosines, of this width at any place. Source: [vaswani2017, section 3.5]."""
    return functools.partial(sinusoidal, width=d_model)


class Transformer(nn.Module):
    """logits = decoder(target so far, encoder(source)) · tableᵀ.

    wrap: how a sublayer is added and normalised, `PostNorm` or `PreNorm`, or a function of (layer, norm, dropout).
    shared: one table for source and target; both tie the target's table to the logits.
    positions: from (max_len, d_model) to a function of positions: `waves`, or `attnlab.positions.Learned`.
    feed_forward: from (d_model, d_ff) to a module, such as `FeedForward` or `GatedFeedForward`.
    last: from d_model to what follows the last block; nothing after `PostNorm`, which has just normalised, and
        otherwise `LayerNorm`. `torch.nn.Transformer` has one after both kinds.
    Errors: ValueError for a shared table of two sizes, a number of heads that does not divide d_model, an odd d_model
        with `waves`.
    Source: [vaswani2017, section 3]; pre-norm: [xiong2020].
    """

    def __init__(
        self,
        config: Config,
        wrap: Callable = PostNorm,
        shared: bool = False,
        positions: Callable = waves,
        feed_forward: Callable = FeedForward,
        last: Callable[[int], nn.Module] | None = None,
    ):
        super().__init__()
        if shared and config.n_source != config.n_target:
            raise ValueError(f"one table cannot have n_source = {config.n_source} and n_target = {config.n_target} rows")
        make = functools.partial(_sublayer, config, wrap)
        last = last or (nn.Identity if wrap is PostNorm else LayerNorm)
        self.config = config
        self.target = TiedEmbedding(config.n_target, config.d_model)
        self.source = self.target if shared else TiedEmbedding(config.n_source, config.d_model)
        self.source_places = positions(config.max_len, config.d_model)
        self.target_places = positions(config.max_len, config.d_model)
        self.encoder = nn.ModuleList(EncoderBlock(*make("af", feed_forward)) for _ in range(config.n_layers))
        self.decoder = nn.ModuleList(DecoderBlock(*make("aaf", feed_forward)) for _ in range(config.n_layers))
        self.encoder_last, self.decoder_last = last(config.d_model), last(config.d_model)
        self.drop = nn.Dropout(config.dropout)
        initial_values(self)

    def forward(
        self, source: Int[Tensor, "batch source"], target: Int[Tensor, "batch target"]
    ) -> Float[Tensor, "batch target n_target"]:
        """Logits of the token after each token of `target`, which begins with the start mark.

        Errors: ValueError for an id outside its vocabulary, for more than max_len tokens, for two batches of different
        sizes; TypeError for ids that are not integers.
        """
        return self.logits(self.decode(target, self.encode(source)))

    def encode(self, source: Int[Tensor, "batch source"]) -> Memory:
        """The states of the source; every token may look at every other that is no padding."""
        self._need_ids("source", source, self.config.n_source)
        real = source != PAD
        may = real[:, None, None, :]
        x = self._embed(self.source, self.source_places, source, real)
        for block in self.encoder:
            x = block(x, mask=may)
        return Memory(self.encoder_last(x), may)

    def decode(
        self, target: Int[Tensor, "batch target"], memory: Memory, cache: ModelCache | None = None
    ) -> Float[Tensor, "batch target d_model"]:
        """The states of the target, each from itself, the tokens before it and the source.

        With a cache from `start_cache`, `target` holds the new tokens alone: they go on where the last call ended.
        """
        self._need_ids("target", target, self.config.n_target, 0 if cache is None else cache.length)
        self._need_memory(target, memory, cache)
        new = target != PAD
        real = new if cache is None else cache.extended(new)
        mask = real[:, None, None, :] & causal(*positions(target.shape[1], real.shape[1], target))
        x = self._embed(self.target, self.target_places, target, real)
        for block, layer in zip(self.decoder, layers_of(cache, len(self.decoder)), strict=True):
            x = block(x, memory.states, mask=mask, memory_mask=memory.may, cache=layer)
        if cache is not None:
            cache.extend(new)
        return self.decoder_last(x)

    def logits(self, states: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch n_target"]:
        """How well each token of the target's vocabulary fits as the next one."""
        return self.target.logits(states)

    def start_cache(self) -> ModelCache:
        """An empty cache for `decode`, for one batch of sources."""
        return ModelCache(self.config.n_layers)

    def _embed(self, table: TiedEmbedding, places: Callable, ids: Tensor, real: Tensor) -> Tensor:
        """Scaled rows of the table, plus the signal of each token's place among those that are no padding."""
        at = (real.cumsum(dim=1) - 1).clamp(min=0)[:, real.shape[1] - ids.shape[1] :]
        signal = places(torch.arange(real.shape[1], device=ids.device))
        x = table(ids)
        return self.drop(x + signal.to(x.dtype)[at])

    def _need_ids(self, name: str, ids: Tensor, n_words: int, before: int = 0) -> None:
        need_ids(f"{name} ids", ids, n_words)
        if before + ids.shape[1] > self.config.max_len:
            raise ValueError(f"{name} has {before + ids.shape[1]} tokens but max_len = {self.config.max_len}")

    def _need_memory(self, target: Tensor, memory: Memory, cache: ModelCache | None) -> None:
        if memory.states.shape[0] != target.shape[0]:
            raise ValueError(f"target has {target.shape[0]} texts but the memory {memory.states.shape[0]}")
        if cache is not None and len(cache.layers) != len(self.decoder):
            raise ValueError(f"the cache has {len(cache.layers)} layers but the decoder {len(self.decoder)}")


def initial_values(model: nn.Module) -> None:
    """The one table of initial values, written into `model`.

    tables of tokens    normal, mean 0, variance 1 / d_model: entering tokens, times sqrt(d_model), have variance 1
    matrices            uniform within ± sqrt(6 / (inputs + outputs)) [glorot2010, equation 16]
    biases              0
    normalisations      gain 1, bias 0
    Learned positions keep the standard normal numbers they are made with. The paper prints no initial values.
    """
    for module in model.modules():
        if isinstance(module, TiedEmbedding):
            nn.init.normal_(module.table, std=module.table.shape[1] ** -0.5)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, LayerNorm):
            module.reset_parameters()


def n_parameters(config: Config, **variants) -> int:
    """How many numbers a `Transformer(config, **variants)` learns, a shared table once; none of them is stored."""
    with torch.device("meta"):
        return sum(p.numel() for p in Transformer(config, **variants).parameters())


def load_torch(model: Transformer, theirs: nn.Transformer) -> None:
    """Write the weights of a `torch.nn.Transformer` into the blocks of `model`, which keeps its tables of tokens.

    The other direction is `theirs.load_state_dict(to_torch(model.state_dict()))`. Errors: ValueError naming what does
    not fit.
    """
    mine, new = model.state_dict(), from_torch(theirs.state_dict())
    for name, part in new.items():
        if name not in mine or mine[name].shape != part.shape:
            found = tuple(mine[name].shape) if name in mine else "nothing"
            raise ValueError(f"{name} has shape {tuple(part.shape)} there but {found} here")
    left = sorted(name for name in mine if name.startswith(("encoder", "decoder")) and name not in new)
    if left:
        raise ValueError(f"{left[0]} is in this model but not there")
    model.load_state_dict(mine | new)


@torch.no_grad()
def cross_weights(
    model: Transformer, source: Int[Tensor, "batch source"], target: Int[Tensor, "batch target"]
) -> Float[Tensor, "n_layers batch heads target source"]:
    """How much each token of the target looks at each of the source, in every layer and head of the decoder.

    Projected, scored and normalised a second time from what each layer is given, so that the layer itself may use any kernel.
    """
    asked: list[Tensor] = []

    def watch(layer: MultiHead, arguments: tuple, named: dict) -> None:
        x, context = (*arguments, named.get("context"))[:2]
        q, k, _ = layer.project(x, context)
        asked.append(attention_weights(q, k, named.get("mask")))

    layers = [x for block in model.decoder for x in block.cross_attend.modules() if isinstance(x, MultiHead)]
    with hooked(layer.register_forward_pre_hook(watch, with_kwargs=True) for layer in layers):
        model(source, target)
    return torch.stack(asked)


def _sublayer(config: Config, wrap: Callable, kinds: str, feed_forward: Callable) -> Iterator[nn.Module]:
    """The wrapped sublayers of a block: attention for each a, then a feed-forward network for f."""
    for kind in kinds:
        attend = kind == "a"
        layer = MultiHead(config.d_model, config.n_heads, bias=True) if attend else feed_forward(config.d_model, config.d_ff)
        yield wrap(layer, LayerNorm(config.d_model), config.dropout)
