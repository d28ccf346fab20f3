"""T5's training exercise, and the pieces of the small GPT that makes up names."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Shape, chain

SPANS = (
    "Span corruption. Of the text Thank you for inviting me to your party last week, the words for inviting and last are corrupted. The encoder "
    "reads the text with one mark in place of each span: Thank you X me to your party Y week. The decoder writes each mark followed by its span, "
    "and one mark to end: X for inviting Y last Z."
)
TEXTS = (
    (("# text", "~ Thank you for inviting me", "~ to your party last week."), "plain"),
    (("# the encoder reads", "~ Thank you <X> me to", "~ your party <Y> week."), "lit"),
    (("# the decoder writes", "~ <X> for inviting", "~ <Y> last <Z>"), "strong"),
)
PIECES = (
    "The small GPT as a row of pieces. A table turns letters into rows. Each of two blocks: normalise with RMS norm; look, with split heads, rotary, "
    "causal mask, masked attention and merge heads; normalise again; think, with a gated network; what look and think return is added to the rows. "
    "At the end a last RMS norm and the table give logits. Then sampling distribution draws a letter, or next token loss judges."
)
STAGES = (
    ("# enter", "~ table of letters"),
    ("# normalise", "~ RMS norm"),
    ("# look, and add", "~ split heads", "~ rotary, causal mask", "~ masked attention", "~ merge heads"),
    ("# normalise", "~ RMS norm"),
    ("# think, and add", "~ gated network"),
    ("# draw, or be judged", "~ sampling distribution", "~ next token loss"),
)
KINDS = ("plain", "plain", "lit", "plain", "lit", "strong")


def span_corruption() -> Drawing:
    """The paper's example: a text, what the encoder reads, what the decoder writes."""
    return Drawing("span_corruption", "Span corruption", SPANS, _spans_wide(), _spans_narrow())


def namer_pieces() -> Drawing:
    """The small GPT as a row of pieces, most of them the answer to an exercise."""
    return Drawing("namer_pieces", "A small GPT, piece by piece", PIECES, _pieces_wide(), _pieces_narrow())


def _spans_wide() -> tuple[Shape, ...]:
    boxes = [Box(2 + 222 * i, 8, 192, 80, lines, kind=kind) for i, (lines, kind) in enumerate(TEXTS)]
    return (*boxes, *chain(*boxes))


def _spans_narrow() -> tuple[Shape, ...]:
    boxes = [Box(54, 4 + 114 * i, 220, 80, lines, kind=kind) for i, (lines, kind) in enumerate(TEXTS)]
    return (*boxes, *chain(*boxes))


def _pieces_wide() -> tuple[Shape, ...]:
    places = ((2, 8), (230, 8), (458, 8), (458, 160), (230, 160), (2, 160))
    heights = (124, 124, 124, 80, 80, 80)
    boxes = [Box(x, y, 180, h, lines, kind=kind) for (x, y), h, lines, kind in zip(places, heights, STAGES, KINDS)]
    return (*boxes, *chain(*boxes))


def _pieces_narrow() -> tuple[Shape, ...]:
    boxes, y = [], 4.0
    for lines, kind in zip(STAGES, KINDS):
        height = 22.0 * len(lines) + 12
        boxes.append(Box(64, y, 200, height, lines, kind=kind))
        y += height + 30
    return (*boxes, *chain(*boxes))
