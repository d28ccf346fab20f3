"""The models of `sizes.PUBLISHED`, built of our parts: one function for all of them, and for those between them.

What is notable about it: a row of that table says which part stands at which place, and `make` puts it there; nothing else
distinguishes GPT-2 from DeepSeek-V3. It decides how many numbers a model learns and who sees whom; what changes neither
(scales, soft caps, speeds, clamped gates) is left to `families`, `mixture` and `gpt_oss`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import torch
from torch import nn

from attnlab.attention import LatentAttention, Local, MultiHead, QKNorm, Rotated, grouped_attention
from attnlab.attention.gates import OutputGate
from attnlab.attention.parts import AllHeads
from attnlab.attention.sinks import Sinks
from attnlab.layers import (
    EncoderBlock,
    FeedForward,
    GatedFeedForward,
    LayerNorm,
    OutputNorm,
    ParallelBlock,
    PreNorm,
    RMSNorm,
    gelu_tanh,
    silu,
)
from attnlab.layers import experts as mixtures
from attnlab.models.decoder import Config, Decoder
from attnlab.models.sizes import PUBLISHED, Model, cache_bytes
from attnlab.positions import Learned, frequencies, rotary

__all__ = ["PUBLISHED", "block", "cache_bytes", "count", "make"]

NORMS = {"rms": RMSNorm, "layer": LayerNorm, "layer, no bias": functools.partial(LayerNorm, bias=False)}


def make(model: Model | str) -> Decoder:
    """A decoder of these parts, or of those of the published model of this name, with fresh numbers.

    Inside `with torch.device("meta")` it takes no memory.
    """
    model = PUBLISHED[model] if isinstance(model, str) else model
    sizes, choices = model.sizes, model.choices
    places = Learned(sizes.max_len, sizes.d_model) if choices.positions == "learned" else None
    config = Config(**dataclasses.asdict(sizes))
    each = functools.partial(block, model)
    return Decoder(config, each, NORMS[choices.norm], places=places, tied=choices.tied)


def count(model: Model | str) -> int:
    """How many numbers `make(model)` learns: one block of each kind is made without memory, and counted as often as it occurs.

    A vector that balances experts counts, too, as it does in published files; it is moved by a rule and not by a gradient.
    """
    model = PUBLISHED[model] if isinstance(model, str) else model
    kinds = list(map(functools.partial(_kind, model), range(model.sizes.n_layers)))
    with torch.device("meta"):
        blocks = {kind: _n_numbers(block(model, kinds.index(kind)), model) for kind in set(kinds)}
        one = dataclasses.replace(model, sizes=dataclasses.replace(model.sizes, n_layers=1))
        rest = _n_numbers(make(one), one) - _n_numbers(block(one, 0), one)
    return rest + sum(blocks[kind] for kind in kinds)


def block(model: Model, number: int) -> nn.Module:
    """The block of this layer, counted from 0."""
    width, norm = model.sizes.d_model, NORMS[model.choices.norm]
    layers = _attention(model, number), _network(model, number)
    placed = model.choices.placed
    if placed == "parallel":
        return ParallelBlock(norm(width), *layers)
    if placed in ("after", "both"):
        layers = tuple(OutputNorm(layer, norm(width)) for layer in layers)
    before = nn.Identity if placed == "after" else functools.partial(norm, width)
    return EncoderBlock(*(PreNorm(layer, before()) for layer in layers))


def _attention(model: Model, number: int) -> nn.Module:
    s, c, m = model.sizes, model.choices, model.latent
    if m is not None:
        options = dict(d_head=m.d_own, d_value=m.d_value, d_query=m.d_query, norm=RMSNorm)
        return LatentAttention(s.d_model, s.n_heads, m.d_latent, m.d_rotary, _turn(m.d_rotary), **options)
    gate = OutputGate(s.d_model, s.n_heads, s.d_head) if c.beside == "gate" else None
    bias = c.biases != "none"
    layer = MultiHead(s.d_model, s.n_heads, s.n_kv_heads, _attend(model, number), bias, d_head=s.d_head, gate=gate)
    if c.biases == "queries, keys, values":
        layer.output = nn.Linear(s.n_heads * s.d_head, s.d_model, bias=False)
    return layer


def _attend(model: Model, number: int) -> Callable:
    """Around plain attention, from the inside: sinks, the window, the turning, the norms of queries and keys."""
    s, c, letter = model.sizes, model.choices, model.reach.letters(number + 1)[number]
    attend: Callable = Sinks(grouped_attention, s.n_heads) if c.beside == "sink" else grouped_attention
    if letter == "L":
        attend = Local(attend, model.reach.window)
    if letter != "N" and c.positions == "rotary":
        attend = Rotated(attend, frequencies(s.d_head))
    norm = NORMS[c.norm] if c.norm != "layer" else NORMS["layer, no bias"]
    if c.qk_norm == "each head":
        return QKNorm(attend, norm(s.d_head), norm(s.d_head))
    if c.qk_norm == "all heads":
        return QKNorm(attend, *(AllHeads(norm(n * s.d_head)) for n in (s.n_heads, s.n_kv_heads)))
    return attend


def _network(model: Model, number: int) -> nn.Module:
    s, c, e = model.sizes, model.choices, model.experts
    bias = c.biases == "all"
    if e is None or number < e.dense:
        if c.network == "gated":
            return GatedFeedForward(s.d_model, s.d_ff, silu, bias)
        return FeedForward(s.d_model, s.d_ff, gelu_tanh, bias)

    def expert() -> nn.Module:
        return GatedFeedForward(s.d_model, e.d_expert, silu, e.biases)

    shared = GatedFeedForward(s.d_model, e.shared * e.d_expert) if e.shared else None
    return mixtures.Experts(mixtures.Router(s.d_model, e.n, e.top_k, bias=e.biases), expert, shared)


def _turn(d_rotary: int) -> Callable:
    return functools.partial(rotary, speeds=frequencies(d_rotary))


def _kind(model: Model, number: int) -> tuple:
    return model.reach.letters(number + 1)[number], model.experts is None or number < model.experts.dense


def _n_numbers(module: nn.Module, model: Model) -> int:
    balanced = model.experts is not None and model.experts.balanced
    moved = (b.numel() for name, b in module.named_buffers() if balanced and name.endswith("balance"))
    return sum(p.numel() for p in module.parameters()) + sum(moved)
