"""The tiny examples in the statements of the exercises on positions, and what follows from them at once."""

from __future__ import annotations

from math import log

import numpy as np

T, F = True, False
COUNTED = [[i] * 4 for i in range(9)]

TOLD = {
    "add_positions": [(([[[1, 1, 1, 1]]], COUNTED, 7), [[[9, 9, 9, 9]]]),
                      (([[[1, 1, 1, 1], [0, 0, 0, 0]]], COUNTED, 0), [[[2, 2, 2, 2], [1, 1, 1, 1]]])],
    "alibi": [((8, (2,), (0,)), [[[-1 * 2.0**-head]] for head in range(8)]),
              ((1, (3,), (3, 259)), [[[0, -1]]])],
    "banded_speeds": [(([2.5 * 2 * np.pi / 100], 8, 100, 1, 4), [2.5 * 2 * np.pi / 100 * (0.5 + 0.5 / 8)]),
                      (([8 * np.pi, 2 * np.pi, 1], 2, 1, 1, 4), [8 * np.pi, np.pi, 0.5])],
    "cached_alibi": [(([[0]], [[1], [2]], [[4], [8]], log(3)), [[7]]),
                     (([[5]], [[5]], [[3]], 1), [[3]])],
    "carry_over": [(([[0], [1], [2], [3]], 1), [[0], [2], [1], [3]]),
                   (([[0], [1], [2], [3]], 2), [[0], [1], [2], [3]])],
    "distance_bucket": [(((3, 5, 6, 15, 1000), 8, 16), [3, 4, 5, 7, 7]),
                        (((0, 1, 2, 3, 4), 8, 16), [0, 1, 2, 3, 4])],
    "loss_by_place": [(([[1, 1, 4, 6]], (0, 2, 4)), [1, 5]), (([[1, 2]], (1, 2)), [2])],
    "new_directions": [(([2, 1], 5, 9), [F, T]), (([1], 5, 5), [F])],
    "position_ids": [(([[F, T, T]],), [[0, 0, 1]]), (([[T, T, F]],), [[0, 1, 0]])],
    "rotary": [(([[1, 0]], (1,)), [[0.540, 0.841]]), (([[2, 3]], (0,)), [[2, 3]])],
    "rotary_in_a_picture": [(([[2, 3, 1, 0]], (0,), (1,)), [[2, 3, 0.540, 0.841]]),
                            (([[1, 0, 2, 3]], (1,), (0,)), [[0.540, 0.841, 2, 3]])],
    "shift_rotation": [((2, 1), [[0.540, 0.841], [-0.841, 0.540]]), ((4, 0), np.eye(4).tolist())],
    "sinusoidal": [((2, 4), [[0, 1, 0, 1], [0.841, 0.540, 0.010, 1.000]]), ((1, 6), [[0, 1] * 3])],
    "stretch_table": [(([[0], [10], [20]], 5, 0), [[0], [5], [10], [15], [20]]),
                      (([[7], [0], [3]], 4, 1), [[7], [0], [1], [2], [3]])],
    "table_gradient": [(([[[2]], [[3]]], ((1,), (1,)), 3), [[0], [5], [0]])],
}

EXAMPLES: list[tuple] = [(f"positions.{name}", *case) for name, cases in TOLD.items() for case in cases]
