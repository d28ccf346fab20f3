from __future__ import annotations

import pytest

from attnlab.studies import prefix
from attnlab.studies.prefix import ids, learn, right, tasks, write


def test_tasks_ask_for_the_same_number_twice_and_keep_numbers_back():
    small = tasks(20, 5)
    assert len(small.learned) == 30 and len(small.held_out) == 10
    for a, b in zip(small.held_out[::2], small.held_out[1::2]):
        assert a.source[1:] == b.source[1:] and (a.source[0], b.source[0]) == ("german:", "digits:") and a.target != b.target
    assert not {pair.source for pair in small.held_out} & {pair.source for pair in small.learned}
    bare = tasks(20, 5, prefix=False)
    assert bare.held_out[0].source == bare.held_out[1].source == small.held_out[0].source[1:]


def test_ids_end_with_the_end_mark():
    small = tasks(20, 5)
    source, target = ids(small, small.held_out)
    assert source.shape[0] == target.shape[0] == 10
    assert small.vocabulary.decode(target[1].tolist()) == small.held_out[1].target


def test_a_model_of_few_steps_learns_something_and_write_and_right_agree():
    small = tasks(9, 2)
    model = learn(small, 60)
    said = write(model, small, [pair.source for pair in small.held_out])
    shares = right(model, small)
    assert set(shares) == set(prefix.MAKE)
    german = [mine == pair.target for mine, pair in zip(said, small.held_out) if pair.task == "german"]
    assert shares["german"] == pytest.approx(sum(german) / 2)
