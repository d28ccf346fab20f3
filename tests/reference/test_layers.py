"""The NumPy layers against plain loops, finite differences and what must be true of them."""

from __future__ import annotations

import math
import re

import by_hand
import numpy as np
import pytest
from compare import assert_same, normal

from attnlab.reference import layers
from attnlab.reference.layers import (
    FeedForward,
    Gated,
    activations,
    feed_forward,
    feed_forward_gradient,
    gated_feed_forward,
    gated_feed_forward_gradient,
    layer_norm,
    layer_norm_gradient,
    rms_norm,
    rms_norm_gradient,
)

D, D_FF, D_OUT, EPSILON = 5, 7, 3, 0.1
X, GAIN, BIAS, D_OUTPUT = (
    2 * normal(0, 2, 3, D) + 1,
    normal(1, D),
    normal(2, D),
    normal(3, 2, 3, D),
)
WEIGHTS = FeedForward(normal(4, D, D_FF), normal(5, D_FF), normal(6, D_FF, D_OUT), normal(7, D_OUT))
GATED = Gated(normal(4, D, D_FF), normal(5, D, D_FF), normal(6, D_FF, D_OUT))
ACTIVATIONS = ["relu", "gelu", "gelu_tanh", "silu"]
SLOPES = {"relu": activations.relu_gradient, "gelu": activations.gelu_gradient,
          "gelu_tanh": activations.gelu_tanh_gradient, "silu": activations.silu_gradient}  # fmt: skip


def slopes(function, x: np.ndarray, d_output: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """The gradient of sum(function(x) * d_output), by central differences."""
    out = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        out[place] = ((function(up) - function(down)) * d_output).sum() / (2 * step)
    return out


def test_norms_equal_plain_loops():
    rows = [by_hand.layer_norm(row, GAIN.tolist(), BIAS.tolist(), EPSILON) for row in X.reshape(-1, D).tolist()]
    assert_same(layer_norm(X, GAIN, BIAS, EPSILON), np.array(rows).reshape(X.shape))
    rows = [by_hand.rms_norm(row, GAIN.tolist(), EPSILON) for row in X.reshape(-1, D).tolist()]
    assert_same(rms_norm(X, GAIN, EPSILON), np.array(rows).reshape(X.shape))


def test_gradients_of_norms_equal_finite_differences():
    d_x, d_gain, d_bias = layer_norm_gradient(X, D_OUTPUT, GAIN, EPSILON)
    assert_same(
        d_x,
        slopes(lambda x: layer_norm(x, GAIN, BIAS, EPSILON), X, D_OUTPUT),
        atol=1e-8,
    )
    assert_same(
        d_gain,
        slopes(lambda g: layer_norm(X, g, BIAS, EPSILON), GAIN, D_OUTPUT),
        atol=1e-8,
    )
    assert_same(
        d_bias,
        slopes(lambda b: layer_norm(X, GAIN, b, EPSILON), BIAS, D_OUTPUT),
        atol=1e-8,
    )
    d_x, d_gain = rms_norm_gradient(X, D_OUTPUT, GAIN, EPSILON)
    assert_same(d_x, slopes(lambda x: rms_norm(x, GAIN, EPSILON), X, D_OUTPUT), atol=1e-8)
    assert_same(d_gain, slopes(lambda g: rms_norm(X, g, EPSILON), GAIN, D_OUTPUT), atol=1e-8)
    assert_same(
        layer_norm_gradient(X, D_OUTPUT)[0],
        layer_norm_gradient(X, D_OUTPUT, np.ones(D), 1e-5)[0],
        atol=0,
    )
    assert_same(
        rms_norm_gradient(X, D_OUTPUT)[0],
        rms_norm_gradient(X, D_OUTPUT, np.ones(D), 1e-6)[0],
        atol=0,
    )


def test_gradients_of_norms_have_nothing_along_what_the_norm_throws_away():
    d_x, *_ = layer_norm_gradient(X, D_OUTPUT, GAIN, 1e-13)
    assert_same(d_x.sum(-1), np.zeros((2, 3)), atol=1e-11)
    centred = X - X.mean(-1, keepdims=True)
    assert_same((d_x * centred).sum(-1), np.zeros((2, 3)), atol=1e-11)
    d_x, _ = rms_norm_gradient(X, D_OUTPUT, GAIN, 1e-13)
    assert_same((d_x * X).sum(-1), np.zeros((2, 3)), atol=1e-11)
    for gradient in (
        layer_norm_gradient,
        rms_norm_gradient,
    ):  # a row ten times as long: a tenth of the gradient
        assert_same(
            gradient(10 * X, D_OUTPUT, GAIN, 1e-13)[0],
            gradient(X, D_OUTPUT, GAIN, 1e-15)[0] / 10,
            atol=1e-10,
        )


def test_whole_numbers_are_welcome_and_defaults_are_those_of_torch():
    assert_same(
        layer_norm(np.array([[1, 3]]), epsilon=1e-12),
        np.array([[-1.0, 1.0]]),
        atol=1e-11,
    )
    assert_same(
        rms_norm(np.array([[3, 4]]), epsilon=1e-12),
        np.array([[3.0, 4.0]]) / math.sqrt(12.5),
        atol=1e-11,
    )
    tiny = X / 1e3
    assert_same(layer_norm(tiny), layer_norm(tiny, np.ones(D), np.zeros(D), 1e-5), atol=0)
    assert_same(rms_norm(tiny), rms_norm(tiny, np.ones(D), 1e-6), atol=0)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_equal_plain_loops_and_their_gradients_finite_differences(name):
    x = np.linspace(-4.05, 4, 40).reshape(5, 8)
    activation, gradient = getattr(layers, name), SLOPES[name]
    loop = [getattr(by_hand, name)(number) for number in x.ravel().tolist()]
    assert_same(activation(x), np.array(loop).reshape(x.shape))
    assert_same(gradient(x, np.sin(x)), slopes(activation, x, np.sin(x)), atol=1e-8)
    assert_same(activation(np.array([2, -1])), activation(np.array([2.0, -1.0])), atol=0)
    assert np.isfinite(activation(np.array([1e4, -1e4]))).all()
    assert np.isfinite(gradient(np.array([1e4, -1e4]), np.ones(2))).all()


def test_relu_s_slope_at_zero_is_zero():
    assert layers.relu_gradient(np.zeros(1), np.ones(1)) == 0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_feed_forward_and_its_gradients(name):
    activation, slope = getattr(layers, name), SLOPES[name]
    run = lambda x, w: feed_forward(x, w, activation)
    hand = [
        by_hand.feed_forward(row, *(w.tolist() for w in WEIGHTS), getattr(by_hand, name))
        for row in X.reshape(-1, D).tolist()
    ]
    assert_same(run(X, WEIGHTS), np.array(hand).reshape(2, 3, D_OUT), atol=1e-11)
    d_output = normal(8, 2, 3, D_OUT)
    d_x, d_weights = feed_forward_gradient(X, WEIGHTS, d_output, activation, slope)
    assert_same(d_x, slopes(lambda x: run(x, WEIGHTS), X, d_output), atol=1e-6)
    for field in WEIGHTS._fields:
        moved = slopes(
            lambda w, field=field: run(X, WEIGHTS._replace(**{field: w})),
            getattr(WEIGHTS, field),
            d_output,
        )
        assert_same(getattr(d_weights, field), moved, atol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gated_feed_forward_and_its_gradients(name):
    activation, slope = getattr(layers, name), SLOPES[name]
    run = lambda x, w: gated_feed_forward(x, w, activation)
    hand = [
        by_hand.gated(row, *(w.tolist() for w in GATED), getattr(by_hand, name)) for row in X.reshape(-1, D).tolist()
    ]
    assert_same(run(X, GATED), np.array(hand).reshape(2, 3, D_OUT), atol=1e-11)
    d_output = normal(8, 2, 3, D_OUT)
    d_x, d_weights = gated_feed_forward_gradient(X, GATED, d_output, activation, slope)
    assert_same(d_x, slopes(lambda x: run(x, GATED), X, d_output), atol=1e-6)
    for field in GATED._fields:
        moved = slopes(
            lambda w, field=field: run(X, GATED._replace(**{field: w})),
            getattr(GATED, field),
            d_output,
        )
        assert_same(getattr(d_weights, field), moved, atol=1e-6)


def test_defaults_are_relu_and_silu():
    d_output = normal(8, 2, 3, D_OUT)
    assert_same(feed_forward(X, WEIGHTS), feed_forward(X, WEIGHTS, layers.relu), atol=0)
    assert_same(gated_feed_forward(X, GATED), gated_feed_forward(X, GATED, layers.silu), atol=0)
    for a, b in (
        (feed_forward_gradient(X, WEIGHTS, d_output), feed_forward_gradient(X, WEIGHTS, d_output, layers.relu, layers.relu_gradient)),
        (gated_feed_forward_gradient(X, GATED, d_output),
         gated_feed_forward_gradient(X, GATED, d_output, layers.silu, layers.silu_gradient)),
    ):  # fmt: skip
        assert_same(a[0], b[0], atol=0)


def says(error, message):
    return pytest.raises(error, match=re.escape(message))


def test_errors_at_the_door(as_readers_run_it):
    for norm, gradient in (
        (layer_norm, layer_norm_gradient),
        (rms_norm, rms_norm_gradient),
    ):
        with says(ValueError, "gain has shape (3,) but x has 5 features"):
            norm(X, np.ones(3))
        with says(ValueError, "gain has shape (3, 5) but x has 5 features"):
            norm(X, np.ones((3, 5)))
        with says(ValueError, "d_output has shape (5,) but the output has shape (2, 3, 5)"):
            gradient(X, np.ones(D))
        with says(ValueError, "x holds NaN or infinity: 1 of 5 numbers, the first at (2,)"):
            norm(np.array([1, 2, np.nan, 4, 5]))
        with says(
            ValueError,
            "x needs at least one feature in its last axis but has shape (3, 0)",
        ):
            norm(np.zeros((3, 0)))
        with says(ValueError, "x needs at least one feature in its last axis but has shape ()"):
            norm(np.array(3.0))
        with says(TypeError, "x must hold real numbers but its dtype is bool"):
            norm(X > 0)
        for wrong in (0, 0.0, -1e-5):
            with says(ValueError, "epsilon must be above 0 but is"):
                norm(X, epsilon=wrong)
        with says(ValueError, "epsilon must be finite but is nan"):
            norm(X, epsilon=np.nan)
    with says(ValueError, "bias has shape (3,) but x has 5 features"):
        layer_norm(X, GAIN, np.ones(3))
    with says(
        ValueError,
        "expand must have the shape (4, 7), for x of width 4 and contract (7, 3), but has (5, 7)",
    ):
        feed_forward(np.zeros((2, 4)), WEIGHTS)
    with says(
        ValueError,
        "expand_bias must have the shape (7,), for x of width 5 and contract (7, 3), but has (5,)",
    ):
        feed_forward(X, WEIGHTS._replace(expand_bias=np.zeros(5)))
    with says(
        ValueError,
        "contract_bias must have the shape (3,), for x of width 5 and contract (7, 3), but has (7,)",
    ):
        feed_forward(X, WEIGHTS._replace(contract_bias=np.zeros(7)))
    with says(
        ValueError,
        "gate must have the shape (5, 7), for x of width 5 and contract (7, 3), but has (5, 5)",
    ):
        gated_feed_forward(X, GATED._replace(gate=np.zeros((5, 5))))
    with says(ValueError, "contract must have two axes but has shape (7,)"):
        feed_forward(X, WEIGHTS._replace(contract=np.zeros(7)))
    with says(ValueError, "d_output has shape (2, 3, 5) but the output has shape (2, 3, 3)"):
        feed_forward_gradient(X, WEIGHTS, D_OUTPUT)
    with says(ValueError, "d_output has shape (2, 3, 5) but the output has shape (2, 3, 3)"):
        gated_feed_forward_gradient(X, GATED, D_OUTPUT)
    for name in ACTIVATIONS:
        with says(ValueError, "d_output has shape (2,) but the output has shape (3,)"):
            SLOPES[name](np.ones(3), np.ones(2))
        with says(ValueError, "x holds NaN or infinity"):
            getattr(layers, name)(np.array([np.inf]))
