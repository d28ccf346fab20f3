"""Linear attention: loop, recurrence, running sums, chunks and masked product are one; nothing leaks from either side."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.mixers import features, linear
from attnlab.mixers.linear import causal_linear_attention, linear_attention
from attnlab.reference.mixers import linear as by_loops

N, D, D_V = 13, 5, 7


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


Q, K, V = t(0, 2, N, D), t(1, 2, N, D), t(2, 2, N, D_V)
ARRAYS = [x[0].numpy() for x in (Q, K, V)]
square = torch.square
CAUSAL = [linear.masked_product, linear.prefix_sums, *(functools.partial(causal_linear_attention, chunk=c) for c in (1, 2, 5, N, 64))]


def by_steps(q, k, v, features=linear.elu_plus_one):
    state, rows = linear.start(features(q).shape[-1], v.shape[-1], like=v), []
    for i in range(q.shape[-2]):
        state, out = linear.step(state, q[..., i, :], k[..., i, :], v[..., i, :], features)
        rows.append(out)
    return torch.stack(rows, dim=-2)


@pytest.mark.parametrize("form", [*CAUSAL, by_steps])
def test_every_causal_form_is_the_loop(form):
    assert_same(form(Q, K, V)[0].numpy(), by_loops.linear_attention(*ARRAYS, causal=True))
    assert_same(form(Q, K, V, features=square)[0].numpy(), by_loops.linear_attention(*ARRAYS, causal=True, features=np.square))


@pytest.mark.parametrize("form", CAUSAL)
def test_gradients_are_those_of_the_masked_product(form):
    given = [x.clone().requires_grad_() for x in (Q, K, V)]
    found = torch.autograd.grad((form(*given) * t(5, 2, N, D_V)).sum(), given)
    expected = torch.autograd.grad((linear.masked_product(*given) * t(5, 2, N, D_V)).sum(), given)
    for ours, theirs in zip(found, expected):
        assert_same(ours, theirs)
    assert form is not linear.masked_product or torch.autograd.gradcheck(form, [x[:, :5].detach().requires_grad_() for x in given])


def test_the_whole_text_is_the_loop():
    assert_same(linear_attention(Q, K, V)[0].numpy(), by_loops.linear_attention(*ARRAYS))
    longer = linear_attention(Q[:, :3], K, V)  # fewer queries than keys
    assert_same(longer[0].numpy(), by_loops.linear_attention(ARRAYS[0][:3], *ARRAYS[1:]))
    assert_same(linear_attention(Q, K, V)[:, -1], causal_linear_attention(Q, K, V)[:, -1])


@pytest.mark.parametrize("form", [*CAUSAL, by_steps])
def test_a_later_token_changes_nothing_and_an_earlier_one_does(form):
    for place in (0, 4, N - 1):
        for which in range(3):
            given = [x.clone() for x in (Q, K, V)]
            given[which][:, place] += 1
            changed = (form(*given) - form(Q, K, V)).abs().amax(dim=(0, 2)) > 1e-9
            expected = torch.arange(N) == place if which == 0 else torch.arange(N) >= place
            if which == 0 and place == 0 or which == 1 and place == 0:
                expected = expected & (torch.arange(N) > 0)  # the first token sees itself alone, whatever its weight
            assert changed.tolist() == expected.tolist()


def test_the_reference_leaks_nothing_and_steps_give_its_rows():
    q, k, v = ARRAYS
    state, rows = by_loops.start(D, D_V), []
    for i in range(N):
        state, out = by_loops.step(state, q[i], k[i], v[i])
        rows.append(out)
    assert_same(np.array(rows), by_loops.linear_attention(q, k, v, causal=True))
    assert state.memory.shape == (D, D_V) and state.total.shape == (D,)
    changed = k.copy()
    changed[6] += 1
    difference = np.abs(by_loops.linear_attention(q, changed, v, causal=True) - np.array(rows)).max(axis=1) > 1e-9
    assert difference.tolist() == [i >= 6 for i in range(N)]


def test_weights_are_shares():
    ones = torch.ones(2, N, 1).double()
    for form in (linear_attention, *CAUSAL):
        assert_same(form(Q, K, ones), ones)
        assert_same(form(Q, K, V + 3), form(Q, K, V) + 3)


def test_a_query_without_weight_gets_zeros():
    for form in (linear_attention, *CAUSAL):
        out = form(Q, torch.zeros_like(K), V, features=torch.relu)
        assert (out == 0).all()
    assert (by_loops.linear_attention(ARRAYS[0], 0 * ARRAYS[1], ARRAYS[2], features=lambda x: np.maximum(x, 0)) == 0).all()
    assert by_loops.step(by_loops.start(1, 2), np.zeros(1), np.zeros(1), np.array([1, 2]), features=np.square)[1].tolist() == [0, 0]
    empty = causal_linear_attention(Q[:, :0], K[:, :0], V[:, :0])
    assert tuple(empty.shape) == (2, 0, D_V)


def test_feature_map_and_by_hand():
    x = torch.tensor([-2.0, 0, 3]).double()
    assert_same(linear.elu_plus_one(x), torch.tensor([np.exp(-2), 1, 4]))
    assert_same(by_loops.elu_plus_one(x.numpy()), linear.elu_plus_one(x).numpy())
    assert by_loops.elu_plus_one(np.array([-1000, 1000])).tolist() == [0, 1001]
    q, k, v = np.zeros((2, 1), int), np.array([[0], [1]]), np.array([[3], [6]])
    out = by_loops.linear_attention(q, k, v)  # weights 1 and 2
    assert out.tolist() == [[5], [5]]
    assert by_loops.linear_attention(q, k, v, causal=True).tolist() == [[3], [5]]


def test_random_features_run_in_it():
    w = features.directions(4000, D, torch.Generator().manual_seed(0))
    near = linear_attention(Q / 2 / D**0.25, K / 2 / D**0.25, V, features=functools.partial(features.positive_features, directions=w))
    exact = torch.softmax(Q @ K.mT / 4 / D**0.5, -1) @ V
    assert (near - exact).abs().max() < 0.1 * exact.abs().max()


def test_what_is_refused():
    with pytest.raises(ValueError, match="chunk must be at least 1 but is 0"):
        causal_linear_attention(Q, K, V, chunk=0)


@pytest.mark.usefixtures("as_readers_run_it")
@pytest.mark.parametrize("form", CAUSAL)
def test_shapes_that_disagree_are_refused(form):
    with pytest.raises(ValueError, match=r"q has shape \(2, 13, 5\) but k has shape \(2, 12, 5\)"):
        form(Q, K[:, 1:], V[:, 1:])
    with pytest.raises(ValueError, match=r"v has shape \(2, 12, 7\): each key needs its value"):
        form(Q, K, V[:, 1:])


@pytest.mark.usefixtures("as_readers_run_it")
def test_attention_over_other_tokens_needs_one_width_and_a_value_for_each_key():
    assert linear_attention(Q[:, 4:], K, V).shape == (2, N - 4, D_V)
    for wrong in ((Q[..., 1:], K, V), (Q, K, V[:, 1:])):
        with pytest.raises(ValueError, match="q and k need one width, each key its value"):
            linear_attention(*wrong)
