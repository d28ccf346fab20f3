"""The arithmetic of masked_word.js against what Python keeps."""

from __future__ import annotations

import numpy as np
import pytest
from in_node import close, run

from attnlab import explore
from attnlab.explore import WIDGETS, module_source

SCRIPT = WIDGETS / "masked_word.js"
TEXTS = explore.masked_word().state["texts"]


@pytest.mark.parametrize("text", range(len(TEXTS)))
def test_what_is_seen_at_every_place(text):
    one = TEXTS[text]
    n = len(one["words"])
    states = [explore.masked_word(text, place, side, layer).state for place in range(n) for side in ("both", "left") for layer in (0, 5)]
    for state, seen in zip(states, run(SCRIPT, *[["view", state] for state in states])):
        place, side = state["place"], state["side"]
        assert seen["guesses"] == one[side][place] and seen["word"] == one["words"][place] and seen["layers"] == 6
        assert seen["shown"] == [*one["words"][:place], "[MASK]", *one["words"][place + 1 :]]
        assert seen["seen"] == [i != place and (side == "both" or i < place) for i in range(n)]
        assert seen["weights"] == one["attention"][place][state["layer"]] and seen["columns"] == ["[CLS]", *seen["shown"], "[SEP]"]


def test_rank_and_the_weight_on_words():
    guesses = [["dog", 0.5], ["cat", 0.3]]
    assert run(SCRIPT, ["rank", "cat", guesses], ["rank", "cow", guesses]) == [1, -1]
    weights = np.random.default_rng(0).dirichlet(np.ones(7))
    found = run(SCRIPT, *[["onWords", weights.tolist(), place] for place in range(5)])
    close(found, [weights[1:-1].sum() - weights[1 + place] for place in range(5)])


def test_a_place_behind_the_end_of_a_shorter_text_is_its_last():
    state = {**explore.masked_word().state, "text": 0, "place": 99, "layer": 99}
    assert run(SCRIPT, ["view", state])[0]["place"] == len(TEXTS[0]["words"]) - 1


def test_joined_for_jupyterlab_it_computes_the_same(tmp_path):
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source("masked_word"), encoding="utf-8")
    call = ["view", explore.masked_word(2, 3).state]
    assert run(joined, call) == run(SCRIPT, call)
