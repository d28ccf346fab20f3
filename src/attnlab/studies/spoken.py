"""Where a speech recogniser looked while it wrote down one sentence: a small table, computed once.

It was made with the weights of an optional package (`attnlab.weights.whisper`) from a recording that does not come with the
course; `spoken.json` says which.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Float

SENTENCE = Path(__file__).with_name("spoken.json")


class Spoken(NamedTuple):
    """A sentence's words, how much each looked at each column of the sound, how loud it was, and a column's seconds."""

    words: tuple[str, ...]
    weights: Float[Array, "words columns"]
    loudness: Float[Array, "columns"]
    seconds: float


def load(path: Path = SENTENCE) -> Spoken:
    """The table that comes with the course."""
    found = json.loads(Path(path).read_text("utf-8"))
    return Spoken(tuple(found["words"]), np.array(found["weights"]), np.array(found["loudness"]), found["seconds"])
