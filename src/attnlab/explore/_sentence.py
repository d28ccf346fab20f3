"""The sentence that two explorables share: its tokens on a plane, what they look for, who may look at whom."""

from __future__ import annotations

import numpy as np

from attnlab import masks

MASKS = ("none", "causal", "padding")
SENTENCE = ("the", "cat", "saw", "a", "bird")
VECTORS = (
    (0.5, -1.0),
    (1.9, 1.2),
    (2.2, -0.4),
    (1.0, -2.0),
    (0.8, 1.8),
)  # across: has content; up: is a noun
IDENTITY = [[1.0, 0.0], [0.0, 1.0]]
PROJECTIONS = ("identity", "previous", "noun")


def check_sentence(
    tokens: list[str], vectors: list[list[float]], projections: str, query: int, mask: str
) -> None:
    if not 2 <= len(tokens) <= 8:
        raise ValueError(f"attention_on_a_sentence needs 2 to 8 tokens, got {len(tokens)}")
    if len(vectors) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens need {len(tokens)} vectors, got {len(vectors)}")
    for token, vector in zip(tokens, vectors):
        if len(vector) != 2 or not np.all(np.abs(vector) <= 3):
            raise ValueError(f"the vector of {token!r} must be 2 numbers between -3 and 3, got {vector}")
    if projections not in PROJECTIONS:
        raise ValueError(f"projections must be one of {', '.join(PROJECTIONS)}, got {projections!r}")
    if mask not in MASKS:
        raise ValueError(f"mask must be one of {', '.join(MASKS)}, got {mask!r}")
    if not 0 <= query < len(tokens):
        raise ValueError(f"query must be an index from 0 to {len(tokens) - 1}, got {query}")


def presets_for(vectors: list[list[float]]) -> list[dict]:
    """The choices of projections, each with the vectors that make sense of it. Tokens are rows: q = x W_Q."""
    circle, turn_back = _circle(len(vectors))
    plain = {"vectors": vectors, "w_q": IDENTITY, "w_k": IDENTITY, "w_v": IDENTITY}
    return [
        {"name": "identity", "label": "identity", **plain},
        {"name": "previous", "label": "look at the previous", **plain, "vectors": circle, "w_q": turn_back},
        {
            "name": "noun",
            "label": "look for the noun",
            **plain,
            "w_q": [[0.0, 1.5], [0.0, 0.0]],
            "w_k": [[0.0, 0.0], [0.0, 1.0]],
        },
    ]


def _circle(n: int) -> tuple[list[list[float]], list[list[float]]]:
    """n points on a circle in the order of the sentence, with a gap, and the matrix that turns back."""
    step, radius, sharpness = 2 * np.pi / (n + 1), 1.5, 3.0
    angles = step * np.arange(n)
    points = radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    turn = sharpness * np.array([[np.cos(step), -np.sin(step)], [np.sin(step), np.cos(step)]])
    return (points.round(2) + 0.0).tolist(), (turn.round(2) + 0.0).tolist()


def allowed_by(mask: str, n: int, length: int):
    """The Boolean mask by its name, (queries, keys); True = may look."""
    if mask == "causal":
        return masks.causal(np.arange(n), np.arange(n))
    if mask == "padding":
        return np.broadcast_to(np.asarray(masks.padding(np.array([length]), n)).reshape(1, n), (n, n))
    return np.ones((n, n), dtype=bool)
