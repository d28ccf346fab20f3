"""Small readers of digits: what they learn from, how they are scored, and where attention is counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnlab.data.handwriting import handwritten, handwritten_split, shifted
from attnlab.models import vit
from attnlab.studies.vision import SHIFTS, accuracy, attention_received, every_shift, inked, reader, trained

IMAGES, LABELS = (x[:23] for x in handwritten())


def test_a_reader_has_frozen_zeros_where_attention_would_add():
    model = reader(seed=3, n_registers=2)
    frozen = [name for name, x in model.named_parameters() if not x.requires_grad]
    assert len(frozen) == 8 and all(name.endswith("bias") for name in frozen)
    assert all(float(x.abs().max()) == 0 for name, x in model.named_parameters() if name in frozen)
    assert torch.equal(model.registers, reader(3, 2).registers) and not torch.equal(model.registers, reader(4, 2).registers)
    assert sum(x.numel() for x in reader().parameters() if x.requires_grad) == 7390


def test_every_shift_is_nine_versions():
    every = every_shift(IMAGES)
    assert every.shape == (9, 23, 1, 8, 8) and len(set(SHIFTS)) == 9
    np.testing.assert_array_equal(every[SHIFTS.index((0, 0))], IMAGES)
    np.testing.assert_array_equal(every[SHIFTS.index((1, -1))], shifted(IMAGES, 1, -1))


def test_training_is_decided_by_its_seed_and_learns():
    model, again, other = trained(0, 1, 60, 32), trained(0, 1, 60, 32), trained(1, 1, 60, 32)
    x = torch.tensor(IMAGES, dtype=torch.float32)
    assert torch.equal(model(x), again(x)) and not torch.equal(model(x), other(x))
    (learned, labels), _ = handwritten_split()
    assert accuracy(model, learned, labels) > 0.25 > accuracy(reader(), learned, labels)


def test_accuracy_counts_the_largest_logit_over_all_versions():
    answers = torch.eye(10)[torch.tensor([*LABELS, *LABELS])]
    answers[:7] = torch.eye(10)[9 - torch.tensor(LABELS[:7])]
    found = accuracy(lambda x: answers, np.stack([IMAGES, IMAGES]), LABELS)
    assert found == pytest.approx(1 - 7 / 46)


def test_inked_patches_by_hand():
    found = inked(IMAGES)
    for image, row in zip(IMAGES[:5, 0], found):
        assert row.tolist() == [bool(image[i : i + 2, j : j + 2].any()) for i in range(0, 8, 2) for j in range(0, 8, 2)]


def test_attention_received_is_one_where_all_are_attended_to_alike():
    model = reader(n_registers=3)
    for block in model.blocks:
        torch.nn.init.zeros_(block.attend.layer.query.weight)
    shares = attention_received(model, IMAGES)
    assert set(shares) == {"class token", "register", "inked patch", "blank patch"}
    assert all(np.allclose(x, 1, atol=1e-6) and x.shape == (2,) for x in shares.values())
    assert "register" not in attention_received(reader(), IMAGES)


def test_attention_received_adds_up():
    model = reader(seed=1, n_registers=3)
    for block in model.blocks:
        block.attend.layer.query.weight.data *= 5
    shares, ink = attention_received(model, IMAGES), inked(IMAGES)
    n_inked = ink.sum() / len(ink)
    whole = shares["class token"] + 3 * shares["register"] + n_inked * shares["inked patch"] + (16 - n_inked) * shares["blank patch"]
    np.testing.assert_allclose(whole, 20, atol=1e-4)
    a = vit.weights(model, torch.tensor(IMAGES, dtype=torch.float32))
    np.testing.assert_allclose(shares["class token"], 20 * a[..., 0].mean((1, 2, 3)), rtol=1e-5)
