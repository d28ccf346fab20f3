"""Ways to compare a query with a key, in PyTorch: one number for each pair, before any softmax."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnlab._shapes import Float, check_scores


def dot(
    q: Float[Tensor, "*#batch queries d_k"], k: Float[Tensor, "*#batch keys d_k"]
) -> Float[Tensor, "*all_batch queries keys"]:
    """q · k. Errors: ValueError for sizes that disagree. Source: [luong2015, section 3.1, "dot"]."""
    check_scores(q, k)
    return torch.einsum("...id,...jd->...ij", q, k)


def scaled_dot(
    q: Float[Tensor, "*#batch queries d_k"], k: Float[Tensor, "*#batch keys d_k"]
) -> Float[Tensor, "*all_batch queries keys"]:
    """q · k / sqrt(d_k). Errors: those of `dot`. Source: [vaswani2017, section 3.2.1]."""
    check_scores(q, k)
    return dot(q * q.shape[-1] ** -0.5, k)


def general(
    q: Float[Tensor, "*#batch queries d_q"],
    k: Float[Tensor, "*#batch keys d_k"],
    w: Float[Tensor, "d_q d_k"],
) -> Float[Tensor, "*all_batch queries keys"]:
    """qᵀ W k, with W learned; query and key may differ in width.

    Errors: ValueError for sizes that disagree. Source: [luong2015, section 3.1, "general"].
    """
    _need_shape("w", w, "(d_q, d_k)", (*q.shape[-1:], *k.shape[-1:]))
    return dot(q, torch.nn.functional.linear(k, w))


def additive(
    q: Float[Tensor, "*#batch queries d_q"],
    k: Float[Tensor, "*#batch keys d_k"],
    w_q: Float[Tensor, "d_q d_hidden"],
    w_k: Float[Tensor, "d_k d_hidden"],
    u: Float[Tensor, "d_hidden"],
) -> Float[Tensor, "*all_batch queries keys"]:
    """uᵀ tanh(q W_q + k W_k): one hidden layer for every pair.

    Builds queries · keys · d_hidden numbers: the price of a hidden layer for every pair.
    Errors: ValueError for sizes that disagree.
    Source: [bahdanau2015, appendix A.1.2], where W_q, W_k, u are called W_a, U_a, v_a and act from the left.
    """
    _need_shape("w_q", w_q, "(d_q, d_hidden)", (*q.shape[-1:], u.numel()))
    _need_shape("w_k", w_k, "(d_k, d_hidden)", (*k.shape[-1:], u.numel()))
    from_query, from_key = torch.matmul(q, w_q), torch.matmul(k, w_k)
    check_scores(from_query, from_key)
    hidden = (from_query.unsqueeze(-2) + from_key.unsqueeze(-3)).tanh()
    return (hidden * u).sum(dim=-1)


def gaussian(
    q: Float[Tensor, "*#batch queries d_k"], k: Float[Tensor, "*#batch keys d_k"], width: float = 1.0
) -> Float[Tensor, "*all_batch queries keys"]:
    """-|q - k|² / (2 width²): the logarithm of a Gaussian bump around the key, without its constant.

    Built from the differences, not from |q|² - 2 q·k + |k|², which cancels where query and key are close.
    Errors: those of `dot`; ValueError for a width that is not above 0 and finite. Source: [watson1964].
    """
    check_scores(q, k)
    if not 0 < width < math.inf:
        raise ValueError(f"width must be above 0 and finite but is {width}")
    squared = (q.unsqueeze(-2) - k.unsqueeze(-3)).square().sum(dim=-1)
    return squared / (-2 * width**2)


def kernel_regression(
    q: Float[Tensor, "*#batch queries d_k"],
    k: Float[Tensor, "*#batch keys d_k"],
    v: Float[Tensor, "*#batch keys d_v"],
    width: float = 1.0,
) -> Float[Tensor, "*all_batch queries d_v"]:
    """sum_j G(q - k_j) v_j / sum_j G(q - k_j), with G a Gaussian bump of standard deviation `width`.

    Errors: those of `gaussian`; ValueError if there are not as many values as keys.
    Source: [nadaraya1964]; [watson1964].
    """
    scores = gaussian(q, k, width)
    if v.ndim < 2 or v.shape[-2] != scores.shape[-1]:
        raise ValueError(f"there are {scores.shape[-1]} keys but v has shape {tuple(v.shape)}")
    return scores.softmax(dim=-1) @ v


def _need_shape(name: str, tensor: Tensor, words: str, shape: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} must have the shape {words} = {shape} but has {tuple(tensor.shape)}")
