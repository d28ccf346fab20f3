"""A recurrent network, word by word: everything known about the past is one vector of fixed size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from attnlab._shapes import Array, Float, Real
from attnlab.reference._numbers import finite


class Gru(NamedTuple):
    """The weights of a gated recurrent unit, three blocks of d_hidden rows: reset, update, candidate.

    `w_x` (3 d_hidden, d_in) and `b_x` act on the input, `w_h` (3 d_hidden, d_hidden) and `b_h` on the state: the
    order and the layout of torch.nn.GRUCell.
    """

    w_x: Array
    w_h: Array
    b_x: Array
    b_h: Array


def gru_step(
    x: Real[Array, "*batch d_in"], h: Real[Array, "*batch d_hidden"], weights: Gru
) -> Float[Array, "*batch d_hidden"]:
    """h_t = (1 - z) n + z h, with n = tanh(W x + b + r (U h + c)) and the gates r, z = sigmoid(W x + b + U h + c).

    The update gate z says how much of the old state stays, the reset gate r how much of it the candidate n sees.
    Errors: ValueError for sizes that disagree, NaN or infinity.
    Source: [cho2014, section 2.3], where r acts on h before U does and there are no b and c.
    """
    x, h = finite("x", x), finite("h", h)
    width = h.shape[-1]
    _check(x, width, weights)
    from_x, from_h = x @ weights.w_x.T + weights.b_x, h @ weights.w_h.T + weights.b_h
    gates = 1 / (1 + np.exp(-(from_x + from_h)[..., : 2 * width]))
    reset, update = gates[..., :width], gates[..., width:]
    candidate = np.tanh(from_x[..., 2 * width :] + reset * from_h[..., 2 * width :])
    return (1 - update) * candidate + update * h


def gru(
    xs: Real[Array, "*batch words d_in"], h: Real[Array, "*batch d_hidden"], weights: Gru
) -> Float[Array, "*batch words d_hidden"]:
    """All states h_1 .. h_m of h_t = f(x_t, h_(t-1)), with `h` before the first word. Errors: those of `gru_step`."""
    xs, h = finite("xs", xs), finite("h", h)
    states = np.empty((*xs.shape[:-1], h.shape[-1]))
    for t in range(xs.shape[-2]):
        h = states[..., t, :] = gru_step(xs[..., t, :], h, weights)
    return states


def _check(x: Array, width: int, weights: Gru) -> None:
    expected = {
        "w_x": (3 * width, x.shape[-1]),
        "w_h": (3 * width, width),
        "b_x": (3 * width,),
        "b_h": (3 * width,),
    }
    for name, shape in expected.items():
        if np.shape(getattr(weights, name)) != shape:
            raise ValueError(
                f"{name} must have the shape {shape}, for x of width {x.shape[-1]} and a state of width {width}, "
                f"but has {np.shape(getattr(weights, name))}"
            )
