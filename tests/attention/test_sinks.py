from __future__ import annotations

import math

import pytest
import torch
from compare import assert_same, normal

from attnlab import attention as ours
from attnlab.attention import sinks
from attnlab.attention.sinks import Sinks, sink_attention, sink_gate, sink_weights
from attnlab.attention.core import masked_scores
from attnlab.masks import causal, positions
from attnlab.reference import sinks as np_sinks
from attnlab.reference.attention import masked_scores as np_masked_scores

B, H, N, M, D, DV = 2, 3, 5, 7, 11, 13


def tensor(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


Q, K, V = tensor(0, B, H, N, D), tensor(1, B, H, M, D), tensor(2, B, H, M, DV)
SINK, BIAS = torch.tensor([-1.5, 0.0, 2.5], dtype=torch.float64), tensor(3, H, N, M)
MASK = causal(*positions(N, M, torch.zeros(())))
BLIND = MASK.clone()
BLIND[2] = False
CASES = {
    "plain": {},
    "causal": {"mask": MASK},
    "biased": {"bias": BIAS},
    "blind row": {"mask": BLIND},
    "all": {"mask": BLIND, "bias": BIAS, "scale": 0.3},
    "padding": {"mask": torch.arange(M) < torch.tensor([4, M])[:, None, None, None]},
}
cases = pytest.mark.parametrize("given", CASES.values(), ids=CASES)


def by_loops(q, k, v, sink, mask=None, bias=None, scale=None):
    """One query at a time, in Python's own numbers: the sink is a term of the sum and nothing else."""
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    out = torch.zeros(*q.shape[:-1], v.shape[-1], dtype=torch.float64)
    for b in range(q.shape[0]):
        for h in range(q.shape[1]):
            for i in range(q.shape[2]):
                powers = []
                for j in range(k.shape[2]):
                    s = scale * math.fsum((q[b, h, i] * k[b, h, j]).tolist())
                    s += 0 if bias is None else float(bias.expand(B, H, N, M)[b, h, i, j])
                    seen = mask is None or bool(mask.expand(B, H, N, M)[b, h, i, j])
                    powers.append(math.exp(s) if seen else 0.0)
                total = math.fsum(powers) + math.exp(float(sink[h]))
                for j, power in enumerate(powers):
                    out[b, h, i] += power / total * v[b, h, j]
    return out


@cases
def test_three_forms_are_one(given):
    """An extra key of value zero, an extra term in the denominator, a sigmoid gate on the output; and by loops."""
    extra_key = sink_attention(Q, K, V, SINK, **given)
    extra_term = sink_weights(Q, K, SINK, **given) @ V
    gate = sink_gate(Q, K, SINK, **given) * ours.attention(Q, K, V, **given)
    for form in (extra_key, extra_term, gate):
        assert_same(form, by_loops(Q, K, V, SINK, **given))


@cases
def test_the_numpy_definition_agrees(given):
    arrays = {name: x.numpy() if torch.is_tensor(x) else x for name, x in given.items()}
    q, k, v, sink = (x.numpy() for x in (Q, K, V, SINK))
    assert_same(torch.tensor(np_sinks.sink_attention(q, k, v, sink, **arrays)), sink_attention(Q, K, V, SINK, **given))
    assert_same(torch.tensor(np_sinks.sink_weights(q, k, sink, **arrays)), sink_weights(Q, K, SINK, **given))


@cases
def test_gradients_of_the_three_forms_agree_and_are_finite(given):
    grads = []
    for form in (
        lambda q, k, v, s: sink_attention(q, k, v, s, **given),
        lambda q, k, v, s: sink_weights(q, k, s, **given) @ v,
        lambda q, k, v, s: sink_gate(q, k, s, **given) * ours.attention(q, k, v, **given),
    ):
        leaves = [x.clone().requires_grad_() for x in (Q, K, V, SINK)]
        form(*leaves).square().sum().backward()
        grads.append([x.grad for x in leaves])
    for other in grads[1:]:
        for one, two in zip(grads[0], other, strict=True):
            assert torch.isfinite(one).all()
            assert_same(two, one)


def test_what_a_sink_does_to_a_row():
    """Rows sum to the gate; the more the sink, the less; ratios between keys stay; a very low sink is none."""
    weights, gate = sink_weights(Q, K, SINK, MASK), sink_gate(Q, K, SINK, MASK)
    assert_same(weights.sum(-1, keepdim=True), gate)
    assert (sink_gate(Q, K, SINK + 1, MASK) < gate).all()
    plain = ours.attention_weights(Q, K, MASK)
    assert_same(weights, gate * plain)
    assert_same(sink_attention(Q, K, V, torch.tensor(-800.0, dtype=torch.float64)), ours.attention(Q, K, V))
    high = sink_attention(Q, K, V, torch.tensor(800.0, dtype=torch.float64))
    assert_same(high, torch.zeros_like(high))


def test_adding_to_scores_and_sink_alike_changes_nothing_but_to_scores_alone_does():
    moved = {"bias": BIAS + 2.0}
    assert_same(sink_attention(Q, K, V, SINK + 2, **moved), sink_attention(Q, K, V, SINK, bias=BIAS))
    assert (sink_gate(Q, K, SINK, **moved) > sink_gate(Q, K, SINK, bias=BIAS)).all()


@cases
def test_masked_scores_are_what_the_softmax_is_given(given):
    scores = masked_scores(Q, K, **given)
    arrays = {name: x.numpy() if torch.is_tensor(x) else x for name, x in given.items()}
    hidden = torch.isneginf(scores)
    assert (hidden == ~given.get("mask", torch.ones(N, M, dtype=torch.bool)).expand(B, H, N, M)).all()
    in_numpy = torch.tensor(np_masked_scores(Q.numpy(), K.numpy(), **arrays))
    assert (torch.isneginf(in_numpy) == hidden).all()
    assert_same(in_numpy.masked_fill(hidden, 0.0), scores.masked_fill(hidden, 0.0))
    assert_same(Q @ K.mT * given.get("scale", D**-0.5) + given.get("bias", 0), masked_scores(Q, K, **{**given, "mask": None}))


def test_no_keys_at_all():
    nothing = sink_attention(Q, K[..., :0, :], V[..., :0, :], SINK)
    assert_same(nothing, torch.zeros(B, H, N, DV, dtype=torch.float64))
    assert sink_weights(Q, K[..., :0, :], SINK).shape == (B, H, N, 0)
    assert_same(sink_gate(Q, K[..., :0, :], SINK), torch.zeros(B, H, N, 1, dtype=torch.float64))


def module(attend, n_heads: int, sink) -> Sinks:
    part = Sinks(attend, n_heads).double()
    with torch.no_grad():
        part.sink.copy_(sink)
    return part


@cases
def test_the_module_is_the_first_form(given):
    assert_same(module(ours.attention, H, SINK)(Q, K, V, **given), sink_attention(Q, K, V, SINK, **given))


def test_the_module_around_grouped_heads():
    sink = torch.tensor([0.3, -1.0, 2.0, 0.7, 0.0, 1.1], dtype=torch.float64)
    q = tensor(7, B, 6, N, D)
    part, other = module(ours.grouped_attention, 6, sink), module(ours.attention, 6, sink)
    whole = sink_attention(q, ours.repeat_heads(K, 6), ours.repeat_heads(V, 6), sink, MASK)
    assert_same(part(q, K, V, mask=MASK), whole)
    assert_same(other(q, K, V, mask=MASK), whole)
    weights = sink_weights(q, ours.repeat_heads(K, 6), sink, MASK)
    assert_same(ours.weights_of(part, q, K, mask=MASK), weights)


def test_a_layer_of_them_learns_its_sinks_and_starts_at_nought():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = ours.MultiHead(12, 3, attend=Sinks(ours.attention, 3)).double()
    x = tensor(9, B, N, 12)
    assert layer.attend.sink.tolist() == [0, 0, 0]
    layer(x).square().sum().backward()
    assert (layer.attend.sink.grad != 0).all()
    with torch.no_grad():
        layer.attend.sink.fill_(60.0)
    assert_same(layer(x), torch.zeros_like(x))


def test_low_precision_is_rounded_once():
    q, k, v = (x.bfloat16() for x in (Q, K, V))
    exact = sink_attention(q.double(), k.double(), v.double(), SINK)
    for low in (sink_attention(q, k, v, SINK.bfloat16()), sink_weights(q, k, SINK.float()).float() @ v.float()):
        assert (low.double() - exact).abs().max() < 0.02
    assert sink_attention(q, k, v, SINK.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize("function", [sink_weights, sink_gate, lambda q, k, s: sink_attention(q, k, V, s)])
@pytest.mark.parametrize(
    ("sink", "error", "text"),
    [
        (torch.zeros(4), ValueError, r"sink has shape \(4,\) but the leading axes of q and k are \(2, 3\)"),
        (torch.zeros(5, 2, 3), ValueError, r"sink has shape \(5, 2, 3\)"),
        (torch.tensor([0.0, math.nan, 0.0]), ValueError, "sink holds NaN or infinity"),
        (torch.zeros(3, dtype=torch.int64), TypeError, "sink must hold floats but its dtype is torch.int64"),
    ],
)
def test_bad_sinks(as_readers_run_it, function, sink, error, text):
    with pytest.raises(error, match=text):
        function(Q, K, sink)


def test_other_bad_input(as_readers_run_it):
    with pytest.raises(ValueError, match="q has 3 heads but there are 4 sinks"):
        Sinks(ours.attention, 4)(Q, K, V)
    with pytest.raises(ValueError, match="n_heads must be at least 1 but is 0"):
        Sinks(ours.attention, 0)
    with pytest.raises(ValueError, match=r"sink has shape \(4,\)"):
        np_sinks.sink_weights(Q.numpy(), K.numpy(), normal(0, 4))
    with pytest.raises(TypeError, match="mask must be boolean"):
        sinks.sink_weights(Q, K, SINK, mask=torch.ones(N, M))
