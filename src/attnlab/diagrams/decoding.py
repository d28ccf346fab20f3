"""Writing as a loop."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, chain, join, route

TEXT = (
    "A loop. The text so far goes through the model, which gives a logit for every token of the vocabulary. Filters change the logits or "
    "remove tokens. One token is chosen, the likeliest or one that is drawn, and appended to the text, which is read again. Keys and "
    "values of the earlier tokens are kept in a cache beside the model. The end mark, or a limit, stops the loop."
)
PARTS = (
    ("# text so far", "~ ids"),
    ("# model", "~ one pass"),
    ("# filters", "~ logits → logits"),
    ("# choose", "~ largest, or drawn"),
)
CACHE = ("# cache", "~ keys, values")


def decoding_loop() -> Drawing:
    """Writing as a loop: text, model, filters, a choice, and back; with a cache beside the model."""
    return Drawing("decoding_loop", "Writing is a loop", TEXT, _wide(), _narrow())


def _wide() -> tuple[Shape, ...]:
    text, model, filters, choose = (Box(2 + 166 * i, 52, 138, 56, lines) for i, lines in enumerate(PARTS))
    cache = Box(168, 164, 138, 56, CACHE, kind="weight")
    flows = [
        *chain(text, model, filters, choose),
        join(cache, model, kind="weight"),
        route(choose.on("top"), (choose.cx, 22), (text.cx, 22), text.on("top")),
    ]
    labels = [
        Label(320, 10, "append the token, and read again, until the end mark"),
        Label(246, 138, "~ read, and one row longer after each pass", "start"),
    ]
    return (text, model, filters, choose, cache, *flows, *labels)


def _narrow() -> tuple[Shape, ...]:
    text, model, filters, choose = (Box(24, 4 + 96 * i, 130, 56, lines) for i, lines in enumerate(PARTS))
    cache = Box(196, 100, 128, 56, CACHE, kind="weight")
    flows = [
        *chain(text, model, filters, choose),
        join(cache, model, kind="weight"),
        route(choose.on("left"), (8, choose.cy), (8, text.cy), text.on("left")),
    ]
    labels = [Label(14, 370, "~ left: append, read again, until the end mark", "start")]
    return (text, model, filters, choose, cache, *flows, *labels)
