from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.attention.latent import LatentAttention
from attnlab.cache import Cache
from attnlab.kernels.cost import cache_bytes
from attnlab.layers import RMSNorm
from attnlab.masks import causal, padding, positions
from attnlab.reference import latent as np_latent

B, N, M, D, HEADS = 2, 5, 7, 30, 6
HERE = torch.zeros(())
LENGTHS = torch.tensor([[4], [M]])  # the short one first; an axis for the heads


def tensor(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


X, CONTEXT = tensor(0, B, N, D), tensor(1, B, M, D)
MASKS = {
    "none": None,
    "causal": causal(*positions(N, M, HERE)),
    "padding": padding(LENGTHS, M),
    "causal and padding": causal(*positions(N, M, HERE)) & padding(LENGTHS, M),
}
masks = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def layer(**options):
    """A layer whose weights are the same every time, in float64."""
    module = LatentAttention(D, HEADS, **options).double()
    with torch.no_grad():
        for i, weight in enumerate(module.parameters()):
            weight.copy_(tensor(100 + i, *weight.shape) / D**0.5)
    return module


def turned(x, at):
    """A rotation of neighbouring pairs by the position, written with complex numbers."""
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous())
    angles = at[:, None] * torch.tensor([1.0, 0.1], dtype=torch.float64)
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)


LATENT = {"d_latent": 11, "d_rotary": 4}


@masks
@pytest.mark.parametrize("rotate", [None, turned], ids=["as it is", "turned"])
def test_absorbed_equals_explicit(mask, rotate):
    module = layer(**LATENT, rotate=rotate)
    cache = module.compress(CONTEXT)
    assert_same(module.absorbed(X, cache, mask=mask), module(X, cache, mask=mask))
    assert_same(module.absorbed(X), module(X))


def test_latent_attention_by_the_formula():
    """One head at a time, one text: keys are latent · U beside the shared key, scaled by the whole width."""
    module = layer(**LATENT, rotate=turned)
    x, p = X[0], torch.arange(N)
    latent, shared = x @ module.latent.weight.T, turned(x @ module.rotary_key.weight.T, p)
    assert_same(module.compress(x), torch.cat([latent, shared], dim=-1))
    mixed = []
    for h in range(HEADS):
        own, extra = slice(5 * h, 5 * h + 5), slice(4 * h, 4 * h + 4)
        q = torch.cat([x @ module.query.weight[own].T, turned(x @ module.rotary_query.weight[extra].T, p)], dim=-1)
        k = torch.cat([latent @ module.key.weight[own].T, shared], dim=-1)
        mixed.append(torch.softmax(q @ k.T / 3.0, dim=-1) @ (latent @ module.value.weight[own].T))
    assert_same(module(X)[0], torch.cat(mixed, dim=-1) @ module.output.weight.T)
    assert module.scale == 1 / 3


@pytest.mark.parametrize("way", ["forward", "absorbed"])
def test_decoding_from_the_cache_equals_the_whole(way):
    module = layer(**LATENT, rotate=turned)
    whole = module(X, mask=causal(*positions(N, N, HERE)))
    cache = module.compress(X[:, :2])
    for i in range(2, N):
        cache = torch.cat([cache, module.compress(X[:, i : i + 1], first=i)], dim=1)
        assert cache.shape == (B, i + 1, 15)
        assert_same(getattr(module, way)(X[:, i : i + 1], cache), whole[:, i : i + 1].contiguous())


def test_gradients_of_both_ways_agree():
    grads = []
    for way in ("forward", "absorbed"):
        module = layer(**LATENT, rotate=turned)
        getattr(module, way)(X).square().sum().backward()
        grads.append([w.grad for w in module.parameters()])
    for one, other in zip(*grads, strict=True):
        assert_same(one, other, atol=1e-11)


def test_the_latent_cache_of_deepseek_v2():
    """512 + 64 numbers a token and layer, whatever the 128 heads: 9/512 of keys and values of 128 heads of 128."""
    module = LatentAttention(2 * 128, 128, d_latent=512, d_rotary=64)
    assert module.compress(torch.zeros(1, 256)).shape == (1, 512 + 64)
    assert 60 * 576 * 2 == 69120
    assert cache_bytes(1, 60, 128, 128) * 9 == 512 * 60 * 576 * 2
    assert cache_bytes(4, 60, 9, 128) == 4 * 4 * 60 * 576 * 2  # 9 / 4 = 2.25 groups of keys and values of width 128


def test_heads_must_divide_the_width(as_readers_run_it):
    with pytest.raises(ValueError, match="n_heads = 7 does not divide d_model = 30"):
        LatentAttention(30, 7, 5, 2)


WHOLE = {"d_latent": 11, "d_rotary": 4, "d_head": 3, "d_value": 13, "d_query": 17, "norm": RMSNorm, "score_factor": 1.3}


@masks
@pytest.mark.parametrize("rotate", [None, turned], ids=["as it is", "turned"])
def test_the_whole_published_layer_absorbed_equals_explicit(mask, rotate):
    module = layer(**WHOLE, rotate=rotate)
    cache = module.compress(CONTEXT)
    assert_same(module.absorbed(X, cache, mask=mask), module(X, cache, mask=mask))


def test_the_whole_published_layer_by_the_formula():
    """Narrow queries, norms of both latents, widths of their own, a factor on the scores: one head at a time."""
    module = layer(**WHOLE, rotate=turned)
    x, p = X[0], torch.arange(N)

    def normed(c, norm):
        return norm.gain * c / (c.square().mean(-1, keepdim=True) + 1e-6).sqrt()

    asked = normed(x @ module.query_latent[0].weight.T, module.query_latent[1])
    latent = normed(x @ module.latent.weight.T, module.latent_norm)
    shared = turned(x @ module.rotary_key.weight.T, p)
    mixed = []
    for h in range(HEADS):
        own, extra, given = slice(3 * h, 3 * h + 3), slice(4 * h, 4 * h + 4), slice(13 * h, 13 * h + 13)
        q = torch.cat([asked @ module.query.weight[own].T, turned(asked @ module.rotary_query.weight[extra].T, p)], -1)
        k = torch.cat([latent @ module.key.weight[own].T, shared], dim=-1)
        mixed.append(torch.softmax(q @ k.T * 1.3 / 7**0.5, dim=-1) @ (latent @ module.value.weight[given].T))
    assert_same(module(X)[0], torch.cat(mixed, dim=-1) @ module.output.weight.T)


@pytest.mark.parametrize("way", ["forward", "absorbed"])
def test_a_cache_that_is_handed_in_keeps_latents_and_shared_keys(way):
    module = layer(**WHOLE, rotate=turned)
    whole, cache = module(X, mask=causal(*positions(N, N, HERE))), Cache()
    parts = [getattr(module, way)(X[:, :2], cache=cache, mask=causal(*positions(2, 2, HERE)))]
    parts += [getattr(module, way)(X[:, i : i + 1], cache=cache) for i in range(2, N)]
    assert cache.length == N
    assert_same(torch.cat(parts, dim=1), whole)
    assert_same(torch.cat(cache._own, dim=-1), module.compress(X))


def test_the_numpy_definition_agrees():
    module = layer(**LATENT, d_value=7)
    names = ("query", "rotary_query", "latent", "rotary_key", "key", "value", "output")
    weights = np_latent.Latents(*(getattr(module, name).weight.detach().numpy().T for name in names))
    mask = causal(*positions(N, N, HERE))
    for way in (np_latent.latent_attention, np_latent.latent_attention_absorbed):
        assert_same(torch.tensor(way(X.numpy(), weights, HEADS, mask.numpy())), module(X, mask=mask).detach())
    module.rotate = lambda rows, at: rows.flip(-1) * (1 + at[:, None])

    def rotate(rows):
        return rows[..., ::-1] * (1 + np.arange(N)[:, None])

    for way in (np_latent.latent_attention, np_latent.latent_attention_absorbed):
        assert_same(torch.tensor(way(X.numpy(), weights, HEADS, rotate=rotate)), module(X).detach())


def test_parameters_of_one_layer_of_deepseek_v3():
    """7168 wide, 128 heads: queries through 1536, keys and values through 512, 64 shared."""
    with torch.device("meta"):
        module = LatentAttention(7168, 128, 512, 64, d_head=128, d_value=128, d_query=1536, norm=RMSNorm)
    narrow = 7168 * 1536 + 1536 + 1536 * 128 * (128 + 64)
    assert sum(w.numel() for w in module.parameters()) == (
        narrow + 7168 * (512 + 64) + 512 + 512 * 128 * (128 + 128) + 128 * 128 * 7168
    )
