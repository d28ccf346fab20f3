"""Families of published language models, each in one function: which parts a `Decoder` is made of.

What is notable about each stands at the head of its function. All of them are pre-norm decoders with a gated feed-forward
network, unless that is said; none has a bias in a matrix. A pattern is a string with a letter for each layer, repeated:
L sees a window of keys and G all keys; R turns queries and keys by their positions, and N does not.
The weights of the `transformers` library fit after `attnlab.weights.families.from_library`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from torch import Tensor, nn

from attnlab.attention import AllHeads, Local, MultiHead, OutputGate, QKNorm, Rotated, SoftCapped, grouped_attention, soft_cap
from attnlab.layers import (
    EncoderBlock,
    GatedFeedForward,
    LayerNorm,
    OutputNorm,
    ParallelBlock,
    PreNorm,
    RMSNorm,
    gelu_tanh,
    silu,
)
from attnlab.models.decoder import Config, Decoder
from attnlab.positions import frequencies, rotate_adjacent

Norm = Callable[[int], nn.Module]
Turn = Callable[[Callable], Callable]  # from an attend to one that turns its queries and keys


def turned(speeds: Tensor | Callable, scale: float = 1.0, **options) -> Turn:
    """From an `attend` to `Rotated(attend, speeds, scale=scale, **options)`."""
    return functools.partial(Rotated, speeds=speeds, scale=scale, **options)


def by_base(config: Config, base: float = 10000.0, **options) -> Turn:
    """`turned` with the speeds base^(-2i / d_head), none of them scaled."""
    return turned(frequencies(config.d_head, base), **options)


def llama(config: Config, turn: Turn | None = None, norm: Norm = RMSNorm, tied: bool = False) -> Decoder:
    """Llama (2023): RMSNorm before each sublayer, SiLU gate, rotary positions; grouped heads since Llama 2 70B.

    Llama 3: base 500,000; since 3.1 the speeds are scaled (`positions.llama3`). The small ones of 3.2 are tied.
    SmolLM2 is made alike. Source: [touvron2023]; [grattafiori2024].
    """
    turn = turn or by_base(config)
    return Decoder(config, lambda number: block(config, turn(grouped_attention), norm), norm, tied=tied)


def mistral(config: Config, window: int, turn: Turn | None = None, norm: Norm = RMSNorm) -> Decoder:
    """Mistral 7B (2023): Llama in which each layer sees a window, the last 4,096 keys; 32 layers still reach far.

    Source: [jiang2023, section 2].
    """
    turn = turn or by_base(config)
    attend = turn(Local(grouped_attention, window))
    return Decoder(config, lambda number: block(config, attend, norm), norm, tied=False)


def qwen3(config: Config, turn: Turn | None = None, norm: Norm = RMSNorm, tied: bool = False) -> Decoder:
    """Qwen3 (2025): Llama with an RMSNorm on each query and key before they are turned, one gain for all heads; base 1,000,000.

    The heads together may be wider than the model. Source: [qwen2025].
    """
    turn = turn or by_base(config, 1e6)

    def attend() -> nn.Module:
        return QKNorm(turn(grouped_attention), norm(config.d_head), norm(config.d_head))

    return Decoder(config, lambda number: block(config, attend(), norm), norm, tied=tied)


def olmo3(
    config: Config, window: int, pattern: str = "LLLG", turns: tuple[Turn, Turn] | None = None, norm: Norm = RMSNorm
) -> Decoder:
    """Olmo 3 (2025): what a sublayer *adds* is normalised, not what goes in; QK-norm over all heads together.

    turns: of the layers with a window, and of those that see all keys: these alone have their speeds scaled (`yarn`)
        for long texts. Base 500,000 unless given.
    Source: [olmo2025].
    """
    turns = turns or (by_base(config, 5e5),) * 2
    attends = {"L": turns[0](Local(grouped_attention, window)), "G": turns[1](grouped_attention)}

    def attend(number: int) -> nn.Module:
        widths = (config.d_head * n for n in (config.n_heads, config.n_kv_heads))
        return QKNorm(at(pattern, attends, number), *(AllHeads(norm(width)) for width in widths))

    return Decoder(config, lambda number: block(config, attend(number), nn.Identity, norm), norm, tied=False)


def gemma2(
    config: Config, window: int, scale: float | None = None, caps: tuple[float, float] = (50.0, 30.0), norm: Norm = RMSNorm
) -> Decoder:
    """Gemma 2 (2024): norms on both sides of a sublayer, every other layer with a window, soft caps on scores and on logits.

    The rows that enter are multiplied by sqrt(d_model), the gate is GELU; the published gains are kept as gain - 1.
    scale: of the scores, 1 / sqrt(d_head) unless given.
    Source: [gemma2024].
    """
    capped = functools.partial(SoftCapped(caps[0]), scale=scale)
    turn = by_base(config)
    attends = {"L": turn(Local(capped, window)), "G": turn(capped)}
    last = functools.partial(soft_cap, cap=caps[1])
    return _gemma(config, lambda number: at("LG", attends, number), norm, last)


def gemma3(
    config: Config, window: int, pattern: str = "LLLLLG", turns: tuple[Turn, Turn] | None = None, scale: float | None = None
) -> Decoder:
    """Gemma 3 (2025): QK-norm in place of the soft caps; five layers with a window for each that sees all keys.

    turns: of the layers with a window, base 10,000 unless given, and of the others, base 1,000,000, so that far positions
        differ less; from 4B on these speeds are divided by 8 (`interpolated`). Otherwise as Gemma 2.
    Source: [gemma2025].
    """
    turns = turns or (by_base(config, 1e4), by_base(config, 1e6))
    plain = functools.partial(grouped_attention, scale=scale)
    attends = {"L": turns[0](Local(plain, window)), "G": turns[1](plain)}

    def attend(number: int) -> nn.Module:
        return QKNorm(at(pattern, attends, number), RMSNorm(config.d_head), RMSNorm(config.d_head))

    return _gemma(config, attend, RMSNorm, None)


def smollm3(
    config: Config, pattern: str = "RRRN", turn: Turn | None = None, norm: Norm = RMSNorm, tied: bool = True
) -> Decoder:
    """SmolLM3 (2025): Llama in which every fourth layer has no positions (NoPE): it tells places apart by the causal mask alone.

    Base 5,000,000 unless given. Source: [bakouch2025]; the mixture: [yang2025]; none at all: [kazemnejad2023].
    """
    turn = turn or by_base(config, 5e6)
    attends = {"R": turn(grouped_attention), "N": grouped_attention}
    return Decoder(config, lambda number: block(config, at(pattern, attends, number), norm), norm, tied=tied)


def cohere2(
    config: Config, window: int, pattern: str = "LLLN", turn: Turn | None = None, factor: float = 0.0625
) -> Decoder:
    """Command R7B (2024): attention and feed-forward network side by side, after one LayerNorm without bias.

    L has a window and turns adjacent pairs, base 50,000 unless given; N sees all keys and does not turn. The logits are
    multiplied by `factor`: 0.25 in the published file; unless given, the `transformers` library's own value. Source: [cohere2025].
    """
    turn = turn or by_base(config, 5e4, turn=rotate_adjacent)
    attends = {"L": turn(Local(grouped_attention, window)), "N": grouped_attention}
    norm = functools.partial(LayerNorm, bias=False)

    def side_by_side(number: int) -> ParallelBlock:
        network = GatedFeedForward(config.d_model, config.d_ff)
        return ParallelBlock(norm(config.d_model), heads(config, at(pattern, attends, number)), network)

    return Decoder(config, side_by_side, norm, transform=functools.partial(_times, factor=factor))


def qwen3_next_attention(
    config: Config, speeds: Tensor, norm: Norm = RMSNorm, gates_per_head: int | None = None
) -> MultiHead:
    """The layer of Qwen3-Next (2025) that looks at all keys, one of each four: QK-norm, few features turned, an output gate.

    speeds: for the pairs that are turned, d_head / 8 of them as published. The gate has a number for each feature unless
        told otherwise. (The other three layers of four are gated delta networks, which are no attention.)
    Source: [qiu2025]; the published code.
    """
    attend = QKNorm(Rotated(grouped_attention, speeds), norm(config.d_head), norm(config.d_head))
    return heads(config, attend, gate=OutputGate(config.d_model, config.n_heads, config.d_head, gates_per_head))


def heads(config: Config, attend: Callable, **options) -> MultiHead:
    """The attention layer of these sizes."""
    return MultiHead(config.d_model, config.n_heads, config.n_kv_heads, attend, d_head=config.d_head, **options)


def block(
    config: Config, attend: Callable, before: Norm = RMSNorm, after: Norm | None = None, activation: Callable = silu
) -> EncoderBlock:
    """Attention, then a gated feed-forward network: x + layer(before(x)), or x + after(layer(before(x))) where `after` is given."""
    layers = heads(config, attend), GatedFeedForward(config.d_model, config.d_ff, activation)
    width = config.d_model
    if after is not None:
        layers = tuple(OutputNorm(layer, after(width)) for layer in layers)
    return EncoderBlock(*(PreNorm(layer, before(width)) for layer in layers))


def at(pattern: str, kinds: Mapping[str, Callable], number: int) -> Callable:
    """The one of `kinds` that the letter of layer `number` names, the pattern repeated. Errors: ValueError for a letter it has not."""
    if not pattern or set(pattern) - set(kinds):
        raise ValueError(f"the pattern {pattern!r} may hold only the letters {', '.join(kinds)}")
    return kinds[pattern[number % len(pattern)]]


def _gemma(config: Config, attend: Callable[[int], Callable], norm: Norm, transform: Callable | None) -> Decoder:
    def make(number: int) -> EncoderBlock:
        return block(config, attend(number), norm, norm, gelu_tanh)

    return Decoder(config, make, norm, scale=config.d_model**0.5, transform=transform)


def _times(x: Tensor, factor: float) -> Tensor:
    return factor * x
