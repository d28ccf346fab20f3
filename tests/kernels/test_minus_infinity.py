"""Scores of any size, above all a finite "minus infinity": -1e9, -1e30, the smallest number there is.

A row of nothing else is an average, in the definition, in torch's own formula, and here on every route; its
gradients are those of an average. Where some scores are ordinary, those win.
"""

import math

import numpy as np
import pytest
import torch
from kernels import by_definition as definition
from kernels.by_definition import draw, grads, same
from torch.nn.attention import SDPBackend, sdpa_kernel

from attnlab.kernels import textbook
from attnlab.kernels.flash import flash_attention
from attnlab.kernels.merge import merge
from attnlab.reference import blocked

N, M = 29, 43
ROUTES = {"small": {}, "blocks": {"block_q": 16, "block_k": 11}, "one block": {"block_q": 64, "block_k": 64}}
SIZES = [-1e9, -1e30, "lowest", 1e9, 1e30, -1e4, 1e4]
OPTIONS = {
    "nothing else": {},
    "causal": {"causal": True},
    "window": {"window": 7},
    "holes": {"key_mask": torch.arange(M).reshape(1, M) % 3 > 0},
    "slopes": {"alibi_slopes": torch.tensor([0.5, 0.25])},
    "sinks": {"sinks": torch.tensor([0.5, -1.0])},
}
DTYPES = [torch.float32, torch.float64, torch.bfloat16]


def size_of(size, dtype):
    return torch.finfo(dtype).min if size == "lowest" else size


def bias_with(size, dtype):
    """Whole rows, half a row, half a row beside real minus infinity, and two sizes beside each other."""
    bias = torch.zeros(N, M, dtype=dtype)
    bias[[3, 19]] = size
    bias[5, : M // 2] = size
    bias[7, : M // 2], bias[7, M // 2 :] = size, -math.inf
    bias[11, : M // 2], bias[11, M // 2 :] = size, size / 2
    bias[13] = -math.inf
    return bias


def error(size, dtype):
    """What a score may be off by: the spacing of numbers of that size, if it leaves the scores any digit."""
    spacing = abs(size) * torch.finfo(torch.promote_types(dtype, torch.float32)).eps
    base = {torch.float32: 1e-5, torch.float64: 1e-11, torch.bfloat16: 2e-2}[dtype]
    return base + (4 * spacing if spacing < 0.01 else 0.0)


def tensors(dtype):
    return draw(0, 1, 2, N, 8, dtype=dtype), draw(1, 1, 1, M, 8, dtype=dtype), draw(2, 1, 1, M, 5, dtype=dtype)


def in_float32(xs):
    """The definition's arguments: half precision is computed in float32, as the kernel promises."""
    return [x.detach().to(torch.promote_types(x.dtype, torch.float32)).requires_grad_() for x in xs]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_gives_what_the_definition_gives(route, size, dtype):
    size = size_of(size, dtype)
    for name, options in OPTIONS.items():
        mine = [*tensors(dtype), bias_with(size, dtype).requires_grad_()]
        exact = in_float32(mine)
        actual = flash_attention(*mine[:3], bias=mine[3], return_lse=True, **ROUTES[route], **options)
        expected = definition.attention(*exact[:3], bias=exact[3], **options)
        for x, y in zip((*actual, *grads(actual, mine)), (*expected, *grads(expected, exact))):
            assert torch.isfinite(x).all() or x is actual[1], (name, size)
            same(x.to(y.dtype), y, error(size, dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("route", ROUTES)
def test_and_what_torchs_own_formula_gives(route, size, dtype):
    size = size_of(size, dtype)
    q, k, v = draw(0, 1, 2, N, 8, dtype=dtype), draw(1, 1, 2, M, 8, dtype=dtype), draw(2, 1, 2, M, 5, dtype=dtype)
    bias = bias_with(size, dtype)
    out = flash_attention(q, k, v, bias=bias, **ROUTES[route])
    with sdpa_kernel(SDPBackend.MATH):
        expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    for x, y in zip(*((o, *torch.autograd.grad(o.square().sum(), (q, k, v))) for o in (out, expected))):
        same(x, y, error(size, dtype))
    if abs(size) > 1e20:
        same(out[:, :, 3], v.mean(2), 1e-6)


@pytest.mark.parametrize("size", [-1e30, "lowest"])
@pytest.mark.parametrize("route", ROUTES)
def test_second_derivatives_of_such_rows_too(route, size):
    q, k, v = tensors(torch.float64)
    bias = bias_with(size_of(size, torch.float64), torch.float64)
    weight, found = draw(8, N, grad=False), []
    for attend in (lambda *x: flash_attention(*x, bias=bias, return_lse=True, **ROUTES[route]),
                   lambda *x: definition.attention(*x, bias=bias)):  # fmt: skip
        out, lse = attend(q, k, v)
        loss = out.square().sum() + (lse * weight)[torch.isfinite(lse)].sum()
        first = torch.autograd.grad(loss, (q, k, v), create_graph=True)
        found.append(torch.autograd.grad(sum(x.pow(2).sum() for x in first), (q, k, v)))
    for x, y in zip(*found):
        same(x, y, 1e-11)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sink", [-1e9, -1e30, "lowest", 0.0, -math.inf])
@pytest.mark.parametrize("size", [-1e9, -1e30, "lowest"])
@pytest.mark.parametrize("route", ROUTES)
def test_sinks_of_any_size_beside_rows_of_any_size(route, size, sink, dtype):
    """A sink as large as the row's scores is one more key among 43."""
    q, k, v = tensors(dtype)
    bias = torch.full((N, M), float(size_of(size, dtype)), dtype=dtype)
    sinks = torch.full((2,), float(size_of(sink, dtype)), dtype=dtype, requires_grad=True)
    actual = flash_attention(q, k, v, bias=bias, sinks=sinks, return_lse=True, **ROUTES[route])
    expected = definition.attention(q, k, v, bias=bias, sinks=sinks)
    for x, y in zip((*actual, *grads(actual, (q, k, v, sinks))), (*expected, *grads(expected, (q, k, v, sinks)))):
        same(x, y, 1e-5 if dtype == torch.float32 else 1e-6 if size == -1e9 else 1e-11)
    if size == sink and abs(size_of(size, dtype)) > 1e20:
        same(actual[0][0, 0, 0], v[0, 0].sum(0) / (M + 1), 1e-6)


def large_by_themselves(dtype, scale):
    """Scores that are large without a bias: all keys alike but for one coordinate, of which the queries know
    nothing. Powers of 2, so that every sum is exact."""
    q = torch.zeros(1, 2, N, 4, dtype=dtype)
    q[..., 0] = 2.0**scale
    k = torch.zeros(1, 2, M, 4, dtype=dtype)
    k[..., 0], k[..., 1] = -(2.0**scale), draw(5, M, dtype=dtype, grad=False)
    return q.requires_grad_(), k.requires_grad_(), draw(6, 1, 2, M, 3, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [15, 30, 60])
@pytest.mark.parametrize("route", ROUTES)
def test_queries_and_keys_may_be_large_too(route, scale, dtype):
    q, k, v = large_by_themselves(dtype, scale)
    actual = flash_attention(q, k, v, return_lse=True, **ROUTES[route])
    expected = definition.attention(q, k, v)
    same(actual[0], v.mean(2, keepdim=True).expand(1, 2, N, 3), 1e-6)
    for x, y in zip((*actual, *grads(actual, (q, k, v))), (*expected, *grads(expected, (q, k, v)))):
        same(x, y, 1e-5 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize("factor", [1.0, 40.0, 300.0, -300.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("route", ROUTES)
def test_sharp_scores_cost_no_more_than_their_own_rounding(route, causal, dtype, factor):
    """A score of size s is known to eps · s, so a weight, and all that is made of weights, to that share."""
    mine = tensors(dtype)
    exact = [x.detach().double().requires_grad_() for x in mine]
    options = {"causal": causal, "scale": factor / 8**0.5}
    found = flash_attention(*mine, **options, **ROUTES[route]), definition.attention(*exact, **options)[0]
    rounding = torch.finfo(dtype).eps * (definition.scores(*exact[:2], scale=factor / 8**0.5)).abs().max()
    for x, true in zip(*((o, *torch.autograd.grad(o.square().sum(), xs)) for o, xs in zip(found, (mine, exact)))):
        assert (x - true).abs().max() <= 4 * rounding * true.abs().max()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("masking", [blocked.Masking(), blocked.Masking(causal=True, window=9)])
def test_the_numpy_lesson(size, dtype, masking):
    torch_dtype = torch.from_numpy(np.zeros(1, dtype)).dtype
    size = size_of(size, torch_dtype)
    q, k, v = (draw(s, 2, n, 6, dtype=torch_dtype) for s, n in ((0, N), (1, M), (2, M)))
    bias, d_out = bias_with(size, torch_dtype), draw(4, 2, N, 6, dtype=torch_dtype, grad=False)
    expected = definition.attention(q, k, v, bias=bias, causal=masking.causal, window=masking.window)
    arrays = [x.detach().numpy() for x in (q, k, v)]
    out, lse = blocked.blocked_attention(*arrays, (8, 11), masking, bias.numpy())
    found = blocked.blocked_gradient(*arrays, out, lse, d_out.numpy(), (8, 11), masking, bias.numpy())
    true = torch.autograd.grad((expected[0] * d_out).sum(), (q, k, v))
    for x, y in zip((out, lse, *found), (*expected, *true)):
        same(torch.from_numpy(x), y.detach(), error(size, torch_dtype))


@pytest.mark.parametrize("scale", [0, 15, 30])
def test_the_textbooks_loop(scale):
    q, k, v = (x[0, 0] for x in large_by_themselves(torch.float64, scale))
    mask = definition.may_look(N, M, causal=True)
    expected = definition.attention(q[None], k[None], v[None], causal=True)
    plain = [x.detach() for x in (q, k, v)]
    out, lse = textbook.forward(*plain, mask, 8, 11)
    d_out = draw(3, *out.shape, grad=False)
    found = textbook.backward(*plain, mask, out, lse, d_out, 8, 11)
    for x, y in zip((out, lse, *found), (*(x[0] for x in expected), *torch.autograd.grad((expected[0] * d_out).sum(), (q, k, v)))):
        same(x, y.detach(), 1e-12 + 1e-15 * 2.0**scale)  # a gradient of q is k, times zeros up to rounding


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [-1e9, -1e30, "lowest", 1e30])
def test_equal_partial_results_are_averaged_however_large_their_log_sum_exps(size, dtype):
    """As far as one number can tell: what it holds of the totals is gone, and each counts as one."""
    size = size_of(size, dtype)
    lse = torch.full((3,), float(size), dtype=dtype, requires_grad=True)
    ones = torch.ones(3, 2, dtype=dtype)
    out, joint = merge(ones, lse, 3 * ones, lse)
    assert torch.equal(out, 2 * ones) and torch.allclose(joint, lse)
    (grad,) = torch.autograd.grad(joint.sum(), lse)
    same(grad, torch.ones(3, dtype=dtype), 1e-6)
    with np.errstate(all="raise"):
        arrays = blocked.merge(ones.numpy(), lse.detach().numpy(), 3 * ones.numpy(), lse.detach().numpy())
    assert (arrays[0] == 2).all() and np.allclose(arrays[1], float(size), rtol=1e-6)
    out, joint = merge(ones, lse, 3 * ones, lse * 0)
    assert torch.equal(out, 3 * ones if size < 0 else ones)
