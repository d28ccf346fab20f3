"""Learning to write: tasks, batches, surprise against a loop, strides, and a model that learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnlab.generation import top_k
from attnlab.models.gpt import GPT, Config
from attnlab.studies import language
from attnlab.tokens.vocabulary import END, PAD
from attnlab.training import seeded

WORDS = [("a", "b"), ("b", "a", "c"), ("c",), ("a", "c", "b", "b"), ("b", "b"), ("c", "a")]
SMALL = dict(d_model=12, n_heads=3, n_layers=1, d_ff=17)


def model(seed=0, vocab_size=11, max_len=9):
    made = seeded(lambda: GPT(Config(vocab_size, max_len, 12, 3, 2, 17, 0.0)), seed).eval()
    for p in made.parameters():
        p.data.mul_(9)
    return made


def test_texts_become_rows_that_end():
    task = language.texts(WORDS, 2)
    assert len(task.learned) == 4 and len(task.held_out) == 2
    for row in torch.cat([torch.nn.functional.pad(x, (0, 5 - x.shape[1])) for x in task[1:]]).tolist():
        real = [i for i in row if i != PAD]
        assert real[-1] == END and row == real + [PAD] * (5 - len(real)) and min(real[:-1], default=3) >= 3
    said = {task.vocabulary.decode(row) for part in task[1:] for row in part.tolist()}
    assert said == set(WORDS)


def test_batches_are_cut_to_their_longest_and_hold_every_text_once_an_epoch():
    rows = language.texts(WORDS, 1).learned
    source, seen = language.batches(rows, budget=8, seed=3), []
    while len(seen) < len(rows):
        batch = next(source)
        assert batch.numel() <= 8 or len(batch) == 1
        assert (batch[:, -1] != PAD).any()
        seen += [tuple(i for i in row if i) for row in batch.tolist()]
    assert sorted(seen) == sorted(tuple(i for i in row if i) for row in rows.tolist())


@torch.no_grad()
def test_surprise_and_loss_are_those_of_a_loop():
    rows, m, costs = torch.tensor([[5, 7, END, PAD], [3, 4, 9, END]]), model(), []
    for row in rows.tolist():
        text = [1]
        for token in (i for i in row if i != PAD):
            costs.append(-m(torch.tensor([text]))[0, -1].log_softmax(-1)[token].item())
            text.append(token)
    assert language.surprise(m, rows) == pytest.approx(costs, abs=1e-5)
    assert language.loss(m, rows).item() == pytest.approx(np.mean(costs), abs=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("stride", [1, 4, 9])
@pytest.mark.parametrize("n", [2, 9, 10, 11, 31])
def test_strided_judges_each_token_once_with_the_past_it_may_have(stride, n):
    m, ids = model(), np.random.default_rng(n).integers(0, 11, n)
    found = language.strided(m, ids, stride)
    assert found.shape == (n - 1,)
    for place, cost in enumerate(found, start=1):
        end = next(e for e in [*range(10, n, stride), n] if e > place)  # the piece that judges it ends before token e
        first = max(0, min(end, n) - 1 - 9)
        alone = -m(torch.tensor(ids[None, first:place]))[0, -1].log_softmax(-1)[ids[place]].item()
        assert cost == pytest.approx(alone, abs=1e-4)


def test_windows_are_pieces_of_the_text():
    ids = list(range(100, 140))
    batch = next(language.windows(ids, 7, 5, seed=1))
    assert batch.shape == (5, 8) and (batch.diff(dim=1) == 1).all() and batch.min() >= 100 and batch.max() < 140
    assert batch.equal(next(language.windows(ids, 7, 5, seed=1)))
    every = torch.cat([next(language.windows(ids, 7, 50, seed=s)) for s in range(5)])
    assert {100, 132} <= set(every[:, 0].tolist())  # the first place and the last
    with pytest.raises(ValueError, match="pieces of 41 tokens do not fit into a text of 40"):
        next(language.windows(ids, 40, 2))


@torch.no_grad()
def test_the_loss_of_windows_counts_every_token():
    m, batch = model(), torch.tensor([[0, 3, 0, 5]])
    log_p = m(batch[:, :3])[0].log_softmax(-1)
    expected = -(log_p[0, 3] + log_p[1, 0] + log_p[2, 5]) / 3
    assert language.window_loss(m, batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_it_learns_two_texts_and_writes_them():
    items = [tuple("abca"), tuple("bcab")]
    task = language.texts([*items, tuple("ac")], 1)
    wanted = {task.vocabulary.decode(row) for row in task.learned.tolist()}
    run = language.start(task, 60, seed=1, peak=2e-2, **SMALL)
    run.advance()
    assert np.mean(run.history[-5:]) < 0.5 < np.mean(run.history[:5])
    said = language.written(run.model, task, 12, 0, lambda z: top_k(z, 2))
    assert len(said) == 12 and sum(text in wanted for text in said) >= 8


def test_a_seed_decides_everything():
    task = language.texts(WORDS, 1)
    one, same, other = (language.start(task, 3, seed=s, **SMALL) for s in (4, 4, 5))
    histories = [run.advance() for run in (one, same, other)]
    assert histories[0] == histories[1] != histories[2]


def test_both_optimisers_learn_and_see_every_parameter():
    items = [tuple("abca"), tuple("bcab")]
    task = language.texts([*items, tuple("ac")], 1)
    for optimiser in (language.adamw, language.muon):
        m = seeded(lambda: GPT(Config(len(task.vocabulary), 9, 12, 3, 1, 17, 0.0)))
        groups = optimiser(m).param_groups
        assert {id(p) for group in groups for p in group["params"]} == {id(p) for p in m.parameters()}
        how = language.recipe(60, peak=2e-2, optimiser=optimiser)
        history = language.Run(m, language.batches(task.learned), language.loss, how).advance()
        assert np.mean(history[-5:]) < 0.5 * np.mean(history[:5])


def test_the_recipe_rises_and_falls():
    rates = [language.recipe(40, peak=0.5).rate(done) for done in range(40)]
    assert max(rates) == pytest.approx(0.5) and int(np.argmax(rates)) == 3 and 0 < rates[-1] < 0.01
