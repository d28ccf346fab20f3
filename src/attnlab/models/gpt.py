"""GPT, a decoder alone: a text is read from the left, and every place says what comes next.

What is notable about it:
- there is one stack and one text: no encoder, no cross-attention; the question is the beginning of the answer;
- a block normalises what goes into a sublayer (GPT-2 and later; the first GPT normalised the sum), so that the stack needs
  one more norm at its end;
- positions are a learned table, added once: a text longer than the table has no meaning, and is refused;
- the table of tokens serves twice, without a factor: its rows enter, and its transpose makes the logits;
- GELU is the approximation by tanh, with which the published weights were trained;
- matrices that write into the residual stream start smaller, by 1 / sqrt(2 n_layers);
- dropout stands behind the entrance and behind every sublayer; that of the attention weights (GPT-2 had it) is left out;
- no id is padding: where texts are filled up, the caller says which tokens are real, and positions are counted without the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Int
from attnlab.attention import MultiHead, attention, attention_weights
from attnlab.cache import ModelCache
from attnlab.layers import EncoderBlock, FeedForward, LayerNorm, PreNorm, gelu_tanh
from attnlab.layers._hooks import hooked
from attnlab.masks import causal, positions
from attnlab.models._doors import layers_of, need_text, real_tokens
from attnlab.models._trace import Trace
from attnlab.positions import Learned


@dataclass(frozen=True)
class Config:
    """The sizes; those of the smallest GPT-2 unless given: 124,439,808 parameters. Source: [radford2019, table 2]."""

    vocab_size: int = 50257
    max_len: int = 1024
    d_model: int = 768
    n_heads: int = 12
    n_layers: int = 12
    d_ff: int = 3072
    dropout: float = 0.1

    def __post_init__(self):
        for name in ("vocab_size", "max_len", "d_model", "n_heads", "n_layers", "d_ff"):
            count(name, getattr(self, name), at_least=1)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1 but is {self.dropout}")


class GPT(nn.Module):
    """logits = norm(blocks(table[ids] + places[0, 1, ...])) · tableᵀ.

    attend: how to attend, `attention` or a kernel of the same arguments.
    Errors: ValueError unless n_heads divides d_model.
    Source: [radford2019, section 2.3], which describes it by its differences to [radford2018, section 3.1].
    """

    def __init__(self, config: Config, attend: Callable = attention):
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.places = Learned(config.max_len, config.d_model)
        self.drop = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(_block(config, attend) for _ in range(config.n_layers))
        self.last = LayerNorm(config.d_model)
        initial_values(self)

    def forward(
        self,
        ids: Int[Tensor, "batch tokens"],
        cache: ModelCache | None = None,
        real: Bool[Tensor, "batch tokens"] | None = None,
    ) -> Float[Tensor, "batch tokens vocab_size"]:
        """Logits of the token after each token of `ids`.

        With a cache from `start_cache`, `ids` holds the new tokens alone: they go on where the last call ended.
        real: False for the tokens that fill a text up, in front or behind; all are real unless given.
        Errors: ValueError for an id outside the vocabulary, for more than max_len tokens; TypeError for ids that are not
        integers.
        """
        return nn.functional.linear(self.states(ids, cache, real), self.tokens.weight)

    def states(
        self, ids: Int[Tensor, "batch tokens"], cache: ModelCache | None = None, real: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens d_model"]:
        """What the last norm gives, before it is compared with the table."""
        need_text(ids, cache, self.config)
        new = real_tokens(real, ids)
        known = new if cache is None else cache.extended(new)
        at = (known.cumsum(dim=1) - 1).clamp(min=0)[:, known.shape[1] - ids.shape[1] :]
        mask = known[:, None, None, :] & causal(*positions(ids.shape[1], known.shape[1], ids))
        x = self.drop(self.tokens(ids) + self.places(at))
        for block, layer in zip(self.blocks, layers_of(cache, len(self.blocks)), strict=True):
            x = block(x, mask=mask, cache=layer)
        if cache is not None:
            cache.extend(new)
        return self.last(x)

    def start_cache(self) -> ModelCache:
        """An empty cache, for one batch of texts."""
        return ModelCache(self.config.n_layers)


def initial_values(model: GPT) -> None:
    """The one table of initial values, written into `model`.

    tables, matrices    normal, mean 0, standard deviation 0.02
    of these, output and contract (they write into the residual stream)    0.02 / sqrt(2 n_layers)
    biases              0
    normalisations      gain 1, bias 0
    Source: 0.02: [radford2018, section 4.1]; the smaller ones: [radford2019, section 2.3].
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            writes = name.endswith((".output", ".contract"))
            nn.init.normal_(module.weight, std=0.02 / (2 * model.config.n_layers) ** 0.5 if writes else 0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
        elif isinstance(module, LayerNorm):
            module.reset_parameters()


def n_parameters(config: Config) -> int:
    """How many numbers a `GPT(config)` learns; none of them is stored."""
    with torch.device("meta"):
        return sum(p.numel() for p in GPT(config).parameters())


@torch.no_grad()
def trace(
    model: GPT, ids: Int[Tensor, "batch tokens"], real: Bool[Tensor, "batch tokens"] | None = None
) -> Trace:
    """Every block's hidden states and attention weights; no gradients.

    The weights are projected, scored and normalised a second time, so that a block may use any kernel.
    """
    hidden, weights = [], []

    def enters(block: nn.Module, given: tuple, named: dict) -> None:
        hidden.append(given[0])
        q, k, _ = block.attend.layer.project(block.attend.norm(given[0]))
        weights.append(attention_weights(q, k, named["mask"]))

    with hooked(block.register_forward_pre_hook(enters, with_kwargs=True) for block in model.blocks):
        last = model.states(ids, real=real)
    return Trace(torch.stack([*hidden, last]), torch.stack(weights))


def _block(config: Config, attend: Callable) -> EncoderBlock:
    """A block of self-attention and feed-forward network: an encoder's, which a causal mask makes a decoder's."""
    attention_layer = MultiHead(config.d_model, config.n_heads, attend=attend, bias=True)
    network = FeedForward(config.d_model, config.d_ff, gelu_tanh)
    return EncoderBlock(
        *(PreNorm(layer, LayerNorm(config.d_model), config.dropout) for layer in (attention_layer, network))
    )
