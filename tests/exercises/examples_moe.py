"""The tiny examples in the statements of the exercises on experts."""

from __future__ import annotations

EXAMPLES: list[tuple] = [(f"variants.{name}", arguments, result) for name, arguments, result in [
    ("grouped_sigmoid_route", ([[0, 0, 2, -2]], [0.1, 0, 0, 0], 1, 2, 1, 2), [[2, 0, 0, 0]]),
    ("balance_of_layers", ([[[[0, 1.0986], [5, 0]]]], 1, [[True, False]]), 1.5),
    ("admit_by_weight", ([[0, 1], [0, 2]], [[0.6, 0.4], [0.7, 0.3]], 1), [[0, 0.4], [0.7, 0.3]]),
]]
