"""Numbers written in German, word by word, and where the decoder looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from attnlab.explore._explorable import Explorable, check_index, table

ALIGNMENTS = Path(__file__).with_name("alignments.json")
LOOKS = ("attention", "one vector")


def alignment_explorer(
    phrase: int = 0, step: int = 0, look: str = "attention", phrases: Sequence[dict] | None = None
) -> Explorable:
    """English numbers written in German, word by word: what the decoder looks at, or sees without attention.

    `look` is "attention" or "one vector". Each of the `phrases` has a `number`, the words of its `source`, the
    `right` answer, the `target` that was written with its `weights` (steps, words), the `states` of the words, what
    the decoder without attention wrote, `alone`, and its vector, `one`. The ones kept with the package come from two
    models of width 48 trained on 4,000 other numbers below 100,000, as in the chapter on learning where to look; of states and
    vector the first two numbers of either direction are kept.
    """
    kept = json.loads(ALIGNMENTS.read_text(encoding="utf-8")) if phrases is None else list(phrases)
    check_index("phrase", phrase, len(kept))
    if look not in LOOKS:
        raise ValueError(f"look must be one of {', '.join(LOOKS)}, got {look!r}")
    for one in kept:
        shape, words = np.shape(one["weights"]), (len(one["target"]), len(one["source"]))
        if shape != words:
            raise ValueError(f"the weights of {one['number']} must have the shape {words}, got {shape}")
    written = kept[phrase]["target" if look == "attention" else "alone"]
    check_index("step", step, len(written))
    state = {"phrases": kept, "phrase": int(phrase), "step": int(step), "look": look}
    return Explorable("alignment_explorer", state, _alignment_table(kept[phrase]))


def _alignment_table(phrase: dict) -> str:
    caption = (
        f"Weights while writing {phrase['number']:,} in German. Rows are written, columns are read. "
        f"Without attention the same number came out as: {' '.join(phrase['alone'][:-1])}."
    )
    return table(caption, phrase["source"], list(zip(phrase["target"], phrase["weights"])), digits=2)
