"""Whisper, which writes down what is said: an encoder-decoder whose source is sound.

What is notable about it:
- the source is a picture of the sound, 80 frequencies by 3,000 columns of 10 ms; two convolutions make 1,500 rows of it, one
  for 20 ms each, and these are the encoder's tokens;
- every sublayer is normalised before (`PreNorm`), with one norm more at the end of each stack, and uses GELU;
- keys have no bias in the published weights; here it is a bias of zeros, which changes no weight;
- positions are a table on both sides: sines and cosines in the encoder, learned in the decoder;
- tokens are *not* multiplied by the root of the width; the table serves again for the logits;
- there is no padding mask: short sounds are filled up with silence, and the model has learned to read past it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float, Int
from attnlab.attention import MultiHead
from attnlab.cache import ModelCache
from attnlab.layers import DecoderBlock, EncoderBlock, FeedForward, LayerNorm, PreNorm, gelu
from attnlab.masks import causal, positions


@dataclass(frozen=True)
class Config:
    """The sizes; those of `tiny.en` unless told otherwise. Source: [radford2023, table 1]."""

    vocab_size: int = 51864
    n_frequencies: int = 80
    n_frames: int = 1500
    max_len: int = 448
    d_model: int = 384
    n_heads: int = 6
    n_layers: int = 4

    def __post_init__(self):
        for name in ("vocab_size", "n_frequencies", "n_frames", "max_len", "d_model", "n_heads", "n_layers"):
            count(name, getattr(self, name), at_least=1)

    @property
    def d_ff(self) -> int:
        """The hidden width of the feed-forward networks."""
        return 4 * self.d_model


class Whisper(nn.Module):
    """logits = decoder(tokens so far, encoder(sound)) · tableᵀ. Source: [radford2023, section 2.2]."""

    def __init__(self, config: Config | None = None):
        super().__init__()
        self.config = config = config or Config()
        d = config.d_model
        self.first = nn.Conv1d(config.n_frequencies, d, kernel_size=3, padding=1)
        self.second = nn.Conv1d(d, d, kernel_size=3, stride=2, padding=1)
        self.frames = nn.Parameter(torch.zeros(config.n_frames, d))
        self.table = nn.Parameter(torch.randn(config.vocab_size, d) * d**-0.5)
        self.places = nn.Parameter(torch.zeros(config.max_len, d))
        self.encoder = nn.ModuleList(EncoderBlock(*_sublayers(config, "af")) for _ in range(config.n_layers))
        self.decoder = nn.ModuleList(DecoderBlock(*_sublayers(config, "aaf")) for _ in range(config.n_layers))
        self.encoder_last, self.decoder_last = LayerNorm(d), LayerNorm(d)

    def forward(
        self, sound: Float[Tensor, "batch n_frequencies columns"], tokens: Int[Tensor, "batch tokens"]
    ) -> Float[Tensor, "batch tokens vocab_size"]:
        """Logits of the token after each of `tokens`."""
        return self.logits(self.decode(tokens, self.encode(sound)))

    def encode(self, sound: Float[Tensor, "batch n_frequencies columns"]) -> Float[Tensor, "batch frames d_model"]:
        """One row for two columns of the sound. Errors: ValueError unless there are 2 n_frames columns."""
        if sound.shape[-1] != 2 * self.config.n_frames:
            raise ValueError(f"the sound has {sound.shape[-1]} columns but {self.config.n_frames} frames need twice as many")
        rows = gelu(self.second(gelu(self.first(sound)))).transpose(1, 2)
        x = rows + self.frames
        for block in self.encoder:
            x = block(x)
        return self.encoder_last(x)

    def decode(
        self,
        tokens: Int[Tensor, "batch tokens"],
        memory: Float[Tensor, "batch frames d_model"],
        cache: ModelCache | None = None,
    ) -> Float[Tensor, "batch tokens d_model"]:
        """The states of the tokens; with a cache from `start_cache`, `tokens` holds the new ones alone.

        Errors: ValueError for more than max_len tokens.
        """
        before = 0 if cache is None else cache.length
        after = before + tokens.shape[1]
        if after > self.config.max_len:
            raise ValueError(f"there are {after} tokens but max_len = {self.config.max_len}")
        mask = causal(*positions(tokens.shape[1], after, tokens))
        x = self.table[tokens] + self.places[before:after]
        layers = (None,) * len(self.decoder) if cache is None else cache.layers
        for block, layer in zip(self.decoder, layers, strict=True):
            x = block(x, memory, mask=mask, cache=layer)
        if cache is not None:
            cache.extend(torch.ones_like(tokens, dtype=torch.bool))
        return self.decoder_last(x)

    def logits(self, states: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch vocab_size"]:
        """How well each token fits as the next one."""
        return states @ self.table.T

    def start_cache(self) -> ModelCache:
        """An empty cache for `decode`, for one batch of sounds."""
        return ModelCache(self.config.n_layers)


def _sublayers(config: Config, kinds: str) -> list[PreNorm]:
    """The wrapped sublayers of a block: attention for each a, then a feed-forward network for f."""
    d = config.d_model
    layers = [MultiHead(d, config.n_heads, bias=True) if kind == "a" else FeedForward(d, config.d_ff, activation=gelu) for kind in kinds]
    return [PreNorm(layer, LayerNorm(d)) for layer in layers]
