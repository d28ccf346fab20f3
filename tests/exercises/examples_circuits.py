"""The tiny examples in the statements of the exercises on circuits."""

from __future__ import annotations

import numpy as np

EXAMPLES: list[tuple] = [(f"theory.{name}", arguments, result) for name, arguments, result in [
    ("induction_score", ([[1, 0, 0], [0.5, 0.5, 0], [0.1, 0.7, 0.2]], [4, 7, 4]), 0.7),
    ("copying_share", ([[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 0], [0, 1]], [[2, 1], [3, 1]]), 0.5),
    ("held_out_heads", ([[[0.9, 0.1]], [[0.2, 0.8]]], [[[0.5, 0.0]], [[0.3, 0.1]]], 1, 1), [0.3, 0.1]),
]]
EXAMPLES += [(f"theory.{name}", arguments, result) for name, arguments, result in [
    ("same_sum_weights", ([[0.9, 0.1]], [[2], [2]]), [[0.5, 0.5]]),
    ("kendall", ([1, 2, 3], [1, 3, 2]), 1 / 3),
    ("path_gradients", (lambda rows: 2 * np.asarray(rows), [[3]], [[0]], 1), [9]),
]]
