"""Scores: counted by token, in evaluation mode, and texts compared up to their end."""

from __future__ import annotations

import math

import pytest
import torch
from compare import normal
from torch import nn

from attnlab.training import cross_entropy, evaluate, exact_match


class Table(nn.Module):
    """Logits looked up by place, with a dropout that must be asleep."""

    def __init__(self):
        super().__init__()
        self.rows = nn.Parameter(torch.tensor(normal(0, 11, 7)))
        self.drop = nn.Dropout(0.5)

    def forward(self, ids):
        return self.drop(self.rows[ids])


BATCHES = [
    (torch.tensor([[0, 1, 2], [3, 4, 5]]), torch.tensor([[1, 2, 3], [4, 0, 0]])),
    (torch.tensor([[6]]), torch.tensor([[5]])),
]


def predict(model, batch):
    assert not model.training and not torch.is_grad_enabled()
    return model(batch[0]), batch[1]


def test_every_token_weighs_the_same():
    model = Table()
    score = evaluate(model, BATCHES, predict)
    every = (torch.cat([ids.flatten() for ids, _ in BATCHES]), torch.cat([t.flatten() for _, t in BATCHES]))
    loss = cross_entropy(model.rows[every[0]], every[1]).item()
    counts = every[1] != 0
    right = (model.rows[every[0]].argmax(-1) == every[1])[counts].double().mean().item()
    assert score.loss == pytest.approx(loss, abs=1e-12) and score.perplexity == pytest.approx(math.exp(loss))
    assert score.accuracy == right and score.tokens == 5


def test_padding_is_never_right_and_never_wrong():
    model = Table()
    model.rows.data[4] = torch.eye(7, dtype=torch.float64)[0] * 9  # would be right about the padding
    with_padding = evaluate(model, BATCHES, predict)
    model.rows.data[4] = torch.eye(7, dtype=torch.float64)[3] * 9
    assert evaluate(model, BATCHES, predict) == with_padding


def test_the_mode_comes_back_also_after_an_error():
    for training in (True, False):
        model = Table().train(training)
        evaluate(model, BATCHES, predict)
        assert model.training is training
    model = Table().train()
    with pytest.raises(RuntimeError):
        evaluate(model, BATCHES, lambda m, b: torch.zeros(2) @ torch.zeros(3))
    assert model.training
    with pytest.raises(ValueError, match="there is no batch to evaluate on"):
        evaluate(model, [], predict)


def test_exact_match_looks_up_to_the_end():
    wanted = [[5, 6, 2], [7, 2, 0], [8, 9, 2]]
    assert exact_match([[5, 6, 2, 9], [7, 0, 2], [8, 2, 9]], wanted) == pytest.approx(2 / 3)
    assert exact_match(torch.tensor(wanted), wanted) == 1 and exact_match([[5, 6]], [[5, 6, 2]]) == 1
    with pytest.raises(ValueError, match="1 texts were written and 3 wanted"):
        exact_match([[1]], wanted)
    with pytest.raises(ValueError, match="0 texts were written and 0 wanted"):
        exact_match([], [])
