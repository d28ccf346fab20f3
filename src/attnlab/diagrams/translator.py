"""A translator: what goes in and what is compared while it learns, and which pieces it is put together from."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Shape, chain, join, route

LEARNS = (
    "One step of training a translator. The source, forty three, goes through the encoder, whose states are the memory. The "
    "decoder reads the memory and the right target moved one place to the right: start mark, drei, und, vierzig. It gives "
    "logits at all four places at once, and the loss compares them with the target itself: drei, und, vierzig, end mark."
)
FLOW = (("# source", "~ forty three"), ("# encoder",), ("# decoder",), ("# logits", "~ four places"), ("# loss", "~ one number"))
SHIFTED, TARGET = ("# target, shifted", "~ <start> drei und vierzig"), ("# target", "~ drei und vierzig <end>")

PIECES = (
    "The translator as a row of pieces. Enter: a table of tokens, with the pieces sinusoidal and add positions. Look: the masks "
    "padding mask and causal mask, then split heads, masked attention and merge heads. Add and normalise: layer norm. Think: "
    "feed forward, followed by layer norm again. Write: continue text picks one word after another; next token loss judges. Look, normalise "
    "and think are repeated in every block."
)
STAGES = (
    ("# enter", "~ sinusoidal", "~ add positions"),
    ("# who may look", "~ padding mask", "~ causal mask"),
    ("# look", "~ split heads", "~ masked attention", "~ merge heads"),
    ("# add, normalise", "~ layer norm"),
    ("# think, normalise", "~ feed forward", "~ layer norm"),
    ("# write, or be judged", "~ continue text", "~ next token loss"),
)


def learning_to_translate() -> Drawing:
    """One step of training a translator: source, target moved by one, logits, and the loss against the target."""
    return Drawing("learning_to_translate", "What a translator is shown while it learns", LEARNS, _learns_wide(), _learns_narrow())


def translator_pieces() -> Drawing:
    """A translator as a row of pieces, each of them the answer to an exercise."""
    return Drawing("translator_pieces", "A translator, piece by piece", PIECES, _pieces_wide(), _pieces_narrow())


def _learns_wide() -> tuple[Shape, ...]:
    source, encoder, decoder, logits, loss = (Box(2 + 132 * i, 8, 104, 56, lines) for i, lines in enumerate(FLOW))
    shifted, target = Box(218, 128, 200, 56, SHIFTED, kind="lit"), Box(438, 128, 200, 56, TARGET, kind="strong")
    flows = [*chain(source, encoder, decoder, logits, loss), join(shifted, decoder), route((loss.cx, 128), loss.on("bottom"))]
    return (source, encoder, decoder, logits, loss, shifted, target, *flows)


def _learns_narrow() -> tuple[Shape, ...]:
    source, encoder, decoder, logits, loss = (Box(2, 4 + 88 * i, 108, 56, lines) for i, lines in enumerate(FLOW))
    shifted, target = Box(138, 180, 188, 56, SHIFTED, kind="lit"), Box(138, 356, 188, 56, TARGET, kind="strong")
    flows = [*chain(source, encoder, decoder, logits, loss), join(shifted, decoder), join(target, loss)]
    return (source, encoder, decoder, logits, loss, shifted, target, *flows)


def _pieces_wide() -> tuple[Shape, ...]:
    enter, may, look, add, think, write = (Box(x, y, 180, 92, lines, kind=kind) for (x, y, kind), lines in zip(
        ((2, 8, "plain"), (230, 8, "plain"), (458, 8, "lit"), (458, 148, "plain"), (230, 148, "lit"), (2, 148, "strong")), STAGES))
    flows = chain(enter, may, look, add, think, write)
    return (enter, may, look, add, think, write, *flows)


def _pieces_narrow() -> tuple[Shape, ...]:
    boxes, y = [], 4.0
    for lines, kind in zip(STAGES, ("plain", "plain", "lit", "plain", "lit", "strong")):
        height = 22.0 * len(lines) + 12
        boxes.append(Box(64, y, 200, height, lines, kind=kind))
        y += height + 34
    return (*boxes, *chain(*boxes))
