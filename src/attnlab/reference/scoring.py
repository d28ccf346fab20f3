"""Ways to compare a query with a key: each function gives one number for each pair, before any softmax."""

from __future__ import annotations

import numpy as np

from attnlab._shapes import Array, Float, Real, check_scores
from attnlab.reference._numbers import finite, finite_number
from attnlab.reference.softmax import softmax


def dot(
    q: Real[Array, "*#batch queries d_k"], k: Real[Array, "*#batch keys d_k"]
) -> Float[Array, "*all_batch queries keys"]:
    """q · k: large where query and key are long and point the same way.

    Always float64. Errors: ValueError for sizes that disagree, NaN or infinity.
    Source: [luong2015, section 3.1, "dot"].
    """
    q, k = finite("q", q), finite("k", k)
    check_scores(q, k)
    return q @ k.mT


def scaled_dot(
    q: Real[Array, "*#batch queries d_k"], k: Real[Array, "*#batch keys d_k"]
) -> Float[Array, "*all_batch queries keys"]:
    """q · k / sqrt(d_k): the dot product brought to the same size at every width.

    Errors: those of `dot`. Source: [vaswani2017, section 3.2.1].
    """
    return dot(q, k) / np.sqrt(np.shape(q)[-1])


def general(
    q: Real[Array, "*#batch queries d_q"],
    k: Real[Array, "*#batch keys d_k"],
    w: Real[Array, "d_q d_k"],
) -> Float[Array, "*all_batch queries keys"]:
    """qᵀ W k: a learned table says how much each number of the query has to do with each number of the key.

    Query and key may differ in width. Errors: ValueError for sizes that disagree, NaN or infinity.
    Source: [luong2015, section 3.1, "general"].
    """
    q, k, w = finite("q", q), finite("k", k), finite("w", w)
    _need_shape("w", w, "(d_q, d_k)", (*q.shape[-1:], *k.shape[-1:]))
    return dot(q @ w, k)


def additive(
    q: Real[Array, "*#batch queries d_q"],
    k: Real[Array, "*#batch keys d_k"],
    w_q: Real[Array, "d_q d_hidden"],
    w_k: Real[Array, "d_k d_hidden"],
    u: Real[Array, "d_hidden"],
) -> Float[Array, "*all_batch queries keys"]:
    """uᵀ tanh(q W_q + k W_k): a network with one hidden layer looks at query and key together.

    No score exceeds the sum of |u|.
    Errors: ValueError for sizes that disagree, NaN or infinity.
    Source: [bahdanau2015, appendix A.1.2], where W_q, W_k, u are called W_a, U_a, v_a and act from the left.
    """
    q, k, u = finite("q", q), finite("k", k), finite("u", u)
    w_q, w_k = finite("w_q", w_q), finite("w_k", w_k)
    _need_shape("w_q", w_q, "(d_q, d_hidden)", (*q.shape[-1:], u.size))
    _need_shape("w_k", w_k, "(d_k, d_hidden)", (*k.shape[-1:], u.size))
    from_query, from_key = q @ w_q, k @ w_k
    check_scores(from_query, from_key)
    return np.tanh(from_query[..., :, None, :] + from_key[..., None, :, :]) @ u


def gaussian(
    q: Real[Array, "*#batch queries d_k"], k: Real[Array, "*#batch keys d_k"], width: float = 1.0
) -> Float[Array, "*all_batch queries keys"]:
    """-|q - k|² / (2 width²): zero where query and key coincide, falling with the squared distance.

    It is the logarithm of a Gaussian bump around the key, without its constant, so its softmax is the bump
    divided by the sum of all bumps. Errors: those of `dot`; ValueError for a width not above 0.
    Source: [watson1964], with a Gaussian as the weight.
    """
    q, k = finite("q", q), finite("k", k)
    check_scores(q, k)
    width = finite_number("width", width)
    if width <= 0:
        raise ValueError(f"width must be above 0 but is {width}")
    gaps = (q[..., :, None, :] - k[..., None, :, :]) / width
    return -(gaps**2).sum(axis=-1) / 2


def kernel_regression(
    q: Real[Array, "*#batch queries d_k"],
    k: Real[Array, "*#batch keys d_k"],
    v: Real[Array, "*#batch keys d_v"],
    width: float = 1.0,
) -> Float[Array, "*all_batch queries d_v"]:
    """sum_j G(q - k_j) v_j / sum_j G(q - k_j): the mean of the values, each weighted by how near its key is.

    G is a Gaussian bump of standard deviation `width`. Where all keys have one norm this is dot-product
    attention with the scale 1 / width².
    Errors: those of `gaussian`; ValueError if there are not as many values as keys.
    Source: [nadaraya1964]; [watson1964].
    """
    v = finite("v", v)
    scores = gaussian(q, k, width)
    if v.ndim < 2 or v.shape[-2] != scores.shape[-1]:
        raise ValueError(f"there are {scores.shape[-1]} keys but v has shape {v.shape}")
    return softmax(scores) @ v


def _need_shape(name: str, array: Array, words: str, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape {words} = {shape} but has {array.shape}")
