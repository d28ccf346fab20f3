"""A beam search as a tree: what is kept, what is dropped, and which text wins."""

from __future__ import annotations

import numpy as np

from attnlab._counts import count
from attnlab.explore._explorable import Explorable, table
from attnlab.reference import decoding

NAMES = ("a", "the", "cat", "sleeps", "∎")
FIRST = (0.42, 0.30, 0.08, 0.05, 0.15)
NEXT = ((0.05, 0.05, 0.55, 0.25, 0.10), (0.03, 0.02, 0.80, 0.10, 0.05), (0.05, 0.05, 0.05, 0.40, 0.45), (0.02, 0.02, 0.03, 0.03, 0.90))
LONGEST, WIDEST = 4, 4


def beam_tree(width: int = 2, alpha: float = 0.0, steps: int = LONGEST) -> Explorable:
    """Beam search over five tokens, up to four steps: width 1 is greedy, width 3 finds the empty text, and alpha > 0 helps long ones.

    The model is invented: the probabilities of the next token depend on the last one. `steps` is how many are drawn.
    """
    width, steps = count("width", width, at_least=1, at_most=WIDEST), count("steps", steps, at_least=1, at_most=LONGEST)
    if not 0 <= alpha <= 2:
        raise ValueError(f"alpha must be between 0 and 2 but is {alpha}")
    state = {"names": list(NAMES), "first": list(FIRST), "next": [list(row) for row in NEXT], "longest": LONGEST, "width": width,
             "alpha": float(alpha), "steps": steps}
    return Explorable("beam_tree", state, _table(state))


def step_of_table(state: dict):
    """The model of the state as a `step` of `decoding`."""
    return lambda ids: np.log(state["next"][ids[-1]] if ids else state["first"])


def _table(state: dict) -> str:
    end, alpha = len(state["names"]) - 1, state["alpha"]
    rows = []
    for width in range(1, WIDEST + 1):
        text = decoding.beam(step_of_table(state), state["longest"], width, end, alpha)[0]
        words = " ".join(state["names"][i] for i in text.ids)
        rows.append((f"width {width}", [words, float(np.exp(text.log_p)), text.log_p / decoding.penalty(len(text.ids), alpha)]))
    caption = f"The text that wins, length penalty {alpha:g}; ∎ is the end mark, and width 1 is greedy decoding"
    return table(caption, ["text", "probability", "score"], rows)
