"""The tiny examples in the statements on what a transformer is and on tokens."""

from __future__ import annotations

from math import log

import numpy as np


def one_larger(ids):
    return np.eye(20)[np.asarray(ids) + 1]


def zeros(x):
    return 0 * np.asarray(x)


TOLD = {
    "start.continue_text": [((one_larger, (3,), 6, 9), [3, 4, 5, 6]), ((one_larger, (3,), 6, 2), [3, 4, 5])],
    "start.post_norm_block": [(([[1, 3]], zeros, zeros, 0), [[-1, 1]])],
    "start.count_parameters": [((1, 1, 1, 1, 1), 20)],
    "start.nearest_rows": [(([[1, 0], [9, 9], [2, 1]], 0, 2), [2, 1])],
    "start.apply_merges": [(([0, 1, 2, 1, 2, 1], ((1, 2), (3, 1)), 3), [0, 3, 4])],
    "start.next_token_loss": [(([[[0, 0, -500]] * 3], ((0, 1, 2),), 2), log(2))],
}
EXAMPLES = [(name, *one) for name, told in TOLD.items() for one in told]
