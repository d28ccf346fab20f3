"""Small vision transformers that learn to read digits: trained on moved images, asked how often they are right and where they look.

Images are those of `attnlab.data.handwriting`. Registers can be added; blank patches, which hold no ink, are told from inked ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from attnlab._counts import counts
from attnlab._shapes import Array, Bool, Float, Int
from attnlab.data.handwriting import handwritten_split, shifted
from attnlab.layers import FeedForward, gelu_tanh
from attnlab.models.vit import Config, ViT, weights
from attnlab.training import Recipe, seeded, train

SIZES = {"side": 8, "patch": 2, "channels": 1, "d_model": 20, "n_heads": 2, "d_ff": 40, "n_layers": 2}
SHIFTS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))
DECAY = 0.05


@counts("seed", "n_registers")
def reader(seed: int = 0, n_registers: int = 0) -> ViT:
    """A small ViT with ten classes before training; its attentions add no vector."""
    feed = functools.partial(FeedForward, activation=gelu_tanh)
    config = Config(**SIZES, n_registers=n_registers)
    model = seeded(lambda: ViT(config, nn.Linear(config.d_model, 10), feed_forward=feed), seed)
    for name, x in model.named_parameters():
        if ".attend.layer." in name and name.endswith("bias"):
            x.requires_grad_(False)
    return model


def every_shift(images: Float[Array, "images 1 side side"]) -> Float[Array, "shifts images 1 side side"]:
    """The images moved by at most one pixel down and across, in all nine ways."""
    return np.stack([shifted(images, *by) for by in SHIFTS])


@counts("seed", "n_registers", "steps", "batch")
def trained(seed: int = 0, n_registers: int = 0, steps: int = 6000, batch: int = 128, rate: float = 4e-3) -> ViT:
    """The `reader` after so many steps of AdamW, on digits of which each is moved anew in each batch."""
    (images, labels), _ = handwritten_split()
    model, every = reader(seed, n_registers), torch.tensor(every_shift(images), dtype=torch.float32)
    free = lambda model: torch.optim.AdamW([x for x in model.parameters() if x.requires_grad], rate, weight_decay=DECAY)
    recipe = Recipe(steps, rate, warmup=min(100, steps // 10), seed=seed, optimiser=free)
    train(model, _batches(every, torch.tensor(labels), batch, seed), _loss, recipe)
    return model


@torch.no_grad()
def accuracy(
    model: Callable[[Tensor], Tensor], images: Float[Array, "*batch images 1 side side"], labels: Int[Array, "images"]
) -> float:
    """The share of images whose largest logit is that of their label; several versions of each may be given."""
    flat = torch.tensor(images.reshape(-1, *images.shape[-3:]), dtype=torch.float32)
    return float((model(flat).argmax(1).numpy().reshape(-1, len(labels)) == labels).mean())


def inked(images: Float[Array, "images 1 side side"]) -> Bool[Array, "images patches"]:
    """Which patches of 2 by 2 pixels hold any ink."""
    n, _, side, _ = images.shape
    return images.reshape(n, side // 2, 2, side // 2, 2).any(axis=(2, 4)).reshape(n, -1)


def attention_received(model: ViT, images: Float[Array, "images 1 side side"]) -> Mapping[str, Float[Array, "n_layers"]]:
    """How much attention a token receives in each block, in multiples of an equal share, by its kind.

    Averaged over all queries, heads and images. 1 is what each token would get if all were attended to alike.
    """
    a = weights(model, torch.tensor(images, dtype=torch.float32)).double().numpy()
    got = a.mean(axis=(2, 3)) * a.shape[-1]  # layers, images, tokens
    n, ink = model.config.n_registers, inked(images)
    kinds = {"class token": got[..., 0], "inked patch": got[..., 1 + n :][:, ink], "blank patch": got[..., 1 + n :][:, ~ink]}
    kinds |= {"register": got[..., 1 : 1 + n]} if n else {}
    return {kind: shares.reshape(len(got), -1).mean(axis=1) for kind, shares in kinds.items()}


def _batches(every: Tensor, labels: Tensor, batch: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    rng = np.random.default_rng(seed)
    while True:
        which, how = rng.integers(len(labels), size=batch), rng.integers(len(every), size=batch)
        yield every[how, which], labels[which]


def _loss(model: ViT, batch: tuple[Tensor, Tensor]) -> Tensor:
    images, labels = batch
    return nn.functional.cross_entropy(model(images), labels, label_smoothing=0.02)
