"""Encoder and decoder of 2014: all of a text in one vector, and the same with a look back."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Shape, chain, join, route

TEXT = (
    "Above, one vector: four encoder states h1 to h4 follow each other, the last one is the vector c, and the decoder states "
    "s1, s2, s3 all get this c and nothing else of the text. Below, looking back: before each word the decoder's last state is "
    "compared with every encoder state; the weights alpha mix them into a context c_t of its own for step t."
)
SHARES = (1.2, 4.2, 2.2, 1.2)  # how thick the line of each weight is


def encoder_decoder() -> Drawing:
    """Encoder and decoder, 2014: one vector for the whole text, and a look back at every state."""
    wide = (Group(2, 2, 636, 152, "One vector for everything"), *_one_vector_wide(50),
            Group(2, 166, 636, 218, "Looking back"), *_back_wide(214))  # fmt: skip
    narrow = (Group(2, 2, 324, 246, "One vector for everything"), *_one_vector_narrow(48),
              Group(2, 260, 324, 330, "Looking back"), *_back_narrow(308))  # fmt: skip
    return Drawing("encoder_decoder", "Encoder and decoder, without and with attention", TEXT, wide, narrow)


def _states(letter: str, x: float, y: float, count: int, w: float, gap: float, kind: str = "plain") -> list[Box]:
    return [Box(x + i * (w + gap), y, w, 40, (f"*{letter}*_{{{i + 1}}}",), kind=kind) for i in range(count)]


def _one_vector_wide(y: float) -> tuple[Shape, ...]:
    h, s = _states("h", 18, y, 4, 50, 22), _states("s", 424, y, 3, 50, 22, "strong")
    c = Box(326, y - 6, 52, 52, ("*c*",), kind="lit", size=17)
    lane = y + 72
    flows = [*chain(*h, c, *s), *(route(c.on("bottom"), (c.cx, lane), (one.cx, lane), one.on("bottom")) for one in s[1:])]
    return (
        *h,
        c,
        *s,
        *flows,
        Label(150, y + 62, "~ encoder: a state for each word"),
        Label(404, y + 88, "~ the same *c* at every step", "start"),
    )


def _one_vector_narrow(y: float) -> tuple[Shape, ...]:
    h, s = _states("h", 22, y, 4, 52, 25), _states("s", 60, y + 136, 3, 52, 25, "strong")
    c = Box(253, y + 60, 52, 52, ("*c*",), kind="lit", size=17)
    lane = y + 86
    flows = [*chain(*h), join(h[3], c), *chain(*s), route(c.on("left"), (s[0].cx, lane), s[0].on("top"))]
    flows += [route(c.on("left"), (one.cx, lane), one.on("top")) for one in s[1:]]
    return (
        *h,
        c,
        *s,
        *flows,
        Label(22, y + 60, "~ encoder: a state for each word", "start"),
        Label(164, y + 188, "~ the same *c* at every step"),
    )


def _back_wide(y: float) -> tuple[Shape, ...]:
    h, last = _states("h", 18, y + 94, 4, 50, 40), Box(452, y + 94, 60, 40, ("*s*_{t−1}",), kind="strong")
    context = Box(18, y - 6, 320, 44, ("*c*_{t} = Σ_{i} *α*_{ti} *h*_{i}",), kind="lit", size=16)
    now, word = Box(452, y - 4, 60, 40, ("*s*_{t}",), kind="strong"), Box(556, y - 4, 60, 40, ("*y*_{t}",))
    flows = [*chain(*h), *(join(one, context, kind="weight", thick=thick) for one, thick in zip(h, SHARES))]
    flows += [join(context, now), join(last, now), join(now, word), join(last, h[3], kind="quiet")]
    labels = [Label(one.cx + 9, y + 66, f"*α*_{{t{i + 1}}}", "start") for i, one in enumerate(h)]
    labels += [
        Label(395, y + 99, "~ compared with"),
        Label(395, y + 131, "~ every *h*_{i}"),
        Label(18, y + 150, "~ the weights of step *t* are computed anew at step *t* + 1", "start"),
    ]
    return (*h, last, context, now, word, *flows, *labels)


def _back_narrow(y: float) -> tuple[Shape, ...]:
    h, context = (
        _states("h", 44, y, 4, 48, 27),
        Box(44, y + 96, 273, 44, ("*c*_{t} = Σ_{i} *α*_{ti} *h*_{i}",), kind="lit", size=16),
    )
    last, now, word = (
        Box(x, y + 182, 60, 40, (name,), kind=kind)
        for x, name, kind in ((44, "*s*_{t−1}", "strong"), (150, "*s*_{t}", "strong"), (256, "*y*_{t}", "plain"))
    )
    flows = [
        *chain(*h),
        *(join(one, context, kind="weight", thick=thick) for one, thick in zip(h, SHARES)),
        *chain(last, now, word),
    ]
    flows += [join(context, now), route(last.on("left"), (18, last.cy), (18, h[0].cy), h[0].on("left"), kind="quiet")]
    labels = [Label(one.cx + 7, y + 68, f"*α*_{{t{i + 1}}}", "start") for i, one in enumerate(h)]
    labels += [Label(164, y + 244, "~ the dotted line: *s*_{t−1} is compared"), Label(164, y + 263, "~ with every *h*_{i}")]
    return (*h, last, context, now, word, *flows, *labels)
