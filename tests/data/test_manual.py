"""Sentences of Python's own library: enough of them, each once, none too long to embed."""

from __future__ import annotations

from attnlab.data import manual


def test_sentences_are_many_and_different():
    found = manual.sentences()
    assert len(found) > 300 and len(set(found.values())) == len(found)
    assert found["math.gcd"].lower().startswith("greatest common divisor")
    assert all(15 <= len(text) <= 120 and "\n" not in text for text in found.values())


def test_owners_are_modules_and_types():
    owners = {name.rpartition(".")[0] for name in manual.sentences()}
    assert {"math", "random", "os.path", "str", "list"} <= owners and "posixpath" not in owners
