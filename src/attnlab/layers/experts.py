"""Many feed-forward networks, of which each token uses a few: a router scores them, the best are run, their results added."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnlab._counts import count
from attnlab._shapes import Bool, Float, Integer
from attnlab.layers._doors import need_width
from attnlab.layers._hooks import hooked


class Routing(NamedTuple):
    """Who computes a token: `experts` and `weights` (*tokens, top_k), the best first; `scores` (*tokens, n_experts)."""

    experts: Tensor
    weights: Tensor
    scores: Tensor


def softmax(logits: Float[Tensor, "*tokens n_experts"]) -> Float[Tensor, "*tokens n_experts"]:
    """exp(logit) / sum over the experts: they compete for each token."""
    return torch.softmax(logits, dim=-1)


def shares(scores: Float[Tensor, "*tokens top_k"], total: float = 1.0) -> Float[Tensor, "*tokens top_k"]:
    """total * score / sum of the chosen scores.

    With `softmax` and a total of 1: the softmax of the chosen logits alone. With one chosen expert it is the
    total whatever the score, and the router learns nothing from what the expert is good for.
    """
    return total * scores / scores.sum(dim=-1, keepdim=True)


def unchanged(scores: Float[Tensor, "*tokens top_k"]) -> Float[Tensor, "*tokens top_k"]:
    """The chosen scores as they are. Source: [fedus2022, equation 2], there with one expert a token."""
    return scores


def route(
    logits: Float[Tensor, "*tokens n_experts"],
    top_k: int,
    bias: Float[Tensor, " n_experts"] | None = None,
    score: Callable = softmax,
    weigh: Callable = shares,
    limit: Callable | None = None,
) -> Routing:
    """The `top_k` experts of the largest score + bias, weighted by weigh(their scores).

    bias: moves the choice and not the weights; no gradient passes through it.
    score: `softmax` (experts compete) or `torch.sigmoid` (each by itself).
    weigh: `shares`, `unchanged`, or shares of another total.
    limit: a function of score + bias that says which experts may be chosen, such as `best_groups`.
    Of equal experts the first is taken.
    Errors: ValueError unless top_k is between 1 and the number of experts that may be chosen.
    Source: softmax, then the best: [shazeer2017, section 2.1, without the noise]; [jiang2024, section 2.1];
        sigmoid, bias, limit: [deepseek2024v3, section 2.1.2, equations 13 to 16].
    """
    n_experts = logits.shape[-1]
    top_k = count("top_k", top_k, 1, n_experts)
    scores = score(logits)
    wanted = (scores if bias is None else scores + bias).detach()
    if limit is not None:
        may = limit(wanted)
        if (may.sum(dim=-1) < top_k).any():
            raise ValueError(f"top_k = {top_k} but the limit leaves {int(may.sum(dim=-1).min())} experts to choose from")
        wanted = wanted.masked_fill(~may, -math.inf)
    experts = _largest(wanted, top_k)
    return Routing(experts, weigh(scores.gather(-1, experts)), scores)


def best_groups(
    scores: Float[Tensor, "*tokens n_experts"], n_groups: int, n_kept: int, n_best: int = 2
) -> Bool[Tensor, "*tokens n_experts"]:
    """True for the experts of the `n_kept` best of `n_groups` equal groups; a group is as good as its `n_best` best together.

    Experts that stand on one machine form a group: a token is then sent to few machines.
    Errors: ValueError unless n_groups divides the number of experts and n_kept is at most n_groups.
    Source: [deepseek2024v3, section 2.1.2, node-limited routing].
    """
    n_experts = scores.shape[-1]
    n_groups = count("n_groups", n_groups, 1, n_experts)
    if n_experts % n_groups:
        raise ValueError(f"n_groups = {n_groups} does not divide n_experts = {n_experts}")
    n_kept = count("n_kept", n_kept, 1, n_groups)
    size = n_experts // n_groups
    groups = scores.unflatten(-1, (n_groups, size))
    worth = groups.topk(count("n_best", n_best, 1, size), dim=-1).values.sum(dim=-1)
    kept = torch.zeros_like(worth, dtype=torch.bool).scatter(-1, _largest(worth, n_kept), True)
    return kept.repeat_interleave(size, dim=-1)


def loads(experts: Integer[Tensor, "*tokens top_k"], n_experts: int) -> Integer[Tensor, " n_experts"]:
    """How many choices fell on each expert."""
    return torch.bincount(experts.flatten(), minlength=count("n_experts", n_experts, at_least=1))


def balance_loss(routing: Routing, counted: Bool[Tensor, "*tokens"] | None = None) -> Float[Tensor, ""]:
    """n_experts * sum over the experts of (share of the choices) * (mean share of the scores).

    1 where either is the same for all experts; n_experts / top_k where softmax sends every token to the same experts
    and gives the others nothing. The gradient passes through the scores alone: choices are counted.
    counted: the tokens that count (not the padding); all unless given.
    Errors: ValueError where none does.
    Source: [fedus2022, equations 4 to 6], for top_k = 1; with more, the counts are divided by top_k. In sigmoid's
        scores: [deepseek2024v3, equations 17 to 20].
    """
    n_experts = routing.scores.shape[-1]
    if counted is not None:
        routing = Routing(*(part[counted] for part in routing))
    if routing.scores.numel() == 0:
        raise ValueError("a balancing loss needs at least one token")
    scores = routing.scores.reshape(-1, n_experts)
    mean = (scores / scores.sum(dim=-1, keepdim=True)).mean(dim=0)
    chosen = loads(routing.experts, n_experts).to(mean.dtype) / routing.experts.numel()
    return n_experts * (chosen * mean).sum()


def nudged(
    bias: Float[Tensor, " n_experts"], experts: Integer[Tensor, "*tokens top_k"], rate: float
) -> Float[Tensor, " n_experts"]:
    """bias + rate * sign(mean load - load): the busy are made a little less attractive, the idle a little more.

    No gradient, and no part of the loss.
    Source: [wang2024, algorithm 1]; [deepseek2024v3, section 2.1.2].
    """
    load = loads(experts, len(bias)).to(bias.dtype)
    return bias + rate * torch.sign(load.mean() - load)


def capacity(n_tokens: int, n_experts: int, top_k: int = 1, factor: float = 1.0) -> int:
    """factor * n_tokens * top_k / n_experts, rounded up: the places of an expert; factor 1 just fits a perfect balance.

    Source: [fedus2022, equation 3], there with one expert a token.
    """
    if not 0 < factor < math.inf:
        raise ValueError(f"factor must be above 0 and finite but is {factor}")
    n_experts = count("n_experts", n_experts, at_least=1)
    choices = count("n_tokens", n_tokens) * count("top_k", top_k, at_least=1)
    return math.ceil(round(factor * choices / n_experts, 9))


def admitted(experts: Integer[Tensor, "*tokens top_k"], places: int) -> Bool[Tensor, "*tokens top_k"]:
    """Whether each choice finds a place: all first choices come before all second ones, earlier tokens before later.

    What is not admitted is dropped: the token goes on without that expert, and if it lost all, with its residual alone.
    Source: the order: [lepikhin2021, section 2.2, algorithm 1].
    """
    places = count("places", places)
    if experts.numel() == 0:
        return torch.zeros_like(experts, dtype=torch.bool)
    flat = experts.reshape(-1, experts.shape[-1])
    in_turn = flat.mT.flatten().long()
    hot = torch.nn.functional.one_hot(in_turn)
    before = (hot.cumsum(dim=0) - hot).gather(-1, in_turn[:, None])[:, 0]
    return (before < places).view(flat.mT.shape).mT.reshape(experts.shape)


class Router(nn.Module):
    """how(x W, top_k, bias): who computes each token.

    how: `route`, or `route` with its options set by `functools.partial`.
    bias: whether the logits have a learned bias. (The one that balances, `balance`, is a buffer: it starts at 0 and is
        moved by `rebalance`, not by the optimiser.)
    """

    def __init__(self, d_model: int, n_experts: int, top_k: int, how: Callable = route, bias: bool = False):
        super().__init__()
        n_experts = count("n_experts", n_experts, at_least=1)
        self.n_experts, self.top_k, self.how = n_experts, count("top_k", top_k, 1, n_experts), how
        self.project = nn.Linear(count("d_model", d_model, at_least=1), n_experts, bias)
        self.register_buffer("balance", torch.zeros(n_experts))

    def forward(self, x: Float[Tensor, "*tokens d_model"]) -> Routing:
        need_width(x, self.project.in_features)
        return self.how(self.project(x), self.top_k, self.balance)

    def rebalance(self, routing: Routing, rate: float) -> None:
        """Move the balancing bias by one step of `nudged`, after a batch was routed."""
        self.balance.copy_(nudged(self.balance, routing.experts, rate))


class Experts(nn.Module):
    """sum over the chosen experts of weight * expert(x), + shared(x) where there is one: a feed-forward layer in a block.

    router: a `Router`, or any module of x that gives a `Routing` and knows `n_experts`.
    make: a function that makes one expert, such as `lambda: GatedFeedForward(d_model, d_ff)`.
    shared: a feed-forward network that every token uses, besides those it is sent to.
    admit: a function of the chosen experts (*tokens, top_k) that says which choices are computed, such as one made of
        `admitted`; all unless given.
    An expert runs on the rows that chose it, together: the cost grows with top_k and not with n_experts.
    Source: [shazeer2017, equation 1]; shared experts: [dai2024, section 3.2].
    """

    def __init__(
        self,
        router: nn.Module,
        make: Callable[[], nn.Module],
        shared: nn.Module | None = None,
        admit: Callable | None = None,
    ):
        super().__init__()
        self.router, self.shared, self.admit = router, shared, admit
        self.experts = nn.ModuleList(make() for _ in range(router.n_experts))

    def forward(self, x: Float[Tensor, "*tokens d_model"]) -> Float[Tensor, "*tokens d_model"]:
        routing = self.router(x)
        weights = routing.weights
        if self.admit is not None:
            weights = weights * self.admit(routing.experts)
        rows, chosen, weights = (part.reshape(-1, part.shape[-1]) for part in (x, routing.experts, weights))
        mixed = torch.zeros_like(rows)
        for number, expert in enumerate(self.experts):
            row, place = torch.where((chosen == number) & (weights != 0))
            if len(row):
                mixed = mixed.index_add(0, row, weights[row, place, None].to(x.dtype) * expert(rows[row]))
        mixed = mixed.view(x.shape)
        return mixed if self.shared is None else mixed + self.shared(x)


@contextlib.contextmanager
def watched(model: nn.Module) -> Iterator[list[Routing]]:
    """A list to which every `Router` of `model`, and what else routes an `Experts`, adds the routing of each call, in the order in which they run."""
    seen: list[Routing] = []
    routers = [x for x in model.modules() if isinstance(x, Router)] + [x.router for x in model.modules() if isinstance(x, Experts)]
    with hooked(x.register_forward_hook(lambda _, given, routing: seen.append(routing)) for x in dict.fromkeys(routers)):
        yield seen


def _largest(x: Tensor, k: int) -> Tensor:
    """Places of the `k` largest, the largest first; of equal ones the first."""
    return x.sort(dim=-1, descending=True, stable=True).indices[..., :k]
