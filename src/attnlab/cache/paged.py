"""Keys and values of many texts in one pool of pages a layer, so that a text takes memory as it grows and beginnings are shared."""

from __future__ import annotations

from collections.abc import Hashable

import torch
from torch import Tensor

from attnlab._counts import count
from attnlab._shapes import Bool, Float
from attnlab.reference.pages import Copy, Pages


class PagedCache:
    """A pool of `n_pages` pages of `page_size` tokens for each layer, and one block table a text for all layers.

    `pages` does the bookkeeping (`reference.pages.Pages`); a text as a decoder wants it is `text(name)`. The pools are made when the
    first keys come, in their dtype. Gathering rows through the table copies them at every step; a kernel reads them where they are.
    Source: [kwon2023, section 4].
    """

    def __init__(self, n_layers: int, n_pages: int, page_size: int):
        self.pages = Pages(n_pages, page_size)
        self._pools: list[tuple[Tensor, Tensor] | None] = [None] * count("n_layers", n_layers, at_least=1)

    def join(self, name: Hashable) -> PagedText:
        """A text without tokens."""
        self.pages.join(name)
        return PagedText(self, name)

    def fork(self, text: PagedText, name: Hashable, n_tokens: int | None = None) -> PagedText:
        """A text that begins as another; their common pages are held twice and kept once. Errors: those of `Pages.fork`."""
        self.pages.fork(text.name, name, n_tokens)
        return PagedText(self, name)

    def leave(self, text: PagedText) -> int:
        """The text goes, finished or evicted; how many pages became free."""
        return self.pages.leave(text.name)

    def grow(self, name: Hashable, n_new: int) -> None:
        """Room for `n_new` tokens of a text in every layer, a shared page copied first. Errors: those of `Pages.grow`."""
        copy = self.pages.grow(name, n_new)
        for pool in self._pools:
            if copy is not None and pool is not None:
                _copy(pool, copy, self.pages.page_size)

    def write(self, layer: int, rows: Tensor, k: Tensor, v: Tensor) -> None:
        """Keys and values (heads, rows, width) into these rows of the layer's pool."""
        if self._pools[layer] is None:
            size = self.pages.n_pages * self.pages.page_size
            self._pools[layer] = tuple(x.new_zeros(*x.shape[:-2], size, x.shape[-1]) for x in (k, v))
        for pool, new in zip(self._pools[layer], (k, v)):
            if pool.shape[:-2] != new.shape[:-2] or pool.shape[-1] != new.shape[-1]:
                raise ValueError(f"rows of {tuple(new.shape)} do not go into a pool of {tuple(pool.shape)}")
            pool[..., rows, :] = new

    def read(self, layer: int, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The keys and values that stand in these rows of the layer's pool."""
        return tuple(pool[..., rows, :] for pool in self._pools[layer])


class PagedLayer:
    """One layer of one text: what `cache.Cache` is, for a batch of one."""

    def __init__(self, cache: PagedCache, name: Hashable, layer: int):
        self._cache, self._name, self._layer = cache, name, layer
        self.seen = cache.pages.length(name)

    @property
    def length(self) -> int:
        """How many tokens it holds."""
        return len(self._cache.pages.places(self._name))

    def append(
        self, k: Float[Tensor, "1 *heads new d_k"], v: Float[Tensor, "1 *heads new d_v"]
    ) -> tuple[Float[Tensor, "1 *heads keys d_k"], Float[Tensor, "1 *heads keys d_v"]]:
        """All keys and values that are held, the new ones last. The first layer that is asked takes the pages, for all of them.

        Errors: ValueError for more than one text; MemoryError where too few pages are free.
        """
        if len(k) != 1 or k.shape[:-1] != v.shape[:-1]:
            raise ValueError(f"k {tuple(k.shape)} and v {tuple(v.shape)} are not of the same tokens of one text")
        pages, seen = self._cache.pages, self.seen + k.shape[-2]
        if seen > pages.length(self._name):
            self._cache.grow(self._name, seen - pages.length(self._name))
        self.seen = seen
        rows = torch.from_numpy(pages.rows(self._name)).to(k.device)
        self._cache.write(self._layer, rows[len(rows) - k.shape[-2] :], k[0], v[0])
        return tuple(x.unsqueeze(0) for x in self._cache.read(self._layer, rows))


class PagedText:
    """One text of a `PagedCache` as a decoder wants a cache (`cache.ModelCache`), without padding."""

    def __init__(self, cache: PagedCache, name: Hashable):
        self._cache, self.name = cache, name
        self.layers = tuple(PagedLayer(cache, name, layer) for layer in range(len(cache._pools)))

    @property
    def length(self) -> int:
        """How many tokens are held: all that were read, unless some were given back."""
        return len(self._cache.pages.places(self.name))

    def extended(self, real: Bool[Tensor, "1 new"]) -> Bool[Tensor, "1 tokens"]:
        """Which tokens are no padding: all of them. Errors: ValueError for padding, or more than one text."""
        if len(real) != 1 or not real.all():
            raise ValueError(f"a paged text is one text without padding but {tuple(real.shape)} with {int((~real).sum())} came")
        return real.new_ones(1, self.length + real.shape[1])

    def extend(self, real: Bool[Tensor, "1 new"]) -> None:
        """Nothing to keep: there is no padding."""

    def slide(self, window: int, n_sinks: int = 0) -> int:
        """Gives back the pages behind a window, the first `n_sinks` tokens aside; how many became free.

        The keys are kept as they were projected, so those that stay are turned by their places among what is held.
        Source: [xiao2024, section 3.2].
        """
        return self._cache.pages.slide(self.name, window, n_sinks)


def _copy(pool: tuple[Tensor, Tensor], copy: Copy, page_size: int) -> None:
    for x in pool:
        start, to = copy.source * page_size, copy.target * page_size
        x[..., to : to + copy.n_rows, :] = x[..., start : start + copy.n_rows, :]
