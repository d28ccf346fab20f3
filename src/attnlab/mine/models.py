"""The course's small models with pieces from anywhere: what `attnlab.reference.namer` and `translator` call, wired to the reader's functions.

`own` is whatever has the pieces as attributes: `attnlab.mine.assemble()`, or the course's alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from attnlab._shapes import Array, Float, Int
from attnlab.mine.answers import Own
from attnlab.mine.pieces import PIECES, course
from attnlab.reference import namer, translator

COURSE = Own({})  # every piece is looked up where it is not the reader's


@cache
def names_model() -> namer.Namer:
    """The small GPT that makes up names."""
    return namer.load()


@cache
def number_translator() -> translator.Translator:
    """The small encoder-decoder from English numbers to German ones."""
    return translator.load()


def look(own) -> Callable:
    """Masked attention: the reader's own; where it is the course's, the course's lines around the reader's softmax."""
    yours = getattr(own, "yours", ())
    return around(own.softmax) if "softmax" in yours and "masked_attention" not in yours else own.masked_attention


def around(softmax: Callable) -> Callable:
    """softmax(where(mask, q kᵀ / sqrt(d), -inf)) v; a query that may look at nothing gets zeros."""

    def attend(q, k, v, mask):
        scores = np.where(mask, q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]), -np.inf)
        dead = ~np.broadcast_to(mask, scores.shape).any(axis=-1, keepdims=True)
        return np.where(dead, 0, softmax(np.where(dead, 0, scores)) @ v)

    return attend


def tile_by_tile(own, block_q: int = 2, block_k: int = 3) -> Callable:
    """Causal attention by the reader's `block_loop`, which knows no mask: every query is handed the keys it may look at.

    Queries of one block share the keys before the block; the rest of each row is joined with `merge`.
    """

    def attend(q, k, v, mask):
        out = np.empty((*q.shape[:-1], v.shape[-1]))
        for at in np.ndindex(q.shape[:-2]):
            out[at] = _causal(own, q[at], k[at], v[at], (block_q, block_k))
        return out

    return attend


def _causal(own, q: Array, k: Array, v: Array, blocks: tuple[int, int]) -> Array:
    out, shift = np.empty((len(q), v.shape[1])), len(k) - len(q)
    for top in range(0, len(q), blocks[0]):
        rows = slice(top, min(top + blocks[0], len(q)))
        shared = top + shift + 1  # keys that every row of the block may look at
        past = own.block_loop(q[rows], k[:shared], v[:shared], _nobody(rows), *blocks)
        for i in range(rows.start, rows.stop):
            seen, mine = slice(shared, i + shift + 1), [part[i - top : i - top + 1] for part in past]
            if seen.stop > seen.start:
                rest = own.block_loop(q[i : i + 1], k[seen], v[seen], np.full(1, -np.inf), *blocks)
                mine = own.merge(*mine, *rest)
            out[i] = mine[0][0]
    return out


def _nobody(rows: slice) -> Array:
    return np.full(rows.stop - rows.start, -np.inf)


def for_names(own, tiles: bool = False) -> namer.Pieces:
    """What the names model is put together from; with `tiles` its attention is the blocked one."""
    names = ("causal_mask", "split_heads", "rotary", "merge_heads", "rms_norm", "gated_network", "next_token_loss", "sampling_distribution")
    return namer.Pieces(**{name: getattr(own, name) for name in names}, masked_attention=tile_by_tile(own) if tiles else look(own))


def for_translator(own) -> translator.Pieces:
    """What the translator is put together from; its layer norm and feed-forward network have no exercise."""
    names = ("sinusoidal", "add_positions", "padding_mask", "causal_mask", "split_heads", "merge_heads", "continue_text", "next_token_loss")
    return translator.COURSE._replace(**{name: getattr(own, name) for name in names}, masked_attention=look(own))


def same_names(count: int, pieces: namer.Pieces, seed: int = 0, settings: tuple = (0.8, 12, 0.9), start: str = "") -> list[str]:
    """Names that the trained model makes up, drawn letter by letter."""
    rng = np.random.default_rng(seed)
    return [namer.sample(names_model(), start, rng, settings, pieces) for _ in range(count)]


def step_by_step(own, ids: Int[Array, "n"]) -> Float[Array, "n letters"]:
    """The logits of one name, token by token through `llama_step`, keys and values kept: no mask is needed."""
    model = names_model()
    d_head = model.table.shape[1] // model.n_heads
    cache_ = [(np.zeros((model.n_heads, 0, d_head)),) * 2 for _ in model.blocks]
    rows = []
    for i in ids:
        x = model.table[i]
        for layer, block in enumerate(model.blocks):
            x, *cache_[layer] = _step(own, x, cache_[layer], block)
        rows.append(own.rms_norm(x[None], model.last, namer.EPSILON)[0] @ model.table.T)
    return np.array(rows)


def _step(own, x: Array, kept: tuple[Array, Array], block: namer.Block) -> tuple[Array, Array, Array]:
    """One block; the gains of its two norms differ, so they are multiplied into the matrices behind them."""
    def norm(rows):
        return own.rms_norm(np.atleast_2d(rows), np.ones(len(block.look_gain)), namer.EPSILON).reshape(np.shape(rows))

    def rotate(rows, place):
        return own.rotary(rows.reshape(-1, rows.shape[-1]), np.full(rows[..., 0].size, place)).reshape(rows.shape)

    def think(rows):
        gated = (block.network_gain[:, None] * matrix for matrix in (block.gate, block.expand))
        return own.gated_network(np.atleast_2d(rows), *gated, block.contract).reshape(np.shape(rows))

    w_q, w_k, w_v = (block.look_gain[:, None] * matrix for matrix in (block.query, block.key, block.value))
    return own.llama_step(x, *kept, w_q, w_k, w_v, block.output, norm, rotate, think)


def courses(*names: str) -> dict[str, Callable]:
    """The course's own functions."""
    return {name: course(name) for name in names or PIECES}
