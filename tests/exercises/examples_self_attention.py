"""The tiny examples in the statements of the exercises on self-attention."""

from __future__ import annotations

import numpy as np

INF = float("inf")
HALF = [[1.0, 0.0], [1.0, 0.0]]


def causal(q, k, v):
    """Attention that returns the last value everywhere: the example of the leak."""
    return np.zeros_like(q) + v[-1]


EXAMPLES: list[tuple] = [
    (f"self_attention.{name}", arguments, result) for name, arguments, result in [
        ("softmax", ([0, 0], 1), [0.5, 0.5]),
        ("softmax", ([0, 1], 1), [0.269, 0.731]),
        ("softmax", ([0, 1],), [0.269, 0.731]),
        ("softmax", ([1000, 1001], 1), [0.269, 0.731]),
        ("scaled_dot_product", ([[0, 0]], [[7, 1], [2, 3]], [[3], [6]], 0), [[3]]),
        ("scaled_dot_product", ([[0, 0]], [[7, 1], [2, 3]], [[3], [6]], -1000), [[4.5]]),
        ("self_attention", ([[1, 2], [3, 4]], [[0, 0, 1, 2, 1, 0], [0, 0, 3, 4, 0, 1]], 2), [[2, 3], [2, 3]]),
        ("self_attention", ([[1, 2], [3, 4]], [[0, 1, 1, 0], [0, 2, 0, 1]], 1), [[2, 3], [2, 3]]),
        ("masked_attention", ([[0, 0]], [[1, 1]] * 3, [[1], [2], [6]], [[True, True, False]]), [[1.5]]),
        ("masked_attention", ([[0, 0]], [[1, 1]] * 3, [[1], [2], [6]], [[False, False, False]]), [[0]]),
        ("causal_mask", (2, 4), [[True, True, True, False], [True, True, True, True]]),
        ("window_mask", (3, 3, 2), [[True, False, False], [True, True, False], [False, True, True]]),
        ("padding_mask", ((1, 3), 3), [[[True, False, False]], [[True, True, True]]]),
        ("prefix_mask", (3, 2), [[True, True, False], [True, True, False], [True, True, True]]),
        ("translate_mask", ([[0.0, -0.5, -INF]], "added"), [[True, True, False]]),
        ("translate_mask", (((1, 0),), "ones are real"), [[[[True, False]]]]),
        ("attention_dropout", ([[0.5, 0.5]], [[1], [7]], [[True, False]], 0.5, [[3]]), ([[6, 0]], [[3], [0]])),
        ("attention_dropout", ([[1, 0]], [[1], [7]], [[True, True]], 0, [[2]]), ([[2, 14]], [[2], [0]])),
        ("graph_attention", ([[1, 2], [3, 4]], [[1, 0], [0, 1]], [[0, 0], [0, 0]], [[True, True], [False, True]]),
         [[2, 3], [3, 4]]),
        ("masked_entropy", ([[0.5, 0.5, 0]], [[True, True, False]]), [1]),
        ("masked_entropy", ([[1, 0, 0]], [[True, False, False]]), [0]),
        ("masked_entropy", ([[1, 0, 0]], [[True, True, True]]), [0]),
        ("offset_score", ([[0.9, 0.1], [0.6, 0.4]], -1), 0.6),
        ("offset_score", ([[0.9, 0.1], [0.6, 0.4]], 1), 0.1),
        ("offset_score", ([[1, 0], [1, 0]], -1), 1),
        ("rollout", ([[HALF]],), [[1, 0], [0.5, 0.5]]),
        ("rollout", ([[[[1, 0], [1, 0]]]],), [[1, 0], [0.5, 0.5]]),
        ("reach", ([[False, False, False], [True, False, False], [False, True, False]], 1),
         [[True, False, False], [True, True, False], [False, True, True]]),
        ("reach", ([[False, False, False], [True, False, False], [False, True, False]], 2),
         [[True, False, False], [True, True, False], [True, True, True]]),
        ("score_variance", (4, 1, 1), 0.5),
        ("without_one_key", ([[0.5, 0.3, 0.2]], [[10], [0], [5]], 0), [[2]]),
        ("dilated_mask", (3, 3, 2), [[True, False, False], [False, True, False], [True, False, True]]),
        ("dilated_mask", (3, 2, 1), [[True, False, False], [True, True, False], [False, True, True]]),
        ("message_passing", ([[1, 0]] * 3, [[5, 1]] * 3, [[1], [2], [3]], (0,), (2,)), [[3], [0], [0]]),
        ("cross_attention", ([[[1, 2], [0, 5]]], [[[3, 4], [9, 9]]], (1,), [[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1], [1]]),
         [[[7], [7]]]),
        ("picture_mask", ((0, 1, 1, 2, 2), 2, 3), [[False] * 6, [True] * 3 + [False] * 3, [True] * 3 + [False] * 3,
                                                   [False] * 3 + [True] * 3, [False] * 3 + [True] * 3]),
        ("source_gradient", ([[1, 2], [0, 5]], [[3, 4]], [[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1], [2]], [[3], [4]]),
         ([[0, 0], [0, 0]], [[7, 14]])),
        ("joined_attention", ([[0, 0], [0, 0]], [[1, 2], [3, 4]], [[2], [4]], [[5, 5]], [[6]]), [[4], [4]]),
        ("future_leak", (causal, [[0, 0]] * 3, [[0, 0]] * 3, [[1, 1]] * 3, 1, [[1, 1], [5, -9], [2, -4]]), 4),
        ("neighbour_gap", (lambda x, lengths: x + 1.0, [[[1, 2], [3, 4], [0, 0]], [[1, 2], [3, 4], [5, 6]]], (2, 3)), [0, 0]),
    ]
]
