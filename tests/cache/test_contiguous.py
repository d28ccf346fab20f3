from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.attention import MultiHead
from attnlab.cache import Cache, ModelCache
from attnlab.masks import causal, positions

B, H, D_K, D_V = 2, 3, 5, 7
D, KEYS = 6, 11


def tensor(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


K, V = tensor(0, B, H, KEYS, D_K), tensor(1, B, H, KEYS, D_V)


def cuts(seed: int, n: int) -> list[int]:
    """Where a text of n tokens is cut into pieces, some of them long."""
    places = np.random.default_rng(seed).choice(np.arange(1, n), size=3, replace=False)
    return [0, *sorted(int(place) for place in places), n]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_appended_in_pieces_is_what_there_is(seed):
    cache, ends = Cache(), cuts(seed, KEYS)
    assert cache.length == 0
    for start, end in zip(ends, ends[1:]):
        k, v = cache.append(K[:, :, start:end], V[:, :, start:end])
        assert_same(k, K[:, :, :end], atol=0)
        assert_same(v, V[:, :, :end], atol=0)
        assert cache.length == end


def test_what_was_handed_out_stays_as_it_was():
    cache = Cache()
    first, _ = cache.append(K[:, :, :4], V[:, :, :4])
    cache.append(K[:, :, 4:], V[:, :, 4:])
    assert_same(first, K[:, :, :4], atol=0)


def test_rows_are_chosen_repeated_and_left_out():
    cache, rows = Cache(), torch.tensor([1, 1, 0])
    cache.append(K[:, :, :4], V[:, :, :4])
    cache.once(tensor(2, B, 4, D), lambda x: (x[:, None], 2 * x[:, None]))
    chosen = cache.select(rows)
    k, v = chosen.append(K[rows][:, :, 4:], V[rows][:, :, 4:])
    assert_same(k, K[rows], atol=0)
    assert_same(v, V[rows], atol=0)
    source = tensor(2, B, 4, D)[rows]
    assert_same(chosen.once(source, no_call)[1], 2 * source[:, None], atol=0)
    assert cache.length == 4 and chosen.length == KEYS  # the one asked did not grow
    assert cache.select(torch.tensor([], dtype=torch.long)).append(K[:0, :, 4:], V[:0, :, 4:])[0].shape == (0, H, KEYS, D_K)


def no_call(x):
    raise AssertionError("projected again")


def test_a_source_is_projected_once():
    cache, calls = Cache(), []

    def project(x):
        calls.append(x)
        return x[:, None], -x[:, None]

    for _ in range(3):
        k, v = cache.once(K[:, 0], project)
    assert len(calls) == 1 and cache.length == 0
    assert_same(k, K[:, :1], atol=0)
    assert_same(v, -K[:, :1], atol=0)


def test_an_empty_cache_can_be_selected_from():
    assert Cache().select(torch.tensor([0, 0])).length == 0
    assert ModelCache(2).select(torch.tensor([0])).length == 0


def layer(n_kv_heads=None) -> MultiHead:
    module = MultiHead(D, H, n_kv_heads, bias=True).double()
    with torch.no_grad():
        for i, weight in enumerate(module.parameters()):
            weight.copy_(tensor(50 + i, *weight.shape) / 2)
    return module


@pytest.mark.parametrize("n_kv_heads", [3, 1])
@pytest.mark.parametrize("seed", range(5))
def test_a_layer_with_a_cache_equals_one_without(seed, n_kv_heads):
    module, x = layer(n_kv_heads), tensor(3, B, KEYS, D)
    whole = module(x, mask=causal(*positions(KEYS, KEYS, x)))
    cache, ends, pieces = Cache(), cuts(seed, KEYS), []
    for start, end in zip(ends, ends[1:]):
        mask = causal(*positions(end - start, end, x))
        pieces.append(module(x[:, start:end], cache=cache, mask=mask))
    assert_same(torch.cat(pieces, dim=1), whole)


def test_a_layer_keeps_a_source_and_asks_it_anew():
    module, x, source, cache = layer(), tensor(3, B, KEYS, D), tensor(4, B, 4, D), Cache()
    for start in range(3):
        assert_same(module(x[:, start : start + 2], source, cache), module(x[:, start : start + 2], source))
    assert cache.length == 0
    zeros = torch.zeros_like(source)  # what is kept is used, and not what is given
    assert_same(module(x, zeros, cache), module(x, source))


def test_gradients_pass_through_a_cache():
    module, cache = layer(), Cache()
    x, y = tensor(3, B, 5, D).requires_grad_(), tensor(3, B, 5, D).requires_grad_()
    torch.cat([module(x[:, :2], cache=cache), module(x[:, 2:], cache=cache)], dim=1)[:, 2:].square().sum().backward()
    module(y)[:, 2:].square().sum().backward()
    assert_same(x.grad, y.grad, atol=1e-11)


def test_a_model_s_cache_knows_what_is_real():
    cache, real = ModelCache(3), torch.tensor([[False, True, True], [True, True, False]])
    assert len(cache.layers) == 3 and cache.length == 0
    assert_same(cache.extended(real), real)
    assert cache.length == 0  # only asked
    cache.extend(real[:, :2])
    assert_same(cache.extended(real[:, 2:]), real)
    cache.layers[1].append(K, V)
    turned = cache.select(torch.tensor([1, 0, 1]))
    assert_same(turned.extended(real[[1, 0, 1], 2:]), real[[1, 0, 1]])
    assert [part.length for part in turned.layers] == [0, KEYS, 0] and turned.length == cache.length == 2


CACHE = Cache()
CACHE.append(K, V)
CACHE.once(K[:, 0], lambda x: (x[:, None], x[:, None]))
MODEL = ModelCache(2)
MODEL.extend(torch.ones(2, 3, dtype=torch.bool))
BAD = {
    "k (2, 3, 11, 5) and v (2, 3, 4, 7) are not of the same tokens": lambda: Cache().append(K, V[:, :, :4]),
    "k (1, 3, 11, 5) does not go on with the (2, 3, 11, 5) kept: only the tokens may differ": lambda: CACHE.append(K[:1], V[:1]),
    "v (2, 3, 11, 6) does not go on with the (2, 3, 11, 7) kept": lambda: CACHE.append(K, V[..., 1:]),
    "the source has 4 tokens in a batch of 2 but the cache holds 11 in a batch of 2": lambda: CACHE.once(K[:, 0, :4], no_call),
    "the source has 11 tokens in a batch of 1 but the cache holds 11 in a batch of 2": lambda: CACHE.once(K[:1, 0], no_call),
    "n_layers must be at least 1 but is 0": lambda: ModelCache(0),
    "3 texts do not go on with a cache of 2": lambda: MODEL.extended(torch.ones(3, 1, dtype=torch.bool)),
    "3 texts do not go on with a cache of 2 ": lambda: MODEL.extend(torch.ones(3, 1, dtype=torch.bool)),
}


@pytest.mark.parametrize(("message", "call"), BAD.items(), ids=BAD)
def test_errors_name_what_disagrees_and_leave_the_cache_as_it_was(as_readers_run_it, message, call):
    with pytest.raises(ValueError, match=re.escape(message.strip())):
        call()
    assert CACHE.length == KEYS and MODEL.length == 3
