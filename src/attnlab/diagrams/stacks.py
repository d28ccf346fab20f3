"""One block of the encoder and one of the decoder of 2017, with what each sublayer does."""

from __future__ import annotations

from dataclasses import replace

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Framed, Group, Label, Shape, chain, join, route
from attnlab.diagrams._words import SMALL

ENCODER = (
    "One encoder block, from below. The rows x, n by d, enter. Self-attention makes of each row an average over all real tokens; "
    "the result is added to x and the sum is normalised. The feed-forward network works on each row alone; again its result is added and "
    "the sum normalised. The rows that leave have the shape of those that entered; after N blocks they are the memory."
)
DECODER = (
    "One decoder block, from below. The rows of the target, shifted right, enter. Causal self-attention lets each row look at itself and "
    "at earlier rows. Cross-attention takes its queries from these rows and its keys and values from the memory, which is the encoder's "
    "output. The feed-forward network works on each row alone. After each of the three comes: add, then normalise. After N blocks row t is "
    "compared with the table and gives the scores of token t."
)
PAGES = {
    "self-": "book/architecture/encoder",
    "causal self-": "book/architecture/decoder",
    "cross-": "book/architecture/cross_attention",
    "feed-forward": "book/architecture/feed_forward",
    "add, norm": "book/architecture/normalisation",
}
SELF, CAUSAL, CROSS, FEED = ("self-", "attention"), ("causal self-", "attention"), ("cross-", "attention"), ("feed-forward",)
GAP, LANE = 16, 16


def encoder_stack() -> Drawing:
    """One encoder block with what each part does."""
    notes = (("~ every token looks at", "~ every real token"), ("~ the old row stays;", "~ the sum is normalised"),
             ("~ each row by itself", "~ *d* → 4*d* → *d*"), ("~ again: add, then norm", ""))  # fmt: skip
    return Drawing("encoder_stack", "One encoder block", ENCODER, _one(120, 180, notes, (SELF, FEED)), _one(2, 142, notes, (SELF, FEED)))


def decoder_stack() -> Drawing:
    """One decoder block with what each part does."""
    notes = (("~ token *t* looks at", "~ tokens 1 to *t*"), ("~ add, then norm", ""),
             ("~ queries: these rows", "~ keys, values: memory"), ("~ add, then norm", ""),
             ("~ each row by itself", ""), ("~ add, then norm", ""))  # fmt: skip
    subs = (CAUSAL, CROSS, FEED)
    return Drawing("decoder_stack", "One decoder block", DECODER, _one(120, 180, notes, subs), _one(2, 142, notes, subs))


def _named(x: float, y: float, w: float, h: float, lines: tuple[str, ...], kind: str = "plain", **rest) -> Box:
    return Box(x, y, w, h, lines, kind, PAGES.get(lines[0].removeprefix("# "), ""), size=SMALL, **rest)


def _stack(x: float, y: float, w: float, subs: tuple) -> tuple[Group, list[Framed], list[Shape]]:
    """A block as a frame: its boxes from the first to the last, and its arrows; the old rows go by on the left."""
    left, across, lane = x + LANE + 10, w - LANE - 16, x + 12
    boxes: list[Framed] = []
    for lines in subs:
        boxes += [
            Box(left + across / 2 - 4, 0, 8, 8, kind="dot", round=4),
            _named(left, 0, across, 42, lines, "weight"),
            _named(left, 0, across, 28, ("add, norm",)),
        ]
    placed, at = [], y + 18
    for one in reversed(boxes):
        placed.append(replace(one, y=at))
        at += one.h + GAP
    boxes = placed[::-1]
    rests = [
        route(dot.on("left"), (lane, dot.cy), (lane, norm.cy), norm.on("left"), thick=2.4) for dot, norm in zip(boxes[::3], boxes[2::3])
    ]
    return Group(x, y, w, at - GAP + 18 - y), boxes, [*chain(*boxes), *rests]


def _one(x: float, w: float, notes: tuple, subs: tuple) -> tuple[Shape, ...]:
    """One stack, and beside each box what it does."""
    frame, boxes, rest = _stack(x, 62, w, subs)
    work = [one for one in boxes if one.kind != "dot"]
    where = frame.right + 14
    labels = []
    for one, lines in zip(work, notes):
        lines = [line for line in lines if line]
        labels += [Label(where, one.cy + 17 * (i - (len(lines) - 1) / 2), line, "start", SMALL) for i, line in enumerate(lines)]
    decoder = subs[0] is CAUSAL
    top = Box(boxes[-1].x, 4, boxes[-1].w, 38, ("# rows", "~ *n* × *d*"), "lit", size=SMALL)
    start = Box(boxes[-1].x, frame.bottom + 20, boxes[-1].w, 38, ("# rows", "~ *n* × *d*"), size=SMALL)
    ends = [Label(where, top.cy, "~ then the logits" if decoder else "~ the memory", "start", SMALL),
            Label(where, start.cy, "~ target, shifted right" if decoder else "~ table + positions", "start", SMALL)]  # fmt: skip
    times = Label(where, frame.y + 10, "# *N* such blocks", "start", SMALL)
    return (frame, *boxes, *rest, *labels, top, start, *ends, times, join(boxes[-1], top), join(start, boxes[0]))
