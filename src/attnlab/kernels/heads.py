"""One head made ready for the loop: two matrices whose product is the finished score of a tile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from attnlab.kernels import dropout
from attnlab.kernels.products import Product
from attnlab.kernels.tiles import Tile

LOG2E = math.log2(math.e)
LN2 = math.log(2.0)


@dataclass(frozen=True)
class Options:
    """What changes the result beside q, k, v and the bias. Block sizes are (queries, keys),
    the same in both passes, because dropout draws a mask for each tile."""

    causal: bool
    window: int | None
    key_mask: Tensor | None
    alibi_slopes: Tensor | None
    scale: float
    dropout_p: float
    seed: int
    blocks: tuple[int, int]


class Head(NamedTuple):
    """One head of one sequence. `queries` and `keys` are folded; scores come out in base 2."""

    queries: Tensor
    keys: Tensor
    bias: Tensor | None
    slope: float
    shift: int
    rate: float
    seed: int
    multiply: Product

    def scores(self, tile: Tile) -> Tensor:
        """The scores of a tile, times log2(e): what exp2 takes to the weights that exp would give.

        On AMD Zen 5 exp2 takes 0.15 ns a score and exp 0.65. Elsewhere exp may be the faster one, but it is
        20 to 300 times slower where it meets -inf or a result that underflows, and exp2 is not.
        """
        scores = self.multiply(self.queries[tile.rows], self.keys[tile.keys])
        if self.bias is not None:
            scores.add_(self.bias[tile.rows, tile.keys], alpha=LOG2E)
        if self.slope:
            scores.sub_(self._distances(tile, scores), alpha=self.slope * LOG2E)
        return scores

    def _distances(self, tile: Tile, like: Tensor) -> Tensor:
        """|aligned query position - key position|: whole numbers, exact, however far from 0 they are."""
        rows = torch.arange(tile.rows.start, tile.rows.stop, dtype=like.dtype).add_(self.shift)
        keys = torch.arange(tile.keys.start, tile.keys.stop, dtype=like.dtype)
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
    within the product: 65 columns cost 6 % more than 64, where subtracting afterwards would read and write
    every score.
    """
    width = x.shape[-1]
    folded = torch.empty(len(x), width + len(columns), dtype=dtype)
    torch.mul(x, scale, out=folded[:, :width])
    for place, column in enumerate(columns):
        folded[:, width + place] = column
    return folded


def make_head(
    q: Tensor, k: Tensor, bias: Tensor | None, level: Tensor | None, hidden: Tensor | None,
    number: int, slope: float, options: Options, multiply: Product,
) -> Head:  # fmt: skip
    """The head with `level` (one number a query, in base 2) already subtracted from its scores, and -inf
    added for the keys where `hidden` is -inf."""
    beside_q: list[Tensor | float] = []
    beside_k: list[Tensor | float] = []
    if level is not None:
        beside_q.append(-level)
        beside_k.append(1.0)
    if hidden is not None:
        beside_q.append(1.0)
        beside_k.append(hidden)
    dtype = working(q.dtype)
    return Head(
        queries=fold(q, beside_q, options.scale * LOG2E, dtype),
        keys=fold(k, beside_k, 1.0, dtype),
        bias=bias,
        slope=slope,
        shift=len(k) - len(q),
        rate=options.dropout_p,
        seed=options.seed + 1_000_003 * number,
        multiply=multiply,
    )
