"""T5 in NumPy, one text at a time: learned numbers for distances added to unscaled scores, RMSNorm in front, no bias anywhere.

The torch twin is `attnlab.models.t5`; `attnlab.weights.t5.to_numpy` moves its numbers here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Bool, Float, Integer
from attnlab.reference.attention import attention
from attnlab.reference.heads import Projections, merge_heads, split_heads
from attnlab.reference.layers import rms_norm
from attnlab.reference.positions import t5_buckets


class Block(NamedTuple):
    """Matrices of the sublayers, each with the gain of the norm in front of it; `cross` is None in an encoder."""

    look: tuple[Projections, Array]
    cross: tuple[Projections, Array] | None
    network: tuple[tuple[Array, ...], Array]


class Stack(NamedTuple):
    """Blocks, the numbers for distances that they share (a row a bucket, a column a head), and the gain of the last norm."""

    blocks: tuple[Block, ...]
    distances: Array
    last: Array
    max_distance: int = 128


class T5(NamedTuple):
    """The table of tokens, two stacks, and the matrix of the logits: the table over sqrt(d_model) in version 1.0."""

    table: Array
    encoder: Stack
    decoder: Stack
    head: Array


def relative_bias(
    stack: Stack, q_pos: Integer[Array, "queries"], k_pos: Integer[Array, "keys"], both_sides: bool
) -> Float[Array, "heads queries keys"]:
    """bias[h, i, j] = distances[bucket(j - i), h]. Source: [raffel2020, section 2.1]."""
    buckets = t5_buckets(q_pos, k_pos, len(stack.distances), stack.max_distance, both_sides)
    return np.moveaxis(stack.distances[buckets], -1, 0)


def relu_network(x: Float[Array, "tokens d_model"], expand: Array, contract: Array) -> Float[Array, "tokens d_model"]:
    """max(0, x W_1) W_2: the feed-forward network of version 1.0."""
    return np.maximum(0, x @ expand) @ contract


def encode(model: T5, ids: Sequence[int], think: Callable = relu_network) -> Float[Array, "source d_model"]:
    """The states of a source, without padding."""
    at = np.arange(len(ids))
    bias = relative_bias(model.encoder, at, at, both_sides=True)
    x = model.table[list(ids)]
    for block in model.encoder.blocks:
        x = _through(x, x[:0], block, bias, np.ones((len(x), len(x)), dtype=bool), think)
    return rms_norm(x, model.encoder.last)


def decode(
    model: T5, ids: Sequence[int], memory: Float[Array, "source d_model"], think: Callable = relu_network
) -> Float[Array, "target words"]:
    """The logits of the token after each token of a target, whose first token is the start (id 0 in the published models)."""
    at = np.arange(len(ids))
    bias = relative_bias(model.decoder, at, at, both_sides=False)
    x = model.table[list(ids)]
    for block in model.decoder.blocks:
        x = _through(x, memory, block, bias, np.tri(len(x), dtype=bool), think)
    return rms_norm(x, model.decoder.last) @ model.head.T


def look(
    x: Float[Array, "tokens d_model"],
    context: Float[Array, "keys d_model"],
    weights: Projections,
    bias: Float[Array, "heads #tokens #keys"],
    mask: Bool[Array, "tokens keys"],
) -> Float[Array, "tokens d_model"]:
    """merge(softmax(Q Kᵀ + bias) V) W_O in as many heads as the bias has; the scores are not scaled."""
    pairs = zip((x, context, context), weights)
    q, k, v = (split_heads(rows @ matrix, len(bias)) for rows, matrix in pairs)  # project
    bias = np.broadcast_to(bias, (len(bias), len(x), len(context)))
    return merge_heads(attention(q, k, v, mask, bias, scale=1.0)) @ weights.output


def _through(x: Array, memory: Array, block: Block, bias: Array, mask: Array, think: Callable) -> Array:
    """One block: each sublayer reads normalised rows and adds to the rows as they were."""
    weights, gain = block.look
    normed = rms_norm(x, gain)
    x = x + look(normed, normed, weights, bias, mask)
    if block.cross is not None:
        weights, gain = block.cross
        everything = np.ones((len(x), len(memory)), dtype=bool)
        x = x + look(rms_norm(x, gain), memory, weights, np.zeros((len(bias), 1, 1)), everything)
    matrices, gain = block.network
    return x + think(rms_norm(x, gain), *matrices)
