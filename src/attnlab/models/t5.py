"""T5, an encoder-decoder for which every task is text to text, composed from the rooms before.

What is notable about it:
- positions are one learned number a head and bucket of distances, added to the scores; a stack has one such table for all of its
  layers, the encoder's with buckets on both sides, the decoder's with the past alone; cross-attention has none;
- scores are not divided by sqrt(d_head): the initial values are meant to make up for that;
- RMSNorm in front of every sublayer and once more at the end, and no bias in any projection;
- heads need not divide the width: d_head is free;
- version 1.0 has a ReLU network and one table for source, target and, transposed and divided by sqrt(d_model), the logits;
  version 1.1 has a network gated by GELU, and logits by a matrix of their own: both are passed in;
- the decoder hides no padding of its own, since its first token is one: id 0 begins every target.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float, Int, Integer
from attnlab.attention import MultiHead, attention, attention_weights
from attnlab.cache import ModelCache
from attnlab.layers import DecoderBlock, EncoderBlock, FeedForward, GatedFeedForward, PreNorm, RMSNorm, gelu_tanh
from attnlab.layers._hooks import hooked
from attnlab.masks import causal, positions
from attnlab.models._doors import layers_of, need_ids
from attnlab.models.transformer import Memory
from attnlab.positions import t5_buckets
from attnlab.tokens.vocabulary import PAD

unscaled = functools.partial(attention, scale=1.0)


@dataclass(frozen=True)
class Config:
    """The sizes; each of the two stacks has n_layers. Without any, those of the base model. Source: [raffel2020, section 3.1.1]."""

    vocab_size: int = 32128
    d_model: int = 768
    n_heads: int = 12
    d_head: int = 64
    d_ff: int = 3072
    n_layers: int = 12
    n_buckets: int = 32
    max_distance: int = 128

    def __post_init__(self):
        for name in ("vocab_size", "d_model", "n_heads", "d_head", "d_ff", "n_layers", "n_buckets", "max_distance"):
            count(name, getattr(self, name), at_least=1)


class RelativeBias(nn.Module):
    """bias[h, i, j] = table[bucket(j - i), h]: a learned number for each head and bucket of distances.

    Source: [raffel2020, section 2.1].
    """

    def __init__(self, n_heads: int, n_buckets: int = 32, max_distance: int = 128, both_sides: bool = True):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(n_buckets, n_heads))
        self.max_distance, self.both_sides = max_distance, both_sides

    def forward(self, q_pos: Integer[Tensor, "queries"], k_pos: Integer[Tensor, "keys"]) -> Float[Tensor, "heads queries keys"]:
        buckets = t5_buckets(q_pos, k_pos, len(self.table), self.max_distance, self.both_sides)
        return self.table[buckets].permute(2, 0, 1)


class TiedHead(nn.Module):
    """x tableᵀ / sqrt(d_model): logits from the table of tokens itself, as in version 1.0."""

    def __init__(self, table: nn.Embedding):
        super().__init__()
        self.weight = table.weight

    def forward(self, x: Float[Tensor, "*tokens d_model"]) -> Float[Tensor, "*tokens vocab_size"]:
        return x @ self.weight.T * x.shape[-1] ** -0.5


def own_head(table: nn.Embedding) -> nn.Linear:
    """Logits by a matrix of their own, as large as the table, as in version 1.1."""
    return nn.Linear(table.embedding_dim, table.num_embeddings, bias=False)


relu_network = functools.partial(FeedForward, bias=False)
gelu_gated_network = functools.partial(GatedFeedForward, activation=gelu_tanh)


class T5(nn.Module):
    """logits = head(decoder(target so far, encoder(source))).

    feed_forward: from (d_model, d_ff) to a module. head: from the table of tokens to a module of states.
    A target begins with id 0, or with whatever the model was trained with; padding of the source (id 0) is found by the model.
    Errors: ValueError for an id outside the vocabulary and for two batches of different sizes; TypeError for ids that are
    not integers. There is no longest text: distances from max_distance on share a bucket.
    Source: [raffel2020, section 2.1]; version 1.1: [shazeer2020].
    """

    def __init__(self, config: Config, feed_forward: Callable = relu_network, head: Callable = TiedHead):
        super().__init__()
        self.config = config
        self.table = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder_bias = _bias(config, both_sides=True)
        self.decoder_bias = _bias(config, both_sides=False)
        self.encoder = nn.ModuleList(EncoderBlock(*_sublayers(config, "af", feed_forward)) for _ in range(config.n_layers))
        self.decoder = nn.ModuleList(DecoderBlock(*_sublayers(config, "aaf", feed_forward)) for _ in range(config.n_layers))
        self.encoder_last, self.decoder_last = RMSNorm(config.d_model), RMSNorm(config.d_model)
        self.head = head(self.table)
        initial_values(self)

    def forward(
        self, source: Int[Tensor, "batch source"], target: Int[Tensor, "batch target"]
    ) -> Float[Tensor, "batch target vocab_size"]:
        """Logits of the token after each token of `target`."""
        return self.logits(self.decode(target, self.encode(source)))

    def encode(self, source: Int[Tensor, "batch source"]) -> Memory:
        """The states of the source; every token may look at every other that is no padding."""
        _need_ids("source", source, self.config.vocab_size)
        may = (source != PAD)[:, None, None, :]
        at = torch.arange(source.shape[1], device=source.device)
        x, bias = self.table(source), self.encoder_bias(at, at)
        for block in self.encoder:
            x = block(x, mask=may, bias=bias[None])
        return Memory(self.encoder_last(x), may)

    def decode(
        self, target: Int[Tensor, "batch target"], memory: Memory, cache: ModelCache | None = None
    ) -> Float[Tensor, "batch target d_model"]:
        """The states of the target; with a cache from `start_cache`, `target` holds the new tokens alone."""
        _need_ids("target", target, self.config.vocab_size)
        if memory.states.shape[0] != target.shape[0]:
            raise ValueError(f"target has {target.shape[0]} texts but the memory {memory.states.shape[0]}")
        n_keys = target.shape[1] + (0 if cache is None else cache.length)
        at = positions(target.shape[1], n_keys, target)  # the last query stands at the last key
        x, bias, mask = self.table(target), self.decoder_bias(*at)[None], causal(*at)
        for block, layer in zip(self.decoder, layers_of(cache, len(self.decoder)), strict=True):
            x = block(x, memory.states, mask=mask, memory_mask=memory.may, cache=layer, bias=bias)
        if cache is not None:
            cache.extend(torch.ones_like(target, dtype=torch.bool))
        return self.decoder_last(x)

    def logits(self, states: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch vocab_size"]:
        """How well each token fits as the next one."""
        return self.head(states)

    def start_cache(self) -> ModelCache:
        """An empty cache for `decode`, for one batch of sources."""
        return ModelCache(self.config.n_layers)


def version_1_0(config: Config) -> T5:
    """The model of the paper: a ReLU network, one table for everything."""
    return T5(config)


def version_1_1(config: Config) -> T5:
    """The model published after the paper, on which Flan-T5 stands: a network gated by GELU, logits by a matrix of their own."""
    return T5(config, gelu_gated_network, own_head)


def initial_values(model: T5) -> None:
    """The one table of initial values, written into `model`; all are normal with mean 0.

    table of tokens            standard deviation 1
    queries                    1 / sqrt(d_model d_head): what the scores are not divided by
    keys, values, expand, gate 1 / sqrt(d_model)
    output, contract           1 / sqrt(their inputs)
    biases of distances        1 / sqrt(d_model)
    a head of its own          1 / sqrt(d_model), so that logits have variance 1
    normalisations             gain 1
    As in the transformers library, but for the last matrix, which has deviation 1 there.
    """
    d_model, d_head = model.config.d_model, model.config.d_head
    for name, weight in model.named_parameters():
        inputs = weight.shape[-1] * (d_head if name.endswith("query.weight") else 1)
        if name.endswith("gain"):
            nn.init.ones_(weight)
        elif name == "table.weight":
            nn.init.normal_(weight)
        else:
            nn.init.normal_(weight, std=(d_model if name.endswith("bias.table") else inputs) ** -0.5)


def n_parameters(config: Config, make: Callable[[Config], T5] = version_1_0) -> int:
    """How many numbers the model learns, a shared table once; none of them is stored."""
    with torch.device("meta"):
        return sum(p.numel() for p in make(config).parameters())


class Looks(NamedTuple):
    """Attention weights, (n_layers, batch, heads, queries, keys): of the encoder, of the decoder, and across."""

    encoder: Tensor
    decoder: Tensor
    cross: Tensor


@torch.no_grad()
def looks(model: T5, source: Int[Tensor, "batch source"], target: Int[Tensor, "batch target"]) -> Looks:
    """How much each token looks at each, in every layer and head.

    Projected, scored and normalised a second time from what each layer is given, so that the layer itself may use any kernel.
    """
    seen: dict[nn.Module, Tensor] = {}

    def watch(layer: MultiHead, arguments: tuple, named: dict) -> None:
        q, k, _ = layer.project(arguments[0], named.get("context"))
        seen[layer] = attention_weights(q, k, named.get("mask"), named.get("bias"), scale=1.0)

    layers = [part for part in model.modules() if isinstance(part, MultiHead)]
    with hooked(layer.register_forward_pre_hook(watch, with_kwargs=True) for layer in layers):
        model(source, target)
    parts = [block.attend for block in model.encoder], *zip(*((b.self_attend, b.cross_attend) for b in model.decoder))
    return Looks(*(torch.stack([seen[wrapped.layer] for wrapped in part]) for part in parts))


def _bias(config: Config, both_sides: bool) -> RelativeBias:
    return RelativeBias(config.n_heads, config.n_buckets, config.max_distance, both_sides)


def _sublayers(config: Config, kinds: str, feed_forward: Callable) -> list[nn.Module]:
    """The wrapped sublayers of a block: attention for each a, then a feed-forward network for f."""
    def layer(kind: str) -> nn.Module:
        if kind == "f":
            return feed_forward(config.d_model, config.d_ff)
        return MultiHead(config.d_model, config.n_heads, attend=unscaled, d_head=config.d_head)
    return [PreNorm(layer(kind), RMSNorm(config.d_model)) for kind in kinds]


def _need_ids(name: str, ids: Tensor, n_words: int) -> None:
    need_ids(f"{name} ids", ids, n_words)
    if 0 in ids.shape:
        raise ValueError(f"{name} must hold at least one token of one text but the shape is {tuple(ids.shape)}")
