"""The attention layers of gpt-oss, Qwen3-Next and DeepSeek-V3 of the `transformers` library under our names.

Every number is moved, none is computed, but for Qwen3-Next's gains, which its files hold less 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from attnlab.weights._names import need_names
from attnlab.weights.families import gain

PROJECTIONS = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "o_proj": "output"}


def gpt_oss_attention(state: Mapping[str, Tensor], at: str = "attend.attend.sink") -> dict[str, Tensor]:
    """Of a GptOssAttention: a `MultiHead(..., attend=Rotated(Sinks(...)), bias=True)`; with a window, `Rotated(Local(Sinks(...)))`.

    at: the name of the sinks, which have one "attend" more before them in a layer with a window.
    """
    wanted = {f"{theirs}.{kind}" for theirs in PROJECTIONS for kind in ("weight", "bias")} | {"sinks"}
    need_names(wanted, set(state))
    found = {f"{ours}.{kind}": state[f"{theirs}.{kind}"] for theirs, ours in PROJECTIONS.items() for kind in ("weight", "bias")}
    return found | {at: state["sinks"]}


def qwen3_next_attention(state: Mapping[str, Tensor], d_head: int) -> dict[str, Tensor]:
    """Of a Qwen3NextAttention: a `MultiHead(..., attend=QKNorm(...), gate=OutputGate(...))`.

    Their matrix of queries holds for each head its queries, then its gates.
    """
    wanted = {f"{theirs}.weight" for theirs in PROJECTIONS} | {"q_norm.weight", "k_norm.weight"}
    need_names(wanted, set(state))
    found = {f"{ours}.weight": state[f"{theirs}.weight"] for theirs, ours in PROJECTIONS.items()}
    query, gate = found["query.weight"].unflatten(0, (-1, 2, d_head)).unbind(1)
    found |= {"query.weight": query.flatten(0, 1), "gate.project.weight": gate.flatten(0, 1)}
    return found | {f"attend.{name}.gain": gain(state[f"{name}.weight"]) for name in ("q_norm", "k_norm")}


def deepseek_v3_attention(state: Mapping[str, Tensor], d_head: int, d_rotary: int) -> dict[str, Tensor]:
    """Of a DeepseekV3Attention (or V2's) with narrow queries or without: a `LatentAttention` with the norms of its latents.

    Theirs keeps the latent beside the shared key, the keys of a head beside its values, and its two kinds of queries together.
    """
    narrow = "q_a_proj.weight" in state
    asked = ["q_a_proj", "q_a_layernorm", "q_b_proj"] if narrow else ["q_proj"]
    rest = ["kv_a_proj_with_mqa", "kv_a_layernorm", "kv_b_proj", "o_proj"]
    need_names({f"{name}.weight" for name in asked + rest}, set(state))
    theirs = {name: state[f"{name}.weight"] for name in asked + rest}
    query = theirs[asked[-1]].unflatten(0, (-1, d_head + d_rotary))
    n_heads, d_latent = len(query), len(theirs["kv_a_layernorm"])
    unfold = theirs["kv_b_proj"].unflatten(0, (n_heads, -1))
    found = {
        "query.weight": query[:, :d_head].flatten(0, 1),
        "rotary_query.weight": query[:, d_head:].flatten(0, 1),
        "latent.weight": theirs["kv_a_proj_with_mqa"][:d_latent],
        "latent_norm.gain": theirs["kv_a_layernorm"],
        "rotary_key.weight": theirs["kv_a_proj_with_mqa"][d_latent:],
        "key.weight": unfold[:, :d_head].flatten(0, 1),
        "value.weight": unfold[:, d_head:].flatten(0, 1),
        "output.weight": theirs["o_proj"],
    }
    if narrow:
        found |= {"query_latent.0.weight": theirs["q_a_proj"], "query_latent.1.gain": theirs["q_a_layernorm"]}
    return {name: torch.clone(x) for name, x in found.items()}
