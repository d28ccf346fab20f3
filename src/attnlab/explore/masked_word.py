"""One hidden word: what a small model guesses from both sides and from the left, and where MiniLM's [MASK] looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from attnlab.explore._explorable import Explorable, check_index, table

KEPT = Path(__file__).with_name("masked_words.json")
SIDES = ("both", "left")


def masked_word(text: int = 0, place: int = 0, side: str = "both", layer: int = 0, texts: Sequence[dict] | None = None) -> Explorable:
    """A text with one word hidden: guesses of a model that sees `side`, and MiniLM's attention at the same place.

    Each of the `texts` has its `words`; for each word hidden in its turn the guesses `both` and `left`, pairs of a word
    and its probability; and the `attention` of [MASK] to [CLS], each word and [SEP], (places, layers, columns). Those kept with
    the package are made by `tools/masked_words.py`. MiniLM itself guesses nothing: its file has no part for that.
    """
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if texts is None else list(texts)
    check_index("text", text, len(kept))
    if side not in SIDES:
        raise ValueError(f"side must be one of {', '.join(SIDES)}, got {side!r}")
    for one in kept:
        n, shape = len(one["words"]), np.shape(one["attention"])
        if len(one["both"]) != n or len(one["left"]) != n or shape[:1] + shape[2:] != (n, n + 2):
            raise ValueError(f"{' '.join(one['words'])!r} has {n} words but its guesses {len(one['both'])} and {len(one['left'])}, its attention {shape}")
    check_index("place", place, len(kept[text]["words"]))
    check_index("layer", layer, len(kept[text]["attention"][0]))
    state = {"texts": kept, "text": int(text), "place": int(place), "side": side, "layer": int(layer)}
    return Explorable("masked_word", state, _table(kept[text]))


def _table(one: dict) -> str:
    """The likeliest word at each place from both sides and from the left."""
    rows = []
    for word, both, left in zip(one["words"], one["both"], one["left"]):
        rows.append((word, [both[0][0], 100 * both[0][1], left[0][0], 100 * left[0][1]]))
    caption = "Each word hidden in its turn: the likeliest guess of a model that sees both sides, and of one that sees the left side alone, with its probability in %."
    return table(caption, ["both sides", "%", "left only", "%"], rows, digits=0)
