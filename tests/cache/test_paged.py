"""A paged cache is the contiguous one: on random schedules of texts that join, grow, leave, fork, are evicted and slide."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnlab.cache import Cache, ModelCache, PagedCache
from attnlab.models import decoder, families

HEADS, D_K, D_V, LAYERS = 2, 3, 5, 2


def rows_of(rng, n: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [tuple(torch.tensor(rng.normal(size=(1, HEADS, n, d))) for d in (D_K, D_V)) for _ in range(LAYERS)]


def check_pages(cache: PagedCache) -> None:
    """No page leaked, none held that stands in no table, none free that stands in one."""
    pages = cache.pages
    held = [page for table in pages.tables.values() for page in table if page is not None]
    assert [held.count(page) for page in range(pages.n_pages)] == list(pages.holders)
    assert pages.n_free == pages.n_pages - len(set(held))
    assert sorted(pages._free) == sorted(set(range(pages.n_pages)) - set(held))
    for name, table in pages.tables.items():
        own = [page for page in table if page is not None]
        assert len(set(own)) == len(own) and len(table) == -(-pages.length(name) // pages.page_size)


class Schedule:
    """One random course of events, with a contiguous cache a text and layer, and which of its tokens are still held."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.cache = PagedCache(LAYERS, int(self.rng.integers(4, 13)), int(self.rng.integers(1, 5)))
        self.texts, self.plain, self.held, self.named, self.events = {}, {}, {}, 0, set()

    def step(self) -> None:
        doing = self.rng.choice(["join", "grow", "grow", "grow", "leave", "fork", "slide"])
        if doing == "join" or not self.texts:
            name = self._name()
            self.texts[name], self.plain[name], self.held[name] = self.cache.join(name), [Cache() for _ in range(LAYERS)], []
            return
        name = self.rng.choice(list(self.texts))
        getattr(self, doing)(int(name))
        self.events.add(str(doing))

    def _name(self) -> int:
        self.named += 1
        return self.named

    def grow(self, name: int) -> None:
        n = int(self.rng.integers(1, 7))
        new = rows_of(self.rng, n)
        while True:
            try:
                self._append(name, new)
                return
            except MemoryError:
                self.events.add("evict")
                others = [other for other in self.texts if other != name]
                if not others:
                    self.leave(name)
                    return
                self.leave(others[-1])

    def _append(self, name: int, new: list) -> None:
        before = self.plain[name][0].length
        keep = self.held[name] + list(range(before, before + new[0][0].shape[-2]))
        got = [layer.append(*rows) for layer, rows in zip(self.texts[name].layers, new)]
        self.held[name] = keep
        for plain, rows, (k, v) in zip(self.plain[name], new, got):
            all_k, all_v = plain.append(*rows)
            assert torch.equal(k, all_k[..., keep, :]) and torch.equal(v, all_v[..., keep, :])

    def leave(self, name: int) -> None:
        self.cache.leave(self.texts.pop(name))
        del self.plain[name], self.held[name]

    def fork(self, name: int) -> None:
        new, length = self._name(), self.plain[name][0].length
        whole = self.held[name] == list(range(length))
        n = int(self.rng.integers(0, length + 1)) if whole and self.rng.random() < 0.5 else None
        self.texts[new] = self.cache.fork(self.texts[name], new, n)
        self.held[new] = [at for at in self.held[name] if n is None or at < n]
        self.plain[new] = [beginning(plain, length if n is None else n) for plain in self.plain[name]]

    def slide(self, name: int) -> None:
        window, n_sinks = int(self.rng.integers(1, 9)), int(self.rng.integers(0, 4))
        length, size = self.plain[name][0].length, self.cache.pages.page_size
        self.texts[name].slide(window, n_sinks)
        wanted = {at // size for at in range(length) if at >= length - window or at < n_sinks}
        self.held[name] = [at for at in self.held[name] if at // size in wanted]
        assert self.texts[name].length == len(self.held[name])

    def check(self) -> None:
        check_pages(self.cache)
        for name, text in self.texts.items():
            rows = torch.from_numpy(self.cache.pages.rows(name))
            for layer, plain in enumerate(self.plain[name]):
                if plain.length:
                    for paged, whole in zip(self.cache.read(layer, rows), plain._own):
                        assert torch.equal(paged[None], whole[..., self.held[name], :])


def beginning(plain: Cache, n: int) -> Cache:
    cut = Cache()
    if n:
        cut.append(*(x[..., :n, :] for x in plain._own))
    return cut


@pytest.mark.usefixtures("as_readers_run_it")  # the checker of shapes takes most of the time
@pytest.mark.parametrize("part", range(10))
def test_1000_random_schedules_equal_the_contiguous_cache_after_every_step(part):
    events = set()
    for seed in range(100 * part, 100 * part + 100):
        schedule = Schedule(seed)
        for _ in range(25):
            schedule.step()
            schedule.check()
        events |= schedule.events
        for name in list(schedule.texts):
            schedule.leave(name)
        assert schedule.cache.pages.n_free == schedule.cache.pages.n_pages
    assert events == {"grow", "leave", "fork", "slide", "evict"}


# ---- in a model ----------------------------------------------------------------------------------


def model() -> decoder.Decoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return families.gemma3(decoder.Config(31, 12, 3, 4, 2, 6, 13, 64), 5, "LG").double().eval()


def ids_of(seed: int, n: int) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(seed).integers(0, 31, (1, n)))


@torch.no_grad()
def test_a_decoder_writes_the_same_with_pages():
    one, cache = model(), PagedCache(3, 20, 4)
    first, second = ids_of(0, 11), ids_of(1, 9)
    texts, plain = [cache.join(i) for i in range(2)], [ModelCache(3), ModelCache(3)]
    for piece in (slice(0, 3), slice(3, 4), slice(4, 9)):
        for ids, text, kept in zip((first, second), texts, plain):
            assert torch.equal(one(ids[:, piece], text), one(ids[:, piece], kept))
    check_pages(cache)


@torch.no_grad()
def test_a_fork_goes_on_from_a_shared_beginning():
    one, cache = model(), PagedCache(3, 20, 4)
    start, ends = ids_of(0, 10), [ids_of(seed, 5) for seed in (1, 2, 3)]
    system = cache.join("system")
    one(start, system)
    for i, end in enumerate(ends):
        text = cache.fork(system, i)
        whole = one(torch.cat([start, end], dim=1))[:, 10:]
        torch.testing.assert_close(one(end, text), whole, atol=1e-12, rtol=0)
    assert cache.pages.n_pages - cache.pages.n_free == 3 + 3 * 2  # two full pages once; the third, not full, four times, one more each
    torch.testing.assert_close(one(ends[0], system), one(torch.cat([start, ends[0]], dim=1))[:, 10:], atol=1e-12, rtol=0)


@torch.no_grad()
def test_a_text_that_slides_is_read_with_what_it_holds():
    """With learned windows out of the way: keys are turned by their places among what is held, so a text cut out by hand agrees."""
    one = families.llama(decoder.Config(31, 12, 1, 4, 2, 6, 13, 64), families.by_base(decoder.Config(31, 12, 1, 4, 2, 6, 13, 64), 1e4)).double()
    ids, cache = ids_of(0, 14), PagedCache(1, 8, 2)
    text = cache.join("a")
    one(ids[:, :12], text)
    text.slide(window=3, n_sinks=2)
    kept = torch.cat([ids[:, :2], ids[:, 8:]], dim=1)  # one layer: keys and values depend on their own token alone
    torch.testing.assert_close(one(ids[:, 12:], text), one(kept)[:, -2:], atol=1e-12, rtol=0)
    assert text.length == 8 and cache.pages.length("a") == 14


def test_a_pool_that_is_full_changes_nothing():
    cache, rng = PagedCache(LAYERS, 3, 2), np.random.default_rng(0)
    text, new = cache.join("a"), rows_of(rng, 5)
    for layer, rows in zip(text.layers, new):
        layer.append(*rows)
    with pytest.raises(MemoryError, match="text 'a' needs 1 more pages but 0 of 3 are free"):
        text.layers[0].append(*rows_of(rng, 2)[0])
    more = rows_of(rng, 1)
    for layer, rows, old in zip(text.layers, more, new):
        k, _ = layer.append(*rows)
        assert torch.equal(k, torch.cat([old[0], rows[0]], dim=-2))


def test_pages_that_became_free_are_those_that_nobody_else_holds():
    cache, rng = PagedCache(LAYERS, 6, 2), np.random.default_rng(0)
    text = cache.join("a")
    for layer, rows in zip(text.layers, rows_of(rng, 7)):
        layer.append(*rows)
    other = cache.fork(text, "b", 4)
    assert text.slide(window=1, n_sinks=2) == 1  # that of tokens 4 and 5; the one of 2 and 3 is the fork's too
    assert [layer.length for layer in text.layers] == [text.length] * LAYERS == [3] * LAYERS
    assert cache.leave(other) == 1 and cache.pages.n_free == 4
    assert cache.leave(text) == 2


def test_room_may_be_taken_before_the_keys_come():
    cache = PagedCache(LAYERS, 4, 2)
    text = cache.join("a")
    cache.grow("a", 1)
    cache.fork(text, "b")
    cache.grow("b", 1)
    check_pages(cache)
    assert cache.pages.n_free == 2


@pytest.mark.usefixtures("as_readers_run_it")
def test_what_is_refused():
    cache, rng = PagedCache(1, 3, 2), np.random.default_rng(0)
    text = cache.join("a")
    k, v = rows_of(rng, 2)[0]
    with pytest.raises(ValueError, match="are not of the same tokens of one text"):
        text.layers[0].append(k, v[..., :1, :])
    with pytest.raises(ValueError, match="are not of the same tokens of one text"):
        text.layers[0].append(k.repeat(2, 1, 1, 1), v.repeat(2, 1, 1, 1))
    assert cache.pages.n_free == 3
    text.layers[0].append(k, v)
    with pytest.raises(ValueError, match=r"rows of \(2, 1, 5\) do not go into a pool of \(2, 6, 3\)"):
        text.layers[0].append(v[..., :1, :], k[..., :1, :])
    with pytest.raises(ValueError, match="one text without padding but .* with 1 came"):
        text.extended(torch.tensor([[True, False]]))
    with pytest.raises(ValueError, match=r"one text without padding but \(2, 1\) with 0 came"):
        text.extended(torch.ones(2, 1, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"rows of \(1, 1, 3\) do not go into a pool of \(2, 6, 3\)"):
        text.layers[0].append(k[:, :1, :1], v[:, :1, :1])
    with pytest.raises(ValueError, match="n_layers must be at least 1 but is 0"):
        PagedCache(0, 3, 2)


def test_dtype_and_heads_are_those_of_the_first_keys():
    cache = PagedCache(1, 3, 2)
    k, v = cache.join("a").layers[0].append(torch.ones(1, 1, 4, dtype=torch.float16), torch.ones(1, 1, 3, dtype=torch.float16))
    assert k.dtype == v.dtype == torch.float16 and k.shape == (1, 1, 4)
