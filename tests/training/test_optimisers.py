"""AdamW and Muon: torch's own over many steps, the band of the singular values, and who moves what."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from torch import nn

from attnlab.reference import optimisers as in_numpy
from attnlab.training import AdamW, Muon, by_shape, like_adamw, matrices_and_others, newton_schulz, optimisers


def both(make_ours, make_theirs, shapes, steps=200, skip=()):
    """The parameters after many steps with the same random gradients, by ours and by torch's."""
    sides = []
    for make in (make_ours, make_theirs):
        parameters = [torch.tensor(normal(i, *shape), requires_grad=True) for i, shape in enumerate(shapes)]
        optimiser = make(parameters)
        for step in range(steps):
            for i, p in enumerate(parameters):
                size = 10.0 ** (i - 1)
                p.grad = None if (i, step) in skip else torch.tensor(size * normal(1000 + 7 * step + i, *p.shape))
            optimiser.step()
        sides.append([p.detach() for p in parameters])
    return sides


@pytest.mark.parametrize(
    "settings", [{}, {"lr": 0.05, "betas": (0.5, 0.9), "epsilon": 0.1, "decay": 0.3}, {"lr": 0.02, "decay": 0.0}]
)
def test_adamw_is_torchs_over_many_steps(settings):
    names = {"epsilon": "eps", "decay": "weight_decay"}
    theirs = {names.get(name, name): value for name, value in settings.items()}
    skip = {(1, 0), (1, 1), (0, 5)}  # a parameter without a gradient counts no step
    for mine, its in zip(
        *both(lambda p: AdamW(p, **settings), lambda p: torch.optim.AdamW(p, **theirs), [(5, 3), (7,), ()], skip=skip)
    ):
        assert_same(mine, its)


@pytest.fixture
def torch_in_full_precision(monkeypatch):
    """torch.optim.Muon multiplies in bfloat16; here it multiplies in what it is given, so that only the rule is compared."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self.clone())


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has Muon from 2.9 on")
@pytest.mark.parametrize("shapes", [[(5, 7)], [(7, 5)], [(3, 3), (2, 11)]])
@pytest.mark.parametrize(("scale", "name"), [(by_shape, "original"), (like_adamw, "match_rms_adamw")])
def test_muon_is_torchs_over_many_steps(torch_in_full_precision, shapes, scale, name):
    ours = lambda p: Muon(p, lr=0.01, momentum=0.9, decay=0.2, scale=scale)
    theirs = lambda p: torch.optim.Muon(p, lr=0.01, momentum=0.9, weight_decay=0.2, adjust_lr_fn=name)
    for mine, its in zip(*both(ours, theirs, shapes, steps=100, skip={(0, 3)})):
        assert_same(mine, its)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has Muon from 2.9 on")
def test_muon_is_torchs_as_it_is_to_the_precision_of_bfloat16():
    (mine,), (its,) = both(lambda p: Muon(p), lambda p: torch.optim.Muon(p), [(16, 23)], steps=50)
    moved = (mine - torch.tensor(normal(0, 16, 23))).norm()
    assert (mine - its).norm() < 0.02 * moved


@pytest.mark.parametrize("shape", [(2, 3), (5, 7), (7, 5), (16, 64), (64, 16), (64, 128), (1, 9)])
def test_five_steps_bring_singular_values_into_the_printed_band(shape):
    """Muon's author writes of singular values between 0.5 and 1.5 (the comment in the code, repeated in torch's)."""
    for seed in range(10):
        matrix = torch.tensor(normal(seed, *shape))
        values = torch.linalg.svdvals(newton_schulz(matrix))
        assert 0.5 < values.min() and values.max() < 1.5
        assert_same(in_numpy.newton_schulz(matrix.numpy()), newton_schulz(matrix).numpy())


def test_singular_vectors_stay_and_size_does_not_matter():
    matrix = torch.tensor(normal(0, 5, 7))
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    a, b, c = optimisers.QUINTIC
    x = s / s.norm()
    for _ in range(3):
        x = a * x + b * x**3 + c * x**5
    assert_same(newton_schulz(matrix, 3), (u * x) @ v)
    assert_same(newton_schulz(1000 * matrix), newton_schulz(matrix))
    assert_same(newton_schulz(matrix.mT), newton_schulz(matrix).mT.contiguous())
    assert_same(
        newton_schulz(torch.stack([matrix, -2 * matrix])), torch.stack([newton_schulz(matrix), -newton_schulz(matrix)])
    )
    assert not newton_schulz(torch.zeros(3, 2)).any() and not in_numpy.newton_schulz(np.zeros((3, 2))).any()
    assert_same(newton_schulz(matrix, 0), matrix / matrix.norm())


def test_the_scales():
    assert by_shape(8, 2) == 2 and by_shape(2, 8) == 1 and like_adamw(4, 25) == like_adamw(25, 4) == pytest.approx(1.0)
    step = newton_schulz(torch.tensor(normal(0, 64, 256))) * like_adamw(64, 256)
    assert 0.1 < step.square().mean().sqrt() < 0.3  # about 0.2


class Tied(nn.Module):
    """A table that is also the output, two linear layers, a norm."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 4)
        self.inside = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.out = nn.Linear(4, 11, bias=False)
        self.out.weight = self.table.weight
        self.head = nn.Linear(4, 3)


def test_matrices_are_those_of_linear_layers_inside():
    model = Tied()
    inside, others = matrices_and_others(model, outside=["head"])
    assert [id(p) for p in inside] == [id(model.inside.weight)]
    assert {id(p) for p in inside + others} == {id(p) for p in model.parameters()} and len(others) == 6
    assert len(matrices_and_others(model)[0]) == 2
    with pytest.raises(ValueError, match="the model has no layer called tail"):
        matrices_and_others(model, outside=["tail"])


def test_muon_moves_the_others_by_adamw():
    (_, mine), (its,) = (
        both(lambda p: Muon(p[:1], p[1:], lr=0.01, decay=0.2), lambda p: torch.optim.SGD(p), [(5, 3), (7,)], steps=30)[
            0
        ],
        both(lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.2), lambda p: torch.optim.SGD(p), [(7,)], steps=0)[
            0
        ],
    )
    del its
    w = torch.tensor(normal(1, 7), requires_grad=True)
    alone = torch.optim.AdamW([w], lr=0.01, weight_decay=0.2)
    for step in range(30):
        w.grad = torch.tensor(normal(1000 + 7 * step + 1, 7))
        alone.step()
    assert_same(mine, w.detach())


def test_a_closure_is_called_with_gradients_on():
    for make in (AdamW, Muon):
        w = torch.ones(2, 2, requires_grad=True)
        optimiser = make([w])

        def closure(w=w, optimiser=optimiser):
            optimiser.zero_grad()
            loss = (w**2).sum()
            loss.backward()
            return loss

        assert optimiser.step(closure) == 4 and (w < 1).all()


def test_what_is_refused():
    w = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match=r"Muon moves matrices; a parameter of shape \(3,\) belongs to `others`"):
        Muon([w])
    with pytest.raises(ValueError, match=r"betas\[1\] must be at least 0 and below 1 but is 1.0"):
        AdamW([w], betas=(0.9, 1.0))
    with pytest.raises(ValueError, match="lr must be at least 0 and finite but is -1"):
        AdamW([w], lr=-1)
    with pytest.raises(ValueError, match="momentum must be at least 0 and below 1 but is 1"):
        Muon([], momentum=1)
    with pytest.raises(ValueError, match=r"matrix needs the axes \(rows, columns\) but has shape \(3,\)"):
        in_numpy.newton_schulz.__wrapped__(np.ones(3)) if hasattr(
            in_numpy.newton_schulz, "__wrapped__"
        ) else in_numpy.newton_schulz(np.ones(3))
