"""A small grammar: "this old dog barks and these birds sing". Every text of it can be listed, so every guess can be judged.

A clause is a determiner, an adjective or none, an animal, and what this animal does; determiner, noun and verb agree in
number. Two clauses are joined by "and". A hidden determiner or noun can be told from what stands *behind* it.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from attnlab._counts import counts

DETERMINERS = ("this", "these")  # one, several
ADJECTIVES = ("old", "small", "white", "tired")
ANIMALS = {"dog": "bark", "cat": "purr", "bird": "sing", "horse": "gallop", "duck": "swim", "frog": "jump"}
NOUNS = tuple(ANIMALS) + tuple(f"{one}s" for one in ANIMALS)
VERBS = tuple(f"{does}s" for does in ANIMALS.values()) + tuple(ANIMALS.values())
KINDS = {"determiner": DETERMINERS, "adjective": ADJECTIVES, "noun": NOUNS, "verb": VERBS}
WORDS = (*DETERMINERS, *ADJECTIVES, *NOUNS, *VERBS, "and")


def clauses() -> list[tuple[str, ...]]:
    """All 60 of them."""
    found = []
    for several, adjective, (animal, does) in product((False, True), ("", *ADJECTIVES), ANIMALS.items()):
        noun, verb = (f"{animal}s", does) if several else (animal, f"{does}s")
        found.append(tuple(word for word in (DETERMINERS[several], adjective, noun, verb) if word))
    return found


def texts() -> list[str]:
    """All 3,600: two clauses, joined."""
    return [" ".join((*first, "and", *second)) for first, second in product(clauses(), repeat=2)]


@counts("seed")
def split_texts(held_out: float = 0.25, seed: int = 0) -> tuple[list[str], list[str]]:
    """(texts to learn from, texts for the test), all different. Errors: ValueError for a share that is not between 0 and 1."""
    if not 0 <= held_out <= 1:
        raise ValueError(f"held_out must be between 0 and 1 but is {held_out}")
    every = texts()
    order = np.random.default_rng(seed).permutation(len(every))
    cut = round(held_out * len(every))
    return [every[i] for i in order[cut:]], [every[i] for i in order[:cut]]
