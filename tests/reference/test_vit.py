"""The vision transformer in NumPy: equal to the one in torch, and the small trained one reads digits."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from torch import nn

from attnlab.data.handwriting import handwritten_split, shifted
from attnlab.layers import FeedForward, gelu_tanh
from attnlab.models import vit as torch_vit
from attnlab.reference import vit
from attnlab.reference.heads import Projections
from attnlab.reference.layers import FeedForward as Feed


def twin(size=2, channels=2, side=(6, 6), d=10, heads=2, n_registers=3, n_layers=2) -> vit.ViT:
    """Random numbers; everything of a size of its own."""
    seeds = iter(range(1000))
    draw = lambda *shape: normal(next(seeds), *shape) / 2
    n_places = side[0] // size * (side[1] // size) + 1
    blocks = tuple(
        vit.Block(vit.Norm(draw(d), draw(d)), Projections(*(draw(d, d) for _ in range(4))), vit.Norm(draw(d), draw(d)),
                  Feed(draw(d, 13), draw(13), draw(13, d), draw(d)))
        for _ in range(n_layers)
    )  # fmt: skip
    return vit.ViT(size, draw(channels * size**2, d), draw(d), draw(d), draw(n_places, d), draw(n_registers, d), blocks,
                   vit.Norm(draw(d), draw(d)), draw(d, 5), draw(5), heads)  # fmt: skip


def in_torch(model: vit.ViT) -> torch_vit.ViT:
    config = torch_vit.Config(side=6, patch=2, channels=2, d_model=10, n_heads=2, d_ff=13, n_layers=2, n_registers=3)
    feed = functools.partial(FeedForward, activation=gelu_tanh)
    mine = torch_vit.ViT(config, nn.Linear(10, 5), feed_forward=feed).double()
    norm = lambda name, x: {f"{name}.gain": x.gain, f"{name}.bias": x.bias}
    state = {"patches.project.weight": model.project.T, "patches.project.bias": model.project_bias, "class_token": model.class_token,
             "positions.table.weight": model.places, "registers": model.registers, **norm("norm", model.norm),
             "head.weight": model.head.T, "head.bias": model.head_bias}  # fmt: skip
    for i, block in enumerate(model.blocks):
        at = f"blocks.{i}"
        state |= norm(f"{at}.attend.norm", block.attention_norm) | norm(f"{at}.feed_forward.norm", block.feed_norm)
        for name, matrix in zip(Projections._fields, block.attention):
            state |= {f"{at}.attend.layer.{name}.weight": matrix.T, f"{at}.attend.layer.{name}.bias": np.zeros(10)}
        for name in ("expand", "contract"):
            state |= {f"{at}.feed_forward.layer.{name}.weight": getattr(block.feed, name).T,
                      f"{at}.feed_forward.layer.{name}.bias": getattr(block.feed, f"{name}_bias")}  # fmt: skip
    mine.load_state_dict({name: torch.tensor(np.array(x)) for name, x in state.items()})
    return mine


def test_it_is_the_torch_model():
    model, images = twin(), normal(99, 3, 2, 6, 6)
    mine, given = in_torch(model), torch.tensor(images)
    with torch.no_grad():
        assert_same(vit.embed(model, images), mine.embed(given).numpy())
        assert_same(vit.logits(model, images), mine(given).numpy())
        for a, b in zip(vit.weights(model, images), torch_vit.weights(mine, given), strict=True):
            assert_same(a, b.numpy())
    assert vit.n_parameters(model) == sum(x.numel() for x in mine.parameters()) - 2 * 4 * 10  # it has no biases there
    rows = vit.states(model, images)
    assert len(rows) == 3
    assert_same(vit.block_output(rows[1], model.blocks[1], 2), rows[2])


def test_without_a_batch_and_oblong():
    model = twin(side=(4, 8))
    images = normal(5, 2, 2, 4, 8)
    assert_same(vit.logits(model, images)[1], vit.logits(model, images[1]))
    assert vit.weights(model, images[0])[0].shape == (2, 12, 12)


def test_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match="the images have 16 patches but the model has places for 9"):
        vit.embed(twin(), np.zeros((2, 8, 8)))


def test_the_trained_one_reads_held_out_digits_moved_or_not():
    model = vit.load()
    _, (images, labels) = handwritten_split()
    right = lambda moved: (vit.logits(model, moved).argmax(-1) == labels).mean()
    assert vit.n_parameters(model) == 7390 and model.registers.shape == (0, 20)
    assert right(images) > 0.965
    assert min(right(shifted(images, *by)) for by in ((1, 0), (0, -1), (1, 1), (-1, 1))) > 0.93
    assert right(images[..., ::-1]) < 0.6  # it does read


def test_samples_are_held_out_digits_five_of_each():
    images, labels = vit.samples()
    _, (held, held_labels) = handwritten_split()
    assert images.shape == (50, 1, 8, 8) and np.bincount(labels).tolist() == [5] * 10
    for image, label in zip(images, labels):
        assert label in held_labels[(held == image).all((1, 2, 3))]


def test_the_file_is_small_and_rounded():
    text = vit.FILE.read_text(encoding="utf-8")
    assert len(text) < 60_000 and list(json.loads(text)) == ["model", "samples"]
    assert np.allclose(vit.load().project, vit.load().project.round(3), atol=0)
