"""Which tokens mattered? Weights that give the same output, gradients, and what changes when a token is taken away.

`few_keys` and `effective` show how much of a row of weights the output cannot tell; `gradients` and `masked` ask the whole
encoder a question, a function from its pooled vectors to a number; `rank_correlation` compares two answers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from attnlab._shapes import Array, Bool, Float, Int, Real
from attnlab.models.bert import Bert
from attnlab.models.minilm import mean_pool

TINY = 1e-12
Question = Callable[[Tensor], Tensor]


def few_keys(weights: Real[Array, "keys"], values: Real[Array, "keys d_v"]) -> Float[Array, "keys"]:
    """Another distribution over the keys with the same output, on at most rank(V, 1) <= d_v + 1 of them.

    While more keys have weight there is a direction along which the output stays; the row walks along it until a weight is 0.
    Errors: ValueError for weights that are no distribution.
    Source: Carathéodory's theorem, as it is proved.
    """
    a, values = _row(weights).copy(), np.asarray(values, dtype=float)
    while True:
        used = np.flatnonzero(a > TINY)
        direction = _blind_direction(values[used])
        if direction is None:
            return a
        falls = direction < -TINY
        step = (a[used][falls] / -direction[falls]).min()
        a[used] = np.where(a[used] + step * direction > TINY, a[used] + step * direction, 0)
        a /= a.sum()


def effective(weights: Real[Array, "queries keys"], values: Real[Array, "keys d_v"]) -> Float[Array, "queries keys"]:
    """Aᵉ = A V V⁺: the rows of A without the part that V maps to 0, the shortest rows with the output A V.

    They need not be positive, nor add up to 1.
    Source: the *effective attention* of [brunner2020], who project away what V W_O maps to 0.
    """
    values = np.asarray(values, dtype=float)
    return np.asarray(weights, dtype=float) @ values @ np.linalg.pinv(values)


def rank_correlation(a: Real[Array, "n"], b: Real[Array, "n"]) -> float:
    """Spearman's: the correlation of the ranks, of equal numbers the mean rank; NaN where all of one side are equal.

    Errors: ValueError unless both have the same length, two or more.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(f"two rows of one length, two or more, are needed, not {a.shape} and {b.shape}")
    a, b = _ranks(a), _ranks(b)
    length = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / length) if length > 0 else float("nan")


def gradients(
    encoder: Bert, ids: Int[Tensor, "texts tokens"], mask: Bool[Tensor, "texts tokens"], question: Question
) -> Float[Tensor, "texts tokens d_model"]:
    """The gradient of question(pooled vectors), one number a text, with respect to the table rows of the tokens.

    The rows as they stand in the table of pieces: places, segments and the norm come after them.
    """
    rows: list[Tensor] = []

    def keep(table: torch.nn.Module, given: tuple, found: Tensor) -> Tensor:
        rows.append(found.detach().requires_grad_())
        return rows[0]

    handle = encoder.piece.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            asked = question(mean_pool(encoder(ids, mask), mask)).sum()
    finally:
        handle.remove()
    return torch.autograd.grad(asked, rows[0])[0]


@torch.no_grad()
def masked(encoder: Bert, ids: Int[Tensor, "tokens"], question: Question, blank: int) -> Float[Tensor, "inner"]:
    """How far question(pooled vector) falls when one token is replaced by `blank`: each in its turn, the first and last left out."""
    inner = torch.arange(1, len(ids) - 1)
    texts = ids.repeat(len(inner) + 1, 1)
    texts[torch.arange(len(inner)), inner] = blank
    whole = torch.ones_like(texts, dtype=torch.bool)
    asked = question(mean_pool(encoder(texts, whole), whole))
    return asked[-1] - asked[:-1]


def _row(weights) -> Array:
    a = np.asarray(weights, dtype=float)
    if a.ndim != 1 or not (a >= 0).all() or abs(a.sum() - 1) > 1e-3:
        raise ValueError("weights must be one row of numbers from 0 on that add up to 1")
    return a


def _blind_direction(values: Array) -> Array | None:
    """δ with δ V = 0 and Σ δ = 0, or None where only 0 is such; its largest fall is where it hurts first."""
    conditions = np.column_stack([values, np.ones(len(values))])
    u, sizes, _ = np.linalg.svd(conditions, full_matrices=True)
    rank = int((sizes > 1e-10 * sizes[0]).sum())
    if rank == len(values):
        return None
    return u[:, -1]


def _ranks(x: Array) -> Array:
    """Places in the order of size, equal ones share theirs; minus their mean."""
    below, equal = (x[:, None] > x).sum(axis=1), (x[:, None] == x).sum(axis=1)
    places = below + (equal - 1) / 2
    return places - places.mean()
