"""The training loop: against steps of Adam written out, seeds, silence, and what it refuses."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import nn

from attnlab import training
from attnlab.training import Recipe


def line(seed: int = 0) -> nn.Module:
    return training.seeded(lambda: nn.Linear(3, 2, dtype=torch.float64), seed)


def squared(model, batch):
    x, y = batch
    return ((model(x) - y) ** 2).mean()


def examples(n: int, seed: int = 1):
    rng = torch.Generator().manual_seed(seed)
    draw = lambda *size: torch.randn(size, generator=rng, dtype=torch.float64)
    return [(draw(5, 3), draw(5, 2)) for _ in range(n)]


def by_hand(model, batches, rates, clip):
    """Adam with decay rates 0.9 and 0.999, one number at a time over the flattened weights."""
    weights = [p.detach().clone() for p in model.parameters()]
    m, v = ([torch.zeros_like(w) for w in weights] for _ in range(2))
    losses = []
    for t, ((x, y), rate) in enumerate(zip(batches, rates), start=1):
        w, b = weights
        gap = x @ w.T + b - y
        losses.append((gap**2).mean().item())
        gradient = [2 * gap.T @ x / gap.numel(), 2 * gap.sum(0) / gap.numel()]
        length = math.sqrt(sum((g**2).sum().item() for g in gradient))
        gradient = [g * min(1.0, clip / (length + 1e-6)) for g in gradient]
        for i, g in enumerate(gradient):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g**2
            weights[i] = weights[i] - rate * (m[i] / (1 - 0.9**t)) / ((v[i] / (1 - 0.999**t)).sqrt() + 1e-8)
    return weights, losses


@pytest.mark.parametrize("clip", [0.05, 100.0])
def test_a_run_is_adam_with_clipping_and_this_schedule(clip):
    rates = [0.04 / 3, 0.08 / 3, 0.04, 0.04 * 4 / 5, 0.04 * 3 / 5, 0.04 * 2 / 5, 0.04 / 5]
    model, batches = line(), examples(7)
    expected, losses = by_hand(line(), batches, rates, clip)
    history = training.train(model, batches, squared, Recipe(7, 0.04, warmup=2, clip=clip))
    assert history == pytest.approx(losses, abs=1e-12)
    for got, wanted in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(got.detach(), wanted, rtol=0, atol=1e-12)


def test_without_warmup_the_rate_falls_from_the_start():
    recipe = Recipe(4, 0.8)
    assert [recipe.rate(done) for done in range(4)] == pytest.approx([0.8, 0.6, 0.4, 0.2])


def test_the_same_seeds_give_the_same_run_and_leave_torch_as_it_was():
    def run(seed):
        model = nn.Sequential(line(), nn.Dropout(0.5))
        return training.train(model, examples(6), squared, Recipe(6, seed=seed))

    torch.manual_seed(7)
    before = torch.get_rng_state()
    assert run(1) == run(1) != run(2)
    assert torch.equal(line(3).weight, line(3).weight) and not torch.equal(line(3).weight, line(4).weight)
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_is_on_while_training_and_off_afterwards():
    model, modes = line(), []
    training.train(model, examples(2), lambda m, b: modes.append(m.training) or squared(m, b), Recipe(2))
    assert modes == [True, True] and not model.training


def test_it_learns_and_is_silent(capsys):
    true = line(9)
    batches = [(x, true(x).detach()) for x, _ in examples(50)]
    history = training.train(line(), itertools.cycle(batches), squared, Recipe(400, 0.1))
    assert len(history) == 400 and history[-1] < 1e-3 * history[0]
    assert capsys.readouterr() == ("", "")


def test_progress_speaks_when_asked():
    said, seen = [], []
    report = training.progress(every=2, write=said.append)
    for step, loss in enumerate([3.0, 1.0, 5.0, 0.0, 9.0], start=1):
        report(step, loss)
    assert said == ["step 2: loss 2.000", "step 4: loss 2.500"]
    history = training.train(line(), examples(3), squared, Recipe(3), report=lambda *both: seen.append(both))
    assert seen == list(zip([1, 2, 3], history))
    with pytest.raises(ValueError, match="every must be at least 1 but is 0"):
        training.progress(0)


def test_batches_that_end_and_losses_that_are_no_numbers_are_named():
    with pytest.raises(ValueError, match="the batches ended after 3 of 5 steps"):
        training.train(line(), examples(3), squared, Recipe(5))
    with pytest.raises(FloatingPointError, match="the loss is nan at step 1"):
        training.train(line(), examples(3), lambda m, b: squared(m, b) * math.nan, Recipe(3))


def test_a_schedule_and_an_optimiser_are_passed_in():
    rates = []

    class Watching(torch.optim.SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    recipe = Recipe(5, schedule=lambda step: 0.1 / step, optimiser=lambda model: Watching(model.parameters(), lr=1.0))
    model, batches = line(), examples(5)
    training.train(model, batches, squared, recipe)
    assert rates == [0.1 / step for step in (1, 2, 3, 4, 5)]
    by_hand = line()
    for (x, y), rate in zip(batches, rates):
        by_hand.zero_grad()
        squared(by_hand, (x, y)).backward()
        nn.utils.clip_grad_norm_(by_hand.parameters(), 1.0)
        for p in by_hand.parameters():
            p.data -= rate * p.grad
    assert all(torch.allclose(p, q, rtol=0, atol=1e-15) for p, q in zip(model.parameters(), by_hand.parameters()))


def test_a_run_in_pieces_is_the_run_in_one():
    def make():
        model = nn.Sequential(line(), nn.Dropout(0.5))
        return training.Run(model, examples(9), squared, Recipe(9, seed=2))

    whole, pieces, seen = make(), make(), []
    history = whole.advance()
    parts = [pieces.advance(n, report=lambda *both: seen.append(both)) for n in (4, 0, 3)]
    parts.append(pieces.advance())
    assert [len(part) for part in parts] == [4, 0, 3, 2] and sum(parts, []) == history == pieces.history
    assert [step for step, _ in seen] == [1, 2, 3, 4, 5, 6, 7] and pieces.advance() == [] and not pieces.model.training
    assert all(torch.equal(p, q) for p, q in zip(whole.model.parameters(), pieces.model.parameters()))


def test_layers_that_get_no_gradient_are_left_alone():
    model = nn.ModuleDict({"used": line(), "idle": line(5)})
    before = model["idle"].weight.clone()
    training.train(model, examples(3), lambda m, b: squared(m["used"], b), Recipe(3))
    assert torch.equal(model["idle"].weight, before)


def test_the_bar_says_how_far_the_loss_lately_and_the_time_left():
    said, clock = [], iter([100.0, 102.0, 104.0, 250.0, 500.0])
    report = training.bar(4, write=said.append, clock=lambda: next(clock))
    for step, loss in enumerate([4.0, 2.0, 3.0, 3.0], start=1):
        report(step, loss)
    assert said == [
        "\r[######..................] 1/4  loss 4.000  0:06 left",
        "\r[############............] 2/4  loss 3.000  0:04 left",
        "\r[##################......] 3/4  loss 3.000  0:50 left",
        "\r[########################] 4/4  loss 3.000  0:00 left\n",
    ]


def test_the_bar_is_silent_where_there_is_no_terminal(capsys, monkeypatch):
    training.train(line(), examples(3), squared, Recipe(3), report=training.bar(3))
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    training.train(line(), examples(3), squared, Recipe(3), report=training.bar(3))
    out, err = capsys.readouterr()
    assert out == "" and err.count("\r[") == 3 and err.endswith("left\n")
    with pytest.raises(ValueError, match="steps must be at least 1 but is 0"):
        training.bar(0)


def test_the_bar_forgets_old_losses():
    said = []
    report = training.bar(400, write=said.append, clock=lambda: 0.0)
    for step in range(1, 401):
        report(step, 100.0 if step < 200 else 1.0)
    assert "loss 1.0" in said[-1] and "loss 100.000" in said[150]
