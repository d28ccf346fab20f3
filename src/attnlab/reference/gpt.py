"""GPT in NumPy, forward alone, and a small one that has learned first names: a text goes in, the next sign's logits come out.

ids -> rows of a table + rows of places -> blocks, each of which normalises, looks back and thinks -> last norm -> scores of all signs
by the same table. It was trained by `tools/names_model.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Float, Int
from attnlab.reference.attention import attention_weights
from attnlab.reference.heads import merge_heads, split_heads
from attnlab.reference.layers import FeedForward, Norm, feed_forward, gelu_tanh, layer_norm
from attnlab.reference.softmax import softmax

FILE = Path(__file__).with_name("names.json")
START, END = 1, 2
EPSILON = 1e-5


class Linear(NamedTuple):
    """x @ matrix + bias."""

    matrix: Array
    bias: Array


class Block(NamedTuple):
    """A norm and the four projections of attention; a norm and the two of the feed-forward network."""

    look_norm: Norm
    query: Linear
    key: Linear
    value: Linear
    output: Linear
    think_norm: Norm
    expand: Linear
    contract: Linear


class Gpt(NamedTuple):
    """The signs in the order of their ids, the number of heads, the tables of signs and of places, the blocks, the last norm."""

    signs: tuple[str, ...]
    n_heads: int
    table: Array
    places: Array
    blocks: tuple[Block, ...]
    last: Norm


def load(path: Path = FILE) -> Gpt:
    """The trained model that comes with the package: first names, a sign at a time."""
    return read(json.loads(Path(path).read_text(encoding="utf-8")))


def read(kept: dict) -> Gpt:
    """The model from the plain lists that its file holds: whole numbers, to be divided by `scale`."""
    part = lambda numbers: np.array(numbers) / kept["scale"]
    pair = lambda kind, two: kind(*map(part, two))
    kinds = (Norm, *[Linear] * 4, Norm, Linear, Linear)
    blocks = tuple(Block(*map(pair, kinds, block)) for block in kept["blocks"])
    tables = part(kept["table"]), part(kept["places"])
    return Gpt(tuple(kept["signs"]), int(kept["n_heads"]), *tables, blocks, pair(Norm, kept["last"]))


def n_parameters(model: Gpt) -> int:
    """How many numbers were learned; the table counts once, though it serves twice."""
    def count(part) -> int:
        return part.size if isinstance(part, np.ndarray) else sum(map(count, part)) if isinstance(part, tuple) else 0
    return count(model[2:])


def encode(model: Gpt, text: str) -> list[int]:
    """The start mark and the ids of the signs. Errors: ValueError for an unknown sign or a text longer than the places."""
    known = model.signs[3:]
    unknown = sorted({sign for sign in text if sign not in known})
    if unknown:
        raise ValueError(f"the model knows the signs {''.join(known)} and not {', '.join(map(repr, unknown))}")
    if len(text) >= len(model.places):
        raise ValueError(f"{len(text)} signs and a start mark do not fit into {len(model.places)} places")
    return [START, *(model.signs.index(sign) for sign in text)]


def look(x: Float[Array, "n d_model"], block: Block, n_heads: int) -> tuple[Float[Array, "n d_model"], Float[Array, "heads n n"]]:
    """What attention adds to the rows, and its weights: every row looks at itself and at the rows before it."""
    normed = layer_norm(x, *block.look_norm, EPSILON)
    q, k, v = (split_heads(linear(normed, part), n_heads) for part in (block.query, block.key, block.value))
    weights = attention_weights(q, k, np.tri(len(x), dtype=bool))
    return linear(merge_heads(weights @ v), block.output), weights


def think(x: Float[Array, "n d_model"], block: Block) -> Float[Array, "n d_model"]:
    """What the feed-forward network adds to the rows, each by itself."""
    network = FeedForward(*block.expand, *block.contract)
    return feed_forward(layer_norm(x, *block.think_norm, EPSILON), network, gelu_tanh)


def run(model: Gpt, ids: Int[Array, "n"] | list[int]) -> tuple[Float[Array, "n signs"], Float[Array, "layers heads n n"]]:
    """The logits of what follows each id, and every attention weight on the way."""
    ids = np.asarray(ids)
    x, seen = model.table[ids] + model.places[: len(ids)], []
    for block in model.blocks:
        change, weights = look(x, block, model.n_heads)
        x = x + change
        x = x + think(x, block)
        seen.append(weights)
    return layer_norm(x, *model.last, EPSILON) @ model.table.T, np.stack(seen)


def following(model: Gpt, text: str) -> Float[Array, "signs"]:
    """The probability of every sign after this beginning; that of the end mark says whether the name is complete."""
    return softmax(run(model, encode(model, text))[0][-1])


def linear(x: Float[Array, "*rows inner"], layer: Linear) -> Float[Array, "*rows outer"]:
    """x W + b, row by row."""
    return x @ layer.matrix + layer.bias
