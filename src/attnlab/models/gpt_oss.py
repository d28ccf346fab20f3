"""gpt-oss: a decoder whose heads may look at nothing, whose layers look near and far by turns, and whose networks are experts.

What is notable about it:
- each head has a learned sink (`attention.Sinks`): a logit that takes part in the softmax and gives nothing;
- the pattern LG: a layer with a window of 128 keys, a layer that sees all, and so on;
- all projections of attention, of the router and of the experts have biases, which few models since Llama have;
- the router takes the softmax of the chosen logits alone;
- an expert's gate is clamped and its other half is x + 1, so that it never starts out by passing nothing;
- yarn, whose ramp between kept and interpolated speeds begins and ends between two pairs (`unrounded`).
Source: [openai2025]; the published code.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from attnlab._shapes import Float
from attnlab.attention import Local, Rotated, Sinks, grouped_attention
from attnlab.layers import EncoderBlock, PreNorm, RMSNorm
from attnlab.layers.experts import Experts, Router
from attnlab.models.decoder import Config, Decoder
from attnlab.models.families import Turn, at, heads, turned
from attnlab.positions import frequencies, yarn, yarn_scale

EPSILON = 1e-5


def gpt_oss(
    config: Config, n_experts: int, top_k: int = 4, window: int = 128, turn: Turn | None = None, pattern: str = "LG"
) -> Decoder:
    """The model with these sizes; `turn` is yarn as published unless given. L has a window, G sees all keys."""
    turn = turn or published_turn(config.d_head)

    def block(number: int) -> EncoderBlock:
        sinks = Sinks(grouped_attention, config.n_heads)
        attend = at(pattern, {"L": Local(sinks, window), "G": sinks}, number)
        router = Router(config.d_model, n_experts, top_k, bias=True)
        experts = Experts(router, lambda: ClampedFeedForward(config.d_model, config.d_ff))
        layers = heads(config, turn(attend), bias=True), experts
        return EncoderBlock(*(PreNorm(layer, RMSNorm(config.d_model, EPSILON)) for layer in layers))

    return Decoder(config, block, lambda width: RMSNorm(width, EPSILON), tied=False)


def published_turn(d_head: int, base: float = 150_000.0, factor: float = 32.0, trained: int = 4096) -> Turn:
    """Yarn from 4,096 to 131,072 tokens, as in the published configuration."""
    return turned(yarn(frequencies(d_head, base), factor, trained, unrounded), scale=yarn_scale(factor))


def unrounded(speeds: Float[Tensor, "pairs"], trained: int) -> Float[Tensor, "pairs"]:
    """As `positions.kept_by_index`, but the ends of the ramp are not rounded to whole pairs."""
    n, per_pair = len(speeds), math.log(float(speeds[0] / speeds[1]))
    low, high = (math.log(float(speeds[0]) * trained / (turns * 2 * math.pi)) / per_pair for turns in (32, 1))
    low, high = max(low, 0.0), min(high, 2 * n - 1.0)
    number = torch.arange(n, dtype=speeds.dtype, device=speeds.device)
    return ((high - number) / max(high - low, 1e-3)).clamp(0.0, 1.0)


class ClampedFeedForward(nn.Module):
    """((u + 1) * g * sigmoid(1.702 g)) W_contract + b, with g = x W_gate + b at most 7 and u = x W_expand + b within ±7.

    Source: the code published with gpt-oss.
    """

    def __init__(self, d_model: int, d_ff: int, limit: float = 7.0, slope: float = 1.702):
        super().__init__()
        self.gate, self.expand = nn.Linear(d_model, d_ff), nn.Linear(d_model, d_ff)
        self.contract = nn.Linear(d_ff, d_model)
        self.limit, self.slope = limit, slope

    def forward(self, x: Float[Tensor, "*tokens d_model"]) -> Float[Tensor, "*tokens d_model"]:
        gate = self.gate(x).clamp(max=self.limit)
        up = self.expand(x).clamp(-self.limit, self.limit)
        return self.contract((up + 1) * gate * torch.sigmoid(self.slope * gate))
