"""WordPiece: text becomes pieces of words from a fixed vocabulary, as BERT's family reads it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

LONGEST_WORD = 100  # characters; a longer word is unknown as a whole
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

# Blocks of Chinese characters, each of which is a word of its own (Hangul and Kana are not among them).
HAN = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def words(text: str) -> list[str]:
    """Lower-case words without accents; each mark of punctuation and each Chinese character stands alone.

    Control characters vanish, every kind of space separates.
    Characters younger than Unicode 8 may be sorted otherwise by libraries with older tables.
    Source: [devlin2019], the preparation of its uncased models.
    """
    spaced = "".join(_spaced(c) for c in text if not _is_control(c))
    bare = (c for c in unicodedata.normalize("NFD", spaced) if unicodedata.category(c) != "Mn")
    lowered = "".join(c.lower() for c in bare)
    return "".join(f" {c} " if _is_punctuation(c) else c for c in lowered).split()


def pieces(word: str, vocabulary: dict[str, int]) -> list[str]:
    """The longest piece of the vocabulary that `word` begins with, then the longest after it, and so on.

    A piece inside a word is written with ## in front. If at some place nothing fits, all of it is [UNK].
    Source: [devlin2019], whose code searches this way.
    """
    found, start = [], 0
    while start < len(word) <= LONGEST_WORD:
        mark = "##" if start else ""
        ends = range(len(word), start, -1)
        end = next((end for end in ends if mark + word[start:end] in vocabulary), None)
        if end is None:
            return ["[UNK]"]
        found.append(mark + word[start:end])
        start = end
    return found or ["[UNK]"]


class WordPiece:
    """A vocabulary, and the way from text to its numbers.

    vocabulary: the pieces, in the order of their numbers; it must hold [PAD], [UNK], [CLS], [SEP] and [MASK].
    Errors: ValueError for a missing special piece, or a piece that stands there twice.
    """

    def __init__(self, vocabulary: Sequence[str]):
        self.names = list(vocabulary)
        self.numbers = {piece: i for i, piece in enumerate(self.names)}
        missing = [piece for piece in SPECIAL if piece not in self.numbers]
        if missing:
            raise ValueError(f"the vocabulary lacks {', '.join(missing)}")
        if len(self.numbers) < len(self.names):
            twice = len(self.names) - len(self.numbers)
            raise ValueError(f"{twice} of {len(self.names)} pieces stand in the vocabulary twice")

    @classmethod
    def read(cls, path: str | Path) -> WordPiece:
        """From a file with one piece a line."""
        return cls(Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n"))

    def tokens(self, text: str) -> list[str]:
        """[CLS], the pieces of the text, [SEP]. A special piece in the text stays whole."""
        parts = re.split("(" + "|".join(map(re.escape, SPECIAL)) + ")", text)
        inner = [piece for part in parts for piece in self._part(part)]
        return ["[CLS]", *inner, "[SEP]"]

    def ids(self, text: str) -> list[int]:
        """The numbers of the tokens."""
        return [self.numbers[piece] for piece in self.tokens(text)]

    def _part(self, text: str) -> list[str]:
        if text in SPECIAL:
            return [text]
        return [piece for word in words(text) for piece in pieces(word, self.numbers)]


def _spaced(c: str) -> str:
    """Spaces of all kinds become one; a Chinese character gets one on each side."""
    if c in "\t\n\r" or unicodedata.category(c) == "Zs":
        return " "
    return f" {c} " if any(low <= ord(c) <= high for low, high in HAN) else c


def _is_control(c: str) -> bool:
    if c in "\t\n\r":
        return False
    return c in "\0\ufffd" or unicodedata.category(c) in ("Cc", "Cf", "Co")  # not Cn: no character yet


def _is_punctuation(c: str) -> bool:
    """Everything printable in ASCII that is no letter, digit or space, and what Unicode calls punctuation."""
    symbol = 33 <= ord(c) <= 47 or 58 <= ord(c) <= 64 or 91 <= ord(c) <= 96 or 123 <= ord(c) <= 126
    return symbol or unicodedata.category(c).startswith("P")
