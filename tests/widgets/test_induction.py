"""The arithmetic of induction_walk.js against what Python keeps."""

from __future__ import annotations

from in_node import run

from attnlab import explore
from attnlab.explore import WIDGETS, module_source

SCRIPT = WIDGETS / "induction_walk.js"
STATE = explore.induction_walk().state
TOKENS = STATE["tokens"]


def test_what_is_shown_is_what_is_kept():
    states = [STATE | {"query": query, "head": head, "off": off} for query in range(len(TOKENS)) for head in ("before", "induction") for off in (False, True)]
    for state, seen in zip(states, run(SCRIPT, *[["view", state] for state in states])):
        kept, query = STATE["silent" if state["off"] else "whole"], state["query"]
        row = kept[state["head"]][query]
        after = TOKENS[query + 1] if query + 1 < len(TOKENS) else None
        assert seen["row"] == row and seen["best"] == row.index(max(row)) and seen["all"] == kept[state["head"]]
        assert [seen["guess"], seen["chance"]] == kept["next"][query][0] and seen["guesses"] == kept["next"][query]
        assert seen["after"] == after and seen["right"] == (kept["next"][query][0][0] == after)


def test_only_the_second_round_can_be_copied_and_nothing_follows_the_last():
    half = len(TOKENS) // 2
    assert run(SCRIPT, *[["canCopy", TOKENS, query] for query in range(2 * half)]) == [False] * half + [True] * (half - 1) + [False]


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("induction_walk"), encoding="utf-8")
    call = ["view", STATE | {"query": 9}]
    assert run(joined, call) == run(SCRIPT, call)
