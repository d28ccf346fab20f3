"""Encoder and decoder: against torch's own networks and loops; padding, alignments, greedy writing, learning."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from attnlab import data, training
from attnlab.attention import scoring
from attnlab.data import END, PAD, START
from attnlab.models import seq2seq
from attnlab.training import Recipe

N_SOURCE, N_TARGET, WIDTH = 11, 13, 6
ATTENDS = {"fixed": seq2seq.FixedVector, "additive": lambda: seq2seq.AdditiveAttention(WIDTH)}
both = pytest.mark.parametrize("kind", ATTENDS)
SOURCE = torch.tensor([[3, 4, 5, 6, 7], [8, 9, 0, 0, 0], [10, 3, 3, 0, 0]])
TARGET = torch.tensor([[3, 4, 12, 2], [5, 2, 0, 0], [6, 7, 2, 0]])


def made(kind: str, seed: int = 0):
    return training.seeded(lambda: seq2seq.Seq2Seq(N_SOURCE, N_TARGET, WIDTH, ATTENDS[kind]()).double(), seed)


def same(a, b, atol=1e-12):
    torch.testing.assert_close(a, b, rtol=0, atol=atol)


# ---- the encoder ---------------------------------------------------------------------------------


def test_the_encoder_is_one_cell_from_the_left_and_one_from_the_right():
    encoder = made("fixed").encode
    cells = []
    for end in ("l0", "l0_reverse"):
        cell = nn.GRUCell(WIDTH, WIDTH // 2, dtype=torch.float64)
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(cell, part, getattr(encoder.gru, f"{part}_{end}"))
        cells.append(cell)
    memory = encoder(SOURCE)
    for text, states, last in zip(SOURCE, memory.states, memory.last):
        words = [encoder.embed.weight[word] for word in text if word != PAD]
        walks = []
        for cell, order in zip(cells, (words, words[::-1])):
            h, walk = torch.zeros(WIDTH // 2, dtype=torch.float64), []
            for word in order:
                h = cell(word, h)
                walk.append(h)
            walks.append(walk)
        same(last, torch.cat([walks[0][-1], walks[1][-1]]))
        for t, (left, right) in enumerate(zip(walks[0], walks[1][::-1])):
            same(states[t], torch.cat([left, right]))
        assert (states[len(words) :] == 0).all()
    assert memory.may.tolist() == (SOURCE != 0).tolist()


def test_a_full_batch_and_a_padded_one_take_different_ways_to_the_same_states():
    encoder = made("fixed").encode
    full = encoder(SOURCE[:1])
    padded = encoder(nn.functional.pad(SOURCE[:1], (0, 3)))
    same(full.states, padded.states[:, :5])
    same(full.last, padded.last)


def test_the_door_of_the_encoder(as_readers_run_it):
    encoder = made("fixed").encode
    with pytest.raises(ValueError, match="text 1 of 2 has no words"):
        encoder(torch.tensor([[3, 0], [0, 0]]))
    with pytest.raises(ValueError, match="padding must stand at the end"):
        encoder(torch.tensor([[3, 0, 4], [3, 4, 5]]))
    with pytest.raises(ValueError, match="width must be even.* but is 5"):
        seq2seq.Encoder(7, 5)


# ---- what the decoder sees -----------------------------------------------------------------------


def test_additive_attention_is_the_score_of_the_scoring_room_then_softmax_then_the_mean():
    model = made("additive")
    attend, memory = model.attend, model.encode(SOURCE)
    state = torch.randn(3, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    context, weights = attend(memory)(state)
    for b, n in enumerate((5, 2, 3)):
        keys = memory.states[b, :n]
        scores = scoring.additive(
            state[b : b + 1], keys, attend.query.weight.T, attend.key.weight.T, attend.score.weight[0]
        )
        expected = scores[0].softmax(dim=-1)
        same(weights[b, :n], expected)
        same(context[b], sum(expected[i] * keys[i] for i in range(n)))


@both
def test_alignments_sum_to_one_and_give_padding_nothing(kind):
    model = made(kind)
    weights = model(SOURCE, TARGET).weights
    assert weights.shape == (3, 4, 5)
    assert (weights[(SOURCE == PAD).unsqueeze(1).expand(-1, 4, -1)] == 0).all()
    same(weights.sum(dim=-1), torch.full((3, 4), float(kind == "additive"), dtype=torch.float64))


def test_the_fixed_vector_is_the_same_at_every_step_and_attention_s_context_is_not():
    for kind in ATTENDS:
        model = made(kind)
        memory = model.encode(SOURCE)
        look = model.attend(memory)
        contexts = [look(torch.full((3, WIDTH), x, dtype=torch.float64))[0] for x in (-1.0, 2.0)]
        if kind == "fixed":
            same(contexts[0], memory.last)
        assert torch.equal(*contexts) == (kind == "fixed")


def test_attention_does_not_care_in_which_order_the_memory_lies():
    attend, rng = made("additive").attend, torch.Generator().manual_seed(2)
    states = torch.randn(3, 5, WIDTH, dtype=torch.float64, generator=rng)
    order = torch.tensor([4, 2, 0, 3, 1])
    memory = seq2seq.Memory(states, torch.ones(3, 5, dtype=torch.bool), states[:, -1])
    shuffled = memory._replace(states=states[:, order])
    context, weights = attend(memory)(states[:, 0])
    other, moved = attend(shuffled)(states[:, 0])
    same(other, context)
    same(moved, weights[:, order])


# ---- the whole model -----------------------------------------------------------------------------


@both
def test_scores_step_by_step_with_torch_s_cell(kind):
    model = made(kind)
    logits, _ = model(SOURCE, TARGET)
    memory = model.encode(SOURCE)
    look, state = model.attend(memory), torch.tanh(model.begin(memory.last))
    before = torch.cat([torch.full((3, 1), START), TARGET], dim=1)
    for t in range(4):
        context, _ = look(state)
        state = model.cell(torch.cat([model.embed(before[:, t]), context], dim=-1), state)
        same(logits[:, t], model.out(torch.cat([state, context], dim=-1)))


@both
def test_padding_changes_no_answer(kind):
    model = made(kind)
    logits, _ = model(SOURCE, TARGET)
    for b, (n, m) in enumerate(((5, 4), (2, 2), (3, 3))):
        same(model(SOURCE[b : b + 1, :n], TARGET[b : b + 1, :m]).logits[0], logits[b, :m])
    wide, _ = model.greedy(nn.functional.pad(SOURCE, (0, 3)), 7)
    assert torch.equal(wide, model.greedy(SOURCE, 7)[0])


@both
def test_a_word_of_the_target_changes_only_what_comes_after_it(kind):
    model, changed = made(kind), TARGET.clone()
    changed[0, 1] = 9
    before, after = model(SOURCE, TARGET).logits, model(SOURCE, changed).logits
    same(before[0, :2], after[0, :2])
    assert not torch.allclose(before[0, 2:], after[0, 2:], atol=1e-6)
    same(before[1:], after[1:])


@both
def test_greedy_writes_what_scores_highest_and_stops_at_the_end(kind):
    model = made(kind, seed=3)
    words, weights = model.greedy(SOURCE, 6)
    logits = model(SOURCE, words).logits
    assert weights.shape == (3, words.shape[1], 5)
    for row, scores in zip(words, logits):
        end = row.tolist().index(END) + 1 if END in row else len(row)
        assert torch.equal(row[:end], scores.argmax(dim=-1)[:end]) and (row[end:] == PAD).all()
    model.out.bias.data[END] = 1e3
    stopped, _ = model.greedy(SOURCE, 6)
    assert stopped.tolist() == [[END]] * 3


def test_the_loss_counts_words_and_not_padding():
    model = made("additive")
    logits, _ = model(SOURCE, TARGET)
    surprises = [
        -logits[b, t].log_softmax(dim=-1)[TARGET[b, t]].item() for b in range(3) for t in range(4) if TARGET[b, t]
    ]
    assert len(surprises) == 9
    assert seq2seq.next_word_loss(model, (SOURCE, TARGET)).item() == pytest.approx(np.mean(surprises), abs=1e-12)


def test_accuracy_counts_words_at_their_place_and_whole_texts():
    model = made("additive")
    model.greedy = lambda source, longest: (torch.tensor([[3, 4, 9], [5, 2, 0], [6, 7, 2]]), None)
    assert seq2seq.accuracy(model, SOURCE, TARGET) == pytest.approx((7 / 9, 2 / 3))


@both
def test_gradients_reach_every_weight(kind):
    model = made(kind)
    seq2seq.next_word_loss(model, (SOURCE, TARGET)).backward()
    missing = [name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() == 0]
    assert missing == []


@both
def test_weights_and_dtypes(kind):
    model = made(kind).float()
    assert model(SOURCE, TARGET).logits.dtype == torch.float32
    d = WIDTH
    encoder = N_SOURCE * d + 2 * (3 * (d // 2) * (d + d // 2) + 6 * (d // 2))
    decoder = d * d + d + N_TARGET * d + 3 * d * (2 * d + d) + 6 * d + 2 * d * N_TARGET + N_TARGET
    expected = encoder + decoder + (2 * d * d + d if kind == "additive" else 0)
    assert sum(p.numel() for p in model.parameters()) == expected


def test_attention_learns_to_copy_what_the_fixed_vector_cannot():
    torch.set_num_threads(1)
    shares = {}
    for name, attend in (("fixed", seq2seq.FixedVector), ("additive", lambda: seq2seq.AdditiveAttention(32))):
        model = training.seeded(lambda: seq2seq.Seq2Seq(11, 11, 32, attend()))
        rows = (data.reverse(48, 8, 8, seed=seed) for seed in itertools.count())
        batches = (tuple(torch.from_numpy(x + 3) for x in pair) for pair in rows)
        training.train(model, batches, seq2seq.next_word_loss, Recipe(250, 0.015, warmup=10))
        new = (torch.from_numpy(x + 3) for x in data.reverse(100, 8, 8, seed=10**6))
        shares[name], _ = seq2seq.accuracy(model, *new)
    assert shares["additive"] > 0.9 and shares["additive"] > shares["fixed"] + 0.25
