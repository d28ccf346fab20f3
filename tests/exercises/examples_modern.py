"""The tiny examples in the statements on modern decoders and of the mixed problems of the part."""

from __future__ import annotations

import numpy as np


def zeros(x, *_):
    return 0 * np.asarray(x)


def same(x, *_):
    return np.asarray(x)


_NONE = [[0, 0], [0, 0]]
TOLD = {
    "variants.deepest_decoder": [((100, 3, 2, 1, 1, 2, 4, True), 2)],
    "variants.centred_stream": [(([[1, 3]], [[0, 0]], [0, 0], [[0, 0]], [0, 0]), ([[-1, 1]], [[0, 0]], [0, 0], [[0, 0]], [0, 0]))],
    "variants.llama_step": [(([1, 2], [[[1, 1]]], [[[2, 2]]], _NONE, _NONE, _NONE, _NONE, zeros, same, zeros), ([1, 2], [[[1, 1], [0, 0]]], [[[2, 2], [0, 0]]]))],
    "variants.fused_groups": [(([[5], [6], [7], [8]], 2, 1), ([[5, 6]], [[7]], [[8]]))],
    "variants.pattern_for_a_budget": [((2, 3, 5, 6), "LL"), ((2, 3, 5, 5), "none")],
}
EXAMPLES = [(name, *one) for name, told in TOLD.items() for one in told]
