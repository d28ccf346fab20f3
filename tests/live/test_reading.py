"""The engine of the live page, its modules run by node: the numbers of the Python model, token by token, and with every option."""

from __future__ import annotations

import functools
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]
import frontend  # noqa: E402
from in_node import node  # noqa: E402

from attnlab.layers import RMSNorm  # noqa: E402
from attnlab.masks import positions, window  # noqa: E402
from attnlab.models import smollm2  # noqa: E402
from attnlab.models.decoder import Decoder  # noqa: E402
from attnlab.models.families import by_base, llama  # noqa: E402
from attnlab.positions import rotate_adjacent  # noqa: E402
from attnlab.studies.observe import observed  # noqa: E402
from attnlab.weights import smollm2 as file  # noqa: E402

MODULES = ROOT / "book" / "_static" / "live"
CODE = frontend.VENDOR / "static" / "live" / "simd.wasm"
CONTEXT = 512
pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec(file.PACKAGE) is None, reason="pip install --no-deps -r requirements-data.txt"),
    pytest.mark.skipif(not CODE.is_file(), reason="python tools/frontend.py"),
]
LONG = (  # 220 tokens and more
    "The sea was calm that morning, and the fishermen had already gone out. Anna stood at the window of the small kitchen, holding "
    "a cup of tea that had long gone cold. She counted the boats: one, two, three, and then a fourth that she did not know. It had a "
    "red sail, and it moved against the wind, which is something that no boat can do. She put the cup down, took her coat and ran "
    "to the harbour. By 1987 nobody in the village spoke of it any more; def f(x): return x + 1. \"Did you see it?\" she asked the "
    "old man who mended nets there. He shook his head slowly. \"There are things,\" he said, \"that one sees once, and then never "
    "again, and there are things that one sees every day and never sees at all.\" Anna did not know what to say. The red sail was "
    "gone, and the sea was calm, and the fishermen had already gone out, and one, two, three boats were all that she could count. "
    "Years later, in Paris, she told the story to a friend, who laughed, and then stopped laughing."
)
SHORT = "When Mary and John went to the shop, John gave a bottle of milk to"


@pytest.fixture(scope="module")
def loaded() -> smollm2.Loaded:
    return smollm2.load()


@pytest.fixture(scope="module")
def engine():
    """engine(kind, *cases) -> what read.mjs finds for each, the model loaded once."""

    def run(kind: str, *cases: dict) -> list[dict]:
        given = {"live": str(MODULES), "model": str(file.installed()), "code": str(CODE), "kind": kind, "context": CONTEXT, "cases": cases}
        command = [node(), "--no-warnings", str(Path(__file__).with_name("read.mjs"))]
        done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["results"]

    return run


class Right:
    """What Python finds for a text, written where node reads it."""

    def __init__(self, folder: Path, model, ids: list[int], **options):
        looks = []
        logits = observed(model, torch.tensor([ids]), lambda layer, weights, stream: looks.append(weights[0]), **options)[0]
        self.ids, self.log_chances = ids, logits.log_softmax(-1)
        self.paths = {"logits": str(folder / "logits"), "looks": str(folder / "looks")}
        logits.numpy().tofile(self.paths["logits"])
        torch.stack(looks).numpy().tofile(self.paths["looks"])

    def loss(self) -> np.ndarray:
        return -self.log_chances[:-1].gather(1, torch.tensor(self.ids[1:])[:, None])[:, 0].numpy()


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """right(model, ids, **options of observed)"""

    def make(*given, **options) -> Right:
        return Right(tmp_path_factory.mktemp("right"), *given, **options)

    return make


def agrees(found: dict, right: Right, logits: float, looks: float = 1e-3) -> None:
    n = len(right.ids)
    assert found["same"] == n, "the likeliest token after each token"
    assert 0 < found["logits"] <= logits and 0 < found["looks"] <= looks
    assert found["rounded"] <= 0.5 + 255 * looks
    np.testing.assert_allclose(found["loss"], right.loss(), atol=2 * logits)


def test_two_hundred_tokens_with_webassembly(engine, loaded, right):
    ids = loaded.tokenizer.encode(LONG)
    whole = right(loaded.model, ids)
    assert len(ids) >= 200
    [found] = engine("wasm", {"ids": ids, **whole.paths})
    agrees(found, whole, 0.02)


def test_plain_javascript_is_the_model_to_four_digits(engine, loaded, right):
    """And so are the ranks of a token, layer by layer, where near ties may change places."""
    ids, name = loaded.tokenizer.encode(SHORT), loaded.tokenizer.encode(" Mary")[0]
    whole = right(loaded.model, ids)
    [found] = engine("plain", {"ids": ids, "rankOf": name, **whole.paths})
    agrees(found, whole, 1e-4, 1e-5)
    assert found["ranks"][-1] == 1 and len(found["ranks"]) == 31
    np.testing.assert_allclose(found["ranks"], ranks(loaded.model, ids, name), rtol=0.01, atol=1)


def ranks(model, ids: list[int], name: int) -> list[int]:
    """1 + how many logits are larger, the last norm and the table applied to the stream before each layer and behind the last."""
    streams = [model.tokens(torch.tensor(ids[-1]))]
    observed(model, torch.tensor([ids]), lambda layer, weights, stream: streams.append(stream[0, -1]))
    logits = model.last(torch.stack(streams)) @ model.tokens.weight.T
    return (1 + (logits > logits[:, name, None]).sum(-1)).tolist()


# -- options: what the page changes, and the same change in Python


def changed(model, turn: Callable) -> Decoder:
    """The same weights, turned otherwise."""
    with torch.device("meta"):  # no numbers of its own
        other = llama(model.config, turn, functools.partial(RMSNorm, epsilon=model.last.epsilon), tied=True)
    other.load_state_dict(model.state_dict(), assign=True)
    return other.requires_grad_(False).eval()


def allowed(n: int, size: int, sinks: int) -> torch.Tensor:
    q_pos, k_pos = positions(n, n, torch.zeros(1))
    return window(q_pos, k_pos, size) | (k_pos < sinks)[None, :]


def without_first(n: int) -> torch.Tensor:
    mask = torch.ones(n, n, dtype=torch.bool)
    mask[1:, 0] = False
    return mask


SILENT = [[16, 0], [17, 3], [0, 8]]
CHANGES = {  # options of the page -> the model and the options of `observed`
    "as it is": ({}, lambda model, n: (model, {})),
    "silent heads": ({"silent": SILENT}, lambda model, n: (model, {"silent": [tuple(head) for head in SILENT]})),
    "first token hidden": ({"hideFirst": True}, lambda model, n: (model, {"mask": without_first(n)})),
    "window": ({"window": 5}, lambda model, n: (model, {"mask": allowed(n, 5, 0)})),
    "window with sinks": ({"window": 4, "sinks": 2}, lambda model, n: (model, {"mask": allowed(n, 4, 2)})),
    "window with sinks, first hidden": (
        {"window": 4, "sinks": 2, "hideFirst": True},
        lambda model, n: (model, {"mask": allowed(n, 4, 2) & without_first(n)}),
    ),
    "base": ({"base": 10000}, lambda model, n: (changed(model, by_base(model.config, 1e4, turn=rotate_adjacent)), {})),
    "halves": ({"pairing": "halves"}, lambda model, n: (changed(model, by_base(model.config, 1e5)), {})),
    "no turning": ({"pairing": "none"}, lambda model, n: (changed(model, lambda attend: attend), {})),
}


@pytest.fixture(scope="module")
def with_options(engine, loaded, right) -> dict[str, tuple[Right, dict]]:
    """For each change what Python finds, and what the engine does, one after the other in one session."""
    ids, rights = loaded.tokenizer.encode(SHORT), {}
    for name, (_, change) in CHANGES.items():
        model, options = change(loaded.model, len(ids))
        rights[name] = right(model, ids, **options)
    cases = [{"ids": ids, "options": CHANGES[name][0], **found.paths} for name, found in rights.items()]
    return dict(zip(CHANGES, zip(rights.values(), engine("wasm", *cases), strict=True), strict=True))


@pytest.mark.parametrize("name", CHANGES)
def test_an_option_does_what_it_does_in_python(with_options, name):
    """Without its sinks the model is thrown off, and small differences grow: hence twice the room."""
    whole, found = with_options[name]
    agrees(found, whole, 0.04, 2e-3)


def test_every_option_changes_something(with_options):
    losses = [sum(found["loss"]) for _, found in with_options.values()]
    assert len({round(loss, 2) for loss in losses}) == len(CHANGES)


# -- what was read is kept


def test_what_goes_on_from_what_was_read_is_read_from_there(engine, loaded, right):
    """In parts, backwards, with another end, and with other options in between: always what the whole text gives."""
    ids = loaded.tokenizer.encode(SHORT)
    other = [*ids[:9], *loaded.tokenizer.encode(" sold it")]
    whole, another = right(loaded.model, ids), right(loaded.model, other)
    cases = [
        {"ids": ids, "parts": [4, 5, len(ids)], **whole.paths},
        {"ids": ids, **whole.paths},
        {"ids": other, **another.paths},
        {"ids": other, "options": {"hideFirst": True}},
        {"ids": other, **another.paths},
        {"ids": other[:5], "options": {"sinks": 0}},
    ]
    found = engine("wasm", *cases)
    assert [one["steps"] for one in found] == [len(ids), 0, len(other) - 8, len(other), len(other), 1]
    assert max(one["logits"] for one in found) <= 0.02 and found[0]["same"] == len(ids) and found[4]["same"] == len(other)
    for one, text in zip(found, (whole, whole, another, None, another)):
        if text:
            np.testing.assert_allclose(one["loss"], text.loss(), atol=0.04)
            assert one["rounded"] <= 0.5 + 0.255
    assert len(found[5]["loss"]) == 4


REFUSED = (
    ([], {}, "There is no token to read."),
    ([1] * 513, {}, "The text has 513 tokens, and 512 are the most that can be read here."),
    ([49152], {}, "A token's number lies between 0 and 49151."),
    ([1], {"silent": [[30, 0]]}, "There are 30 layers of 9 heads."),
    ([1], {"window": 0}, "A window holds at least one token."),
    ([1], {"sinks": -1}, "The number of sinks is a whole number."),
    ([1], {"base": 0}, "The base is a number above 0."),
    ([1], {"pairing": "twos"}, "The pairing is one of adjacent, halves, none."),
)


def test_what_cannot_be_read_is_refused_in_a_sentence(engine):
    found = engine("wasm", *({"ids": ids, "options": options} for ids, options, _ in REFUSED))
    assert found == [{"reason": "refused", "message": text} for _, _, text in REFUSED]
