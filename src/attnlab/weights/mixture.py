"""The weights of Mixtral and DeepSeek-V3 of the `transformers` library under the names of `attnlab.models.mixture`.

The library keeps all experts of a layer in two stacks, gate and expand side by side in one of them; here they are taken apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from attnlab.weights.attention_layers import deepseek_v3_attention
from attnlab.weights.families import ATTENTION, NETWORK, need_names

NORMS = {"input_layernorm.weight": "attend.norm.gain", "post_attention_layernorm.weight": "feed_forward.norm.gain"}
ENDS = {"model.embed_tokens.weight": "tokens.weight", "model.norm.weight": "last.gain", "lm_head.weight": "head.weight"}
STACKS = ("mlp.experts.gate_up_proj", "mlp.experts.down_proj")
BIAS = "mlp.gate.e_score_correction_bias"


def mixtral(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a MixtralForCausalLM as that of `models.mixture.mixtral`. Errors: ValueError naming what is missing or left over."""

    def attention(layer: Mapping[str, Tensor]) -> dict[str, Tensor]:
        names = {f"{theirs}.weight": f"{ours}.weight" for theirs, ours in ATTENTION.items()}
        return _renamed(_part(layer, "self_attn", keep=True), names)

    return _model(state, attention)


def deepseek_v3(state: Mapping[str, Tensor], d_head: int, d_rotary: int) -> dict[str, Tensor]:
    """The state dict of a DeepseekV3ForCausalLM as that of `models.mixture.deepseek_v3`. Errors: as `mixtral`."""
    return _model(state, lambda layer: deepseek_v3_attention(_part(layer, "self_attn"), d_head, d_rotary))


def _model(state: Mapping[str, Tensor], attention: Callable) -> dict[str, Tensor]:
    layers = {name.split(".")[2] for name in state if name.startswith("model.layers.")}
    ends = {name: x for name, x in state.items() if not name.startswith("model.layers.")}
    found = _renamed(ends, ENDS)
    for number in sorted(layers, key=int):
        layer = _part(state, f"model.layers.{number}")
        parts = {f"attend.layer.{name}": x for name, x in attention(layer).items()}
        parts |= {f"feed_forward.layer.{name}": x for name, x in _network(_part(layer, "mlp", keep=True)).items()}
        parts |= _renamed({name: x for name, x in layer.items() if not name.startswith(("self_attn.", "mlp."))}, NORMS)
        found |= {f"blocks.{number}.{name}": x for name, x in parts.items()}
    return {name: x.clone() for name, x in found.items()}


def _network(layer: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """One feed-forward network, or a router and experts, with one that is shared or without."""
    names = {f"{theirs}.weight": f"{ours}.weight" for theirs, ours in NETWORK.items()}
    if not set(STACKS) & set(layer):
        return _renamed(layer, names)
    names = {name.replace("mlp.", "mlp.shared_experts."): f"shared.{ours}" for name, ours in names.items()}
    names = names if set(names) & set(layer) else {}
    names |= {"mlp.gate.weight": "router.project.weight"} | ({BIAS: "router.balance"} if BIAS in layer else {})
    rest = {name: x for name, x in layer.items() if name not in STACKS}
    found = _renamed(rest, names)
    if BIAS not in layer:
        found["router.balance"] = layer["mlp.gate.weight"].new_zeros(len(layer["mlp.gate.weight"]))
    need_names(set(STACKS), set(STACKS) & set(layer))
    for number, (both, contract) in enumerate(zip(*(layer[name] for name in STACKS))):
        gate, expand = both.chunk(2)
        for name, x in zip(("gate", "expand", "contract"), (gate, expand, contract)):
            found[f"experts.{number}.{name}.weight"] = x
    return found


def _part(state: Mapping[str, Tensor], prefix: str, keep: bool = False) -> dict[str, Tensor]:
    """What stands under `prefix`, without it, or with it."""
    start = 0 if keep else len(prefix) + 1
    return {name[start:]: x for name, x in state.items() if name.startswith(f"{prefix}.")}


def _renamed(state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    need_names(set(names), set(state))
    return {ours: state[theirs] for theirs, ours in names.items()}
