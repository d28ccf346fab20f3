"""The tiny examples in the statements of the exercises on sparse and linear attention."""

from __future__ import annotations

EXAMPLES: list[tuple] = [(f"efficiency.{name}", arguments, result) for name, arguments, result in [
    ("fixed_pattern", (5, 2, 1), [[True, False, False, False, False], [True, True, False, False, False], [False, True, True, False, False], [False, True, True, True, False], [False, True, False, True, True]]),
    ("reach_after", ([[False, False, False], [True, False, False], [False, True, False]], 1), [1, 2, 2]),
    ("shared_blocks", ([[0.1, 0.1, 0.6, 0.1, 0.1], [0.1, 0.5, 0.1, 0.1, 0.2]], 3, 3), [True, False, True, True, False]),
    ("selection_work", (3, 2, 1, 5, 1, 1), (12, 100, 120)),
    ("padded_linear", ([[[0]]], [[[0], [1], [5]]], [[[3], [6], [100]]], [[True, True, False]]), [[[5]]]),
    ("continue_linear", ([[3]], [1], [[1], [1]], [[2], [1]], [[6], [1]]), ([[5], [4]], [[16]], [4])),
    ("taylor_features", ([[2, 0]],), [[1, 2, 0, 2.8284271247461903, 0, 0, 0]]),
    ("linear_break_even", (2, 2, 2), (4, 2)),
]]
