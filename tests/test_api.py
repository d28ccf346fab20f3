"""The page of the package: what readers import is there with its shapes, a sentence and a chapter."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
api = pytest.importorskip("api")
NAMES = list(api.public())
FOUND = {(one.module, one.name): one for one in NAMES}


def test_every_name_has_a_sentence_and_a_chapter_that_is_there():
    assert len(NAMES) >= 300 and len(FOUND) == len(NAMES)
    assert [one for one in NAMES if not one.says] == []
    assert [f"{one.module}.{one.name}" for one in NAMES if one.page not in api.reference_data.TITLES] == []


@pytest.mark.parametrize("module", ["attnlab.reference", "attnlab.masks", "attnlab.reference.online"])
def test_names_are_the_module_s_own(module):
    """NumPy rooms alone are imported here; the page itself imports nothing."""
    if module not in api.modules():
        pytest.skip(f"{module} is not a file")
    for one in NAMES:
        if one.module == module:
            assert callable(getattr(importlib.import_module(module), one.name))


def test_all_that_a_room_offers_is_listed():
    from attnlab import reference

    assert set(reference.__all__) <= {one.name for one in NAMES if one.module.startswith("attnlab.reference")}


def test_a_signature_shows_shapes_and_defaults():
    code = 'def f(x: Float[Tensor, "*batch d"], n: int = 3, *, mask: Bool[Array, "a b"] | None = None) -> Float[Tensor, "d"]: ...'
    assert api.signature(ast.parse(code).body[0]) == "f(x: *batch d, n=3, *, mask: a b=None) → d"
    fields = "class C:\n    width: int\n    depth: int = 2\n"
    assert api.signature(ast.parse(fields).body[0]) == "C(width, depth=2)"
    assert api.first("One\nline.\n\nMore.") == "One line."


def test_the_chapter_is_the_one_that_builds_it():
    chapter = {one.name: one.page for one in NAMES if one.module.startswith(("attnlab.reference", "attnlab.masks", "attnlab.kernels"))}
    assert chapter["softmax"] == "fundamentals/softmax_temperature" and chapter["causal"] == "self_attention/masks"
    assert chapter["merge_heads"] == "multi_head/implementation"
