"""The variants: which model came from which half, and what lies between GPT-2 and Llama."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Arrow, Box, Group, Label, Shape, chain, join, route
from attnlab.diagrams._words import SMALL

TREE = (
    "The transformer of 2017 has an encoder and a decoder. Three branches: the encoder alone became BERT in 2018, which guesses "
    "hidden words, and ViT in 2020, which reads patches of an image. Both halves together became T5 in 2019, text in and text out. "
    "The decoder alone became GPT in 2018, which says what comes next; with other parts Llama in 2023; in mixtures of experts, such as "
    "Mixtral in 2023, part of each block is used for a token; what changed since, up to 2025, is above all what is kept of the past."
)
BRANCHES = (
    ("encoder alone", (("# BERT", "~ 2018: hidden words", "book/variants/bert"), ("# ViT", "~ 2020: patches", "book/variants/vit"))),
    ("both halves", (("# T5", "~ 2019: text to text", "book/variants/t5"),)),
    ("decoder alone", (("# GPT", "~ 2018: what comes next", "book/variants/gpt"), ("# Llama", "~ 2023: other parts", "book/variants/modern_decoders"),
                       ("# experts", "~ 2023: Mixtral", "book/variants/mixture_of_experts"), ("# since then", "~ 2025: a shorter past", "book/variants/what_changed_since"))),
)  # fmt: skip
BLOCKS = (
    "Two blocks, from top to bottom. GPT-2: tokens plus learned positions, LayerNorm, attention with biases, added to what went in; LayerNorm, "
    "a feed-forward network of two matrices with GELU and biases, added. Llama: tokens alone, RMSNorm, attention with turned queries and keys "
    "and fewer heads of keys and values, without biases, added; RMSNorm, a gated network of three matrices, added. Order and sums are the same."
)
GPT_2 = (("# tokens", "~ + positions"), ("# LayerNorm",), ("# attention", "~ with biases"), ("+",), ("# LayerNorm",), ("# GELU", "~ two matrices"), ("+",))
LLAMA = (("# tokens", "~ alone"), ("# RMSNorm",), ("# attention", "~ turned, shared"), ("+",), ("# RMSNorm",), ("# SwiGLU", "~ three matrices"), ("+",))
BETWEEN = ("~ positions: turned, not added", "~ no mean, no bias", "~ fewer heads of keys", "", "", "~ a gate, two thirds as wide", "")


def family_tree() -> Drawing:
    """Which variants come from which half of the transformer of 2017; each box leads to its chapter."""
    return Drawing("family_tree", "A family tree of transformers", TREE, _tree_wide(), _tree_narrow())


def gpt2_to_llama() -> Drawing:
    """One block of GPT-2 beside one of Llama: the same order and sums, other parts."""
    return Drawing("gpt2_to_llama", "A block of GPT-2 and a block of Llama", BLOCKS, _blocks_wide(), _blocks_narrow())


def _leaf(x: float, y: float, w: float, leaf: tuple[str, str, str]) -> Box:
    return Box(x, y, w, 46, leaf[:2], "weight", leaf[2], SMALL)


def _tree_wide() -> tuple[Shape, ...]:
    root = Box(210, 4, 220, 46, ("# transformer", "~ 2017: both, to translate"), page="book/architecture/overview", size=SMALL)
    shapes: list[Shape] = [root]
    for i, (name, leaves) in enumerate(BRANCHES):
        x = 8 + 216 * i
        head = Box(x, 92, 192, 30, (name,), "plain", size=SMALL)
        boxes = [_leaf(x, 146 + 70 * j, 192, leaf) for j, leaf in enumerate(leaves)]
        shapes += [head, *boxes, *chain(head, *boxes)]
        if i == 1:
            shapes.append(join(root, head))
        else:
            shapes.append(route(root.on("left" if i == 0 else "right"), (head.cx, root.cy), head.on("top")))
    return tuple(shapes)


def _tree_narrow() -> tuple[Shape, ...]:
    root = Box(34, 4, 260, 46, ("# transformer", "~ 2017: both, to translate"), page="book/architecture/overview", size=SMALL)
    shapes: list[Shape] = [root]
    y = 72.0
    for name, leaves in BRANCHES:
        frame = Group(34, y, 260, 40 + 58 * len(leaves), name)
        boxes = [_leaf(52, y + 32 + 58 * j, 224, leaf) for j, leaf in enumerate(leaves)]
        shapes += [frame, *boxes, *chain(*boxes), route(root.on("left"), (14, root.cy), (14, frame.top + 16), frame.on("left", frame.top + 16))]
        y = frame.bottom + 16
    return tuple(shapes)


def _column(x: float, y: float, w: float, parts: tuple, lane: float, kind: str) -> tuple[list[Box], list[Arrow]]:
    """The boxes of a block from above, and its two residual paths: the first goes by on the right, the second on the left."""
    boxes, at = [], y
    for lines in parts:
        plus = lines == ("+",)
        h = 26 if plus or len(lines) == 1 else 46
        across = 26 if plus else w
        changed = kind if not plus else "plain"
        boxes.append(Box(x + (w - across) / 2, at, across, h, lines, changed, size=SMALL, round=13 if plus else 8))
        at += h + 18
    entry, first, second = boxes[0], boxes[3], boxes[6]
    right, left = x + w + lane, x - lane
    rests = [route(entry.on("right"), (right, entry.cy), (right, first.cy), first.on("right"), thick=2.4),
             route(first.on("left"), (left, first.cy), (left, second.cy), second.on("left"), thick=2.4)]  # fmt: skip
    return boxes, [*chain(*boxes), *rests]


def _blocks_wide() -> tuple[Shape, ...]:
    shapes: list[Shape] = [Label(112, 14, "# GPT-2"), Label(528, 14, "# Llama")]
    left, arrows = _column(32, 32, 160, GPT_2, 18, "plain")
    right, more = _column(448, 32, 160, LLAMA, 18, "weight")
    labels = [Label(320, box.cy, line, size=SMALL) for box, line in zip(left, BETWEEN) if line]
    return (*shapes, *left, *arrows, *right, *more, *labels)


def _blocks_narrow() -> tuple[Shape, ...]:
    shapes: list[Shape] = [Label(82, 14, "# GPT-2"), Label(246, 14, "# Llama")]
    left, arrows = _column(20, 32, 124, GPT_2, 12, "plain")
    right, more = _column(184, 32, 124, LLAMA, 12, "weight")
    return (*shapes, *left, *arrows, *right, *more)
