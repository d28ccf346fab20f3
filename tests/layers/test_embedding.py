from __future__ import annotations

import math

import pytest
import torch
from compare import assert_same, normal

from attnlab.layers import TiedEmbedding, embedding

VOCAB, D = 11, 5
IDS = torch.tensor([[3, 0, 3], [10, 1, 2]])


def module() -> TiedEmbedding:
    made = TiedEmbedding(VOCAB, D).double()
    with torch.no_grad():
        made.table.copy_(torch.tensor(normal(0, VOCAB, D)))
    return made


def test_rows_in_scores_out_one_table():
    made, x = module(), torch.tensor(normal(1, 2, 3, D))
    assert_same(made(IDS), math.sqrt(D) * torch.nn.functional.embedding(IDS, made.table))
    assert_same(made.logits(x), torch.nn.functional.linear(x, made.table))
    assert [w.shape for w in made.parameters()] == [(VOCAB, D)]
    assert made(IDS[:, :0]).shape == (2, 0, D)


def test_both_ends_send_their_gradient_to_the_table():
    made, x = module(), torch.tensor(normal(1, 2, 3, D))
    (made(IDS).sum() + 3 * made.logits(x).sum()).backward()
    counts = torch.bincount(IDS.ravel(), minlength=VOCAB).double()
    expected = math.sqrt(D) * counts[:, None] + 3 * x.sum(dim=(0, 1))
    assert_same(made.table.grad, expected.expand(VOCAB, D), atol=1e-11)


def test_what_enters_starts_with_a_standard_deviation_of_one():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = embedding.TiedEmbedding(1009, 128)
    assert abs(made.table.std().item() * math.sqrt(128) - 1) < 0.01
    assert abs(made(torch.arange(1009)).std().item() - 1) < 0.01


def test_errors_at_the_door(as_readers_run_it):
    with pytest.raises(ValueError, match="there is no row 11: the table has 11, numbered 0 to 10"):
        module()(torch.tensor([0, 11]))
    with pytest.raises(ValueError, match="there is no row -1"):
        module()(torch.tensor([-1]))
    with pytest.raises(TypeError, match=r"ids must hold integers but their dtype is torch\.float32"):
        module()(torch.zeros(3))
    with pytest.raises(ValueError, match="x has width 4 but the table has width 5"):
        module().logits(torch.zeros(2, 4).double())
    with pytest.raises(ValueError, match="vocab_size must be at least 1 but is 0"):
        TiedEmbedding(0, D)
