"""BERT, an encoder that reads both sides of a gap, composed from the rooms before.

What is notable about it:
- it is the encoder of 2017: each sum is normalised after it was made (`PostNorm`), all projections have biases;
- no mask but that of padding: every token sees all others, so it cannot write from left to right;
- three rows are added where a token enters, that of its piece, of its position and of its segment (the first or the
  second text of a pair), and normalised; positions are learned, and there is none after the last row of the table;
- the exact GELU, as in the `transformers` library, where Google's code has the approximation with tanh; an epsilon of 1e-12 in the norms;
- the head that guesses words has a layer of its own in front of the table of pieces, which it shares, and a bias;
- the pooler, a matrix and a tanh on the first row, is a part of the published counts and of few uses.
Source: [devlin2019, section 3 and appendix A]; [vaswani2017, section 3.1].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Int
from attnlab.attention import MultiHead, attention_weights
from attnlab.layers import EncoderBlock, FeedForward, LayerNorm, PostNorm, gelu
from attnlab.models._doors import need_ids
from attnlab.models._trace import Trace

Mask = Bool[Tensor, "batch tokens"] | Bool[Tensor, "#batch #heads #tokens tokens"]


@dataclass(frozen=True)
class Config:
    """The sizes, of BERT-base unless given. Source: [devlin2019, section 3]."""

    vocab_size: int = 30522
    max_len: int = 512
    d_model: int = 768
    n_heads: int = 12
    n_layers: int = 12
    d_ff: int = 3072
    n_segments: int = 2
    epsilon: float = 1e-12

    def __post_init__(self):
        for name in ("vocab_size", "max_len", "d_model", "n_heads", "n_layers", "d_ff", "n_segments"):
            count(name, getattr(self, name), at_least=1)


class Bert(nn.Module):
    """One vector a token: norm(piece + place + segment), then blocks in which every token sees every other.

    Errors: ValueError for more tokens than places, an id without a row, a mask or segments of another shape; TypeError
        for ids that are not integers.
    Source: [devlin2019, section 3].
    """

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.piece = nn.Embedding(config.vocab_size, config.d_model)
        self.place = nn.Embedding(config.max_len, config.d_model)
        self.segment = nn.Embedding(config.n_segments, config.d_model)
        self.norm = LayerNorm(config.d_model, config.epsilon)
        self.layers = nn.ModuleList(block(config) for _ in range(config.n_layers))
        initial_values(self)

    def forward(
        self,
        ids: Int[Tensor, "batch tokens"],
        mask: Mask | None = None,
        observe: Callable[[int, Tensor, Tensor], None] | None = None,
        segments: Int[Tensor, "batch tokens"] | None = None,
    ) -> Float[Tensor, "batch tokens d_model"]:
        """The last hidden states.

        mask: True for a token, False for padding; or with four axes, as attention takes it. segments: 0 unless given.
        observe: called in front of every layer with its number, the hidden states that enter it and its attention
            weights, (batch, heads, queries, keys).
        """
        x = self.embed(ids, segments)
        may = _over_keys(mask, ids)
        for number, layer in enumerate(self.layers):
            if observe is not None:
                observe(number, x, layer_weights(layer, x, may))
            x = layer(x, may)
        return x

    def embed(
        self, ids: Int[Tensor, "batch tokens"], segments: Int[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens d_model"]:
        """What enters the first layer."""
        if ids.shape[-1] > self.config.max_len:
            raise ValueError(f"{ids.shape[-1]} tokens do not fit into {self.config.max_len} places")
        segments = torch.zeros_like(ids) if segments is None else segments
        if segments.shape != ids.shape:
            raise ValueError(f"segments have shape {tuple(segments.shape)} but the ids {tuple(ids.shape)}")
        need_ids("ids", ids, self.config.vocab_size)
        need_ids("segments", segments, self.config.n_segments)
        places = torch.arange(ids.shape[1], device=ids.device)
        return self.norm(self.piece(ids) + self.place(places) + self.segment(segments))


class Pooler(nn.Module):
    """tanh(W x₀ + b): one vector for a text, made of the row of its first token, [CLS].

    Source: the code of [devlin2019]; its paper takes x₀ itself for the vector of the text (section 3).
    """

    def __init__(self, d_model: int):
        super().__init__()
        self.dense = nn.Linear(d_model, d_model)
        initial_values(self)

    def forward(self, hidden: Float[Tensor, "batch tokens d_model"]) -> Float[Tensor, "batch d_model"]:
        return torch.tanh(self.dense(hidden[:, 0]))


class WordHead(nn.Module):
    """norm(gelu(W x + b)) tableᵀ + c: a score for every piece at every place; the table is the one at the entrance.

    Source: the code of [devlin2019]; its paper names the softmax over the vocabulary (section 3.1).
    """

    def __init__(self, config: Config):
        super().__init__()
        self.dense = nn.Linear(config.d_model, config.d_model)
        self.norm = LayerNorm(config.d_model, config.epsilon)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        initial_values(self)

    def forward(
        self, hidden: Float[Tensor, "batch tokens d_model"], table: Float[Tensor, "vocab_size d_model"]
    ) -> Float[Tensor, "batch tokens vocab_size"]:
        return self.norm(gelu(self.dense(hidden))) @ table.T + self.bias


class MaskedBert(nn.Module):
    """A `Bert` and its `WordHead`: which piece stands at each place, judged from both sides."""

    def __init__(self, config: Config):
        super().__init__()
        self.bert, self.head = Bert(config), WordHead(config)

    def forward(
        self,
        ids: Int[Tensor, "batch tokens"],
        mask: Mask | None = None,
        segments: Int[Tensor, "batch tokens"] | None = None,
    ) -> Float[Tensor, "batch tokens vocab_size"]:
        """Logits of the piece at each place, also at those that are not hidden. Arguments are those of `Bert`."""
        return self.head(self.bert(ids, mask, segments=segments), self.bert.piece.weight)


def block(config: Config) -> EncoderBlock:
    """norm(x + attention(x)), then norm(x + contract(gelu(expand(x)))): each sum is normalised after.

    Source: [vaswani2017, section 3.1]; GELU in place of ReLU: [devlin2019, appendix A.2].
    """
    attend = MultiHead(config.d_model, config.n_heads, bias=True)
    feed = FeedForward(config.d_model, config.d_ff, gelu)
    return EncoderBlock(*(PostNorm(layer, LayerNorm(config.d_model, config.epsilon)) for layer in (attend, feed)))


def initial_values(model: nn.Module) -> None:
    """The one table of initial values, written into `model`.

    tables and matrices   normal with standard deviation 0.02, cut off at 0.04
    biases                0
    normalisations        gain 1, bias 0
    Source: the code of [devlin2019], `truncated_normal_initializer(stddev=0.02)`.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
        elif isinstance(module, LayerNorm):
            module.reset_parameters()


def n_parameters(config: Config, *parts: Callable[[Config], nn.Module]) -> int:
    """How many numbers are learned by the modules that `parts` make of the config, by `Bert` and `Pooler` unless given.

    None of them is stored. Shared ones are counted once a part.
    """
    with torch.device("meta"):
        made = [make(config) for make in parts or (Bert, lambda sizes: Pooler(sizes.d_model))]
    return sum(p.numel() for module in made for p in module.parameters())


def layer_weights(
    layer: EncoderBlock,
    x: Float[Tensor, "batch tokens d_model"],
    mask: Bool[Tensor, "#batch #heads #tokens tokens"] | None = None,
) -> Float[Tensor, "batch heads tokens tokens"]:
    """The attention weights of a layer, computed beside it from the states that enter.

    Project, score, scale, mask and normalise are done a second time, so that the
    layer may use any kernel, one included that never holds the whole table.
    """
    queries, keys, _ = layer.attend.layer.project(x)
    return attention_weights(queries, keys, mask)


@torch.no_grad()
def trace(
    encoder: Bert,
    ids: Int[Tensor, "batch tokens"],
    mask: Mask | None = None,
    segments: Int[Tensor, "batch tokens"] | None = None,
) -> Trace:
    """Every layer's hidden states and attention weights; no gradients."""
    hidden, weights = [], []

    def observe(number: int, x: Tensor, a: Tensor) -> None:
        hidden.append(x)
        weights.append(a)

    hidden.append(encoder(ids, mask, observe, segments))
    return Trace(torch.stack(hidden), torch.stack(weights))


def _over_keys(mask: Tensor | None, ids: Tensor) -> Tensor | None:
    """A mask of tokens as one of keys, the same for all heads and queries."""
    if mask is None or mask.ndim == 4:
        return mask
    if mask.shape != ids.shape:
        raise ValueError(f"the mask has shape {tuple(mask.shape)} but the ids {tuple(ids.shape)}")
    return mask[:, None, None, :]
