"""The encoder and the decoder of 2017 in NumPy, and a small trained pair of them: English numbers in, German numbers out.

source ids -> sqrt(d_model) · table + sinusoids -> encoder blocks -> the memory, one row a source token. Target ids, shifted right -> the
same with a table of their own -> decoder blocks, which read the memory -> rows · tableᵀ: the logits. Every sublayer is added and
the sum is normalised after (post-norm). Here the four projections of an attention add no vector; PyTorch's do unless told not to.
The trained pair has one block on each side, rows of 8 and 2 heads; it was trained by `tools/small_translator.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Bool, Float, Int
from attnlab.reference.heads import Projections, multi_head
from attnlab.reference.layers import FeedForward, Norm, feed_forward, layer_norm
from attnlab.reference.positions.sinusoidal import sinusoidal

FILE = Path(__file__).with_name("encoder_decoder.json")
START, END = 1, 2


class EncoderBlock(NamedTuple):
    """Two sublayers, each with the norm of its sum."""

    attention: Projections
    attention_norm: Norm
    feed: FeedForward
    feed_norm: Norm


class DecoderBlock(NamedTuple):
    """Three sublayers, each with the norm of its sum."""

    attention: Projections
    attention_norm: Norm
    cross: Projections
    cross_norm: Norm
    feed: FeedForward
    feed_norm: Norm


class Translator(NamedTuple):
    """The words of both sides in the order of their ids, a row for each word, the blocks, and how many heads they have."""

    source_words: tuple[str, ...]
    target_words: tuple[str, ...]
    source_table: Array
    target_table: Array
    encoder: tuple[EncoderBlock, ...]
    decoder: tuple[DecoderBlock, ...]
    n_heads: int


def load(path: Path = FILE) -> Translator:
    """The trained translator that comes with the package: twenty-one to ninety-nine, without round tens."""
    kept = json.loads(Path(path).read_text(encoding="utf-8"))
    return Translator(
        tuple(kept["source_words"]),
        tuple(kept["target_words"]),
        np.array(kept["source_table"]),
        np.array(kept["target_table"]),
        tuple(EncoderBlock(**_parts(block)) for block in kept["encoder"]),
        tuple(DecoderBlock(**_parts(block)) for block in kept["decoder"]),
        kept["n_heads"],
    )


def ids_of(words: Sequence[str], text: str) -> list[int]:
    """The ids of the words of a text, which stand between spaces. Errors: KeyError naming the words it does not have."""
    unknown = [word for word in text.split() if word not in words]
    if unknown:
        raise KeyError(f"not among these {len(words)} words: {', '.join(unknown)}")
    return [list(words).index(word) for word in text.split()]


def embed(table: Float[Array, "words d_model"], ids: Int[Array, "*batch tokens"] | Sequence[int]) -> Float[Array, "*batch tokens d_model"]:
    """sqrt(d_model) · table[id] + sinusoids of the positions 0, 1, 2, ...

    Source: [vaswani2017, sections 3.4 and 3.5].
    """
    ids, d_model = np.asarray(ids), table.shape[1]
    return np.sqrt(d_model) * table[ids] + sinusoidal(np.arange(ids.shape[-1]), d_model)


def encoder_block(
    x: Float[Array, "*batch tokens d_model"],
    block: EncoderBlock,
    n_heads: int,
    real: Bool[Array, "*batch tokens"] | None = None,
) -> Float[Array, "*batch tokens d_model"]:
    """x = norm(x + attention(x)), then norm(x + feed_forward(x)): every token may look at every real one.

    real: False for padding, which nobody looks at.
    Source: [vaswani2017, section 3.1].
    """
    x = add_norm(x, multi_head(x, None, block.attention, n_heads, mask=_keys(real)), block.attention_norm)
    return add_norm(x, feed_forward(x, block.feed), block.feed_norm)


def decoder_block(
    x: Float[Array, "*batch tokens d_model"],
    memory: Float[Array, "*batch source d_model"],
    block: DecoderBlock,
    n_heads: int,
    real: Bool[Array, "*batch source"] | None = None,
) -> Float[Array, "*batch tokens d_model"]:
    """norm(x + causal self-attention), norm(x + attention to the memory), norm(x + feed_forward(x)).

    real: False for the padding of the source.
    Source: [vaswani2017, section 3.1].
    """
    past = np.tri(x.shape[-2], dtype=bool)
    own = multi_head(x, None, block.attention, n_heads, mask=past)
    x = add_norm(x, own, block.attention_norm)
    x = add_norm(x, multi_head(x, memory, block.cross, n_heads, mask=_keys(real)), block.cross_norm)
    return add_norm(x, feed_forward(x, block.feed), block.feed_norm)


def add_norm(x: Float[Array, "*tokens d_model"], change: Float[Array, "*tokens d_model"], norm: Norm) -> Float[Array, "*tokens d_model"]:
    """layer_norm(x + change): the end of every sublayer. Source: [vaswani2017, section 3.1]."""
    return layer_norm(x + change, norm.gain, norm.bias)


def encode(
    model: Translator, source: Int[Array, "*batch tokens"] | Sequence[int], real: Bool[Array, "*batch tokens"] | None = None
) -> Float[Array, "*batch tokens d_model"]:
    """The memory: one row for each token of the source."""
    x = embed(model.source_table, source)
    for block in model.encoder:
        x = encoder_block(x, block, model.n_heads, real)
    return x


def decode(
    model: Translator,
    target: Int[Array, "*batch tokens"] | Sequence[int],
    memory: Float[Array, "*batch source d_model"],
    real: Bool[Array, "*batch source"] | None = None,
) -> Float[Array, "*batch tokens d_model"]:
    """The rows after the last decoder block; `target` begins with the start mark."""
    x = embed(model.target_table, target)
    for block in model.decoder:
        x = decoder_block(x, memory, block, model.n_heads, real)
    return x


def logits(
    model: Translator,
    source: Int[Array, "*batch tokens"] | Sequence[int],
    target: Int[Array, "*batch written"] | Sequence[int],
    real: Bool[Array, "*batch tokens"] | None = None,
) -> Float[Array, "*batch written words"]:
    """decode(target, encode(source)) · tableᵀ: at every place the scores of all words for the next one.

    Source: the tied table, [vaswani2017, section 3.4].
    """
    return decode(model, target, encode(model, source, real), real) @ model.target_table.T


def translate(model: Translator, text: str, most: int = 8) -> str:
    """The most probable word, appended, until the end mark or `most` words. Errors: KeyError naming words it does not have."""
    source, target = ids_of(model.source_words, text), [START]
    while len(target) <= most:
        best = int(logits(model, source, target)[-1].argmax())
        if best == END:
            break
        target.append(best)
    return " ".join(model.target_words[i] for i in target[1:])


def n_parameters(model: Translator) -> int:
    """How many numbers were learned."""
    blocks = [part for block in (*model.encoder, *model.decoder) for part in block]
    return model.source_table.size + model.target_table.size + sum(x.size for part in blocks for x in part)


def _keys(real: Array | None) -> Array | None:
    """A mask for the keys of every head: True for a real token."""
    return None if real is None else np.asarray(real, dtype=bool)[..., None, None, :]


def _parts(block: dict) -> dict:
    """The arrays of a block, each part under its own type."""
    kinds = {"attention": Projections, "cross": Projections, "feed": FeedForward}
    return {name: kinds.get(name, Norm)(**{key: np.array(x) for key, x in part.items()}) for name, part in block.items()}
