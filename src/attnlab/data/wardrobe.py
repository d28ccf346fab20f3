"""Texts that name some clothes by their colour and then name them again: "red hat , blue coat , blue coat , red hat ,".

Which thing is red differs from text to text, so the second time it cannot be known by heart: it stands in the text, behind the same
colour. There are few enough of these texts to try them all.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from attnlab._counts import counts

COLOURS = ("red", "blue", "green", "black")
CLOTHES = ("hat", "coat", "bag", "scarf")
WORDS = (*COLOURS, *CLOTHES, ",")


@counts("n_pairs")
def wardrobe_texts(n_pairs: int) -> list[tuple[str, ...]]:
    """Every text of `n_pairs` different clothes in different colours, named once and then again in any order.

    Errors: ValueError for fewer than 1 pair, or more than there are colours.
    """
    if not 1 <= n_pairs <= len(COLOURS):
        raise ValueError(f"n_pairs must be between 1 and {len(COLOURS)} but is {n_pairs}")
    texts = []
    for colours in permutations(COLOURS, n_pairs):
        for clothes in permutations(CLOTHES, n_pairs):
            pairs = [(colour, thing, ",") for colour, thing in zip(colours, clothes)]
            texts += [sum([*pairs, *again], ()) for again in permutations(pairs)]
    return texts


@counts("n_pairs", "seed")
def wardrobe_split(n_pairs: int, held_out: float = 0.25, seed: int = 0) -> tuple[list, list]:
    """(texts to learn from, texts for the test): a share `held_out` of all first halves, drawn at random, is kept back.

    So what is red in a text of the test is not to be known from any text that was learned.
    Errors: ValueError for a share that is not between 0 and 1.
    """
    if not 0 <= held_out <= 1:
        raise ValueError(f"held_out must be between 0 and 1 but is {held_out}")
    texts, half = wardrobe_texts(n_pairs), 3 * n_pairs
    halves = sorted({text[:half] for text in texts})
    order = np.random.default_rng(seed).permutation(len(halves))[: round(held_out * len(halves))]
    kept_back = {halves[i] for i in order}
    return [t for t in texts if t[:half] not in kept_back], [t for t in texts if t[:half] in kept_back]
