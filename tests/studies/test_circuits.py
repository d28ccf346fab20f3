"""Copying in a small model: texts that return, the scores of heads worked out by loops, the change with two layers and not with one."""

from __future__ import annotations

import pytest
import torch

from attnlab.attention import MultiHead
from attnlab.models.decoder import trace
from attnlab.studies import circuits
from attnlab.studies.observe import observed


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_texts_return_with_their_period_until_the_end():
    texts = circuits.repeats(200, chance(), length=29, vocab_size=10**6, periods=(3, 13))
    assert texts.ids.shape == texts.copied.shape == (200, 29) and texts.copied.dtype == torch.bool
    periods = set()
    for ids, copied in zip(texts.ids.tolist(), texts.copied.tolist()):
        first = copied.index(True)
        period = next(p for p in range(3, 14) if all(ids[t] == ids[t - p] for t in range(first, 29)) and ids[first - 1] == ids[first - 1 - p])
        assert all(copied[first:]) and not any(copied[:first]) and first - 1 - period >= 0
        assert len(set(ids[: first - 1])) == first - 1
        periods.add(period)
    assert periods == set(range(3, 14))


def test_longest_rounds_must_fit_twice():
    with pytest.raises(ValueError, match=r"periods must be from 1 on, and twice the longest at most the length 24, but they are \(3, 13\)"):
        circuits.repeats(2, chance(), periods=(3, 13))


def test_distinct_tokens_and_twice():
    words = circuits.distinct(50, 7, 11, chance())
    assert words.shape == (50, 7) and all(len(set(row)) == 7 for row in words.tolist()) and words.max() == 10 and words.min() == 0
    assert circuits.twice(words[:1, :2], start=3).tolist() == [[3, *words[0, :2].tolist() * 2]]
    with pytest.raises(ValueError, match="12 different tokens cannot be drawn from 11"):
        circuits.distinct(1, 12, 11, chance())


def test_a_diagonal_is_its_loop():
    weights = torch.rand(2, 3, 7, 7, generator=chance(), dtype=torch.float64)
    for back, first in ((0, 0), (1, 0), (2, 5), (6, 0)):
        loop = torch.stack([weights[..., t, t - back] for t in range(7) if t >= back and t >= first]).mean(dim=0)
        assert torch.allclose(circuits.diagonal(weights, back, first), loop, atol=1e-12)
    with pytest.raises(ValueError, match="no query from 7 on among 7 tokens"):
        circuits.diagonal(weights, 7)


def test_scores_are_the_loops_over_the_trace():
    model = circuits.attention_only(3, 2, vocab_size=19)
    words = circuits.distinct(5, 6, 18, chance())
    ids = circuits.twice(words, start=18)
    weights = trace(model, ids).weights
    scores = circuits.head_scores(model, ids, 6)
    previous = torch.stack([weights[..., t, t - 1] for t in range(1, 13)]).mean(dim=(0, 2))
    induction = torch.stack([weights[..., t, t - 5] for t in range(7, 13)]).mean(dim=(0, 2))
    assert torch.allclose(scores.previous, previous, atol=1e-6) and torch.allclose(scores.induction, induction, atol=1e-6)
    with pytest.raises(ValueError, match="the last 10 tokens of every text must be 5 tokens, twice"):
        circuits.head_scores(model, ids, 5)


def test_heads_in_their_order_and_equal_ones_by_number():
    assert circuits.ranked(torch.tensor([[0.2, 0.7], [0.7, 0.1]])) == [(0, 1), (1, 0), (0, 0), (1, 1)]


def test_copied_counts_the_second_round_but_its_first_word():
    model = circuits.attention_only(2, 1, vocab_size=13)
    ids = circuits.twice(circuits.distinct(6, 5, 13, chance()))
    best = observed(model, ids, silent=[(0, 0)]).argmax(dim=-1)
    expected = [sum(int(best[text, t] == ids[text, t + 1]) for t in range(5, 9)) / 4 for text in range(6)]
    assert torch.allclose(circuits.copied(model, ids, 5, [(0, 0)]), torch.tensor(expected))


def test_composition_is_the_quotient_of_lengths():
    torch.manual_seed(0)
    writer, reader = MultiHead(7, 3, d_head=5).double(), MultiHead(7, 2, d_head=3).double()
    for part in circuits.PARTS:
        found = circuits.composition(writer, reader, part)
        for w in range(3):
            circuit = writer.output.weight[:, 5 * w : 5 * w + 5] @ writer.value.weight[5 * w : 5 * w + 5]
            for r in range(2):
                reads = getattr(reader, part).weight[3 * r : 3 * r + 3]
                expected = (reads @ circuit).norm() / (reads.norm() * circuit.norm())
                assert torch.allclose(found[w, r], expected, atol=1e-12)
    with pytest.raises(ValueError, match="part must be one of query, key, value, got 'output'"):
        circuits.composition(writer, reader, "output")
    with pytest.raises(ValueError, match="4 heads share 2 heads of keys and values"):
        circuits.composition(MultiHead(8, 4, 2), MultiHead(8, 4, 2))


def test_two_layers_change_and_one_does_not():
    two, one = circuits.attention_only(2, 1), circuits.attention_only(1, 2)
    n = lambda model: sum(weight.numel() for weight in model.parameters())
    assert n(two) - n(one) == 32  # the gain of one norm
    history, other = circuits.learn(two), circuits.learn(one)
    assert [moment.step for moment in history] == list(range(0, 351, 25))
    assert history[-1].right > 0.8 and history[-1].induction > 0.7 and history[-1].previous > 0.4
    assert other[-1].right < 0.4 and other[-1].induction < 0.3 and history[0].right < 0.1
    assert history[-1].loss < 1.2 < 2 < other[-1].loss
