"""The blocked kernel against the definition: values, log-sum-exps and gradients, options freely combined."""

import itertools
import math

import pytest
import torch
from kernels import by_definition as definition
from kernels.by_definition import draw, grads, same
from torch.autograd import gradcheck

from attnlab.kernels import backward, forward, ways
from attnlab.kernels.flash import flash_attention

SIZES = [(29, 43), (43, 29), (1, 31), (31, 1)]
WAYS = list(dict.fromkeys(w for each in (forward, backward) for w in ways.candidates(torch.float32, each.ROWS)))


def padding(kind, n_keys):
    """No mask; the short row first; holes, and a row that sees nothing."""
    if kind == "short":
        return torch.arange(n_keys) < torch.tensor([n_keys // 3, n_keys])[:, None]
    if kind == "left":
        return torch.arange(n_keys) >= torch.tensor([n_keys // 2, 1])[:, None]
    if kind == "holes":
        mask = torch.rand(2, n_keys, generator=torch.Generator().manual_seed(n_keys)) < 0.5
        mask[0] = False
        return mask
    return None


def case(sizes, padded=None, biased=False, alibi=False, sinks=False, dtype=torch.float64, **rest):
    """Two sequences, six heads of queries on three of keys; the arguments, the options, and what gets a
    gradient."""
    n, m = sizes
    q, k, v = (
        draw(0, 2, 6, n, 5, dtype=dtype),
        draw(1, 2, 3, m, 5, dtype=dtype),
        draw(2, 2, 3, m, 7, dtype=dtype),
    )
    options = {"key_mask": padding(padded, m), **rest}
    learnt = [q, k, v]
    if biased:
        options["bias"] = draw(3, 6, 1, m, dtype=dtype)
        learnt.append(options["bias"])
    if sinks:
        options["sinks"] = draw(4, 6, dtype=dtype)
        learnt.append(options["sinks"])
    if alibi:
        options["alibi_slopes"] = torch.tensor([0.5, 0.25, 1.0, 0.01, 2.0, 0.0], dtype=dtype)
    return (q, k, v), options, learnt


def examine(tensors, options, learnt, atol=1e-12, **blocks):
    expected = definition.attention(*tensors, **options)
    actual = flash_attention(*tensors, **options, return_lse=True, **blocks)
    for x, y in zip(actual, expected):
        same(x, y, atol)
    for x, y in zip(grads(actual, learnt), grads(expected, learnt)):
        same(x, y, atol)


@pytest.mark.parametrize("padded", [None, "short", "left", "holes"])
@pytest.mark.parametrize("sizes", SIZES)
def test_every_combination_of_options(sizes, padded):
    choices = itertools.product((False, True), (None, 1, 11), (False, True), (False, True), (False, True))
    for causal, window, biased, alibi, sinks in choices:
        for blocks in ({"block_q": 16, "block_k": 11}, {}):  # the loops, and the plain version
            examine(*case(sizes, padded, biased, alibi, sinks, causal=causal, window=window), **blocks)


@pytest.mark.parametrize("block_q, block_k", list(itertools.product((1, 3, 29, 200), (1, 5, 43, 200))))
@pytest.mark.parametrize("causal, window", [(False, None), (True, None), (True, 7)])
@pytest.mark.parametrize("online", [False, True])
def test_any_blocks(block_q, block_k, causal, window, online):
    tensors = draw(0, 2, 29, 5), draw(1, 1, 43, 5), draw(2, 1, 43, 7)
    options = {"causal": causal, "window": window, "scale": 300.0 if online else None}
    examine(tensors, options, list(tensors), 1e-10 if online else 1e-12, block_q=block_q, block_k=block_k)


@pytest.mark.parametrize(
    "causal, window", [(False, None), (True, None), (True, 50), (True, 200), (True, 400)]
)
@pytest.mark.parametrize("online", [False, True])
@pytest.mark.parametrize("sizes", [(331, 419), (419, 331)])
def test_blocks_larger_than_a_strip(sizes, causal, window, online):
    """Blocks of more than STRIP rows are cut into strips at the edge of the band."""
    n, m = sizes
    tensors = draw(0, 1, n, 3), draw(1, 1, m, 3), draw(2, 1, m, 2)
    options = {"causal": causal, "window": window, "scale": 300.0 if online else None}
    examine(tensors, options, list(tensors), 1e-10 if online else 1e-12, block_q=300, block_k=190)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.library.name} {way.blocks[0]}")
@pytest.mark.parametrize("online", [False, True])
@pytest.mark.parametrize("causal, padded", [(False, None), (True, "holes")])
def test_every_way_that_may_win_is_right_in_float32(monkeypatch, way, online, causal, padded):
    """More queries and keys than the largest tile has."""
    for each in (forward, backward):
        monkeypatch.setattr(each, "fastest_way", lambda trial: way)
    n, m = way.blocks[0] + 29, way.blocks[1] + 43
    exact = [draw(seed, *shape) for seed, shape in enumerate([(2, 2, n, 5), (2, 1, m, 5), (2, 1, m, 5)])]
    single = [x.detach().float().requires_grad_() for x in exact]
    options = {"causal": causal, "key_mask": padding(padded, m), "scale": 20.0 if online else None}
    expected = definition.attention(*exact, **options)
    actual = flash_attention(*single, **options, return_lse=True)
    atol = 1e-3 if online else 1e-5
    for x, y in zip(actual, expected):
        same(x.double(), y, atol)
    for x, y in zip(grads(actual, single), grads(expected, exact)):
        same(x.double(), y.double(), atol)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (6, 29, 43), (2, 1, 29, 1), (1, 6, 1, 43), (43,), (29, 1)])
def test_bias_gradient_for_every_way_to_broadcast(shape):
    tensors, options, learnt = case((29, 43), causal=True)
    bias = draw(5, *shape)
    examine(tensors, options | {"bias": bias}, [*learnt, bias], block_q=16, block_k=11)


def test_bias_of_minus_infinity_hides_keys_and_whole_rows():
    tensors, options, learnt = case((29, 43))
    bias = torch.zeros(29, 43, dtype=torch.float64)
    bias[:, ::3] = -math.inf
    bias[4] = -math.inf
    examine(tensors, options | {"bias": bias}, learnt, block_q=16, block_k=11)
    out, lse = flash_attention(*tensors, bias=bias, return_lse=True, block_q=16)
    assert (out[..., 4, :] == 0).all() and torch.isneginf(lse[..., 4]).all()


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_all_scores_far_from_zero(shift):
    tensors, options, learnt = case((29, 43), causal=True)
    bias = torch.full((29, 43), shift, dtype=torch.float64)
    examine(tensors, options | {"bias": bias}, learnt, 1e-10, block_q=16, block_k=11)


@pytest.mark.parametrize("factor", [1.0, -1.0])
def test_scores_times_300(factor):
    tensors, options, learnt = case((29, 43), causal=True, scale=300.0 * factor)
    examine(tensors, options, learnt, 1e-10, block_q=16, block_k=11)


def test_all_scores_far_below_zero_without_a_bias():
    """Queries opposite to keys: the maximum over a tile must not take a masked zero for the peak."""
    q, k, v = (
        -30 * torch.ones(1, 29, 4),  # -1800 exactly, in whatever order the four products are added
        30 * torch.ones(1, 29, 4),
        draw(2, 1, 29, 3, dtype=torch.float32, grad=False),
    )
    out = flash_attention(q, k, v, causal=True, block_q=16, block_k=11)
    same(out, definition.attention(q.double(), k.double(), v.double(), causal=True)[0].float(), 1e-6)


@pytest.mark.parametrize("padded", [None, "holes"])
def test_gradcheck_of_each_path(padded):
    holes = torch.tensor([[1, 1, 0, 1, 0, 1, 1]]).bool()
    base = {"key_mask": holes if padded else None, "block_q": 4, "block_k": 3, "return_lse": True}
    q, k, v, bias, sinks = (
        draw(0, 1, 2, 5, 3),
        draw(1, 1, 1, 7, 3),
        draw(2, 1, 1, 7, 2),
        draw(3, 2, 5, 7),
        draw(4, 2),
    )
    for path in (
        {},
        {"causal": True},
        {"window": 2},
        {"scale": 90.0},
        {"alibi_slopes": torch.tensor([0.5, 0.25])},
    ):
        assert gradcheck(lambda *x: flash_attention(*x, **base, **path), (q, k, v), fast_mode=True)
    assert gradcheck(
        lambda *x: flash_attention(*x[:3], bias=x[3], sinks=x[4], causal=True, **base),
        (q, k, v, bias, sinks),
        fast_mode=True,
    )


@pytest.mark.parametrize("dtype, atol", [(torch.float64, 1e-12), (torch.float32, 2e-6)])
@pytest.mark.parametrize("strided", [False, True])
def test_decoding_with_a_long_cache(dtype, atol, strided):
    """One query and so many keys that each head is worth a product of its own; the cache is longer than
    filled."""
    q = draw(0, 2, 4, 1, 80, grad=False)
    k, v = draw(1, 2, 2, 1300, 80, grad=False), draw(2, 2, 2, 1300, 70, grad=False)
    k, v = (x.mT.contiguous().mT[..., :1100, :] if strided else x[..., :1100, :] for x in (k, v))
    expected = definition.attention(q, k, v)
    q, k, v = (x.to(dtype) for x in (q, k, v))
    for x, y in zip(flash_attention(q, k, v, causal=True, return_lse=True), expected):
        same(x, y.to(dtype), atol)
    learnt = q.clone().requires_grad_()
    (grad,) = torch.autograd.grad(flash_attention(learnt, k, v).sum(), learnt)
    assert (grad != 0).any()


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_any_number_of_batch_axes(shape):
    q, k, v = draw(0, *shape, 2, 29, 5), draw(1, *shape, 2, 43, 5), draw(2, *shape, 2, 43, 7)
    mask = torch.rand(*shape, 43, generator=torch.Generator().manual_seed(1)) < 0.7
    examine((q, k, v), {"key_mask": mask}, [q, k, v], block_q=16, block_k=11)


@pytest.mark.parametrize("block_q", [None, 16])
def test_one_position_zero_keys_zero_queries(block_q):
    one = draw(0, 2, 1, 5), draw(1, 2, 1, 5), draw(2, 2, 1, 7)
    examine(one, {"causal": True}, list(one), block_q=block_q)
    q, none = draw(0, 2, 3, 5), draw(1, 2, 0, 5)
    out, lse = flash_attention(q, none, none, return_lse=True, block_q=block_q)
    assert out.shape == (2, 3, 5) and (out == 0).all() and torch.isneginf(lse).all()
    for grad in torch.autograd.grad(out.sum(), (q, none), allow_unused=True):
        assert grad is None or (grad == 0).all()
    assert flash_attention(none, q, q, block_q=block_q).shape == (2, 0, 5)


@pytest.mark.parametrize("block_q", [None, 16])
def test_a_query_that_sees_nothing_sends_nothing(block_q):
    (q, k, v), options, learnt = case((43, 29), causal=True)  # the first 14 queries stand before every key
    out, lse = flash_attention(q, k, v, **options, return_lse=True, block_q=block_q)
    assert (out[..., :14, :] == 0).all() and torch.isneginf(lse[..., :14]).all()
    dq, dk, dv = torch.autograd.grad(out.sum(), (q, k, v))
    assert (dq[..., :14, :] == 0).all() and all(torch.isfinite(x).all() for x in (dq, dk, dv))


@pytest.mark.parametrize("block_q", [None, 16])
def test_strided_inputs_and_arguments_unchanged(block_q):
    def strided(seed, n):
        return draw(seed, 2, n, 3, 10, grad=False)[..., ::2].transpose(1, 2).requires_grad_()

    tensors = strided(0, 29), strided(1, 43), strided(2, 43)
    bias, mask, sinks = draw(3, 43, 29).t(), padding("holes", 43), draw(4, 3)
    before = [x.detach().clone() for x in (*tensors, bias, mask, sinks)]
    options = {"bias": bias, "key_mask": mask, "sinks": sinks, "causal": True}
    examine(tensors, options, [*tensors, bias, sinks], block_q=block_q)
    for x, y in zip((*tensors, bias, mask, sinks), before):
        assert torch.equal(x, y)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("block_q", [None, 16])
@pytest.mark.parametrize("causal", [False, True])
def test_half_precision_errs_at_most_twice_as_much_as_the_plain_version(dtype, block_q, causal):
    tensors = [draw(s, 2, n, 32, dtype=dtype) for s, n in ((0, 61), (1, 83), (2, 83))]
    exact = [x.detach().double().requires_grad_() for x in tensors]
    result = flash_attention(*tensors, causal=causal, block_q=block_q, block_k=block_q, return_lse=True)
    assert result[0].dtype == dtype and result[1].dtype == torch.float32
    truth = definition.attention(*exact, causal=causal)
    plain = definition.attention(*tensors, causal=causal)
    d_out = draw(9, *truth[0].shape, dtype=dtype, grad=False)

    def everything(out, inputs):
        return [out, *torch.autograd.grad((out * d_out.to(out.dtype)).sum(), inputs)]

    actual, exactly, plainly = (
        everything(result[0], tensors),
        everything(truth[0], exact),
        everything(plain[0], tensors),
    )
    for mine, true, other in zip(actual, exactly, plainly):
        assert (mine - true).abs().max() <= 2 * (other - true).abs().max() + 1e-7
        assert mine.dtype == dtype


@pytest.mark.parametrize("causal", [False, True])
def test_parity_with_torch(causal):
    tensors = [draw(s, 2, 3, 600, 16, dtype=torch.float32) for s in range(3)]  # large enough for the loops
    out = flash_attention(*tensors, causal=causal)
    expected = torch.nn.functional.scaled_dot_product_attention(*tensors, is_causal=causal)
    same(out, expected, 2e-6)
    for x, y in zip(
        torch.autograd.grad(out.square().sum(), tensors),
        torch.autograd.grad(expected.square().sum(), tensors),
    ):
        same(x, y, 2e-5)


def test_torch_aligns_the_other_way():
    """`is_causal` puts the first query beside the first key; here the last stands beside the last."""
    q, k, v = draw(0, 1, 29, 5, grad=False), draw(1, 1, 43, 5, grad=False), draw(2, 1, 43, 7, grad=False)
    theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    for block_q in (None, 16):
        ours = flash_attention(q, k, v, causal=True, block_q=block_q)
        assert (ours - theirs).abs().max() > 0.1
        same(ours[:, -1], flash_attention(q, k, v, block_q=block_q)[:, -1])  # the last query sees every key


def test_nan_spreads_to_the_rows_that_see_it_and_no_further():
    for block_q in (None, 16):
        q, k, v = draw(0, 1, 29, 5, grad=False), draw(1, 1, 29, 5, grad=False), draw(2, 1, 29, 7, grad=False)
        q[0, 3, 0] = math.nan
        out = flash_attention(q, k, v, causal=True, block_q=block_q, block_k=block_q)
        assert torch.isnan(out[0, 3]).all() and not torch.isnan(out[0, [2, 4, 28]]).any()


@pytest.mark.parametrize("block_q", [None, 16])
def test_what_stands_at_a_hidden_key_does_not_matter(block_q):
    (q, k, v), options, learnt = case((29, 43), "holes")
    expected = flash_attention(q, k, v, **options, block_q=block_q)
    hidden = ~options["key_mask"][:, None, :, None]
    k2, v2 = (x.detach().masked_fill(hidden, math.nan).requires_grad_() for x in (k, v))
    out = flash_attention(q, k2, v2, **options, block_q=block_q)
    assert torch.equal(out, expected)
    for grad in torch.autograd.grad(out.sum(), (q, k2, v2)):
        assert torch.isfinite(grad).all()
