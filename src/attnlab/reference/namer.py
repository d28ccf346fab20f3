"""A small GPT in NumPy that makes up names, put together from pieces that can be exchanged.

ids -> rows of a table -> two blocks -> norm -> scores of all letters -> a draw, again and again. It is a decoder of today's kind:
a norm in front of every sublayer (RMSNorm), rotary positions, a gated feed-forward network, no biases, one table for both ends.
Every piece that an exercise of the course asks for is an argument, gathered in `Pieces`; what is left here are the lines between
them. It was trained by `tools/namer_model.py`; its torch twin is `attnlab.studies.namer`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Bool, Float, Int
from attnlab.reference import sampling
from attnlab.reference.attention import attention, attention_weights
from attnlab.reference.heads import merge_heads, split_heads
from attnlab.reference.layers import Gated, gated_feed_forward
from attnlab.reference.layers import rms_norm as _rms
from attnlab.reference.losses import cross_entropy
from attnlab.reference.positions import rotary as _rotary
from attnlab.reference.softmax import softmax

FILE = Path(__file__).with_name("namer.json")
PAD, EDGE = 0, 1  # the edge mark stands before a name and after it
LETTERS = "_.abcdefghijklmnopqrstuvwxyz"
EPSILON = 1e-6


def _causal_mask(n_queries, n_keys):
    return np.tri(n_queries, n_keys, n_keys - n_queries, dtype=bool)


def _turned(x, p):
    return _rotary(x, p)


def _masked_attention(q, k, v, mask):
    return attention(q, k, v, mask)


def _rms_norm(x, gain, epsilon):
    return _rms(x, gain, epsilon)


def _gated_network(x, w_gate, w_expand, w_contract):
    return gated_feed_forward(x, Gated(w_gate, w_expand, w_contract))


def _next_token_loss(logits, ids, pad):
    return float(cross_entropy(logits[:, :-1], ids[:, 1:], ignore=pad))


def _sampling_distribution(logits, t, k, p):
    return softmax(sampling.top_p(sampling.top_k(sampling.temperature(logits, t), k), p))


class Pieces(NamedTuple):
    """What the model is put together from, each a function as its exercise asks for it; here the course's own."""

    causal_mask: Callable = _causal_mask
    split_heads: Callable = split_heads
    rotary: Callable = _turned
    masked_attention: Callable = _masked_attention
    merge_heads: Callable = merge_heads
    rms_norm: Callable = _rms_norm
    gated_network: Callable = _gated_network
    next_token_loss: Callable = _next_token_loss
    sampling_distribution: Callable = _sampling_distribution


COURSE = Pieces()


class Block(NamedTuple):
    """The gain in front of attention and its four matrices, the gain in front of the network and its three."""

    look_gain: Array
    query: Array
    key: Array
    value: Array
    output: Array
    network_gain: Array
    gate: Array
    expand: Array
    contract: Array


class Namer(NamedTuple):
    """The number of heads, a row for each letter, the blocks, the last gain; names that were kept back."""

    n_heads: int
    table: Array
    blocks: tuple[Block, ...]
    last: Array
    held_out: tuple[str, ...] = ()


def load(path: Path = FILE) -> Namer:
    """The trained model that comes with the package."""
    return read(json.loads(Path(path).read_text(encoding="utf-8")))


def read(kept: dict) -> Namer:
    """The model from the lists that its file holds: whole numbers, in thousandths."""
    blocks = tuple(Block(*(np.array(block[name]) / 1000 for name in Block._fields)) for block in kept["blocks"])
    table, last = (np.array(kept[name]) / 1000 for name in ("table", "last"))
    return Namer(int(kept["n_heads"]), table, blocks, last, tuple(kept["held_out"]))


def n_parameters(model: Namer) -> int:
    """How many numbers were learned."""
    return sum(x.size for x in (model.table, model.last, *(x for block in model.blocks for x in block)))


def encode(name: str) -> list[int]:
    """The ids of the letters of a name or its beginning, after the edge mark. Errors: ValueError for other characters."""
    strange = sorted(set(name) - set(LETTERS[2:]))
    if strange:
        raise ValueError(f"{name!r} holds {', '.join(map(repr, strange))}; the model knows the letters a to z")
    return [EDGE, *(LETTERS.index(letter) for letter in name)]


def batch(names: Sequence[str]) -> Int[Array, "names letters"]:
    """Names between two edge marks, a row each, filled up with padding. Errors: ValueError without a name."""
    if not names:
        raise ValueError("a batch needs at least one name")
    rows = [[*encode(name), EDGE] for name in names]
    longest = max(map(len, rows))
    return np.array([row + [PAD] * (longest - len(row)) for row in rows])


def look(
    x: Float[Array, "names n d_model"], block: Block, n_heads: int, mask: Bool[Array, "n n"], pieces: Pieces = COURSE
) -> Float[Array, "names n d_model"]:
    """merge(attention(turn(split(x W_Q)), turn(split(x W_K)), split(x W_V))) W_O."""
    q, k, v = (pieces.split_heads(x @ matrix, n_heads) for matrix in (block.query, block.key, block.value))  # project
    q, k = (turn(rows, pieces) for rows in (q, k))
    mixed = pieces.masked_attention(q, k, v, mask)  # score, scale, mask, normalise, mix
    return pieces.merge_heads(mixed) @ block.output  # merge


def turn(
    x: Float[Array, "names heads n d_head"], pieces: Pieces = COURSE
) -> Float[Array, "names heads n d_head"]:
    """Each head of each name turned by the positions 0, 1, 2, ..."""
    at = np.arange(x.shape[-2])
    return np.stack([np.stack([pieces.rotary(rows, at) for rows in heads]) for heads in x])


def logits(model: Namer, ids: Int[Array, "names n"], pieces: Pieces = COURSE) -> Float[Array, "names n letters"]:
    """The scores of all letters for what comes next, at every place."""
    ids = np.asarray(ids)
    mask = np.asarray(pieces.causal_mask(ids.shape[1], ids.shape[1]))
    x = model.table[ids]
    for block in model.blocks:
        x = x + look(pieces.rms_norm(x, block.look_gain, EPSILON), block, model.n_heads, mask, pieces)
        normed = pieces.rms_norm(x, block.network_gain, EPSILON)
        x = x + pieces.gated_network(normed, block.gate, block.expand, block.contract)
    return pieces.rms_norm(x, model.last, EPSILON) @ model.table.T


def weights(model: Namer, name: str, layer: int = 0, pieces: Pieces = COURSE) -> Float[Array, "heads n n"]:
    """How much each letter looks at each, in every head of one layer."""
    seen: list[Array] = []

    def watch(q, k, v, mask):
        seen.append(attention_weights(q, k, mask))
        return pieces.masked_attention(q, k, v, mask)

    logits(model, np.array([encode(name)]), pieces._replace(masked_attention=watch))
    return seen[layer][0]


def bits(model: Namer, names: Sequence[str], pieces: Pieces = COURSE) -> float:
    """Mean surprise in bits a character, the edge mark after a name counted, as in every character model of the course."""
    ids = batch(names)
    return float(pieces.next_token_loss(logits(model, ids, pieces), ids, PAD)) / float(np.log(2))


def sample(
    model: Namer, start: str, rng: np.random.Generator, settings: tuple = (1.0, 28, 1.0), pieces: Pieces = COURSE, most: int = 16
) -> str:
    """A name that begins with `start`, drawn letter by letter until the edge mark; settings: temperature, top-k, top-p."""
    ids = encode(start)
    while len(ids) <= most:
        row = logits(model, np.array([ids]), pieces)[:, -1]
        row[:, PAD] = -1e9  # padding is never written
        p = np.asarray(pieces.sampling_distribution(row, *settings), dtype=float)[0]
        ids.append(int((np.cumsum(p) > rng.random() * p.sum()).argmax()))
        if ids[-1] == EDGE:
            break
    return "".join(LETTERS[i] for i in ids if i > EDGE)
