"""Attention layers of 2024 and 2025 against the public library's, random weights, long texts, padded, step by step."""

from __future__ import annotations

import math

import pytest
import torch
from compare import normal

from attnlab.attention import LatentAttention, Local, MultiHead, QKNorm, Rotated, Sinks, attention, weights_of
from attnlab.cache import Cache
from attnlab.layers import RMSNorm
from attnlab.masks import causal, positions
from attnlab.models import families
from attnlab.models.decoder import Config
from attnlab.positions import angles, frequencies, kept_by_index, rotate_adjacent, rotate_halves, yarn, yarn_scale
from attnlab.weights.attention_layers import deepseek_v3_attention, gpt_oss_attention, qwen3_next_attention

pytest.importorskip("transformers")

B, N, D, H, KV, D_HEAD, WINDOW = 2, 523, 30, 6, 2, 10, 97
X = torch.tensor(normal(0, B, N, D))
REAL = torch.arange(N) >= torch.tensor([[211], [0]])
MASK = causal(*positions(N, N, X)) & REAL[:, None, None, :]
NEAR = 1e-5  # of the largest number: the library takes some norms and all angles in float32 whatever the dtype


def rope(kind: str = "default", **options) -> dict:
    return {"rope_theta": 10000.0, "rope_type": kind, **options}


YARN = dict(factor=32.0, beta_fast=32.0, beta_slow=1.0, original_max_position_embeddings=128)


def filled(layer):
    """The library's layer in float64: every number normal with standard deviation 0.2, gains around 1, or 0 where it adds 1."""
    with torch.no_grad():
        for i, (name, weight) in enumerate(layer.named_parameters()):
            centre = 1.0 if "layernorm" in name else 0.0
            weight.copy_(centre + 0.2 * torch.tensor(normal(i, *weight.shape)))
    return layer.double().eval()


def theirs_of(layer, rotary, x, mask):
    """Output and weights of the library's layer; rows of a query that may look at nothing are left out by the caller."""
    bias = torch.zeros(mask.shape, dtype=x.dtype).masked_fill(~mask, torch.finfo(x.dtype).min)
    at = torch.arange(x.shape[1])[None]
    with torch.no_grad():
        return layer(x, rotary(x, at), bias)


def close(ours, theirs, rows=REAL) -> None:
    """Rows of real queries, by the scale of the output."""
    ours, theirs = (x.movedim(1, -2)[rows] if x.ndim == 3 else x.movedim(2, 1)[rows] for x in (ours, theirs))
    assert (ours - theirs).abs().max() <= NEAR * theirs.abs().max()


# ---- gpt-oss: sinks, windows, biases, yarn whose ends are not rounded -------------------------------


def unrounded(speeds, trained):
    """Share of its own speed that a pair keeps, linear in its number between ends that are not whole."""
    n, per_pair = len(speeds), math.log(float(speeds[0] / speeds[1]))
    low, high = (math.log(trained / (turns * 2 * math.pi)) / per_pair for turns in (32, 1))
    low, high = max(low, 0.0), min(high, 2 * n - 1.0)
    return ((high - torch.arange(n, dtype=speeds.dtype)) / (high - low)).clamp(0.0, 1.0)


def gpt_oss(window: int | None, kind: str):
    from transformers import GptOssConfig
    from transformers.models.gpt_oss.modeling_gpt_oss import GptOssAttention, GptOssRotaryEmbedding

    config = GptOssConfig(
        hidden_size=D, num_attention_heads=H, num_key_value_heads=KV, head_dim=D_HEAD, sliding_window=window,
        num_hidden_layers=1, layer_types=["full_attention"], attn_implementation="eager", max_position_embeddings=4096,
        rope_parameters=rope() if kind == "default" else rope("yarn", truncate=False, **YARN),
    )  # fmt: skip
    theirs, rotary = filled(GptOssAttention(config, 0)), GptOssRotaryEmbedding(config)
    speeds, scale = frequencies(D_HEAD), 1.0
    if kind == "yarn":
        speeds, scale = yarn(speeds, 32.0, 128, unrounded), yarn_scale(32.0)
    inner = Sinks(attention, H)
    attend = Rotated(inner if window is None else Local(inner, window), speeds, scale=scale)
    ours = MultiHead(D, H, KV, attend, bias=True, d_head=D_HEAD).double()
    ours.load_state_dict(gpt_oss_attention(theirs.state_dict(), "attend.attend." + "attend." * (window is not None) + "sink"))
    return ours, theirs, rotary


gpt_oss_cases = pytest.mark.parametrize(("window", "kind"), [(None, "default"), (None, "yarn"), (WINDOW, "yarn")])


@gpt_oss_cases
def test_gpt_oss_layer(window, kind):
    ours, theirs, rotary = gpt_oss(window, kind)
    q_pos, k_pos = positions(N, N, X)
    seen = MASK if window is None else MASK & (q_pos[:, None] - k_pos < window)
    out, weights = theirs_of(theirs, rotary, X, seen)
    with torch.no_grad():
        close(ours(X, mask=MASK), out)
        q, k, _ = ours.project(X)
        close(weights_of(ours.attend, q, k, mask=MASK), weights)
    lacking = 1 - weights.sum(-1).movedim(1, -1)[REAL]
    assert (lacking > 1e-9).all()  # every row of every head leaves something in the sink


@pytest.mark.parametrize("bug", ["no sink", "sinks reversed", "sink in the mix", "window off by one", "scale forgotten"])
def test_a_planted_bug_breaks_the_parity_with_gpt_oss(bug):
    ours, theirs, rotary = gpt_oss(WINDOW, "yarn")
    q_pos, k_pos = positions(N, N, X)
    out, _ = theirs_of(theirs, rotary, X, MASK & (q_pos[:, None] - k_pos < WINDOW))
    sinks = ours.attend.attend.attend
    with torch.no_grad():
        if bug == "no sink":
            sinks.sink.fill_(-800.0)
        elif bug == "sinks reversed":
            sinks.sink.copy_(sinks.sink.flip(0))
        elif bug == "sink in the mix":
            sinks.attend = lambda q, k, v, mask, bias: _plain(q, k, torch.cat([v[..., :-1, :], v[..., :1, :]], dim=-2), mask, bias)
        elif bug == "window off by one":
            ours.attend.attend.window += 1
        elif bug == "scale forgotten":
            ours.attend.scale = 1.0
        with pytest.raises(AssertionError):
            close(ours(X, mask=MASK), out)


def _plain(q, k, v, mask, bias):
    from attnlab.attention import grouped_attention

    return grouped_attention(q, k, v, mask, bias)


@gpt_oss_cases
def test_gpt_oss_layer_step_by_step(window, kind):
    ours, _, _ = gpt_oss(window, kind)
    whole, cache, at = ours(X, mask=MASK), Cache(), 0
    for piece in (131, 1, 387, 1, 3):
        at += piece
        mask = causal(*positions(piece, at, X)) & REAL[:, None, None, :at]
        part = ours(X[:, at - piece : at], cache=cache, mask=mask)
        assert (part - whole[:, at - piece : at]).abs().max() < 1e-12


# ---- Qwen3-Next: a gate on each feature, norms of queries and keys, a quarter of the features turned ---------------


def qwen3_next():
    from transformers import Qwen3NextConfig
    from transformers.models.qwen3_next.modeling_qwen3_next import Qwen3NextAttention, Qwen3NextRotaryEmbedding

    config = Qwen3NextConfig(
        hidden_size=D, num_attention_heads=H, num_key_value_heads=KV, head_dim=16, attn_implementation="eager",
        num_hidden_layers=1, layer_types=["full_attention"], rope_parameters=rope(partial_rotary_factor=0.25),
    )  # fmt: skip
    theirs, rotary = filled(Qwen3NextAttention(config, 0)), Qwen3NextRotaryEmbedding(config)
    ours = families.qwen3_next_attention(Config(1, D, 1, H, KV, 16, 1), frequencies(4)).double()
    ours.load_state_dict(qwen3_next_attention(theirs.state_dict(), 16))
    return ours, theirs, rotary


def test_qwen3_next_gated_layer():
    ours, theirs, rotary = qwen3_next()
    out, weights = theirs_of(theirs, rotary, X, MASK)
    with torch.no_grad():
        close(ours(X, mask=MASK), out)
        q, k, _ = ours.project(X)
        close(weights_of(ours.attend, q, k, mask=MASK), weights)


def test_qwen3_next_gated_layer_step_by_step():
    ours, _, _ = qwen3_next()
    whole, cache, at = ours(X, mask=MASK), Cache(), 0
    for piece in (131, 1, 387, 1, 3):
        at += piece
        mask = causal(*positions(piece, at, X)) & REAL[:, None, None, :at]
        part = ours(X[:, at - piece : at], cache=cache, mask=mask)
        assert (part - whole[:, at - piece : at]).abs().max() < 1e-12


@pytest.mark.parametrize("bug", ["no gate", "gates by head", "gains without their one", "all features turned", "norm after turning"])
def test_a_planted_bug_breaks_the_parity_with_qwen3_next(bug):
    ours, theirs, rotary = qwen3_next()
    out, _ = theirs_of(theirs, rotary, X, MASK)
    with torch.no_grad():
        if bug == "no gate":
            ours.gate = None
        elif bug == "gates by head":
            weight = ours.gate.project.weight
            weight.copy_(weight.unflatten(0, (H, 16)).mean(1, keepdim=True).expand(-1, 16, -1).flatten(0, 1))
        elif bug == "gains without their one":
            ours.attend.q_norm.gain -= 1
        elif bug == "all features turned":
            ours.attend.attend.speeds = frequencies(16)
        elif bug == "norm after turning":
            norms = QKNorm(attention, ours.attend.q_norm, ours.attend.k_norm)
            ours.attend = Rotated(norms, frequencies(4))
        with pytest.raises(AssertionError):
            close(ours(X, mask=MASK), out)


# ---- DeepSeek-V3: the whole latent layer -----------------------------------------------------------



DEEPSEEK = dict(q_lora_rank=17, kv_lora_rank=11, qk_rope_head_dim=4, qk_nope_head_dim=3, v_head_dim=13)


def deepseek_v3(narrow: bool, kind: str):
    from transformers import DeepseekV3Config
    from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3Attention, DeepseekV3RotaryEmbedding

    options = DEEPSEEK | ({} if narrow else {"q_lora_rank": None})
    ropes = rope() if kind == "default" else rope("yarn", mscale=1.0, mscale_all_dim=1.0, **YARN)
    config = DeepseekV3Config(
        hidden_size=D, num_attention_heads=H, num_key_value_heads=H, attn_implementation="eager", rope_parameters=ropes,
        num_hidden_layers=1, max_position_embeddings=4096, **options,
    )  # fmt: skip
    theirs, rotary = filled(DeepseekV3Attention(config, 0)), DeepseekV3RotaryEmbedding(config)
    speeds = frequencies(4) if kind == "default" else yarn(frequencies(4), 32.0, 128, kept_by_index)
    ours = LatentAttention(
        D, H, 11, 4, lambda rows, at: rotate_adjacent(rows, angles(at, speeds)), d_head=3, d_value=13,
        d_query=17 if narrow else None, norm=RMSNorm, score_factor=1.0 if kind == "default" else yarn_scale(32.0) ** 2,
    ).double()  # fmt: skip
    ours.load_state_dict(deepseek_v3_attention(theirs.state_dict(), 3, 4))
    return ours, theirs, rotary


deepseek_cases = pytest.mark.parametrize(("narrow", "kind"), [(True, "default"), (True, "yarn"), (False, "yarn")])


@deepseek_cases
@pytest.mark.parametrize("way", ["forward", "absorbed"])
def test_deepseek_v3_layer(narrow, kind, way):
    ours, theirs, rotary = deepseek_v3(narrow, kind)
    out, _ = theirs_of(theirs, rotary, X, MASK)
    with torch.no_grad():
        close(getattr(ours, way)(X, mask=MASK), out)


@pytest.mark.parametrize("bug", ["scaled by the unfolded part", "yarn not in the scores", "latent not normalised", "wrong pairs",
                                 "queries not normalised", "shared key not turned", "speeds as they were"])
def test_a_planted_bug_breaks_the_parity_with_deepseek_v3(bug):
    ours, theirs, rotary = deepseek_v3(True, "yarn")
    out, _ = theirs_of(theirs, rotary, X, MASK)
    turn = ours.rotate
    if bug == "scaled by the unfolded part":
        ours.score_factor *= (7 / 3) ** 0.5
    elif bug == "yarn not in the scores":
        ours.score_factor = 1.0
    elif bug == "latent not normalised":
        ours.latent_norm = torch.nn.Identity()
    elif bug == "queries not normalised":
        ours.query_latent[1] = torch.nn.Identity()
    elif bug == "shared key not turned":
        ours.rotate = lambda rows, at: turn(rows, at) if rows.ndim == 4 else rows
    elif bug == "speeds as they were":
        ours.rotate = lambda rows, at: rotate_adjacent(rows, angles(at, frequencies(4)))
    elif bug == "wrong pairs":
        ours.rotate = lambda rows, at: rotate_halves(rows, angles(at, yarn(frequencies(4), 32.0, 128, kept_by_index)))
    with torch.no_grad(), pytest.raises(AssertionError):
        close(ours(X, mask=MASK), out)


def test_what_does_not_fit_is_named(as_readers_run_it):
    _, theirs, _ = deepseek_v3(True, "default")
    state = theirs.state_dict()
    del state["o_proj.weight"]
    with pytest.raises(ValueError, match="the weights lack o_proj.weight"):
        deepseek_v3_attention(state, 3, 4)
    with pytest.raises(ValueError, match="the weights lack k_proj.bias, k_proj.weight, o_proj.bias ..."):
        gpt_oss_attention({})
    with pytest.raises(ValueError, match="the weights hold too much: sinks"):
        state = dict.fromkeys([f"{x}.weight" for x in ("q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm")] + ["sinks"])
        qwen3_next_attention(state, 16)
