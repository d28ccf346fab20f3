"""The tiny examples in the statements on cross-attention."""

from __future__ import annotations

TOLD = {
    "architecture.one_memory": [
        (([[[1, 2]]], [[[[9, 9]]], [[[3, 4]]]], (1,), [[[1, 0], [0, 1]]], [[[1, 0], [0, 1]]], [[[1, 0], [0, 1]]], [[[1, 0], [0, 1]]]), [[[4, 6]]]),
    ],
    "architecture.one_source": [
        (([[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [1, 1]], [[[1, 2]], [[5, 7]]], (1, 1), [[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 0], [0, 1]]),
         [[1, 2], [1, 2], [1, 2], [5, 7], [5, 7], [5, 7]]),
    ],
    "architecture.packed_pairs": [
        (((1, 2, 2), (1, 2, 0)), ([[True, False, False], [False, True, False], [False] * 3], [[True, False, False], [False, True, True], [False] * 3])),
    ],
    "architecture.word_times": [(([[0.6, 0.3, 0.1], [0.2, 0.1, 0.7]],), [0, 2])],
}
EXAMPLES = [(name, *one) for name, told in TOLD.items() for one in told]
