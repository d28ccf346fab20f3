"""The recurrent network in NumPy: against torch's cell and network, against loops, and what a gate must do."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.reference import recurrent
from attnlab.reference.recurrent import Gru, gru, gru_step

D_IN, D_HIDDEN = 5, 3
WEIGHTS = Gru(normal(1, 9, D_IN), normal(2, 9, D_HIDDEN), normal(3, 9), normal(4, 9))
X, H = normal(5, 7, 11, D_IN), normal(6, 7, D_HIDDEN)


def torch_gru(kind, **named):
    cell = kind(D_IN, D_HIDDEN, dtype=torch.float64, **named)
    for parameter, values in zip(cell.parameters(), WEIGHTS, strict=True):
        parameter.data = torch.tensor(values)
    return cell


def one_number(x, h, i):
    """State i after one word, in Python's own arithmetic."""
    w_x, w_h, b_x, b_h = WEIGHTS
    part = lambda row: (math.fsum(w_x[row] * x) + b_x[row], math.fsum(w_h[row] * h) + b_h[row])
    reset, update = (1 / (1 + math.exp(-sum(part(block * D_HIDDEN + i)))) for block in (0, 1))
    from_x, from_h = part(2 * D_HIDDEN + i)
    return (1 - update) * math.tanh(from_x + reset * from_h) + update * h[i]


def test_a_step_is_its_formula_number_by_number():
    loops = [[one_number(x, h, i) for i in range(D_HIDDEN)] for x, h in zip(X[:, 0], H)]
    assert_same(gru_step(X[:, 0], H, WEIGHTS), np.array(loops))


def test_a_step_is_torch_s_cell_and_a_text_is_torch_s_network():
    cell, network = torch_gru(torch.nn.GRUCell), torch_gru(torch.nn.GRU, batch_first=True)
    assert_same(gru_step(X[:, 0], H, WEIGHTS), cell(torch.tensor(X[:, 0]), torch.tensor(H)).detach().numpy())
    states, _ = network(torch.tensor(X), torch.tensor(H)[None])
    assert_same(gru(X, H, WEIGHTS), states.detach().numpy())


def test_the_past_counts_only_through_the_last_state():
    states = gru(X, H, WEIGHTS)
    assert_same(gru(X[:, 4:], states[:, 3], WEIGHTS), states[:, 4:])
    assert_same(gru(X[2], H[2], WEIGHTS), states[2])
    assert gru(X[:, :0], H, WEIGHTS).shape == (7, 0, D_HIDDEN)


def test_a_closed_gate_keeps_the_state_and_an_open_one_replaces_it():
    for bias, expected in ((1e4, H), (-1e4, None)):
        b_x = WEIGHTS.b_x.copy()
        b_x[3:6] = bias
        with np.errstate(over="ignore"):
            after = gru_step(X[:, 0], H, WEIGHTS._replace(b_x=b_x))
        if expected is not None:
            assert_same(after, expected)
        else:
            assert np.abs(after).max() < 1 and not np.allclose(after, H, atol=0.1)


def test_arguments_stay_as_they_were_and_shapes_are_named(as_readers_run_it):
    x, h = X.copy(), H.copy()
    gru(x, h, WEIGHTS)
    assert (x == X).all() and (h == H).all()
    with pytest.raises(ValueError, match=r"w_x must have the shape \(9, 5\), for x of width 5 and a state of width 3"):
        gru_step(X[:, 0], H, WEIGHTS._replace(w_x=normal(0, 9, 4)))
    with pytest.raises(ValueError, match=r"b_h must have the shape \(9,\).* but has \(3,\)"):
        recurrent.gru(X, H, WEIGHTS._replace(b_h=normal(0, 3)))
    with pytest.raises(ValueError, match="x holds NaN"):
        gru_step(X[:, 0] * np.nan, H, WEIGHTS)
