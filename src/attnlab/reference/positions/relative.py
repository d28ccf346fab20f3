"""Trained vectors for offsets, added to keys and to values."""

from __future__ import annotations

import math

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Float, Integer
from attnlab.reference._numbers import finite
from attnlab.reference.positions._doors import need_rows, offsets_between, whole


def relative_index(
    q_pos: Integer[Array, "queries"], k_pos: Integer[Array, "keys"], reach: int
) -> Integer[Array, "queries keys"]:
    """clip(key position - query position, -reach, reach) + reach: a row of a table of 2 reach + 1 vectors.

    Errors: ValueError for a reach below 0. Source: [shaw2018, section 3.2].
    """
    reach = count("reach", reach)
    return np.clip(offsets_between(q_pos, k_pos), -reach, reach) + reach


def shaw_bias(
    q: Float[Array, "*batch queries d_k"],
    table: Float[Array, "rows d_k"],
    index: Integer[Array, "queries keys"],
) -> Float[Array, "*batch queries keys"]:
    """q_i · table[index_ij] / sqrt(d_k): what the offset adds to the score, to be passed on as `bias`.

    Errors: ValueError for widths or counts that disagree, and for an index without a row.
    Source: [shaw2018, section 3.3, equation 5], its second term.
    """
    q, rows = finite("q", q), _rows(table, index, np.shape(q)[-1])
    if q.shape[-2] != rows.shape[0]:
        raise ValueError(f"q has {q.shape[-2]} queries but index has {rows.shape[0]}")
    return np.einsum("...id,ijd->...ij", q, rows) / math.sqrt(q.shape[-1])


def shaw_mix(
    weights: Float[Array, "*batch queries keys"],
    table: Float[Array, "rows d_v"],
    index: Integer[Array, "queries keys"],
) -> Float[Array, "*batch queries d_v"]:
    """sum_j weights_ij table[index_ij]: what the offsets add to the output.

    Errors: ValueError for counts that disagree, and for an index without a row.
    Source: [shaw2018, section 3.1, equation 3], its second term.
    """
    weights, rows = finite("weights", weights), _rows(table, index, np.shape(table)[-1])
    if weights.shape[-2:] != rows.shape[:2]:
        raise ValueError(f"weights are {weights.shape[-2:]} but index is {rows.shape[:2]}")
    return np.einsum("...ij,ijd->...id", weights, rows)


def _rows(table, index, width: int) -> Float[Array, "queries keys width"]:
    table, index = finite("table", table), whole("index", index)
    need_rows(index, len(table))
    if table.shape[-1] != width:
        raise ValueError(f"q has d_k = {width} but the table's vectors have {table.shape[-1]}")
    return table[index]
