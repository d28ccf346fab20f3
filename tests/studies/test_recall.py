from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.reference.mixers.delta import write_delta, write_sum
from attnlab.studies import recall


def test_keys_are_read_newest_first_and_against_their_last_value():
    keys, which, values = np.eye(3)[:, :3], np.array([0, 1, 0, 2]), normal(0, 4, 5)
    assert_same(recall.cosine_of_last(keys, which, values, write_delta), np.ones(3))
    found = recall.cosine_of_last(keys, which, values, write_sum)
    both, last = values[0] + values[2], values[2]
    cosine = both @ last / np.linalg.norm(both) / np.linalg.norm(last)
    assert_same(found, np.array([1.0, cosine, 1.0]))  # key 2, key 0, key 1
    seen = recall.cosine_of_last(keys, which, values, recall.fading(0.5, write_sum))
    both = values[0] / 4 + values[2]
    assert_same(seen[1], both @ last / np.linalg.norm(both) / np.linalg.norm(last))


def test_what_is_rewritten_is_drawn_as_it_says():
    keys, which, values = recall.rewritten(41, 7, 5, np.random.default_rng(0))
    assert keys.shape == (7, 5) and which.shape == (41,) and values.shape == (41, 5)
    assert set(which) == set(range(7))
    assert np.allclose(np.linalg.norm(keys, axis=-1), 1)


@pytest.mark.parametrize("times", [1, 3])
def test_pairs_answer_with_the_last_value_of_a_key(times):
    keys, values, questions, answers = (x.tolist() for x in recall.pairs(5, 7, np.random.default_rng(1), times))
    for row, (k, v) in enumerate(zip(keys, values)):
        last = dict(zip(k, v))
        assert len(k) == 7 * times and len(last) == 7 and sorted(questions[row]) == sorted(last)
        assert answers[row] == [last[key] for key in questions[row]]


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
