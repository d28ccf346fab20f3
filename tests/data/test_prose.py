"""NumPy's help as prose: paragraphs of English, none twice, and one clear sentence where it is left out."""

from __future__ import annotations

import re
import subprocess
import sys

from attnlab.data.prose import prose

TEXTS = prose()
LINES = [line for text in TEXTS for line in text.split("\n")]


def test_there_is_enough_and_nothing_twice():
    assert len(TEXTS) > 300 and sum(map(len, TEXTS)) > 100_000
    assert len(set(LINES)) == len(LINES) and len(set(TEXTS)) == len(TEXTS)


def test_every_line_is_a_paragraph_of_english():
    for line in LINES:
        assert line.isascii() and line[0].isupper() and line[-1] in ".:" and len(line.split()) >= 8
        assert "  " not in line and ">>>" not in line and "::=" not in line
        assert len(re.findall("[A-Za-z ]", line)) >= 0.9 * len(line)


def test_it_is_the_same_every_time():
    assert prose() == TEXTS


def test_a_python_without_the_texts_of_functions_says_so():
    code = "from attnlab.data.prose import prose\ntry:\n    prose()\nexcept ImportError as error:\n    print(error)"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert "python -OO" in done.stdout


def test_texts_are_numpys():
    assert any("singular values" in text for text in TEXTS) and any("array" in text for text in TEXTS)
