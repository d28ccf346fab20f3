from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.studies import recall


@pytest.mark.parametrize("times", [1, 3])
def test_pairs_answer_with_the_last_value_of_a_key(times):
    keys, values, questions, answers = (x.tolist() for x in recall.pairs(5, 7, np.random.default_rng(1), times))
    for row, (k, v) in enumerate(zip(keys, values)):
        last = dict(zip(k, v))
        assert len(k) == 7 * times and len(last) == 7 and sorted(questions[row]) == sorted(last)
        assert answers[row] == [last[key] for key in questions[row]]


def test_pairs_are_written_in_any_order_and_differ_between_texts():
    keys, values, questions, _ = recall.pairs(40, 5, np.random.default_rng(2), 2)
    assert any(len(set(row[:5].tolist())) < 5 for row in keys)  # a key comes again before all have come once
    assert len({frozenset(row.tolist()) for row in keys}) > 30
    assert any(row.tolist() != first[:5].tolist() for row, first in zip(questions, keys))
    assert set(values.flatten().tolist()) <= set(range(recall.N_VALUES))


def test_what_a_recaller_hands_to_its_memory():
    """Questions of length `sharpness`, keys of length 1, rates between 0 and 1, each from its own table; then the head."""
    seen = []

    def mix(q, k, v, rate):
        seen.append((q, k, v, rate))
        return q

    model = recall.Recaller(mix, 5).double()
    model.rate.data.fill_(-3.0)
    keys, values, asked = (torch.tensor(x) for x in ([[3, 7, 7]], [[1, 0, 2]], [[7, 3]]))
    logits = model(keys, values, asked)
    [(q, k, v, rate)] = seen
    assert logits.shape == (1, 2, recall.N_VALUES)
    assert_same(logits, model.head(q))
    assert_same(q.norm(dim=-1), torch.full((1, 2), 4.0).double())
    assert_same(k.norm(dim=-1), torch.ones(1, 3).double())
    for made, table, ids in ((q, model.asks, asked), (k, model.keys, keys)):
        assert_same(torch.cosine_similarity(made, table(ids), dim=-1), torch.ones(ids.shape).double())
    assert_same(v, model.values(values))
    assert_same(rate, torch.full((1, 3), 1 / (1 + np.e**3), dtype=torch.float64))


def test_what_is_recalled_is_the_share_of_right_answers():
    """A memory that answers with what it is told to: the value asked for, or the first one written."""
    keys, values, questions, answers = recall.pairs(64, 4, np.random.default_rng(99), 2)

    class Says(recall.Recaller):
        def __init__(self, ids):
            super().__init__(recall.adding, 3)
            self.ids = ids

        def forward(self, *given):
            assert all(torch.equal(*pair) for pair in zip(given, (keys, values, questions)))
            return torch.nn.functional.one_hot(self.ids, recall.N_VALUES).double()

    assert recall.recalled(Says(answers), 4, 2) == 1
    other = values[:, :1].expand(64, 4)
    assert recall.recalled(Says(other), 4, 2) == float((other == answers).double().mean()) < 0.5


def test_a_training_is_the_same_again_and_sees_every_size(monkeypatch):
    asked, made = [], recall.pairs

    def pairs(n, n_keys, *rest):
        asked.append(n_keys)
        return made(n, n_keys, *rest)

    monkeypatch.setattr(recall, "STEPS", 5)
    monkeypatch.setattr(recall, "pairs", pairs)
    one, same, other = (recall.learned_recaller(recall.adding, 5, seed, (2, 3)) for seed in (0, 0, 1))
    assert asked == [2, 3, 2, 3, 2] * 3
    for mine, again, differs in zip(one.parameters(), same.parameters(), other.parameters()):
        assert torch.equal(mine, again) and not torch.equal(mine, differs)


def test_a_curve_is_what_one_training_recalls_of_every_size(monkeypatch):
    monkeypatch.setattr(recall, "STEPS", 3)
    model = recall.learned_recaller(recall.adding, 5, 1, (2, 4), 3)
    wanted = [recall.recalled(model, n_keys, 3) for n_keys in (2, 4)]
    assert recall.recall_curve(recall.adding, 5, 1, (2, 4), 3) == wanted != [recall.recalled(model, n_keys) for n_keys in (2, 4)]


def test_the_memories_of_the_study():
    q, k, v = (torch.tensor(normal(seed, 2, n, 5)) for seed, n in ((0, 3), (1, 7), (2, 7)))
    rate = torch.full((2, 7), 0.3, dtype=torch.float64)
    one_by_one = torch.zeros(2, 5, 5, dtype=torch.float64)
    for t in range(7):
        one_by_one = one_by_one + 0.3 * k[:, t, :, None] * (v[:, t, None] - k[:, t, None] @ one_by_one)
    assert_same(recall.erasing(q, k, v, rate), q @ one_by_one)
    assert_same(recall.adding(q, k, v, rate), 0.3 * (q @ k.mT) @ v)
    assert_same(recall.looking_back(q, k, v, rate), (q @ k.mT).softmax(-1) @ v)
    late = torch.tensor([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], dtype=torch.float64)
    assert_same(recall.looking_back_lately(q, k, v, rate), (q @ k.mT + late).softmax(-1) @ v)


def test_what_a_trained_memory_recalls():
    """Attention has room for every key, one matrix of width 8 has not; the last value of a key wants erasing."""
    sizes = (4, 32)
    back, added = (recall.recall_curve(mix, 8, 0, sizes) for mix in (recall.looking_back, recall.adding))
    assert min(back) > 0.9 and added[1] < 0.6 < added[0]
    twice = [recall.recalled(recall.learned_recaller(mix, 16, 0, (4, 8), 2), 8, 2) for mix in (recall.looking_back, recall.erasing)]
    assert twice[0] < 0.65 and twice[1] > 0.85
