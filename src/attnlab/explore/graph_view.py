"""Tokens as nodes and weights as edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnlab import masks, reference
from attnlab.explore._explorable import Explorable, Rows, table
from attnlab.explore._sentence import (
    PROJECTIONS,
    SENTENCE,
    VECTORS,
    allowed_by,
    check_sentence,
    presets_for,
)

GRAPH_MASKS = ("none", "causal", "window", "padding")
MOST_LAYERS = 4


def graph_view(
    tokens: Sequence[str] = SENTENCE,
    vectors: Rows = VECTORS,
    mask: str = "none",
    query: int = 1,
    layers: int = 1,
) -> Explorable:
    """Tokens as nodes, weights as edges: mask or remove edges, shuffle the tokens, follow information through layers.

    `vectors` (tokens, 2) are the values, scores those of "look for the noun". Masks go by place: "window" sees
    two tokens, "padding" hides the last one. `query` is the index of the token whose edges stand out.
    """
    tokens, vectors = [str(token) for token in tokens], [[float(x) for x in row] for row in vectors]
    check_sentence(tokens, vectors, "noun", query, "none")
    if mask not in GRAPH_MASKS:
        raise ValueError(f"mask must be one of {', '.join(GRAPH_MASKS)}, got {mask!r}")
    if not 1 <= layers <= MOST_LAYERS or int(layers) != layers:
        raise ValueError(f"layers must be a whole number between 1 and {MOST_LAYERS}, got {layers}")
    preset = presets_for(vectors)[PROJECTIONS.index("noun")]
    state = {
        "tokens": tokens,
        "vectors": vectors,
        "w_q": preset["w_q"],
        "w_k": preset["w_k"],
        "order": list(range(len(tokens))),
        "mask": mask,
        "removed": [],
        "query": int(query),
        "layers": int(layers),
    }
    return Explorable("graph_view", state, _graph_table(state))


def _graph_mask(mask: str, n: int) -> np.ndarray:
    """The edges of a mask by its name, (queries, keys); True = there is one."""
    at = np.arange(n)
    if mask == "window":
        return masks.window(at, at, 2)
    return allowed_by(mask, n, n - 1)


def _graph_table(state: dict) -> str:
    x, n = np.asarray(state["vectors"]), len(state["tokens"])
    may = _graph_mask(state["mask"], n)
    q, k = x @ np.asarray(state["w_q"]), x @ np.asarray(state["w_k"])
    weights = reference.attention_weights(q, k, mask=may)
    paths = np.linalg.matrix_power(may.astype(int), state["layers"]).sum(axis=-1)
    rows = [
        (token, [*row, *out, int(count)])
        for token, row, out, count in zip(state["tokens"], weights, weights @ x, paths)
    ]
    caption = (
        f"Weights of the edges, mask: {state['mask']}. Rows are queries, columns are keys; then the output, and the "
        f"number of walks into the token through {state['layers']} layer{'s' if state['layers'] > 1 else ''}."
    )
    return table(caption, [*state["tokens"], "output 1", "output 2", "walks"], rows, digits=2)
