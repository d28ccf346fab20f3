"""Attention step by step, for tokens that can be moved on a plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnlab import reference
from attnlab.explore._explorable import Explorable, Rows, table
from attnlab.explore._sentence import (
    PROJECTIONS,
    SENTENCE,
    VECTORS,
    allowed_by,
    check_sentence,
    presets_for,
)


def attention_on_a_sentence(
    tokens: Sequence[str] = SENTENCE,
    vectors: Rows = VECTORS,
    projections: str = "noun",
    query: int = 1,
    mask: str = "none",
) -> Explorable:
    """softmax(Q K^T / sqrt(2)) V for tokens on a plane, step by step; tokens and matrices can be changed.

    `vectors` (tokens, 2), entries between -3 and 3. `projections`: "identity", "previous" (tokens on a circle
    in their order) or "noun" (scores by the second entry). `query` is the index of the chosen token.
    """
    tokens, vectors = [str(token) for token in tokens], [[float(x) for x in row] for row in vectors]
    check_sentence(tokens, vectors, projections, query, mask)
    presets = presets_for(vectors)
    chosen = {
        key: value
        for key, value in presets[PROJECTIONS.index(projections)].items()
        if key not in ("name", "label")
    }
    state = {
        "tokens": tokens,
        **chosen,
        "query": int(query),
        "mask": mask,
        "length": len(tokens) - 1,
        "step": 0,
        "presets": presets,
    }
    return Explorable("attention_on_a_sentence", state, _sentence_table(state))


def _sentence_table(state: dict) -> str:
    x, n = np.asarray(state["vectors"]), len(state["tokens"])
    q, k = x @ np.asarray(state["w_q"]), x @ np.asarray(state["w_k"])
    weights = reference.attention_weights(q, k, mask=allowed_by(state["mask"], n, state["length"]))
    caption = f"Attention weights, mask: {state['mask']}. Rows are queries, columns are keys."
    return table(caption, state["tokens"], list(zip(state["tokens"], weights)), digits=2)
