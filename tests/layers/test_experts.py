"""Experts: routing against loops and against the public library, balance and capacity against counts by hand."""

from __future__ import annotations

import functools

import pytest
import torch
from compare import assert_same, normal
from torch import nn

from attnlab.layers import Experts, FeedForward, GatedFeedForward, Router
from attnlab.layers import experts as of
from attnlab.layers.experts import Routing, route

D, D_FF, N = 5, 7, 11


def t(seed: int, *shape: int) -> torch.Tensor:
    return torch.tensor(normal(seed, *shape))


LOGITS = t(0, 2, 3, N)
CHOSEN = torch.tensor([[0, 1], [0, 2], [1, 0], [0, 1], [2, 0]])


def with_weights(module: nn.Module) -> nn.Module:
    module = module.double()
    with torch.no_grad():
        for i, weight in enumerate(module.parameters()):
            weight.copy_(t(50 + i, *weight.shape))
    return module


def routed_by_hand(logits, top_k, bias=None, sigmoid=False, total=1.0):
    """Loops over tokens, Python's own sort."""
    rows = []
    for row in logits.reshape(-1, N).tolist():
        row = torch.tensor(row, dtype=torch.float64)
        scores = (torch.sigmoid(row) if sigmoid else torch.exp(row) / torch.exp(row).sum()).tolist()
        moved = [s + (0 if bias is None else float(bias[e])) for e, s in enumerate(scores)]
        best = sorted(range(N), key=lambda e: -moved[e])[:top_k]
        whole = sum(scores[e] for e in best)
        rows.append(([e for e in best], [total * scores[e] / whole for e in best]))
    shape = (*logits.shape[:-1], top_k)
    return (
        torch.tensor([r[0] for r in rows]).view(shape),
        torch.tensor([r[1] for r in rows], dtype=torch.float64).view(shape),
    )


@pytest.mark.parametrize("top_k", [1, 2, 3, N])
@pytest.mark.parametrize("sigmoid", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_routing_by_hand(top_k, sigmoid, biased):
    bias = t(1, N) if biased else None
    found = route(LOGITS, top_k, bias, torch.sigmoid if sigmoid else of.softmax)
    experts, weights = routed_by_hand(LOGITS, top_k, bias, sigmoid)
    assert_same(found.experts, experts, atol=0)
    assert_same(found.weights, weights)


def test_shares_of_softmax_are_the_softmax_of_the_chosen_logits():
    found = route(LOGITS, 3)
    assert_same(found.weights, torch.softmax(LOGITS.gather(-1, found.experts), dim=-1))
    assert_same(found.weights.sum(-1), torch.ones(2, 3).double())
    assert_same(route(LOGITS, 3, weigh=functools.partial(of.shares, total=2.5)).weights, 2.5 * found.weights)
    assert_same(route(LOGITS, 3, weigh=of.unchanged).weights, torch.softmax(LOGITS, -1).gather(-1, found.experts))


def test_one_expert_with_shares_teaches_the_router_nothing():
    for weigh, learns in ((of.shares, False), (of.unchanged, True)):
        logits = LOGITS.clone().requires_grad_()
        (route(logits, 1, weigh=weigh).weights * t(3, 2, 3, 1)).sum().backward()
        assert (logits.grad.abs().max() > 1e-3) == learns


def test_of_equal_experts_the_first():
    assert route(torch.zeros(3, N), 2).experts.tolist() == [[0, 1]] * 3


def test_a_bias_moves_the_choice_and_not_the_weights():
    bias = torch.zeros(N).double()
    bias[4] = 100
    bias.requires_grad_()
    found = route(LOGITS, 2, bias)
    assert (found.experts[..., 0] == 4).all() and not found.scores.isnan().any()
    assert_same(found.weights, of.shares(found.scores.gather(-1, found.experts)))
    assert_same(found.scores, of.softmax(LOGITS), atol=0)
    assert not found.weights.requires_grad


def test_groups_by_hand():
    scores = torch.tensor([[0.9, 0.0, 0.5, 0.5, 0.6, 0.3]], dtype=torch.float64)  # pairs: 0.9, 1.0, 0.9
    assert of.best_groups(scores, 3, 1).tolist() == [[False, False, True, True, False, False]]
    assert of.best_groups(scores, 3, 2).tolist() == [[True, True, True, True, False, False]]
    assert of.best_groups(scores, 3, 1, n_best=1).tolist() == [[True, True, False, False, False, False]]
    assert of.best_groups(scores, 3, 3).all()
    limit = functools.partial(of.best_groups, n_groups=3, n_kept=1)
    assert route(scores, 2, score=torch.sigmoid, limit=limit).experts.tolist() == [[2, 3]]
    negative = torch.tensor([-5.0, -4, -9, -8, -1, -2], dtype=torch.float64)  # a bias may push scores below 0: what is out stays out
    found = route(scores, 2, negative, torch.sigmoid, limit=functools.partial(of.best_groups, n_groups=3, n_kept=1))
    assert found.experts.tolist() == [[4, 5]]


def test_loads_and_balance_by_hand():
    assert of.loads(CHOSEN, 4).tolist() == [5, 3, 2, 0]
    scores = torch.tensor([[0.5, 0.3, 0.1, 0.1]] * 5, dtype=torch.float64)
    expected = 4 * (0.5 * 0.5 + 0.3 * 0.3 + 0.2 * 0.1)
    assert abs(of.balance_loss(Routing(CHOSEN, None, scores)._replace(weights=scores[:, :2])).item() - expected) < 1e-12


def test_the_loss_is_one_for_even_choices_and_largest_for_one():
    even = torch.eye(N).double() * 60
    assert abs(of.balance_loss(route(even, 1)).item() - 1) < 1e-12
    assert abs(of.balance_loss(route(t(1, 40, N) * 0, 1)).item() - 1) < 1e-12
    alone = torch.zeros(N).double()
    alone[:2] = 60
    assert abs(of.balance_loss(route(alone.expand(9, N), 2)).item() - N / 2) < 1e-9


def test_scores_are_shared_out_before_they_are_averaged():
    routing = route(LOGITS, 2, score=torch.sigmoid)
    doubled = routing._replace(scores=routing.scores * t(2, 2, 3, 1).exp())
    assert abs(of.balance_loss(routing) - of.balance_loss(doubled)) < 1e-12


def test_padding_does_not_count():
    counted = torch.tensor([[True, True, False], [True, False, False]])
    alone = route(LOGITS[counted], 2)
    assert abs(of.balance_loss(route(LOGITS, 2), counted) - of.balance_loss(alone)) < 1e-12
    with pytest.raises(ValueError, match="at least one token"):
        of.balance_loss(route(LOGITS, 2), torch.zeros(2, 3, dtype=torch.bool))


def test_the_loss_is_that_of_the_public_library_divided_by_top_k():
    from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

    rows = LOGITS.flatten(0, -2).float()
    for top_k in (1, 2, 3):
        theirs = load_balancing_loss_func((rows,), N, top_k)
        assert abs(of.balance_loss(route(rows, top_k)) - theirs / top_k) < 1e-6


def test_its_gradient_lowers_the_busy():
    logits = torch.zeros(4, N).double()
    logits[:, 3] = 1.0
    logits.requires_grad_()
    of.balance_loss(route(logits, 1)).backward()
    assert (logits.grad[:, 3] > 0).all() and (logits.grad[:, :3] < 0).all()


def test_nudges():
    bias = torch.tensor([0.5, -0.5, 0.0, 0.0], dtype=torch.float64)
    moved = of.nudged(bias, CHOSEN, 0.1)  # loads 5, 3, 2, 0 around 2.5
    assert_same(moved, torch.tensor([0.4, -0.6, 0.1, 0.1], dtype=torch.float64))
    assert_same(of.nudged(bias, torch.arange(4)[:, None], 0.1), bias, atol=0)


def test_capacity():
    assert [of.capacity(12, 4), of.capacity(13, 4), of.capacity(12, 4, 2, 1.25), of.capacity(0, 4)] == [3, 4, 8, 0]
    assert of.capacity(10, 1, factor=1.1) == 11  # 11.000000000000002
    for factor in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="factor must be above 0"):
            of.capacity(3, 3, factor=factor)


def test_places_are_given_to_first_choices_first():
    assert of.admitted(CHOSEN, 2).tolist() == [
        [True, True],
        [True, True],
        [True, False],
        [False, False],
        [True, False],
    ]
    assert of.admitted(CHOSEN, 0).sum() == 0 and of.admitted(CHOSEN, 5).all()
    assert of.admitted(CHOSEN.view(5, 1, 2), 2).shape == (5, 1, 2)


def test_numpy_says_the_same():
    from attnlab.reference.layers import experts as np_experts

    logits, bias = LOGITS.numpy(), normal(1, N)
    for ours, theirs in ((of.softmax, np_experts.softmax), (torch.sigmoid, np_experts.sigmoid)):
        for top_k in (1, 3):
            routing, twin = route(LOGITS, top_k, t(1, N), ours), np_experts.route(logits, top_k, bias, theirs)
            for a, b in zip(routing, twin):
                assert_same(a.numpy(), b)
            assert abs(of.balance_loss(routing).item() - np_experts.balance_loss(twin)) < 1e-12
            assert_same(of.nudged(t(1, N), routing.experts, 0.1).numpy(), np_experts.nudged(bias, twin.experts, 0.1))
            assert_same(of.admitted(routing.experts, 2).numpy(), np_experts.admitted(twin.experts, 2))
    assert_same(of.best_groups(t(3, 7, 12), 4, 2).numpy(), np_experts.best_groups(normal(3, 7, 12), 4, 2))
    logits = LOGITS.clone().requires_grad_()
    of.balance_loss(route(logits, 2)).backward()
    assert_same(logits.grad.numpy(), np_experts.balance_loss_gradient(np_experts.route(LOGITS.numpy(), 2)))


def by_loops(module, x):
    rows = []
    for row in x.reshape(-1, D):
        routing = module.router(row[None])
        total = torch.zeros(D).double()
        for e, w in zip(routing.experts[0].tolist(), routing.weights[0]):
            total = total + w * module.experts[e](row[None])[0]
        rows.append(total if module.shared is None else total + module.shared(row[None])[0])
    return torch.stack(rows).view(x.shape)


@pytest.mark.parametrize("top_k", [1, 3, N])
@pytest.mark.parametrize("shared", [False, True])
def test_experts_are_loops_over_tokens(top_k, shared):
    make = lambda: GatedFeedForward(D, D_FF)
    module = with_weights(Experts(Router(D, N, top_k), make, make() if shared else None))
    x = t(1, 2, 3, D).requires_grad_()
    assert_same(module(x), by_loops(module, x))
    ours, theirs = (torch.autograd.grad((run(x) * t(2, 2, 3, D)).sum(), [x, *module.router.parameters()])
                    for run in (module, lambda x: by_loops(module, x)))
    for a, b in zip(ours, theirs):
        assert_same(a, b)


def test_every_expert_and_equal_experts_are_one():
    make = lambda: FeedForward(D, D_FF)
    module = with_weights(Experts(Router(D, N, 4), make))
    for expert in module.experts[1:]:
        expert.load_state_dict(module.experts[0].state_dict())
    x = t(1, 3, D)
    assert_same(module(x), module.experts[0](x))


def test_what_is_not_admitted_is_left_out():
    module = with_weights(Experts(Router(D, N, 2), lambda: FeedForward(D, D_FF), admit=lambda e: torch.zeros_like(e, dtype=torch.bool)))
    x = t(1, 4, D)
    assert_same(module(x), torch.zeros(4, D).double(), atol=0)
    module.admit = lambda e: (torch.arange(2) < 1).expand(e.shape)
    routing = module.router(x)
    first = torch.stack([w[0] * module.experts[e[0]](row[None])[0] for row, e, w in zip(x, routing.experts, routing.weights)])
    assert_same(module(x), first)


def test_only_chosen_experts_run():
    calls = []

    class Counted(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = FeedForward(D, D_FF)

        def forward(self, x):
            calls.append(len(x))
            return self.inner(x)

    module = with_weights(Experts(Router(D, N, 2), Counted))
    module(t(1, 3, 4, D))
    assert sum(calls) == 24 and 0 not in calls
    calls.clear()
    module.admit = lambda e: torch.arange(2) < torch.ones_like(e)
    module(t(1, 3, 4, D))
    assert sum(calls) == 12


def test_the_balancing_bias_is_saved_and_is_no_parameter():
    router = Router(D, 4, 2).double()
    assert [name for name, _ in router.named_parameters()] == ["project.weight"]
    assert "balance" in router.state_dict()
    router.rebalance(Routing(CHOSEN, None, None), 0.1)
    assert_same(router.balance, torch.tensor([-0.1, -0.1, 0.1, 0.1], dtype=torch.float64))


def test_watching():
    model = with_weights(nn.Sequential(*(Experts(Router(D, N, 2), lambda: FeedForward(D, D_FF)) for _ in range(3))))
    x = t(1, 4, D)
    with of.watched(model) as seen:
        model(x)
    assert len(seen) == 3
    assert_same(seen[0].experts, model[0].router(x).experts, atol=0)
    model(x)
    assert len(seen) == 3


def test_errors():
    with pytest.raises(ValueError, match="top_k must be between 1 and 11 but is 12"):
        route(LOGITS, 12)
    with pytest.raises(ValueError, match="top_k must be between 1 and 11 but is 0"):
        Router(D, N, 0)
    with pytest.raises(ValueError, match="n_groups = 4 does not divide n_experts = 11"):
        of.best_groups(LOGITS, 4, 1)
    with pytest.raises(ValueError, match="n_kept must be between 1 and 11 but is 12"):
        of.best_groups(LOGITS, 11, 12)
    with pytest.raises(ValueError, match="top_k = 2 but the limit leaves 1"):
        route(LOGITS, 2, limit=functools.partial(of.best_groups, n_groups=11, n_kept=1, n_best=1))
    with pytest.raises(ValueError, match="x has width 6"):
        Router(D, N, 2)(torch.zeros(3, 6))


@pytest.mark.parametrize("name", ["mixtral", "deepseek"])
def test_the_layer_of_the_public_library(name):
    theirs, ours = PUBLIC[name]()
    x = t(9, 2, 17, 6)
    expected = theirs(x)
    assert ((ours(x) - expected).abs().max() / expected.abs().max()).item() < 1e-6


def filled(module):
    with torch.no_grad():
        for i, weight in enumerate([*module.parameters(), *module.buffers()]):
            weight.copy_(0.3 * t(70 + i, *weight.shape))
    return module.double().eval()


def copied(ours, theirs, biased=False):
    with torch.no_grad():
        ours.router.project.weight.copy_(theirs.gate.weight)
        if biased:
            ours.router.balance.copy_(theirs.gate.e_score_correction_bias)
        for e, expert in enumerate(ours.experts):
            gate, expand = theirs.experts.gate_up_proj[e].chunk(2)
            expert.gate.weight.copy_(gate)
            expert.expand.weight.copy_(expand)
            expert.contract.weight.copy_(theirs.experts.down_proj[e])
    return theirs, ours


def mixtral():
    from transformers import MixtralConfig
    from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

    config = MixtralConfig(hidden_size=6, intermediate_size=7, num_local_experts=5, num_experts_per_tok=2)
    config._experts_implementation = "eager"
    ours = Experts(Router(6, 5, 2), lambda: GatedFeedForward(6, 7)).double()
    return copied(ours, filled(MixtralSparseMoeBlock(config)))


def deepseek():
    from transformers import DeepseekV3Config
    from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3MoE

    config = DeepseekV3Config(hidden_size=6, moe_intermediate_size=7, n_routed_experts=12, num_experts_per_tok=3, n_group=4,
                              topk_group=2, n_shared_experts=2, routed_scaling_factor=2.5)
    config._experts_implementation = "eager"
    theirs = filled(DeepseekV3MoE(config))
    limit = functools.partial(of.best_groups, n_groups=4, n_kept=2)
    how = functools.partial(route, score=torch.sigmoid, weigh=functools.partial(of.shares, total=2.5), limit=limit)
    make = lambda d_ff=7: GatedFeedForward(6, d_ff)
    ours = Experts(Router(6, 12, 3, how), make, make(14)).double()
    with torch.no_grad():
        for name, weight in ours.shared.named_parameters():
            their = {"gate": "gate_proj", "expand": "up_proj", "contract": "down_proj"}[name.split(".")[0]]
            weight.copy_(getattr(theirs.shared_experts, their).weight)
    return copied(ours, theirs, biased=True)


PUBLIC = {"mixtral": mixtral, "deepseek": deepseek}
