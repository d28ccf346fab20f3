"""The tiny examples in the statements of the exercises on a published model."""

from __future__ import annotations

import re

BYTES = (((0x10,) * 16,),)  # one row of one block; tuples hold whole numbers whatever is asked for


def gpt_2(text):
    return re.findall(r" ?[a-z]+| ?\d+|\s+(?!\S)|\s+", text)


EXAMPLES: list[tuple] = [(f"variants.{name}", arguments, result) for name, arguments, result in [
    ("packed_product", ([[2]], [[-1]], BYTES, [1] * 32), [0]),
    ("packed_product", ([[2]], [[-1]], BYTES, [0] * 16 + [1] * 16), [16]),
    ("digits_apart", ("a  1234", gpt_2, 3), [1, 2, 3, 1]),
    ("answer_perplexity", ([[[0, 0]] * 3] * 2, ((0, 1, 1), (1, 0, 0)), (1, 2), (3, 3)), 2),
]]
