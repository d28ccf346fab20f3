"""Python's help as prose: paragraphs of English, none twice, and one clear sentence where it is missing."""

from __future__ import annotations

import re
import sys

import pytest

from attnlab.data.prose import prose

TEXTS = prose()
LINES = [line for text in TEXTS for line in text.split("\n")]


def test_there_is_enough_and_nothing_twice():
    assert len(TEXTS) > 30 and sum(map(len, TEXTS)) > 80_000
    assert len(set(LINES)) == len(LINES) and len(set(TEXTS)) == len(TEXTS)


def test_every_line_is_a_paragraph_of_english():
    for line in LINES:
        assert line.isascii() and line[0].isupper() and line[-1] in ".:" and len(line.split()) >= 8
        assert "  " not in line and ">>>" not in line and "::=" not in line
        assert len(re.findall("[A-Za-z ]", line)) >= 0.9 * len(line)


def test_it_is_the_same_every_time():
    assert prose() == TEXTS


def test_a_python_without_its_help_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(ImportError, match="installed without pydoc_data.topics"):
        prose()
