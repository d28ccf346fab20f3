"""The study of translation: tasks, batches, schedules, variants that differ in one thing, and where a model looks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnlab.reference import translator
from attnlab.studies import translation
from attnlab.studies.translation import VARIANTS
from attnlab.tokens.vocabulary import END, PAD

PAIRS = [(tuple(f"a{i % 7} b{i}".split()), tuple(f"y{i} x{i % 7} z".split()[: 2 + i % 2])) for i in range(40)]
TASK = translation.task(PAIRS, held_out=6)
SMALL = {"d_model": 16, "n_heads": 2, "d_ff": 12}


def small(name: str):
    return VARIANTS[name].make(TASK.sizes(**(SMALL | VARIANTS[name].sizes)))


def test_a_task_keeps_pairs_back_and_ends_its_targets():
    assert len(TASK.learned[0]) == 34 and len(TASK.held_out[0]) == 6
    rows = [tuple(TASK.source.decode(row)) for row in torch.cat([TASK.learned[0], TASK.held_out[0]]).tolist()]
    assert sorted(rows) == sorted(source for source, _ in PAIRS)
    assert all(END in row for row in TASK.learned[1].tolist())
    sizes = TASK.sizes(d_model=32)
    assert (sizes.d_model, sizes.n_layers, sizes.n_source, sizes.dropout) == (32, 1, len(TASK.source), 0.0)


def test_the_two_tasks_of_the_page():
    pytest.importorskip("num2words")
    numbers, formulas = translation.numbers(60, 999, 9), translation.formulas(60, 3, 9)
    assert len(numbers.held_out[0]) == len(formulas.held_out[0]) == 9
    assert set(formulas.source.words[3:]) <= set("0123456789+-*()")
    held = {tuple(row) for row in numbers.held_out[0].tolist()}
    assert not held & {tuple(row) for row in numbers.learned[0].tolist()}


def test_batches_keep_the_budget_and_pairs_together():
    seen, whole = [], {tuple(r[r != PAD].tolist()): tuple(t[t != PAD].tolist()) for r, t in zip(*TASK.learned)}
    for source, target in translation.batches(TASK.learned, budget=30):
        assert source.numel() + target.numel() <= 30 and (source[:, -1] != PAD).any() and (target[:, -1] != PAD).any()
        for x, y in zip(source, target):
            assert whole[tuple(x[x != PAD].tolist())] == tuple(y[y != PAD].tolist())
            seen.append(tuple(x.tolist()))
        if len(seen) == 34:
            break
    assert len(set(seen)) == 34


def test_the_loss_is_that_of_the_target_given_what_is_before_it():
    model, pair = small("as in 2017"), TASK.held_out
    with torch.no_grad():
        logits = model(pair[0], torch.cat([torch.ones(6, 1, dtype=torch.long), pair[1][:, :-1]], dim=1))
        wanted = torch.nn.functional.cross_entropy(logits.flatten(0, 1), pair[1].flatten(), ignore_index=PAD, label_smoothing=0.1)
        torch.testing.assert_close(translation.loss(model, pair), wanted)


def test_the_schedules_meet_where_the_warm_up_ends():
    assert translation.schedule(1, 1.0, 4) == 0.25 and translation.schedule(4, 1.0, 4) == 1.0 == translation.no_warmup(1, 1.0, 4)
    assert translation.schedule(16, 1.0, 4) == translation.no_warmup(16, 1.0, 4) == 0.5


def test_without_positions_the_encoder_is_a_bag_of_words():
    assert translation.no_positions(9, 6)(torch.arange(4)).tolist() == [[0.0] * 6] * 4
    source = TASK.learned[0][:3]
    for name, moves in (("no positions", False), ("as in 2017", True)):
        states = small(name).encode(source).states
        turned = small_turned(name, source)
        assert (not torch.allclose(turned.flip(1), states, atol=1e-5)) == moves


def small_turned(name, source):
    return translation.seeded(lambda: small(name), 3).encode(source.flip(1)).states


@pytest.fixture(autouse=True)
def one_start():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        yield


def test_a_deaf_model_does_not_hear_the_source_and_others_do():
    source, target = TASK.learned
    for name in ("no cross-attention", "as in 2017"):
        model = small(name)
        moved = (model(source[:4], target[:4]) - model(source[:4].flip(0), target[:4])).abs().max()
        assert (moved < 1e-6) == (name == "no cross-attention")
    assert torch.equal(translation.Silent()(source, mask=None), source)
    assert translation.deaf(TASK.sizes(**SMALL)).decoder[0].cross_attend.forward(target) is target


def test_every_variant_learns_a_step_and_the_seed_decides():
    for name, variant in VARIANTS.items():
        runs = [translation.start(TASK, translation.replace(variant, sizes=SMALL | variant.sizes), steps=3, seed=s) for s in (0, 0, 1)]
        losses = [run.advance() for run in runs]
        assert losses[0] == losses[1] != losses[2], name
        assert all(np.isfinite(losses[0]))
    assert VARIANTS["one head"].sizes == {"n_heads": 1} and VARIANTS["no label smoothing"].smoothing == 0
    assert isinstance(translation.muon(small("as in 2017")), translation.Muon)


def test_a_small_task_is_learned_and_written_freely():
    pairs = [(tuple(f"{a} {b}".split()), (b, a)) for a in "abcdef" for b in "uvwxyz"]
    which = translation.task(pairs, held_out=4)
    run = translation.start(which, translation.replace(VARIANTS["as in 2017"], sizes={"d_model": 32, "d_ff": 64}), steps=150, seed=1)
    run.advance()
    assert translation.exact(run.model, which.learned) == 1.0
    written = translation.translated(run.model, which.learned[0], 5)
    assert torch.equal(written[:, :3], which.learned[1])


def test_crossing_counts_the_steps_that_look_at_their_own_word(monkeypatch):
    pairs = [((*front, ten, one), (*front, one, "und", ten)) for front in ((), ("hundred",)) for ten in ("forty", "ninety")
             for one in ("one", "two", "six")]  # fmt: skip
    which = translation.task([*pairs, (("six",), ("six",)), (("forty",), ("forty",)), (("hundred", "six"), ("hundred", "six"))], 14)

    def looks(model, source, target):
        last = (source != PAD).sum(dim=1) - 1
        end = (target != PAD).sum(dim=1) - 1 - (target == END).any(dim=1).long()  # target is shifted
        weights = torch.zeros(1, len(source), 2, target.shape[1], source.shape[1])
        for row in range(len(source)):
            weights[0, row, :, end[row] - 3, last[row]] = 1.0
            weights[0, row, :, end[row] - 1, last[row] - int(row % 2 == 0)] = 1.0
        return weights

    monkeypatch.setattr(translation, "cross_weights", looks)
    found = translation.crossing(VARIANTS["as in 2017"].make(which.sizes(**SMALL)), which)
    chosen = sum(len(TENS & {*which.source.decode(row)}) == 1 and len(which.source.decode(row)) > 1 for row in which.held_out[0].tolist())
    assert found.texts == chosen and found.unit == 1.0 and found.ten == pytest.approx(-(-chosen // 2) / chosen)
    other = translation.Task(which.source, which.target, which.learned, tuple(side[:0] for side in which.held_out))
    with pytest.raises(ValueError, match="none of the 0 held-out texts ends in a ten and a unit"):
        translation.crossing(VARIANTS["as in 2017"].make(which.sizes(**SMALL)), other)


TENS = {"forty", "ninety"}


def test_the_numbers_of_the_small_translator_give_the_same_logits_in_torch():
    small_one = translator.load()
    model = translation.of_numpy(small_one)
    source = np.array([[5, 7, 9, 0], [4, 0, 0, 0]])
    target = np.array([[1, 5, 6], [1, 4, 0]])
    with torch.no_grad():
        theirs = model(torch.tensor(source), torch.tensor(target)).numpy()
    ours = translator.decode(small_one, target, translator.encode(small_one, source))
    np.testing.assert_allclose(theirs[0], ours[0], atol=1e-10)
    np.testing.assert_allclose(theirs[1, :2], ours[1, :2], atol=1e-10)
    assert sum(p.numel() for p in model.parameters()) == translator.n_parameters(small_one)
