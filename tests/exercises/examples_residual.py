"""The tiny examples in the statements on the feed-forward network and the residual stream."""

from __future__ import annotations


def same(x):
    return x


TOLD = {
    "architecture.packed_gated": [(([[2]], [[-1, 3]], [[1]], 5), [[-1.192]])],
    "architecture.gated_width": [((4, 16, 2, False), 10)],
    "architecture.memory_credit": [(([[1, 2]], [[1, 0], [0, -1]], [0, 0], [[3, 0], [5, 5]], [[1, 1], [2, 0]], (1,)), [[6, 0]])],
    "architecture.parallel_block": [(([[3, 3]], same, same, [1, 2], 0), [[5, 7]])],
    "architecture.direct_effects": [(([[[3, 0]], [[0, 4]]], [[1, 0], [0, 1]], [1, 1], 0, 0, 1), [[0.849], [-1.131]])],
    "architecture.attend_to_blocks": [(([[1, 1], [2, 0], [0, 2], [4, 0]], [0, 0], 2), [2.333, 1])],
    "architecture.composite_gain": [(([[[1, 2], [0, 1]], [[1, 0], [-1, 1]]],), (3, 3))],
}
EXAMPLES = [(name, *one) for name, told in TOLD.items() for one in told]
