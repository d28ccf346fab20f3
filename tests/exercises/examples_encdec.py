"""The tiny examples in the statements of the exercises on encoder and decoder."""

from __future__ import annotations

from collections import UserList

import numpy as np


def zeros(rows, *rest):
    return 0 * np.asarray(rows)


def four_two(rows):
    return np.array([[4, 2]]) + 0 * np.asarray(rows)


def norm(rows):
    rows = np.asarray(rows, dtype=float)
    return rows - rows.mean(axis=-1, keepdims=True)


def own_token(source, target):
    return np.eye(7)[list(target)]


KEEP = [[[True, False]], [[True, True]]]
EXAMPLES: list[tuple] = [
    ("architecture.pre_norm_stack", ([[1, 3]], (), 0), [[-1, 1]]),
    ("architecture.pre_norm_stack", ([[1, 3]], ((zeros, zeros),), 0), [[-1, 1]]),
    ("architecture.block_with_dropout", ([[1, 3]], four_two, zeros, KEEP, 0.5, True, 0), [[1, -1]]),
    ("architecture.embed_texts", ([[1, 0, 0, 0], [0, 1, 0, 0]], [[0, 0, 5, 0], [0, 0, 6, 0]], UserList([[1], [0, 0]])),
     ([[[0, 2, 5, 0], [0, 0, 0, 0]], [[2, 0, 5, 0], [2, 0, 6, 0]]], [[True, False], [True, True]])),
    ("architecture.teacher_pairs", (UserList([[7], [8, 9]]), 1, 2, 0),
     ([[1, 7, 0], [1, 8, 9]], [[7, 2, 0], [8, 9, 2]], [[True, True, False], [True, True, True]])),
    ("architecture.pre_norm_decoder", ([[1, 3]], [[[0, 0]]], [True], ((zeros, zeros, zeros),), norm), [[-1, 1]]),
    ("architecture.examine_decoder", (own_token, UserList([2, 5]), UserList([1, 4, 6]), 7), [False, False, False]),
]
