from __future__ import annotations

import numpy as np
import torch

from attnlab.attention import OutputGate, Sinks, attention
from attnlab.models import families
from attnlab.studies import far_and_nothing as study
from attnlab.training import seeded


def test_needles_stand_first_and_are_asked_for_last():
    texts, wanted = study.needles(50, 9, np.random.default_rng(0))
    assert (texts[:, 0] == wanted).all() and (texts[:, -1] == study.QUESTION).all()
    assert set(np.unique(texts[:, 1:-1])) == {8, 9} and set(np.unique(wanted)) == set(range(8))


def test_local_layers_alone_cannot_see_the_needle():
    texts = torch.tensor(study.needles(3, 33, np.random.default_rng(0))[0])
    other = texts.clone()
    other[:, 0] = (texts[:, 0] + 1) % 8
    for pattern, moves in (("LLL", False), ("GLL", True), ("LLG", True)):
        model = seeded(lambda p=pattern: study.searcher(p, 4))
        with torch.no_grad():
            assert (model(texts)[:, -1] != model(other)[:, -1]).any() == moves


def test_a_search_that_cannot_succeed_is_chance():
    assert study.search("LL", 2, 0, steps=3) < 0.35


def test_after_a_trigger_comes_what_stood_before_it():
    texts = study.copied_back(200, 17, np.random.default_rng(0))
    assert (texts[:, 0] == study.START).all() and texts[:, 1:].max() < 16
    row, place = np.nonzero((texts[:, 2:-1] < 3) & (np.arange(2, 16) > 1))
    place += 2
    assert (texts[row, place + 1] == texts[row, place - 1]).all()


def test_shares_of_an_untrained_model_add_up():
    for make, whole in ((study.Copier, True), (lambda: study.Copier(Sinks(attention, 1)), False)):
        found = study.shares(seeded(make))
        assert (abs(found["kept, elsewhere"] - 1) < 1e-5) == whole
        assert all(0 <= x <= 1 + 1e-5 for x in found.values())
    assert study.Copier(gate=OutputGate(32, 1, 32, 1))(torch.zeros(2, 5, dtype=torch.int64)).shape == (2, 5, 16)


def test_a_few_steps_of_learning():
    model = study.learned_copier(lambda: study.Copier(Sinks(attention, 1)), 0, steps=2)
    assert model.attend.layer.attend.sink != 0
    largest, loss = study.largest_score(families.qwen3, 1e-2, 0, steps=2)
    assert 0 < largest < 8 and loss > 0
