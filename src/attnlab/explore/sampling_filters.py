"""Temperature, top-k, top-p and min-p at a step where the model is sure and at one where it is not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnlab._counts import count
from attnlab.explore._explorable import Explorable, table
from attnlab.reference import sampling, softmax

STEPS = {
    "Two and two make": (("four", 0.86), ("five", 0.05), ("up", 0.03), ("a", 0.02), ("sense", 0.015), ("for", 0.01), ("green", 0.01), ("the", 0.005)),
    "I would like a": (("cup", 0.20), ("piece", 0.17), ("new", 0.15), ("little", 0.14), ("glass", 0.12), ("room", 0.10), ("of", 0.08), ("green", 0.04)),
}
FILTERS = ("none", "top-k", "top-p", "min-p")


def sampling_filters(
    keep: str = "top-k", k: int = 3, p: float = 0.8, share: float = 0.2, temperature: float = 1.0, steps: Mapping = STEPS
) -> Explorable:
    """The same setting at two steps: what is left to draw from, how much mass was removed, how many bits are left.

    `keep` is the filter that follows the temperature; `k`, `p` and `share` (of the largest, for min-p) are its settings. The
    probabilities are invented.
    """
    k = count("k", k, at_least=1, at_most=8)
    if keep not in FILTERS:
        raise ValueError(f"keep must be one of {', '.join(FILTERS)}, got {keep!r}")
    for name, value, low in (("p", p, 0.01), ("share", share, 0.0), ("temperature", temperature, 0.1)):
        if not low <= value <= (3 if name == "temperature" else 1):
            raise ValueError(f"{name} must be between {low:g} and {3 if name == 'temperature' else 1} but is {value}")
    if len(steps) != 2:
        raise ValueError(f"sampling_filters shows two steps, got {len(steps)}")
    contexts = [{"text": text, "tokens": [t for t, _ in row], "logits": [float(np.log(x)) for _, x in row]} for text, row in steps.items()]
    state = {"contexts": contexts, "keep": keep, "k": k, "p": float(p), "share": float(share), "temperature": float(temperature)}
    return Explorable("sampling_filters", state, _table(state))


def filtered(state: dict, logits) -> np.ndarray:
    """The probabilities that are left of one step."""
    z = sampling.temperature(np.array(logits), state["temperature"])
    kept = {
        "none": lambda: z,
        "top-k": lambda: sampling.top_k(z, state["k"]),
        "top-p": lambda: sampling.top_p(z, state["p"]),
        "min-p": lambda: sampling.min_p(z, state["share"]),
    }
    return softmax(kept[state["keep"]]())


def _table(state: dict) -> str:
    rows = []
    for context in state["contexts"]:
        before, after = softmax(np.array(context["logits"])), filtered(state, context["logits"])
        rows += [(f"{context['text']} {token}", [100 * x, 100 * y]) for token, x, y in zip(context["tokens"], before, after)]
    setting = {"none": "no filter", "top-k": f"top-k {state['k']}", "top-p": f"top-p {state['p']:g}", "min-p": f"min-p {state['share']:g}"}
    caption = f"Probability of the next token in %, as the model says and after temperature {state['temperature']:g} and {setting[state['keep']]}"
    return table(caption, ["model", "left"], rows, digits=1)
