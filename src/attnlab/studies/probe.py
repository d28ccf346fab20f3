"""What attention weights look like: how undecided, how far back, how much on one place, how much by content.

All functions read tables of weights (..., queries, keys), each row a distribution, and need NumPy alone.
Statistics that count places need queries and keys that are the same tokens.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np

from attnlab._counts import counts
from attnlab._shapes import Array, Float, Real

TOLERANCE = 1e-3  # rows computed in half precision add up to 1 within this
SAMPLES = Path(__file__).with_name("minilm_heads.json")


def entropy(weights: Real[Array, "*rows keys"]) -> Float[Array, "*rows"] | float:
    """-Σⱼ aⱼ log₂ aⱼ of every row, in bits: 0 for a certain row, log₂(keys) for a uniform one.

    A weight of 0 adds nothing.
    """
    a = _rows(weights)
    return -(a * np.log2(np.where(a > 0, a, 1.0))).sum(axis=-1) + 0.0


def offset_mass(
    weights: Real[Array, "*batch tokens tokens"], offset: int
) -> Float[Array, "*batch"] | float:
    """Mean weight of query i on key i + offset, over the queries that have one.

    -1 is the previous token, 1 the next, 0 the token itself.
    Errors: ValueError for an offset as large as the text.
    """
    a = _tables(weights)
    n = a.shape[-1]
    if abs(offset) >= n:
        raise ValueError(f"no two of {n} tokens are at the distance {offset}")
    return np.diagonal(a, offset, axis1=-2, axis2=-1).mean(axis=-1)


@counts("radius")
def window_mass(weights: Real[Array, "*batch tokens tokens"], radius: int) -> Float[Array, "*batch"] | float:
    """Mean weight on keys at most `radius` places away, to both sides, the query's own place included."""
    a = _tables(weights)
    place = np.arange(a.shape[-1])
    near = np.abs(place[:, None] - place) <= radius
    return (a * near).sum(axis=-1).mean(axis=-1)


def key_mass(weights: Real[Array, "*batch queries keys"], key: int = 0) -> Float[Array, "*batch"] | float:
    """Mean weight on one key, over all queries: key 0 shows a sink at the first token, -1 one at the last."""
    a = _rows(weights)
    if a.ndim < 2:
        raise ValueError(f"weights need the axes (..., queries, keys) but have shape {a.shape}")
    if not -a.shape[-1] <= key < a.shape[-1]:
        raise ValueError(f"there is no key {key} among {a.shape[-1]}")
    return a[..., key].mean(axis=-1)


def content_share(weights: Real[Array, "texts *batch queries keys"]) -> Float[Array, "*batch"] | float:
    """How much of a row's weight moves when the text changes: mean over texts of Σⱼ |aⱼ - āⱼ| / 2.

    ā is the mean table over texts of one length. A head that looks at places alone has 0; the more it depends
    on what stands there, the more it has.
    Errors: ValueError for fewer than two texts.
    """
    a = _rows(weights)
    if a.ndim < 3 or len(a) < 2:
        raise ValueError(
            f"two texts or more are needed, as (texts, ..., queries, keys), but the shape is {a.shape}"
        )
    moved = np.abs(a - a.mean(axis=0)).sum(axis=-1) / 2
    return moved.mean(axis=-1).mean(axis=0)


@counts("radius")
def head_statistics(
    weights: Real[Array, "*batch tokens tokens"], radius: int = 2
) -> dict[str, Array | float]:
    """One number a table by name: previous, itself, next, first, last, near (a window), entropy in bits."""
    return {
        "previous": offset_mass(weights, -1),
        "itself": offset_mass(weights, 0),
        "next": offset_mass(weights, 1),
        "first": key_mass(weights, 0),
        "last": key_mass(weights, -1),
        "near": window_mass(weights, radius),
        "entropy": entropy(weights).mean(axis=-1),
    }


def rollout(
    weights: Real[Array, "layers heads tokens tokens"], residual: float = 0.5
) -> Float[Array, "layers tokens tokens"]:
    """R₀ = B₀, Rₗ = Bₗ Rₗ₋₁ with Bₗ = (1 - residual) · mean over heads of Aₗ + residual · I.

    Row i of Rₗ: the shares in which the input tokens have reached token i after layer l, if values were only
    averaged and the residual connection kept a share `residual` of each token.
    Errors: ValueError unless 0 <= residual <= 1.
    Source: [abnar2020, section 3, equation 1], with residual 0.5.
    """
    a = _tables(weights)
    if a.ndim != 4:
        raise ValueError(f"weights need the axes (layers, heads, tokens, tokens) but have shape {a.shape}")
    if not 0 <= residual <= 1:
        raise ValueError(f"residual must be between 0 and 1 but is {residual}")
    steps = (1 - residual) * a.mean(axis=1) + residual * np.eye(a.shape[-1])
    reached = [steps[0]]
    for step in steps[1:]:
        reached.append(step @ reached[-1])
    return np.stack(reached)


def sample_weights() -> list[tuple[list[str], Float[Array, "layers heads tokens tokens"]]]:
    """(tokens, weights) of MiniLM for a few sentences, kept with the package: no model is needed for them.

    Each weight was stored as round(255 √a), one byte: it is off by at most 0.004, and rows add up to 1.
    """
    kept = json.loads(SAMPLES.read_text(encoding="utf-8"))
    return [(one["tokens"], _unpack(one, kept["layers"], kept["heads"])) for one in kept["sentences"]]


def _unpack(one: dict, layers: int, heads: int) -> Array:
    n = len(one["tokens"])
    roots = np.frombuffer(base64.b64decode(one["roots"]), np.uint8).reshape(layers, heads, n, n) / 255
    squares = roots**2
    return squares / squares.sum(axis=-1, keepdims=True)


def _rows(weights) -> Array:
    """float64; ValueError unless no entry is negative or NaN and every row adds up to 1 (or to 0: no key)."""
    a = np.asarray(weights)
    if a.dtype.kind not in "fiu":
        raise TypeError(f"weights must hold real numbers but their dtype is {a.dtype}")
    a = a.astype(np.float64)
    if not (a >= 0).all():
        raise ValueError(f"weights must not be negative or NaN, but {int((~(a >= 0)).sum())} of {a.size} are")
    total = a.sum(axis=-1)
    off = np.abs(total - 1) * (total != 0)
    if off.max(initial=0.0) > TOLERANCE:
        row = np.unravel_index(off.argmax(), off.shape)
        where = tuple(int(i) for i in row)
        raise ValueError(f"every row must add up to 1, but row {where} has {total[row]:.4f}")
    return a


def _tables(weights) -> Array:
    a = _rows(weights)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"weights need the axes (..., tokens, tokens) but have shape {a.shape}")
    return a
