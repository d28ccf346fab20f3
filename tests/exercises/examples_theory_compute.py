"""The tiny examples in the statements of the exercises on what can be computed and learned in a forward pass."""

from __future__ import annotations

EXAMPLES: list[tuple] = [(f"theory.{name}", arguments, result) for name, arguments, result in [
    ("rank_from_comparisons", ([2, 7, 2, 9],), [2, 1, 3, 0]),
    ("bracket_depth", ([1, 1, 1 / 3, 0, 1 / 5],), [1, 2, 2, 1, 1]),
    ("double_histogram", ([5, 5, 8, 2, 2],), [2, 2, 1, 2, 2]),
    ("longest_text", (1, 0.5), 8),
    ("power_of_length", ([1, 10, 100], [[5, 0.5, 0.05], [80, 8, 0.8]]), -1),
    ("guess_from_products", ([[2]], [1], [3], 0.25, 2), 1.125),
    ("left_by_one_step", (8, 1, 2), 3 / 7),
    ("paired_gain", ([[1], [1], [0], [1]], [[0], [1], [0], [0]]), [[0.5], [0.2887]]),
]]
