"""Mixtral and DeepSeek-V3 against the public library's models with random weights: logits, states, attention, padding, cache."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from compare import assert_same, normal

from attnlab.layers import Experts, experts, route, watched
from attnlab.models import mixture as of
from attnlab.models.decoder import Config, trace
from attnlab.models.families import by_base
from attnlab.models.mixture import Latent, Mixture
from attnlab.positions import angles, frequencies, kept_by_index, rotate_adjacent, rotate_halves, yarn, yarn_scale
from attnlab.training import seeded
from attnlab.weights import mixture as weights_of_mixture

transformers = pytest.importorskip("transformers")

V, D, L, H, KV, D_HEAD, D_FF, N = 101, 30, 3, 6, 2, 10, 41, 523
EIGHT, NARROW = Mixture(7, 3, 13), Mixture(12, 3, 11, n_shared=2, n_dense=1, n_groups=4, n_kept=2, total=2.5)
WIDTHS = Latent(17, 19, 4, 13)
TEXT = torch.tensor(np.random.default_rng(1).integers(0, V, size=(2, N)))
REAL = torch.arange(N) >= torch.tensor([[211], [0]])
NEAR = 1e-5
SIZES = dict(
    vocab_size=V, hidden_size=D, num_hidden_layers=L, num_attention_heads=H, max_position_embeddings=541,
    attn_implementation="eager", bos_token_id=None, eos_token_id=None, pad_token_id=None, intermediate_size=D_FF,
)  # fmt: skip
YARN = dict(rope_theta=1e4, rope_type="yarn", factor=32.0, original_max_position_embeddings=128, mscale=1.0, mscale_all_dim=1.0)


def library(name: str, config):
    config._experts_implementation = "eager"
    model = seeded(lambda: getattr(transformers, f"{name}ForCausalLM")(config)).double().eval()
    with torch.no_grad():
        for i, (part, weight) in enumerate([*model.named_parameters(), *model.named_buffers()]):
            if "inv_freq" not in part:
                weight.copy_(float("norm" in part) + 0.2 * torch.tensor(normal(i, *weight.shape)))
    return model


def stretched(rows, at):
    return rotate_adjacent(rows, angles(at, yarn(frequencies(4), 32.0, 128, kept_by_index)))


def mixtral_pair():
    config = transformers.MixtralConfig(
        **SIZES | {"intermediate_size": 13}, head_dim=D_HEAD, num_key_value_heads=KV, num_local_experts=7, num_experts_per_tok=3,
        sliding_window=None, rope_parameters={"rope_theta": 1e6, "rope_type": "default"}, rms_norm_eps=1e-6,
    )  # fmt: skip
    theirs = library("Mixtral", config)
    ours = of.mixtral(Config(V, D, L, H, KV, D_HEAD, D_FF, 541), EIGHT).double().eval()
    ours.load_state_dict(weights_of_mixture.mixtral(theirs.state_dict()))
    return ours, theirs


def deepseek_pair(long=True):
    config = transformers.DeepseekV3Config(
        **SIZES, num_key_value_heads=H, n_routed_experts=12, num_experts_per_tok=3, moe_intermediate_size=11, n_shared_experts=2,
        first_k_dense_replace=1, n_group=4, topk_group=2, routed_scaling_factor=2.5, q_lora_rank=17, kv_lora_rank=19,
        qk_rope_head_dim=4, v_head_dim=13, qk_nope_head_dim=D_HEAD, rms_norm_eps=1e-6,
        rope_parameters=YARN if long else {"rope_theta": 1e4, "rope_type": "default"},
    )  # fmt: skip
    theirs = library("DeepseekV3", config)
    rotate, factor = (stretched, yarn_scale(32.0) ** 2) if long else (None, 1.0)
    ours = of.deepseek_v3(Config(V, D, L, H, H, D_HEAD, D_FF, 541), NARROW, WIDTHS, rotate, factor).double().eval()
    ours.load_state_dict(weights_of_mixture.deepseek_v3(theirs.state_dict(), D_HEAD, 4))
    return ours, theirs


PAIRS = {"mixtral": mixtral_pair, "deepseek_v3": deepseek_pair, "deepseek_v3, short": functools.partial(deepseek_pair, False)}
cases = pytest.mark.parametrize("name", PAIRS)


@functools.cache
def pair(name):
    ours, theirs = PAIRS[name]()
    with torch.no_grad():
        return ours, theirs, theirs(TEXT, output_hidden_states=True, output_attentions=True)


def off(found, expected) -> float:
    assert found.shape == expected.shape
    return float((found - expected).abs().max() / expected.abs().max())


@torch.no_grad()
def states(model, ids):
    """What enters each block, and what leaves the last norm."""
    seen = []
    hooks = [block.register_forward_pre_hook(lambda _, given: seen.append(given[0])) for block in model.blocks]
    seen.append(model.states(ids))
    for hook in hooks:
        hook.remove()
    return seen


@cases
def test_logits_and_states_equal_those_of_the_library(name):
    ours, _, expected = pair(name)
    assert off(ours(TEXT).detach(), expected.logits) <= NEAR
    found = states(ours, TEXT)
    assert len(found) == len(expected.hidden_states)
    for mine, other in zip(found, expected.hidden_states):
        assert off(mine, other) <= NEAR


def test_attention_of_mixtral_equals_that_of_the_library():
    ours, _, expected = pair("mixtral")
    for mine, other in zip(trace(ours, TEXT).weights, expected.attentions, strict=True):
        assert off(mine, other) <= NEAR


def test_choices_of_mixtral_equal_those_of_the_library():
    ours, theirs, _ = pair("mixtral")
    with torch.no_grad(), watched(ours) as seen:
        ours(TEXT)
        logits = theirs(TEXT, output_router_logits=True).router_logits
    for routing, other in zip(seen, logits, strict=True):
        assert off(routing.scores.flatten(0, 1), torch.softmax(other, -1)) <= NEAR
        assert (routing.experts.flatten(0, 1) == other.topk(3).indices).double().mean() > 0.999


@cases
def test_padding_behind_is_hidden_as_in_the_library(name):
    ours, theirs, _ = pair(name)
    real = REAL.flip(1)
    with torch.no_grad():
        expected = theirs(TEXT, attention_mask=real.long()).logits
        found = ours(TEXT, real=real)
        other = ours(torch.where(real, TEXT, 7), real=real)
    assert off(found[real], expected[real]) <= NEAR
    assert_same(found[real], other[real], atol=1e-9)


@cases
def test_padding_in_front_changes_nothing(name):
    """The library's own answer is NaN there, so it is asked for the text alone, at the places it has when it is padded."""
    ours, theirs, _ = pair(name)
    with torch.no_grad():
        expected = theirs(TEXT[:1, 211:], position_ids=torch.arange(211, N)[None]).logits
        assert off(ours(TEXT, real=REAL)[:1, 211:], expected) <= NEAR


@cases
def test_step_by_step_equals_the_whole(name):
    ours, _, _ = pair(name)
    ids = TEXT[:, :41]
    with torch.no_grad():
        whole, cache = ours(ids), ours.start_cache()
        parts = [ours(ids[:, :29], cache)] + [ours(ids[:, i : i + 1], cache) for i in range(29, 41)]
    assert off(torch.cat(parts, dim=1), whole) <= 1e-10


BUGS = {
    "one expert fewer": lambda layer: setattr(layer.router, "top_k", 2),
    "weights not shared out": lambda layer: setattr(layer.router, "how", functools.partial(layer.router.how, weigh=experts.unchanged)),
    "results summed without weights": lambda layer: setattr(
        layer.router, "how", functools.partial(layer.router.how, weigh=torch.ones_like)),
    "experts in another order": lambda layer: setattr(layer, "experts", layer.experts[1:].append(layer.experts[0])),
    "gate and expand exchanged": lambda layer: [
        (setattr(expert, "gate", expert.expand), setattr(expert, "expand", gate))
        for expert in layer.experts for gate in [expert.gate]],
}  # fmt: skip
BUGS_OF_DEEPSEEK = {
    "softmax for sigmoid": lambda layer: setattr(
        layer.router, "how", functools.partial(layer.router.how, score=experts.softmax)),
    "no groups": lambda layer: setattr(layer.router, "how", functools.partial(layer.router.how, limit=None)),
    "the best of a group for its two best": lambda layer: setattr(
        layer.router, "how", functools.partial(layer.router.how, limit=functools.partial(experts.best_groups, n_groups=4, n_kept=2, n_best=1))),
    "no balancing bias": lambda layer: layer.router.balance.zero_(),
    "the bias in the weights": lambda layer: setattr(layer.router, "how", biased(layer.router.how)),
    "not multiplied by 2.5": lambda layer: setattr(
        layer.router, "how", functools.partial(layer.router.how, weigh=experts.shares)),
    "no shared experts": lambda layer: setattr(layer, "shared", None),
}  # fmt: skip


def biased(how):
    def routed(logits, top_k, bias):
        found = how(logits, top_k, bias)
        return found._replace(weights=experts.shares((found.scores + bias).gather(-1, found.experts), 2.5))

    return routed


@pytest.mark.parametrize(("name", "bug"), [("mixtral", bug) for bug in BUGS] + [("deepseek_v3", bug) for bug in BUGS | BUGS_OF_DEEPSEEK])
def test_a_planted_bug_breaks_the_parity(name, bug):
    ours, _ = PAIRS[name]()
    layers = [module for module in ours.modules() if isinstance(module, Experts)]
    (BUGS | BUGS_OF_DEEPSEEK)[bug](layers[-1])
    assert off(ours(TEXT).detach(), pair(name)[2].logits) > 100 * NEAR


@pytest.mark.parametrize("bug", ["pairs of halves", "speeds as they were", "score factor left out", "one base for another"])
def test_a_planted_bug_in_the_attention_breaks_the_parity(bug):
    if bug == "one base for another":
        ours, theirs = of.mixtral(Config(V, D, L, H, KV, D_HEAD, D_FF, 541), EIGHT, by_base(Config(V, D, L, H, KV, D_HEAD, D_FF), 1e4)), pair("mixtral")
        ours.double().load_state_dict(pair("mixtral")[0].state_dict())
        assert off(ours(TEXT).detach(), theirs[2].logits) > 100 * NEAR
        return
    ours, _ = deepseek_pair()
    for block in ours.blocks:
        layer = block.attend.layer
        if bug == "pairs of halves":
            layer.rotate = lambda rows, at: rotate_halves(rows, angles(at, yarn(frequencies(4), 32.0, 128, kept_by_index)))
        elif bug == "speeds as they were":
            layer.rotate = lambda rows, at: rotate_adjacent(rows, angles(at, frequencies(4)))
        else:
            layer.score_factor = 1.0
    assert off(ours(TEXT).detach(), pair("deepseek_v3")[2].logits) > 100 * NEAR


def test_parameters_equal_the_published_numbers():
    """46.7 billion and 12.9; 671 billion and 37: the published file of DeepSeek-V3 holds the 58 · 256 balancing biases, too."""
    mixtral = of.published(of.mixtral, of.MIXTRAL_8X7B)
    assert mixtral == of.Count(46_702_792_704, 12_879_925_248)
    deepseek = of.published(of.deepseek_v3, of.DEEPSEEK_V3)
    assert deepseek.total + 58 * 256 == 671_026_419_200
    assert deepseek.active == 37_552_282_624


@cases
def test_parameters_equal_those_of_the_library(name):
    ours, theirs, _ = pair(name)
    assert of.n_parameters(ours).total == sum(w.numel() for w in theirs.parameters())


def test_counting_by_kinds_of_blocks_is_counting_all():
    config = Config(11, 6, 5, 3, 3, 4, 7)
    made = (of.mixtral, (config, Mixture(5, 2, 3))), (of.deepseek_v3, (config, NARROW, WIDTHS))
    for make, sizes in made:
        assert of.published(make, sizes) == of.n_parameters(make(*sizes))


def test_weights_that_are_missing_or_left_over():
    state = pair("mixtral")[1].state_dict()
    less = {name: x for name, x in state.items() if "layers.1.mlp.experts.down_proj" not in name}
    with pytest.raises(ValueError, match="lack mlp.experts.down_proj"):
        weights_of_mixture.mixtral(less)
    with pytest.raises(ValueError, match="hold too much: self_attn.extra"):
        weights_of_mixture.mixtral(state | {"model.layers.0.self_attn.extra": torch.zeros(1)})
    state = pair("deepseek_v3")[1].state_dict()
    with pytest.raises(ValueError, match="lack mlp.shared_experts.gate_proj.weight"):
        weights_of_mixture.deepseek_v3({n: x for n, x in state.items() if "1.mlp.shared_experts.gate_proj" not in n}, D_HEAD, 4)


def test_errors_at_the_door():
    with pytest.raises(ValueError, match="top_k must be between 1 and 4 but is 5"):
        Mixture(4, 5, 3)
    with pytest.raises(ValueError, match="n_groups = 3 does not divide n_experts = 4"):
        Mixture(4, 2, 3, n_groups=3)


def test_route_is_the_one_of_the_layers():
    assert pair("mixtral")[0].blocks[0].feed_forward.layer.router.how is route
