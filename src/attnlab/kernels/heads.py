"""One head made ready for the loop: two matrices whose product is the finished score of a tile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.products import Library
from attnlab.kernels.tiles import Tile
from attnlab.kernels.ways import DEFAULT, Way

LOG2E = math.log2(math.e)
LN2 = math.log(2.0)


class Overlay(NamedTuple):
    """The tensors laid over the scores, or None."""

    bias: Tensor | None = None
    key_mask: Tensor | None = None
    alibi_slopes: Tensor | None = None


@dataclass(frozen=True)
class Options:
    """The numbers that change the result, and the `way` through the tiles, which does not beyond rounding.
    `blocks`: the sizes (queries, keys) that were asked for; `pinned`: both passes take one way, because dropout
    draws a mask for each tile, or sizes were asked for; `small`: no tiles at all."""

    causal: bool
    window: int | None
    scale: float
    dropout_p: float
    seed: int
    blocks: tuple[int | None, int | None] = (None, None)
    way: Way = DEFAULT
    pinned: bool = False
    small: bool = False


class Head(NamedTuple):
    """One head of one sequence. `queries` and `keys` are folded.

    Its scores are in units of `unit`: log2(e) for base 2, so that exp2 takes them to the weights that exp would
    give. With a bias or slopes the unit is 1, and the factor comes after the peak is subtracted: a score of
    -3e38 fits into float32, and -3e38 · log2(e) does not. `bounded`: a level is subtracted already.

    On AMD Zen 5 exp2 takes 0.15 ns a score and exp 0.65. Elsewhere exp may be the faster one, but it is 20 to
    300 times slower where it meets -inf or a result that underflows, and exp2 is not.
    """

    queries: Tensor
    keys: Tensor
    unit: float
    bounded: bool
    bias: Tensor | None
    slope: float
    shift: int
    rate: float
    seed: int
    library: Library

    def scores(self, tile: Tile) -> Tensor:
        """The scores of a tile, less the level if the head is bounded."""
        scores = self.library.product(self.queries[tile.rows], self.keys[tile.keys], "scores")
        if self.bias is not None:
            scores.add_(self.bias[tile.rows, tile.keys].to(scores.dtype))
        if self.slope:
            scores.sub_(self._distances(tile, scores), alpha=self.slope)
        return scores

    def weights(self, scores: Tensor, peak: Tensor) -> Tensor:
        """exp(scores - peak), in place, `peak` holding a number for each row, in the unit of the scores; a
        bounded head's is subtracted already."""
        if not self.bounded:
            scores.sub_(peak)
        if self.unit == 1.0:
            scores.mul_(LOG2E)
        return scores.exp2_()

    def _distances(self, tile: Tile, like: Tensor) -> Tensor:
        """|aligned query position - key position|: whole numbers, exact, however far from 0 they are."""
        rows = torch.arange(tile.rows.start, tile.rows.stop, dtype=like.dtype, device="cpu").add_(self.shift)
        keys = torch.arange(tile.keys.start, tile.keys.stop, dtype=like.dtype, device="cpu")
        return torch.sub(rows[:, None], keys).abs_()

    def keep_mask(self, tile: Tile) -> Tensor:
        """The dropout mask of a tile."""
        height, width = tile.rows.stop - tile.rows.start, tile.keys.stop - tile.keys.start
        return dropout.keep_mask(self.seed + tile.number, height, width, self.rate)


def working(dtype: torch.dtype) -> torch.dtype:
    """The precision of the loop: float32 for the half precisions, otherwise that of the arguments."""
    return torch.promote_types(dtype, torch.float32)


def fold(x: Tensor, columns: Sequence[Tensor | float], scale: float, dtype: torch.dtype) -> Tensor:
    """scale · x with more columns on its right.

    A column beside the queries times a column of ones beside the keys adds one number to each row of scores,
    within the product: 65 columns cost 0 to 2 % more than 64 on AMD Zen 4 (72, a rounder number, 10 %), where
    subtracting afterwards, which reads and writes every score, costs 8 %.
    """
    width = x.shape[-1]
    folded = torch.empty(len(x), width + len(columns), dtype=dtype, device="cpu")
    torch.mul(x.to(dtype), scale, out=folded[:, :width])
    for place, column in enumerate(columns):
        folded[:, width + place] = column
    return folded


def make_head(
    q: Tensor, k: Tensor, bias: Tensor | None, unit: float, level: Tensor | None, hidden: Tensor | None,
    number: int, slope: float, options: Options,
) -> Head:  # fmt: skip
    """The head with `level` (one number a query) already subtracted from its scores, and -inf added for the
    keys where `hidden` is -inf."""
    beside_q: list[Tensor | float] = []
    beside_k: list[Tensor | float] = []
    if level is not None:
        beside_q.append(-level * unit)
        beside_k.append(1.0)
    if hidden is not None:
        beside_q.append(1.0)
        beside_k.append(hidden)
    dtype = working(q.dtype)
    return Head(
        queries=fold(q, beside_q, options.scale * unit, dtype),
        keys=fold(k, beside_k, 1.0, dtype),
        unit=unit,
        bounded=level is not None,
        bias=bias,
        slope=slope,
        shift=len(k) - len(q),
        rate=options.dropout_p,
        seed=options.seed + 1_000_003 * number,
        library=options.way.library,
    )
