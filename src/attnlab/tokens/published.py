"""A published byte-level BPE: the ids are those of its file, and so are the bytes that it cannot spell.

Files write a byte as a letter: itself where it prints, else one from U+0100 on, so that a space is Ġ. A vocabulary that was
cut down to a size may lack single bytes; published programs drop them without a word, and so does `encode`.
Source: [radford2019, section 2.2] and the code published with it; the letters are those of its `bytes_to_unicode`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise

from attnlab.tokens.bpe import BYTES, PRINTS, words

LETTERS = {byte: chr(byte) if byte in PRINTS else chr(256 + place - len(PRINTS)) for place, byte in enumerate(BYTES)}
SPELLS = {letter: byte for byte, letter in LETTERS.items()}


def words_and_digits(text: str) -> list[str]:
    """Each digit alone, and what stands between digits cut as GPT-2 does (`words`), part by part.

    Two passes, not one rule: in "a  1" both spaces stay together, since nothing follows them in their part.
    """
    runs = ((digits, "".join(run)) for digits, run in groupby(text, key=_is_digit))
    return [word for digits, run in runs for word in (run if digits else words(run))]


class PublishedBPE:
    """The tokenizer of a vocabulary and its merges, both as texts in the letters of bytes.

    tokens: the text of each id. merges: "left right", the earliest learned first.
    special: names of tokens that stand for themselves and are never cut. cut: from a text to its words.
    `lost` are the bytes that no token spells.
    Errors: ValueError for a token named twice, a special token or the result of a merge that is no token.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        merges: Iterable[str],
        special: Sequence[str] = (),
        cut: Callable[[str], list[str]] = words,
    ):
        self.tokens, self.special, self.cut = tuple(tokens), frozenset(special), cut
        self.ids = {token: number for number, token in enumerate(self.tokens)}
        if len(self.ids) < len(self.tokens):
            twice = next(token for number, token in enumerate(self.tokens) if self.ids[token] != number)
            raise ValueError(f"the token {twice!r} stands twice in the vocabulary")
        self.rank = {tuple(merge.split(" ")): place for place, merge in enumerate(merges)}
        self._need_tokens()
        self.lost = tuple(byte for byte in range(256) if LETTERS[byte] not in self.ids)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, text: str, special: Iterable[str] = ()) -> list[int]:
        """The ids; special tokens are looked for only if named here, the longest first. Bytes in `lost` are dropped.

        Errors: ValueError for a special token that is not one, or a text with half a surrogate pair.
        """
        special = frozenset(special)
        if special - self.special:
            raise ValueError(f"no special token here: {', '.join(map(repr, sorted(special - self.special)))}")
        known: dict[str, list[int]] = {}
        ids: list[int] = []
        for part in _parts(_whole(text), special):
            if part in special:
                ids.append(self.ids[part])
                continue
            for word in self.cut(part):
                if word not in known:
                    known[word] = [self.ids[piece] for piece in self._joined(word)]
                ids += known[word]
        return ids

    def spelled(self, number: int) -> bytes:
        """The bytes of one token; those of a special token are its name.

        Errors: IndexError for an id that is not there.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"id {number} is none of the {len(self)} tokens")
        token = self.tokens[number]
        return token.encode() if token in self.special else bytes(SPELLS[letter] for letter in token)

    def decode(self, ids: Iterable[int]) -> str:
        """The text that the ids spell, special tokens by name; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self.spelled(int(number)) for number in ids).decode(errors="replace")

    def _joined(self, word: str) -> list[str]:
        """The pair learned earliest is joined first, wherever it stands, until none is left that was learned."""
        parts = [letter for byte in word.encode() if (letter := LETTERS[byte]) in self.ids]
        while found := [(self.rank[pair], place) for place, pair in enumerate(pairwise(parts)) if pair in self.rank]:
            _, place = min(found)
            parts[place : place + 2] = ["".join(parts[place : place + 2])]
        return parts

    def _need_tokens(self) -> None:
        for name, made in (("special token", self.special), ("result of a merge", {"".join(pair) for pair in self.rank})):
            missing = sorted(made - set(self.ids))
            if missing:
                raise ValueError(f"the {name} {missing[0]!r} is no token of the vocabulary")


def _is_digit(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "N"


def _parts(text: str, special: frozenset[str]) -> list[str]:
    """The text cut at the special tokens that may be looked for."""
    if not special:
        return [text]
    pattern = "|".join(map(re.escape, sorted(special, key=len, reverse=True)))
    return [part for part in re.split(f"({pattern})", text) if part]


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the text holds half a surrogate pair at place {error.start}") from None
    return text
