"""Attention sinks that are learned: one logit a head takes part in the softmax and gives nothing to the mix."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float
from attnlab.attention.core import attention, masked_scores, need_bias, need_mask
from attnlab.attention.heads import grouped_attention


def sink_attention(
    q: Float[Tensor, "*#batch queries d_k"],
    k: Float[Tensor, "*#batch keys d_k"],
    v: Float[Tensor, "*#batch keys d_v"],
    sink: Float[Tensor, "*heads"],
    mask: Bool[Tensor, "*#scores"] | None = None,
    bias: Float[Tensor, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "*all_batch queries d_v"]:
    """First form, an extra key: `attention` with one key more, whose score is `sink` and whose value is zero.

    sink: one number, or one for each head; every query may look at the extra key.
    Errors: those of `attention`, and those of the sink: TypeError for what holds no floats, ValueError for
    another number of heads, NaN or infinity.
    Source: the code published with gpt-oss; the idea of a sink with nothing to give: [xiao2024, section 3.3].
    """
    _need_sink(sink, q, k)
    _need_overlays(q, k, v, mask, bias)
    k, v, mask, bias = extra_key(k, v, sink, mask, bias)
    return attention(q, k, v, mask, bias, scale)


def sink_weights(
    q: Float[Tensor, "*#batch queries d_k"],
    k: Float[Tensor, "*#batch keys d_k"],
    sink: Float[Tensor, "*heads"],
    mask: Bool[Tensor, "*#scores"] | None = None,
    bias: Float[Tensor, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "*all_batch queries keys"]:
    """Second form, an extra term: exp(s_j) / (exp(sink) + sum_i exp(s_i)), the weights of the keys there are.

    What a row lacks to 1 has gone into the sink. With sink = 0 the term is 1.
    Arguments and errors are those of `sink_attention`.
    """
    _need_sink(sink, q, k)
    scores = masked_scores(q, k, mask, bias, scale)
    extra = sink[..., None, None].to(scores.dtype).expand(*scores.shape[:-1], 1)
    largest = torch.cat([scores, extra], dim=-1).amax(dim=-1, keepdim=True).detach()
    powers = torch.exp(scores - largest)
    return (powers / (powers.sum(dim=-1, keepdim=True) + torch.exp(extra - largest))).to(q.dtype)


def sink_gate(
    q: Float[Tensor, "*#batch queries d_k"],
    k: Float[Tensor, "*#batch keys d_k"],
    sink: Float[Tensor, "*heads"],
    mask: Bool[Tensor, "*#scores"] | None = None,
    bias: Float[Tensor, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Tensor, "*all_batch queries one"]:
    """Third form, a gate: sigmoid(logsumexp(s) - sink), by which the result of plain `attention` is multiplied.

    The share of the softmax that the keys there are keep between them; 0 for a query that may look at none.
    Arguments and errors are those of `sink_attention`.
    """
    _need_sink(sink, q, k)
    scores = masked_scores(q, k, mask, bias, scale)
    blind = torch.isneginf(scores).all(dim=-1, keepdim=True)
    total = torch.logsumexp(scores.masked_fill(blind, 0.0), dim=-1, keepdim=True)
    return torch.sigmoid(total - sink[..., None, None].to(total)).masked_fill(blind, 0.0).to(q.dtype)


class Sinks(nn.Module):
    """`attend` with a learned sink for each head: an extra key of value zero, handed on as a bias.

    attend: takes (q, k, v, mask=, bias=, ...), as `attention` and `grouped_attention` do. A part that counts the keys
        or turns them goes around this one, not into it.
    Every sink starts at 0.
    """

    def __init__(self, attend: Callable, n_heads: int):
        super().__init__()
        self.attend = grouped_attention if attend is attention else attend
        self.sink = nn.Parameter(torch.zeros(count("n_heads", n_heads, at_least=1)))

    def forward(
        self,
        q: Float[Tensor, "*batch n_heads queries d_k"],
        k: Float[Tensor, "*batch n_kv_heads keys d_k"],
        v: Float[Tensor, "*batch n_kv_heads keys d_v"],
        mask: Bool[Tensor, "*#scores"] | None = None,
        bias: Float[Tensor, "*#scores"] | None = None,
        **options,
    ) -> Float[Tensor, "*batch n_heads queries d_v"]:
        if q.shape[-3] != len(self.sink):
            raise ValueError(f"q has {q.shape[-3]} heads but there are {len(self.sink)} sinks")
        _need_overlays(q, k, v, mask, bias)
        k, v, mask, bias = extra_key(k, v, self.sink, mask, bias)
        return self.attend(q, k, v, mask=mask, bias=bias, **options)


def extra_key(
    k: Tensor, v: Tensor, sink: Tensor, mask: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
    """Keys and values with a row of zeros behind them, and the mask and the bias that make it the sink."""
    n_keys = k.shape[-2]
    k, v = (torch.cat([x, x.new_zeros(*x.shape[:-2], 1, x.shape[-1])], dim=-2) for x in (k, v))
    if mask is not None:
        rows = mask.shape[:-1]
        mask = torch.cat([mask.expand(*rows, n_keys), mask.new_ones(*rows, 1)], dim=-1)
    column = sink[..., None, None]
    own = column.new_zeros(1, n_keys) if bias is None else bias
    rows = torch.broadcast_shapes(own.shape[:-1], column.shape[:-1])
    wide = torch.promote_types(own.dtype, column.dtype)
    return k, v, mask, torch.cat([own.to(wide).expand(*rows, n_keys), column.to(wide).expand(*rows, 1)], dim=-1)


def _need_overlays(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, bias: Tensor | None) -> None:
    """What `attention` would refuse, before the extra key changes the sizes that it would name."""
    scores = (*q.shape[:-2], q.shape[-2], k.shape[-2])
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"k has {k.shape[-2]} keys but v has {v.shape[-2]}")
    if mask is not None:
        need_mask(mask, scores)
    if bias is not None:
        need_bias(bias, scores)


def _need_sink(sink: Tensor, q: Tensor, k: Tensor) -> None:
    if not sink.is_floating_point():
        raise TypeError(f"sink must hold floats but its dtype is {sink.dtype}")
    if not torch.isfinite(sink).all():
        raise ValueError("sink holds NaN or infinity")
    heads = torch.broadcast_shapes(q.shape[:-2], k.shape[:-2])
    if sink.ndim > len(heads) or any(a not in (1, b) for a, b in zip(sink.shape[::-1], heads[::-1])):
        raise ValueError(f"sink has shape {tuple(sink.shape)} but the leading axes of q and k are {tuple(heads)}")
