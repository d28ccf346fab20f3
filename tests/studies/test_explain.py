"""What an output does not tell of its weights, and questions to an encoder: loops, differences, and SciPy's rank correlation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from attnlab import reference
from attnlab.models.bert import Bert, Config
from attnlab.models.minilm import mean_pool
from attnlab.studies import explain

SIZES = Config(vocab_size=29, max_len=13, d_model=12, n_heads=3, n_layers=2, d_ff=17)


@pytest.fixture
def encoder() -> Bert:
    torch.manual_seed(3)
    made = Bert(SIZES).double().eval()
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return made.requires_grad_(False)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(("n", "d"), [(17, 3), (5, 3), (4, 3), (2, 3), (1, 2), (41, 11)])
def test_few_keys_give_the_same_output(n, d, rng):
    weights, values = reference.softmax(rng.normal(size=n)), rng.normal(size=(n, d))
    found = explain.few_keys(weights, values)
    np.testing.assert_allclose(found @ values, weights @ values, atol=1e-12)
    assert (found >= 0).all() and np.isclose(found.sum(), 1) and (found > 0).sum() <= d + 1
    if n <= d + 1:
        np.testing.assert_allclose(found, weights, atol=1e-12)


def test_equal_values_need_one_key():
    found = explain.few_keys(np.full(6, 1 / 6), np.ones((6, 4)))
    assert sorted(found) == [0, 0, 0, 0, 0, 1]


def test_few_keys_refuses_what_is_no_distribution(as_readers_run_it):
    for wrong in ([0.5, 0.6], [1.5, -0.5], [[1.0]]):
        with pytest.raises(ValueError, match="weights must be one row of numbers from 0 on that add up to 1"):
            explain.few_keys(np.array(wrong), np.ones((2, 1)))


def test_effective_rows_are_the_shortest_with_their_output(rng):
    weights, values = reference.softmax(rng.normal(size=(5, 11))), rng.normal(size=(11, 3))
    found = explain.effective(weights, values)
    np.testing.assert_allclose(found @ values, weights @ values, atol=1e-12)
    shortest = np.linalg.lstsq(values.T, (weights @ values).T, rcond=None)[0].T
    np.testing.assert_allclose(found, shortest, atol=1e-12)


def test_rank_correlation_is_that_of_scipy(rng, as_readers_run_it):
    for n in (2, 3, 7, 31):
        a, b = rng.integers(0, 5, n), rng.normal(size=n).round(1)
        if len(set(a)) > 1 and len(set(b)) > 1:
            assert np.isclose(explain.rank_correlation(a, b), spearmanr(a, b).statistic, atol=1e-12)
    assert np.isnan(explain.rank_correlation([1, 1], [1, 2]))
    with pytest.raises(ValueError, match=r"two rows of one length, two or more, are needed, not \(1,\) and \(1,\)"):
        explain.rank_correlation([1], [2])


def test_gradients_are_differences_of_the_table_rows(encoder):
    ids, mask = torch.tensor([[1, 5, 9, 3], [2, 5, 4, 0]]), torch.tensor([[True] * 4, [True] * 3 + [False]])
    question = lambda pooled: pooled @ torch.linspace(-1, 1, 12, dtype=torch.float64)
    found = explain.gradients(encoder, ids, mask, question)
    assert found.shape == (2, 4, 12) and found[1, 3].abs().max() == 0
    asked = lambda: float(question(mean_pool(encoder(ids, mask), mask))[0])
    for feature in (0, 7):  # token 9 stands in the first text alone
        before = asked()
        encoder.piece.weight.data[9, feature] += 1e-6
        slope = (asked() - before) / 1e-6
        encoder.piece.weight.data[9, feature] -= 1e-6
        assert abs(slope - found[0, 2, feature]) < 1e-5
    assert not encoder.piece._forward_hooks


def test_the_hook_goes_even_after_an_error(encoder):
    with pytest.raises(ZeroDivisionError):
        explain.gradients(encoder, torch.tensor([[1, 2]]), torch.ones(1, 2, dtype=torch.bool), lambda pooled: 1 / 0)
    assert not encoder.piece._forward_hooks


def test_masked_is_one_text_after_the_other(encoder):
    ids = torch.tensor([1, 5, 9, 3, 2])
    question = lambda pooled: pooled[:, 0] - 2 * pooled[:, 3]
    one = lambda row: float(question(mean_pool(encoder(row[None]), torch.ones(1, 5, dtype=torch.bool)))[0])
    expected = []
    for place in (1, 2, 3):
        row = ids.clone()
        row[place] = 7
        expected.append(one(ids) - one(row))
    assert torch.allclose(explain.masked(encoder, ids, question, 7), torch.tensor(expected, dtype=torch.float64), atol=1e-12)
    assert ids.tolist() == [1, 5, 9, 3, 2]
