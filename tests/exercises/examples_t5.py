"""The tiny examples in the statements of the exercises on T5 and on one's own GPT."""

from __future__ import annotations

import numpy as np


def _two(distance):
    return np.minimum(distance, 2)


def _sum(pieces):
    return sum(pieces.values())


EXAMPLES: list[tuple] = [(f"variants.{name}", arguments, result) for name, arguments, result in [
    ("rms_norm", ([[3, 4, 0, 0]], [1, 1, 1, 2], 1e-12), [[1.2, 1.6, 0, 0]]),
    ("gated_network", ([[2]], [[1]], [[3]], [[1]]), [[10.570]]),
    ("restore", ([7, 999, 8, 998, 1], [999, 5, 6, 998, 4, 997, 1, 0], 999, 1), [7, 5, 6, 8, 4]),
    ("cached_bias", ([[0], [10], [20]], 2, 1, _two), [[[20, 10, 0]]]),
    ("mending_pairs", (_sum, {"a": 1, "b": 2, "c": 3}, {"c": 4, "a": 0, "b": 2}), [[False, True, False], [True, False, False], [False, False, False]]),
    ("raw_length", (8, 0.25, 2), (8, 5)),
]]
