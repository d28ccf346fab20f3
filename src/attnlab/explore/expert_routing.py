"""Six tokens and four experts: scores, choice, weights, bias, capacity, and the load that comes of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnlab._counts import count
from attnlab.explore._explorable import Explorable, Numbers, Rows, table
from attnlab.reference import softmax
from attnlab.reference.layers import experts as of

TOKENS = ("the", "cat", "sat", "on", "a", "mat")
LOGITS = (
    (2.2, 0.6, 0.1, -0.4),
    (1.6, 1.3, -0.2, 0.2),
    (1.4, 0.2, 1.1, -0.6),
    (2.4, -0.1, 0.8, 0.3),
    (2.0, 0.4, 0.0, 0.5),
    (1.5, 1.2, -0.3, 0.1),
)
SCORES = ("softmax", "sigmoid")
WEIGHTS = ("add up to 1", "as they are")


def expert_routing(
    top_k: int = 1,
    score: str = "softmax",
    weigh: str = "add up to 1",
    bias: Numbers = (0.0, 0.0, 0.0, 0.0),
    factor: float = 0.0,
    tokens: Sequence[str] = TOKENS,
    logits: Rows = LOGITS,
) -> Explorable:
    """Who computes which token, how busy each expert is, and what a step of the balancing bias changes.

    `weigh` says what becomes of the chosen scores, `bias` is added for the choice alone, `factor` is that of the capacity, 0 for
    none. The logits are invented: the first expert is everybody's favourite.
    """
    logits = np.asarray(logits, dtype=float)
    if logits.ndim != 2 or len(tokens) != len(logits):
        raise ValueError(f"there are {len(tokens)} tokens for logits of shape {logits.shape}")
    n_experts = logits.shape[1]
    top_k = count("top_k", top_k, 1, n_experts)
    if len(bias) != n_experts:
        raise ValueError(f"there are {len(bias)} biases for {n_experts} experts")
    for name, value, allowed in (("score", score, SCORES), ("weigh", weigh, WEIGHTS)):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    if not 0 <= factor <= 2:
        raise ValueError(f"factor must be between 0 and 2 but is {factor}")
    state = {"tokens": list(tokens), "logits": logits.tolist(), "topk": top_k, "score": score, "weigh": weigh,
             "bias": [float(b) for b in bias], "factor": float(factor)}  # fmt: skip
    return Explorable("expert_routing", state, _table(state))


def routed(state: dict) -> tuple[of.Routing, np.ndarray]:
    """The routing, and which choices find a place."""
    score = softmax if state["score"] == "softmax" else of.sigmoid
    weigh = of.shares if state["weigh"] == "add up to 1" else of.unchanged
    logits = np.array(state["logits"])
    routing = of.route(logits, state["topk"], np.array(state["bias"]), score, weigh)
    if state["factor"] == 0:
        return routing, np.ones(routing.experts.shape, dtype=bool)
    return routing, of.admitted(routing.experts, of.capacity(*logits.shape, state["topk"], state["factor"]))


def _table(state: dict) -> str:
    routing, kept = routed(state)
    n_experts = len(state["bias"])
    rows = []
    for token, experts, weights, stays in zip(state["tokens"], *routing[:2], kept):
        given = {int(e): (f"{w:.2f}" if s else "dropped") for e, w, s in zip(experts, weights, stays)}
        rows.append((token, [given.get(e, "") for e in range(n_experts)]))
    rows.append(("choices", of.loads(routing.experts, n_experts).tolist()))
    caption = f"Weights of the chosen experts, {state['topk']} a token; balancing loss {of.balance_loss(routing):.2f} (1 is even)"
    return table(caption, [f"expert {e + 1}" for e in range(n_experts)], rows)
