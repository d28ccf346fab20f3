"""Words to numbers and back, and texts of unequal length in one array."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from attnlab._shapes import Array, Int

PAD, START, END = 0, 1, 2
MARKS = ("<pad>", "<start>", "<end>")


@dataclass(frozen=True)
class Vocabulary:
    """A fixed list of words; the id of a word is its place. The first three stand for padding, start and end."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> Vocabulary:
        """The vocabulary of all words in the texts, in alphabetical order after the three marks."""
        return cls(MARKS + tuple(sorted({word for text in texts for word in text} - set(MARKS))))

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    def encode(self, text: Sequence[str]) -> list[int]:
        """The ids of the words. Errors: KeyError naming a word that is not in the vocabulary."""
        unknown = [word for word in text if word not in self._places]
        if unknown:
            raise KeyError(f"not in this vocabulary of {len(self)} words: {', '.join(unknown)}")
        return [self._places[word] for word in text]

    def decode(self, ids: Iterable[int]) -> tuple[str, ...]:
        """The words up to the first end mark, without start marks and padding."""
        kept = []
        for place in ids:
            if place == END:
                break
            if place not in (PAD, START):
                kept.append(self.words[place])
        return tuple(kept)


def pad(rows: Sequence[Sequence[int]]) -> Int[Array, "texts longest"]:
    """One row a text, filled up with `PAD` at the end. Errors: ValueError without a row."""
    if not rows:
        raise ValueError("there is no text to pad")
    longest = max(map(len, rows))
    return np.array([[*row, *[PAD] * (longest - len(row))] for row in rows], dtype=np.int64)
