"""The NumPy lesson: exact for any blocks and masks, forward and backward."""

import itertools
import warnings

import numpy as np
import pytest
import torch
from kernels import by_definition as definition
from kernels.by_definition import draw, same

from attnlab.reference import attention
from attnlab.reference.blocked import Masking, absorb, blocked_attention, blocked_gradient, finish, start

SIZES = [(13, 17), (17, 13), (1, 11), (11, 1)]
BLOCKS = [(5, 7), (1, 1), (100, 3), (4, 100)]


def to_torch(x):
    return torch.from_numpy(np.asarray(x))


@pytest.mark.parametrize("sizes, blocks", list(itertools.product(SIZES, BLOCKS)))
@pytest.mark.parametrize(
    "causal, window, padded, biased", list(itertools.product((0, 1), (None, 1, 4), (0, 1), (0, 1)))
)
def test_equals_the_definition_with_gradients(sizes, blocks, causal, window, padded, biased):
    n, m = sizes
    q, k, v = draw(0, 2, 3, n, 5), draw(1, 2, 3, m, 5), draw(2, 2, 3, m, 7)
    key_mask = torch.arange(m) < torch.tensor([m // 3, m])[:, None] if padded else None
    bias = draw(3, 3, 1, m, grad=False) if biased else None
    expected = definition.attention(q, k, v, causal=bool(causal), window=window, key_mask=key_mask, bias=bias)
    masking = Masking(bool(causal), window, None if key_mask is None else key_mask.numpy())
    bias = None if bias is None else bias.numpy()
    arrays = [x.detach().numpy() for x in (q, k, v)]
    actual = blocked_attention(*arrays, blocks, masking, bias)
    for x, y in zip(actual, expected):
        same(to_torch(x), y.detach())
    d_out = draw(4, *expected[0].shape, grad=False)
    expected_grads = torch.autograd.grad((expected[0] * d_out).sum(), (q, k, v))
    actual_grads = blocked_gradient(*arrays, *actual, d_out.numpy(), blocks, masking, bias)
    for x, y in zip(actual_grads, expected_grads):
        same(to_torch(x), y)


def test_agrees_with_the_plain_reference():
    q, k, v = (draw(s, 2, n, 5, grad=False).numpy() for s, n in ((0, 11), (1, 13), (2, 13)))
    np.testing.assert_allclose(blocked_attention(q, k, v, (3, 4))[0], attention(q, k, v), atol=1e-12)


def test_any_order_of_the_blocks_gives_the_same_rows():
    scores, values = draw(0, 3, 8, grad=False).numpy() * 50, draw(1, 8, 2, grad=False).numpy()
    results = []
    for order in ((0, 2, 4, 6), (6, 4, 2, 0), (4, 0, 6, 2)):
        state = start(3, 2)
        for j in order:
            absorb(state, scores[:, j : j + 2].copy(), values[j : j + 2])
        results.append(finish(state)[0])
    np.testing.assert_allclose(results[1], results[0], atol=1e-12)
    np.testing.assert_allclose(results[2], results[0], atol=1e-12)


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_scores_far_from_zero(shift):
    q, k, v = draw(0, 1, 5, 3), draw(1, 1, 11, 3), draw(2, 1, 11, 3)
    bias = torch.full((5, 11), shift, dtype=torch.float64)
    expected = definition.attention(q, k, v, bias=bias)
    actual = blocked_attention(*(x.detach().numpy() for x in (q, k, v)), (2, 3), bias=bias.numpy())
    for x, y in zip(actual, expected):
        same(to_torch(x), y.detach(), 1e-11)


def test_precision_stays_and_arguments_are_unchanged():
    arrays = [draw(s, 2, 11, 5, dtype=torch.float32, grad=False).numpy() for s in range(3)]
    copies = [x.copy() for x in arrays]
    out, lse = blocked_attention(*arrays, (3, 4), Masking(causal=True))
    grads = blocked_gradient(*arrays, out, lse, np.ones_like(out), (3, 4), Masking(causal=True))
    assert {x.dtype for x in (out, lse, *grads)} == {np.dtype(np.float32)}
    for x, y in zip(arrays, copies):
        np.testing.assert_array_equal(x, y)


def test_no_keys_and_no_queries():
    q, k = np.ones((2, 3, 5)), np.ones((2, 0, 5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out, lse = blocked_attention(q, k, k)
    assert (out == 0).all() and np.isneginf(lse).all() and out.shape == (2, 3, 5)
    assert blocked_attention(k, q, q)[0].shape == (2, 0, 5)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"blocks": (0, 4)}, "block of queries must be at least 1 but is 0"),
        ({"blocks": (4, -1)}, "block of keys must be at least 1 but is -1"),
        ({"masking": Masking(window=0)}, "window must be at least 1 but is 0"),
        ({"k": np.ones((1, 7, 4))}, "q has d_k = 5 but k has d_k = 4"),
        ({"v": np.ones((1, 6, 5))}, "k has 7 keys but v has 6"),
        ({"q": np.ones((2, 3, 5))}, r"leading axes differ: q \(2,\), k \(1,\), v \(1,\)"),
        ({"masking": Masking(key_mask=np.ones((1, 6), bool))}, "key_mask has 6 keys but k has 7"),
    ],
)
def test_errors_name_the_numbers(as_readers_run_it, arguments, message):
    fitting = {"q": np.ones((1, 3, 5)), "k": np.ones((1, 7, 5)), "v": np.ones((1, 7, 5))}
    with pytest.raises(ValueError, match=message):
        blocked_attention(**{**fitting, **arguments})
