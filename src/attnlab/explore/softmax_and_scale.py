"""Softmax over a handful of scores: temperature, width, and the division by the root of the width."""

from __future__ import annotations

import numpy as np

from attnlab import reference
from attnlab.explore._explorable import Explorable, Numbers, table


def softmax_and_scale(
    scores: Numbers = (1.5, 0.8, 0.1, -0.6, -1.3),
    temperature: float = 1.0,
    d_k: int = 64,
    divide: bool = True,
) -> Explorable:
    """softmax(q.k / sqrt(d_k) / T) for a handful of keys; weights, entropy and gradient move with every part.

    `scores` are in standard deviations of q.k, each sqrt(d_k) for entries of variance 1 [vaswani2017, 3.2.1].
    `divide` says whether the division by sqrt(d_k) is on. The table gives entropy in bits.
    """
    scores = [float(score) for score in scores]
    if not 2 <= len(scores) <= 8:
        raise ValueError(f"softmax_and_scale needs 2 to 8 scores, got {len(scores)}")
    if not np.all(np.abs(scores) <= 4):
        raise ValueError(f"every score must be between -4 and 4 standard deviations, got {scores}")
    if not 0.01 <= temperature <= 100:
        raise ValueError(f"temperature must be between 0.01 and 100, got {temperature}")
    if not 1 <= d_k <= 1024 or int(d_k) != d_k:
        raise ValueError(f"d_k must be a whole number between 1 and 1024, got {d_k}")
    state = {"scores": scores, "temperature": float(temperature), "d_k": int(d_k), "divide": bool(divide)}
    return Explorable("softmax_and_scale", state, _softmax_table(**state))


def _softmax_table(scores: Numbers, temperature: float, d_k: int, divide: bool) -> str:
    products = np.asarray(scores) * np.sqrt(d_k)
    logits = products / np.sqrt(d_k) if divide else products
    weights = reference.softmax(logits, temperature=temperature)
    bits = -sum(p * np.log2(p) for p in weights if p > 0)
    rows = [(f"key {i + 1}", row) for i, row in enumerate(zip(products, logits, weights))]
    caption = (
        f"Softmax at temperature {temperature:g}, d_k = {d_k}: entropy {bits:.3f} bits "
        f"of at most {np.log2(len(scores)):.3f}."
    )
    return table(caption, ["q·k", "q·k / √d_k" if divide else "q·k, not divided", "weight"], rows)
