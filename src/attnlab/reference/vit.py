"""The vision transformer in NumPy, and a small trained one that reads handwritten digits.

image -> squares of pixels · matrix + bias, the class token in front, a vector for each place added -> registers behind the class token ->
pre-norm blocks in which every token looks at every other -> norm -> the class token's row · head + bias. Here the four projections of an
attention add no vector, and GELU is the one with tanh, so that a browser can compute it. The trained one reads 8 by 8 pixels in squares
of 2 by 2; it was trained by `tools/small_vit.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Float, Int
from attnlab.reference._numbers import finite
from attnlab.reference.attention import attention_weights
from attnlab.reference.heads import Projections, multi_head, split_heads
from attnlab.reference.layers import FeedForward, Norm, feed_forward, gelu_tanh, layer_norm
from attnlab.reference.layers.patches import patches

FILE = Path(__file__).with_name("vit.json")
EPSILON = 1e-6
INK = "0123456789ABCDEFG"  # the digits in which the kept images are written: sixteenths


class Block(NamedTuple):
    """Two sublayers, each with the norm in front of it."""

    attention_norm: Norm
    attention: Projections
    feed_norm: Norm
    feed: FeedForward


class ViT(NamedTuple):
    """side of a square; matrix and bias that read one; class token, a row for each place, registers, blocks, norm, head; how many heads."""

    size: int
    project: Array
    project_bias: Array
    class_token: Array
    places: Array
    registers: Array
    blocks: tuple[Block, ...]
    norm: Norm
    head: Array
    head_bias: Array
    n_heads: int


def load(path: Path = FILE) -> ViT:
    """The trained reader of digits that comes with the package."""
    kept = json.loads(Path(path).read_text(encoding="utf-8"))["model"]
    plain = ("project", "project_bias", "class_token", "places", "head", "head_bias")
    return ViT(
        size=kept["size"],
        registers=np.array(kept["registers"], dtype=float).reshape(-1, len(kept["class_token"])),
        blocks=tuple(_block(block) for block in kept["blocks"]),
        norm=_norm(kept["norm"]),
        n_heads=kept["n_heads"],
        **{name: np.array(kept[name]) for name in plain},
    )


def samples(path: Path = FILE) -> tuple[Float[Array, "images 1 8 8"], Int[Array, "images"]]:
    """(images, labels) of digits held out of its training, which come with the package, for pages that run in a browser."""
    kept = json.loads(Path(path).read_text(encoding="utf-8"))["samples"]
    images = np.array([[INK.index(pixel) for pixel in text] for text in kept["images"]]) / 16
    return images.reshape(-1, 1, 8, 8), np.array(kept["labels"])


def embed(model: ViT, images: Float[Array, "*batch channels height width"]) -> Float[Array, "*batch tokens d_model"]:
    """The rows that enter the first block: class token, registers, patches in reading order.

    Errors: ValueError for images with another number of squares than there are places.
    Source: [dosovitskiy2021, section 3.1, equation 1]; registers: [darcet2024].
    """
    cut = patches(images, model.size)
    if cut.shape[-2] + 1 != len(model.places):
        raise ValueError(f"the images have {cut.shape[-2]} patches but the model has places for {len(model.places) - 1}")
    rows = cut @ model.project + model.project_bias
    batch = rows.shape[:-2]
    first = np.broadcast_to(model.class_token, (*batch, 1, rows.shape[-1]))
    placed = np.concatenate([first, rows], axis=-2) + model.places
    registers = np.broadcast_to(model.registers, (*batch, *model.registers.shape))
    return np.concatenate([placed[..., :1, :], registers, placed[..., 1:, :]], axis=-2)


def block_output(x: Float[Array, "*batch tokens d_model"], block: Block, n_heads: int) -> Float[Array, "*batch tokens d_model"]:
    """x + attention(norm(x)), then x + feed_forward(norm(x)), with no mask. Source: [dosovitskiy2021, equations 2 and 3]."""
    x = x + multi_head(_normed(x, block.attention_norm), None, block.attention, n_heads)
    return x + feed_forward(_normed(x, block.feed_norm), block.feed, gelu_tanh)


def states(model: ViT, images: Float[Array, "*batch channels height width"]) -> list[Float[Array, "*batch tokens d_model"]]:
    """The rows before the first block and after each of them, not yet normalised."""
    rows = [embed(model, images)]
    for block in model.blocks:
        rows.append(block_output(rows[-1], block, model.n_heads))
    return rows


def logits(model: ViT, images: Float[Array, "*batch channels height width"]) -> Float[Array, "*batch classes"]:
    """The class token's last row, normalised, times the head: a score for every class. Source: [dosovitskiy2021, equation 4]."""
    last = _normed(states(model, images)[-1][..., 0, :], model.norm)
    return last @ model.head + model.head_bias


def weights(
    model: ViT, images: Float[Array, "*batch channels height width"]
) -> list[Float[Array, "*batch n_heads tokens tokens"]]:
    """The attention weights of every block."""
    seen = []
    for x, block in zip(states(model, images), model.blocks):
        normed = _normed(x, block.attention_norm)
        q, k = (split_heads(normed @ matrix, model.n_heads) for matrix in (block.attention.query, block.attention.key))
        seen.append(attention_weights(q, k))
    return seen


def n_parameters(model: ViT) -> int:
    """How many numbers were learned."""
    parts = [x for block in model.blocks for part in block for x in part]
    own = (model.project, model.project_bias, model.class_token, model.places, model.registers, *model.norm, model.head, model.head_bias)
    return sum(x.size for x in (*own, *parts))


def _normed(x: Array, norm: Norm) -> Array:
    return layer_norm(finite("x", x), norm.gain, norm.bias, EPSILON)


def _norm(kept: dict) -> Norm:
    return Norm(np.array(kept["gain"]), np.array(kept["bias"]))


def _block(kept: dict) -> Block:
    arrays = {name: {key: np.array(x) for key, x in kept[name].items()} for name in ("attention", "feed")}
    return Block(_norm(kept["attention_norm"]), Projections(**arrays["attention"]), _norm(kept["feed_norm"]), FeedForward(**arrays["feed"]))
