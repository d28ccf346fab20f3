"""Scaled dot-product attention and its gradient, as definitions: every step is one line."""

from __future__ import annotations

import numpy as np

from attnlab._shapes import (
    Array,
    Bool,
    Float,
    Real,
    check_attention,
    check_overlay,
    check_scores,
)
from attnlab.reference._numbers import below_infinity, finite, finite_number
from attnlab.reference.softmax import softmax


def attention(
    q: Real[Array, "*#batch queries d_k"],
    k: Real[Array, "*#batch keys d_k"],
    v: Real[Array, "*#batch keys d_v"],
    mask: Bool[Array, "*#scores"] | None = None,
    bias: Float[Array, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Array, "*all_batch queries d_v"]:
    """softmax(q kᵀ · scale + bias) v: every query takes a weighted mean of the values.

    `mask` is boolean, True = may look; `bias` is a float added to the scaled scores. Both broadcast to
    (*batch, queries, keys). `scale` is 1 / sqrt(d_k) unless given. Leading axes of all arguments broadcast.
    A query that may look at no key (all masked, or no keys at all) gets zeros. No queries: an output with no
    rows.

    Computed and returned in float64; integers are welcome. Nothing is changed in place.
    Errors: ValueError for sizes that disagree, NaN or infinity (a bias may hold -inf); TypeError for a mask
    that is not boolean, a bias that is not float, numbers that are not real.
    Source: [vaswani2017, section 3.2.1, equation 1]; the mask as -inf: section 3.2.3.
    """
    q, k, v = finite("q", q), finite("k", k), finite("v", v)
    check_attention(q, k, v, mask, bias)
    return attention_weights(q, k, mask, bias, scale) @ v  # mix


def attention_weights(
    q: Real[Array, "*#batch queries d_k"],
    k: Real[Array, "*#batch keys d_k"],
    mask: Bool[Array, "*#scores"] | None = None,
    bias: Float[Array, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Array, "*all_batch queries keys"]:
    """softmax(q kᵀ · scale + bias): how much each query looks at each key.

    Every row sums to 1, or holds only zeros where the query may look at no key.
    Arguments, errors and source are those of `attention`.
    """
    return softmax(masked_scores(q, k, mask, bias, scale))  # normalise


def masked_scores(
    q: Real[Array, "*#batch queries d_k"],
    k: Real[Array, "*#batch keys d_k"],
    mask: Bool[Array, "*#scores"] | None = None,
    bias: Float[Array, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Array, "*all_batch queries keys"]:
    """q kᵀ · scale + bias, and -inf where the mask forbids to look.

    Arguments and errors are those of `attention`.
    """
    q, k = finite("q", q), finite("k", k)
    shape = check_scores(q, k)
    scores = q @ k.mT  # score
    scores = scores * _scale(scale, q.shape[-1])  # scale
    if bias is not None:
        scores = scores + _bias(bias, shape)
    if mask is not None:
        scores = np.where(_mask(mask, shape), scores, -np.inf)  # mask
    return scores


def attention_gradient(
    q: Real[Array, "*#batch queries d_k"],
    k: Real[Array, "*#batch keys d_k"],
    v: Real[Array, "*#batch keys d_v"],
    d_output: Real[Array, "*all_batch queries d_v"],
    mask: Bool[Array, "*#scores"] | None = None,
    bias: Float[Array, "*#scores"] | None = None,
    scale: float | None = None,
) -> tuple[Float[Array, "*q_shape"], Float[Array, "*k_shape"], Float[Array, "*v_shape"]]:
    """(dq, dk, dv): how the loss moves with each argument, given how it moves with the output, `d_output`.

    With A the weights:  dv = Aᵀ d_output,  dA = d_output vᵀ,  dS = A * (dA - sum_keys(A * dA)),
    dq = scale · dS k,  dk = scale · dSᵀ q.  The line for dS is the softmax's Jacobian
    diag(a) - a aᵀ, applied to each row.
    Each gradient has the shape of its argument: along a broadcast axis the contributions are summed.
    A query that may look at no key sends no gradient anywhere.

    Errors: those of `attention`, and ValueError if `d_output` has not the output's shape.
    Source: [dao2022, appendix B.2].
    """
    q, k, v, d_output = finite("q", q), finite("k", k), finite("v", v), finite("d_output", d_output)
    shape = check_attention(q, k, v, mask, bias)
    if d_output.shape != shape:
        raise ValueError(f"d_output has shape {d_output.shape} but the output has shape {shape}")
    weights = attention_weights(q, k, mask, bias, scale)
    d_weights = d_output @ v.mT
    d_scores = weights * (d_weights - (weights * d_weights).sum(axis=-1, keepdims=True))
    d_scores = d_scores * _scale(scale, q.shape[-1])
    return (
        _sum_to(q.shape, d_scores @ k),
        _sum_to(k.shape, d_scores.mT @ q),
        _sum_to(v.shape, weights.mT @ d_output),
    )


def _scale(scale: float | None, d_k: int) -> float:
    return 1 / np.sqrt(d_k) if scale is None else finite_number("scale", scale)


def _mask(mask: Array, scores: tuple[int, ...]) -> Array:
    mask = np.asarray(mask)
    if mask.dtype != np.bool_:
        raise TypeError(
            f"mask must be boolean, True = may look, but its dtype is {mask.dtype}; numbers go in bias="
        )
    check_overlay("mask", mask, scores)
    return mask


def _bias(bias: Array, scores: tuple[int, ...]) -> Array:
    bias = np.asarray(bias)
    if bias.dtype.kind != "f":
        raise TypeError(
            f"bias must be float but its dtype is {bias.dtype}; who may look at whom goes in mask="
        )
    check_overlay("bias", bias, scores)
    return below_infinity("bias", bias)


def _sum_to(shape: tuple[int, ...], x: Array) -> Array:
    """`x` summed over the axes along which an array of `shape` had been broadcast."""
    x = x.sum(axis=tuple(range(x.ndim - len(shape))))
    return x.sum(axis=tuple(axis for axis, size in enumerate(shape) if size == 1), keepdims=True)
