from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from torch import nn
from torch.nn import functional

from attnlab.layers import LayerNorm, RMSNorm, layer_norm, norms, rms_norm
from attnlab.reference import layers as reference

D, EPSILON = 7, 0.1  # a large epsilon: a small one hides where it stands


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


X, GAIN, BIAS = 3 * t(0, 2, 5, D) + 1, t(1, D), t(2, D)
CASES = {
    "plain": (None, None),
    "gain": (GAIN, None),
    "bias": (None, BIAS),
    "gain and bias": (GAIN, BIAS),
}
cases = pytest.mark.parametrize(("gain", "bias"), CASES.values(), ids=CASES)
shapes = pytest.mark.parametrize("shape", [(D,), (5, D), (2, 5, D), (2, 3, 5, D), (0, D), (3, 1), (1, 2)])


@cases
@pytest.mark.parametrize("epsilon", [EPSILON, 1e-5, 3.0])
def test_layer_norm_equals_that_of_torch(gain, bias, epsilon):
    assert_same(
        layer_norm(X, gain, bias, epsilon),
        functional.layer_norm(X, (D,), gain, bias, epsilon),
    )


@pytest.mark.parametrize("gain", [None, GAIN], ids=["plain", "gain"])
@pytest.mark.parametrize("epsilon", [EPSILON, 1e-6, 3.0])
def test_rms_norm_equals_that_of_torch(gain, epsilon):
    assert_same(rms_norm(X, gain, epsilon), functional.rms_norm(X, (D,), gain, epsilon))


@shapes
def test_any_leading_axes_and_widths(shape):
    x, gain, bias = t(3, *shape), t(4, shape[-1]), t(5, shape[-1])
    assert_same(
        layer_norm(x, gain, bias, EPSILON),
        functional.layer_norm(x, shape[-1:], gain, bias, EPSILON),
    )
    assert_same(rms_norm(x, gain, EPSILON), functional.rms_norm(x, shape[-1:], gain, EPSILON))
    assert_same(layer_norm(x, gain, bias, EPSILON).numpy(),
                reference.layer_norm(x.numpy(), gain.numpy(), bias.numpy(), EPSILON))  # fmt: skip
    assert_same(
        rms_norm(x, gain, EPSILON).numpy(),
        reference.rms_norm(x.numpy(), gain.numpy(), EPSILON),
    )


def gradients(function, *arguments):
    leaves = [x.clone().requires_grad_() for x in arguments]
    (function(*leaves) * t(9, 2, 5, D)).sum().backward()
    return [leaf.grad for leaf in leaves]


def test_gradients_equal_those_of_torch_and_of_the_reference():
    ours = gradients(lambda x, g, b: layer_norm(x, g, b, EPSILON), X, GAIN, BIAS)
    theirs = gradients(lambda x, g, b: functional.layer_norm(x, (D,), g, b, EPSILON), X, GAIN, BIAS)
    by_hand = reference.layer_norm_gradient(X.numpy(), normal(9, 2, 5, D), GAIN.numpy(), EPSILON)
    for mine, other, hand in zip(ours, theirs, by_hand, strict=True):
        assert_same(mine, other)
        assert_same(mine.numpy(), hand)
    ours = gradients(lambda x, g: rms_norm(x, g, EPSILON), X, GAIN)
    theirs = gradients(lambda x, g: functional.rms_norm(x, (D,), g, EPSILON), X, GAIN)
    by_hand = reference.rms_norm_gradient(X.numpy(), normal(9, 2, 5, D), GAIN.numpy(), EPSILON)
    for mine, other, hand in zip(ours, theirs, by_hand, strict=True):
        assert_same(mine, other)
        assert_same(mine.numpy(), hand)


def test_the_modules_hold_what_torch_s_hold_and_give_the_same():
    for ours, theirs in (
        (LayerNorm(D, EPSILON).double(), nn.LayerNorm(D, EPSILON, dtype=torch.float64)),
        (RMSNorm(D, EPSILON).double(), nn.RMSNorm(D, EPSILON, dtype=torch.float64)),
    ):
        assert_same(ours(X), theirs(X))  # as they start
        with torch.no_grad():
            ours.gain.copy_(GAIN), theirs.weight.copy_(GAIN)
            if hasattr(ours, "bias"):
                ours.bias.copy_(BIAS), theirs.bias.copy_(BIAS)
        assert_same(ours(X), theirs(X))
        assert sum(w.numel() for w in ours.parameters()) == sum(w.numel() for w in theirs.parameters())
    assert LayerNorm(D).epsilon == nn.LayerNorm(D).eps == 1e-5
    assert RMSNorm(D).epsilon == 1e-6
    assert_same(LayerNorm(D).double()(X), functional.layer_norm(X, (D,), eps=1e-5))
    assert_same(RMSNorm(D).double()(X), functional.rms_norm(X, (D,), eps=1e-6))
    assert_same(layer_norm(X / 1e3), functional.layer_norm(X / 1e3, (D,), eps=1e-5))
    assert_same(rms_norm(X / 1e3), functional.rms_norm(X / 1e3, (D,), eps=1e-6))


# What is true of them


def test_layer_norm_has_mean_0_and_rms_1_and_knows_no_shift_and_no_scale():
    y = layer_norm(X, epsilon=1e-12)
    assert_same(y.mean(-1), torch.zeros(2, 5).double())
    assert_same(y.square().mean(-1), torch.ones(2, 5).double())
    shift, scale = t(3, 2, 5, 1), t(4, 2, 5, 1).exp()
    assert_same(layer_norm(scale * X + shift, epsilon=1e-13), y, atol=1e-10)


def test_rms_norm_has_rms_1_and_knows_no_scale_but_the_sign_and_a_shift():
    y, scale = rms_norm(X, epsilon=1e-12), t(4, 2, 5, 1).exp()
    assert_same(y.square().mean(-1), torch.ones(2, 5).double())
    assert_same(rms_norm(scale * X, epsilon=1e-13), y, atol=1e-10)
    assert_same(rms_norm(-X), -rms_norm(X))
    assert (rms_norm(X + 1) - rms_norm(X)).abs().max() > 0.1
    centred = X - X.mean(-1, keepdim=True)
    assert_same(rms_norm(centred, epsilon=EPSILON), layer_norm(X, epsilon=EPSILON))


@pytest.mark.parametrize("norm", [layer_norm, rms_norm])
def test_each_token_is_normalised_by_itself(norm):
    changed = X.clone()
    changed[1, 3] += 5
    moved = (norm(changed) != norm(X)).any(-1)
    assert moved.nonzero().tolist() == [[1, 3]]
    order = torch.tensor([3, 0, 4, 1, 2])
    assert_same(norm(X[:, order]), norm(X)[:, order], atol=0)


@pytest.mark.parametrize("norm", [layer_norm, rms_norm])
def test_a_row_of_equal_numbers_is_no_accident(norm):
    x = torch.zeros(2, D, dtype=torch.float64, requires_grad=True)
    norm(x).sum().backward()
    assert_same(norm(x), torch.zeros(2, D).double())
    assert x.grad.isfinite().all()
    assert_same(layer_norm(torch.full((2, D), 4.0).double()), torch.zeros(2, D).double())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_low_precision_is_computed_in_single_and_rounded_once(dtype):
    """Where 16-bit arithmetic would overflow or lose the deviations, the result is the rounded exact one."""
    wide = 200 * t(6, 3, 64).float() + 1000
    x = wide.to(dtype)
    gain, bias = t(7, 64).to(dtype), t(8, 64).to(dtype)
    for ours, theirs in (
        (
            layer_norm(x, gain, bias),
            layer_norm(x.double(), gain.double(), bias.double()),
        ),
        (rms_norm(x, gain), rms_norm(x.double(), gain.double())),
    ):
        assert ours.dtype == dtype
        off = (ours.double() - theirs).abs() / theirs.abs().clamp(min=0.1)
        assert off.max() < 1.01 * torch.finfo(dtype).eps / 2  # one rounding
    assert_same(
        layer_norm(x, gain, bias),
        functional.layer_norm(x, (64,), gain, bias),
        atol=2e-2,
    )


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_weights_of_single_precision_leave_the_dtype_of_the_tokens(name):
    norm, x = getattr(norms, name), X.bfloat16()
    assert norm(x, GAIN.float()).dtype == torch.bfloat16
    assert_same(norm(x, GAIN.float()), norm(x.float(), GAIN.float()).bfloat16(), atol=0)


def says(error, message):
    return pytest.raises(error, match=re.escape(message))


@pytest.mark.parametrize("norm", [layer_norm, rms_norm])
def test_errors_at_the_door(as_readers_run_it, norm):
    with says(ValueError, "x has width 7 but gain has width 5"):
        norm(X, t(0, 5))
    with says(ValueError, "x has width 7 but gain has width 1"):
        norm(X, t(0, 1))
    with says(ValueError, "gain must have one axis but has shape (5, 7)"):
        norm(X, t(0, 5, 7))
    with says(TypeError, "x must hold floats but its dtype is torch.int64"):
        norm(X.long())
    with says(TypeError, "x must be a tensor but is a ndarray"):
        norm(X.numpy())
    with says(TypeError, "gain must hold floats but its dtype is torch.int64"):
        norm(X, GAIN.long())
    with says(ValueError, "x needs at least one feature in its last axis but has shape (3, 0)"):
        norm(torch.zeros(3, 0))
    with says(ValueError, "x needs at least one feature in its last axis but has shape ()"):
        norm(torch.tensor(3.0))
    for wrong in (0, 0.0, -1e-5, float("nan"), float("inf")):
        with says(ValueError, "epsilon must be above 0 and finite but is"):
            norm(X, epsilon=wrong)
        with says(ValueError, "epsilon must be above 0 and finite but is"):
            {layer_norm: LayerNorm, rms_norm: RMSNorm}[norm](D, wrong)
    for wrong in ("1", None, True, torch.ones(2)):
        with says(TypeError, "epsilon must be a number but is"):
            norm(X, epsilon=wrong)
    with says(ValueError, "x has width 7 but bias has width 3"):
        layer_norm(X, GAIN, t(0, 3))
    with says(ValueError, "d_model must be at least 1 but is 0"):
        LayerNorm(0)


def test_nan_spreads_to_its_own_row_alone():
    x = X.clone()
    x[0, 2, 3] = np.nan
    for y in (layer_norm(x), rms_norm(x)):
        assert y.isnan().any(-1).nonzero().tolist() == [[0, 2]]
