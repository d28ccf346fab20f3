"""The tiny examples in the statements on training."""

from __future__ import annotations

from math import log

TOLD = {
    "architecture.next_merge": [((((7, 4, 4), (4, 7)), (2, 3)), [4, 7, 3])],
    "architecture.source_then_target": [((((5, 6), (7,)), ((8,), (9, 4)), 1, 2, 0), ([[5, 6, 1, 8], [7, 1, 9, 4]], [[-100, -100, 8, 2], [-100, 9, 4, 2]]))],
    "architecture.smoothed_divergence": [(([[[0, 0, 0, 0]]], ((2,),), 0, 0), log(4))],
    "architecture.inverse_root": [((0, 4, 1, 2), [0.5, 1, 0.816, 0.707]), ((2, 2, 1, 2), [0.816, 0.707])],
    "architecture.clip_or_skip": [(([[3, 0]], [4], 1), ([[0.6, 0]], [0.8]))],
    "architecture.orthogonalise": [(([[3, 0], [0, 4]], [[2, -1, 0]]), [[0.984, 0], [0, 1.088]])],
}
EXAMPLES = [(name, *one) for name, told in TOLD.items() for one in told]
