"""An attention layer with what was put into it since 2017's."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Shape, join, route

TEXT = (
    "One attention layer from top to bottom. The tokens are projected to queries, keys and values. Queries and keys are normalised "
    "by QK-norm and turned by their positions, or not turned in a NoPE layer. They are scored; a soft cap may bound the scores. The "
    "mask hides the future and, in a local layer, what lies outside the window. The softmax has one entry more than there are keys, "
    "the learned sink. Its weights mix the values. The merged heads are multiplied by an output gate, a sigmoid made from the tokens "
    "themselves, and projected. What is new stands in the coloured boxes."
)
STEPS = (
    ("project", "# project", "~ q, k, v", "plain"),
    ("norm", "# QK-norm", "~ lengths of q, k", "weight"),
    ("turn", "# rotate", "~ or not: NoPE layer", "weight"),
    ("score", "# score, scale", "~ soft cap?", "plain"),
    ("mask", "# mask", "~ causal; local or full", "weight"),
    ("softmax", "# normalise", "~ keys and a sink", "weight"),
    ("mix", "# mix, merge", "~ values", "plain"),
    ("gate", "# × gate", "~ sigmoid of x W", "weight"),
    ("output", "# output", "~ projection", "plain"),
)


def layer_since_2017() -> Drawing:
    """The steps of a layer in order, those that are new in colour."""
    return Drawing("layer_since_2017", "An attention layer, and what was put into it", TEXT, _laid(4, 10, 146, 160), _laid(2, 4, 150, 170))


def _laid(columns: int, left: int, width: int, pitch: int) -> tuple[Shape, ...]:
    """Boxes in rows, read like a text, with an arrow from each to the next, and x beside its gate."""
    boxes = [
        Box(left + pitch * (i % columns), 10 + 92 * (i // columns), width, 54, step[1:3], kind=step[3])
        for i, step in enumerate(STEPS)
    ]
    flows: list[Shape] = []
    for a, b in zip(boxes, boxes[1:]):
        if b.top == a.top:
            flows.append(join(a, b))
        else:
            between = a.bottom + 19
            flows.append(route(a.on("bottom"), (a.cx, between), (b.cx, between), b.on("top")))
    return (*boxes, *flows)
