"""gpt-oss against the public library's, random weights: logits, states, attention, padded, step by step; and its count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from compare import normal

from attnlab.models import gpt_oss as ours_of
from attnlab.models.decoder import Config, trace
from attnlab.training import seeded
from attnlab.weights.gpt_oss import from_gpt_oss

V, D, L, H, KV, D_HEAD, D_FF, N, WINDOW, EXPERTS = 101, 30, 3, 6, 2, 10, 13, 523, 97, 5
NEAR = 1e-5
TEXT = torch.tensor(np.random.default_rng(1).integers(0, V, size=(2, N)))
REAL = torch.arange(N) >= torch.tensor([[211], [0]])


def both():
    transformers = pytest.importorskip("transformers")
    config = transformers.GptOssConfig(
        vocab_size=V, hidden_size=D, intermediate_size=D_FF, num_hidden_layers=L, num_attention_heads=H, head_dim=D_HEAD,
        num_key_value_heads=KV, sliding_window=WINDOW, num_local_experts=EXPERTS, num_experts_per_tok=2, bos_token_id=None,
        eos_token_id=None, pad_token_id=None, attn_implementation="eager", max_position_embeddings=131072,
    )  # fmt: skip
    config._experts_implementation = "eager"
    theirs = seeded(lambda: transformers.GptOssForCausalLM(config)).double().eval()
    with torch.no_grad():
        for i, (name, weight) in enumerate(theirs.named_parameters()):
            weight.copy_((1.0 if "norm" in name else 0.0) + 0.2 * torch.tensor(normal(i, *weight.shape)))
    sizes = Config(V, D, L, H, KV, D_HEAD, D_FF)
    base = config.rope_parameters["rope_theta"]
    turn = ours_of.published_turn(D_HEAD, base)
    ours = seeded(lambda: ours_of.gpt_oss(sizes, EXPERTS, 2, WINDOW, turn)).double()
    ours.load_state_dict(from_gpt_oss(theirs.state_dict()))
    return ours, theirs


def near(ours, theirs) -> bool:
    return bool((ours - theirs).abs().max() <= NEAR * theirs.abs().max())


@torch.no_grad()
def test_logits_states_and_attention_padded():
    ours, theirs = both()
    wanted = theirs(TEXT, attention_mask=REAL.long(), output_hidden_states=True, output_attentions=True)
    assert near(ours(TEXT, real=REAL)[REAL], wanted.logits[REAL])
    seen = trace(ours, TEXT, REAL)
    for mine, other in zip(seen.hidden, wanted.hidden_states, strict=True):
        assert near(mine[REAL], other[REAL])
    for mine, other in zip(seen.weights, wanted.attentions, strict=True):
        assert near(mine.movedim(2, 1)[REAL], other.movedim(2, 1)[REAL])


@torch.no_grad()
def test_step_by_step():
    ours, theirs = both()
    whole, cache, at = ours(TEXT, real=REAL), ours.start_cache(), 0
    for piece in (251, 1, 259, 1, 11):
        at += piece
        part = ours(TEXT[:, at - piece : at], cache, REAL[:, at - piece : at])
        assert (part - whole[:, at - piece : at])[REAL[:, at - piece : at]].abs().max() < 1e-10
    assert near(whole[1], theirs(TEXT[1:]).logits[0])


@pytest.mark.parametrize("bug", ["no sinks", "pattern GL", "up without its one", "gate not clamped", "router without bias", "no yarn"])
@torch.no_grad()
def test_a_planted_bug_breaks_the_parity(bug):
    ours, theirs = both()
    for name, part in ours.named_modules():
        if bug == "no sinks" and name.endswith("attend") and hasattr(part, "sink"):
            part.sink.fill_(-800.0)
        if bug == "router without bias" and name.endswith("router"):
            part.project.bias.zero_()
        if bug == "no yarn" and hasattr(part, "speeds"):
            part.speeds, part.scale = ours_of.frequencies(D_HEAD, 150_000.0), 1.0
        if bug == "pattern GL" and hasattr(part, "window"):
            part.window = N
        if bug in ("up without its one", "gate not clamped") and isinstance(part, ours_of.ClampedFeedForward):
            part.expand.bias -= float(bug == "up without its one")
            part.limit = 1e9 if bug == "gate not clamped" else part.limit
            part.gate.weight *= 1 if bug == "up without its one" else 40
    if bug == "gate not clamped":
        for name, weight in theirs.named_parameters():
            if name.endswith("gate_up_proj"):
                weight[..., 0::2] *= 40
    wanted = theirs(TEXT[:, :150]).logits
    assert not near(ours(TEXT[:, :150]), wanted)


def test_the_clamped_network_by_hand():
    layer = seeded(lambda: ours_of.ClampedFeedForward(3, 5, limit=0.5)).double()
    x = torch.tensor(normal(0, 7, 3)) * 3
    gate, up = torch.minimum(layer.gate(x), torch.tensor(0.5)), layer.expand(x).clamp(-0.5, 0.5)
    wanted = ((up + 1) * gate / (1 + torch.exp(-1.702 * gate))) @ layer.contract.weight.T + layer.contract.bias
    assert torch.allclose(layer(x), wanted, atol=1e-12)
    assert (layer.gate(x) > 0.5).any() and (layer.gate(x) < -0.5).any()


def test_the_ends_of_the_ramp_are_not_rounded():
    speeds = ours_of.frequencies(64, 150_000.0)
    kept = ours_of.unrounded(speeds, 4096)
    low, high = (32 * np.log(4096 / (turns * 2 * np.pi)) / np.log(150_000) for turns in (32, 1))
    wanted = np.clip((high - np.arange(32)) / (high - low), 0, 1)
    assert np.allclose(kept.numpy(), wanted, atol=1e-6)


def test_parameters_of_the_published_models():
    """120b: 116,829,156,672 numbers; 20b: 20,914,757,184, as the public library counts them."""
    for n_layers, n_experts, wanted in ((36, 128, 116_829_156_672), (24, 32, 20_914_757_184)):
        with torch.device("meta"):
            model = ours_of.gpt_oss(Config(201_088, 2880, n_layers, 64, 8, 64, 2880), n_experts)
        assert sum(w.numel() for w in model.parameters()) == wanted
