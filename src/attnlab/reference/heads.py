"""Multi-head attention as a definition: split features among heads, attend in each, merge the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Bool, Float, Real
from attnlab.reference._numbers import finite
from attnlab.reference.attention import attention


class Projections(NamedTuple):
    """The four matrices of a multi-head layer, each used as `tokens @ matrix`.

    query: (d_model, n_heads * d_head), key and value: (d_context, n_kv_heads * d_head),
    output: (n_heads * d_head, d_out). The columns of one head stand side by side, head 0 first.
    """

    query: Array
    key: Array
    value: Array
    output: Array


def split_heads(
    x: Real[Array, "*batch tokens width"], n_heads: int
) -> Float[Array, "*batch n_heads tokens d_head"]:
    """Cut the features into `n_heads` equal runs: head h gets h·d_head to (h + 1)·d_head of every token.

    d_head = width / n_heads. First the features are cut, then heads and tokens change places.
    Errors: ValueError unless n_heads divides the width.
    """
    x = finite("x", x)
    if x.ndim < 2:
        raise ValueError(f"x needs the axes (..., tokens, width) but has shape {x.shape}")
    *batch, tokens, width = x.shape
    _need_divisor("n_heads", n_heads, "the width", width)
    return x.reshape(*batch, tokens, n_heads, width // n_heads).swapaxes(-3, -2)


def merge_heads(x: Real[Array, "*batch n_heads tokens d_head"]) -> Float[Array, "*batch tokens width"]:
    """Put the heads of each token side by side again: `merge_heads(split_heads(x, n_heads))` is x."""
    x = finite("x", x)
    if x.ndim < 3:
        raise ValueError(f"x needs the axes (..., n_heads, tokens, d_head) but has shape {x.shape}")
    *batch, n_heads, tokens, d_head = x.shape
    return x.swapaxes(-3, -2).reshape(*batch, tokens, n_heads * d_head)


def repeat_heads(
    x: Real[Array, "*batch n_kv_heads tokens d_head"], n_heads: int
) -> Float[Array, "*batch n_heads tokens d_head"]:
    """Each head n_heads / n_kv_heads times in a row: a, b becomes a, a, b, b and not a, b, a, b.

    So query head h meets key-value head h // (n_heads / n_kv_heads), as published weights expect.
    Errors: ValueError unless the number of heads given divides n_heads.
    Source: [ainslie2023, section 2.2].
    """
    x = finite("x", x)
    if x.ndim < 3:
        raise ValueError(f"x needs the axes (..., n_kv_heads, tokens, d_head) but has shape {x.shape}")
    n_heads = count("n_heads", n_heads, at_least=1)
    _need_divisor("n_kv_heads", x.shape[-3], "n_heads", n_heads)
    return np.repeat(x, n_heads // x.shape[-3], axis=-3)


def multi_head(
    x: Real[Array, "*batch queries d_model"],
    context: Real[Array, "*batch keys d_context"] | None,
    weights: Projections,
    n_heads: int,
    n_kv_heads: int | None = None,
    *,
    mask: Bool[Array, "*#scores"] | None = None,
    bias: Float[Array, "*#scores"] | None = None,
    attend: Callable = attention,
) -> Float[Array, "*batch queries d_out"]:
    """merge(attend(split(x W_Q), split(context W_K), split(context W_V))) W_O.

    Without a context the tokens ask each other: self-attention. With fewer key-value heads than heads each of
    them serves n_heads / n_kv_heads heads in a row. `mask` (True = may look) and `bias` broadcast to
    (*batch, n_heads, queries, keys); a mask for each text needs an axis of size 1 for the heads.

    Errors: ValueError for head counts that do not divide, matrices that do not fit, a mask or bias without
    the axis of heads.
    Source: [vaswani2017, section 3.2.2]; one key-value head [shazeer2019]; groups [ainslie2023, section 2.2].
    """
    x = finite("x", x)
    context = x if context is None else finite("context", context)
    n_heads = count("n_heads", n_heads, at_least=1)
    n_kv_heads = n_heads if n_kv_heads is None else count("n_kv_heads", n_kv_heads, at_least=1)
    _need_divisor("n_kv_heads", n_kv_heads, "n_heads", n_heads)
    weights = _fitting(weights, x, context, n_heads, n_kv_heads)
    need_heads_axis(x.ndim + 1, mask=mask, bias=bias)
    q = split_heads(x @ weights.query, n_heads)  # project
    k = repeat_heads(split_heads(context @ weights.key, n_kv_heads), n_heads)
    v = repeat_heads(split_heads(context @ weights.value, n_kv_heads), n_heads)
    mixed = attend(q, k, v, mask=mask, bias=bias)  # score, scale, mask, normalise, mix
    return merge_heads(mixed) @ weights.output  # merge


def _need_divisor(name: str, n: int, whole_name: str, whole: int) -> int:
    """`n` as Python's own integer; ValueError unless it divides `whole`."""
    n = count(name, n, at_least=1)
    if whole % n:
        raise ValueError(f"{name} = {n} does not divide {whole_name} = {whole}")
    return n


def _fitting(weights: Projections, x: Array, context: Array, n_heads: int, n_kv_heads: int) -> Projections:
    """The matrices in float64; ValueError where they do not fit the tokens, the heads or each other."""
    weights = Projections(*(finite(f"weights.{name}", w) for name, w in zip(Projections._fields, weights)))
    for name, tokens, word in (("query", x, "x"), ("key", context, "context"), ("value", context, "context")):
        rows = getattr(weights, name).shape[0]
        if tokens.shape[-1] != rows:
            raise ValueError(f"{word} has width {tokens.shape[-1]} but weights.{name} has {rows} rows")
    wide, narrow = weights.query.shape[1], weights.key.shape[1]
    _need_divisor("n_heads", n_heads, "the columns of weights.query", wide)
    if wide * n_kv_heads != narrow * n_heads:
        raise ValueError(
            f"heads of queries have width {wide} / {n_heads} but heads of keys {narrow} / {n_kv_heads}"
        )
    merged = weights.value.shape[1] * n_heads // n_kv_heads
    if weights.output.shape[0] != merged:
        rows = weights.output.shape[0]
        raise ValueError(f"merged heads have width {merged} but weights.output has {rows} rows")
    return weights


def need_heads_axis(n_axes: int, **overlays) -> None:
    """With a batch, three axes could be (batch, queries, keys) or (heads, queries, keys): refuse to guess."""
    for name, overlay in overlays.items():
        if overlay is not None and 2 < np.ndim(overlay) < n_axes:
            raise ValueError(
                f"{name} has shape {np.shape(overlay)} but the scores have {n_axes} axes (..., heads, "
                f"queries, keys): give it an axis for the heads, of size 1 if they share it"
            )
