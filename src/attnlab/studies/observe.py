"""Looking into a decoder while it reads, and changing what it reads with: nothing is kept on the model.

An observer is a function that is called once a layer, with what the layer's heads looked at and what stands in the residual
stream behind it. Heads are silenced by writing zeros where they write, keys are hidden by a mask; both last one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from attnlab._shapes import Bool, Float, Int
from attnlab.attention import MultiHead, weights_of
from attnlab.cache import ModelCache
from attnlab.layers._hooks import hooked
from attnlab.models.decoder import Decoder

Watch = Callable[[int, Tensor, Tensor], None]


@torch.no_grad()
def observed(
    model: Decoder,
    ids: Int[Tensor, "batch tokens"],
    watch: Watch | None = None,
    *,
    silent: Iterable[tuple[int, int]] = (),
    mask: Bool[Tensor, "#tokens keys"] | None = None,
    cache: ModelCache | None = None,
) -> Float[Tensor, "batch tokens vocab_size"]:
    """The logits of `model(ids, cache)`; no gradients.

    watch: called as watch(layer, weights, stream): (batch, heads, tokens, keys) and (batch, tokens, d_model), the stream as
        it leaves the layer.
    silent: (layer, head) pairs whose output is zero before the layer's output projection.
    mask: True where a token may look; keys that causality or padding hide stay hidden.
    Errors: ValueError for a layer without exactly one `MultiHead`, and for a head that is not there.
    """
    heads = [_attention(block, number) for number, block in enumerate(model.blocks)]
    quiet = _by_layer(silent, heads)
    handles = [_silence(layer, quiet[number]) for number, layer in enumerate(heads) if quiet[number]]
    if mask is not None:
        handles += [block.register_forward_pre_hook(_hiding(mask), with_kwargs=True) for block in model.blocks]
    if watch is not None:
        handles += [handle for number in range(len(heads)) for handle in _seen(model, heads, number, watch)]
    with hooked(handles):
        return model(ids, cache)


def _attention(block: nn.Module, number: int) -> MultiHead:
    found = [module for module in block.modules() if isinstance(module, MultiHead)]
    if len(found) != 1:
        raise ValueError(f"layer {number} has {len(found)} MultiHead and not one")
    return found[0]


def _by_layer(silent: Iterable[tuple[int, int]], heads: list[MultiHead]) -> list[list[int]]:
    """For each layer the heads to be silenced."""
    quiet: list[list[int]] = [[] for _ in heads]
    for layer, head in silent:
        if not (0 <= layer < len(heads) and 0 <= head < heads[layer].n_heads):
            raise ValueError(f"there is no head ({layer}, {head}): {len(heads)} layers of {heads[0].n_heads} heads")
        quiet[layer].append(head)
    return quiet


def _silence(layer: MultiHead, quiet: list[int]) -> Any:
    """Zeros where these heads write, in front of the output projection."""

    def before(module: nn.Module, given: tuple) -> tuple:
        heads = given[0].unflatten(-1, (layer.n_heads, -1)).clone()
        heads[..., quiet, :] = 0
        return (heads.flatten(-2),)

    return layer.output.register_forward_pre_hook(before)


def _hiding(mask: Tensor) -> Callable:
    def before(block: nn.Module, given: tuple, named: dict) -> tuple:
        return given, named | {"mask": named["mask"] & mask}

    return before


def _seen(model: Decoder, heads: list[MultiHead], number: int, watch: Watch) -> list[Any]:
    """Two hooks of a layer: the weights are worked out once more as its heads begin, and told when the layer has ended."""
    weights: list[Tensor] = []

    def begins(layer: MultiHead, given: tuple, named: dict) -> None:
        q, k, v = layer.project(given[0])
        known = named.get("cache")
        keys = k if known is None else known.joined(k, v)[0]
        options = {name: value for name, value in named.items() if name != "cache"}
        weights.append(weights_of(layer.attend, q, keys, **options))

    def ends(block: nn.Module, given: tuple, stream: Tensor) -> None:
        watch(number, weights.pop(), stream)

    first = heads[number].register_forward_pre_hook(begins, with_kwargs=True)
    return [first, model.blocks[number].register_forward_hook(ends)]
