"""A softmax with one entry more than there are keys: the learned sink of a head, as a definition."""

from __future__ import annotations

import numpy as np

from attnlab._shapes import Array, Bool, Float, Real, check_attention
from attnlab.reference._numbers import finite
from attnlab.reference.attention import masked_scores
from attnlab.reference.softmax import softmax


def sink_weights(
    q: Real[Array, "*#batch queries d_k"],
    k: Real[Array, "*#batch keys d_k"],
    sink: Real[Array, "*heads"],
    mask: Bool[Array, "*#scores"] | None = None,
    bias: Float[Array, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Array, "*all_batch queries keys"]:
    """softmax of the scores with `sink` beside them; the sink's own weight is dropped.

    sink: one number, or one for each head. A row sums to less than 1, to 0 where its query may look at no key.
    Otherwise as `attention_weights`.
    Errors: those of `attention_weights`; ValueError for a sink of another number of heads.
    Source: the code published with gpt-oss.
    """
    sink, scores = finite("sink", sink), masked_scores(q, k, mask, bias, scale)  # score, scale, mask
    _need_heads(sink, scores.shape[:-2])
    extra = np.broadcast_to(sink[..., None, None], (*scores.shape[:-1], 1))
    return softmax(np.concatenate([scores, extra], axis=-1))[..., :-1]  # normalise


def sink_attention(
    q: Real[Array, "*#batch queries d_k"],
    k: Real[Array, "*#batch keys d_k"],
    v: Real[Array, "*#batch keys d_v"],
    sink: Real[Array, "*heads"],
    mask: Bool[Array, "*#scores"] | None = None,
    bias: Float[Array, "*#scores"] | None = None,
    scale: float | None = None,
) -> Float[Array, "*all_batch queries d_v"]:
    """`sink_weights` times the values: attention that may also look at nothing.

    Arguments and errors are those of `sink_weights` and of `attention`.
    """
    q, k, v = finite("q", q), finite("k", k), finite("v", v)
    check_attention(q, k, v, mask, bias)
    return sink_weights(q, k, sink, mask, bias, scale) @ v  # mix


def _need_heads(sink: Array, heads: tuple[int, ...]) -> None:
    if sink.ndim > len(heads) or any(a not in (1, b) for a, b in zip(sink.shape[::-1], heads[::-1])):
        raise ValueError(f"sink has shape {sink.shape} but the leading axes of q and k are {heads}")
