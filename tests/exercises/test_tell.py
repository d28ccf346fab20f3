"""What is said of an answer that no known mistake explains."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from attnlab.exercises._outcome import alike
from attnlab.exercises._tell import counted, over_probes, tell

RIGHT = np.random.default_rng(3).normal(size=(5, 7))
SQUARE = np.random.default_rng(4).normal(size=(5, 5))
MASK = np.tri(5, dtype=bool)


def changed(table, *places, by=1.0):
    other = table.copy()
    for place in places:
        other[place] += by
    return other


@pytest.mark.parametrize(("yours", "right", "said"), [
    (2 * RIGHT, RIGHT, "every entry is 2 times the right one"),
    (-RIGHT, RIGHT, "every entry has the wrong sign"),
    (1.0003 * RIGHT, RIGHT, "every entry is 0.03 percent larger than the right one"),
    (RIGHT + 1.5, RIGHT, "every entry is 1.5 too large"),
    (RIGHT - 1.5, RIGHT, "every entry is 1.5 too small"),
    (SQUARE.T, SQUARE, "rows and columns are exchanged"),
    (RIGHT[::-1], RIGHT, "the right entries, in reverse order along the rows"),
    (np.roll(RIGHT, 1, axis=1), RIGHT, "the right entries, but moved by 1 to the back along the last axis"),
    (RIGHT[[2, 0, 1, 4, 3]], RIGHT, "the right rows, in another order"),
    (RIGHT**2, RIGHT, "every entry is the square of the right one"),
    (np.exp(RIGHT), RIGHT, "every entry is the exponential of the right one"),
    (np.full((5, 7), 0.2), RIGHT, "every entry is 0.2"),
    (np.repeat(RIGHT[:1], 5, axis=0), RIGHT, "all rows are the same"),
    (RIGHT * np.arange(1.0, 6)[:, None], RIGHT, "each row is off by a number of its own (in order 1, 2, 3, ... times the right one)"),
    (changed(RIGHT, (slice(None), 6)), RIGHT, "each column is off by a number of its own (in order 0, 0, 0, ... away from the right one)"),
    (changed(RIGHT, (2, 1), (2, 5)), RIGHT, "only row 2 of 5 is wrong"),
    (changed(SQUARE, (0, 1), (2, 3), by=0.5), SQUARE, "wrong only where the column is the row plus 1"),
    (changed(SQUARE, (0, 1), (1, 3), (0, 4)), SQUARE, "wrong only right of the diagonal"),
    (changed(RIGHT[0], 3, by=np.nan), RIGHT[0], "1 entry of 7 is NaN"),
    (np.round(RIGHT, 1), RIGHT, "every entry is the right one, rounded to 1 digit"),
    (np.array(0.5803), np.array(0.58), "yours is 0.58, too large by 0.05 percent"),
    (np.array(6.0), np.array(3.0), "yours is 6, expected 3, 2 times as much"),
    (~MASK, MASK, "True and False are exchanged"),
    (MASK.T, MASK, "rows and columns are exchanged"),
    (np.tri(5, k=-1, dtype=bool), MASK, "the right entries, but moved by 1 to the front along the last axis"),
    (np.tri(5, k=2, dtype=bool) & ~np.eye(5, k=1, dtype=bool), MASK, "wrong only where the column is the row plus 2"),
    (np.ones((5, 5), dtype=bool), MASK, "every entry is True"),
], ids=lambda x: x[:40] if isinstance(x, str) else "")
def test_the_kind_of_difference_is_said(yours, right, said):
    assert tell(yours, right).startswith(said), tell(yours, right)


def test_where_nothing_fits_the_number_the_side_and_two_entries_are_said():
    yours = RIGHT + np.abs(np.random.default_rng(5).normal(size=RIGHT.shape))
    assert tell(yours, RIGHT).startswith("35 of 35 entries differ, all too large ([")
    assert tell(yours, RIGHT).count("expected") == 2


@given(st.data())
def test_whatever_differs_gets_a_sentence_without_long_numbers(data):
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=3, max_side=4))
    numbers = st.floats(-1e9, 1e9) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0])
    kind, entries = data.draw(st.sampled_from([(float, numbers), (bool, st.booleans())]))
    yours, right = (data.draw(arrays.arrays(kind, shape, elements=entries)) for _ in range(2))
    if not alike(yours, right):
        said = tell(yours, right)
        assert said and not re.search(r"\d\.\d{4}", said), said


def test_what_all_probes_have_in_common_is_said():
    three = [np.array(x) for x in (1.0, 2.0, 5.0)]
    assert over_probes([np.asarray(2 * x) for x in three], three) == "Over the 3 probes: every entry is 2 times the right one."
    assert over_probes([np.asarray(x + 1) for x in three], three) == "Over the 3 probes: every entry is 1 too large."
    truths = [np.array(x) for x in (True, False, True)]
    assert over_probes([np.array(True)] * 3, truths) == "Your function answers True on every probe."
    assert over_probes([RIGHT] * 3, [2 * RIGHT] * 3) == ""
    assert over_probes(three, three) == "", "a right part is its own size, and needs no word"


def test_the_probes_that_come_out_right_are_counted():
    names = list("abcde")
    assert counted([], names) == "Wrong on all 5 probes."
    assert counted(list("abc"), names) == "Wrong only on: d; e."
    assert counted(list("e"), names) == "Right only on: e."
