from __future__ import annotations

import pytest
import torch
from compare import normal

from attnlab.attention import attention
from attnlab.attention.heads import MultiHead
from attnlab.kernels.flash import flash_attention
from attnlab.reference import heads as reference
from attnlab.studies.pruning import gated, gates_on, head_importance, keep_heads

TEXTS, N, D, HEADS = 3, 7, 30, 5
X = torch.tensor(normal(0, TEXTS, N, D))
Q, K, V = (torch.tensor(normal(i, TEXTS, HEADS, N, 6)) for i in (1, 2, 3))
exact = {"rtol": 0, "atol": 1e-12}


def layer(seed: int = 0, bias: bool = False, **options) -> MultiHead:
    module = MultiHead(D, HEADS, bias=bias, **options).double()
    with torch.no_grad():
        for i, weight in enumerate(module.parameters()):
            weight.copy_(torch.tensor(normal(100 * seed + i, *weight.shape)) / D**0.5)
    return module


def gates_of(*heads: int) -> torch.Tensor:
    return torch.tensor([float(h in heads) for h in range(HEADS)], dtype=torch.float64)


def surprise(module, x=X):
    """A loss a text, with slopes of both signs."""
    return lambda: (3 * module(x)).sin().sum(dim=(-2, -1))


# Gates

def test_a_gate_multiplies_the_output_of_its_head_and_no_other():
    gates = torch.tensor([1.0, 0.0, 2.0, -1.0, 0.5], dtype=torch.float64)
    out = gated(attention, gates)(Q, K, V)
    for h in range(HEADS):
        assert torch.allclose(out[:, h], gates[h] * attention(Q[:, h], K[:, h], V[:, h]), **exact)


def test_each_text_may_have_gates_of_its_own_and_options_pass_through():
    gates = torch.tensor(normal(4, TEXTS, HEADS))
    mask = torch.ones(N, N, dtype=torch.bool).tril()
    out = gated(attention, gates)(Q, K, V, mask=mask)
    assert torch.allclose(out, torch.einsum("bh,bhnd->bhnd", gates, attention(Q, K, V, mask)), **exact)


def test_a_wrong_number_of_gates_is_named():
    with pytest.raises(ValueError, match="there are 4 gates but 5 heads"):
        gated(attention, torch.ones(4))(Q, K, V)


def test_gates_are_on_inside_and_off_afterwards_even_after_an_error():
    module = layer()
    before, whole = module.attend, module(X)
    with gates_on([module], [gates_of(0, 3)]):
        assert not torch.allclose(module(X), whole)
    with pytest.raises(KeyError), gates_on([module], [gates_of()]):
        assert torch.allclose(module(X), torch.zeros_like(whole), **exact)
        raise KeyError
    assert module.attend is before and torch.equal(module(X), whole)


def test_gates_for_each_layer_in_order():
    first, second = layer(1), layer(2)
    with gates_on([first, second], [gates_of(1), gates_of(2)]):
        both = first(X), second(X)
    for module, out, head in ((first, both[0], 1), (second, both[1], 2)):
        assert torch.allclose(out, keep_heads(module, [head])(X), **exact)
    with pytest.raises(ValueError, match="2 layers but 1 sets of gates"):
        gates_on([first, second], [gates_of()]).__enter__()


# Cutting

@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kept", [[0], [1, 3], [2, 3, 4], [0, 1, 2, 3, 4]])
def test_a_gate_of_0_equals_cutting_the_head_away(kept, bias):
    module = layer(bias=bias)
    with gates_on([module], [gates_of(*kept)]):
        gated_out = module(X)
    small = keep_heads(module, kept)
    assert torch.allclose(small(X), gated_out, **exact)
    assert small.query.weight.shape == (6 * len(kept), D) and small.output.weight.shape == (D, 6 * len(kept))
    assert small.n_heads == small.n_kv_heads == len(kept) and small(X).dtype == torch.float64


def test_keep_heads_equals_the_definition_in_numpy():
    module, kept = layer(), [1, 3, 4]
    runs = torch.arange(D).view(HEADS, 6)[kept].flatten().numpy()
    parts = (module.query, module.key, module.value, module.output)
    w_q, w_k, w_v, w_o = (part.weight.detach().numpy().T for part in parts)
    cut = reference.Projections(w_q[:, runs], w_k[:, runs], w_v[:, runs], w_o[runs])
    expected = reference.multi_head(X.numpy(), None, cut, 3)
    assert torch.allclose(keep_heads(module, kept)(X), torch.tensor(expected), **exact)


def test_all_heads_in_another_order_are_the_same_function():
    module, ring = layer(bias=True), [1, 2, 3, 4, 0]
    turned = keep_heads(module, ring)
    assert torch.allclose(turned(X), module(X), **exact)
    assert not torch.allclose(turned.query.weight, module.query.weight)
    for new, old in zip(turned.project(X), module.project(X)):
        assert torch.allclose(new, old[:, ring], **exact)


def test_the_layer_itself_is_left_as_it_was_and_the_small_one_learns():
    module = layer()
    before = [weight.clone() for weight in module.parameters()]
    small = keep_heads(module, [4, 2])
    small(X).sum().backward()
    with torch.no_grad():
        for weight in small.parameters():
            assert weight.requires_grad and weight.grad is not None
            weight.add_(1)
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters())) and module.n_heads == HEADS


def test_cutting_twice_counts_the_heads_that_are_left():
    module = layer()
    twice = keep_heads(keep_heads(module, [0, 2, 4]), [1, 2])
    assert torch.allclose(twice(X), keep_heads(module, [2, 4])(X), **exact)


def test_another_way_to_attend_is_kept():
    module = layer(attend=flash_attention)
    small = keep_heads(module, [3, 0])
    assert small.attend is flash_attention
    plain = keep_heads(layer(), [3, 0])(X, mask=torch.ones(N, N).tril().bool())
    assert torch.allclose(small(X, causal=True), plain, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("heads", "message"), [
    ([], "no head is kept"),
    ([1, 1], r"a head twice: \[1, 1\]"),
    ([0, 5], "heads 0 to 4, not 5"),
    ([-1], "heads 0 to 4, not -1"),
])
def test_heads_that_cannot_be_kept_are_named(heads, message):
    with pytest.raises(ValueError, match=message):
        keep_heads(layer(), heads)


def test_shared_heads_cannot_go_alone():
    with pytest.raises(ValueError, match="6 heads share 3 heads of keys and values"):
        keep_heads(MultiHead(D, 6, n_kv_heads=3), [0])


# Importance

def test_importance_is_the_slope_of_the_loss_against_the_gate_text_by_text():
    module, step, cancelled = layer(), 1e-6, []
    (found,) = head_importance([module], surprise(module), TEXTS)
    for h in range(HEADS):
        sides = []
        for gate in (1 + step, 1 - step):
            gates = torch.ones(HEADS, dtype=torch.float64)
            gates[h] = gate
            with gates_on([module], [gates]):
                sides.append(surprise(module)())
        slopes = (sides[0] - sides[1]) / (2 * step)
        assert abs(found[h] - slopes.abs().mean()) < 1e-6
        cancelled.append(float((slopes.abs().mean() - slopes.mean().abs()).detach()))
    assert max(cancelled) > 0.1, "without slopes of both signs the test cannot see where abs stands"


def test_importance_equals_output_times_gradient():
    """The second form of the paper: |Att_h . dL/dAtt_h|, from the merged heads by hand."""
    module = layer()
    q, k, v = (part.detach() for part in module.project(X))
    mixed = attention(q, k, v).requires_grad_()
    out = mixed.transpose(1, 2).reshape(TEXTS, N, D) @ module.output.weight.T
    (slope,) = torch.autograd.grad((3 * out).sin().sum(), mixed)
    expected = (mixed * slope).sum(dim=(-2, -1)).abs().mean(dim=0)
    (found,) = head_importance([module], surprise(module), TEXTS)
    assert torch.allclose(found, expected, rtol=0, atol=1e-10)


def test_a_head_that_writes_nothing_has_importance_0_and_layers_keep_apart():
    first, second = layer(1), layer(2)
    with torch.no_grad():
        first.output.weight[:, 12:18] = 0
    loss = lambda: (second(X + first(X))).sin().sum(dim=(-2, -1))  # noqa: E731
    one, two = head_importance([first, second], loss, TEXTS)
    assert one[2] == 0 and (one[[0, 1, 3, 4]] > 0).all() and (two > 0).all()


def test_importance_leaves_gradients_and_layers_alone_and_works_without_gradients():
    module = layer()
    before = module.attend
    with torch.no_grad():
        (found,) = head_importance([module], surprise(module), TEXTS)
    assert module.attend is before and all(weight.grad is None for weight in module.parameters())
    assert found.dtype == torch.float64 and found.shape == (HEADS,) and not found.requires_grad


def test_a_mean_over_the_batch_is_not_a_loss_a_sample():
    module = layer()
    with pytest.raises(ValueError, match=r"one number for each of 3 samples, not \(\)"):
        head_importance([module], lambda: surprise(module)().mean(), TEXTS)
