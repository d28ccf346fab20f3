"""The tiny examples in the statements of the exercises on BERT."""

from __future__ import annotations

import numpy as np

EXAMPLES: list[tuple] = [(f"variants.{name}", arguments, result) for name, arguments, result in [
    ("masked_gradient", ([[[0, 0, 0], [5, 1, 1]]], ((2, 0),)), [[[0.333, 0.333, -0.667], [0, 0, 0]]]),
    ("whole_word_mask", ((7, 8, 9), [True, False, True], [0.1, 0.5], [0.3, 0.3], (5, 5, 6), 4), ([4, 4, 9], [7, 8, 0])),
    ("pair_input", ((5, 6, 7), (8,), 6, 1, 2), ([1, 5, 6, 2, 8, 2], [0, 0, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1])),
    ("pseudo_likelihood", (lambda ids: np.zeros((len(ids), 4)), (2, 1, 3, 3), 0), -2.7726),
]]
