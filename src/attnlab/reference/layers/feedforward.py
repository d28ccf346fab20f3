"""The network that changes every token by itself, with a gate and without, and its gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite
from attnlab.reference.layers.activations import (
    relu,
    relu_gradient,
    silu,
    silu_gradient,
)


class FeedForward(NamedTuple):
    """expand (d_model, d_ff) and its bias (d_ff,), contract (d_ff, d_out) and its bias (d_out,)."""

    expand: Array
    expand_bias: Array
    contract: Array
    contract_bias: Array


class Gated(NamedTuple):
    """gate and expand, (d_model, d_ff) each, and contract, (d_ff, d_out)."""

    gate: Array
    expand: Array
    contract: Array


def feed_forward(
    x: Real[Array, "*tokens d_model"], weights: FeedForward, activation: Callable = relu
) -> Float[Array, "*tokens d_out"]:
    """activation(x W₁ + b₁) W₂ + b₂: the same small network for every token.

    Errors: ValueError for sizes that disagree, NaN or infinity.
    Source: [vaswani2017, section 3.3, equation 2], with `relu`.
    """
    x, w = _checked(x, weights)
    return activation(x @ w.expand + w.expand_bias) @ w.contract + w.contract_bias


def feed_forward_gradient(
    x: Real[Array, "*tokens d_model"],
    weights: FeedForward,
    d_output: Real[Array, "*outputs d_out"],
    activation: Callable = relu,
    activation_gradient: Callable = relu_gradient,
) -> tuple[Float[Array, "*tokens d_model"], FeedForward]:
    """(dx, gradients of the four weights), given how the loss moves with the output.

    With h = x W₁ + b₁ and a = activation(h), over all tokens:  dW₂ = aᵀ d_output,  db₂ = sum(d_output),
    dh = activation'(h) * (d_output W₂ᵀ),  dW₁ = xᵀ dh,  db₁ = sum(dh),  dx = dh W₁ᵀ.
    Errors: those of `feed_forward`, and ValueError if `d_output` has not the output's shape.
    """
    x, w = _checked(x, weights)
    d_output = _like_output(d_output, (*x.shape[:-1], w.contract.shape[1]))
    hidden = x @ w.expand + w.expand_bias
    d_hidden = activation_gradient(hidden, d_output @ w.contract.T)
    rows, d_rows, d_inner = _rows(x), _rows(d_output), _rows(d_hidden)
    gradients = FeedForward(
        rows.T @ d_inner,
        d_inner.sum(axis=0),
        _rows(activation(hidden)).T @ d_rows,
        d_rows.sum(axis=0),
    )
    return d_hidden @ w.expand.T, gradients


def gated_feed_forward(
    x: Real[Array, "*tokens d_model"], weights: Gated, activation: Callable = silu
) -> Float[Array, "*tokens d_out"]:
    """(activation(x W_gate) * (x W_expand)) W_contract. Errors: those of `feed_forward`.

    Source: [shazeer2020, section 2], there with `silu` (SwiGLU), `gelu` (GEGLU) and `relu` (ReGLU).
    """
    x, w = _checked(x, weights)
    return (activation(x @ w.gate) * (x @ w.expand)) @ w.contract


def gated_feed_forward_gradient(
    x: Real[Array, "*tokens d_model"],
    weights: Gated,
    d_output: Real[Array, "*outputs d_out"],
    activation: Callable = silu,
    activation_gradient: Callable = silu_gradient,
) -> tuple[Float[Array, "*tokens d_model"], Gated]:
    """(dx, gradients of the three matrices), given how the loss moves with the output.

    With g = x W_gate, u = x W_expand and dz = d_output W_contractᵀ:  du = activation(g) * dz and
    dg = activation'(g) * u * dz;  dx = dg W_gateᵀ + du W_expandᵀ.
    Errors: those of `feed_forward`, and ValueError if `d_output` has not the output's shape.
    """
    x, w = _checked(x, weights)
    d_output = _like_output(d_output, (*x.shape[:-1], w.contract.shape[1]))
    gate, up = x @ w.gate, x @ w.expand
    opened, d_inner = activation(gate), d_output @ w.contract.T
    d_gate, d_up = activation_gradient(gate, up * d_inner), opened * d_inner
    rows = _rows(x).T
    gradients = Gated(rows @ _rows(d_gate), rows @ _rows(d_up), _rows(opened * up).T @ _rows(d_output))
    return d_gate @ w.gate.T + d_up @ w.expand.T, gradients


def _checked(x: Array, weights: FeedForward | Gated) -> tuple[Array, FeedForward | Gated]:
    x = finite("x", x)
    weights = weights._replace(**{name: finite(name, w) for name, w in weights._asdict().items()})
    if weights.contract.ndim != 2:
        raise ValueError(f"contract must have two axes but has shape {weights.contract.shape}")
    d_ff = weights.contract.shape[0]
    shapes = {
        "gate": (x.shape[-1], d_ff),
        "expand": (x.shape[-1], d_ff),
        "expand_bias": (d_ff,),
        "contract_bias": weights.contract.shape[1:],
    }
    for name, w in weights._asdict().items():
        if w.shape != shapes.get(name, w.shape):
            raise ValueError(
                f"{name} must have the shape {shapes[name]}, for x of width {x.shape[-1]} and contract "
                f"{weights.contract.shape}, but has {w.shape}"
            )
    return x, weights


def _like_output(d_output, shape: tuple[int, ...]) -> Array:
    d_output = finite("d_output", d_output)
    if d_output.shape != shape:
        raise ValueError(f"d_output has shape {d_output.shape} but the output has shape {shape}")
    return d_output


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])
