"""A whole transformer in NumPy, small enough to print: it reads what is red and what is blue, and says it again.

ids -> rows of a table + rows for the places -> two blocks -> normalise -> scores of all words. Each block adds what attention gathers from the
words so far, then what a small network makes of every row by itself. A decoder like GPT-2 with one head, no biases but one, and no
gains in its normalisation; it was trained by `tools/tiny_model.py`, whose torch twin is `attnlab.models.tiny`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Float
from attnlab.reference._numbers import finite
from attnlab.reference.attention import attention, attention_weights

FILE = Path(__file__).with_name("tiny.json")
EPSILON = 1e-5


class Block(NamedTuple):
    """The parameters of one block: four matrices of the attention, two and a bias of the feed-forward network."""

    query: Array
    key: Array
    value: Array
    output: Array
    expand: Array
    bias: Array
    contract: Array


class Tiny(NamedTuple):
    """The words in the order of their ids, a row for each word, a row for each place, and the blocks."""

    words: tuple[str, ...]
    table: Array
    places: Array
    blocks: tuple[Block, ...]


def load(path: Path = FILE) -> Tiny:
    """The trained model that comes with the package."""
    kept = json.loads(Path(path).read_text(encoding="utf-8"))
    blocks = tuple(Block(**{name: np.array(x) for name, x in block.items()}) for block in kept["blocks"])
    return Tiny(tuple(kept["words"]), np.array(kept["table"]), np.array(kept["places"]), blocks)


def n_parameters(model: Tiny) -> int:
    """How many numbers were learned."""
    return sum(x.size for x in (model.table, model.places, *(x for block in model.blocks for x in block)))


def encode(model: Tiny, text: str) -> list[int]:
    """The ids of the words, which stand between spaces. Errors: KeyError naming the words it does not have."""
    unknown = [word for word in text.split() if word not in model.words]
    if unknown:
        raise KeyError(f"not among these {len(model.words)} words: {', '.join(unknown)}")
    return [model.words.index(word) for word in text.split()]


def embed(model: Tiny, ids: Sequence[int]) -> Float[Array, "tokens d_model"]:
    """table[id] + places[0, 1, 2, ...]: what enters the first block. Errors: ValueError for more words than places."""
    if len(ids) > len(model.places):
        raise ValueError(f"{len(ids)} words do not fit into {len(model.places)} places")
    return model.table[list(ids)] + model.places[: len(ids)]


def normalise(x: Float[Array, "*tokens d_model"]) -> Float[Array, "*tokens d_model"]:
    """(x - mean) / sqrt(variance + 1e-5), each row by itself."""
    x = finite("x", x)
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)


def look(x: Float[Array, "tokens d_model"], block: Block) -> Float[Array, "tokens d_model"]:
    """attention(x W_Q, x W_K, x W_V) W_O, in which every token looks at itself and at those before it."""
    mixed = attention(x @ block.query, x @ block.key, x @ block.value, mask=_so_far(x))
    return mixed @ block.output


def weights(x: Float[Array, "tokens d_model"], block: Block) -> Float[Array, "tokens tokens"]:
    """How much each token looks at each, in a block which `x` enters."""
    x = normalise(x)
    return attention_weights(x @ block.query, x @ block.key, mask=_so_far(x))


def think(x: Float[Array, "tokens d_model"], block: Block) -> Float[Array, "tokens d_model"]:
    """max(0, x W_1 + b) W_2, each row by itself: the feed-forward network."""
    return np.maximum(0, x @ block.expand + block.bias) @ block.contract


def states(model: Tiny, ids: Sequence[int]) -> list[Float[Array, "tokens d_model"]]:
    """The rows before the first block, and after each of them."""
    rows = [embed(model, ids)]
    for block in model.blocks:
        x = rows[-1] + look(normalise(rows[-1]), block)
        rows.append(x + think(normalise(x), block))
    return rows


def scores(model: Tiny, x: Float[Array, "tokens d_model"]) -> Float[Array, "tokens words"]:
    """normalise(x) tableᵀ: the logits of every word at every place, from the rows after the last block."""
    return normalise(x) @ model.table.T


def logits(model: Tiny, ids: Sequence[int]) -> Float[Array, "tokens words"]:
    """The scores of all words for what comes next, at every place of the text."""
    return scores(model, states(model, ids)[-1])


def _so_far(x: Array) -> Array:
    return np.tri(len(x), dtype=bool)
