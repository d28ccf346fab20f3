"""A token and the experts it is sent to."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, chain, join, route

TEXT = (
    "The row of one token goes to the router, which gives each of four experts a score and sends the row to the two best, the first and "
    "the third. These two compute, the other two do nothing for this token. Their results are multiplied by 0.7 and 0.3 and added. "
    "The next token may be sent to other experts."
)
ENDS = (("# token", "~ one row"), ("# routing", "~ a score an expert"), ("# weighted sum", "~ one row"))
WEIGHTS = {0: "0.7", 2: "0.3"}


def routed_experts() -> Drawing:
    """A token, a router and four experts: two are chosen, weighted and added."""
    return Drawing("routed_experts", "Two of four experts compute this token", TEXT, _wide(), _narrow())


def _expert(number: int, x: float, y: float, w: float) -> Box:
    lines = (f"# expert {number + 1}", "~ runs" if number in WEIGHTS else "~ idle")
    return Box(x, y, w, 46, lines, kind="weight" if number in WEIGHTS else "quiet")


def _wide() -> tuple[Shape, ...]:
    token, router = Box(2, 118, 82, 56, ENDS[0]), Box(112, 118, 142, 56, ENDS[1], kind="strong")
    experts = [_expert(number, 316, 8 + 64 * number, 104) for number in range(4)]
    total = Box(504, 118, 134, 56, ENDS[2])
    flows = [
        *chain(token, router),
        route(router.on("right", 134), (285, 134), (285, experts[0].cy), experts[0].on("left"), kind="weight"),
        route(router.on("right", experts[2].cy), experts[2].on("left"), kind="weight"),
        route(experts[0].on("right"), (462, experts[0].cy), (462, 134), total.on("left", 134), kind="weight"),
        route(experts[2].on("right"), total.on("left", experts[2].cy), kind="weight"),
    ]
    labels = [Label(441, experts[0].cy - 14, WEIGHTS[0]), Label(441, experts[2].cy + 16, WEIGHTS[2])]
    return (token, router, *experts, total, *flows, *labels)


def _narrow() -> tuple[Shape, ...]:
    token, router = Box(104, 4, 120, 50, ENDS[0]), Box(4, 78, 320, 50, ENDS[1], kind="strong")
    experts = []
    for number in range(4):
        box = _expert(number, 4 + 82 * number, 160, 74)
        experts.append(Box(box.x, box.y, box.w, box.h, box.lines, kind=box.kind, size=13))
    total = Box(4, 246, 320, 50, ENDS[2])
    flows = [join(token, router)]
    flows += [join(router, experts[number], kind="weight") for number in WEIGHTS]
    flows += [join(experts[number], total, kind="weight") for number in WEIGHTS]
    labels = [Label(experts[number].cx + 8, 226, weight, "start") for number, weight in WEIGHTS.items()]
    return (token, router, *experts, total, *flows, *labels)
