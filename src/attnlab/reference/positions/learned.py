"""One trained vector for each position."""

from __future__ import annotations

from attnlab._shapes import Array, Float, Integer
from attnlab.reference._numbers import finite
from attnlab.reference.positions._doors import need_rows, whole


def learned(
    table: Float[Array, "max_len d_model"], positions: Integer[Array, "*tokens"]
) -> Float[Array, "*tokens d_model"]:
    """Row p of the table for position p.

    Errors: ValueError for a position that the table has no row for. Source: [gehring2017, section 3.1].
    """
    positions, table = whole("positions", positions), finite("table", table)
    need_rows(positions, len(table))
    return table[positions]
