"""Span corruption: the paper's printed example, its printed numbers, and what is true of every mask."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from attnlab.data import spans
from attnlab.data.spans import corrupt, span_lengths, span_mask

TEXT = "Thank you for inviting me to your party last week.".split()
LOST = [word in ("for", "inviting", "last") for word in TEXT]


def test_the_paper_s_example_string():
    source, target = corrupt(TEXT, LOST, ("<X>", "<Y>", "<Z>"))
    assert " ".join(source) == "Thank you <X> me to your party <Y> week."
    assert " ".join(target) == "<X> for inviting <Y> last <Z>"


def test_the_paper_s_numbers_span_lengths():
    assert span_lengths(500) == (75, 25)  # an average of 75 / 25 = 3
    assert span_lengths(512, 0.15, 3) == (77, 26)
    assert span_lengths(2) == (1, 1) and span_lengths(3, 0.9, 1) == (2, 1)
    assert span_lengths(11, 0.5, 1) == (6, 5)  # no more spans than kept tokens


@pytest.mark.parametrize(("n", "rate", "mean"), [(500, 0.15, 3), (23, 0.5, 2), (2, 0.15, 3), (7, 0.9, 1), (1009, 0.15, 10)])
def test_a_span_mask_has_as_many_tokens_and_spans_as_said(n, rate, mean):
    corrupted, runs = span_lengths(n, rate, mean)
    for seed in range(20):
        mask = span_mask(n, np.random.default_rng(seed), rate, mean)
        found = [lost for lost, _ in itertools.groupby(mask.tolist())]
        assert mask.dtype == bool and mask.shape == (n,) and mask.sum() == corrupted
        assert found == [False, True] * runs  # kept first, corrupted last


def test_every_way_to_cut_is_equally_likely():
    seen: dict[tuple, int] = {}
    rng = np.random.default_rng(0)
    for _ in range(6000):
        mask = span_mask(9, rng, 0.45, 2)  # 4 of 9 tokens in 2 spans: 4 cuts of the kept times 3 of the lost
        seen[tuple(mask)] = seen.get(tuple(mask), 0) + 1
    assert len(seen) == 12 and all(400 < n < 600 for n in seen.values())


def test_corrupt_can_be_undone():
    rng = np.random.default_rng(3)
    for n in (2, 5, 31, 200):
        tokens = list(range(n))
        mask = span_mask(n, rng)
        marks = list(range(-1, -200, -1))
        source, target = corrupt(tokens, mask, marks)
        runs = {}
        for token in target:
            if token < 0:
                runs[last := token] = []
            else:
                runs[last].append(token)
        assert list(itertools.chain(*(runs[t] if t < 0 else [t] for t in source))) == tokens
        assert len(source) + len(target) == n + 2 * span_lengths(n)[1] + 1


def test_nothing_corrupted_is_one_mark():
    assert corrupt(["a", "b"], [False, False], ["<X>"]) == (["a", "b"], ["<X>"])
    assert corrupt(["a", "b"], [True, True], ["<X>", "<Y>"]) == (["<X>"], ["<X>", "a", "b", "<Y>"])


@pytest.mark.parametrize(("call", "words"), [
    (lambda: corrupt(TEXT, LOST[:-1], "XYZ"), r"the mask has shape \(9,\) but there are 10 tokens"),
    (lambda: corrupt(TEXT, LOST, "XY"), "2 spans need 3 marks but there are 2"),
    (lambda: spans.span_lengths(1), "spans need 2 tokens"),
    (lambda: span_lengths(10, 1.0), "a rate between 0 and 1"),
    (lambda: span_lengths(10, 0.5, 0.5), "a mean of at least 1"),
])  # fmt: skip
def test_bad_arguments_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
