"""The tiny examples in the statements of the exercises on vision transformers."""

from __future__ import annotations

FLAT = [0.2] * 5

EXAMPLES: list[tuple] = [
    ("variants.overlapping_patches", ([[[[1, 2, 3], [4, 5, 6]]]], 2, 1), [[[1, 2, 4, 5], [2, 3, 5, 6]]]),
    ("variants.resized_places", ([[9], [0], [2], [4], [6]], 2, 4), [[9], [0], [0.5], [1.5], [2], [4], [4.5], [5.5], [6]]),
    ("variants.class_token_map", ([[[0.2, 0.1, 0.3, 0.0, 0.4], FLAT, FLAT, FLAT, FLAT]], 0, 2, 1), [[0.125, 0.375], [0, 0.5]]),
]
