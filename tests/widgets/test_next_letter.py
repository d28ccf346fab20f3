"""The arithmetic of the explorable of next letters against the NumPy model, with node."""

from __future__ import annotations

import json

import numpy as np
import pytest
from in_node import close, run

from attnlab import reference
from attnlab.explore import WIDGETS
from attnlab.reference import gpt

MODULE = WIDGETS / "next_letter.js"
MODEL = gpt.load()
KEPT = json.loads(gpt.FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", ["", "q", "mari", "abcdefghijklmn"])
def test_logits_and_weights_are_those_of_numpy(text):
    ids = gpt.encode(MODEL, text)
    (found,) = run(MODULE, ["runKept", KEPT, ids])
    logits, weights = gpt.run(MODEL, ids)
    close(found["logits"], logits)
    close(found["weights"], weights)


def test_letters_become_ids_and_what_is_no_letter_is_left_out():
    found = run(MODULE, ["encode", KEPT["signs"], "Mary-Ann 3"], ["encode", KEPT["signs"], "a" * 20], ["encode", KEPT["signs"], ""])
    assert found == [gpt.encode(MODEL, "maryann"), gpt.encode(MODEL, "a" * 14), [1]]


@pytest.mark.parametrize("temperature", [0.2, 1.0, 2.0])
def test_what_may_follow_is_ranked(temperature):
    row = gpt.run(MODEL, gpt.encode(MODEL, "jo"))[0][-1]
    (pairs,) = run(MODULE, ["ranked", row.tolist(), temperature])
    chances = reference.softmax(row, temperature=temperature)
    assert sorted(i for i, _ in pairs) == list(range(2, 29))
    assert [p for _, p in pairs] == sorted((p for _, p in pairs), reverse=True)
    close([p for _, p in sorted(pairs)], chances[2:])


def test_surprises_are_bits_of_each_letter():
    ids = gpt.encode(MODEL, "karl")
    logits, _ = gpt.run(MODEL, ids)
    (bits,) = run(MODULE, ["surprises", logits.tolist(), ids])
    close(bits, [-np.log2(reference.softmax(row)[i]) for row, i in zip(logits, ids[1:])])


def test_a_draw_takes_each_sign_as_often_as_its_probability():
    pairs = [[5, 0.5], [2, 0.3], [9, 0.2]]
    found = run(MODULE, *[["drawn", pairs, (k + 0.5) / 100] for k in range(100)])
    assert [found.count(i) for i in (5, 2, 9)] == [50, 30, 20]
    assert run(MODULE, ["drawn", [[5, 0.25], [7, 0.25]], 0.6]) == [7]
