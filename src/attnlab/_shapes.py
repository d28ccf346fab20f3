"""The words that shapes are written in, and the errors raised when two shapes disagree.

A signature such as `q: Float[Array, "*#batch queries d_k"]` is text until something evaluates it: the tests
do (jaxtyping and beartype check every call), a browser has no jaxtyping and never looks. Words used
throughout: `queries` and `keys` are counts of tokens, `d_k` and `d_v` are widths; `*#batch` stands for
leading axes that broadcast.
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from jaxtyping import Bool, Float, Int, Integer, Real, Shaped
except ImportError:

    class Shaped:
        """Stands in for jaxtyping's words where it is not installed: any shape, nothing checked."""

        def __class_getitem__(cls, shape):
            return cls

    Bool = Float = Int = Integer = Real = Shaped

Array = np.ndarray
AnyArray = Any  # NumPy or torch: whatever has a shape and a dtype

__all__ = [
    "AnyArray",
    "Array",
    "Bool",
    "Float",
    "Int",
    "Integer",
    "Real",
    "Shaped",
    "check_attention",
    "check_overlay",
    "check_scores",
]


def check_scores(q, k) -> tuple[int, ...]:
    """Shape of the scores of `q` against `k`; ValueError if the two cannot be compared."""
    _need_matrix("q", q, "queries, d_k")
    _need_matrix("k", k, "keys, d_k")
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"q has d_k = {q.shape[-1]} but k has d_k = {k.shape[-1]}")
    if q.shape[-1] == 0:
        raise ValueError("q and k have d_k = 0: a query needs at least one number")
    return (*_leading(q=q, k=k), q.shape[-2], k.shape[-2])


def check_attention(q, k, v, *overlays) -> tuple[int, ...]:
    """Shape of the output; ValueError if `k` and `v` do not pair up or leading axes do not broadcast.

    `overlays` are the mask and the bias: their leading axes join in, the rest is left to `check_overlay`.
    """
    check_scores(q, k)
    _need_matrix("v", v, "keys, d_v")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"k has {k.shape[-2]} keys but v has {v.shape[-2]}")
    named = {name: overlay for name, overlay in zip(("mask", "bias"), overlays) if overlay is not None}
    return (*_leading(q=q, k=k, v=v, **named), q.shape[-2], v.shape[-1])


def check_overlay(name: str, overlay, scores: tuple[int, ...]) -> None:
    """ValueError unless `overlay` (a mask or a bias) broadcasts over `scores`, adding no row or column."""
    for axis, word in ((-1, "keys"), (-2, "queries")):
        size = overlay.shape[axis] if len(overlay.shape) >= -axis else 1
        if size not in (1, scores[axis]):
            raise ValueError(f"{name} has {size} {word} but the scores have {scores[axis]}")
    try:
        np.broadcast_shapes(overlay.shape[:-2], scores[:-2])
    except ValueError:
        raise ValueError(f"{name} {tuple(overlay.shape)} does not broadcast to scores {scores}") from None


def _need_matrix(name: str, x, words: str) -> None:
    if len(x.shape) < 2:
        raise ValueError(f"{name} needs the axes (..., {words}) but has shape {tuple(x.shape)}")


def _leading(**arrays) -> tuple[int, ...]:
    """Common shape of the leading axes, those before the last two."""
    try:
        return np.broadcast_shapes(*(_shape(x)[:-2] for x in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {_shape(x)}" for name, x in arrays.items())
        raise ValueError(f"leading axes do not broadcast: {shapes}") from None


def _shape(x) -> tuple[int, ...]:
    """Shape of an array, a tensor or a nested list."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)
