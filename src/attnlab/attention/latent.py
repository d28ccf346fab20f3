"""Multi-head attention whose keys and values are unfolded from one narrow vector a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Float, Int
from attnlab.attention.core import attention
from attnlab.attention.heads import (
    grouped_attention,
    merge_heads,
    need_divisor,
    need_heads_axis,
    repeat_heads,
    split_heads,
)


class LatentAttention(nn.Module):
    """Keys and values of all heads are unfolded from one narrow vector a token, all that a cache must keep.

    latent c = norm(x W_D) of width d_latent; head h has keys c U_h and values c V_h. Beside them all heads share
    one key of width d_rotary, made from x itself, which `rotate(tokens, positions)` may turn by its position;
    the latent cannot be turned, or U_h could not be moved to the queries.

    `forward` unfolds keys and values; `absorbed` gives the same numbers and never does.

    Without what is named after the star this is the idea alone. The published layer has more parts, hence more
    parameters than our functions have elsewhere:
    d_head, d_value: widths of an unfolded key and of a value, d_model / n_heads and d_head unless given.
    d_query: queries, too, come from a latent of this width.
    norm: makes the norm of each latent from its width, such as `RMSNorm`.
    score_factor: multiplies the scores beside 1 / sqrt(d_head + d_rotary).
    Errors: ValueError unless n_heads divides d_model, or d_head is given.
    Source: [deepseek2024, section 2.1].
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_latent: int,
        d_rotary: int,
        rotate: Callable | None = None,
        *,
        d_head: int | None = None,
        d_value: int | None = None,
        d_query: int | None = None,
        norm: Callable[[int], nn.Module] = nn.Identity,
        score_factor: float = 1.0,
    ):
        super().__init__()
        d_model = count("d_model", d_model, at_least=1)
        if d_head is None:
            d_head = d_model // need_divisor("n_heads", n_heads, "d_model", d_model)
        n_heads, d_head = count("n_heads", n_heads, at_least=1), count("d_head", d_head, at_least=1)
        d_latent, d_rotary = count("d_latent", d_latent, at_least=1), count("d_rotary", d_rotary, at_least=1)
        d_value = d_head if d_value is None else count("d_value", d_value, at_least=1)
        self.n_heads, self.d_latent, self.d_rotary = n_heads, d_latent, d_rotary
        self.rotate, self.score_factor = rotate or _leave, score_factor
        self.query_latent, d_asked = _narrowing(d_model, d_query, norm)
        self.query = nn.Linear(d_asked, n_heads * d_head, bias=False)
        self.rotary_query = nn.Linear(d_asked, n_heads * d_rotary, bias=False)
        self.latent = nn.Linear(d_model, d_latent, bias=False)
        self.latent_norm = norm(d_latent)
        self.rotary_key = nn.Linear(d_model, d_rotary, bias=False)
        self.key = nn.Linear(d_latent, n_heads * d_head, bias=False)
        self.value = nn.Linear(d_latent, n_heads * d_value, bias=False)
        self.output = nn.Linear(n_heads * d_value, d_model, bias=False)

    @property
    def scale(self) -> float:
        """1 / sqrt(d_head + d_rotary), the width of a whole key with its shared part, times score_factor."""
        return self.score_factor * (self.query.out_features // self.n_heads + self.d_rotary) ** -0.5

    def compress(
        self, x: Float[Tensor, "*batch tokens d_model"], first: int = 0
    ) -> Float[Tensor, "*batch tokens d_cache"]:
        """What a cache keeps of tokens at positions first, first + 1, ...: the latent, then the shared key.

        d_cache = d_latent + d_rotary, whatever the number of heads.
        """
        turned = self.rotate(self.rotary_key(x), _positions(first, x))
        return torch.cat([self.latent_norm(self.latent(x)), turned], dim=-1)

    def forward(
        self, x: Float[Tensor, "*batch queries d_model"], cache: Any = None, **options
    ) -> Float[Tensor, "*batch queries d_model"]:
        """Keys and values of every head unfolded, then attention.

        cache: what `compress` gave, the last token of x being its last; or an `attnlab.cache.Cache`, to which the
            latents and shared keys of x are appended.
        A mask or bias is (queries, keys), or has an axis for the heads too.
        """
        need_heads_axis(x.ndim + 1, options)
        kept = self._remembered(x, cache)
        latent, shared = kept.split([self.d_latent, self.d_rotary], dim=-1)
        keys, values = (split_heads(unfold(latent), self.n_heads) for unfold in (self.key, self.value))
        shared = repeat_heads(shared.unsqueeze(-3), self.n_heads)
        q = torch.cat(self._queries(x, kept), dim=-1)
        mixed = attention(q, torch.cat([keys, shared], dim=-1), values, scale=self.scale, **options)
        return self.output(merge_heads(mixed))

    def absorbed(
        self, x: Float[Tensor, "*batch queries d_model"], cache: Any = None, **options
    ) -> Float[Tensor, "*batch queries d_model"]:
        """The same output: q (c U)ᵀ = (q Uᵀ) cᵀ, so every head asks the cache itself.

        Values are mixed as latents, and unfolded once for each query instead of once for each key.
        """
        need_heads_axis(x.ndim + 1, options)
        kept = self._remembered(x, cache)
        own, turned = self._queries(x, kept)
        key_of_head, value_of_head = (
            rearrange(w.weight, "(heads d_head) d_latent -> heads d_head d_latent", heads=self.n_heads)
            for w in (self.key, self.value)
        )
        q = torch.cat([own @ key_of_head, turned], dim=-1)
        keys = kept.unsqueeze(-3)
        mixed = grouped_attention(q, keys, keys[..., : self.d_latent], scale=self.scale, **options)
        return self.output(merge_heads(mixed @ value_of_head.mT))

    def _queries(self, x: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
        """The queries for the unfolded keys and those for the shared key, each split into heads."""
        first = kept.shape[-2] - x.shape[-2]
        asked = self.query_latent(x)
        turned = split_heads(self.rotary_query(asked), self.n_heads)
        return split_heads(self.query(asked), self.n_heads), self.rotate(turned, _positions(first, x))

    def _remembered(self, x: Tensor, cache: Any) -> Tensor:
        """The latents and shared keys of all tokens so far."""
        if torch.is_tensor(cache):
            return cache
        if cache is None:
            return self.compress(x)
        new = self.compress(x, cache.length)
        return torch.cat(cache.append(*new.split([self.d_latent, self.d_rotary], dim=-1)), dim=-1)


def _narrowing(d_model: int, d_query: int | None, norm: Callable[[int], nn.Module]) -> tuple[nn.Module, int]:
    """What queries are made from, and how wide it is: the tokens themselves, or a latent of theirs."""
    if d_query is None:
        return nn.Identity(), d_model
    d_query = count("d_query", d_query, at_least=1)
    return nn.Sequential(nn.Linear(d_model, d_query, bias=False), norm(d_query)), d_query


def _positions(first: int, x: Tensor) -> Int[Tensor, "tokens"]:
    return torch.arange(first, first + x.shape[-2], device=x.device)


def _leave(x: Tensor, positions: Tensor) -> Tensor:
    return x
