"""The tiny examples in the statements on what changed since."""

from __future__ import annotations

TOLD = {
    "variants.sink_blocks": [(([[[[4]]], [[[8]]]], [[[0]], [[0]]], [0]), [[[4]]])],
    "variants.gate_each_head": [(([[[2]], [[6]]], [[0]], [[5, 7]], [[1], [10]]), [[31]])],
    "variants.ring_positions": [((5, 3), [3, 4, 2])],
}
EXAMPLES = [(name, *one) for name, told in TOLD.items() for one in told]
