"""Blocks by composition: a sublayer is wrapped in its residual connection and norm, a block is a sequence of wrapped ones."""

from __future__ import annotations

from torch import Tensor, nn

from attnlab._shapes import Bool, Float
from attnlab.layers._doors import need_probability


class PostNorm(nn.Module):
    """norm(x + dropout(layer(x, ...))): the sum is normalised, as in 2017.

    layer: a module of x and of whatever `forward` is given by name (context=, mask=, ...); its result is as
        wide as x.
    dropout: the probability with which a number of the layer's result becomes 0 in training.
    Source: [vaswani2017, section 3.1]; the dropout: section 5.4.
    """

    def __init__(self, layer: nn.Module, norm: nn.Module, dropout: float = 0.0):
        super().__init__()
        self.layer, self.norm = layer, norm
        self.dropout = nn.Dropout(need_probability("dropout", dropout))

    def forward(self, x: Float[Tensor, "*tokens d_model"], **given) -> Float[Tensor, "*tokens d_model"]:
        return self.norm(_added(x, self.dropout(self.layer(x, **given))))


class PreNorm(nn.Module):
    """x + dropout(layer(norm(x), ...)): what goes into the layer is normalised, the sum is left as it is.

    Only x is normalised; a context given by name is handed on as it is. After the last block of a stack the sum
    needs a norm of its own. Arguments are those of `PostNorm`.
    Source: [xiong2020, table 1].
    """

    def __init__(self, layer: nn.Module, norm: nn.Module, dropout: float = 0.0):
        super().__init__()
        self.layer, self.norm = layer, norm
        self.dropout = nn.Dropout(need_probability("dropout", dropout))

    def forward(self, x: Float[Tensor, "*tokens d_model"], **given) -> Float[Tensor, "*tokens d_model"]:
        return _added(x, self.dropout(self.layer(self.norm(x), **given)))


class OutputNorm(nn.Module):
    """norm(layer(x, ...)): what the layer adds is normalised before it is added.

    Goes where a layer goes: `PreNorm(OutputNorm(layer, after), before)` normalises on both sides of the layer,
    `PreNorm(OutputNorm(layer, after), nn.Identity())` only behind it.
    """

    def __init__(self, layer: nn.Module, norm: nn.Module):
        super().__init__()
        self.layer, self.norm = layer, norm

    def forward(self, x: Float[Tensor, "*tokens d_model"], **given) -> Float[Tensor, "*tokens d_model"]:
        return self.norm(self.layer(x, **given))


class EncoderBlock(nn.Module):
    """Look, then think: self-attention, then the feed-forward network, each one already wrapped.

    With a causal mask, and while writing a cache, it is the block of a model that has a decoder alone.

    attend: a wrapped attention, such as `PostNorm(MultiHead(...), LayerNorm(...))`; it is given the mask and the
        bias by name where there are any.
    feed_forward: a wrapped `FeedForward`.
    Source: [vaswani2017, section 3.1].
    """

    def __init__(self, attend: nn.Module, feed_forward: nn.Module):
        super().__init__()
        self.attend, self.feed_forward = attend, feed_forward

    def forward(
        self,
        x: Float[Tensor, "*batch tokens d_model"],
        mask: Bool[Tensor, ...] | None = None,
        bias: Float[Tensor, ...] | None = None,
        cache=None,
    ) -> Float[Tensor, "*batch tokens d_model"]:
        """`mask` (True = may look) and `bias` broadcast to (*batch, n_heads, tokens, keys).

        The keys are the tokens of x, behind those that a `cache` (`attnlab.cache.Cache`) holds.
        """
        return self.feed_forward(self.attend(x, **_given(mask=mask, bias=bias, cache=cache)))


class ParallelBlock(nn.Module):
    """x + attend(norm(x)) + feed_forward(norm(x)): both layers read the same normalised token, their results are added.

    attend, feed_forward: not wrapped. Used as `EncoderBlock`. Source: [chowdhery2022, "parallel layers"].
    """

    def __init__(self, norm: nn.Module, attend: nn.Module, feed_forward: nn.Module):
        super().__init__()
        self.norm, self.attend, self.feed_forward = norm, attend, feed_forward

    def forward(
        self,
        x: Float[Tensor, "*batch tokens d_model"],
        mask: Bool[Tensor, ...] | None = None,
        bias: Float[Tensor, ...] | None = None,
        cache=None,
    ) -> Float[Tensor, "*batch tokens d_model"]:
        normed = self.norm(x)
        x = _added(x, self.attend(normed, **_given(mask=mask, bias=bias, cache=cache)))
        return _added(x, self.feed_forward(normed))


class DecoderBlock(nn.Module):
    """Self-attention, cross-attention to `memory`, feed-forward network, each one already wrapped.

    The block makes no mask of its own: the causal one is the caller's to give.
    Source: [vaswani2017, section 3.1].
    """

    def __init__(self, self_attend: nn.Module, cross_attend: nn.Module, feed_forward: nn.Module):
        super().__init__()
        self.self_attend, self.cross_attend, self.feed_forward = (
            self_attend,
            cross_attend,
            feed_forward,
        )

    def forward(
        self,
        x: Float[Tensor, "*batch tokens d_model"],
        memory: Float[Tensor, "*batch sources d_memory"],
        mask: Bool[Tensor, ...] | None = None,
        memory_mask: Bool[Tensor, ...] | None = None,
        cache=None,
        bias: Float[Tensor, ...] | None = None,
    ) -> Float[Tensor, "*batch tokens d_model"]:
        """`mask` and `bias` are for the tokens' own attention, `memory_mask` for that to the memory; True = may look.

        `cache`, where there is one, is handed to both attentions by name: the tokens' keys and values are appended to it,
        those of the memory kept in it from the first call on (`attnlab.cache.Cache`).
        """
        x = self.self_attend(x, **_given(mask=mask, bias=bias, cache=cache))
        x = self.cross_attend(x, context=memory, **_given(mask=memory_mask, cache=cache))
        return self.feed_forward(x)


def _added(x: Tensor, change: Tensor) -> Tensor:
    """x + change; ValueError where the sum would have to stretch one of them."""
    if x.shape != change.shape:
        raise ValueError(f"the layer turned {tuple(x.shape)} into {tuple(change.shape)}, which cannot be added to it")
    return x + change


def _given(**options) -> dict:
    return {name: x for name, x in options.items() if x is not None}
