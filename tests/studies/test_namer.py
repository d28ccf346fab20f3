from __future__ import annotations

import torch

from attnlab.reference import namer
from attnlab.studies.namer import Model, bits, kept, loss, of_numpy, start, turned_attention

NAMES = ["ada", "bo", "cleo", "dan", "eve", "finn"] * 3


def test_start_trains_and_is_the_same_for_a_seed():
    first, second = (start(NAMES, 30, seed=4, d_model=12, d_ff=24) for _ in range(2))
    before = bits(first.model, NAMES)
    first.advance()
    second.advance()
    assert bits(first.model, NAMES) < before - 1 and first.history == second.history


def test_turned_attention_knows_offsets_alone():
    q, k, v = torch.randn(3, 1, 1, 7, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    late = turned_attention(q[..., -1:, :], k, v)  # the last query stands at the last key
    assert torch.allclose(late, turned_attention(q, k, v)[..., -1:, :])
    assert not torch.allclose(late, turned_attention(q[..., -1:, :], k.flip(-2), v.flip(-2)))


def test_loss_of_a_model_that_knows_nothing_is_that_of_guessing():
    model = Model()
    with torch.no_grad():
        model.last.gain.zero_()
        assert torch.isclose(loss(model, torch.tensor(namer.batch(NAMES))), torch.log(torch.tensor(28.0)))


def test_kept_rounds_to_thousandths_and_of_numpy_reads_it():
    model = Model()
    small = namer.read(kept(model, ["ada"]))
    assert small.held_out == ("ada",)
    again = of_numpy(small)
    for a, b in zip(model.parameters(), again.parameters()):
        assert (a - b).abs().max() <= 0.00051
