"""Bad input to the core: each message names what disagrees, read without the tests' type checker."""

from __future__ import annotations

import re

import jaxtyping
import numpy as np
import pytest
import torch

from attnlab import attention as in_torch
from attnlab import masks, reference

Q, K, V = np.zeros((3, 7)), np.zeros((11, 7)), np.zeros((11, 2))
D_OUTPUT = np.zeros((3, 2))
NAN, INF = np.full((3, 7), np.nan), np.full((11, 2), np.inf)
NAN_AT_1_2 = np.where((np.arange(3)[:, None] == 1) & (np.arange(7) == 2), np.nan, 0.0)


def says(error, message):
    return pytest.raises(error, match=re.escape(message))


SHAPES = [  # arguments, error, message: the same words from NumPy and from torch
    ((Q, np.zeros((11, 5)), V), ValueError, "q has d_k = 7 but k has d_k = 5"),
    ((Q, K, np.zeros((13, 2))), ValueError, "k has 11 keys but v has 13"),
    ((np.zeros(7), K, V), ValueError, "q needs the axes (..., queries, d_k) but has shape (7,)"),
    ((Q, np.zeros(7), V), ValueError, "k needs the axes (..., keys, d_k) but has shape (7,)"),
    ((Q, K, np.zeros(11)), ValueError, "v needs the axes (..., keys, d_v) but has shape (11,)"),
    ((np.zeros((3, 0)), np.zeros((11, 0)), V), ValueError, "d_k = 0"),
    (
        (np.zeros((2, 3, 7)), np.zeros((5, 11, 7)), V),
        ValueError,
        "leading axes do not broadcast: q (2, 3, 7), k (5, 11, 7)",
    ),
    (
        (np.zeros((2, 3, 7)), K, np.zeros((5, 11, 2))),
        ValueError,
        "leading axes do not broadcast: q (2, 3, 7), k (11, 7), v (5, 11, 2)",
    ),
    ((Q, K, V, np.ones((3, 10), bool)), ValueError, "mask has 10 keys but the scores have 11"),
    ((Q, K, V, np.ones((4, 11), bool)), ValueError, "mask has 4 queries but the scores have 3"),
    ((np.zeros((2, 3, 7)), K, V, np.ones((5, 3, 11), bool)), ValueError, "do not broadcast"),
    ((Q, K, V, None, np.zeros((3, 10))), ValueError, "bias has 10 keys but the scores have 11"),
    ((Q, K, V, None, np.zeros((4, 11))), ValueError, "bias has 4 queries but the scores have 3"),
    ((Q, K, V, np.ones((3, 11))), TypeError, "mask must be boolean, True = may look, but its dtype is"),
    ((Q, K, V, np.ones((3, 11), int)), TypeError, "mask must be boolean, True = may look, but its dtype is"),
    ((Q, K, V, None, np.ones((3, 11), bool)), TypeError, "bias must be float but its dtype is"),
    ((Q, K, V, None, np.ones((3, 11), int)), TypeError, "bias must be float but its dtype is"),
    ((NAN_AT_1_2, K, V), ValueError, "q holds NaN or infinity: 1 of 21 numbers"),
    ((Q, np.full((11, 7), np.inf), V), ValueError, "k holds NaN or infinity: 77 of 77 numbers"),
    ((Q, K, -INF), ValueError, "v holds NaN or infinity: 22 of 22 numbers"),
    ((Q, K, V, None, np.full((3, 11), np.nan)), ValueError, "bias holds NaN or +infinity"),
    ((Q, K, V, None, np.full((3, 11), np.inf)), ValueError, "bias holds NaN or +infinity"),
    ((Q, K, V, None, None, np.nan), ValueError, "scale must be finite but is nan"),
    ((Q, K, V, None, None, np.inf), ValueError, "scale must be finite but is inf"),
    ((Q.astype(complex), K.astype(complex), V.astype(complex)), TypeError, "complex"),
    ((Q.astype(bool), K.astype(bool), V.astype(bool)), TypeError, "bool"),
]
cases = pytest.mark.parametrize(("arguments", "error", "message"), SHAPES)


def tensors(arguments):
    return [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in arguments]


@cases
def test_reference_attention(as_readers_run_it, arguments, error, message):
    with says(error, message):
        reference.attention(*arguments)


@cases
def test_torch_attention(as_readers_run_it, arguments, error, message):
    with says(error, message):
        in_torch.attention(*tensors(arguments))


@cases
def test_attention_gradient(as_readers_run_it, arguments, error, message):
    with says(error, message):
        reference.attention_gradient(*arguments[:3], D_OUTPUT, *arguments[3:])


@cases
def test_attention_weights(as_readers_run_it, arguments, error, message):
    q, k, v, *rest = arguments
    if message.startswith(("v", "k has 11 keys")) or ", v (" in message:
        pytest.skip("the weights do not depend on v")
    for arrays, weigh in (
        ((q, k, *rest), reference.attention_weights),
        (tensors((q, k, *rest)), in_torch.attention_weights),
    ):
        with says(error, message.replace("do not broadcast", "not broadcast") if len(rest) else message):
            weigh(*arrays)


def test_the_place_of_the_first_nan_is_told(as_readers_run_it):
    with says(ValueError, "the first at (1, 2)"):
        reference.attention(NAN_AT_1_2, K, V)


def test_a_mask_that_does_not_broadcast_over_the_weights(as_readers_run_it):
    mask = np.ones((5, 3, 11), bool)
    with says(ValueError, "mask (5, 3, 11) does not broadcast to scores (2, 3, 11)"):
        reference.attention_weights(np.zeros((2, 3, 7)), K, mask)
    with says(ValueError, "mask (5, 3, 11) does not broadcast to scores (2, 3, 11)"):
        in_torch.attention_weights(torch.zeros(2, 3, 7), torch.zeros(11, 7), torch.tensor(mask))


def test_a_gradient_of_the_wrong_shape(as_readers_run_it):
    with says(ValueError, "d_output has shape (3, 5) but the output has shape (3, 2)"):
        reference.attention_gradient(Q, K, V, np.zeros((3, 5)))
    with says(ValueError, "d_output holds NaN or infinity: 6 of 6"):
        reference.attention_gradient(Q, K, V, np.full((3, 2), np.nan))


def test_torch_wants_floats_of_one_dtype_on_one_device(as_readers_run_it):
    q, k, v = tensors((Q, K, V))
    with says(TypeError, "q must hold floats but its dtype is torch.int64"):
        in_torch.attention(q.long(), k, v)
    with says(TypeError, "dtypes differ: q torch.float64, k torch.float64, v torch.float32"):
        in_torch.attention(q, k, v.float())
    with says(TypeError, "dtypes differ: q torch.float32, k torch.float64"):
        in_torch.attention_weights(q.float(), k)
    with says(TypeError, "devices differ: q cpu, k meta"):
        in_torch.attention_weights(q, k.to("meta"))
    with says(TypeError, "q must be a tensor but is a ndarray"):
        in_torch.attention(Q, K, V)
    with says(TypeError, "mask must be a tensor but is a ndarray"):
        in_torch.attention(q, k, v, np.ones((3, 11), bool))
    with says(TypeError, "mask must be a tensor but is a list"):
        in_torch.attention(q, k, v, [[True] * 11] * 3)
    with says(TypeError, "bias must be a tensor but is a ndarray"):
        in_torch.attention(q, k, v, bias=np.ones((3, 11)))


def test_nan_is_not_looked_for_where_looking_would_wait():
    q, k, v = (x.to("meta") for x in tensors((Q, K, V)))
    assert in_torch.attention(q, k, v, bias=torch.zeros(3, 11, device="meta")).shape == (3, 2)


@pytest.mark.parametrize(
    ("temperature", "error", "message"),
    [
        (0, ValueError, "temperature must be above 0 but is 0.0"),
        (-2.5, ValueError, "temperature must be above 0 but is -2.5"),
        (np.nan, ValueError, "temperature must be finite but is nan"),
        (np.inf, ValueError, "temperature must be finite but is inf"),
        (np.ones(3), TypeError, "temperature must be one number but has shape (3,)"),
        ("hot", TypeError, "temperature must hold real numbers"),
        (None, TypeError, "temperature must hold real numbers"),
    ],
)
def test_softmax_temperature(as_readers_run_it, temperature, error, message):
    with says(error, message):
        reference.softmax(np.zeros(3), temperature=temperature)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (
            np.array([0, np.nan, np.nan]),
            ValueError,
            "x holds NaN or +infinity: 2 of 3 numbers, the first at (1,)",
        ),
        (np.array([0, np.inf]), ValueError, "x holds NaN or +infinity: 1 of 2 numbers, the first at (1,)"),
        (np.array([True, False]), TypeError, "x must hold real numbers but its dtype is bool"),
        (np.array([1j]), TypeError, "x must hold real numbers but its dtype is complex128"),
        (np.array(["a"]), TypeError, "x must hold real numbers"),
    ],
)
def test_softmax_input(as_readers_run_it, x, error, message):
    with says(error, message):
        reference.softmax(x)


def test_softmax_axis(as_readers_run_it):
    with says(np.exceptions.AxisError, "axis 2 is out of bounds for array of dimension 1"):
        reference.softmax(np.zeros(3), axis=2)


def test_scale_is_one_number(as_readers_run_it):
    with says(TypeError, "scale must be one number but has shape (3,)"):
        reference.attention(Q, K, V, scale=np.ones(3))
    with says(TypeError, "scale must hold real numbers"):
        reference.attention(Q, K, V, scale="loud")


def test_plain_lists_are_welcome_in_the_reference(as_readers_run_it):
    assert reference.softmax([1, 1]).tolist() == [0.5, 0.5]
    assert reference.attention([[1, 0]], [[1, 0]], [[5, 7]], mask=[[True]], bias=[[0.5]]).tolist() == [
        [5.0, 7.0]
    ]


P = np.arange(3)


@pytest.mark.parametrize("tensor", [np.asarray, torch.tensor], ids=["numpy", "torch"])
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: masks.causal(t([[0, 1]]), t(P)), ValueError, "q_pos must be 1-D but has shape (1, 2)"),
        (lambda t: masks.causal(t(P), t(3)), ValueError, "k_pos must be 1-D but has shape ()"),
        (lambda t: masks.causal(t([0.5]), t(P)), TypeError, "q_pos must hold integers but its dtype is"),
        (lambda t: masks.window(t(P), t([True]), 2), TypeError, "k_pos must hold integers but its dtype is"),
        (
            lambda t: masks.causal([0, 1], t(P)),
            TypeError,
            "q_pos must be an array or a tensor of integers but is a list",
        ),
        (lambda t: masks.window(t(P), t(P), 0), ValueError, "size must be at least 1 but is 0"),
        (lambda t: masks.window(t(P), t(P), 2.0), TypeError, "size must be a whole number but is 2.0"),
        (lambda t: masks.window(t(P), t(P), True), TypeError, "size must be a whole number but is True"),
        (lambda t: masks.padding(t([2, 4]), 3), ValueError, "lengths reach 4 but there are only 3 keys"),
        (
            lambda t: masks.padding(t([2, -1]), 3),
            ValueError,
            "lengths must be at least 0 but the smallest is -1",
        ),
        (lambda t: masks.padding(t([2.0]), 3), TypeError, "lengths must hold integers but its dtype is"),
        (
            lambda t: masks.padding([2], 3),
            TypeError,
            "lengths must be an array or a tensor of integers but is a list",
        ),
        (lambda t: masks.padding(t([0]), -1), ValueError, "n_keys must be at least 0 but is -1"),
        (lambda t: masks.positions(-1, 3, t(P)), ValueError, "n_queries must be at least 0 but is -1"),
        (lambda t: masks.positions(3, 1.5, t(P)), TypeError, "n_keys must be a whole number but is 1.5"),
    ],
)
def test_masks(as_readers_run_it, call, error, message, tensor):
    with says(error, message):
        call(tensor)


def test_masks_of_two_libraries(as_readers_run_it):
    with says(TypeError, "q_pos is a ndarray but k_pos is a Tensor"):
        masks.causal(P, torch.tensor(P))


def test_shapes_are_checked_in_every_other_test():
    """The checker stands before the doors: without it a signature's shapes would be decoration."""
    for attend, (q, k, v) in ((reference.attention, (Q, K, V)), (in_torch.attention, tensors((Q, K, V)))):
        attend(q, k, v)
        with pytest.raises(jaxtyping.TypeCheckError, match="d_k"):
            attend(q, k[:, :5], v)
    with pytest.raises(jaxtyping.TypeCheckError, match="queries"):
        masks.causal(np.zeros((3, 2), int), P)
