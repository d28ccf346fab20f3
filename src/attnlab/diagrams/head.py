"""One head of attention as a flow of shapes; and whose tokens ask and answer."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Shape, chain, join, matrix, pill, route

STEPS = ("project", "score", "scale", "mask", "normalise", "mix")
SCORES = (("w2", "w3", "w1", "w2"), ("w1", "w2", "w3", "w1"), ("w3", "w1", "w2", "w2"), ("w2", "w2", "w1", "w3"))
SEEN = tuple(tuple(kind if j <= i else "" for j, kind in enumerate(row)) for i, row in enumerate(SCORES))
WEIGHTS = (("w4", "", "", ""), ("w2", "w3", "", ""), ("w3", "w1", "w2", ""), ("w2", "w2", "w1", "w3"))
GRIDS = (SCORES, SCORES, SEEN, WEIGHTS)
FORMULAS = (("*S* = *Q* *K*^{⊤}", "~ *n* × *n*"), ("*S* / √*d*_{k}", "~ *n* × *n*"), ("hidden: −∞", "~ *n* × *n*"),
            ("*A* = softmax", "~ *n* × *n*"))  # fmt: skip
HEAD = (
    "The tokens X, n rows, are projected to queries Q, keys K and values V. Queries and keys give the scores, an n by n table: "
    "Q times K transposed. It is divided by the root of d_k, forbidden places are masked with minus infinity, softmax turns "
    "each row into weights A, and the weights mix the values: O = A V, again one row a token."
)


def attention_head(here: str = "") -> Drawing:
    """One head of attention: X -> Q, K, V -> scores -> weights -> O, with the shapes. `here` lights one of the six steps.

    Errors: ValueError unless `here` is a step's name: project, score, scale, mask, normalise, mix.
    """
    if here and here not in STEPS:
        raise ValueError(f"here must be one of {', '.join(STEPS)}, got {here!r}")
    title = f"One attention head, at the step “{here}”" if here else "One attention head"
    return Drawing("attention_head", title, HEAD, _head_wide(here), _head_narrow(here))


def _step(step: str, here: str, cx: float, y: float) -> Box:
    return pill(cx, y, step, kind="lit" if step == here else "plain")


def _head_wide(here: str) -> tuple[Shape, ...]:
    at = dict(zip(STEPS, (152, 238, 332, 426, 520, 604)))
    x = matrix(46, 136, 4, 5)
    q, k, v = (matrix(152, y, 4, 3, kind=kind) for kind, y in zip("qkv", (50, 136, 222)))
    grids = [matrix(at[step], 93, 4, 4, kind="weight", cells=cells) for step, cells in zip(STEPS[1:], GRIDS)]
    o = matrix(604, 93, 4, 3, kind="v")
    flows = [route(x.on("right"), (95, x.cy), (95, one.cy), one.on("left"), kind=kind) for one, kind in ((q, "q"), (v, "v"))]
    flows += [join(x, k, kind="k"), route(q.on("right"), (192, q.cy), (192, 113), grids[0].on("left", 113), kind="q")]
    flows += [route(k.on("right"), (192, k.cy), (192, 133), grids[0].on("left", 133), kind="k"), *chain(*grids, o)]
    flows += [route(v.on("right"), (604, v.cy), o.on("bottom"), kind="v")]
    pills = [_step(step, here, at[step], 6) for step in STEPS]
    return (x, q, k, v, *grids, o, *flows, *pills, *_head_labels(at, q, k, v))


def _head_labels(at: dict[str, float], q, k, v) -> list[Label]:
    labels = [Label(46, 210, "*X*"), Label(46, 230, "~ *n* × *d*_{model}")]
    labels += [Label(113, one.cy - 16, f"*W*_{{{name}}}") for one, name in ((q, "Q"), (k, "K"), (v, "V"))]
    labels += [
        Label(152, one.bottom + 13, f"*{name}*: *n* × *d*_{{{low}}}")
        for one, name, low in ((q, "Q", "k"), (k, "K", "k"), (v, "V", "v"))
    ]
    labels += [Label(at[step], 62, lines[0]) for step, lines in zip(STEPS[1:], FORMULAS)]
    labels += [Label(at[step], 81, "~ *n* × *n*") for step in STEPS[1:5]]
    return labels + [Label(604, 62, "*O* = *A* *V*"), Label(604, 80, "~ *n* × *d*_{v}")]


def _head_narrow(here: str) -> tuple[Shape, ...]:
    x = Box(121, 4, 136, 34, ("*X*: *n* × *d*_{model}",))
    q, k, v = (Box(left, 92, 70, 52, (f"*{name}*", f"~ *n* × *d*_{{{low}}}"), kind=name.lower())
               for left, name, low in ((76, "Q", "k"), (155, "K", "k"), (234, "V", "v")))  # fmt: skip
    tops = (172, 258, 344, 430)
    grids = [matrix(150, y, 4, 4, kind="weight", cells=cells) for y, cells in zip(tops, GRIDS)]
    o = Box(106, 516, 88, 52, ("*O* = *A* *V*", "~ *n* × *d*_{v}"), kind="v")
    flows = [route(x.on("bottom"), (189, 62), (one.cx, 62), one.on("top"), kind=kind) for one, kind in ((q, "q"), (v, "v"))]
    flows += [join(x, k, at=189, kind="k"), join(q, grids[0], kind="q"), join(k, grids[0], kind="k"), *chain(*grids, o)]
    flows += [route(v.on("bottom", 294), (294, o.cy), o.on("right"), kind="v")]
    labels = [Label(one.cx + 19, 77, f"*W*_{{{name}}}") for one, name in ((q, "Q"), (k, "K"), (v, "V"))]
    for top, (formula, shape) in zip(tops, FORMULAS):
        labels += [Label(190, top + 20, formula, "start"), Label(190, top + 41, shape, "start")]
    pills = [_step(step, here, 47, y - 13) for step, y in zip(STEPS, (62, 202, 288, 374, 460, 542))]
    return (x, q, k, v, *grids, o, *flows, *pills, *labels)


CROSS = (
    "Self-attention: three tokens X give queries, keys and values alike, so the weights are 3 by 3 and every token looks at the"
    " same text. Cross-attention: two tokens X ask, the keys and values come from three other tokens Y, so the weights are 2 by"
    " 3. The output has one row for each query in both."
)


def self_or_cross() -> Drawing:
    """Self-attention beside cross-attention: whose queries, whose keys and values."""
    wide = (*_panel(2, 2, False), *_panel(326, 2, True))
    narrow = (*_panel(8, 2, False), *_panel(8, 398, True))
    return Drawing("self_or_cross", "Self-attention and cross-attention", CROSS, wide, narrow)


def _panel(x: float, y: float, cross: bool) -> tuple[Shape, ...]:
    frame = Group(x, y, 312, 380, "Cross-attention" if cross else "Self-attention")
    rows = 2 if cross else 3
    asks = matrix(x + (64 if cross else 156), y + 62, rows, 4)
    tells = matrix(x + 204, y + 62, 3, 4, kind="strong") if cross else asks
    q, k, v = (Box(x + left, y + 158, 76, 52, (f"*{name}*", f"~ {n} × *d*"), kind=name.lower())
               for left, name, n in ((26, "Q", rows), (118, "K", 3), (210, "V", 3)))  # fmt: skip
    weights = matrix(
        x + 110, y + 242, rows, 3, 18, kind="weight", cells=(("w3", "w1", "w2"), ("w1", "w2", "w3"), ("w2", "w3", "w1"))[:rows]
    )
    o = Box(x + 66, y + 320, 88, 44, (f"*O*: {rows} × *d*",), kind="v")
    turn = y + 134
    flows = [join(asks, q, kind="q") if cross else route(asks.on("bottom"), (asks.cx, turn), (q.cx, turn), q.on("top"), kind="q")]
    flows += [route(tells.on("bottom"), (tells.cx, turn), (one.cx, turn), one.on("top"), kind=one.kind) for one in (k, v)] if cross else [
        join(asks, k, kind="k"), route(asks.on("bottom"), (asks.cx, turn), (v.cx, turn), v.on("top"), kind="v")]  # fmt: skip
    flows += [
        join(q, weights, kind="q"),
        join(k, weights, kind="k"),
        join(weights, o),
        route(v.on("bottom"), (v.cx, o.cy), o.on("right"), kind="v"),
    ]
    labels = [Label(asks.cx, y + 48, f"*X*: {rows} tokens")] + ([Label(tells.cx, y + 48, "*Y*: 3 tokens")] if cross else [])
    labels += [Label(weights.right + 6, weights.cy, f"~ weights {rows} × 3", "start")]
    return (frame, asks, *([tells] if cross else []), q, k, v, weights, o, *flows, *labels)
