"""From a published file to a next word: what of it goes where."""

from __future__ import annotations

from attnlab.diagrams._drawing import Drawing
from attnlab.diagrams._shapes import Box, Group, Label, Shape, chain, join, route
from attnlab.diagrams._words import SMALL

TEXT = (
    "One file holds a vocabulary with its merges, some sizes, and 272 tensors. Vocabulary and merges make the tokenizer, which turns a text "
    "into ids. Sizes and tensors make the decoder of 30 blocks, which reads the ids. Its last row of logits becomes probabilities, and from "
    "these the next word is chosen. The id of that word is read next, and so on."
)
WORDS, TENSORS = ("# vocabulary", "~ and its merges"), ("# sizes, tensors", "~ 272, in few bits")
TOKENIZER, DECODER, LOGITS = ("# tokenizer", "~ text to ids"), ("# decoder", "~ 30 blocks"), ("# logits", "~ softmax")
PAGES = {TOKENIZER: "book/start/tokens_and_embeddings", DECODER: "book/variants/modern_decoders", LOGITS: "book/architecture/decoding"}


def file_to_word() -> Drawing:
    """What a published file holds, which part of a program it fills, and the way from a text to its next word."""
    return Drawing("file_to_word", "From a file to a next word", TEXT, _wide(), _narrow())


def _box(x: float, y: float, w: float, lines: tuple[str, ...], kind: str = "plain") -> Box:
    return Box(x, y, w, 46, lines, kind, PAGES.get(lines, ""), SMALL)


def _wide() -> tuple[Shape, ...]:
    file = Group(96, 4, 346, 96, "one file")
    words, tensors = _box(112, 40, 136, WORDS, "weight"), _box(284, 40, 142, TENSORS, "weight")
    text = _box(4, 148, 76, ("text",))
    tokenizer, decoder = _box(112, 148, 136, TOKENIZER), _box(284, 148, 142, DECODER)
    logits, word = _box(462, 148, 76, LOGITS), _box(570, 148, 66, ("# next", "# word"))
    again = route(word.on("bottom"), (word.cx, 222), (decoder.cx, 222), decoder.on("bottom"))
    return (file, words, tensors, text, tokenizer, decoder, logits, word, again, *chain(text, tokenizer, decoder, logits, word),
            join(words, tokenizer), join(tensors, decoder), Label((word.cx + decoder.cx) / 2, 238, "~ its id is read next", size=SMALL))  # fmt: skip


def _narrow() -> tuple[Shape, ...]:
    file = Group(4, 4, 308, 96, "one file")
    words, tensors = _box(14, 40, 134, WORDS, "weight"), _box(168, 40, 134, TENSORS, "weight")
    tokenizer, decoder = _box(14, 132, 134, TOKENIZER), _box(168, 132, 134, DECODER)
    text, logits, word = _box(14, 210, 134, ("text",)), _box(168, 210, 134, LOGITS), _box(168, 288, 134, ("# next word",))
    again = route(word.on("right"), (320, word.cy), (320, decoder.cy), decoder.on("right"))
    return (file, words, tensors, tokenizer, decoder, text, logits, word, again, *chain(text, tokenizer, decoder, logits, word),
            join(words, tokenizer), join(tensors, decoder), Label(152, word.cy, "~ its id is read next", "end", SMALL))  # fmt: skip
