"""The tiny examples of the exercises about training and about one's own model."""

from __future__ import annotations

import numpy as np

from attnlab.reference import attention, heads

T, F = True, False


def as_it_is(role, rows):
    return rows


def added(pieces):
    return sum(pieces.values())


EXAMPLES = [
    ("architecture.verdict_over_seeds", ([0.99, 0.97, 0.98], [0.95, 0.96]), "worse"),
    ("architecture.verdict_over_seeds", ([0.99, 0.97, 0.98], [0.90, 0.97]), "open"),
    ("architecture.which_piece", (added, {"a": 1, "b": 2, "c": 3}, {"c": 3, "a": 0}), [F, T]),
    ("architecture.three_masks", ([[7, 0]], [[1, 5]], 0), ([[[T, F], [T, F]]], [[[T, F], [T, T]]], [[[T, F], [T, F]]])),
    ("architecture.wire_attention", ([[1, 2], [3, 4], [0, 9]], [[5, 6]], np.ones((3, 1), dtype=bool), 1, as_it_is, heads.split_heads, attention, heads.merge_heads),
     [[5, 6]] * 3),
]
