"""Speculation draws from the target: counted over many texts, against enumeration, and in its ends."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from attnlab.generation import speculative, temperature, top_k
from attnlab.generation.speculative import stands
from attnlab.models import decoder, families


def table_model(seed: int, vocabulary: int = 3):
    """Logits after each token that depend on the last two."""
    table = torch.tensor(np.random.default_rng(seed).normal(size=(vocabulary, vocabulary, vocabulary)))

    def logits(ids):
        before = torch.cat([torch.zeros_like(ids[:, :1]), ids[:, :-1]], dim=1)
        return table[before, ids]

    return logits


def chances(model, start: int, n: int, vocabulary: int = 3, change=lambda x: x) -> dict:
    found = {}
    for text in itertools.product(range(vocabulary), repeat=n):
        rows = change(model(torch.tensor([[start, *text]]))[0]).softmax(-1)
        found[text] = float(torch.prod(rows[torch.arange(n), torch.tensor(text)]))
    return found


def total_variation(counts: dict, expected: dict) -> float:
    n = sum(counts.values())
    return 0.5 * sum(abs(counts.get(text, 0) / n - p) for text, p in expected.items())


def many(target, draft, n_texts: int, *filters, n_drafted: int = 2) -> dict:
    generator, counts, prompt = torch.Generator().manual_seed(0), {}, torch.tensor([[1]])
    for _ in range(n_texts):
        text = tuple(speculative(target, draft, prompt, 2, generator, *filters, n_drafted=n_drafted).ids[0].tolist())
        counts[text] = counts.get(text, 0) + 1
    return counts


@pytest.mark.usefixtures("as_readers_run_it")
@pytest.mark.parametrize("filters", [(), (lambda x: top_k(temperature(x, 0.7), 2),)])
def test_texts_are_as_frequent_as_the_target_writes_them(filters):
    """4,000 texts of nine kinds: chance alone gives a distance near 0.02; the draft's own texts are far away."""
    target, draft = table_model(0), table_model(1)
    change = filters[0] if filters else (lambda x: x)
    expected = chances(target, 1, 2, change=change)
    assert total_variation(many(target, draft, 4000, *filters), expected) < 0.04
    assert total_variation({text: 1e6 * p for text, p in chances(draft, 1, 2, change=change).items()}, expected) > 0.15


@pytest.mark.usefixtures("as_readers_run_it")
def test_how_many_stand_is_as_the_overlap_says():
    p, q = torch.tensor(np.random.default_rng(5).dirichlet(np.ones(4), size=2))
    generator, n_stood = torch.Generator().manual_seed(0), []
    for _ in range(4000):
        drafted = torch.multinomial(q, 3, replacement=True, generator=generator)
        n_stood.append(stands(drafted, p.expand(4, 4), q.expand(3, 4), generator)[0])
    a = float(torch.minimum(p, q).sum())
    assert 0.3 < a < 0.9
    assert np.mean(n_stood) + 1 == pytest.approx((1 - a**4) / (1 - a), rel=0.03)


def test_a_refusal_ends_the_draft_and_leaves_what_was_missing():
    p = torch.tensor([[0.2, 0.5, 0.3], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]], dtype=torch.float64)
    q = torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]], dtype=torch.float64)
    n, rest = stands(torch.tensor([1, 0]), p, q, torch.Generator().manual_seed(0))
    assert n == 1 and rest.tolist() == [0, 0.5, 0.5]
    n, rest = stands(torch.tensor([1, 1]), p, torch.stack([q[0], p[1]]), torch.Generator().manual_seed(0))
    assert n == 2 and rest.tolist() == [1, 0, 0]


def test_what_is_left_behind_a_refusal_adds_up_to_one():
    p, q = (torch.tensor(np.random.default_rng(seed).dirichlet(np.ones(5), size=3)) for seed in (0, 1))
    generator, refused = torch.Generator().manual_seed(0), 0
    for _ in range(50):
        n, rest = stands(torch.multinomial(q[:2], 1, generator=generator)[:, 0], p, q[:2], generator)
        assert float(rest.sum()) == pytest.approx(1, abs=1e-12)
        if n < 2:
            refused += 1
            assert (rest[q[n] >= p[n]] == 0).all()
    assert refused > 10


def test_the_same_generator_writes_the_same_text_and_nothing_is_recorded():
    recording = []

    def target(ids):
        recording.append(torch.is_grad_enabled())
        return table_model(0, 7)(ids)

    def text(seed):
        return speculative(target, table_model(1, 7), torch.tensor([[1]]), 40, torch.Generator().manual_seed(seed), n_drafted=3)

    one, same, other = text(0), text(0), text(1)
    assert one.stood == same.stood and torch.equal(one.ids, same.ids)
    assert 0 < sum(one.stood) < 3 * len(one.stood) and not torch.equal(one.ids, other.ids)
    assert not any(recording)


def test_filters_change_the_draft_as_they_change_the_target():
    """A model that drafts for itself is never refused, whatever the filters leave."""
    one = table_model(0, 7)
    found = speculative(one, one, torch.tensor([[1]]), 30, torch.Generator().manual_seed(0), lambda x: top_k(temperature(x, 0.7), 2), n_drafted=4)
    assert found.stood == (4,) * 6


def small(seed: int) -> decoder.Decoder:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        one = families.llama(sizes := decoder.Config(13, 6, 1, 3, 1, 4, 7, 40), families.by_base(sizes, 1e4)).double()
        for weight in one.parameters():
            weight.data.mul_(8)
    return one.eval()


def test_a_model_that_drafts_for_itself_is_never_refused_and_asked_once_a_round():
    one, calls = small(0), []

    def target(ids):
        calls.append(ids.shape[1])
        return one(ids)

    found = speculative(target, one, torch.tensor([[3, 5]]), 10, torch.Generator().manual_seed(0), n_drafted=4)
    assert found.stood == (4, 4) and calls == [6, 11] and found.ids.shape == (1, 10)


def test_in_the_limit_of_a_low_temperature_it_is_greedy():
    one, cold = small(0), lambda logits: temperature(logits, 1e-6)
    found = speculative(one, small(1), torch.tensor([[3, 5]]), 9, torch.Generator().manual_seed(0), cold, n_drafted=3)
    ids = torch.tensor([[3, 5]])
    for _ in range(9):
        ids = torch.cat([ids, one(ids)[:, -1:].argmax(-1)], dim=1)
    assert found.ids.tolist() == ids[:, 2:].tolist() and min(found.stood) < 3


def test_without_a_draft_it_is_one_token_a_round():
    found = speculative(small(0), small(1), torch.tensor([[3]]), 5, torch.Generator().manual_seed(0), n_drafted=0)
    assert found.stood == (0,) * 5 and found.ids.shape == (1, 5)


def test_what_is_longer_than_asked_is_cut_and_nothing_asked_is_nothing():
    one = small(0)
    assert speculative(one, one, torch.tensor([[3]]), 3, torch.Generator().manual_seed(0)).ids.shape == (1, 3)
    assert speculative(one, one, torch.tensor([[3]]), 0, torch.Generator().manual_seed(0)).stood == ()


@pytest.mark.usefixtures("as_readers_run_it")
def test_what_is_refused():
    generator = torch.Generator().manual_seed(0)
    with pytest.raises(ValueError, match="3 tokens need as many rows of q and one more of p but there are 2 and 3"):
        stands(torch.tensor([0, 1, 0]), torch.ones(3, 2), torch.ones(2, 2), generator)
    with pytest.raises(ValueError, match="2 tokens need as many rows of q and one more of p but there are 2 and 4"):
        stands(torch.tensor([0, 1]), torch.ones(4, 2), torch.ones(2, 2), generator)
    with pytest.raises(ValueError, match="at a time but the prompt has 2"):
        speculative(small(0), small(0), torch.tensor([[3], [4]]), 3, generator)
