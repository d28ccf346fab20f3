"""A decoder alone, of whatever blocks: what the families of language models since 2023 have in common.

What is notable about it:
- the model itself need not know positions: what turns, biases or hides keys is a part of each block's attention, so that one
  layer may differ from the next; places that are added once, as in GPT-2, can be passed in;
- a block is made by a function of the layer's number: `families` has one such function for each published family;
- the mask that is handed to every block is causal and hides padding, nothing more; a window is a part of the attention;
- a cache keeps keys as they were projected, so each step turns (and normalises) all of them anew: published programs keep them
  turned, which is faster and the same, but for speeds that change with the length of the text;
- the table of tokens may serve twice; what is done to the rows that enter and to the logits that leave is passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Int
from attnlab.attention import MultiHead, weights_of
from attnlab.cache import AnyCache, ModelCache
from attnlab.layers import LayerNorm, RMSNorm
from attnlab.layers._hooks import hooked
from attnlab.masks import causal, positions
from attnlab.models._doors import layers_of, need_text, real_tokens
from attnlab.models._trace import Trace


@dataclass(frozen=True)
class Config:
    """The sizes; d_head is free of d_model / n_heads, and max_len the longest text that is accepted."""

    vocab_size: int
    d_model: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    d_head: int
    d_ff: int
    max_len: int = 4096

    def __post_init__(self):
        for name in self.__dataclass_fields__:
            count(name, getattr(self, name), at_least=1)
        if self.n_heads % self.n_kv_heads:
            raise ValueError(f"n_kv_heads = {self.n_kv_heads} does not divide n_heads = {self.n_heads}")


class Decoder(nn.Module):
    """logits = transform(norm(blocks(scale · table[ids] + places)) · headᵀ).

    block: from the number of a layer, 0 for the first, to a module called as block(x, mask=, cache=).
    norm: from d_model to what follows the last block.
    scale: multiplies the rows of the table that enter.
    places: from positions to what is added to those rows, such as `attnlab.positions.Learned`; they are counted without padding.
    transform: of the logits, such as a soft cap.
    tied: whether the head is the table; if not, it is a matrix of its own.
    """

    def __init__(
        self,
        config: Config,
        block: Callable[[int], nn.Module],
        norm: Callable[[int], nn.Module] = RMSNorm,
        *,
        scale: float = 1.0,
        places: Callable[[Tensor], Tensor] | None = None,
        transform: Callable[[Tensor], Tensor] | None = None,
        tied: bool = True,
    ):
        super().__init__()
        self.config, self.scale, self.places, self.transform = config, scale, places, transform
        self.tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.blocks = nn.ModuleList(block(number) for number in range(config.n_layers))
        self.last = norm(config.d_model)
        self.head = None if tied else nn.Linear(config.d_model, config.vocab_size, bias=False)
        initial_values(self)

    def forward(
        self,
        ids: Int[Tensor, "batch tokens"],
        cache: AnyCache | None = None,
        real: Bool[Tensor, "batch tokens"] | None = None,
    ) -> Float[Tensor, "batch tokens vocab_size"]:
        """Logits of the token after each token of `ids`.

        With a cache from `start_cache`, `ids` holds the new tokens alone: they go on where the last call ended.
        real: False for the tokens that fill a text up; all are real unless given. They are hidden, yet parts that turn keys
            count them: to write on, fill up in front.
        Errors: ValueError for an id outside the vocabulary, for more than max_len tokens; TypeError for ids that are not
        integers.
        """
        head = self.tokens.weight if self.head is None else self.head.weight
        logits = nn.functional.linear(self.states(ids, cache, real), head)
        return logits if self.transform is None else self.transform(logits)

    def states(
        self, ids: Int[Tensor, "batch tokens"], cache: AnyCache | None = None, real: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens d_model"]:
        """What the last norm gives, before it is compared with the head."""
        need_text(ids, cache, self.config)
        new = real_tokens(real, ids)
        known = new if cache is None else cache.extended(new)
        mask = known[:, None, None, :] & causal(*positions(ids.shape[1], known.shape[1], ids))
        x = self.scale * self.tokens(ids)
        if self.places is not None:
            x = x + self.places((known.cumsum(dim=1) - 1).clamp(min=0)[:, known.shape[1] - ids.shape[1] :])
        for block, layer in zip(self.blocks, layers_of(cache, len(self.blocks)), strict=True):
            x = block(x, mask=mask, cache=layer)
        if cache is not None:
            cache.extend(new)
        return self.last(x)

    def start_cache(self) -> ModelCache:
        """An empty cache, for one batch of texts."""
        return ModelCache(self.config.n_layers)


def initial_values(model: Decoder) -> None:
    """The one table of initial values, written into `model`; published families print others, or none.

    tables, matrices    normal, mean 0, standard deviation 0.02
    of these, output and contract (they write into the residual stream)    0.02 / sqrt(2 n_layers)
    biases              0
    normalisations      gain 1, bias 0
    Parts with parameters of their own (experts, sinks) keep the values they are made with, but for the matrices in them.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            writes = name.endswith((".output", ".contract"))
            nn.init.normal_(module.weight, std=0.02 / (2 * model.config.n_layers) ** 0.5 if writes else 0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        elif isinstance(module, LayerNorm | RMSNorm):
            module.reset_parameters()


@torch.no_grad()
def trace(
    model: Decoder, ids: Int[Tensor, "batch tokens"], real: Bool[Tensor, "batch tokens"] | None = None
) -> Trace:
    """Every block's hidden states and the weights of every `MultiHead`; no gradients.

    The weights are those that the layer's own `attend` gives to values it can be told apart by (`weights_of`).
    Errors: ValueError for a model without a `MultiHead`.
    """
    hidden, weights = [], []

    def enters(block: nn.Module, given: tuple, named: dict) -> None:
        hidden.append(given[0])

    def looks(layer: MultiHead, given: tuple, named: dict) -> None:
        q, k, _ = layer.project(given[0])
        weights.append(weights_of(layer.attend, q, k, **{name: x for name, x in named.items() if name != "cache"}))

    layers = [module for module in model.blocks.modules() if isinstance(module, MultiHead)]
    if not layers:
        raise ValueError("no layer of the model is a MultiHead: there are no weights to see")
    watched = [(block, enters) for block in model.blocks] + [(layer, looks) for layer in layers]
    with hooked(module.register_forward_pre_hook(watch, with_kwargs=True) for module, watch in watched):
        last = model.states(ids, real=real)
    return Trace(torch.stack([*hidden, last]), torch.stack(weights))
