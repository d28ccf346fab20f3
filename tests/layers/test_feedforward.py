from __future__ import annotations

import functools
from types import SimpleNamespace

import pytest
import torch
from compare import assert_same, normal
from torch import nn
from torch.nn import functional

from attnlab.layers import (
    FeedForward,
    GatedFeedForward,
    feedforward,
    gelu,
    gelu_tanh,
    relu,
    silu,
)
from attnlab.reference import layers as reference

D, D_FF = 5, 13
ACTIVATIONS = {
    "relu": (relu, functional.relu),
    "gelu": (gelu, functional.gelu),
    "gelu_tanh": (gelu_tanh, functools.partial(functional.gelu, approximate="tanh")),
    "silu": (silu, functional.silu),
}
activations = pytest.mark.parametrize("name", ACTIVATIONS)


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


X = t(0, 2, 3, D)
SPREAD = torch.cat(
    [
        torch.linspace(-40, 40, 1001).double(),
        torch.tensor([0.0, 1e-8, -1e-8, 1e4, -1e4]).double(),
    ]
)


@activations
def test_activations_and_slopes_equal_those_of_torch_and_of_numpy(name):
    ours, theirs = ACTIVATIONS[name]
    slopes = []
    for function in (ours, theirs):
        x = SPREAD.clone().requires_grad_()
        function(x).sum().backward()
        slopes.append(x.grad)
    assert_same(ours(SPREAD), theirs(SPREAD))
    assert_same(*slopes)
    assert_same(ours(SPREAD).numpy(), getattr(reference, name)(SPREAD.numpy()))
    by_hand = getattr(reference, f"{name}_gradient")(SPREAD.numpy(), SPREAD.sin().numpy())
    assert_same((slopes[0] * SPREAD.sin()).numpy(), by_hand)


@activations
def test_any_shape_and_no_numbers_at_all(name):
    ours, _ = ACTIVATIONS[name]
    for shape in ((3,), (0,), (2, 0, 3), (2, 3, 5)):
        assert_same(ours(t(1, *shape)).numpy(), getattr(reference, name)(normal(1, *shape)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@activations
def test_low_precision_is_rounded_once(name, dtype):
    ours, _ = ACTIVATIONS[name]
    x = torch.linspace(-6, 6, 997).to(dtype)
    exact = ours(x.double())
    assert ours(x).dtype == dtype
    assert_same(ours(x), ours(x.float()).to(dtype), atol=0)
    off = (ours(x).double() - exact).abs() / exact.abs().clamp(min=1e-3)
    assert off.max() < 1.01 * torch.finfo(dtype).eps / 2


def test_known_values():
    one = torch.ones(1, dtype=torch.float64)
    assert abs(gelu(one).item() - 0.8413447460685429) < 1e-15  # Φ(1), from a table
    assert abs(gelu(-one).item() + 0.15865525393145707) < 1e-15
    assert abs(silu(one).item() - 0.7310585786300049) < 1e-15
    assert [relu(x * one).item() for x in (-2, 0, 3)] == [0, 0, 3]


def test_the_approximation_is_as_near_as_it_says():
    gap = (gelu(SPREAD) - gelu_tanh(SPREAD)).abs().max().item()
    assert 4e-4 < gap < 5e-4


def test_far_out_they_are_relu():
    far = torch.tensor([-60.0, 60.0]).double()
    for function, _ in ACTIVATIONS.values():
        assert_same(function(far), torch.tensor([0.0, 60.0]).double())


def layer(make):
    module = make().double()
    with torch.no_grad():
        for i, weight in enumerate(module.parameters()):
            weight.copy_(t(50 + i, *weight.shape))
    return module


@activations
def test_feed_forward_is_two_layers_of_torch(name):
    ours, theirs = ACTIVATIONS[name]
    module = layer(lambda: FeedForward(D, D_FF, ours))
    w1, b1, w2, b2 = module.parameters()
    expected = functional.linear(theirs(functional.linear(X, w1, b1)), w2, b2)
    assert_same(module(X), expected)
    weights = reference.FeedForward(*(w.detach().numpy() for w in (w1.T, b1, w2.T, b2)))
    assert_same(
        module(X).detach().numpy(),
        reference.feed_forward(X.numpy(), weights, getattr(reference, name)),
    )


@activations
def test_gated_feed_forward_multiplies_two_projections(name):
    ours, theirs = ACTIVATIONS[name]
    module = layer(lambda: GatedFeedForward(D, D_FF, ours))
    gate, expand, contract = module.parameters()
    assert_same(module(X), (theirs(X @ gate.T) * (X @ expand.T)) @ contract.T)
    weights = reference.Gated(*(w.detach().numpy() for w in (gate.T, expand.T, contract.T)))
    assert_same(
        module(X).detach().numpy(),
        reference.gated_feed_forward(X.numpy(), weights, getattr(reference, name)),
    )


def test_gated_feed_forward_equals_that_of_the_public_library():
    llama = pytest.importorskip("transformers.models.llama.modeling_llama")
    sizes = SimpleNamespace(hidden_size=D, intermediate_size=D_FF, mlp_bias=False, hidden_act="silu")
    theirs = llama.LlamaMLP(sizes).double()
    module = layer(lambda: GatedFeedForward(D, D_FF))
    with torch.no_grad():
        for name, mine in (
            ("gate_proj", module.gate),
            ("up_proj", module.expand),
            ("down_proj", module.contract),
        ):
            getattr(theirs, name).weight.copy_(mine.weight)
    assert_same(module(X), theirs(X))


def test_glu_of_torch_is_the_gate_with_a_sigmoid():
    module = layer(lambda: GatedFeedForward(D, D_FF, torch.sigmoid))
    both = torch.cat([module.expand(X), module.gate(X)], dim=-1)
    assert_same(module(X), module.contract(nn.GLU()(both)))


@pytest.mark.parametrize("bias", [False, True])
def test_exact_counts_and_defaults(bias):
    n = sum(w.numel() for w in FeedForward(D, D_FF, bias=bias).parameters())
    assert n == 2 * D * D_FF + bias * (D + D_FF)
    n = sum(w.numel() for w in GatedFeedForward(D, D_FF, bias=bias).parameters())
    assert n == 3 * D * D_FF + bias * (D + 2 * D_FF)
    assert FeedForward(D, D_FF).contract.bias is not None and GatedFeedForward(D, D_FF).contract.bias is None
    assert FeedForward(D, D_FF).activation is relu and GatedFeedForward(D, D_FF).activation is silu


@pytest.mark.parametrize("make", [FeedForward, GatedFeedForward])
def test_tokens_are_not_mixed(make):
    module, changed = layer(lambda: make(D, D_FF)), X.clone()
    changed[1, 2] += 1
    moved = (module(changed) != module(X)).any(-1)
    assert moved.nonzero().tolist() == [[1, 2]]
    order = torch.tensor([2, 0, 1])
    assert_same(module(X[:, order]), module(X)[:, order])


def test_errors_at_the_door(as_readers_run_it):
    for make in (FeedForward, GatedFeedForward):
        with pytest.raises(ValueError, match="d_ff must be at least 1 but is 0"):
            make(D, 0)
        with pytest.raises(ValueError, match="d_model must be at least 1 but is 0"):
            make(0, D_FF)
        with pytest.raises(ValueError, match="x has width 3 but the layer has d_model = 5"):
            make(D, D_FF)(torch.zeros(2, 3))
    for function in (feedforward.relu, gelu, gelu_tanh, silu):
        with pytest.raises(TypeError, match=r"x must hold floats but its dtype is torch\.int64"):
            function(torch.arange(3))
