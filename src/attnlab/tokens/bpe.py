"""Byte-level byte-pair encoding, trained from scratch: any bytes become ids, and the ids become the same bytes.

Text is cut into words first, as GPT-2 does, and no token reaches over the edge of a word. Then the 256 bytes are the
first tokens, and training joins the pair of neighbours that stands side by side most often, again and again.
Source: [sennrich2016, section 3.2] joins characters; [radford2019, section 2.2] joins bytes, and cuts into words before.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from attnlab._counts import count

Pair = tuple[int, int]
Text = str | bytes

# The order of the single bytes' ids is that of GPT-2: those that print, then the others.
PRINTS = (*range(33, 127), *range(161, 173), *range(174, 256))
BYTES = (*PRINTS, *(byte for byte in range(256) if byte not in PRINTS))

SPACES = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(c) for c in range(0x2000, 0x200B)}
WORD = re.compile("'s|'t|'re|'ve|'m|'ll|'d| ?[a-zL]+| ?N+| ?[.']+|[ S]+(?![^ S])|[ S]+")


def words(text: str) -> list[str]:
    """The text cut where GPT-2 cuts it: English endings such as 're, letters, digits, the rest; a space leads its word.

    Nothing is lost: joined, the words are the text. Characters younger than this Python's Unicode tables may be cut
    otherwise by other libraries. Source: the pattern in the code published with [radford2019].
    """
    return [text[found.start() : found.end()] for found in WORD.finditer("".join(map(_kind, text)))]


def train(texts: Iterable[Text], vocab_size: int, special: Sequence[str] = ()) -> ByteBPE:
    """Learns merges until there are `vocab_size` tokens: the special ones, the 256 bytes, then one for each new piece.

    The pair that stands side by side most often is joined; where several do, the one with the smallest ids, the left
    one first. That is the order of the `tokenizers` library. Words are counted, not places in the text, so the order
    of the texts does not matter. Stops early when no pair is left.
    Errors: TypeError for one text instead of several; ValueError if there is no room for the bytes.
    """
    if isinstance(texts, str | bytes):
        raise TypeError("texts must be several texts; for one, give [text]")
    vocab_size = count("vocab_size", vocab_size, at_least=256 + len(special))
    bpe = ByteBPE((), special)
    counts = Counter(word for text in texts for word in _cut(_readable(text)))
    rows = [[bpe.first[byte] for byte in word] for word in counts]
    return ByteBPE(_learn(rows, list(counts.values()), bpe, vocab_size), special)


class ByteBPE:
    """A tokenizer: merges in the order in which they were learned, pairs of ids, and names of special tokens.

    Ids: the special tokens, the 256 bytes in GPT-2's order, then one for each merge. A special token is made only where
    it is asked for by name; ordinary text that looks like one is cut like any other text. `pieces` are the bytes that
    each id spells, of a special token its name.
    Errors: ValueError for a merge of ids that are not there yet or one that spells what is there already (training
    makes neither), or a special token that is empty or named twice.
    """

    def __init__(self, merges: Sequence[Pair], special: Sequence[str] = ()):
        if len(set(special)) < len(special) or "" in special:
            raise ValueError(f"special tokens must be different and not empty: {', '.join(map(repr, special))}")
        self.special = {name: place for place, name in enumerate(special)}
        self.pieces: list[bytes] = [*(name.encode() for name in special), *(bytes([byte]) for byte in BYTES)]
        self.first = {byte: place for place, byte in enumerate(BYTES, start=len(special))}
        self.merges: dict[Pair, int] = {}
        self._spelled = set(self.pieces[len(special) :])
        for pair in merges:
            self.add(pair)

    def __len__(self) -> int:
        return len(self.pieces)

    def add(self, pair: Pair) -> int:
        """Learns one more merge; the id of the piece it makes."""
        first, after = len(self.special), len(self)
        if not all(first <= part < after for part in pair):
            raise ValueError(
                f"merge {len(self.merges)} joins {pair}; the pieces there are have ids from {first} to {after - 1}"
            )
        piece = self.pieces[pair[0]] + self.pieces[pair[1]]
        if piece in self._spelled:
            raise ValueError(f"merge {len(self.merges)} spells {piece!r}, which is a piece already")
        self.merges[pair] = after
        self.pieces.append(piece)
        self._spelled.add(piece)
        return after

    def encode(self, text: Text, special: Sequence[str] = ()) -> list[int]:
        """The ids. Special tokens are looked for only if named here, the longest first; they are never cut.

        Errors: ValueError for a special token that is not one, or a text with half a surrogate pair.
        """
        unknown = [name for name in special if name not in self.special]
        if unknown:
            raise ValueError(f"no special token here: {', '.join(map(repr, unknown))}")
        known: dict[bytes, list[int]] = {}
        ids: list[int] = []
        for part in _parts(_readable(text), special):
            if part in special:
                ids.append(self.special[part])
                continue
            for word in _cut(part):
                if word not in known:
                    known[word] = self._join(word)
                ids += known[word]
        return ids

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes that the ids spell; special tokens spell none. Errors: IndexError for an id that is not there."""
        ids = [int(i) for i in ids]
        outside = [i for i in ids if not 0 <= i < len(self)]
        if outside:
            raise IndexError(f"id {outside[0]} is none of the {len(self)} tokens")
        return b"".join(self.pieces[i] for i in ids if i >= len(self.special))

    def decode(self, ids: Iterable[int]) -> str:
        """The text that the ids spell; bytes that are no UTF-8, such as half a character, become U+FFFD."""
        return self.decode_bytes(ids).decode(errors="replace")

    def _join(self, word: bytes) -> list[int]:
        """The pair learned earliest is joined first, wherever it stands; a later merge has a larger id."""
        ids = [self.first[byte] for byte in word]
        while found := [(self.merges[pair], pair) for pair in pairwise(ids) if pair in self.merges]:
            joined, pair = min(found)
            ids = _replaced(ids, pair, joined)
        return ids


def _learn(rows: list[list[int]], counts: list[int], bpe: ByteBPE, vocab_size: int) -> list[Pair]:
    """Merges for the words in `rows`, each of which comes `counts` times; the rows are changed, and `bpe` learns along."""
    often: Counter[Pair] = Counter()
    where: dict[Pair, set[int]] = defaultdict(set)

    def tally(row: int, sign: int) -> None:
        for pair in pairwise(rows[row]):
            often[pair] += sign * counts[row]
            where[pair].add(row)

    for row in range(len(rows)):
        tally(row, 1)
    while len(bpe) < vocab_size and often:
        best = max(often, key=lambda pair: (often[pair], -pair[0], -pair[1]))
        if often[best] < 1:
            break
        joined = bpe.add(best)
        for row in where.pop(best):
            tally(row, -1)
            rows[row] = _replaced(rows[row], best, joined)
            tally(row, 1)
    return list(bpe.merges)


def _replaced(ids: list[int], pair: Pair, joined: int) -> list[int]:
    """Every such pair replaced, from the left; what was just joined is not joined again."""
    out, at = [], 0
    while at < len(ids):
        found = tuple(ids[at : at + 2]) == pair
        out.append(joined if found else ids[at])
        at += 2 if found else 1
    return out


def _readable(text: Text) -> str:
    """The text; bytes that are no UTF-8 travel as lone surrogates, which are neither letter nor digit."""
    if isinstance(text, bytes):
        return text.decode(errors="surrogateescape")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the text holds half a surrogate pair at place {error.start}") from None
    return text


def _cut(text: str) -> list[bytes]:
    return [word.encode(errors="surrogateescape") for word in words(text)]


def _parts(text: str, special: Sequence[str]) -> list[str]:
    """The text cut at the special tokens that may be looked for."""
    if not special:
        return [text]
    pattern = "|".join(map(re.escape, sorted(special, key=len, reverse=True)))
    return [part for part in re.split(f"({pattern})", text) if part]


def _kind(c: str) -> str:
    """One letter for each kind of character; the letters of English endings stand for themselves."""
    if c in "strevmld' ":
        return c
    if c in SPACES:
        return "S"
    return {"L": "L", "N": "N"}.get(unicodedata.category(c)[0], ".")
