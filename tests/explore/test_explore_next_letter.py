"""The explorable of next letters where there is no JavaScript: its table, its state, its doors."""

from __future__ import annotations

import json

import numpy as np
import pytest

from attnlab.explore import next_letter
from attnlab.reference import gpt


def test_the_state_is_what_the_script_needs():
    state = next_letter("ann", layer=0, head=1, temperature=0.5).state
    assert {k: state[k] for k in ("text", "layer", "head", "temperature")} == {"text": "ann", "layer": 0, "head": 1, "temperature": 0.5}
    assert state["model"] == json.loads(gpt.FILE.read_text(encoding="utf-8"))


def test_the_table_says_the_six_likeliest_after_each_beginning():
    html = next_letter("jo")._repr_html_()
    model = gpt.load()
    for text in ("", "j", "jo"):
        best = int(np.argmax(gpt.following(model, text)))
        assert f"{'∎' if best == gpt.END else model.signs[best]} {100 * gpt.following(model, text)[best]:.0f} %" in html
    assert html.count('scope="row"') == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": "a" * 15}, "at most 14 letters"),
        ({"text": "Ann"}, "and not 'A'"),
        ({"layer": 2}, "layer must be a whole number from 0 to 1"),
        ({"head": -1}, "head must be a whole number from 0 to 1"),
        ({"temperature": 3}, "temperature must be between 0.2 and 2"),
        ({"temperature": True}, "temperature must be between 0.2 and 2"),
    ],
)
def test_what_it_cannot_show_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        next_letter(**given)
