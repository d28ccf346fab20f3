"""Type the beginning of a name: what a small GPT finds likely next, and where it looks."""

from __future__ import annotations

import json

import numpy as np

from attnlab._counts import count
from attnlab.explore._explorable import Explorable, check_index, table
from attnlab.reference import gpt


def next_letter(text: str = "mari", layer: int = 1, head: int = 0, temperature: float = 1.0) -> Explorable:
    """The probabilities of the next letter after `text`, and the weights of one head, computed from the model's own numbers.

    The model is `attnlab.reference.gpt.load()`, trained on first names. The table shows the six likeliest signs after the beginning and
    after each shorter one. Errors: ValueError for a letter that it does not know, a text of more than 14 letters, a layer or a
    head that it has not, or a temperature outside 0.2 to 2.
    """
    model = gpt.load()
    if not isinstance(text, str) or len(text) > 14:
        raise ValueError(f"text must be a beginning of at most 14 letters, got {text!r}")
    gpt.encode(model, text)
    check_index("layer", layer, len(model.blocks))
    check_index("head", head, model.n_heads)
    if isinstance(temperature, bool) or not 0.2 <= temperature <= 2:
        raise ValueError(f"temperature must be between 0.2 and 2 but is {temperature}")
    state = {"model": json.loads(gpt.FILE.read_text(encoding="utf-8")), "text": text, "layer": int(layer), "head": int(head),
             "temperature": float(temperature)}  # fmt: skip
    return Explorable("next_letter", state, _table(model, text, count("text", len(text))))


def _table(model: gpt.Gpt, text: str, n: int) -> str:
    rows = []
    for end in range(n + 1):
        chances = gpt.following(model, text[:end])
        best = np.argsort(-chances)[:6]
        rows.append((text[:end] + "…", [f"{_sign(model, int(i))} {100 * chances[i]:.0f} %" for i in best]))
    return table(f"What a small GPT finds likeliest after each beginning of {text or 'a name'}", [str(i + 1) for i in range(6)], rows)


def _sign(model: gpt.Gpt, i: int) -> str:
    """The sign as it is shown: the end mark as a block."""
    return "∎" if i == gpt.END else model.signs[i]
