"""Trained vectors for offsets, added to keys and to values."""

from __future__ import annotations

from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Float, Integer
from attnlab.positions._doors import need_rows, offsets_between


def relative_index(
    q_pos: Integer[Tensor, "queries"], k_pos: Integer[Tensor, "keys"], reach: int
) -> Integer[Tensor, "queries keys"]:
    """Rows of a table of 2 reach + 1 vectors: row 0 for `reach` or more before, row `reach` for the query itself.

    Errors: ValueError for a reach below 0. Source: [shaw2018, section 3.2].
    """
    reach = count("reach", reach)
    return (offsets_between(q_pos, k_pos) + reach).clamp(min=0, max=2 * reach)


def shaw_bias(
    q: Float[Tensor, "*batch queries d_k"],
    table: Float[Tensor, "rows d_k"],
    index: Integer[Tensor, "queries keys"],
) -> Float[Tensor, "*batch queries keys"]:
    """q_i · table[index_ij] / sqrt(d_k), a `bias`.

    Every query meets every row once, then the products are looked up: rows · queries numbers instead of
    queries · keys vectors.
    Errors: ValueError for widths or counts that disagree, and for an index without a row.
    Source: [shaw2018, section 3.3, equation 5], its second term.
    """
    need_rows(index, table.shape[0])
    if q.shape[-1] != table.shape[-1]:
        raise ValueError(f"q has d_k = {q.shape[-1]} but the table's vectors have {table.shape[-1]}")
    if q.shape[-2] != index.shape[0]:
        raise ValueError(f"q has {q.shape[-2]} queries but index has {index.shape[0]}")
    products = q @ table.mT * q.shape[-1] ** -0.5
    return products.gather(-1, index.long().expand(*q.shape[:-2], *index.shape))


def shaw_mix(
    weights: Float[Tensor, "*batch queries keys"],
    table: Float[Tensor, "rows d_v"],
    index: Integer[Tensor, "queries keys"],
) -> Float[Tensor, "*batch queries d_v"]:
    """sum_j weights_ij table[index_ij]: the weights of each offset are gathered, then mix the table's rows.

    Errors: ValueError for counts that disagree, and for an index without a row.
    Source: [shaw2018, section 3.1, equation 3], its second term.
    """
    need_rows(index, table.shape[0])
    if weights.shape[-2:] != index.shape:
        raise ValueError(f"weights are {tuple(weights.shape[-2:])} but index is {tuple(index.shape)}")
    by_row = weights.new_zeros(*weights.shape[:-1], table.shape[0])
    return by_row.scatter_add(-1, index.long().expand_as(weights), weights) @ table
