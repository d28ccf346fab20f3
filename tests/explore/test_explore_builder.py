"""The builder: the numbers in its table and what it refuses."""

from __future__ import annotations

import dataclasses
import html
import re

import pytest

from attnlab import explore
from attnlab.models import sizes


def test_the_table_has_the_sizes_of_every_published_model():
    markup = explore.builder("GPT-2", 3000)._repr_html_()
    rows = {html.unescape(name): cells for name, cells in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', markup)}
    assert set(rows) == set(sizes.PUBLISHED)
    for name, model in sizes.PUBLISHED.items():
        cells = re.findall(r"<td>(.*?)</td>", rows[name])
        assert cells[0] == f"{sizes.parameters(model):,}" and cells[1] == f"{sizes.active_parameters(model):,}"
        assert float(cells[2]) == pytest.approx(sizes.operations(model, 3000) / 1e9, abs=0.0501)
        assert float(cells[3]) == pytest.approx(sizes.cache_bytes(name, 3000) / 2**20, abs=0.0501)


def test_the_state_is_the_model_asked_for():
    state = explore.builder("Gemma 3 1B", 100).state
    assert state["model"] == dataclasses.asdict(sizes.PUBLISHED["Gemma 3 1B"]) and state["n_tokens"] == 100
    assert [one["name"] for one in state["published"]] == list(sizes.PUBLISHED)
    assert explore.builder().state["model"] == dataclasses.asdict(sizes.PUBLISHED["Llama 3 8B"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "GPT-5"}, "start must be one of GPT-2, GPT-2 XL, Llama 2 7B"),
        ({"n_tokens": 0}, "n_tokens must be a whole number between 1 and 1048576, got 0"),
        ({"n_tokens": 2.5}, "n_tokens must be a whole number between 1 and 1048576, got 2.5"),
        ({"n_tokens": 2**20 + 1}, "n_tokens must be a whole number between 1 and 1048576, got 1048577"),
    ],
)
def test_builder_refuses(options, message, as_readers_run_it):
    with pytest.raises(ValueError, match=re.escape(message)):
        explore.builder(**options)
