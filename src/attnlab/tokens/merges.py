"""Byte-pair encoding in its simplest form, on single characters: which pair comes most often, and what the text is once it is joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise


def most_frequent_pair(tokens: Sequence[str]) -> tuple[tuple[str, str], int]:
    """The two neighbours that stand side by side most often, and how often; the first to come where several do.

    Errors: ValueError for fewer than two tokens. Source: [sennrich2016, section 3.2].
    """
    if len(tokens) < 2:
        raise ValueError(f"a pair needs two tokens but there are {len(tokens)}")
    return Counter(pairwise(tokens)).most_common(1)[0]


def join_pair(tokens: Sequence[str], pair: tuple[str, str]) -> list[str]:
    """The tokens with every such pair joined, from left to right; a token just joined is not joined again."""
    joined, at = [], 0
    while at < len(tokens):
        found = tuple(tokens[at : at + 2]) == tuple(pair)
        joined.append("".join(pair) if found else tokens[at])
        at += 2 if found else 1
    return joined
