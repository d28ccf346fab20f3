"""The weights of `torch.nn.Transformer` under our names, and back again.

Theirs stacks the matrices of queries, keys and values into one and keeps the normalisations beside the sublayers; ours holds
three matrices, and each sublayer with its own normalisation. Nothing is computed: every number is moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from attnlab.weights._names import need_names

# their name of a part of a layer -> ours
ATTENTION = {"encoder": {"self_attn": "attend"}, "decoder": {"self_attn": "self_attend", "multihead_attn": "cross_attend"}}
NORMS = {"encoder": ("attend", "feed_forward"), "decoder": ("self_attend", "cross_attend", "feed_forward")}
LINEAR = {"linear1": "expand", "linear2": "contract"}


def from_torch(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a `torch.nn.Transformer` as that of the blocks of `attnlab.models.transformer.Transformer`.

    The tables of tokens are missing: theirs begins and ends with vectors.
    Errors: ValueError naming what is missing, or is left over.
    """
    pairs = list(_pairs(_n_layers(state, "encoder.layers"), _n_layers(state, "decoder.layers")))
    need_names({theirs for theirs, _ in pairs}, set(state))
    return {
        name: part.clone()
        for theirs, ours in pairs
        for name, part in zip(ours, state[theirs].chunk(len(ours)), strict=True)
    }


def to_torch(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of our `Transformer` as that of a `torch.nn.Transformer` with as many layers; tables are left out.

    Errors: ValueError naming what is missing, as in a model whose last normalisation is left out.
    """
    pairs = list(_pairs(_n_layers(state, "encoder"), _n_layers(state, "decoder")))
    need_names({name for _, ours in pairs for name in ours}, {name for name in state if not _is_table(name)})
    return {theirs: torch.cat([state[name] for name in ours]) for theirs, ours in pairs}


def _pairs(n_encoder: int, n_decoder: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(their name, ours: the pieces it is stacked from), for every tensor."""
    for side, n_layers in (("encoder", n_encoder), ("decoder", n_decoder)):
        for i in range(n_layers):
            for theirs, ours in _of_a_layer(side):
                yield f"{side}.layers.{i}.{theirs}", tuple(f"{side}.{i}.{name}" for name in ours)
        yield f"{side}.norm.weight", (f"{side}_last.gain",)
        yield f"{side}.norm.bias", (f"{side}_last.bias",)


def _of_a_layer(side: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for theirs, ours in ATTENTION[side].items():
        for kind in ("weight", "bias"):
            yield f"{theirs}.in_proj_{kind}", tuple(f"{ours}.layer.{role}.{kind}" for role in ("query", "key", "value"))
            yield f"{theirs}.out_proj.{kind}", (f"{ours}.layer.output.{kind}",)
    for theirs, ours in LINEAR.items():
        for kind in ("weight", "bias"):
            yield f"{theirs}.{kind}", (f"feed_forward.layer.{ours}.{kind}",)
    for i, ours in enumerate(NORMS[side], start=1):
        yield f"norm{i}.weight", (f"{ours}.norm.gain",)
        yield f"norm{i}.bias", (f"{ours}.norm.bias",)


def _n_layers(state: Mapping[str, Tensor], prefix: str) -> int:
    inner = [name.removeprefix(f"{prefix}.") for name in state if name.startswith(f"{prefix}.")]
    return len({name.split(".")[0] for name in inner if name.split(".")[0].isdigit()})


def _is_table(name: str) -> bool:
    return name.startswith(("source.", "target.", "source_places.", "target_places."))
