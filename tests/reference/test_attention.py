from __future__ import annotations

import by_hand
import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab import attention as in_torch
from attnlab.reference import attention, attention_gradient, attention_weights

N, M, D_K, D_V = (
    5,
    7,
    3,
    11,
)  # queries, keys and the two widths: four primes, so that no axis passes for another
Q, K, V = normal(0, N, D_K), normal(1, M, D_K), normal(2, M, D_V)
BIAS = normal(3, N, M)
MASK = normal(4, N, M) > -0.5
MASK[2] = False  # a query that may look at nobody

CASES = {
    "plain": {},
    "masked": {"mask": MASK},
    "biased": {"bias": BIAS},
    "scaled": {"scale": 0.7},
    "all three": {"mask": MASK, "bias": BIAS, "scale": -1.3},
    "hidden by the bias": {"bias": np.where(MASK, BIAS, -np.inf)},
    "scale zero": {"scale": 0.0},
}


def lists(options: dict) -> dict:
    return {name: x.tolist() if isinstance(x, np.ndarray) else x for name, x in options.items()}


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_equals_the_loop(options):
    q, k, v = Q.tolist(), K.tolist(), V.tolist()
    assert_same(attention(Q, K, V, **options), np.array(by_hand.attention(q, k, v, **lists(options))))
    weights = by_hand.attention_weights(q, k, **lists(options))
    assert_same(attention_weights(Q, K, **options), np.array(weights))


@pytest.mark.parametrize("size", [60.0, 1e4])
def test_large_scores_equal_the_loop(size):
    q, k = np.array([[size], [-size], [size / 7]]), np.array([[1.0], [-1.0], [0.5], [1.0], [0.0]])
    v = normal(5, 5, 2)
    assert_same(
        attention(q, k, v, scale=1.0), np.array(by_hand.attention(*map(np.ndarray.tolist, (q, k, v))))
    )
    assert_same(
        attention_weights(q, k, scale=1.0),
        np.array(by_hand.attention_weights(q.tolist(), k.tolist(), scale=1.0)),
    )


def test_two_tokens_with_a_pencil():
    """Scores 2 and 0 over sqrt(4): the weights are e / (e + 1) and 1 / (e + 1)."""
    q, k = np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[1.0, 1.0, 5.0, 5.0], [0.0, 0.0, 1.0, 0.0]])
    first = np.e / (np.e + 1)
    assert_same(attention_weights(q, k), np.array([[first, 1 - first]]))
    assert_same(attention(q, k, np.array([[10.0], [20.0]])), np.array([[20 - 10 * first]]))


def gradients_by_autograd(q, k, v, d_output, **options):
    q, k, v = (torch.tensor(x, requires_grad=True) for x in (q, k, v))
    options = {name: torch.tensor(x) if isinstance(x, np.ndarray) else x for name, x in options.items()}
    in_torch.attention(q, k, v, **options).backward(torch.tensor(d_output))
    return tuple(x.grad.numpy() for x in (q, k, v))


def assert_gradients_equal_autograd(q, k, v, **options):
    d_output = normal(6, *attention(q, k, v, **options).shape)
    ours = attention_gradient(q, k, v, d_output, **options)
    for name, mine, theirs in zip(
        "qkv", ours, gradients_by_autograd(q, k, v, d_output, **options), strict=True
    ):
        assert np.isfinite(theirs).all(), name
        assert_same(mine, theirs)


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_gradients_equal_autograd(options):
    assert_gradients_equal_autograd(Q, K, V, **options)


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_gradients_equal_finite_differences(options):
    d_output = normal(7, N, D_V)
    shapes, arguments = [Q.shape, K.shape, V.shape], [Q, K, V]
    for i, gradient in enumerate(attention_gradient(Q, K, V, d_output, **options)):

        def loss(flat, i=i):
            changed = [*arguments]
            changed[i] = np.array(flat).reshape(shapes[i])
            return float((attention(*changed, **options) * d_output).sum())

        slopes = by_hand.slope(loss, arguments[i].ravel().tolist())
        assert_same(gradient, np.array(slopes).reshape(shapes[i]), atol=1e-8)


LEADING = {  # leading axes of q, k, v, mask
    "one batch axis": ((2,), (2,), (2,), ()),
    "queries shared": ((), (2,), (2,), ()),
    "keys shared": ((2,), (), (2,), ()),
    "values shared": ((2,), (2,), (), ()),
    "axes of size one": ((2, 1), (1, 3), (2, 3), ()),
    "values alone batched": ((), (), (2,), ()),
    "mask alone batched": ((), (), (), (2,)),
    "heads, keys shared by all": ((2, 3), (2, 1), (2, 1), (2, 1)),
    "size one everywhere": ((1,), (1,), (1,), ()),
    "an empty batch": ((0,), (0,), (0,), ()),
}


def batched(q, k, v, mask):
    parts = normal(8, *q, N, D_K), normal(9, *k, M, D_K), normal(10, *v, M, D_V)
    return *parts, normal(11, *mask, N, M) > -0.5


@pytest.mark.parametrize("leading", LEADING.values(), ids=LEADING)
def test_leading_axes_broadcast(leading):
    q, k, v, mask = batched(*leading)
    batch = np.broadcast_shapes(*leading)
    output = attention(q, k, v, mask)
    assert output.shape == (*batch, N, D_V)
    wide = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (q, k, v, mask)]
    for index in np.ndindex(batch):
        assert_same(output[index], attention(*(x[index] for x in wide)))


@pytest.mark.parametrize("leading", LEADING.values(), ids=LEADING)
def test_gradients_of_broadcast_arguments_are_summed_to_their_shape(leading):
    q, k, v, mask = batched(*leading)
    assert_gradients_equal_autograd(q, k, v, mask=mask)


@pytest.mark.parametrize("shape", [(), (M,), (1, M), (N, 1), (1, 1), (2, 1, 1, M)])
def test_masks_and_biases_broadcast_over_the_scores(shape):
    bias = normal(12, *shape)
    wide = np.broadcast_to(bias, np.broadcast_shapes(shape, (N, M)))
    assert_same(attention(Q, K, V, bias=np.asarray(bias)), attention(Q, K, V, bias=wide.copy()))
    mask = np.asarray(bias > -0.3)
    assert_same(attention(Q, K, V, mask=mask), attention(Q, K, V, mask=wide > -0.3))
    assert_same(attention_weights(Q, K, mask=mask), attention_weights(Q, K, mask=wide > -0.3))


def test_a_query_that_sees_nobody_gets_zeros_and_sends_no_gradient():
    output = attention(Q, K, V, mask=MASK)
    assert (output[2] == 0).all() and (output[[0, 1, 3, 4]] != 0).all()
    d_output = np.zeros((N, D_V))
    d_output[2] = 1.0
    for gradient in attention_gradient(Q, K, V, d_output, mask=MASK):
        assert (gradient == 0).all()


def test_without_keys_the_output_is_zero():
    output = attention(Q, K[:0], V[:0])
    assert_same(output, np.zeros((N, D_V)), atol=0)
    assert_same(attention_weights(Q, K[:0]), np.zeros((N, 0)))
    dq, dk, dv = attention_gradient(Q, K[:0], V[:0], np.ones((N, D_V)))
    assert_same(dq, np.zeros((N, D_K)), atol=0)
    assert dk.shape == (0, D_K) and dv.shape == (0, D_V)


def test_without_queries_the_output_is_empty():
    assert attention(Q[:0], K, V).shape == (0, D_V)
    dq, dk, dv = attention_gradient(Q[:0], K, V, np.zeros((0, D_V)))
    assert dq.shape == (0, D_K)
    assert_same(dk, np.zeros((M, D_K)), atol=0)
    assert_same(dv, np.zeros((M, D_V)), atol=0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
def test_every_real_dtype_becomes_float64(dtype):
    q, k, v = ((4 * x).astype(dtype) for x in (Q, K, V))
    wide = [x.astype(np.float64) for x in (q, k, v)]
    assert_same(attention(q, k, v), attention(*wide), atol=0)
    ones = np.ones((N, D_V), dtype)
    for narrow, full in zip(attention_gradient(q, k, v, ones), attention_gradient(*wide, np.ones((N, D_V)))):
        assert_same(narrow, full, atol=0)
    assert_same(attention(Q, K, V, bias=BIAS.astype(np.float32)), attention(Q, K, V, bias=BIAS), atol=1e-6)


def test_arguments_are_left_alone():
    arguments = [Q.copy(), K.copy(), V.copy(), MASK.copy(), BIAS.copy()]
    for x in arguments:
        x.flags.writeable = False
    attention(*arguments)
    attention_weights(*arguments[:2], *arguments[3:])
    attention_gradient(*arguments[:3], np.ones((N, D_V)), *arguments[3:])
    for x, before in zip(arguments, (Q, K, V, MASK, BIAS), strict=True):
        assert_same(x, before, atol=0)
