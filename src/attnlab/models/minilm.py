"""MiniLM, a small BERT with published weights: text in, one vector a token out, and every head's weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Int
from attnlab.attention import MultiHead, attention_weights
from attnlab.tokens.wordpiece import WordPiece
from attnlab.weights import minilm as weights


@dataclass(frozen=True)
class Config:
    """The sizes of the published model, all-MiniLM-L6-v2."""

    vocab_size: int = 30522
    max_len: int = 512
    d_model: int = 384
    n_heads: int = 12
    n_layers: int = 6
    d_ff: int = 1536
    epsilon: float = 1e-12

    def __post_init__(self):
        for name in ("vocab_size", "max_len", "d_model", "n_heads", "n_layers", "d_ff"):
            count(name, getattr(self, name), at_least=1)


class Layer(nn.Module):
    """x = norm(x + attention(x)), then norm(x + contract(gelu(expand(x)))): each sum is normalised after.

    Source: [vaswani2017, section 3.1]; GELU in place of ReLU: [devlin2019, appendix A.2].
    """

    def __init__(self, config: Config):
        super().__init__()
        self.attention = MultiHead(config.d_model, config.n_heads, bias=True)
        self.attention_norm = nn.LayerNorm(config.d_model, config.epsilon)
        self.expand = nn.Linear(config.d_model, config.d_ff)
        self.contract = nn.Linear(config.d_ff, config.d_model)
        self.norm = nn.LayerNorm(config.d_model, config.epsilon)

    def forward(
        self, x: Float[Tensor, "batch tokens d_model"], mask: Bool[Tensor, "batch 1 1 tokens"] | None = None
    ) -> Float[Tensor, "batch tokens d_model"]:
        """One layer. `mask` says which keys are no padding."""
        x = self.attention_norm(x + self.attention(x, mask=mask))
        return self.norm(x + self.contract(nn.functional.gelu(self.expand(x))))


class Encoder(nn.Module):
    """Embeddings of pieces, of places and of the (only) segment, added and normalised; then the layers.

    Every token may look at every other, in both directions.
    Source: [devlin2019, section 3]; [wang2020].
    """

    def __init__(self, config: Config | None = None):
        super().__init__()
        config = config or Config()
        self.config = config
        self.piece = nn.Embedding(config.vocab_size, config.d_model)
        self.place = nn.Embedding(config.max_len, config.d_model)
        self.segment = nn.Embedding(2, config.d_model)
        self.norm = nn.LayerNorm(config.d_model, config.epsilon)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.n_layers))

    def forward(
        self,
        ids: Int[Tensor, "batch tokens"],
        mask: Bool[Tensor, "batch tokens"] | None = None,
        observe: Callable[[int, Tensor, Tensor], None] | None = None,
    ) -> Float[Tensor, "batch tokens d_model"]:
        """The last hidden states.

        mask: True for a token, False for padding. observe: called in front of every layer with its number,
        the hidden states that enter it and its attention weights, (batch, heads, queries, keys).
        Errors: ValueError for more tokens than there are places.
        """
        keys = None if mask is None else mask[:, None, None, :]
        x = self.embed(ids)
        for number, layer in enumerate(self.layers):
            if observe is not None:
                observe(number, x, layer_weights(layer, x, keys))
            x = layer(x, keys)
        return x

    def embed(self, ids: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch tokens d_model"]:
        """What enters the first layer."""
        if ids.shape[1] > self.config.max_len:
            raise ValueError(f"{ids.shape[1]} tokens do not fit into {self.config.max_len} places")
        places = torch.arange(ids.shape[1], device=ids.device)
        return self.norm(self.piece(ids) + self.place(places) + self.segment.weight[0])


def layer_weights(
    layer: Layer,
    x: Float[Tensor, "batch tokens d_model"],
    mask: Bool[Tensor, "batch 1 1 tokens"] | None = None,
) -> Float[Tensor, "batch heads tokens tokens"]:
    """The attention weights of a layer, computed beside it from the states that enter.

    Project, score, scale, mask and normalise are done a second time, so that the
    layer may use any kernel, one included that never holds the whole table.
    """
    queries, keys, _ = layer.attention.project(x)
    return attention_weights(queries, keys, mask)


class Trace(NamedTuple):
    """What happened to a batch of texts on its way up.

    hidden: (n_layers + 1, batch, tokens, d_model), the first one being what enters layer 0;
    weights: (n_layers, batch, heads, queries, keys).
    """

    hidden: Tensor
    weights: Tensor


@torch.no_grad()
def trace(
    encoder: Encoder, ids: Int[Tensor, "batch tokens"], mask: Bool[Tensor, "batch tokens"] | None = None
) -> Trace:
    """Every layer's hidden states and attention weights; no gradients."""
    hidden, weights = [], []

    def observe(number: int, x: Tensor, a: Tensor) -> None:
        hidden.append(x)
        weights.append(a)

    hidden.append(encoder(ids, mask, observe))
    return Trace(torch.stack(hidden), torch.stack(weights))


def batch(
    tokenizer: WordPiece, texts: Sequence[str]
) -> tuple[Int[Tensor, "batch tokens"], Bool[Tensor, "batch tokens"]]:
    """(ids, mask) of several texts, the shorter ones filled up with [PAD], where the mask is False.

    Errors: ValueError without a text.
    """
    if not texts:
        raise ValueError("a batch needs at least one text")
    rows = [tokenizer.ids(text) for text in texts]
    ids = torch.full((len(rows), max(map(len, rows))), tokenizer.numbers["[PAD]"])
    for row, numbers in zip(ids, rows):
        row[: len(numbers)] = torch.tensor(numbers)
    lengths = torch.tensor([len(row) for row in rows])
    return ids, torch.arange(ids.shape[1]) < lengths[:, None]


def mean_pool(
    hidden: Float[Tensor, "batch tokens d_model"], mask: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch d_model"]:
    """One vector of length 1 for each text: the mean of its tokens' vectors, padding left out.

    Their dot products are the similarities this model was trained for. Source: [reimers2019, section 3].
    """
    share = mask.to(hidden.dtype) / mask.sum(dim=1, keepdim=True)
    return nn.functional.normalize((share[:, None] @ hidden)[:, 0], dim=-1)


def load(folder: str | Path | None = None) -> tuple[WordPiece, Encoder]:
    """The tokenizer and the encoder with the published weights, ready to use.

    folder: holds vocab.txt and model.safetensors; that of the installed package unless given.
    Errors: FileNotFoundError with the line that installs them.
    """
    folder = weights.installed() if folder is None else Path(folder)
    encoder = Encoder()
    encoder.load_state_dict(weights.state_dict(folder / "model.safetensors"))
    return WordPiece.read(folder / "vocab.txt"), encoder.eval()
