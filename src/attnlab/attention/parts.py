"""What an `attend` is made of: thin modules around another one, to be passed to `MultiHead`.

Each is called as `attention` is, with q, k, v and options by name, and hands on what it does not use. The keys come as
`MultiHead` projects them and a cache keeps them: neither normalised nor turned, so every call does both anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Integer
from attnlab.attention.core import attention, masked_scores
from attnlab.attention.heads import grouped_attention, merge_heads, repeat_heads, split_heads
from attnlab.masks import positions as places
from attnlab.masks import window as near
from attnlab.positions import angles, rotate_halves


class Rotated(nn.Module):
    """attend(turn(q), turn(k), v): queries and keys turned by position · speed, pair by pair.

    speeds: one for each pair; fewer than d_head / 2 turn the first features of a head and leave the others. Or a function
        from the number of keys to them, for speeds that depend on the length of the text; what later layers cached while it
        was shorter was then made with other speeds, so that a cache gives other numbers than the whole text.
    turn: which features make a pair, `rotate_halves` or `rotate_adjacent`.
    scale: multiplies what was turned, queries and keys alike, as `yarn_scale` asks for.
    Source: [su2024, section 3.2.2, equation 14].
    """

    def __init__(self, attend: Callable, speeds: Tensor | Callable, turn: Callable = rotate_halves, scale: float = 1.0):
        super().__init__()
        self.attend, self.speeds, self.turn = _for_groups(attend), speeds, turn
        self.scale = _above_0("scale", scale)

    def forward(
        self,
        q: Float[Tensor, "*batch n_heads queries d_head"],
        k: Float[Tensor, "*batch n_kv_heads keys d_head"],
        v: Float[Tensor, "*batch n_kv_heads keys d_v"],
        positions: Integer[Tensor, "keys"] | None = None,
        **options,
    ) -> Float[Tensor, "*batch n_heads queries d_v"]:
        """positions: those of the keys, 0, 1, 2, ... unless given; the queries are the last tokens among them.

        Errors: ValueError for more queries than keys, for positions that are not one a key, for more pairs than a head has.
        """
        n_queries, n_keys = q.shape[-2], k.shape[-2]
        if n_queries > n_keys:
            raise ValueError(f"{n_queries} queries cannot be the last of {n_keys} keys")
        at = torch.arange(n_keys) if positions is None else positions
        if len(at) != n_keys:
            raise ValueError(f"there are {len(at)} positions for {n_keys} keys")
        turned = angles(at, self.speeds(n_keys) if callable(self.speeds) else self.speeds)
        return self.attend(self._turned(q, turned[n_keys - n_queries :]), self._turned(k, turned), v, **options)

    def _turned(self, x: Tensor, turned: Tensor) -> Tensor:
        width = 2 * turned.shape[-1]
        if width > x.shape[-1]:
            raise ValueError(f"there are speeds for {width // 2} pairs but a head has {x.shape[-1]} features")
        first, rest = x.split([width, x.shape[-1] - width], dim=-1)
        return torch.cat([self.turn(first, turned) * self.scale, rest], dim=-1)


class QKNorm(nn.Module):
    """attend(q_norm(q), k_norm(k), v): but for its gain each query and key has one length, so the gains alone bound the scores.

    q_norm, k_norm: modules of (..., d_head), such as `RMSNorm(d_head)`, whose gain all heads share, or `AllHeads(norm)`.
    Source: [henry2020], with vectors of length 1; [dehghani2023], normalised as layers are, as here.
    """

    def __init__(self, attend: Callable, q_norm: nn.Module, k_norm: nn.Module):
        super().__init__()
        self.attend, self.q_norm, self.k_norm = _for_groups(attend), q_norm, k_norm

    def forward(
        self,
        q: Float[Tensor, "*batch n_heads queries d_head"],
        k: Float[Tensor, "*batch n_kv_heads keys d_head"],
        v: Float[Tensor, "*batch n_kv_heads keys d_v"],
        **options,
    ) -> Float[Tensor, "*batch n_heads queries d_v"]:
        return self.attend(self.q_norm(q), self.k_norm(k), v, **options)


class AllHeads(nn.Module):
    """split(norm(merge(x))): one normalisation over the features of all heads of a token together."""

    def __init__(self, norm: nn.Module):
        super().__init__()
        self.norm = norm

    def forward(
        self, x: Float[Tensor, "*batch heads tokens d_head"]
    ) -> Float[Tensor, "*batch heads tokens d_head"]:
        return split_heads(self.norm(merge_heads(x)), x.shape[-3])


class Local(nn.Module):
    """attend with a mask that shows the last `window` keys alone, the query's own included.

    Errors: ValueError for a window below 1. Source: [jiang2023, section 2].
    """

    def __init__(self, attend: Callable, window: int):
        super().__init__()
        self.attend, self.window = _for_groups(attend), count("window", window, at_least=1)

    def forward(
        self,
        q: Float[Tensor, "*batch n_heads queries d_k"],
        k: Float[Tensor, "*batch n_kv_heads keys d_k"],
        v: Float[Tensor, "*batch n_kv_heads keys d_v"],
        mask: Bool[Tensor, "..."] | None = None,
        **options,
    ) -> Float[Tensor, "*batch n_heads queries d_v"]:
        """A mask that is given hides further keys; it cannot show what the window hides."""
        seen = near(*places(q.shape[-2], k.shape[-2], q), self.window)
        return self.attend(q, k, v, mask=seen if mask is None else mask & seen, **options)


class SoftCapped(nn.Module):
    """softmax(soft_cap(q kᵀ · scale + bias, cap)) v: no score leaves ±cap; the mask comes after the cap.

    The capped scores go to `attention` as the bias of queries that are zero. Heads may be grouped.
    Errors: ValueError for a cap that is not above 0. Source: [gemma2024], logit soft-capping.
    """

    def __init__(self, cap: float):
        super().__init__()
        self.cap = _above_0("cap", cap)

    def forward(
        self,
        q: Float[Tensor, "*batch n_heads queries d_k"],
        k: Float[Tensor, "*batch n_kv_heads keys d_k"],
        v: Float[Tensor, "*batch n_kv_heads keys d_v"],
        mask: Bool[Tensor, "..."] | None = None,
        bias: Float[Tensor, "..."] | None = None,
        scale: float | None = None,
    ) -> Float[Tensor, "*batch n_heads queries d_v"]:
        k, v = repeat_heads(k, q.shape[-3]), repeat_heads(v, q.shape[-3])
        scores = soft_cap(masked_scores(q, k, bias=bias, scale=scale), self.cap)
        return attention(torch.zeros_like(q), k, v, mask, scores)


def soft_cap(x: Float[Tensor, "*shape"], cap: float) -> Float[Tensor, "*shape"]:
    """cap · tanh(x / cap): about x where x is small beside the cap, and between -cap and cap everywhere.

    Errors: ValueError for a cap that is not above 0.
    """
    cap = _above_0("cap", cap)
    return cap * torch.tanh(x / cap)


def weights_of(
    attend: Callable,
    q: Float[Tensor, "*batch n_heads queries d_k"],
    k: Float[Tensor, "*batch n_kv_heads keys d_k"],
    **options,
) -> Float[Tensor, "*batch n_heads queries keys"]:
    """The weights that `attend` gives to the keys: what it returns when the value of key j is row j of the identity.

    True of whatever mixes values with weights that do not depend on them.
    """
    unit = torch.eye(k.shape[-2], dtype=q.dtype, device=q.device)
    return attend(q, k, unit.expand(*k.shape[:-1], -1), **options)


def _for_groups(attend: Callable) -> Callable:
    return grouped_attention if attend is attention else attend


def _above_0(name: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be above 0 and finite but is {value}")
    return value
