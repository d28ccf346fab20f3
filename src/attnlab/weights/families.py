"""The weights of language models of the `transformers` library under the names of `attnlab.models.families`.

Theirs names the same matrices alike in all families; what differs is which norms there are and where they stand.
Nothing is computed but one thing: Gemma's files hold each gain less 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from attnlab.weights._names import need_names

ATTENTION = {f"self_attn.{letter}_proj": name for letter, name in zip("qkvo", ("query", "key", "value", "output"))}
NETWORK = {"mlp.gate_proj": "gate", "mlp.up_proj": "expand", "mlp.down_proj": "contract"}
QK = ("q_norm", "k_norm")
# family -> (where the attention layer stands in a block, where the network, their norms -> ours)
BEFORE = {"input_layernorm": "attend.norm", "post_attention_layernorm": "feed_forward.norm"}
AFTER = {"post_attention_layernorm": "attend.layer.norm", "post_feedforward_layernorm": "feed_forward.layer.norm"}
BOTH = AFTER | {"input_layernorm": "attend.norm", "pre_feedforward_layernorm": "feed_forward.norm"}
PLACES = {
    "llama": ("attend.layer", "feed_forward.layer", BEFORE),
    "qwen3": ("attend.layer", "feed_forward.layer", BEFORE | {f"self_attn.{x}": f"attend.layer.attend.{x}" for x in QK}),
    "olmo3": (
        "attend.layer.layer",
        "feed_forward.layer.layer",
        AFTER | {f"self_attn.{x}": f"attend.layer.layer.attend.{x}.norm" for x in QK},
    ),
    "gemma2": ("attend.layer.layer", "feed_forward.layer.layer", BOTH),
    "gemma3": (
        "attend.layer.layer",
        "feed_forward.layer.layer",
        BOTH | {f"self_attn.{x}": f"attend.layer.layer.attend.{x}" for x in QK},
    ),
    "cohere2": ("attend", "feed_forward", {"input_layernorm": "norm"}),
}
PLACES |= {"mistral": PLACES["llama"], "smollm3": PLACES["llama"]}
LESS_1 = ("gemma2", "gemma3")
HEAD = "lm_head.weight"


def from_library(state: Mapping[str, Tensor], family: str) -> dict[str, Tensor]:
    """The state dict of a `...ForCausalLM` of this family as that of the `Decoder` of the function of the same name.

    A head that is the table of tokens is left out, as a tied `Decoder` has none.
    Errors: ValueError for a family that is not known, and naming what is missing or left over.
    """
    if family not in PLACES:
        raise ValueError(f"the family {family!r} is none of {', '.join(sorted(PLACES))}")
    theirs = dict(state)
    table = theirs.get("model.embed_tokens.weight")
    if HEAD in theirs and table is not None and theirs[HEAD].equal(table):
        del theirs[HEAD]
    names = dict(_names(_n_layers(theirs), family)) | ({HEAD: "head.weight"} if HEAD in theirs else {})
    need_names(set(names), set(theirs))
    return {ours: gain(theirs[name]) if _is_less_1(ours, family) else theirs[name].clone() for name, ours in names.items()}


def _names(n_layers: int, family: str) -> Iterator[tuple[str, str]]:
    """(their name, ours) of every tensor but the head."""
    attention, network, norms = PLACES[family]
    parts = {name: f"{attention}.{ours}.weight" for name, ours in ATTENTION.items()}
    parts |= {name: f"{network}.{ours}.weight" for name, ours in NETWORK.items()}
    parts |= {name: f"{ours}.gain" for name, ours in norms.items()}
    yield "model.embed_tokens.weight", "tokens.weight"
    for i in range(n_layers):
        for name, ours in parts.items():
            yield f"model.layers.{i}.{name}.weight", f"blocks.{i}.{ours}"
    yield "model.norm.weight", "last.gain"


def _n_layers(state: Mapping[str, Tensor]) -> int:
    return len({name.split(".")[2] for name in state if name.startswith("model.layers.")})


def _is_less_1(ours: str, family: str) -> bool:
    return family in LESS_1 and ours.endswith(".gain")


def gain(less_1: Tensor) -> Tensor:
    """What a file holds less 1, added up in float32 at least: in 16 bits the sum would be rounded."""
    return less_1.to(torch.promote_types(less_1.dtype, torch.float32)) + 1
