"""A small encoder-decoder in NumPy that translates numbers, put together from pieces that can be exchanged.

ids -> rows of a table + places -> encoder -> memory -> decoder -> scores of all words -> the next word, again and again.
Every piece that an exercise of the course asks for is an argument, gathered in `Pieces`; what is left here are the
lines between them. The order is that of 2017: add, then normalise. It was trained by `tools/translator_model.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Bool, Float, Int
from attnlab.reference.attention import attention, attention_weights
from attnlab.reference.heads import merge_heads, split_heads
from attnlab.reference.layers import feed_forward as _feed_forward
from attnlab.reference.layers import FeedForward, Norm, layer_norm
from attnlab.reference.losses import cross_entropy
from attnlab.reference.positions import sinusoidal

FILE = Path(__file__).with_name("translator.json")
PAD, START, END = 0, 1, 2
EPSILON = 1e-5


def _sinusoidal(n, width):
    return sinusoidal(np.arange(n), width)


def _add_positions(x, signal, start):
    return np.sqrt(x.shape[-1]) * x + signal[start : start + x.shape[1]]


def _causal_mask(n_queries, n_keys):
    return np.tri(n_queries, n_keys, n_keys - n_queries, dtype=bool)


def _padding_mask(lengths, n_keys):
    return (np.arange(n_keys) < np.asarray(lengths)[:, None])[:, None]


def _masked_attention(q, k, v, mask):
    return attention(q, k, v, mask)


def _layer_norm(x, gain, bias, epsilon):
    return layer_norm(x, gain, bias, epsilon)


def _network(x, w_1, b_1, w_2, b_2):
    return _feed_forward(x, FeedForward(w_1, b_1, w_2, b_2))


def _next_token_loss(logits, ids, pad):
    return float(cross_entropy(logits[:, :-1], ids[:, 1:], ignore=pad))


def _continue_text(scores_of, ids, stop, most):
    ids = list(ids)
    for _ in range(most):
        ids.append(int(np.argmax(scores_of(ids)[-1])))
        if ids[-1] == stop:
            break
    return np.array(ids)


class Pieces(NamedTuple):
    """What the model is put together from, each a function as its exercise asks for it; here the course's own."""

    sinusoidal: Callable = _sinusoidal
    add_positions: Callable = _add_positions
    padding_mask: Callable = _padding_mask
    causal_mask: Callable = _causal_mask
    split_heads: Callable = split_heads
    masked_attention: Callable = _masked_attention
    merge_heads: Callable = merge_heads
    layer_norm: Callable = _layer_norm
    feed_forward: Callable = _network
    continue_text: Callable = _continue_text
    next_token_loss: Callable = _next_token_loss


COURSE = Pieces()


class Linear(NamedTuple):
    """x @ matrix + bias."""

    matrix: Array
    bias: Array


class Attend(NamedTuple):
    """The four projections of an attention layer."""

    query: Linear
    key: Linear
    value: Linear
    output: Linear


class EncoderBlock(NamedTuple):
    """Self-attention and the feed-forward network (expand, contract), each followed by its normalisation."""

    look: Attend
    look_norm: Norm
    network: tuple[Linear, Linear]
    network_norm: Norm


class DecoderBlock(NamedTuple):
    """The same with cross-attention in the middle."""

    look: Attend
    look_norm: Norm
    cross: Attend
    cross_norm: Norm
    network: tuple[Linear, Linear]
    network_norm: Norm


class Translator(NamedTuple):
    """The words of both languages in the order of their ids, the number of heads, two tables, the blocks; pairs kept back."""

    source_words: tuple[str, ...]
    target_words: tuple[str, ...]
    n_heads: int
    source_table: Array
    target_table: Array
    encoder: tuple[EncoderBlock, ...]
    decoder: tuple[DecoderBlock, ...]
    held_out: tuple[tuple[str, str], ...] = ()


def load(path: Path = FILE) -> Translator:
    """The trained model that comes with the package: English number words from 1 to 999 into German."""
    return read(json.loads(Path(path).read_text(encoding="utf-8")))


def read(kept: dict) -> Translator:
    """The model from the plain lists and dictionaries that its file holds."""
    encoder = tuple(EncoderBlock(*_parts(block, EncoderBlock)) for block in kept["encoder"])
    decoder = tuple(DecoderBlock(*_parts(block, DecoderBlock)) for block in kept["decoder"])
    words = (tuple(kept[f"{side}_words"]) for side in ("source", "target"))
    tables = (np.array(kept[f"{side}_table"]) for side in ("source", "target"))
    return Translator(*words, int(kept["n_heads"]), *tables, encoder, decoder, tuple(map(tuple, kept["held_out"])))


def n_parameters(model: Translator) -> int:
    """How many numbers were learned."""
    def count(part) -> int:
        return part.size if isinstance(part, np.ndarray) else sum(map(count, part)) if isinstance(part, tuple) else 0
    return count(model[3:7])


def encode_words(words: Sequence[str], known: Sequence[str]) -> list[int]:
    """The ids of the words. Errors: KeyError naming those that are not known."""
    unknown = [word for word in words if word not in known]
    if unknown:
        raise KeyError(f"not among these {len(known)} words: {', '.join(unknown)}")
    return [known.index(word) for word in words]


def look(
    x: Float[Array, "texts n d_model"],
    context: Float[Array, "texts m d_model"],
    mask: Bool[Array, "..."],
    layer: Attend,
    n_heads: int,
    pieces: Pieces = COURSE,
) -> Float[Array, "texts n d_model"]:
    """merge(attention(split(x W_Q), split(context W_K), split(context W_V))) W_O, biases included."""
    q, k, v = (linear(rows, part) for rows, part in zip((x, context, context), layer))  # project
    q, k, v = (pieces.split_heads(rows, n_heads) for rows in (q, k, v))
    mixed = pieces.masked_attention(q, k, v, mask)  # score, scale, mask, normalise, mix
    return linear(pieces.merge_heads(mixed), layer.output)  # merge


def embed(
    table: Float[Array, "words d_model"], ids: Int[Array, "texts n"], pieces: Pieces = COURSE
) -> Float[Array, "texts n d_model"]:
    """sqrt(d_model) table[id] + the signal of its place."""
    signal = pieces.sinusoidal(ids.shape[1], table.shape[1])
    return pieces.add_positions(table[ids], signal, 0)


def encode(
    model: Translator, source: Int[Array, "texts m"], pieces: Pieces = COURSE
) -> tuple[Float[Array, "texts m d_model"], Bool[Array, "texts 1 1 m"]]:
    """The states of the source, and which of its places hold a word: what the decoder is given."""
    may = np.asarray(pieces.padding_mask((source != PAD).sum(axis=1), source.shape[1]))[:, None]
    x = embed(model.source_table, source, pieces)
    for block in model.encoder:
        x = _add(x, look(x, x, may, block.look, model.n_heads, pieces), block.look_norm, pieces)
        x = _add(x, network(x, block.network, pieces), block.network_norm, pieces)
    return x, may


def decode(
    model: Translator, target: Int[Array, "texts n"], memory: tuple[Array, Array], pieces: Pieces = COURSE
) -> Float[Array, "texts n words"]:
    """The logits of the word after each word of `target`, which begins with the start mark."""
    states, may = memory
    past = np.asarray(pieces.causal_mask(target.shape[1], target.shape[1]))
    x = embed(model.target_table, target, pieces)
    for block in model.decoder:
        x = _add(x, look(x, x, past, block.look, model.n_heads, pieces), block.look_norm, pieces)
        x = _add(x, look(x, states, may, block.cross, model.n_heads, pieces), block.cross_norm, pieces)
        x = _add(x, network(x, block.network, pieces), block.network_norm, pieces)
    return x @ model.target_table.T


def cross_weights(
    model: Translator, source: Int[Array, "texts m"], target: Int[Array, "texts n"], layer: int = 0, pieces: Pieces = COURSE
) -> Float[Array, "texts heads n m"]:
    """How much each word of the target looks at each of the source, in every head of one layer of the decoder."""
    seen: list[Array] = []

    def watch(q, k, v, mask):
        seen.append(attention_weights(q, k, mask))
        return pieces.masked_attention(q, k, v, mask)

    decode(model, target, encode(model, source, pieces), pieces._replace(masked_attention=watch))
    return seen[2 * layer + 1]


def translate(model: Translator, text: str, pieces: Pieces = COURSE, most: int = 16) -> str:
    """The German words for the English ones, chosen greedily. Errors: KeyError for a word it does not know."""
    source = np.array([encode_words(text.split(), model.source_words)])
    memory = encode(model, source, pieces)

    def scores_of(ids):
        return decode(model, np.array([ids]), memory, pieces)[0]

    written = [int(i) for i in pieces.continue_text(scores_of, [START], END, most)]
    return " ".join(model.target_words[i] for i in written[1:] if i != END)


def linear(x: Float[Array, "*tokens d_in"], layer: Linear) -> Float[Array, "*tokens d_out"]:
    """x @ matrix + bias."""
    return x @ layer.matrix + layer.bias


def network(
    x: Float[Array, "*tokens d_model"], layers: tuple[Linear, Linear], pieces: Pieces = COURSE
) -> Float[Array, "*tokens d_model"]:
    """max(0, x W_1 + b_1) W_2 + b_2, each token by itself."""
    expand, contract = layers
    return pieces.feed_forward(x, *expand, *contract)


def _add(x: Array, change: Array, norm: Norm, pieces: Pieces) -> Array:
    """norm(x + change)."""
    return pieces.layer_norm(x + change, norm.gain, norm.bias, EPSILON)


def _parts(kept: dict, kind: type) -> list:
    """The parts of a block in the order of its fields."""
    made = {"look": _attend, "cross": _attend, "network": lambda part: tuple(map(_linear, part))}
    return [made.get(name, lambda part: Norm(*map(np.array, part)))(kept[name]) for name in kind._fields]


def _attend(kept: list) -> Attend:
    return Attend(*map(_linear, kept))


def _linear(kept: list) -> Linear:
    return Linear(*map(np.array, kept))
