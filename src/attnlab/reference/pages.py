"""Pages of a cache: which rows of one pool hold the tokens of which text. Bookkeeping alone, without keys or values.

A text's block table lists its pages in order; token i stands in row i % page_size of page table[i // page_size]. A page may stand in
several tables, and whoever writes into one that others hold is given a copy first (copy on write). Source: [kwon2023, section 4].
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np

from attnlab._counts import count
from attnlab._shapes import Array, Int


class Copy(NamedTuple):
    """The first `n_rows` rows of page `source` are to be copied into page `target`."""

    source: int
    target: int
    n_rows: int


class Pages:
    """The tables of all texts, how many hold each page, and which pages are free."""

    def __init__(self, n_pages: int, page_size: int):
        self.n_pages, self.page_size = count("n_pages", n_pages, at_least=1), count("page_size", page_size, at_least=1)
        self._free = list(range(self.n_pages - 1, -1, -1))  # the page freed last is given out first
        self._holders = [0] * self.n_pages
        self._tables: dict[Hashable, list[int | None]] = {}
        self._lengths: dict[Hashable, int] = {}

    @property
    def n_free(self) -> int:
        """How many pages nobody holds."""
        return len(self._free)

    @property
    def holders(self) -> tuple[int, ...]:
        """In how many tables each page stands."""
        return tuple(self._holders)

    @property
    def tables(self) -> dict[Hashable, tuple[int | None, ...]]:
        """The block table of every text; None where a page was given back (`slide`)."""
        return {name: tuple(table) for name, table in self._tables.items()}

    def length(self, name: Hashable) -> int:
        """How many tokens the text has had, those given back included."""
        self._need(name)
        return self._lengths[name]

    def join(self, name: Hashable) -> None:
        """A text without tokens. Errors: ValueError for a name that is taken."""
        if name in self._tables:
            raise ValueError(f"there is a text {name!r} already")
        self._tables[name], self._lengths[name] = [], 0

    def leave(self, name: Hashable) -> int:
        """The text goes, finished or evicted; how many pages became free."""
        self._need(name)
        del self._lengths[name]
        return self._release(self._tables.pop(name))

    def fork(self, name: Hashable, new: Hashable, n_tokens: int | None = None) -> None:
        """A text `new` that begins with the first `n_tokens` of another, all unless given: it holds the same pages.

        Errors: ValueError for a name that is taken, and for a beginning that is longer than the text or was given back in part.
        """
        n_tokens = self.length(name) if n_tokens is None else count("n_tokens", n_tokens, at_most=self.length(name))
        table = self._tables[name][: -(-n_tokens // self.page_size)]
        if n_tokens < self._lengths[name] and None in table:
            raise ValueError(f"text {name!r} no longer holds all of its first {n_tokens} tokens")
        self.join(new)
        self._tables[new], self._lengths[new] = table, n_tokens
        for page in table:
            if page is not None:
                self._holders[page] += 1

    def grow(self, name: Hashable, n_new: int) -> Copy | None:
        """Room for `n_new` more tokens, and the copy to be made first where the last page is shared and not full.

        Errors: MemoryError where fewer pages are free than that takes; nothing has changed then.
        """
        filled, n_new = self.length(name) % self.page_size, count("n_new", n_new)
        table = self._tables[name]
        shared = n_new > 0 and filled > 0 and self._holders[table[-1]] > 1
        needed = -(-(self._lengths[name] + n_new) // self.page_size) - len(table)
        if needed + shared > self.n_free:
            raise MemoryError(f"text {name!r} needs {needed + shared} more pages but {self.n_free} of {self.n_pages} are free")
        copy = self._own_last(table, filled) if shared else None
        table += [self._take() for _ in range(needed)]
        self._lengths[name] += n_new
        return copy

    def slide(self, name: Hashable, window: int, n_sinks: int = 0) -> int:
        """Gives back each page without a token among the last `window` and the first `n_sinks`; how many became free."""
        window, n_sinks = count("window", window, at_least=1), count("n_sinks", n_sinks)
        first, end = -(-n_sinks // self.page_size), max(0, self.length(name) - window) // self.page_size
        table, gone = self._tables[name], range(first, end)
        freed = self._release([table[i] for i in gone])
        for i in gone:
            table[i] = None
        return freed

    def places(self, name: Hashable) -> Int[Array, "tokens"]:
        """Which tokens of the text are still held, in order."""
        at = np.arange(self.length(name))
        held = np.array([page is not None for page in self._tables[name]], dtype=bool)
        return at[held[at // self.page_size]] if len(at) else at

    def rows(self, name: Hashable) -> Int[Array, "tokens"]:
        """The rows of the pool in which these tokens stand: page · page_size + place in the page."""
        at = self.places(name)
        pages = np.array([-1 if page is None else page for page in self._tables[name]], dtype=int)
        return pages[at // self.page_size] * self.page_size + at % self.page_size if len(at) else at

    def _need(self, name: Hashable) -> None:
        if name not in self._tables:
            raise ValueError(f"there is no text {name!r}")

    def _take(self) -> int:
        page = self._free.pop()
        self._holders[page] = 1
        return page

    def _own_last(self, table: list[int | None], filled: int) -> Copy:
        """The last page of a table, which others hold too, becomes one of its own."""
        source, table[-1] = table[-1], self._take()
        self._holders[source] -= 1
        return Copy(source, table[-1], filled)

    def _release(self, pages: list[int | None]) -> int:
        before = self.n_free
        for page in pages:
            if page is not None:
                self._holders[page] -= 1
                if self._holders[page] == 0:
                    self._free.append(page)
        return self.n_free - before
