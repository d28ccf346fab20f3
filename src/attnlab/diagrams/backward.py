"""What flows back through attention."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, join, route

TEXT = (
    "The steps of attention in reverse. The gradient of the loss with respect to the output O goes two ways: to the values, as "
    "A transposed times it, and to the weights, as it times V transposed. Through softmax the gradient of the weights becomes "
    "that of the scores. From there it goes to the queries, times K, and to the keys, transposed times Q, both divided by the "
    "root of d_k. Where the tokens made all three, their gradients are added."
)
LINES = {
    "X": ("!X!", "~ three parts, added"), "Q": ("!Q!", "~ !S! *K* / √*d*_{k}"), "K": ("!K!", "~ !S!^{⊤}*Q* / √*d*_{k}"),
    "V": ("!V!", "~ *A*^{⊤} !O!"), "S": ("!S!", "~ softmax, back"), "A": ("!A!", "~ !O! *V*^{⊤}"), "O": ("!O!", "~ from the loss"),
}  # fmt: skip


def backward_flow() -> Drawing:
    """The gradient on its way back through attention, from the output to queries, keys, values and tokens."""
    return Drawing("backward_flow", "What flows back through attention", TEXT, _wide(), _narrow())


def _box(name: str, x: float, y: float, w: float) -> Box:
    return Box(x, y, w, 60, LINES[name], kind=name.lower() if name in "QKV" else "weight" if name in "SA" else "plain")


def _wide() -> tuple[Shape, ...]:
    x = Box(2, 86, 84, 60, ("!X!", "~ all added"))
    q, k, v = (_box(name, 128, y, 120) for name, y in zip("QKV", (2, 86, 170)))
    s, a, o = _box("S", 290, 44, 116), _box("A", 436, 44, 84), _box("O", 550, 44, 88)
    o = Box(550, 44, 88, 60, ("!O!", "~ from loss"))
    flows = [join(o, a), join(a, s), join(k, x, kind="k"), route(o.on("bottom"), (o.cx, v.cy), v.on("right"), kind="v")]
    flows += [
        route(s.on("left", s.cy + dy), (268, s.cy + dy), (268, one.cy), one.on("right"), kind=one.kind)
        for one, dy in ((q, -10), (k, 10))
    ]
    flows += [
        route(one.on("left"), (106, one.cy), (106, x.cy + dy), x.on("right", x.cy + dy), kind=one.kind)
        for one, dy in ((q, -14), (v, 14))
    ]
    return (x, q, k, v, s, a, o, *flows, Label(448, 222, "~ a bar: the gradient of the loss with respect to it"))


def _narrow() -> tuple[Shape, ...]:
    o, a, s = _box("O", 30, 4, 124), _box("A", 30, 96, 124), _box("S", 30, 188, 124)
    q, k, v = (Box(x, 282, 102, 60, LINES[name], kind=name.lower()) for name, x in zip("QKV", (2, 113, 224)))
    x = Box(83, 376, 162, 60, LINES["X"])
    flows = [
        join(o, a),
        join(a, s),
        join(s, q, at=67, kind="q"),
        join(s, k, at=134, kind="k"),
        route(o.on("right"), (v.cx, o.cy), v.on("top"), kind="v"),
    ]
    flows += [join(q, x, at=94, kind="q"), join(k, x, kind="k"), join(v, x, at=234.5, kind="v")]
    return (o, a, s, q, k, v, x, *flows, Label(164, 454, "~ a bar: the gradient of the loss"))
