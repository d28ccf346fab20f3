"""Newton-Schulz steps: a matrix becomes one with the same singular vectors and singular values near 1."""

from __future__ import annotations

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Float, Real

QUINTIC = (3.4445, -4.7750, 2.0315)


def newton_schulz(matrix: Real[Array, "rows columns"], steps: int = 5) -> Float[Array, "rows columns"]:
    """X <- a X + (b X Xᵀ + c (X Xᵀ)²) X, `steps` times, from the matrix divided by its Frobenius norm.

    A matrix of zeros stays one. Errors: ValueError for what is no matrix. Source: [jordan2024].
    """
    x = np.asarray(matrix, dtype=np.float64)
    if x.ndim != 2:
        raise ValueError(f"matrix needs the axes (rows, columns) but has shape {x.shape}")
    if x.shape[0] > x.shape[1]:
        return newton_schulz(x.T, steps).T.copy()
    x = x / max(np.sqrt((x**2).sum()), 1e-7)
    a, b, c = QUINTIC
    for _ in range(count("steps", steps)):
        square = x @ x.T
        x = a * x + b * square @ x + c * square @ (square @ x)
    return x
