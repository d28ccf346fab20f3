"""The two stacks of 2017, encoder and decoder: together, and each with what its sublayers do."""

from __future__ import annotations

from dataclasses import replace

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Framed, Group, Label, Shape, chain, join, route
from attnlab.diagrams._words import SMALL

BOTH = (
    "The model of 2017. On the left the encoder: the source, as rows with positions added, passes N blocks of self-attention and "
    "feed-forward network; each of the two is added to what went in, and the sum is normalised. What comes out, the memory, has one row "
    "for each source token. On the right the decoder: the target, shifted right by one, passes N blocks of causal self-attention, "
    "cross-attention to the memory, and feed-forward network, each added and normalised. Its rows become logits, one row for each "
    "next token."
)
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
    "logits": "book/architecture/decoding",
    "positions": "book/positions/overview",
    "source": "book/start/tokens_and_embeddings",
    "target,": "book/architecture/decoder#shifted-right",
}
SELF, CAUSAL, CROSS, FEED = ("self-", "attention"), ("causal self-", "attention"), ("cross-", "attention"), ("feed-forward",)
GAP, LANE = 16, 16


def two_stacks() -> Drawing:
    """Encoder and decoder side by side; a box with a page of its own is a link to it."""
    return Drawing("two_stacks", "Encoder and decoder of 2017", BOTH, _both(76, 216, 348, 216), _both(4, 148, 176, 148))


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


def _stack(x: float, y: float, w: float, subs: tuple, side: str) -> tuple[Group, list[Framed], list[Shape]]:
    """A block as a frame: its boxes from the first to the last, and its arrows; the old rows go by on this side."""
    left, across = x + (LANE + 10 if side == "left" else 6), w - LANE - 16
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
    lane = x + 12 if side == "left" else x + w - 12
    rests = [
        route(dot.on(side), (lane, dot.cy), (lane, norm.cy), norm.on(side), thick=2.4) for dot, norm in zip(boxes[::3], boxes[2::3])
    ]
    return Group(x, y, w, at - GAP + 18 - y), boxes, [*chain(*boxes), *rests]


def _both(x: float, w: float, x2: float, w2: float) -> tuple[Shape, ...]:
    """The two stacks on a common floor; the memory goes from the top of the first to the second attention of the other."""
    head = [_named(x2 + 6, y, w2 - LANE - 16, 34, lines) for y, lines in ((54, ("logits",)), (4, ("next token",)))]
    frame2, dec, rest2 = _stack(x2, 124, w2, (CAUSAL, CROSS, FEED), "right")
    frame1, enc, rest1 = _stack(x, 0, w, (SELF, FEED), "left")
    shift = frame2.bottom - frame1.bottom
    frame1, enc, rest1 = _stack(x, shift, w, (SELF, FEED), "left")
    memory = Box(enc[-1].x, shift - 76, enc[-1].w, 40, ("# memory", "~ a row a token"), "lit", size=SMALL)
    floor = frame2.bottom + 20
    feeds = []
    for boxes, lines in ((enc, ("source",)), (dec, ("target,", "shifted right"))):
        positions = _named(boxes[0].cx - enc[-1].w / 2, floor, enc[-1].w, 34, ("positions",))
        text = _named(positions.x, floor + 50, positions.w, 40, lines)
        feeds += [positions, text, join(text, positions), join(positions, boxes[0])]
    cross = dec[4]
    between = (frame1.right + frame2.left) / 2
    read = route(memory.on("right"), (between, memory.cy), (between, cross.cy), cross.on("left"), thick=2.4)
    out = [join(enc[-1], memory), read, join(dec[-1], head[0]), join(head[0], head[1])]
    times = [Label(frame1.x + 6, frame1.y - 12, "# × *N*", "start", SMALL), Label(frame2.x + 6, frame2.y - 12, "# × *N*", "start", SMALL)]
    return (frame1, frame2, *enc, *dec, *rest1, *rest2, memory, *head, *feeds, *out, *times)


def _one(x: float, w: float, notes: tuple, subs: tuple) -> tuple[Shape, ...]:
    """One stack, and beside each box what it does."""
    frame, boxes, rest = _stack(x, 62, w, subs, "left")
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
