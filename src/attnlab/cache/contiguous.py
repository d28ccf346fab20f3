"""Keys and values in one piece of memory a layer, as long as the text so far."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Int


class Cache:
    """The keys and values of one layer: those of its own tokens, which grow, and those of a source, which are made once.

    `append` puts new rows behind the old ones in a new piece of memory: a copy of what is kept, about as many bytes
    as attention then reads. Tensors handed out earlier stay as they were.
    """

    def __init__(self):
        self._own: tuple[Tensor, Tensor] | None = None
        self._source: tuple[Tensor, Tensor] | None = None

    @property
    def length(self) -> int:
        """How many tokens of its own it holds."""
        return 0 if self._own is None else self._own[0].shape[-2]

    def append(
        self, k: Float[Tensor, "*batch new d_k"], v: Float[Tensor, "*batch new d_v"]
    ) -> tuple[Float[Tensor, "*batch keys d_k"], Float[Tensor, "*batch keys d_v"]]:
        """All keys and values so far, the new ones last.

        Errors: those of `joined`.
        """
        self._own = self.joined(k, v)
        return self._own

    def joined(
        self, k: Float[Tensor, "*batch new d_k"], v: Float[Tensor, "*batch new d_v"]
    ) -> tuple[Float[Tensor, "*batch keys d_k"], Float[Tensor, "*batch keys d_v"]]:
        """What `append` would give; nothing is kept.

        Errors: ValueError unless the new ones differ from the old ones in the number of tokens alone.
        """
        if k.shape[:-1] != v.shape[:-1]:
            raise ValueError(f"k {tuple(k.shape)} and v {tuple(v.shape)} are not of the same tokens")
        if self._own is None:
            return k, v
        for name, old, new in zip("kv", self._own, (k, v)):
            _need_same_batch(name, old, new)
        return tuple(torch.cat(pair, dim=-2) for pair in zip(self._own, (k, v)))

    def once(
        self, context: Float[Tensor, "batch keys d_model"], project: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> tuple[Float[Tensor, "batch *heads keys d_k"], Float[Tensor, "batch *heads keys d_v"]]:
        """The keys and values `project(context)` of a source: projected at the first call, kept for all others.

        Errors: ValueError for a source with another batch or length than the one that is kept. Other numbers in the
        same shape are not noticed: a cache serves one source.
        """
        if self._source is None:
            self._source = project(context)
        kept = self._source[0]
        if (kept.shape[0], kept.shape[-2]) != (context.shape[0], context.shape[-2]):
            raise ValueError(
                f"the source has {context.shape[-2]} tokens in a batch of {context.shape[0]}"
                f" but the cache holds {kept.shape[-2]} in a batch of {kept.shape[0]}"
            )
        return self._source

    def select(self, rows: Int[Tensor, "chosen"]) -> Cache:
        """A cache of these rows of the batch, in this order; a row may be named more than once, or not at all.

        That is what beam search does when it goes on with some of its texts. The cache asked stays as it is.
        """
        chosen = Cache()
        chosen._own = _select(self._own, rows)
        chosen._source = _select(self._source, rows)
        return chosen


class ModelCache:
    """One `Cache` for each layer of a decoder, and which of the tokens so far are no padding."""

    def __init__(self, n_layers: int):
        self.layers = tuple(Cache() for _ in range(count("n_layers", n_layers, at_least=1)))
        self._real: Tensor | None = None

    @property
    def length(self) -> int:
        """How many tokens, padding included, have been read."""
        return 0 if self._real is None else self._real.shape[1]

    def extended(self, real: Bool[Tensor, "batch new"]) -> Bool[Tensor, "batch tokens"]:
        """Which tokens are no padding, the new ones last; nothing is kept yet.

        Errors: ValueError for another number of texts than before.
        """
        if self._real is None:
            return real
        if self._real.shape[0] != real.shape[0]:
            raise ValueError(f"{real.shape[0]} texts do not go on with a cache of {self._real.shape[0]}")
        return torch.cat([self._real, real], dim=1)

    def extend(self, real: Bool[Tensor, "batch new"]) -> None:
        """Keep which of the new tokens are no padding; the layers have kept their keys and values themselves."""
        self._real = self.extended(real)

    def select(self, rows: Int[Tensor, "chosen"]) -> ModelCache:
        """These rows of the batch, in this order, in every layer; this cache stays as it is."""
        chosen = ModelCache(len(self.layers))
        chosen.layers = tuple(layer.select(rows) for layer in self.layers)
        chosen._real = None if self._real is None else self._real[rows]
        return chosen


def _need_same_batch(name: str, old: Tensor, new: Tensor) -> None:
    if old.shape[:-2] != new.shape[:-2] or old.shape[-1] != new.shape[-1]:
        raise ValueError(
            f"{name} {tuple(new.shape)} does not go on with the {tuple(old.shape)} kept: only the tokens may differ"
        )


def _select(pair: tuple[Tensor, Tensor] | None, rows: Tensor) -> tuple[Tensor, Tensor] | None:
    return None if pair is None else (pair[0][rows], pair[1][rows])
