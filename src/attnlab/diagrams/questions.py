"""What the chapters on theory ask of one and the same attention."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Shape, chain, join

TEXT = (
    "One model with attention, from left to right: a prompt, keys and values, weights, heads, layers. Each chapter asks of one of these parts. "
    "Of the prompt: how can it teach? (Learning inside a forward pass.) Of keys and values: how much can be looked up? (Key-value memory.) "
    "Of the weights: what do they say of an answer? (Attention as explanation.) Of the heads: which copy? (Circuits.) "
    "Of the layers: which functions have weights? (What a transformer can compute.) The problems ask which condition was left out."
)
PARTS = (("prompt", "plain"), ("keys, values", "k"), ("weights", "weight"), ("heads", "plain"), ("layers", "plain"))
ASKED = (
    (("# Learning inside", "# a forward pass", "~ how can it teach?"), "in_context"),
    (("# Key-value memory", "~ how much can be", "~ looked up?"), "key_value_memory"),
    (("# Attention as", "# explanation?", "~ what do they say?"), "explanation"),
    (("# Circuits", "~ which copy, and how", "~ is it known?"), "circuits"),
    (("# What a transformer", "# can compute", "~ which functions?"), "expressiveness"),
)
LAST = (("# Problems", "~ which condition was left out?"), "problems")


def questions_of_theory() -> Drawing:
    """The parts of a model, and the chapter that asks of each."""
    return Drawing("questions_of_theory", "What the chapters ask of one attention", TEXT, _wide(), _narrow())


def _chapter(x: float, y: float, w: float, chapter: tuple[tuple[str, ...], str], high: float = 78) -> Box:
    return Box(x, y, w, high, chapter[0], kind="strong", page=f"book/theory/{chapter[1]}")


def _wide() -> tuple[Shape, ...]:
    """The parts in a row; chapters above and below in turn."""
    parts = [Box(4 + 131 * i, 122, 108, 44, (name,), kind=kind) for i, (name, kind) in enumerate(PARTS)]
    chapters = [_chapter(x, 206 if i % 2 else 4, w, ASKED[i]) for i, (x, w) in enumerate(zip((4, 94, 222, 356, 440), (190, 190, 196, 190, 196)))]
    return (*parts, *chain(*parts), *chapters, *(join(a, b, at=b.cx) for a, b in zip(chapters, parts)), _chapter(192, 300, 256, LAST, 54))


def _narrow() -> tuple[Shape, ...]:
    parts = [Box(4, 4 + 17 + 96 * i, 108, 44, (name,), kind=kind) for i, (name, kind) in enumerate(PARTS)]
    chapters = [_chapter(136, 4 + 96 * i, 188, chapter) for i, chapter in enumerate(ASKED)]
    return (*parts, *chain(*parts), *chapters, *(join(a, b) for a, b in zip(chapters, parts)), _chapter(4, 492, 320, LAST, 54))
