"""The rule that joins partial results."""

import math

import numpy as np
import pytest
import torch
from kernels import by_definition as definition
from kernels.by_definition import draw, same

from attnlab.kernels.merge import merge
from attnlab.reference import blocked

DEAD = (torch.zeros(5, 3, dtype=torch.float64), torch.full((5,), -math.inf, dtype=torch.float64))


def parts(seed, grad=False):
    return draw(seed, 5, 3, grad=grad), draw(seed + 50, 5, grad=grad) * 3


def test_two_halves_of_the_keys_make_the_whole():
    q, k, v = draw(0, 1, 5, 7), draw(1, 1, 13, 7), draw(2, 1, 13, 3)
    first = definition.attention(q, k[:, :4], v[:, :4])
    second = definition.attention(q, k[:, 4:], v[:, 4:])
    for actual, expected in zip(merge(*first, *second), definition.attention(q, k, v)):
        same(actual, expected)


def test_by_hand():
    out, lse = merge(
        *(torch.tensor(x, dtype=torch.float64) for x in ([[1.0]], [0.0], [[4.0]], [math.log(2)]))
    )
    assert out.item() == pytest.approx(3.0, abs=1e-15)  # weights 1 and 2 of 3
    assert lse.item() == pytest.approx(math.log(3), abs=1e-15)


def test_associative_and_commutative():
    a, b, c = parts(1), parts(2), parts(3)
    for x, y in zip(merge(*merge(*a, *b), *c), merge(*a, *merge(*b, *c))):
        same(x, y)
    for x, y in zip(merge(*a, *b), merge(*b, *a)):
        same(x, y)


def test_a_row_that_saw_no_key_changes_nothing():
    a = parts(4)
    for merged in (merge(*a, *DEAD), merge(*DEAD, *a)):
        for x, y in zip(merged, a):
            assert torch.equal(x, y)
    for x, y in zip(merge(*DEAD, *DEAD), DEAD):
        assert torch.equal(x, y)


def test_far_apart_and_far_from_zero():
    out, lse = merge(*(torch.tensor(x) for x in ([[1.0]], [-9000.0], [[3.0]], [-9000.0])))
    assert out.item() == 2.0 and lse.item() == pytest.approx(-9000 + math.log(2))
    out, lse = merge(*(torch.tensor(x) for x in ([[1.0]], [5000.0], [[3.0]], [-5000.0])))
    assert out.item() == 1.0 and lse.item() == 5000.0
    out, lse = merge(*(torch.tensor(x) for x in ([[1.0]], [-5000.0], [[3.0]], [5000.0])))
    assert out.item() == 3.0 and lse.item() == 5000.0


def test_gradients():
    a, b = parts(5, grad=True), parts(6, grad=True)
    assert torch.autograd.gradcheck(merge, (*a, *b))


def test_dead_rows_send_finite_gradients():
    inputs = [x.clone().requires_grad_() for x in (*DEAD, *DEAD)]
    out, _ = merge(*inputs)
    for grad in torch.autograd.grad(out.sum(), inputs, allow_unused=True):
        assert grad is None or torch.equal(grad, torch.zeros_like(grad))


def test_numpy_writing_agrees():
    for a, b in ((parts(7), parts(8)), (parts(7), DEAD), (DEAD, DEAD)):
        expected = merge(*a, *b)
        for x, y in zip(blocked.merge(*(t.numpy() for t in (*a, *b))), expected):
            same(torch.from_numpy(np.asarray(x)), y)


def test_rows_that_do_not_fit(as_readers_run_it):
    with pytest.raises(ValueError, match=r"out_2 has rows \(5,\) but lse_2 has shape \(4,\)"):
        merge(*parts(1), draw(2, 5, 3), draw(3, 4))
