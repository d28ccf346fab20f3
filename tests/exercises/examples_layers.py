"""The tiny examples in the statements on normalisation."""

from __future__ import annotations

import numpy as np


def halves(x):
    return np.asarray(x) / 2


def same(x):
    return np.asarray(x)


TOLD = {
    "architecture.qk_norm_scores": [(([[[3, 4]]], [[[0, 2]]], [1, 1], [1, 1], 0), [[[1.131]]])],
    "architecture.layer_norm_gradient": [(([[1, 3, 5]], [[1, 0, 0]], [1, 1, 1], 0), [[0.102, -0.204, 0.102]])],
    "architecture.fold_norm": [(([2, 3], [1, 0], [[1], [10]], [5]), ([[2], [30]], [6]))],
    "architecture.norm_on_both_sides": [(([[16]], same, same, halves, halves), [[25]])],
}
EXAMPLES = [(name, *one) for name, told in TOLD.items() for one in told]
