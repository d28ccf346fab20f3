"""Gates on heads: how much the loss feels a head, what a layer does without it, and the smaller layer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from attnlab._shapes import Float
from attnlab.attention.heads import MultiHead


def gated(attend: Callable, gates: Float[Tensor, "*batch n_heads"]) -> Callable:
    """`attend` with the output of head h multiplied by gate h: 1 leaves the head as it is, 0 removes it.

    The gates may carry batch axes, so that every text has gates of its own.
    Errors: ValueError, when called, unless there is one gate a head.
    Source: [michel2019, section 2.3, equation 1].
    """

    def attend_gated(q: Tensor, k: Tensor, v: Tensor, **options) -> Tensor:
        given, heads = gates.shape[-1], q.shape[-3]
        if given != heads:
            raise ValueError(f"there are {given} gates but {heads} heads")
        return attend(q, k, v, **options) * gates[..., None, None]

    return attend_gated


@contextmanager
def gates_on(layers: Sequence[MultiHead], gates: Sequence[Tensor]) -> Iterator[None]:
    """Within `with gates_on(layers, gates):` the heads of each layer are multiplied by its gates.

    Errors: ValueError unless there are as many sets of gates as layers.
    """
    if len(layers) != len(gates):
        raise ValueError(f"there are {len(layers)} layers but {len(gates)} sets of gates")
    before = [layer.attend for layer in layers]
    try:
        for layer, own in zip(layers, gates):
            layer.attend = gated(layer.attend, own)
        yield
    finally:
        for layer, attend in zip(layers, before):
            layer.attend = attend


def head_importance(layers: Sequence[MultiHead], losses: Callable[[], Tensor], samples: int) -> list[Tensor]:
    """I_h = mean over samples of |dL(x) / d gate_h| at gates of 1: one tensor (n_heads,) a layer.

    Each sample has gates of its own, so one backward pass gives the gradient of every sample by itself, and
    the absolute value is taken before the mean.
    losses: runs the model on a batch whose first axis counts the samples, and returns one loss a sample.
    Errors: ValueError unless `losses` returns (samples,) numbers.
    Source: [michel2019, section 4.1, equation 2]; they then divide by the norm of a layer's scores.
    """
    weight = layers[0].query.weight
    gates = [weight.new_ones(samples, layer.n_heads) for layer in layers]
    gates = [gate.requires_grad_() for gate in gates]
    with gates_on(layers, gates), torch.enable_grad():
        loss = losses()
        _need_one_for_each(loss, samples)
        slopes = torch.autograd.grad(loss.sum(), gates)
    return [slope.abs().mean(dim=0) for slope in slopes]


def keep_heads(layer: MultiHead, heads: Sequence[int]) -> MultiHead:
    """A new layer with these heads of `layer`, in this order; all in another order is the same function.

    A head owns a run of rows of the query, key and value weights and the run of columns of the output weight
    with the same numbers (`nn.Linear` stores its matrix transposed). The rest is cut away, so the result is
    that of gates of 0, and smaller.
    Errors: ValueError if no head is kept, if one is named twice or does not exist, or if heads share keys.
    """
    _need_heads(layer, heads)
    d_head = layer.query.out_features // layer.n_heads
    own = torch.arange(layer.n_heads * d_head, device=layer.query.weight.device)
    own = own.view(layer.n_heads, d_head)[list(heads)].flatten()
    small = copy.deepcopy(layer)
    small.n_heads = small.n_kv_heads = len(heads)
    for name in ("query", "key", "value"):
        setattr(small, name, _cut(getattr(layer, name), rows=own))
    small.output = _cut(layer.output, columns=own)
    return small


def _cut(linear: nn.Linear, rows: Tensor | None = None, columns: Tensor | None = None) -> nn.Linear:
    """A linear map with these outputs and these inputs only; a bias belongs to the outputs."""
    weight, bias = linear.weight.detach(), linear.bias
    weight = weight if rows is None else weight[rows]
    weight = weight if columns is None else weight[:, columns]
    small = nn.utils.skip_init(nn.Linear, *reversed(weight.shape), bias is not None)
    small.weight = nn.Parameter(weight.clone())
    if bias is not None:
        small.bias = nn.Parameter((bias if rows is None else bias[rows]).detach().clone())
    return small


def _need_one_for_each(loss: Tensor, samples: int) -> None:
    if loss.shape != (samples,):
        raise ValueError(
            f"losses must return one number for each of {samples} samples, not {tuple(loss.shape)}"
        )


def _need_heads(layer: MultiHead, heads: Sequence[int]) -> None:
    if layer.n_kv_heads != layer.n_heads:
        raise ValueError(
            f"{layer.n_heads} heads share {layer.n_kv_heads} heads of keys and values: one cannot go alone"
        )
    if not heads:
        raise ValueError("no head is kept: leave out the layer instead")
    if len(set(heads)) < len(heads):
        raise ValueError(f"heads holds a head twice: {list(heads)}")
    strangers = [head for head in heads if not 0 <= head < layer.n_heads]
    if strangers:
        raise ValueError(f"the layer has heads 0 to {layer.n_heads - 1}, not {strangers[0]}")
