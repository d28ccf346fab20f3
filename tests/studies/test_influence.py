"""Influence of one bit: by hand on functions that are known, on a random reader and on a trained one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from attnlab.studies.influence import Reader, influence, train_first, unchanged


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_influence_on_a_mean_is_one_over_n_and_on_one_bit_everything():
    assert influence(lambda bits: bits.double().mean(1), 50, 7, drawn(0)) == pytest.approx(1 / 50, abs=1e-12)
    assert influence(lambda bits: 3.0 * bits[:, 7].double(), 50, 7, drawn(0)) == 3
    assert influence(lambda bits: 3.0 * bits[:, 7].double(), 50, 8, drawn(0)) == 0


def test_a_reader_by_hand():
    reader, bits = Reader(3, drawn(1)), torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0]])
    token, first, question, key, value, hidden, answer = (p.detach().numpy() for p in reader.parameters())
    for text, out in zip(bits.numpy(), reader(bits)):
        x = token[text] + np.outer([1, 0, 0, 0], first)
        powers = np.exp(x @ key @ question / math.sqrt(3))
        assert out.item() == pytest.approx(np.tanh(powers / powers.sum() @ x @ value @ hidden) @ answer, abs=1e-6)


def test_scores_are_sharpened_with_the_length():
    bits = torch.randint(2, (2, 55), generator=drawn(2))
    sharp, plain = Reader(4, drawn(3), math.log), Reader(4, drawn(3))
    assert (sharp(bits) - plain(bits)).abs().min() > 1e-4
    with torch.no_grad():
        plain.question *= math.log(55)
    np.testing.assert_allclose(sharp(bits).detach(), plain(bits).detach(), atol=1e-6)
    assert unchanged(9) == unchanged(99) == 1


def test_a_random_reader_is_moved_by_one_over_n():
    reader = Reader(8, drawn(4))
    moved = [influence(reader, n, 0, drawn(5), texts=200) * n for n in (64, 256, 1024)]
    assert max(moved) / min(moved) < 1.5 and min(moved) > 0


def test_a_trained_reader_knows_the_first_bit_and_loses_it_in_long_texts():
    reader = train_first(Reader(8, drawn(6)), 200, drawn(7))
    bits = torch.randint(2, (200, 16), generator=drawn(8))
    assert ((reader(bits) > 0) == (bits[:, 0] == 1)).all()
    assert influence(reader, 16, 0, drawn(9)) > 20 * influence(reader, 100_000, 0, drawn(9), texts=4)
    assert not reader.key.requires_grad
