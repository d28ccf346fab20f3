"""The tiny examples in the statements of the exercises on GPT."""

from __future__ import annotations

import math


def even(ids):
    return [[-math.log(5)] * 5 for _ in ids]


def half_and_quarters(ids):
    return [[math.log(0.5), math.log(0.25), math.log(0.25)] for _ in ids]


class Rows(list):
    """Rows of numbers that may be asked for one number by (row, column), as an array may."""

    def __getitem__(self, at):
        return list.__getitem__(self, at[0])[at[1]] if isinstance(at, tuple) else list.__getitem__(self, at)


EXAMPLES: list[tuple] = [(f"variants.{name}", arguments, result) for name, arguments, result in [
    ("strided_perplexity", (lambda ids: Rows(even(ids)), (4, 0, 2, 2, 1, 3, 0), 3, 2), 5),
    ("best_option", (lambda ids: Rows(half_and_quarters(ids)), (2,), ((1,), (0, 0, 0))), (1, [-1.386, -0.693])),
    ("bits_per_byte", ([math.log(0.5), math.log(0.0625), math.log(0.5)], [b"na", b"\xc3\xaf", b"ve"]), 1),
]]
