"""The vision transformer: equal to the public library's, and what is true of it whatever the weights."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
import torch
from compare import assert_same, normal
from torch import nn
from transformers import (
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    DINOv3ViTConfig,
    DINOv3ViTModel,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

from attnlab.attention import attention
from attnlab.layers import LayerNorm, PreNorm
from attnlab.layers.patches import LayerScale
from attnlab.models import vit
from attnlab.models.vit import Config, ViT, n_parameters, no_positions
from attnlab.positions import frequencies
from attnlab.positions.planar import PlanarRotary, planar_angles
from attnlab.training import seeded
from attnlab.weights.vit import from_transformers

SMALL = Config(side=46, patch=2, channels=3, d_model=40, n_heads=5, d_ff=44, n_layers=3)  # 529 patches
SHARED = {"image_size": 46, "patch_size": 2, "num_channels": 3, "hidden_size": 40, "num_attention_heads": 5,
          "num_hidden_layers": 3, "attn_implementation": "eager"}  # fmt: skip
IMAGES = torch.tensor(normal(0, 2, 3, 46, 46))


def shaken(theirs: nn.Module) -> nn.Module:
    """Every number drawn with standard deviation 0.2, gains of norms around 1."""
    with torch.no_grad():
        for i, (name, x) in enumerate(theirs.named_parameters()):
            x.copy_(torch.tensor(normal(300 + i, *x.shape) / 5) + (1.0 if "norm" in name and name.endswith("weight") else 0.0))
    return theirs.double().eval()


@functools.cache
def public(kind: str) -> tuple[ViT, nn.Module]:
    """A model of ours with the weights of the library's, and theirs."""
    if kind == "vit":
        theirs = shaken(ViTForImageClassification(ViTConfig(**SHARED, intermediate_size=44, num_labels=7)))
        mine = ViT(SMALL, nn.Linear(40, 7), norm=functools.partial(LayerNorm, epsilon=1e-12))
    elif kind == "dinov2":
        theirs = shaken(Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**SHARED, mlp_ratio=2, num_register_tokens=3)))
        mine = ViT(sized(n_registers=3, d_ff=80), wrap=scaled)
    else:
        theirs = shaken(DINOv3ViTModel(DINOv3ViTConfig(**SHARED, intermediate_size=44, num_register_tokens=3)))
        turned = planar_angles(23, 23, frequencies(4, base=100.0)[:2])
        mine = ViT(sized(n_registers=3), positions=no_positions, norm=functools.partial(LayerNorm, epsilon=1e-5), wrap=scaled,
                   attend=PlanarRotary(attention, turned))  # fmt: skip
    mine.double().eval().load_state_dict(from_transformers(theirs.state_dict()))
    return mine, theirs


def sized(**sizes) -> Config:
    return Config(**{**vars(SMALL), **sizes})


def scaled(layer: nn.Module, norm: nn.Module) -> PreNorm:
    return PreNorm(LayerScale(layer, 40), norm)


@torch.no_grad()
def gap(mine: ViT, theirs: nn.Module, images=IMAGES) -> float:
    """The largest difference of any hidden state or result, over the scale of what it is compared with."""
    out = theirs(images, output_hidden_states=True)
    rows = [mine.embed(images)]
    for block in mine.blocks:
        rows.append(block(rows[-1]))
    pairs = list(zip(rows, out.hidden_states, strict=True))
    pairs.append((mine(images), out.logits) if hasattr(out, "logits") else (mine.norm(rows[-1]), out.last_hidden_state))
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)


@pytest.mark.parametrize("kind", ["vit", "dinov2", "dinov3"])
def test_hidden_states_and_results_are_those_of_the_public_library(kind):
    assert gap(*public(kind)) < 1e-6


def test_attention_weights_are_those_of_the_public_library():
    for kind in ("vit", "dinov2"):
        mine, theirs = public(kind)
        with torch.no_grad():
            wanted = torch.stack(theirs(IMAGES, output_attentions=True).attentions)
        assert (vit.weights(mine, IMAGES) - wanted).abs().max() < 1e-6


def test_the_model_without_a_head_is_the_librarys_too():
    theirs = shaken(ViTModel(ViTConfig(**SHARED, intermediate_size=44)))
    mine = ViT(SMALL, norm=functools.partial(LayerNorm, epsilon=1e-12)).double()
    mine.load_state_dict(from_transformers(theirs.state_dict()))
    with torch.no_grad():
        assert (mine.states(IMAGES) - theirs(IMAGES).last_hidden_state).abs().max() < 1e-5


def patches_read_downward(model, patch):
    read = model.patches.forward
    patch.setattr(model.patches, "forward", lambda images: read(images.mT))


def places_shifted_by_one(model, patch):
    placed = model.positions.forward
    patch.setattr(model.positions, "forward", lambda at: placed(at).roll(1, 0))


def class_token_without_its_place(model, patch):
    placed = model.positions.forward
    patch.setattr(model.positions, "forward", lambda at: placed(at) * (at > 0)[:, None])


def attend_by(change):
    def planted(model, patch):
        for block in model.blocks:
            layer = block.attend.layer
            layer = getattr(layer, "layer", layer)
            patch.setattr(layer, "attend", change(layer.attend))

    return planted


CAUSAL = torch.ones(533, 533, dtype=torch.bool).tril()
ANY = {
    "patches read downward": patches_read_downward,
    "no scale": attend_by(lambda attend: lambda q, k, v: attention(q * q.shape[-1] ** 0.5, k, v)),
    "causal": attend_by(lambda attend: lambda q, k, v: attention(q, k, v, CAUSAL[: q.shape[-2], : q.shape[-2]])),
    "keys for values": attend_by(lambda attend: lambda q, k, v: attend(q, k, k)),
    "queries and keys swapped": attend_by(lambda attend: lambda q, k, v: attend(k, q, v)),
    "first head for all": attend_by(lambda attend: lambda q, k, v: attend(q[:, :1].expand_as(q), k, v)),
}
PLACED = {"places shifted by one": places_shifted_by_one, "class token without its place": class_token_without_its_place}
TURNED = {
    "everything turned alike": lambda model, patch: patch.setattr(model.blocks[0].attend.layer.layer.attend, "turned", turned_like("same")),
    "x before y": lambda model, patch: patch.setattr(model.blocks[0].attend.layer.layer.attend, "turned", turned_like("swapped")),
    "not turned": lambda model, patch: patch.setattr(model.blocks[0].attend.layer.layer.attend, "turned", turned_like("none")),
}


def turned_like(kind):
    turned = planar_angles(23, 23, frequencies(4, base=100.0)[:2])
    y, x = turned.chunk(2, dim=1)
    return {"same": torch.cat([x, x], 1), "swapped": torch.cat([x, y], 1), "none": 0 * turned}[kind]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, more in (("vit", PLACED), ("dinov2", PLACED), ("dinov3", TURNED)) for name in (*ANY, *more)])
def test_a_planted_mistake_is_noticed(kind, name, monkeypatch):
    mine, theirs = public(kind)
    (ANY | PLACED | TURNED)[name](mine, monkeypatch)
    assert gap(mine, theirs) > 1e-3
    monkeypatch.undo()
    assert gap(mine, theirs) < 1e-6


@pytest.mark.parametrize(
    ("sizes", "n_classes", "wanted"),
    [
        ({}, 1000, 86_567_656),  # ViT-B/16
        ({"d_model": 1024, "n_heads": 16, "d_ff": 4096, "n_layers": 24}, 1000, 304_326_632),  # ViT-L/16
        ({"d_model": 192, "n_heads": 3, "d_ff": 768}, 1000, 5_717_416),  # DeiT-Ti
        ({"patch": 32}, 1000, 88_224_232),  # ViT-B/32
    ],
)
def test_published_numbers_of_parameters(sizes, n_classes, wanted):
    assert n_parameters(Config(**sizes), n_classes) == wanted
    with torch.device("meta"):
        config = Config(**sizes)
        theirs = ViTForImageClassification(ViTConfig(
            patch_size=config.patch, hidden_size=config.d_model, num_attention_heads=config.n_heads,
            intermediate_size=config.d_ff, num_hidden_layers=config.n_layers, num_labels=n_classes))  # fmt: skip
    assert sum(x.numel() for x in theirs.parameters()) == wanted


def own(config=None, **variants) -> ViT:
    config = config or Config(side=6, patch=2, channels=2, d_model=10, n_heads=2, d_ff=13, n_layers=2, n_registers=3)
    model = seeded(lambda: ViT(config, nn.Linear(10, 5), **variants)).double().eval()
    with torch.no_grad():
        for i, x in enumerate(model.parameters()):
            x.add_(torch.tensor(normal(i, *x.shape)) / 4)
    return model


def test_sizes_and_the_order_of_tokens():
    model = own()
    images = torch.tensor(normal(9, 7, 2, 6, 6))
    assert (model.config.n_patches, model.config.n_tokens) == (9, 13)
    x = model.embed(images)
    assert x.shape == (7, 13, 10) and model(images).shape == (7, 5) and model.states(images).shape == (7, 13, 10)
    places = model.positions.table.weight
    assert_same(x[:, 0], (model.class_token + places[0]).expand(7, 10))
    assert_same(x[:, 1:4], model.registers.expand(7, 3, 10))
    assert_same(x[:, 4:], model.patches(images) + places[1:])


def test_without_places_the_patches_are_a_bag_and_with_them_they_are_not():
    order = torch.tensor([4, 0, 8, 2, 6, 1, 7, 3, 5])
    images = torch.tensor(normal(9, 3, 2, 6, 6))
    squares = images.unfold(2, 2, 2).unfold(3, 2, 2).flatten(2, 3)[:, :, order]  # batch, channels, patches, 2, 2
    mixed = squares.unflatten(2, (3, 3)).transpose(3, 4).reshape(3, 2, 6, 6)
    bag, placed = own(positions=no_positions), own()
    assert_same(bag(mixed), bag(images), 1e-12)
    assert (placed(mixed) - placed(images)).abs().max() > 1e-2


def test_registers_are_a_set_and_equal_ones_stay_equal():
    model, images = own(), torch.tensor(normal(9, 3, 2, 6, 6))
    before = model(images)
    with torch.no_grad():
        model.registers.copy_(model.registers[[2, 0, 1]])
    assert_same(model(images), before, 1e-12)
    with torch.no_grad():
        model.registers.copy_(model.registers[:1].expand(3, 10))
    model(images).square().sum().backward()
    slopes = model.registers.grad
    assert slopes.abs().max() > 1e-6
    assert_same(slopes, slopes[:1].expand(3, 10), 1e-12)


def test_initial_values():
    model = seeded(lambda: ViT(Config(side=32, patch=2, channels=1, d_model=64, n_heads=4, d_ff=80, n_layers=1, n_registers=32)))
    assert model.class_token.abs().max() == 0 and model.patches.project.bias.abs().max() == 0
    for x in (model.registers, model.positions.table.weight):
        assert abs(x.std() - 0.02) < 0.002 and abs(x.mean()) < 0.002
    edge = (6 / (64 + 80)) ** 0.5
    assert 0.98 * edge < model.blocks[0].feed_forward.layer.expand.weight.abs().max() <= edge


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="an image of 7 by 7 cannot be cut into squares of 2 by 2"):
        Config(side=7, patch=2)
    with pytest.raises(ValueError, match="n_layers must be at least 1 but is 0"):
        Config(n_layers=0)
    with pytest.raises(ValueError, match=re.escape("images need the axes (batch, channels, 6, 6) but have shape (1, 2, 8, 6)")):
        own()(torch.zeros(1, 2, 8, 6, dtype=torch.float64))
    with pytest.raises(ValueError, match="images have 1 channels but the layer reads 2"):
        own()(torch.zeros(1, 1, 6, 6, dtype=torch.float64))
    with pytest.raises(ValueError, match="the weights hold embeddings.colour, which no part of this model is called"):
        from_transformers({"embeddings.colour": torch.zeros(1)})


def test_a_state_dict_is_copied_and_not_changed():
    _, theirs = public("vit")
    state = theirs.state_dict()
    before = {name: x.clone() for name, x in state.items()}
    for x in from_transformers(state).values():
        x.zero_()
    assert all(torch.equal(state[name], x) for name, x in before.items())


def test_attention_weights_add_up_to_one():
    a = vit.weights(own(), torch.tensor(normal(9, 3, 2, 6, 6)))
    assert a.shape == (2, 3, 2, 13, 13)
    np.testing.assert_allclose(a.sum(-1).numpy(), 1, atol=1e-12)
