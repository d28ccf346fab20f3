"""The Triton kernel, run by Triton's interpreter. Collected by `test_flash_triton.py` in a process of its
own, since the interpreter has to be chosen before Triton is imported."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from kernels import by_definition as definition

from attnlab.kernels.flash import flash_attention
from attnlab.kernels.flash_triton import flash_triton, interpreted

torch.set_num_threads(1)


def inputs(queries, keys, heads=2, kv_heads=1, d_head=16, d_value=16, batch=(2,), dtype=torch.float32):
    return (
        definition.draw(1, *batch, heads, queries, d_head, dtype=dtype),
        definition.draw(2, *batch, kv_heads, keys, d_head, dtype=dtype),
        definition.draw(3, *batch, kv_heads, keys, d_value, dtype=dtype),
    )


def exact(q, k, v, atol=5e-6, **masking):
    """Output, log-sum-exp and gradients against the definition in float64, judged by float32's error."""
    blocks = {name: masking.pop(name) for name in ("block_q", "block_k") if name in masking}
    blocks = blocks or {"block_q": 32, "block_k": 16}
    result = flash_triton(q, k, v, return_lse=True, **masking, **blocks)
    wide = [x.detach().double().requires_grad_() for x in (q, k, v)]
    expected = definition.attention(*wide, **masking)
    for ours, theirs in zip(result, expected, strict=True):
        assert ours.dtype == torch.float32
        definition.same(ours.double(), theirs, atol)
    grads = definition.grads(result, (q, k, v)), definition.grads(expected, wide)
    for ours, theirs in zip(*grads, strict=True):
        definition.same(ours.double(), theirs, atol)


def test_this_is_the_interpreter():
    assert interpreted()


MASKS = [{}, {"causal": True}, {"window": 1}, {"window": 33}, {"causal": True, "window": 45}]


@pytest.mark.parametrize("masking", MASKS, ids=str)
# 49 keys in tiles of 16: the last visible key stands alone in its tile.
@pytest.mark.parametrize("sizes", [(37, 37), (37, 83), (71, 19), (1, 49)], ids=str)
def test_exact_for_every_mask_and_ragged_length(sizes, masking):
    exact(*inputs(*sizes), **masking)


@pytest.mark.parametrize("blocks", [(16, 16), (16, 64), (64, 16)], ids=str)
@pytest.mark.parametrize("masking", [{"causal": True}, {"window": 29}], ids=str)
def test_exact_for_every_shape_of_tile(blocks, masking):
    exact(*inputs(67, 101), block_q=blocks[0], block_k=blocks[1], **masking)


@pytest.mark.parametrize("widths", [(16, 64), (32, 16), (64, 128), (128, 32)], ids=str)
def test_exact_for_every_width(widths):
    exact(*inputs(19, 23, d_head=widths[0], d_value=widths[1]), causal=True)


@pytest.mark.parametrize(("heads", "kv_heads"), [(3, 3), (6, 2), (5, 1)])
def test_grouped_heads(heads, kv_heads):
    exact(*inputs(19, 23, heads=heads, kv_heads=kv_heads, batch=(2, 3)), causal=True)


def test_without_a_batch_and_with_default_tiles():
    q, k, v = inputs(129, 131, batch=(), heads=2, kv_heads=2)
    expected = definition.attention(q.double(), k.double(), v.double(), causal=True)[0]
    definition.same(flash_triton(q, k, v, causal=True).double(), expected, 5e-6)


def test_a_scale_of_ones_own_negative_ones_included():
    exact(*inputs(17, 19), scale=0.7)
    exact(*inputs(17, 19), scale=-0.7, causal=True)


@pytest.mark.parametrize("shift", [3000.0, -3000.0])
def test_scores_far_from_zero(shift):
    """All scores of a row moved by the same amount: the weights stay."""
    q, k, v = (x.detach() for x in inputs(17, 37))
    q[..., 0], moved = 1.0, k.clone()
    k[..., 0], moved[..., 0] = 0.0, shift
    out, lse = flash_triton(q, moved, v, scale=1.0, return_lse=True)
    plain, plain_lse = flash_triton(q, k, v, scale=1.0, return_lse=True)
    assert torch.allclose(out, plain, atol=3e-3) and torch.allclose(lse, plain_lse + shift, atol=3e-3)


def test_queries_without_keys_give_zeros():
    q, k, v = inputs(11, 5)
    out, lse = flash_triton(q, k, v, causal=True, return_lse=True)
    assert (out[..., :6, :] == 0).all() and torch.isneginf(lse[..., :6]).all()
    assert torch.isfinite(out).all() and torch.isfinite(lse[..., 6:]).all()
    grads = torch.autograd.grad(out.sum(), (q, k, v))
    assert all(torch.isfinite(g).all() for g in grads) and (grads[0][..., :6, :] == 0).all()


@pytest.mark.parametrize("sizes", [(5, 0), (0, 5)], ids=str)
def test_nothing_to_look_at_and_nobody_to_look(sizes):
    q, k, v = inputs(*sizes)
    out, lse = flash_triton(q, k, v, causal=True, return_lse=True)
    assert out.shape == q.shape and (out == 0).all() and torch.isneginf(lse).all()
    assert all((g == 0).all() for g in torch.autograd.grad(out.sum(), (q, k, v)))


def test_half_precision_errs_no_more_than_the_plain_version():
    """The yardstick is the definition computed in that precision throughout."""
    q, k, v = inputs(37, 53, d_head=32, d_value=32, dtype=torch.float16)
    wide = [x.detach().double().requires_grad_() for x in (q, k, v)]
    plain, right = definition.attention(q, k, v, causal=True), definition.attention(*wide, causal=True)
    ours = flash_triton(q, k, v, causal=True, return_lse=True)
    assert ours[0].dtype == torch.float16 and ours[1].dtype == torch.float32
    results = [
        (out, *torch.autograd.grad(out.sum() * 1.5, x))
        for out, x in ((ours[0], (q, k, v)), (plain[0], (q, k, v)), (right[0], wide))
    ]
    for got, rough, exactly in zip(*results, strict=True):
        assert (got - exactly).abs().max() <= 2 * (rough - exactly).abs().max()


@pytest.mark.parametrize("scale", [None, 0.3, -0.3])
def test_the_log_sum_exp_of_half_precision_is_float32s(scale):
    """16-bit inputs, whose scale the programs leave to the exponential: products are exact in float32."""
    q, k, v = (x.detach() for x in inputs(37, 53, d_head=32, d_value=32, dtype=torch.float16))
    lse = flash_triton(q, k, v, causal=True, scale=scale, return_lse=True)[1]
    expected = definition.attention(q.double(), k.double(), v.double(), causal=True, scale=scale)[1]
    definition.same(lse.double(), expected, 2e-6)


def test_bfloat16_is_refused_by_the_interpreter():
    q, k, v = inputs(5, 5, dtype=torch.bfloat16)
    with pytest.raises(TypeError, match="interpreter cannot multiply bfloat16"):
        flash_triton(q, k, v)


def test_arguments_may_be_strided_and_are_not_changed():
    q, k, v = (x.detach() for x in inputs(19, 23, heads=2, kv_heads=2))
    q, k, v = (x.transpose(-2, -3).contiguous().transpose(-2, -3).requires_grad_() for x in (q, k, v))
    before = [x.detach().clone() for x in (q, k, v)]
    assert not q.is_contiguous()
    exact(q, k, v, causal=True)
    assert all(torch.equal(x, y) for x, y in zip((q, k, v), before, strict=True))


def test_agrees_with_the_version_for_the_cpu():
    q, k, v = (x.detach() for x in inputs(67, 131, heads=4, kv_heads=2, d_head=32, d_value=32))
    ours = flash_triton(q, k, v, window=41, return_lse=True)
    theirs = flash_attention(q, k, v, causal=True, window=41, return_lse=True)
    assert all(torch.allclose(a, b, atol=2e-6) for a, b in zip(ours, theirs, strict=True))


BIASES = {"keys": (53,), "a head each": (4, 1, 53), "a text each": (2, 1, 37, 1), "all": (2, 4, 37, 53)}


@pytest.mark.parametrize("shape", BIASES.values(), ids=BIASES)
@pytest.mark.parametrize("masking", [{}, {"causal": True}, {"window": 21}], ids=str)
def test_a_bias_is_read_where_it_lies(shape, masking):
    bias = definition.draw(4, *shape, dtype=torch.float32, grad=False)
    bias[..., 3:4] = -torch.inf
    exact(*inputs(37, 53, heads=4, kv_heads=2), bias=bias, **masking)
    exact(*inputs(37, 53, heads=4, kv_heads=2), bias=bias.mT.contiguous().mT if bias.ndim > 1 else bias)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("lowest", [-1e9, -1e30, torch.finfo(torch.float32).min])
@pytest.mark.parametrize("masking", [{}, {"causal": True}], ids=str)
def test_a_row_of_finite_minus_infinities_is_an_average(lowest, dtype, masking):
    """Scores vanish beside the bias, as they do for the definition in float32: equal weights, and gradients
    that are as small as the other rows'."""
    q, k, v = inputs(37, 37, dtype=dtype)
    bias = torch.zeros(37, 37)
    bias[7] = lowest
    out = flash_triton(q, k, v, bias=bias, block_q=16, block_k=16, **masking)
    seen = 8 if masking else 37
    average = v.detach().double()[..., :seen, :].mean(-2)
    assert (out[..., 7, :].double() - average).abs().max() < (1e-6 if dtype == torch.float32 else 1e-3)
    wide = [x.detach().float().requires_grad_() for x in (q, k, v)]
    expected = definition.attention(*wide, bias=bias, **masking)[0]
    d_out = torch.randn(out.shape, generator=torch.Generator().manual_seed(5))
    ours = torch.autograd.grad(out, (q, k, v), d_out.to(dtype))
    theirs = torch.autograd.grad(expected, wide, d_out.to(dtype).float())
    for got, right in zip(ours, theirs, strict=True):
        definition.same(got.float(), right, 2e-6 if dtype == torch.float32 else 2e-3)


def test_a_log_sum_exp_near_the_end_of_float32_is_finite():
    q, k, v = (x.detach() for x in inputs(5, 7))
    lowest = torch.finfo(torch.float32).min
    lse = flash_triton(q, k, v, bias=torch.full((5, 7), lowest), return_lse=True)[1]
    assert (lse == lowest).all()


@pytest.mark.parametrize("size", [300.0, 3000.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_huge_scores_give_one_key_all_the_weight(dtype, size):
    q, k, v = (x.detach() for x in inputs(17, 37, dtype=dtype))
    q, k = (q * size).requires_grad_(), (k * 10).requires_grad_()
    out = flash_triton(q, k, v, block_q=16, block_k=16)
    expected = definition.attention(q.double(), k.double(), v.double())[0]
    assert (out - expected).abs().max() < 2e-3
    assert all(torch.isfinite(g).all() for g in torch.autograd.grad(out.sum(), (q, k)))


def test_a_scale_of_zero_averages_what_may_be_seen():
    exact(*inputs(17, 19, kv_heads=2), scale=0.0, causal=True)
    q, k, v = (x.detach() for x in inputs(17, 19, dtype=torch.float16))
    out = flash_triton(q, k, v, scale=0.0, causal=True)
    assert (out[..., -1, :].double() - v.double().mean(-2)).abs().max() < 1e-3


def test_a_second_derivative_is_refused():
    q, k, v = inputs(17, 19)
    (g,) = torch.autograd.grad(flash_triton(q, k, v).sum(), q, create_graph=True)
    assert torch.isfinite(g).all()
    with pytest.raises(RuntimeError, match="flash_triton has no second derivatives"):
        g.pow(2).sum().backward()


@pytest.mark.parametrize("position", range(4))
def test_what_is_refilled_before_the_way_back_is_refused(position):
    arguments = [*(x.detach() for x in inputs(17, 19)), torch.zeros(17, 19)]
    leaves = [x.clone().requires_grad_() for x in arguments[:3]]
    alive = [x * 1.0 for x in leaves] + [arguments[3]]
    out = flash_triton(*alive[:3], bias=alive[3])
    with torch.no_grad():
        alive[position].fill_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_autocast_changes_nothing():
    q, k, v = inputs(17, 19)
    expected = flash_triton(q, k, v, causal=True, return_lse=True)
    with torch.autocast("cpu", torch.bfloat16):
        got = flash_triton(q, k, v, causal=True, return_lse=True)
        grads = torch.autograd.grad(got[0].sum(), (q, k, v))
    assert all(torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(got, expected, strict=True))
    assert all(map(torch.equal, grads, torch.autograd.grad(expected[0].sum(), (q, k, v))))


@pytest.mark.parametrize("window", [np.int64(5), np.uint8(5), torch.tensor(5)], ids=repr)
def test_counts_are_any_integral_number(window, as_readers_run_it):
    q, k, v = (x.detach() for x in inputs(17, 19))
    got = flash_triton(q, k, v, window=window, block_q=np.int32(16), stages=np.int64(1))
    assert torch.equal(got, flash_triton(q, k, v, window=5, block_q=16, stages=1))


def test_a_window_beyond_every_key_is_causal():
    q, k, v = (x.detach() for x in inputs(17, 19))
    assert torch.equal(flash_triton(q, k, v, window=2**62), flash_triton(q, k, v, causal=True))


@pytest.mark.parametrize("shape", [(0, 2), (2, 3, 0)], ids=str)
def test_an_empty_batch(shape):
    q = torch.zeros(*shape, 2, 5, 16, requires_grad=True)
    out, lse = flash_triton(q, q, q, return_lse=True)
    assert out.shape == q.shape and lse.shape == q.shape[:-1]
    assert torch.autograd.grad(out.sum(), q)[0].shape == q.shape


def test_expanded_and_reversed_arguments():
    q, k, v = (x.detach() for x in inputs(17, 19, heads=2, kv_heads=2))
    k, v = k[:1].expand(2, -1, -1, -1), v[..., ::2].repeat_interleave(2, -1)[..., ::1]
    definition.same(
        flash_triton(q, k, v).double(), definition.attention(q.double(), k.double(), v.double())[0], 5e-6
    )
