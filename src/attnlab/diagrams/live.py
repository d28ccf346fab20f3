"""A published model at work in a page: its file, the worker that runs it, and what the page asks and is told."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Label, Shape, chain, route

TEXT = (
    "How a language model runs in a page. Its file, 98 megabytes at 4 or 8 bits a weight, is fetched from the site once and kept by the browser. "
    "A worker, a second thread, holds it in memory as it is, in blocks, and runs tokenizer and 30 layers, one token at a time. The page sends it "
    "a text and what is to be changed; the worker answers with what comes next, every head's weights, and the loss of each token."
)
STAGES = (
    (("# file on the site", "~ 98 MB, in blocks", "~ of 4 or 8 bits"), "plain"),
    (("# browser's store", "~ kept for the", "~ next visit"), "plain"),
    (("# worker", "~ tokenizer, layers,", "~ a token at a time"), "lit"),
    (("# page", "~ words, weights,", "~ losses"), "strong"),
)


def model_in_a_page() -> Drawing:
    """From the file on the site to the words in the page, and back with the next question."""
    return Drawing("model_in_a_page", "A language model in a page", TEXT, _wide(), _narrow())


def _wide() -> tuple[Shape, ...]:
    boxes = [Box(2 + 163 * i, 8, 147, 84, lines, kind=kind) for i, (lines, kind) in enumerate(STAGES)]
    worker, page = boxes[2:]
    back = route(page.on("bottom"), (page.cx, 124), (worker.cx, 124), worker.on("bottom"))
    return (*boxes, *chain(*boxes), back, Label((worker.cx + page.cx) / 2, 144, "~ a text, and what is changed"))


def _narrow() -> tuple[Shape, ...]:
    boxes = [Box(64, 4 + 114 * i, 184, 84, lines, kind=kind) for i, (lines, kind) in enumerate(STAGES)]
    worker, page = boxes[2:]
    back = route(page.on("right"), (276, page.cy), (276, worker.cy), worker.on("right"))
    return (*boxes, *chain(*boxes), back, Label(200, page.bottom + 20, "~ back: a text, and what is changed"))
