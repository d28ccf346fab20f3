"""The small GPT in NumPy: its torch twin, its numbers, and what is true of what it writes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.reference import namer
from attnlab.reference.namer import COURSE, LETTERS, batch, bits, encode, logits, look, n_parameters, sample, turn, weights
from attnlab.studies import namer as study

MODEL = namer.load()


def test_the_kept_numbers_and_how_good_they_are():
    assert n_parameters(MODEL) == 8660 and namer.FILE.stat().st_size < 60_000
    assert len(MODEL.held_out) == 300 == len(set(MODEL.held_out))
    assert bits(MODEL, MODEL.held_out) < 3.1


def test_numpy_and_torch_are_the_same_small_gpt():
    ids = batch(MODEL.held_out[:30])
    with torch.no_grad():
        theirs = study.of_numpy(MODEL)(torch.tensor(ids)).numpy()
    assert_same(logits(MODEL, ids), theirs, atol=1e-10)
    assert study.bits(study.of_numpy(MODEL), MODEL.held_out[:30]) == pytest.approx(bits(MODEL, MODEL.held_out[:30]))


def test_there_and_back_through_the_file_s_form():
    again = namer.read(study.kept(study.of_numpy(MODEL), MODEL.held_out))
    assert again.held_out == MODEL.held_out and again.n_heads == MODEL.n_heads
    assert_same(again.table, MODEL.table, atol=1e-12)
    for a, b in zip(again.blocks, MODEL.blocks):
        for x, y in zip(a, b):
            assert_same(x, y, atol=1e-12)


def test_a_later_letter_moves_no_earlier_logit():
    a, b = batch(["maria"]), batch(["marix"])
    one, other = logits(MODEL, a), logits(MODEL, b)
    assert_same(one[:, :5], other[:, :5], atol=1e-12)
    assert np.abs(one[:, 5] - other[:, 5]).max() > 0.01


def test_a_name_beside_longer_ones_is_the_name_alone():
    together, alone = logits(MODEL, batch(["al", "christopher"])), logits(MODEL, batch(["al"]))
    assert_same(together[:1, :4], alone, atol=1e-12)


def test_look_adds_up_what_each_head_gives():
    block, x, mask = MODEL.blocks[0], normal(0, 2, 5, 20), np.tri(5, dtype=bool)
    whole = look(x, block, 2, mask)
    shares = []
    for h in range(2):
        kept = np.zeros((20, 1))
        kept[10 * h : 10 * (h + 1)] = 1
        shares.append(look(x, block._replace(output=block.output * kept), 2, mask))
    assert_same(sum(shares), whole, atol=1e-12)


def test_turn_keeps_lengths_and_the_first_row():
    x = normal(0, 2, 3, 5, 10)
    turned = turn(x)
    assert_same(np.linalg.norm(turned, axis=-1), np.linalg.norm(x, axis=-1), atol=1e-12)
    assert_same(turned[..., 0, :], x[..., 0, :], atol=1e-12)
    assert np.abs(turned[..., 1:, :] - x[..., 1:, :]).max() > 0.1


def test_weights_are_causal_and_of_the_layer_asked_for():
    for layer in (0, 1):
        a = weights(MODEL, "jane", layer)
        assert a.shape == (2, 5, 5) and np.abs(np.triu(a, 1)).max() == 0
        assert_same(a.sum(axis=-1), np.ones((2, 5)), atol=1e-12)
    assert np.abs(weights(MODEL, "jane", 0) - weights(MODEL, "jane", 1)).max() > 0.01


def test_samples_begin_as_asked_end_by_themselves_and_depend_on_the_seed():
    names = [sample(MODEL, "ma", np.random.default_rng(i)) for i in range(40)]
    assert all(name.startswith("ma") and set(name) <= set(LETTERS[2:]) for name in names)
    assert len(set(names)) > 20 and sum(len(name) <= 12 for name in names) >= 36
    assert names[3] == sample(MODEL, "ma", np.random.default_rng(3))
    assert len({sample(MODEL, "ma", np.random.default_rng(i), (1.0, 1, 1.0)) for i in range(5)}) == 1


def test_a_draw_follows_the_distribution_it_is_given_until_the_name_is_long_enough():
    p = np.zeros((1, 28))
    p[0, [LETTERS.index("c"), LETTERS.index("j")]] = 0.3, 0.5  # need not add up to 1
    name = sample(MODEL, "", np.random.default_rng(0), pieces=COURSE._replace(sampling_distribution=lambda row, *settings: p), most=60)
    assert len(name) == 60 and set(name) == {"c", "j"} and 25 < name.count("j") < 50
    assert len(sample(MODEL, "jo", np.random.default_rng(0), pieces=COURSE._replace(sampling_distribution=lambda row, *settings: p), most=5)) == 5


def test_the_edge_mark_ends_a_name():
    rows = iter(np.eye(28)[[LETTERS.index("e"), namer.EDGE, LETTERS.index("y")]])
    assert sample(MODEL, "jo", np.random.default_rng(0), pieces=COURSE._replace(sampling_distribution=lambda row, *settings: next(rows)[None])) == "joe"


def test_padding_has_no_chance_however_flat_the_distribution():
    chances = []

    def watched(row, *settings):
        chances.append(COURSE.sampling_distribution(row, *settings))
        return chances[-1]

    sample(MODEL, "", np.random.default_rng(0), (1000.0, 28, 1.0), COURSE._replace(sampling_distribution=watched))
    assert chances and all(p[0, namer.PAD] == 0 and p[0, 1:].min() > 0.03 for p in chances)


def test_bits_are_those_of_the_definition():
    ids = batch(["ada", "bo"])
    z = logits(MODEL, ids)[:, :-1]
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_p, ids[:, 1:, None], axis=-1)[..., 0]
    assert bits(MODEL, ["ada", "bo"]) == pytest.approx(-picked[ids[:, 1:] != 0].sum() / 7 / np.log(2))


def test_batch_and_encode():
    assert encode("ab") == [1, 2, 3] and batch(["a", "bcd"]).tolist() == [[1, 2, 1, 0, 0], [1, 3, 4, 5, 1]]
    with pytest.raises(ValueError, match="'Zoë' holds 'Z', 'ë'; the model knows the letters a to z"):
        encode("Zoë")
    with pytest.raises(ValueError, match="at least one name"):
        batch([])


def test_a_wrong_piece_is_used():
    still = COURSE._replace(rotary=lambda x, p: x)
    assert bits(MODEL, MODEL.held_out[:50], still) > bits(MODEL, MODEL.held_out[:50]) + 0.1
