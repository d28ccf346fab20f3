"""The Triton kernel, run by Triton's interpreter. Collected by `test_flash_triton.py` in a process of its
own, since the interpreter has to be chosen before Triton is imported."""

from __future__ import annotations

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
