"""Heads that copy, and questions to a model."""

from __future__ import annotations

import numpy as np
import torch

from attnlab import reference
from attnlab.models.minilm import mean_pool
from attnlab.models.bert import Bert, Config
from attnlab.studies import circuits, explain
from in_short.page import Bug, Page, close, normal, tensor

LAYERS, HEADS = 30, 9  # of SmolLM2, as tests/models/test_smollm2.py reads them from its file


def copying_agrees(f, g):
    weights = reference.softmax(normal(2, 3, 11, 11))
    close(f.induction_score(weights, 5), circuits.diagonal(tensor(weights), 4, 6))
    mixed = tensor(normal(2, 5, 7, 3))
    found = g.without_heads(mixed, [1, 4])
    for head in range(5):
        close(found[:, head], mixed[:, head] * (head not in (1, 4)))


def one_period_back_scores_nothing(f):
    assert f.induction_score(np.eye(10, k=-5), 5) == 0


def other_heads_stay(g):
    mixed = tensor(normal(2, 3, 5, 3))
    close(g.without_heads(mixed, [0])[:, 1], mixed[:, 1])


def explaining_agrees(f, g):
    for n, d in ((17, 5), (4, 7), (6, 5)):
        values = normal(n, d)
        left = (explain.few_keys(np.full(n, 1 / n), values) > 0).sum()
        assert f.freedom(values) == n - left
    torch.manual_seed(0)
    encoder = Bert(Config(29, 13, 12, 3, 2, 17)).eval()
    question = lambda ids: mean_pool(encoder(ids), torch.ones_like(ids, dtype=torch.bool))[:, 3]
    ids = torch.tensor([3, 7, 1, 9, 2])
    close(g.blanked(question, ids, 5)[1:-1], explain.masked(encoder, ids, lambda pooled: pooled[:, 3], 5))


def one_direction_is_left(f):
    assert f.freedom(np.array([[0.0], [1.0], [3.0]])) == 1


def a_blank_has_no_effect(g):
    found = g.blanked(lambda texts: (texts**2).sum(dim=1).double(), torch.tensor([4, 7, 5, 9]), 7)
    assert found[1] == 0 and found[0] == 16 - 49


PAGES = {
    "theory/circuits": Page(
        copying_agrees,
        {
            "The key of the same token": Bug("numpy", "queries - period + 1", "queries - period", one_period_back_scores_nothing),
            "The wrong axis is silenced": Bug("torch", "keep[:, None, None]", "keep", other_heads_stay),
        },
        lambda: [f"{LAYERS * HEADS}"],
    ),
    "theory/explanation": Page(
        explaining_agrees,
        {
            "The sum of the row is forgotten": Bug("numpy", "np.column_stack([values, np.ones(len(values))])", "values", one_direction_is_left),
            "Everything is compared with a blanked text": Bug("torch", "asked[-1] - asked[:-1]", "asked[0] - asked[:-1]", a_blank_has_no_effect),
        },
        lambda: [f"{101 - np.linalg.matrix_rank(np.column_stack([normal(101, 32), np.ones(101)]))}"],
    ),
}
