"""Expert routing: its table, what it refuses, and its arithmetic in JavaScript against NumPy."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore
from attnlab.explore import WIDGETS
from attnlab.explore.expert_routing import routed
from attnlab.reference.layers import experts

ROUTING = WIDGETS / "expert_routing.js"


def random_state(seed: int, **options) -> dict:
    rng = np.random.default_rng(seed)
    state = {"tokens": [f"w{i}" for i in range(7)], "logits": rng.normal(size=(7, 5)).tolist(), "bias": (rng.normal(size=5) / 4).tolist()} | options
    return explore.expert_routing(**state).state


STATES = [
    random_state(seed, top_k=k, score=score, weigh=weigh, factor=factor)
    for seed, (k, score, weigh, factor) in enumerate(
        (k, score, weigh, factor)
        for k in (1, 2, 5)
        for score in ("softmax", "sigmoid")
        for weigh in ("add up to 1", "as they are")
        for factor in (0, 0.5, 1, 1.25)
    )
]


def test_the_routing_in_javascript_is_that_of_the_package():
    for state, rows, kept in zip(STATES, run(ROUTING, *[["routing", s] for s in STATES]), run(ROUTING, *[["admitted", s] for s in STATES])):
        expected, stays = routed(state)
        assert [row["experts"] for row in rows] == expected.experts.tolist()
        close([row["weights"] for row in rows], expected.weights)
        close([row["scores"] for row in rows], expected.scores)
        assert kept == stays.tolist()


def test_loads_loss_places_and_nudges_are_those_of_the_package():
    found = [run(ROUTING, *[[name, s] for s in STATES]) for name in ("loads", "balanceLoss", "nudged", "places")]
    for state, loads, loss, bias, places in zip(STATES, *found):
        routing, _ = routed(state)
        assert loads == experts.loads(routing.experts, 5).tolist()
        close(loss, experts.balance_loss(routing))
        close(bias, experts.nudged(np.array(state["bias"]), routing.experts, 0.05))
        assert places == (experts.capacity(7, 5, state["topk"], state["factor"]) if state["factor"] else 0)


def test_sigmoid_far_out():
    close(run(ROUTING, ["sigmoid", -800], ["sigmoid", 0], ["sigmoid", 800]), [0, 0.5, 1])


def test_the_story_a_favourite_then_nudges_then_places():
    state = explore.expert_routing().state
    [said] = run(ROUTING, ["verdict", state])
    assert said.startswith("1 of 4 experts are used; expert 1 gets 6 of 6 choices.")
    for _ in range(12):
        [state["bias"]] = run(ROUTING, ["nudged", state])
    assert sum(n > 0 for n in run(ROUTING, ["loads", state])[0]) >= 3
    [said] = run(ROUTING, ["verdict", explore.expert_routing(factor=1.0).state])
    assert "Each has 2 places; 4 choices are dropped." in said


def cells(markup: str) -> dict[str, list[str]]:
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)
    return {html.unescape(name): re.findall(r"<td>(.*?)</td>", rest) for name, rest in rows}


def test_the_table():
    told = cells(explore.expert_routing(top_k=2, factor=1.0)._repr_html_())
    assert told["the"] == ["0.83", "0.17", "", ""] and told["choices"][0] == "6"
    assert "dropped" in told["mat"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": 5}, "top_k must be between 1 and 4 but is 5"),
        ({"bias": (0, 0)}, "there are 2 biases for 4 experts"),
        ({"score": "argmax"}, "score must be one of softmax, sigmoid"),
        ({"weigh": "none"}, "weigh must be one of"),
        ({"factor": 3}, "factor must be between 0 and 2 but is 3"),
        ({"tokens": ("a",)}, "there are 1 tokens for logits of shape"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        explore.expert_routing(**options)
