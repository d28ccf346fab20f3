"""From the tensors of a whole call to the matrices of one head, wherever they lie in memory."""

from __future__ import annotations

import functools
import itertools
import math
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.kernels.heads import LOG2E, Head, Options, Overlay, make_head, working
from attnlab.kernels.tiles import Tile, band, plan

Index = tuple[int, ...]


class Slot(NamedTuple):
    """Where a head stands: its place in q, that of the keys it shares, and its number."""

    q: Index
    k: Index
    number: int


class Bound(NamedTuple):
    """What no score of a head exceeds, for each row, if that is small enough to serve as the row's peak; and
    the unit in which the head's scores are kept."""

    rows: Tensor | None
    unit: float


class Inputs:
    """The arguments of one call, and what follows from them for each head."""

    def __init__(self, q: Tensor, k: Tensor, v: Tensor, overlay: Overlay, options: Options):
        self.q, self.k, self.v, self.overlay, self.options = q, k, v, overlay, options
        scores_shape = (*q.shape[:-1], k.shape[-2])
        self.bias = None if overlay.bias is None else overlay.bias.expand(scores_shape)
        self._limits = band(q.shape[-2], k.shape[-2], options.causal, options.window)
        self._plan = functools.cache(lambda keys: plan(q.shape[-2], keys, self._limits, *options.way.blocks))

    def slots(self) -> list[Slot]:
        """All heads, in order."""
        group = self.q.shape[-3] // self.k.shape[-3]
        indices = itertools.product(*map(range, self.q.shape[:-2]))
        return [Slot(i, (*i[:-1], i[-1] // group), n) for n, i in enumerate(indices)]

    def tiles(self, slot: Slot) -> list[Tile]:
        """The tiles of a head: those between its first and its last key that may be looked at.

        48 % of the keys filled: half the tiles are never visited, the forward pass takes half the time.
        """
        return self._plan(self._key_range(slot))

    def head(self, slot: Slot, level: Tensor | None, unit: float) -> Head:
        """The head with `level` subtracted from its scores."""
        bias = None if self.bias is None else self.bias[slot.q]
        slopes = self.overlay.alibi_slopes
        slope = 0.0 if slopes is None else float(slopes[slot.q[-1]])
        hidden = self._hidden(slot)
        return make_head(
            self.q[slot.q],
            self.keys(slot),
            bias,
            unit,
            level,
            hidden,
            slot.number,
            slope,
            self.options,
        )

    def bound(self, slot: Slot) -> Bound:
        """r_i of each row, unless it may be too large: then exp(-2 r) would leave the range of normal numbers.
        The limit, 38 for float32, keeps a reserve of 1e5. Scores in base 2 unless they may leave the range of
        all numbers."""
        bent = self.bias is not None or self.overlay.alibi_slopes is not None
        if bent or self.q.shape[-2] == 0 or self.k.shape[-2] == 0:
            return Bound(None, 1.0)
        q, k = self.q[slot.q].to(working(self.q.dtype)), self.keys(slot)
        longest = torch.linalg.vector_norm(k, dim=-1).amax() * abs(self.options.scale)
        bound = torch.linalg.vector_norm(q, dim=-1).mul_(longest)
        largest, range_of = bound.amax().item(), torch.finfo(q.dtype)  # NaN is below no limit
        small = largest < -0.435 * math.log(range_of.tiny)
        return Bound(bound if small else None, LOG2E if largest < range_of.max / 4 else 1.0)

    def keys(self, slot: Slot) -> Tensor:
        return self._without_hidden(self.k[slot.k], slot)

    def values(self, slot: Slot) -> Tensor:
        return self._without_hidden(self.v[slot.k], slot)

    def _key_mask(self, slot: Slot) -> Tensor | None:
        return None if self.overlay.key_mask is None else self.overlay.key_mask[slot.q[:-1]]

    def _key_range(self, slot: Slot) -> tuple[int, int]:
        mask = self._key_mask(slot)
        if mask is None:
            return 0, self.k.shape[-2]
        seen = mask.nonzero()
        return (int(seen[0]), int(seen[-1]) + 1) if len(seen) else (0, 0)

    def _hidden(self, slot: Slot) -> Tensor | None:
        """0 or -inf for each key, only if some key between the first and the last seen one is hidden."""
        mask = self._key_mask(slot)
        if mask is None or mask[slice(*self._key_range(slot))].all():
            return None
        zeros = torch.zeros(len(mask), dtype=working(self.q.dtype), device="cpu")
        return zeros.masked_fill_(~mask, -torch.inf)

    def _without_hidden(self, x: Tensor, slot: Slot) -> Tensor:
        """Zeros at hidden keys, so that what stands there, be it NaN, multiplies to nothing."""
        if self._hidden(slot) is not None:
            x = x.masked_fill(~self._key_mask(slot)[:, None], 0.0)
        return x.to(working(x.dtype)).contiguous()
