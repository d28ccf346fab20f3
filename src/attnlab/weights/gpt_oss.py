"""The weights of gpt-oss under our names: those of the class GptOssForCausalLM of the transformers library.

Theirs keeps all experts of a layer in one tensor, each matrix as (inputs, outputs), and gates and ups by turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from attnlab.weights.attention_layers import gpt_oss_attention
from attnlab.weights.families import need_names

OUTSIDE = {"model.embed_tokens.weight": "tokens.weight", "model.norm.weight": "last.gain", "lm_head.weight": "head.weight"}
NORMS = {"input_layernorm.weight": "attend.norm.gain", "post_attention_layernorm.weight": "feed_forward.norm.gain"}
ROUTER = {f"mlp.router.{kind}": f"feed_forward.layer.router.project.{kind}" for kind in ("weight", "bias")}
EXPERTS = [f"mlp.experts.{name}" for name in ("gate_up_proj", "gate_up_proj_bias", "down_proj", "down_proj_bias")]


def from_gpt_oss(state: Mapping[str, Tensor], pattern: str = "LG") -> dict[str, Tensor]:
    """The state dict of a `GptOssForCausalLM` as that of `models.gpt_oss.gpt_oss(..., pattern=pattern)`.

    Balancing biases, which theirs has not, are 0. Errors: ValueError naming what is missing or left over.
    """
    n_layers = len({name.split(".")[2] for name in state if name.startswith("model.layers.")})
    attention = [f"self_attn.{x}_proj.{kind}" for x in "qkvo" for kind in ("weight", "bias")] + ["self_attn.sinks"]
    inside = [*NORMS, *ROUTER, *EXPERTS, *attention]
    need_names({*OUTSIDE} | {f"model.layers.{i}.{name}" for i in range(n_layers) for name in inside}, set(state))
    found = {ours: state[name] for name, ours in OUTSIDE.items()}
    for i in range(n_layers):
        layer = {name: state[f"model.layers.{i}.{name}"] for name in inside}
        local = pattern[i % len(pattern)] == "L"
        found.update((f"blocks.{i}.{name}", x) for name, x in _block(layer, local))
    return {name: x.clone() for name, x in found.items()}


def _block(layer: Mapping[str, Tensor], local: bool) -> Iterator[tuple[str, Tensor]]:
    """(our name, tensor) of one block."""
    yield from ((ours, layer[name]) for name, ours in (NORMS | ROUTER).items())
    own = {name.removeprefix("self_attn."): x for name, x in layer.items() if name.startswith("self_attn.")}
    sink = "attend.attend." + "attend." * local + "sink"
    yield from ((f"attend.layer.{name}", x) for name, x in gpt_oss_attention(own, sink).items())
    yield "feed_forward.layer.router.balance", torch.zeros_like(layer["mlp.router.bias"])
    matrices = [layer[EXPERTS[0]][..., 0::2], layer[EXPERTS[0]][..., 1::2], layer[EXPERTS[2]]]
    biases = [layer[EXPERTS[1]][..., 0::2], layer[EXPERTS[1]][..., 1::2], layer[EXPERTS[3]]]
    for name, matrix, bias in zip(("gate", "expand", "contract"), matrices, biases, strict=True):
        for e in range(len(matrix)):
            yield f"feed_forward.layer.experts.{e}.{name}.weight", matrix[e].T
            yield f"feed_forward.layer.experts.{e}.{name}.bias", bias[e]
